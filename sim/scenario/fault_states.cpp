// `when` of a fault: the states that it waits for, read, resolved and written.
#include "scenario/canonical_parts.hpp"
#include "scenario/keys.hpp"
#include "scenario/names.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace brokersim {
namespace {

using Kind = StateSpec::Kind;

constexpr std::string_view everybody = "";
constexpr std::string_view controller = "controller";

StateDraft& add(FaultDraft& fault, Kind kind, const Node& node, std::string_view subject) {
    StateDraft& out = fault.states.emplace_back();
    out.kind = kind;
    out.node = &node;
    out.subject = subject;
    return out;
}

/// Calls read(member, state) for each member of the object `node`.
template <class Read>
void read_members(Report& report, const Node& node, std::string_view what, Kind kind,
                  FaultDraft& out, Read read) {
    if (!node.is(Node::Kind::object)) {
        wrong_kind(report, node, what);
        return;
    }
    const std::size_t before = out.states.size();
    for (const Node& member : node.children) {
        if (!member.key.starts_with("x-")) { read(member, add(out, kind, member, member.key)); }
    }
    if (out.states.size() == before) { report.error(node, "this is empty: it waits for nothing"); }
}

template <Kind kind, std::int64_t least>
void read_numbers(Report& report, const Node& node, const KeyInfo&, FaultDraft& out) {
    const KeyInfo range{.name = "", .low = least};
    if (kind == Kind::acked && node.is(Node::Kind::number)) {
        AsInteger::read(report, node, range, add(out, kind, node, everybody).value);
        return;
    }
    read_members(report, node, "an object: name - number", kind, out,
                 [&](const Node& member, StateDraft& state) {
                     AsInteger::read(report, member, range, state.value);
                 });
}

/// {"orders/0": "b2"}; null is nobody (leader) or anybody (elected).
template <Kind kind>
void read_machines(Report& report, const Node& node, const KeyInfo&, FaultDraft& out) {
    if (kind == Kind::elected && node.is(Node::Kind::string)) {
        add(out, kind, node, node.text);
        return;
    }
    read_members(report, node, "an object: partition - broker", kind, out,
                 [&](const Node& member, StateDraft& state) {
                     if (!member.is(Node::Kind::null)) {
                         AsText::read(report, member, {}, state.name);
                     }
                 });
}

constexpr Shape sizes_shape = map_of(AsInteger::shape, "object: partition - number");
constexpr Shape leaders_shape = map_of(machine_shape, "object: partition - broker");
constexpr Shape lags_shape = map_of(AsInteger::shape, "object: group - number");
constexpr Shape acks_shape = map_of(AsInteger::shape, "object: producer - number");
constexpr Shape acked_shape = either(AsInteger::shape, acks_shape, "integer, or by producer");
constexpr Shape elected_shape = either(AsText::shape, leaders_shape, "partition, or its leader");

using F = Keys<FaultDraft>;
constexpr Key<FaultDraft> when_keys[] = {
    F::by<read_numbers<Kind::isr_size, 1>>(
        {.name = "isr_size",
         .shape = &sizes_shape,
         .doc = "these partitions have exactly so many in-sync replicas",
         .low = 1}),
    F::by<read_machines<Kind::leader>>(
        {.name = "leader",
         .shape = &leaders_shape,
         .doc = "these brokers lead these partitions (`null`: nobody)"}),
    F::by<read_numbers<Kind::lag_above, 0>>(
        {.name = "lag_above",
         .shape = &lags_shape,
         .doc = "these groups are more than so many records behind"}),
    F::by<read_numbers<Kind::acked, 1>>(
        {.name = "acked",
         .shape = &acked_shape,
         .doc = "so many records are acknowledged: of all producers, or of these",
         .low = 1}),
    F::by<read_machines<Kind::elected>>(
        {.name = "elected",
         .shape = &elected_shape,
         .doc = "since the start, these partitions, or `controller`, have got a new leader: "
                "anybody (`\"orders/0\"`), or this one (`{\"orders/0\": \"b2\"}`)"}),
};

/// Topic and partition of a state that is about one.
void resolve_partition(StateDraft& state, const Draft& draft, const Names& names, Report& report) {
    const auto at = find_partition(report, *state.node, state.subject, draft, names);
    if (!at) { return; }
    const TopicDraft& topic = draft.topics[static_cast<std::size_t>(at->topic)];
    state.topic = topic.name;
    state.partition = at->partition;
    const std::int32_t replicas = topic.replication_factor.value_or(draft.brokers.count);
    if (state.kind == Kind::isr_size && state.value > replicas) {
        report.error(*state.node, "there are only " + std::to_string(replicas) + " replicas");
    }
}

void resolve_producer(StateDraft& state, const Draft& draft, Report& report) {
    if (state.subject == everybody) { return; }
    std::vector<std::string_view> known;
    for (const ProducerDraft& p : draft.producers) {
        if (p.name == state.subject) {
            state.name = state.subject;
            return;
        }
        known.push_back(p.name);
    }
    report.error(*state.node, "there is no producer " + in_quotes(state.subject) +
                                  did_you_mean(state.subject, known));
}

void resolve_state(StateDraft& state, const Draft& draft, const Names& names, Report& report) {
    switch (state.kind) {
    case Kind::elected:
        if (state.subject == controller) {
            const bool known =
                names.servers > 0 ? names.is_broker(state.name) : names.is_controller(state.name);
            if (!state.name.empty() && !known) {
                report.error(*state.node, "there is no controller " + in_quotes(state.name));
            }
            return;
        }
        [[fallthrough]];
    case Kind::leader:
        if (!state.name.empty() && !names.is_broker(state.name)) {
            unknown_broker(report, *state.node, state.name, names);
        }
        [[fallthrough]];
    case Kind::isr_size: resolve_partition(state, draft, names, report); return;
    case Kind::lag_above:
        state.name = state.subject;
        if (!names.groups.contains(state.subject)) {
            unknown_group(report, *state.node, state.subject, names);
        }
        return;
    case Kind::acked: resolve_producer(state, draft, report); return;
    }
}

} // namespace

