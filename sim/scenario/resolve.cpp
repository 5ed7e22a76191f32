// Checks across fields, in the order in which parts depend on each other.
#include "scenario/resolve.hpp"

#include "scenario/kafka_rules.hpp"
#include "scenario/keys.hpp"
#include "scenario/names.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace brokersim {
namespace {

/// A name, or the text that stands in its place: what others may refer to although it is wrong.
std::string name_or_text(const std::string& name, const Node& node, std::string_view key) {
    if (!name.empty()) { return name; }
    const Node& place = node.at(key);
    return place.is(Node::Kind::string) ? place.text : std::string();
}

/// The most members that a group has at any time.
std::int32_t most_members(const Draft& draft, const ConsumerDraft& group) {
    std::int32_t most = group.members;
    for (const FaultDraft& fault : draft.faults) {
        const bool own = fault.known_action && fault.action == FaultAction::resize_group &&
                         fault.group == name_or_text(group.group, *group.node, "group");
        if (own) { most = std::max(most, fault.members); }
    }
    return most;
}

/// False when there are more machines or partitions than allowed.
bool check_limits(const Draft& draft, const Limits& limits, Report& report) {
    std::int64_t machines = 0;
    std::int64_t partitions = 0;
    const Node* most = draft.root;
    std::int64_t most_count = 0;
    const auto add = [&](std::int64_t count, const Node* node) {
        machines += count;
        if (count > most_count) {
            most_count = count;
            most = node == nullptr ? draft.root : node;
        }
    };
    add(draft.brokers.count + draft.scenario.added_brokers, draft.brokers.node);
    const bool zookeeper = draft.control_plane.mode == ControlPlaneMode::zookeeper;
    add(zookeeper ? draft.control_plane.servers : draft.control_plane.controllers,
        draft.control_plane.node);
    for (const ProducerDraft& p : draft.producers) {
        add(p.instances, &p.node->at("instances"));
    }
    for (const ConsumerDraft& g : draft.consumers) {
        add(most_members(draft, g), &g.node->at("members"));
    }
    const Node* many = draft.root;
    std::int64_t many_count = 0;
    for (const TopicDraft& t : draft.topics) {
        const auto count = std::max<std::int64_t>(t.partitions.value_or(1),
                                                  static_cast<std::int64_t>(t.assignment.size()));
        partitions += count;
        if (count > many_count) {
            many_count = count;
            many = &t.node->at("partitions");
        }
    }
    if (machines > limits.machines) {
        report.error(*most, std::to_string(machines) + " machines are beyond the limit of " +
                                std::to_string(limits.machines) + " (--max-machines)");
    }
    if (partitions > limits.partitions) {
        report.error(*many, std::to_string(partitions) + " partitions are beyond the limit of " +
                                std::to_string(limits.partitions) + " (--max-partitions)");
    }
    return machines <= limits.machines && partitions <= limits.partitions;
}

void add_client(Report& report, const Node& node, const std::string& name, Names& names) {
    if (names.is_machine(name)) {
        report.error(node, "two machines are called " + in_quotes(name));
        return;
    }
    names.clients.insert(name);
}

void add_producers(Draft& draft, Names& names, Report& report) {
    for (std::size_t k = 0; k < draft.producers.size(); ++k) {
        ProducerDraft& p = draft.producers[k];
        const Node& node = p.node->at("name");
        p.name = name_or_text(p.name, *p.node, "name");
        if (p.name.empty()) { p.name = "producer-" + std::to_string(k + 1); }
        if (p.instances > 1 && p.name.size() + std::to_string(p.instances).size() + 1 > 249) {
            report.error(node, "the names of the instances are longer than 249");
        }
        if (!names.producers.insert(p.name).second) {
            report.error(node, "two producers are called " + in_quotes(p.name));
            continue;
        }
        if (p.instances == 1) {
            add_client(report, node, p.name, names);
            continue;
        }
        for (std::int32_t i = 1; i <= p.instances; ++i) {
            const std::string name = p.name + "-" + std::to_string(i);
            add_client(report, node, name, names);
            names.producers.insert(name);
        }
    }
}

void add_groups(Draft& draft, Names& names, Report& report) {
    for (std::size_t k = 0; k < draft.consumers.size(); ++k) {
        ConsumerDraft& g = draft.consumers[k];
        const Node& node = g.node->at("group");
        g.group = name_or_text(g.group, *g.node, "group");
        if (g.group.empty()) { continue; }
        const std::int32_t members = most_members(draft, g);
        if (g.group.size() + std::to_string(members).size() + 1 > 249) {
            report.error(node, "the names of the members are longer than 249");
        }
        if (!names.groups.emplace(g.group, static_cast<std::int32_t>(k)).second) {
            report.error(node, "two groups are called " + in_quotes(g.group));
            continue;
        }
        names.members[g.group] = members;
        for (std::int32_t i = 1; i <= members; ++i) {
            add_client(report, node, g.group + "-" + std::to_string(i), names);
        }
    }
}

/// Kafka's names for topics, besides the characters.
bool is_topic_name(Report& report, const Node& node, const std::string& name) {
    if (name == "." || name == "..") {
        report.error(node, in_quotes(name) + " is no name for a topic");
        return false;
    }
    if (name == "__consumer_offsets" || name == "__transaction_state") {
        report.error(node,
                     in_quotes(name) + " is an internal topic of Kafka: the cluster creates it");
        return false;
    }
    return true;
}

/// Topics of dead letters are created when nobody listed them.
void add_dead_letters(Draft& draft, Names& names, Report& report) {
    for (ConsumerDraft& g : draft.consumers) {
        if (g.on_failure.then != FailurePolicy::dead_letter) { continue; }
        const Node& node = g.node->at("dead_letter_topic");
        if (g.dead_letter_name.empty() && node.is(Node::Kind::string)) { continue; } // Reported.
        if (g.dead_letter_name.empty() && g.topic_names.empty()) { continue; }       // Reported.
        if (g.dead_letter_name.empty()) { g.dead_letter_name = g.topic_names[0] + ".DLT"; }
        if (!is_name(g.dead_letter_name) || !is_topic_name(report, node, g.dead_letter_name)) {
            continue;
        }
        const auto [topic, fresh] = names.topics.emplace(
            g.dead_letter_name, static_cast<std::int32_t>(draft.topics.size()));
        g.dead_letter_topic = topic->second;
        if (!fresh) { continue; }
        TopicDraft& made = draft.topics.emplace_back();
        made.node = &node;
        made.name = g.dead_letter_name;
    }
}

Names collect_names(Draft& draft, Report& report) {
    Names names;
    names.brokers = draft.brokers.count + draft.scenario.added_brokers;
    if (draft.control_plane.mode == ControlPlaneMode::zookeeper) {
        names.servers = draft.control_plane.servers;
    } else if (!draft.control_plane.combined) {
        names.controllers = draft.control_plane.controllers;
    }
    for (std::size_t k = 0; k < draft.topics.size(); ++k) {
        TopicDraft& t = draft.topics[k];
        t.name = t.node->is(Node::Kind::string) && t.name.empty()
                     ? t.node->text
                     : name_or_text(t.name, *t.node, "name");
        const Node& node = t.node->at("name");
        if (t.name.empty()) { continue; }
        if (is_topic_name(report, node, t.name) &&
            !names.topics.emplace(t.name, static_cast<std::int32_t>(k)).second) {
            report.error(node, "two topics are called " + in_quotes(t.name));
        }
    }
    names.listed_topics = static_cast<std::int32_t>(draft.topics.size());
    add_producers(draft, names, report);
    add_groups(draft, names, report);
    add_dead_letters(draft, names, report);
    resolve_zones(draft, names, report);
    return names;
}

void check_assignment(const Draft& draft, TopicDraft& t, const Names& names, Report& report) {
    const Node& node = t.node->at("assignment");
    const auto rows = static_cast<std::int32_t>(t.assignment.size());
    if (t.partitions && *t.partitions != rows) {
        report.error(node, "the assignment has " + std::to_string(rows) + " rows, the topic " +
                               std::to_string(*t.partitions) + " partitions");
    }
    t.partitions = rows;
    const auto factor = static_cast<std::int32_t>(t.assignment.front().size());
    if (t.replication_factor && *t.replication_factor != factor) {
        report.error(node, "the assignment has " + std::to_string(factor) +
                               " replicas, the topic a replication factor of " +
                               std::to_string(*t.replication_factor));
    }
    t.replication_factor = factor;
    for (std::size_t row = 0; row < t.assignment.size(); ++row) {
        const Node& place = node.children[row];
        if (!place.is(Node::Kind::array)) { continue; }
        const auto& brokers = t.assignment[row];
        if (static_cast<std::int32_t>(brokers.size()) != factor) {
            report.error(place, "the rows of an assignment have the same length: " +
                                    std::to_string(factor) + " as in the first");
        }
        std::set<std::string_view> seen;
        for (std::size_t k = 0; k < brokers.size(); ++k) {
            if (!numbered(brokers[k], "b", draft.brokers.count)) {
                unknown_broker(report, place.children[k], brokers[k], names);
            } else if (!seen.insert(brokers[k]).second) {
                report.error(place.children[k], in_quotes(brokers[k]) + " stands here twice");
            }
        }
    }
}

void resolve_topic(const Draft& draft, TopicDraft& t, const Names& names, Report& report) {
    if (!t.assignment.empty()) { check_assignment(draft, t, names, report); }
    if (!t.partitions) { t.partitions = 1; }
    if (!t.replication_factor) { t.replication_factor = std::min(3, draft.brokers.count); }
    if (*t.replication_factor > draft.brokers.count && t.assignment.empty()) {
        report.error(t.node->at("replication_factor"), "a replication factor of " +
                                                           std::to_string(*t.replication_factor) +
                                                           " needs as many brokers; there are " +
                                                           std::to_string(draft.brokers.count));
    }
    resolve_topic_settings(draft, t, report);
    if (t.config.min_insync_replicas > *t.replication_factor) {
        const auto setting = t.settings.find("min.insync.replicas");
        report.warning(setting == t.settings.end() ? *t.node : *setting->second.node,
                       "min.insync.replicas " + std::to_string(t.config.min_insync_replicas) +
                           " is above the replication factor " +
                           std::to_string(*t.replication_factor) +
                           ": no record with acks=all can be written to " + in_quotes(t.name));
    }
}

void resolve_producer(const Draft& draft, ProducerDraft& p, const Names& names, Report& report) {
    const Node& place = p.node->at("topic");
    if (p.topic_name.empty() && names.listed_topics == 1) {
        p.topic = 0;
    } else if (p.topic_name.empty()) {
        report.error(place, names.listed_topics == 0 ? "there is no topic to write to"
                                                     : "\"topic\" is needed: there are several");
    } else if (const auto topic = names.topics.find(p.topic_name); topic != names.topics.end()) {
        p.topic = topic->second;
    } else {
        unknown_topic(report, place, p.topic_name, names);
    }
    const bool has_topic = static_cast<std::size_t>(p.topic) < draft.topics.size();
    if (p.partition && has_topic) {
        const std::int32_t partitions =
            draft.topics[static_cast<std::size_t>(p.topic)].partitions.value_or(1);
        if (*p.partition >= partitions) {
            report.error(p.node->at("partition"),
                         "there is no partition " + std::to_string(*p.partition) +
                             ": the topic has " + std::to_string(partitions) + " (from 0)");
        }
    }
    check_loop(p, report);
    p.poisson = p.arrivals == "poisson";
    if (p.stop && *p.stop < p.start) {
        report.error(p.node->at("stop"), "\"stop\" is before \"start\"");
    }
    check_poison(p, report);
    resolve_producer_settings(draft, p, report);
}

void resolve_group(const Draft& draft, ConsumerDraft& g, const Names& names, Report& report) {
    const Node& place = g.node->at("topics");
    for (std::size_t k = 0; k < g.topic_names.size(); ++k) {
        const auto topic = names.topics.find(g.topic_names[k]);
        if (topic == names.topics.end()) {
            unknown_topic(report, place.children[k], g.topic_names[k], names);
        } else if (std::find(g.topics.begin(), g.topics.end(), topic->second) != g.topics.end()) {
            report.error(place.children[k], in_quotes(g.topic_names[k]) + " stands here twice");
        } else {
            g.topics.push_back(topic->second);
        }
    }
    if (g.stop && *g.stop < g.start) {
        report.error(g.node->at("stop"), "\"stop\" is before \"start\"");
    }
    if (g.members > 1 && g.join_every.ns > (Duration::max().ns - g.start.ns) / (g.members - 1)) {
        report.error(g.node->at("join"), "the last member would join after the end of time");
    }
    check_failures(g, report);
    if (g.on_failure.then != FailurePolicy::crash) {
        g.restart_after.reset();
    } else if (!g.restart_after) {
        g.restart_after = seconds(10);
    }
    resolve_consumer_settings(draft, g, report);
}

} // namespace

