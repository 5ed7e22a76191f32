// Look-ups by name and what to say when there is none.
#include "scenario/names.hpp"

#include <algorithm>
#include <charconv>

namespace brokersim {
namespace {

constexpr std::size_t candidates_max = 500;

void unknown(Report& report, const Node& node, std::string_view what, std::string_view name,
             const std::vector<std::string_view>& candidates, std::string_view rest) {
    report.error(node, "there is no " + std::string(what) + " " + in_quotes(name) +
                           did_you_mean(name, candidates) + std::string(rest));
}

template <class Map>
std::vector<std::string_view> keys_of(const Map& map) {
    std::vector<std::string_view> out;
    for (const auto& [name, value] : map) {
        if (out.size() < candidates_max) { out.push_back(name); }
    }
    return out;
}

std::vector<std::string> broker_names(const Names& names) {
    std::vector<std::string> out;
    for (std::int32_t k = 1; k <= std::min(names.brokers, 100); ++k) {
        out.push_back("b" + std::to_string(k));
    }
    return out;
}

std::string brokers_text(const Names& names) {
    return names.brokers == 1 ? ": the only broker is b1"
                              : ": the brokers are b1 to b" + std::to_string(names.brokers);
}

} // namespace

std::optional<std::int32_t> numbered(std::string_view name, std::string_view prefix,
                                     std::int32_t count) {
    if (!name.starts_with(prefix)) { return std::nullopt; }
    name.remove_prefix(prefix.size());
    if (name.empty() || name.front() < '1' || name.front() > '9') { return std::nullopt; }
    std::int32_t number = 0;
    const auto [end, failure] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (failure != std::errc{} || end != name.data() + name.size() || number > count) {
        return std::nullopt;
    }
    return number - 1;
}

bool Names::is_machine(std::string_view name) const {
    return is_broker(name) || is_controller(name) || is_server(name) || clients.contains(name);
}

void unknown_machine(Report& report, const Node& node, std::string_view name, const Names& names) {
    const auto brokers = broker_names(names);
    std::vector<std::string_view> candidates;
    for (const std::string& client : names.clients) {
        if (candidates.size() < candidates_max) { candidates.push_back(client); }
    }
    candidates.insert(candidates.end(), brokers.begin(), brokers.end());
    unknown(report, node, "machine", name, candidates, brokers_text(names));
}

void unknown_broker(Report& report, const Node& node, std::string_view name, const Names& names) {
    unknown(report, node, "broker", name, {}, brokers_text(names));
}

void unknown_topic(Report& report, const Node& node, std::string_view name, const Names& names) {
    unknown(report, node, "topic", name, keys_of(names.topics), "");
}

void unknown_group(Report& report, const Node& node, std::string_view name, const Names& names) {
    unknown(report, node, "group", name, keys_of(names.groups), "");
}

std::optional<PartitionName> find_partition(Report& report, const Node& node, std::string_view text,
                                            const Draft& draft, const Names& names) {
    const std::size_t slash = text.rfind('/');
    std::int32_t number = -1;
    if (slash != std::string_view::npos) {
        const std::string_view digits = text.substr(slash + 1);
        const auto [end, failure] =
            std::from_chars(digits.data(), digits.data() + digits.size(), number);
        const bool canonical = digits == "0" || (!digits.empty() && digits.front() != '0');
        if (failure != std::errc{} || end != digits.data() + digits.size() || !canonical) {
            number = -1;
        }
    }
    if (number < 0) {
        report.error(node, in_quotes(text) + " is no partition: write \"orders/0\"");
        return std::nullopt;
    }
    const auto topic = names.topics.find(text.substr(0, slash));
    if (topic == names.topics.end()) {
        unknown_topic(report, node, text.substr(0, slash), names);
        return std::nullopt;
    }
    const std::int32_t partitions =
        draft.topics[static_cast<std::size_t>(topic->second)].partitions.value_or(1);
    if (number >= partitions) {
        report.error(node, "there is no partition " + in_quotes(text) + ": the topic has " +
                               std::to_string(partitions) + " (from 0)");
        return std::nullopt;
    }
    return PartitionName{topic->second, number};
}

Time end_of(const Draft& draft) {
    return after(Time{} + draft.scenario.duration, draft.scenario.drain);
}

} // namespace brokersim