constexpr Shape when_shape = shape_of<when_keys>("object");

void decode_when(Report& report, const Node& node, const KeyInfo&, FaultDraft& out) {
    ++out.times;
    if (!read_object(report, node, when_keys, "an object with a predicate", out)) { return; }
    const auto kinds = std::count_if(node.children.begin(), node.children.end(), [](const Node& m) {
        return !m.key.starts_with("x-") && !m.is(Node::Kind::null);
    });
    if (kinds != 1) { report.error(node, "`when` needs exactly one predicate"); }
}

void resolve_when(FaultDraft& fault, const Draft& draft, const Names& names, Report& report) {
    std::sort(fault.states.begin(), fault.states.end(),
              [](const StateDraft& a, const StateDraft& b) { return a.subject < b.subject; });
    for (StateDraft& state : fault.states) {
        resolve_state(state, draft, names, report);
        fault.when.push_back(state);
    }
}

void write_when(JsonWriter& w, const FaultDraft& fault) {
    static constexpr std::string_view predicates[] = {"isr_size", "leader", "lag_above", "acked",
                                                      "elected"};
    w.key("when");
    w.open('{');
    w.key(predicates[static_cast<std::size_t>(fault.states.front().kind)]);
    const bool bare =
        fault.states.front().kind == Kind::acked && fault.states.front().subject == everybody;
    if (bare) {
        w.number(fault.states.front().value);
    } else {
        w.open('{');
        for (const StateDraft& state : fault.states) {
            w.key(state.subject);
            if (state.kind != Kind::leader && state.kind != Kind::elected) {
                w.number(state.value);
            } else if (state.name.empty()) {
                w.json("null");
            } else {
                w.text(state.name);
            }
        }
        w.close('}');
    }
    w.close('}');
}

} // namespace brokersim
