// Counts events by the text of their fields.
#include "observe/event_count.hpp"

#include <algorithm>
#include <tuple>

namespace brokersim {

namespace {

template <std::size_t... I>
std::optional<FactKind> kind_named(std::string_view name, std::index_sequence<I...>) {
    std::optional<FactKind> found;
    ((std::tuple_element_t<I, AllFacts>::name == name
          ? void(found = std::tuple_element_t<I, AllFacts>::kind)
          : void()),
     ...);
    return found;
}

/// The end of the JSON value that begins at `at`.
std::size_t end_of_value(std::string_view line, std::size_t at) {
    int depth = 0;
    bool in_text = false;
    for (; at < line.size(); ++at) {
        const char c = line[at];
        if (in_text) {
            if (c == '\\') {
                ++at;
            } else if (c == '"') {
                in_text = false;
            }
        } else if (c == '"') {
            in_text = true;
        } else if (c == '[' || c == '{') {
            ++depth;
        } else if (c == ']' || c == '}') {
            if (depth == 0) { return at; }
            --depth;
        } else if (c == ',' && depth == 0) {
            return at;
        }
    }
    return at;
}

} // namespace

std::optional<std::string_view> field_of_line(std::string_view line, std::string_view name) {
    std::size_t at = 1; // behind the brace
    while (at < line.size() && line[at] == '"') {
        const std::size_t colon = line.find("\":", at + 1);
        if (colon == std::string_view::npos) { break; }
        const std::string_view key = line.substr(at + 1, colon - at - 1);
        const std::size_t end = end_of_value(line, colon + 2);
        if (key == name) { return line.substr(colon + 2, end - colon - 2); }
        at = end + 1;
    }
    return {};
}

EventCount::EventCount(const Scenario& scenario, const RunInfo& info) : encoder_(info) {
    for (std::size_t k = 0; k < scenario.expect.size(); ++k) {
        const ExpectSpec& spec = scenario.expect[k];
        if (spec.kind != ExpectSpec::Kind::event) { continue; }
        const auto kind =
            kind_named(spec.event, std::make_index_sequence<std::tuple_size_v<AllFacts>>());
        if (!kind) { continue; }
        wants_.add(*kind);
        questions_.push_back({k, *kind, spec.where, 0});
    }
}

void EventCount::on(Time now, FactRef fact) {
    line_.clear();
    for (Question& question : questions_) {
        if (question.kind != fact.kind) { continue; }
        if (line_.size() == 0) { encoder_.line(line_, 0, now, Cause{}, fact); }
        const bool fits =
            std::all_of(question.where.begin(), question.where.end(), [&](const auto& wanted) {
                return field_of_line(line_.view(), wanted.first) == wanted.second;
            });
        question.count += fits ? 1 : 0;
    }
}

std::int64_t EventCount::of(std::size_t expectation) const {
    for (const Question& question : questions_) {
        if (question.expectation == expectation) { return question.count; }
    }
    return 0;
}

} // namespace brokersim
