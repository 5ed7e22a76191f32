// Network, overrides, failures: checks of parts that stand beside the rest.
#include "scenario/keys.hpp"
#include "scenario/names.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

namespace brokersim {
namespace {

bool is_given(const Node& node, std::string_view key) {
    const Node* member = node.find(key);
    return member != nullptr && !member->is(Node::Kind::null);
}

/// Whether a key of this spec is ever sent.
bool is_sent(const KeySpec& keys, const std::string& key) {
    if (keys.kind == KeySpec::Kind::none) { return false; }
    if (keys.kind == KeySpec::Kind::list) {
        return std::find(keys.list.begin(), keys.list.end(), key) != keys.list.end();
    }
    std::int64_t number = -1;
    if (key.size() < 2 || key[0] != 'k' || (key[1] == '0' && key.size() > 2)) { return false; }
    const auto [end, failure] = std::from_chars(key.data() + 1, key.data() + key.size(), number);
    return failure == std::errc{} && end == key.data() + key.size() && number >= 0 &&
           number < keys.count;
}

/// Racks are zones for brokers that come later, too.
void add_racks_of_added(const Draft& draft, const std::set<std::string>& placed, Names& names) {
    const auto& racks = draft.brokers.racks;
    std::int32_t b = draft.brokers.count;
    for (const FaultDraft& fault : draft.faults) {
        if (!fault.known_action || fault.action != FaultAction::add_broker) { continue; }
        for (std::int32_t k = 0; k < fault.members; ++k, ++b) {
            const std::string name = "b" + std::to_string(b + 1);
            const std::string& rack = !fault.rack.empty() || racks.empty()
                                          ? fault.rack
                                          : racks[static_cast<std::size_t>(b) % racks.size()];
            if (!rack.empty() && !placed.contains(name)) { names.zones[rack].push_back(name); }
        }
    }
}

} // namespace

void resolve_links(const Draft& draft, const Names& names, Report& report) {
    for (const LinkDraft& link : draft.network.links) {
        for (const auto& [name, key] : {std::pair(link.from, "from"), std::pair(link.to, "to")}) {
            const Node& place = link.node->at(key);
            if (place.is(Node::Kind::string) && !names.is_machine(name)) {
                unknown_machine(report, place, name, names);
            }
        }
        if (!link.from.empty() && link.from == link.to) {
            report.error(link.node->at("to"), "a link joins two machines; this is one");
        }
    }
}

void resolve_zones(const Draft& draft, Names& names, Report& report) {
    std::set<std::string> placed;
    for (const ZoneDraft& zone : draft.network.zones) {
        auto& machines = names.zones[zone.node->key];
        for (std::size_t k = 0; k < zone.machines.size(); ++k) {
            const Node& node = zone.node->children[k];
            const std::string& name = zone.machines[k];
            if (!node.is(Node::Kind::string)) { continue; }
            if (!names.is_machine(name)) {
                unknown_machine(report, node, name, names);
            } else if (!placed.insert(name).second) {
                report.error(node, in_quotes(name) + " is in a zone already");
            } else {
                machines.push_back(name);
            }
        }
    }
    const auto& racks = draft.brokers.racks;
    for (std::int32_t b = 0; b < draft.brokers.count && !racks.empty(); ++b) {
        const std::string name = "b" + std::to_string(b + 1);
        if (placed.contains(name)) { continue; }
        names.zones[racks[static_cast<std::size_t>(b) % racks.size()]].push_back(name);
    }
    add_racks_of_added(draft, placed, names);
}

/// Keys and settings of the one mode that say nothing in the other.
void check_control_plane(const Draft& draft, Report& report) {
    const bool zookeeper = draft.control_plane.mode == ControlPlaneMode::zookeeper;
    if (zookeeper && draft.scenario.kafka_version != Release::v3_9) {
        report.error(draft.root->at("kafka_version"),
                     "ZooKeeper mode is gone from Kafka 4.0 on: it needs \"kafka_version\": "
                     "\"3.9\"");
    }
    if (zookeeper && draft.scenario.cold_start) {
        not_built(report, draft.root->at("cold_start"), "\"cold_start\" in ZooKeeper mode");
    }
    if (draft.control_plane.node == nullptr) { return; }
    if (draft.control_plane.combined && draft.control_plane.controllers > draft.brokers.count) {
        report.error(draft.control_plane.node->at("controllers"),
                     std::to_string(draft.control_plane.controllers) +
                         " controllers on brokers need as many brokers; there are " +
                         std::to_string(draft.brokers.count));
    }
    for (const std::string_view key : {"controllers", "combined", "features", "servers"}) {
        const Node* const node = draft.control_plane.node->find(key);
        if (node == nullptr || node->is(Node::Kind::null) || (key == "servers") == zookeeper) {
            continue;
        }
        report.error(*node, in_quotes(key) + " is for " + (zookeeper ? "KRaft" : "ZooKeeper") +
                                ", and the mode is " + (zookeeper ? "zookeeper" : "kraft"));
    }
}

void resolve_overrides(const Draft& draft, const Names& names, Report& report) {
    for (const OverrideDraft& own : draft.brokers.overrides) {
        if (names.is_broker(own.node->key)) { continue; }
        unknown_broker(report, *own.node, own.node->key, names);
    }
}

void check_loop(const ProducerDraft& p, Report& report) {
    const bool looped = is_given(*p.node, "closed_loop");
    if (p.has_rate && looped) {
        report.error(*p.node, "\"rate\" and \"closed_loop\" exclude each other");
    } else if (!p.has_rate && !looped) {
        report.error(*p.node, "one of \"rate\", \"closed_loop\" is needed");
    }
    if (!looped) { return; }
    if (p.arrivals != "constant") {
        report.error(p.node->at("arrivals"), "a closed loop has no arrivals: the next record comes "
                                             "when one completes");
    }
    if (p.burst != 1) { report.error(p.node->at("burst"), "a closed loop has no bursts"); }
}

void check_poison(const ProducerDraft& p, Report& report) {
    for (const std::string& key : p.poison.keys) {
        if (is_sent(p.keys, key)) { continue; }
        report.warning(p.node->at("poison").at("keys"),
                       "the key " + in_quotes(key) + " is never sent");
    }
}

void check_failures(const ConsumerDraft& g, Report& report) {
    const FailurePolicy then = g.on_failure.then;
    const auto useless = [&](std::string_view key, std::string_view policy) {
        if (is_given(*g.node, key)) {
            report.warning_at_key(g.node->at(key), in_quotes(key) + " has no effect without \"" +
                                                       "then\": " + in_quotes(policy));
        }
    };
    if (then != FailurePolicy::dead_letter) {
        useless("dead_letter_topic", "dead_letter");
        useless("producer_config", "dead_letter");
    }
    if (then != FailurePolicy::crash) { useless("restart_after", "crash"); }
    const Node& node = g.node->at("on_failure");
    if (then == FailurePolicy::block && g.on_failure.retries > 0) {
        report.warning(node.at("retries"), "\"retries\" has no effect with \"then\": \"block\", "
                                           "which tries for ever");
    }
    if (g.dead_letter_topic &&
        std::find(g.topics.begin(), g.topics.end(), *g.dead_letter_topic) != g.topics.end()) {
        report.error(g.node->at("dead_letter_topic"), "the group would read its own dead letters");
    }
}

} // namespace brokersim
