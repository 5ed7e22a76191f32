// Facts as lines of a trace and as bytes of the model fingerprint, both from the table in
// facts.hpp.
#pragma once

#include "brokersim/facts.hpp"
#include "brokersim/run_info.hpp"
#include "trace/end_record.hpp"
#include "trace/text_buffer.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace brokersim {

/// Names by id, quoted and escaped once.
class QuotedNames {
public:
    void add(std::string_view name);
    std::string_view operator[](std::size_t id) const {
        return text_.view().substr(begin_[id], begin_[id + 1] - begin_[id]);
    }
    std::size_t size() const { return begin_.size() - 1; }

private:
    TextBuffer text_;
    std::vector<std::size_t> begin_ = {0};
};

/// Writes event lines: keys in the order of the table, no spaces, integers only.
class LineEncoder {
public:
    explicit LineEncoder(const RunInfo& info);

    /// Appends the whole line with its LF.
    void line(TextBuffer& out, std::uint64_t n, Time t, Cause c, FactRef fact) const;

    std::string_view name(MachineId id) const { return quoted(machines_, id); }
    std::string_view name(PartitionId id) const { return quoted(partitions_, id); }
    std::string_view name(TopicId id) const { return quoted(topics_, id); }
    std::string_view name(ProducerId id) const { return quoted(producers_, id); }
    std::string_view name(GroupId id) const { return quoted(groups_, id); }
    std::string_view name(FaultId id) const { return quoted(faults_, id); }

private:
    template <class Tag>
    static std::string_view quoted(const QuotedNames& names, Id<Tag> id) {
        return id.valid() ? names[id.index()] : std::string_view("null");
    }

    QuotedNames machines_, partitions_, topics_, producers_, groups_, faults_;
};

/// The first line, with its LF.
void write_header(TextBuffer& out, const RunInfo& info);
/// The last line, with its LF.
void write_end(TextBuffer& out, const EndRecord& end);

/// Appends `fact` in binary, of whatever kind.
void write_binary(FactBytes& out, Time t, FactRef fact);

/// The level at which a trace keeps facts of this kind.
Level level_of(FactKind kind);

} // namespace brokersim