void resolve(Draft& draft, const Limits& limits, Report& report) {
    const Scenario& s = draft.scenario;
    if (s.heal && s.drain.ns == 0) {
        report.error(draft.root->at("heal"),
                     "\"heal\" needs \"drain\": time in which all can heal");
    }
    if (s.drain.ns > Duration::max().ns - s.duration.ns) {
        report.error(draft.root->at("drain"),
                     "duration and drain do not fit in the clock (292 years)");
    }
    if (s.warmup > s.duration) {
        report.warning(draft.root->at("warmup"),
                       "the warm-up is longer than the run: there is nothing to measure");
    }
    draft.scenario.added_brokers = count_added_brokers(draft, report);
    if (!check_limits(draft, limits, report)) { return; }
    check_control_plane(draft, report);
    resolve_servers(draft, report);
    const Names names = collect_names(draft, report);
    draft.zones = {names.zones.begin(), names.zones.end()};
    resolve_overrides(draft, names, report);
    for (TopicDraft& t : draft.topics) {
        resolve_topic(draft, t, names, report);
    }
    for (ProducerDraft& p : draft.producers) {
        resolve_producer(draft, p, names, report);
    }
    for (ConsumerDraft& g : draft.consumers) {
        resolve_group(draft, g, names, report);
    }
    resolve_links(draft, names, report);
    resolve_faults(draft, names, report);
    resolve_expectations(draft, names, report);
    if (report.errors() == 0) { check_budget(draft, limits, report); }
}

} // namespace brokersim
