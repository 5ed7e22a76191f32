// One event line back into a fact, from the table in facts.hpp.
#pragma once

#include "brokersim/facts.hpp"
#include "trace/directory.hpp"
#include "trace/scanner.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace brokersim {

/// What became of a line. `skipped`: well-formed, but not in our table, or with a word or a null
/// that our structs cannot hold; readers pass over what they do not know.
enum class Decoded : std::uint8_t { fact, skipped, wrong };

/// Reads the fields behind `"e":"…"`. A fact and what it refers to last until the next line.
class FactDecoder {
public:
    /// `names` must outlive the decoder; it grows by what lines introduce.
    explicit FactDecoder(Directory& names) : names_(names) {}

    /// `scan` stands behind the event's name. On `fact`, ref() is it; on `wrong`, error() says why.
    Decoded decode(std::string_view event, Scanner& scan);

    FactRef ref() const { return {kind_, memory_}; }
    const std::string& error() const { return error_; }
    std::uint64_t unknown_fields() const { return unknown_fields_; }

private:
    template <class F>
    friend struct FactReader;
    friend class ValueReader;

    Directory& names_;
    FactKind kind_{};
    alignas(16) std::byte memory_[256]{};
    std::deque<std::vector<MachineId>> machines_;
    std::deque<std::vector<PartitionId>> partitions_;
    std::vector<MemberAssignment> members_;
    std::size_t machine_lists_ = 0, partition_lists_ = 0; ///< how many are in use for this line
    std::string error_;
    std::uint64_t unknown_fields_ = 0;
};

} // namespace brokersim
