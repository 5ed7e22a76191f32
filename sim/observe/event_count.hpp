// How often an event with certain values happened: expectations about lines of the trace.
#pragma once

#include "brokersim/facts.hpp"
#include "brokersim/run_info.hpp"
#include "brokersim/scenario.hpp"
#include "trace/encode.hpp"
#include "trace/text_buffer.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace brokersim {

/// Counts the events that expectations ask for, as a trace of level `all` would hold them: an event
/// fits when each field that is asked for has, in its line, just the text that is asked for.
class EventCount {
public:
    EventCount(const Scenario& scenario, const RunInfo& info);

    /// The kinds that on() has to see.
    FactKinds wants() const { return wants_; }
    void on(Time now, FactRef fact);

    /// Of the expectation at this position, one about an event.
    std::int64_t of(std::size_t expectation) const;

private:
    struct Question {
        std::size_t expectation = 0;
        FactKind kind{};
        std::vector<std::pair<std::string, std::string>> where;
        std::int64_t count = 0;
    };

    LineEncoder encoder_;
    TextBuffer line_;
    FactKinds wants_;
    std::vector<Question> questions_;
};

/// The text of a field of an event line, as it stands there; nothing if the line has no such field.
std::optional<std::string_view> field_of_line(std::string_view line, std::string_view name);

} // namespace brokersim
