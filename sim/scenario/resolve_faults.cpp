// Faults: whom they hit, and what fits together.
#include "scenario/keys.hpp"
#include "scenario/names.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

namespace brokersim {
namespace {

using Kind = TargetSpec::Kind;

void resolve_partition_role(Report& report, const Node& node, Kind kind, std::string_view of,
                            const Draft& draft, const Names& names, TargetSpec& out) {
    const auto partition = find_partition(report, node, of, draft, names);
    if (!partition) { return; }
    out.kind = kind;
    out.topic = draft.topics[static_cast<std::size_t>(partition->topic)].name;
    out.partition = partition->partition;
}

void resolve_member(Report& report, const Node& node, std::string_view of, const Draft& draft,
                    const Names& names, TargetSpec& out) {
    const std::size_t slash = of.rfind('/');
    const auto group = names.groups.find(of.substr(0, slash));
    if (slash == std::string_view::npos) {
        report.error(node, "write \"member:GROUP/NUMBER\", with numbers from 1");
    } else if (group == names.groups.end()) {
        unknown_group(report, node, of.substr(0, slash), names);
    } else {
        const ConsumerDraft& consumer = draft.consumers[static_cast<std::size_t>(group->second)];
        const std::int32_t members = names.members.find(consumer.group)->second;
        const auto member = numbered(of.substr(slash + 1), "", members);
        if (!member) {
            report.error(node, "the group " + in_quotes(consumer.group) + " has members 1 to " +
                                   std::to_string(members));
            return;
        }
        out.kind = Kind::member;
        out.group = consumer.group;
        out.member = *member + 1;
    }
}

bool resolve_role(Report& report, const Node& node, std::string_view role, std::string_view of,
                  const Draft& draft, const Names& names, TargetSpec& out) {
    if (role == "leader" || role == "follower" || role == "isr") {
        const Kind kind = role == "leader" ? Kind::leader
                          : role == "isr"  ? Kind::isr
                                           : Kind::follower;
        resolve_partition_role(report, node, kind, of, draft, names, out);
    } else if (role == "coordinator") {
        out.kind = Kind::coordinator;
        out.group = std::string(of);
        if (!names.groups.contains(of)) { unknown_group(report, node, of, names); }
    } else if (role == "member") {
        resolve_member(report, node, of, draft, names, out);
    } else if (role == "random") {
        out.kind = Kind::random_broker;
        if (of != "broker") { not_built(report, node, in_quotes("random:" + std::string(of))); }
    } else if (role == "zone") {
        const auto zone = names.zones.find(of);
        if (zone != names.zones.end()) {
            out.machines = zone->second;
            if (out.machines.empty()) {
                report.error(node, "there is no machine in the zone " + in_quotes(of));
            }
            return true;
        }
        std::vector<std::string_view> zones;
        for (const auto& [name, machines] : names.zones) {
            zones.push_back(name);
        }
        report.error(node, "there is no zone or rack " + in_quotes(of) + did_you_mean(of, zones));
    } else {
        return false;
    }
    return true;
}

/// One string: a machine or a role.
void resolve_one(Report& report, const Node& node, const Draft& draft, const Names& names,
                 TargetSpec& out) {
    const std::string_view text = node.text;
    if (names.is_machine(text)) {
        out.machines.emplace_back(text);
        return;
    }
    if (text == "controller") {
        out.kind = Kind::controller;
        return;
    }
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) {
        unknown_machine(report, node, text, names);
        return;
    }
    const std::string_view role = text.substr(0, colon);
    if (resolve_role(report, node, role, text.substr(colon + 1), draft, names, out)) { return; }
    const std::vector<std::string_view> roles = {"leader", "follower", "isr",  "coordinator",
                                                 "member", "random",   "zone", "controller"};
    report.error(node, "unknown role " + in_quotes(role) + did_you_mean(role, roles) +
                           ": expected " + listed(roles));
}

void check_times(const Draft& draft, const FaultDraft& fault, Report& report) {
    constexpr FaultAction at_once[] = {FaultAction::restart,     FaultAction::resume,
                                       FaultAction::heal,        FaultAction::rolling_restart,
                                       FaultAction::move_leader, FaultAction::add_broker};
    const bool lasting =
        std::find(std::begin(at_once), std::end(at_once), fault.action) == std::end(at_once);
    if (fault.lasts && !lasting) {
        report.error_at_key(fault.node->at("for"), "\"for\" does not belong to " +
                                                       in_quotes(word(fault.action)) +
                                                       ": there is nothing to lift");
    }
    if (fault.rate && fault.rate->count == 0) {
        report.warning(fault.node->at("rate"), "this fault never happens: its rate is 0");
    }
    if ((fault.begin || fault.every) && fault.at > end_of(draft)) {
        report.warning(fault.node->at(fault.begin ? "at" : "every"),
                       "this fault would begin after the end of the run: "
                       "it never happens");
    }
}

/// Lists: machines only, or targets of which some are roles.
void resolve_list(Report& report, const Node& node, const Draft& draft, const Names& names,
                  TargetSpec& out) {
    if (node.children.empty()) { report.error(node, "the list of targets is empty"); }
    std::vector<TargetSpec> parts;
    bool roles = false;
    for (const Node& item : node.children) {
        if (!item.is(Node::Kind::string)) {
            wrong_kind(report, item, "the name of a machine, or a role");
            continue;
        }
        TargetSpec& one = parts.emplace_back();
        one.text = item.text;
        resolve_one(report, item, draft, names, one);
        roles = roles || one.kind != Kind::machines;
    }
    if (roles) {
        out.kind = Kind::several;
        out.parts = std::move(parts);
        return;
    }
    std::set<std::string> seen;
    for (TargetSpec& one : parts) {
        for (std::string& name : one.machines) {
            if (seen.insert(name).second) { out.machines.push_back(std::move(name)); }
        }
    }
}

/// The groups of a partition: no machine in two of them.
void resolve_groups(FaultDraft& fault, const Draft& draft, const Names& names, Report& report) {
    std::set<std::string> seen;
    for (const Node& item : fault.groups_node->children) {
        TargetSpec& group = fault.groups.emplace_back();
        resolve_target(report, item, draft, names, group);
        for (const std::string& name : group.machines) {
            if (!seen.insert(name).second) {
                report.error(item, in_quotes(name) + " stands in two groups");
            }
        }
    }
}

using Ids = std::map<std::string, std::int32_t>;

void resolve_after(FaultDraft& fault, const Ids& ids, Report& report) {
    if (!fault.after_name) { return; }
    const auto other = ids.find(*fault.after_name);
    if (other != ids.end()) {
        fault.after = other->second;
        return;
    }
    std::vector<std::string_view> known;
    for (const auto& [id, position] : ids) {
        if (known.size() < 500) { known.push_back(id); }
    }
    report.error(fault.node->at("after"), "there is no fault " + in_quotes(*fault.after_name) +
                                              did_you_mean(*fault.after_name, known));
}

/// Faults that wait for each other never begin.
void check_cycles(const Draft& draft, Report& report) {
    std::vector<std::size_t> walk(draft.faults.size()); // In which walk it was met, from 1.
    for (std::size_t k = 0; k < draft.faults.size(); ++k) {
        std::size_t at = k;
        while (walk[at] == 0 && draft.faults[at].after) {
            walk[at] = k + 1;
            at = static_cast<std::size_t>(*draft.faults[at].after);
        }
        if (!draft.faults[at].after || walk[at] != k + 1) { continue; }
        const bool alone = *draft.faults[at].after == static_cast<std::int32_t>(at);
        report.error(draft.faults[at].node->at("after"),
                     alone ? "this fault waits for itself: it never begins"
                           : "these faults wait for each other: none ever begins");
    }
}

/// What set_rate and resize_group are about.
void check_subject(const FaultDraft& fault, const Draft& draft, const Names& names,
                   Report& report) {
    const bool of_group =
        fault.action == FaultAction::resize_group || fault.action == FaultAction::set_config;
    if (of_group && !fault.group.empty() && !names.groups.contains(fault.group)) {
        unknown_group(report, fault.node->at("group"), fault.group, names);
    }
    if (fault.producer.empty()) { return; }
    const Node& node = fault.node->at("producer");
    const auto entry =
        std::find_if(draft.producers.begin(), draft.producers.end(),
                     [&](const ProducerDraft& p) { return p.name == fault.producer; });
    if (entry == draft.producers.end()) {
        std::vector<std::string_view> known;
        for (const ProducerDraft& p : draft.producers) {
            known.push_back(p.name);
        }
        report.error(node, "there is no producer " + in_quotes(fault.producer) +
                               did_you_mean(fault.producer, known));
    } else if (entry->closed_loop && fault.action == FaultAction::set_rate) {
        report.error(node, "a closed loop has no rate that could be set");
    }
}

/// The partition whose leader is to move, and the broker that is to lead it.
void check_move(FaultDraft& fault, const Draft& draft, const Names& names, Report& report) {
    if (fault.action != FaultAction::move_leader) { return; }
    if (fault.slot_node != nullptr) {
        const auto at =
            find_partition(report, *fault.slot_node, fault.slot_node->text, draft, names);
        if (at) {
            fault.topic = draft.topics[static_cast<std::size_t>(at->topic)].name;
            fault.partition = at->partition;
        }
    }
    const TargetSpec& to = fault.to;
    const bool several = to.kind == TargetSpec::Kind::several || to.kind == TargetSpec::Kind::isr ||
                         to.kind == TargetSpec::Kind::controller ||
                         to.kind == TargetSpec::Kind::member || to.machines.size() > 1;
    if (several || (to.machines.size() == 1 && !names.is_broker(to.machines.front()))) {
        report.error(*fault.to_node, "one broker is to lead the partition");
    }
}

/// What only brokers have.
void check_brokers_only(const FaultDraft& fault, const Names& names, Report& report) {
    const bool cpu = fault.action == FaultAction::slow_cpu;
    const bool disk = fault.action == FaultAction::slow_disk ||
                      fault.action == FaultAction::stall_disk ||
                      fault.action == FaultAction::lose_disk;
    if (!cpu && !disk) { return; }
    const TargetSpec::Kind kind = fault.target.kind;
    if (disk && (kind == TargetSpec::Kind::controller || kind == TargetSpec::Kind::member)) {
        report.error(*fault.target_node, "whoever has this role has no disk that is modelled: "
                                         "only brokers have");
        return;
    }
    for (const std::string& name : fault.target.machines) {
        if (names.is_broker(name)) { continue; }
        if (cpu) {
            report.warning(*fault.target_node, in_quotes(name) +
                                                   " has no request handlers: only brokers become "
                                                   "slower");
        } else {
            report.error(*fault.target_node, in_quotes(name) + " has no disk that is modelled: "
                                                               "only brokers have");
        }
        return;
    }
}

} // namespace

