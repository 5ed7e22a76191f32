// `faults`: actions and times. Whom they hit is resolved later (targets.cpp).
#include "scenario/draft.hpp"
#include "scenario/keys.hpp"

#include <utility>

namespace brokersim {
namespace {

void read_action(Report& report, const Node& node, const KeyInfo& key, FaultDraft& out) {
    std::string word;
    if (AsWord::read(report, node, key, word)) { out.known_action = from_word(word, out.action); }
}

/// A time of a kind that is not built yet: `at` is not missed then.
void read_other_time(Report& report, const Node& node, const KeyInfo& key, FaultDraft& out) {
    out.other_time = true;
    not_built(report, node, in_quotes(key.name));
}

template <const Node* FaultDraft::*member>
void read_target(Report& report, const Node& node, const KeyInfo&, FaultDraft& out) {
    if (node.is(Node::Kind::string) || node.is(Node::Kind::array)) {
        out.*member = &node;
    } else {
        wrong_kind(report, node, "a machine, a role or a list of them");
    }
}

constexpr std::string_view actions =
    "crash|~power_loss|~lose_disk|stop|restart|pause|resume|isolate|~partition|cut|heal|"
    "~slow_network|~slow_disk|~stall_disk|~fill_disk|~slow_cpu|~skew_clock|~drop_requests|"
    "~rolling_restart|~add_broker|~move_leader|~reassign|~set_config|~set_rate|~resize_group";

using F = Keys<FaultDraft>;
constexpr Key<FaultDraft> fault_keys[] = {
    F::of<&FaultDraft::id, AsName>(
        {.name = "id", .doc = "its name; default: fault-K, by position from 1"}),
    F::by<read_action>(
        {.name = "do", .type = "word", .doc = "what happens", .words = actions, .required = true}),
    F::by<read_target<&FaultDraft::target_node>>(
        {.name = "target", .type = "target", .doc = "whom it hits"}),
    F::by<read_target<&FaultDraft::from_node>>(
        {.name = "from", .type = "target", .doc = "cut: who is not heard"}),
    F::by<read_target<&FaultDraft::to_node>>(
        {.name = "to", .type = "target", .doc = "cut: who does not hear"}),
    F::of<&FaultDraft::begin, AsDuration>({.name = "at", .type = "time", .doc = "when it begins"}),
    F::of<&FaultDraft::lasts, AsDuration>({.name = "for",
                                           .type = "duration",
                                           .fallback = "null",
                                           .doc = "lifted again this long after its begin"}),
    F::by<read_other_time>(
        {.name = "after", .type = "fault", .doc = "after the begin of this one"}),
    F::by<read_other_time>({.name = "when", .type = "object", .doc = "when a state is reached"}),
    F::by<read_other_time>({.name = "every", .type = "duration", .doc = "again and again"}),
    F::by<read_other_time>({.name = "rate", .type = "rate", .doc = "at random"}),
    F::later({.name = "delay", .type = "duration", .doc = "with after: how long after"}),
    F::later({.name = "count", .type = "integer", .doc = "with every: how often"}),
    F::later({.name = "groups", .type = "list of lists", .doc = "partition: who still hears whom"}),
    F::later({.name = "latency", .type = "distribution", .doc = "slow_network: is added"}),
    F::later({.name = "loss", .type = "ratio", .doc = "slow_network: of messages"}),
    F::later({.name = "bandwidth", .type = "bandwidth", .doc = "slow_network: instead of its own"}),
    F::later({.name = "factor", .type = "number", .doc = "slow_disk, slow_cpu: how much slower"}),
    F::later({.name = "write", .type = "bandwidth", .doc = "slow_disk: instead of its own"}),
    F::later({.name = "by", .type = "duration", .doc = "skew_clock: how much"}),
    F::later({.name = "api", .type = "word", .doc = "drop_requests: which kind"}),
    F::later({.name = "gap", .type = "duration", .doc = "rolling_restart: between two"}),
    F::later({.name = "rack", .type = "name", .doc = "add_broker: its rack"}),
    F::later({.name = "partition", .type = "partition", .doc = "move_leader: of which"}),
    F::later({.name = "topic", .type = "topic", .doc = "reassign, set_config: which"}),
    F::later({.name = "assignment", .type = "list", .doc = "reassign: the new replicas"}),
    F::later({.name = "group", .type = "group", .doc = "resize_group, set_config: which"}),
    F::later({.name = "producer", .type = "producer", .doc = "set_rate, set_config: which"}),
    F::later({.name = "config", .type = "settings", .doc = "set_config: the new values"}),
    F::later({.name = "new_rate", .type = "rate", .doc = "set_rate: the new one"}),
    F::later({.name = "members", .type = "integer", .doc = "resize_group: how many"}),
};

} // namespace

void decode_fault(Report& report, const Node& node, FaultDraft& out) {
    if (!read_object(report, node, fault_keys, "a fault: an object", out)) { return; }
    if (out.begin) {
        out.at = *out.begin;
        if (out.other_time) {
            report.error(node, "a fault has one time: \"at\" or another, not both");
        }
    } else if (!out.other_time && node.find("at") == nullptr) {
        report.error(node, "when does it happen? One of \"at\", \"after\", \"when\", \"every\", "
                           "\"rate\" is needed");
    }
}

} // namespace brokersim
