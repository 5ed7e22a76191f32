// Faults: whom they hit, and what fits together.
#include "scenario/keys.hpp"
#include "scenario/names.hpp"

#include <algorithm>
#include <set>

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
        const auto member = numbered(of.substr(slash + 1), "", consumer.members);
        if (!member) {
            report.error(node, "the group " + in_quotes(consumer.group) + " has members 1 to " +
                                   std::to_string(consumer.members));
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
        const auto rack = names.racks.find(of);
        if (rack != names.racks.end()) {
            out.machines = rack->second;
            return true;
        }
        std::vector<std::string_view> zones;
        for (const auto& [name, brokers] : names.racks) {
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

/// No election among controllers yet: nothing may happen to one of several.
void refuse_controllers(Report& report, const Node& node, const TargetSpec& target,
                        const Names& names) {
    bool hit = target.kind == Kind::controller;
    for (const std::string& name : target.machines) {
        hit = hit || names.is_controller(name);
    }
    if (hit && names.controllers > 1) {
        report.error(node, "a fault of one of several controllers is not built yet: "
                           "with \"controllers\": 1 it is");
    }
}

void need_target(Report& report, const FaultDraft& fault) {
    const bool cut = fault.action == FaultAction::cut;
    const auto refuse = [&](const Node* node, std::string_view name) {
        if (node != nullptr) {
            report.error_at_key(*node, in_quotes(name) + " does not belong to " +
                                           in_quotes(word(fault.action)));
        }
    };
    const auto need = [&](const Node* node, std::string_view name) {
        if (node == nullptr && fault.node->find(name) == nullptr) {
            report.error(*fault.node, in_quotes(word(fault.action)) + " needs " + in_quotes(name));
        } else if (node == nullptr && fault.node->find(name)->is(Node::Kind::null)) {
            report.error(*fault.node->find(name),
                         in_quotes(word(fault.action)) + " needs " + in_quotes(name));
        }
    };
    if (cut) {
        need(fault.from_node, "from");
        need(fault.to_node, "to");
        refuse(fault.target_node, "target");
    } else {
        refuse(fault.from_node, "from");
        refuse(fault.to_node, "to");
        if (fault.action != FaultAction::heal) { need(fault.target_node, "target"); }
    }
}

void check_times(const Draft& draft, const FaultDraft& fault, Report& report) {
    const bool lasting = fault.action != FaultAction::restart &&
                         fault.action != FaultAction::resume && fault.action != FaultAction::heal;
    if (fault.lasts && !lasting) {
        report.error_at_key(fault.node->at("for"), "\"for\" does not belong to " +
                                                       in_quotes(word(fault.action)) +
                                                       ": there is nothing to lift");
    }
    if (fault.begin && *fault.begin > end_of(draft)) {
        report.warning(fault.node->at("at"), "this fault would begin after the end of the run: "
                                             "it never happens");
    }
}

} // namespace

void resolve_target(Report& report, const Node& node, const Draft& draft, const Names& names,
                    TargetSpec& out) {
    out.text = node.is(Node::Kind::string) ? node.text : compact_json(node);
    if (node.is(Node::Kind::string)) {
        resolve_one(report, node, draft, names, out);
    } else if (node.children.empty()) {
        report.error(node, "the list of targets is empty");
    }
    for (const Node& item : node.children) {
        if (!item.is(Node::Kind::string)) {
            wrong_kind(report, item, "the name of a machine");
            continue;
        }
        TargetSpec one;
        resolve_one(report, item, draft, names, one);
        if (one.kind != Kind::machines) { not_built(report, item, "a role in a list"); }
        for (std::string& name : one.machines) {
            if (std::find(out.machines.begin(), out.machines.end(), name) == out.machines.end()) {
                out.machines.push_back(std::move(name));
            }
        }
    }
    refuse_controllers(report, node, out, names);
}

void resolve_faults(Draft& draft, const Names& names, Report& report) {
    std::set<std::string> ids;
    for (std::size_t k = 0; k < draft.faults.size(); ++k) {
        FaultDraft& fault = draft.faults[k];
        const bool named = !fault.id.empty();
        if (!named) { fault.id = "fault-" + std::to_string(k + 1); }
        if (!ids.insert(fault.id).second) {
            report.error(named ? fault.node->at("id") : *fault.node,
                         "two faults are called " + in_quotes(fault.id));
        }
        if (!fault.known_action) { continue; } // Its targets may be of another kind.
        if (fault.target_node != nullptr) {
            resolve_target(report, *fault.target_node, draft, names, fault.target);
        }
        if (fault.from_node != nullptr) {
            resolve_target(report, *fault.from_node, draft, names, fault.from);
        }
        if (fault.to_node != nullptr) {
            resolve_target(report, *fault.to_node, draft, names, fault.to);
        }
        fault.all_cuts = fault.action == FaultAction::heal && fault.target_node == nullptr;
        need_target(report, fault);
        check_times(draft, fault, report);
    }
}

} // namespace brokersim