void resolve_target(Report& report, const Node& node, const Draft& draft, const Names& names,
                    TargetSpec& out) {
    out.text = node.is(Node::Kind::string) ? node.text : compact_json(node);
    if (node.is(Node::Kind::string)) {
        resolve_one(report, node, draft, names, out);
    } else {
        resolve_list(report, node, draft, names, out);
    }
}

void resolve_faults(Draft& draft, const Names& names, Report& report) {
    Ids ids;
    for (std::size_t k = 0; k < draft.faults.size(); ++k) {
        FaultDraft& fault = draft.faults[k];
        const bool named = !fault.id.empty();
        if (!named) { fault.id = "fault-" + std::to_string(k + 1); }
        if (!ids.emplace(fault.id, static_cast<std::int32_t>(k)).second) {
            report.error(named ? fault.node->at("id") : *fault.node,
                         "two faults are called " + in_quotes(fault.id));
        }
    }
    for (FaultDraft& fault : draft.faults) {
        resolve_after(fault, ids, report);
        resolve_when(fault, draft, names, report);
        for (const auto& [node, target] :
             {std::pair(fault.target_node, &fault.target), std::pair(fault.from_node, &fault.from),
              std::pair(fault.to_node, &fault.to)}) {
            if (node == nullptr) { continue; }
            resolve_target(report, *node, draft, names, *target);
        }
        if (!fault.known_action) { continue; }
        if (fault.groups_node != nullptr) { resolve_groups(fault, draft, names, report); }
        fault.all_cuts = fault.action == FaultAction::heal && fault.target_node == nullptr;
        check_subject(fault, draft, names, report);
        resolve_changes(fault, draft, names, report);
        check_move(fault, draft, names, report);
        check_brokers_only(fault, names, report);
        check_times(draft, fault, report);
    }
    check_cycles(draft, report);
}

} // namespace brokersim
