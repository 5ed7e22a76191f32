// `expect`: what must hold. Names are checked later (resolve_expect.cpp).
#include "brokersim/facts.hpp"
#include "scenario/draft.hpp"
#include "scenario/keys.hpp"
#include "scenario/metrics.hpp"

#include <algorithm>
#include <initializer_list>
#include <tuple>
#include <utility>

namespace brokersim {
namespace {

using Kind = ExpectSpec::Kind;

/// A value in the unit of the metric: nanoseconds, millionths of a record per second, records.
bool read_value(Report& report, const Node& node, Metric::Unit unit, std::int64_t& out) {
    if (unit == Metric::Unit::count) { return AsInteger::read(report, node, {}, out); }
    if (unit == Metric::Unit::duration) {
        Duration value{};
        if (!AsDuration::read(report, node, {}, value)) { return false; }
        out = value.ns;
        return true;
    }
    if (unit == Metric::Unit::ratio) {
        Ratio ratio;
        if (!AsRatio::read(report, node, {}, ratio)) { return false; }
        out = ratio.ppb / 1000;
        if (ratio.ppb % 1000 == 0) { return true; }
        report.error(node, "such a ratio is measured to a millionth: write fewer decimals");
        return false;
    }
    Rate rate;
    if (!AsRate::read(report, node, {}, rate)) { return false; }
    out = mul_div(rate.count, 1'000'000'000'000'000, rate.per.ns);
    return true;
}

/// The value of a comparator; `between` has two.
void read_comparison(Report& report, const Node& node, Metric::Unit unit, ExpectDraft& out) {
    if (out.comparator != Comparator::between) {
        read_value(report, node, unit, out.value);
        return;
    }
    if (!node.is(Node::Kind::array) || node.children.size() != 2) {
        report.error(node, "between is a list of two values, the lowest and the highest");
        return;
    }
    const bool low = read_value(report, node.children[0], unit, out.value);
    const bool high = read_value(report, node.children[1], unit, out.upper);
    if (low && high && out.upper < out.value) {
        report.error(node, "the second value of between is below the first");
    }
}

template <Comparator comparator>
void read_comparator(Report&, const Node& node, const KeyInfo&, ExpectDraft& out) {
    ++out.comparators;
    out.comparator = comparator;
    out.value_node = &node;
}

constexpr Shape number_value = simple(Shape::Kind::integer, "integer");
constexpr Shape value_shape = either(number_value, AsText::shape, "value");
constexpr Shape pair_shape = list_of(value_shape, "two values", 2, 2);
constexpr Key<ExpectDraft> comparators[] = {
    {{.name = "equals", .shape = &value_shape, .doc = "exactly this"},
     read_comparator<Comparator::equals>},
    {{.name = "below", .shape = &value_shape, .doc = "less than this"},
     read_comparator<Comparator::below>},
    {{.name = "above", .shape = &value_shape, .doc = "more than this"},
     read_comparator<Comparator::above>},
    {{.name = "between",
      .shape = &pair_shape,
      .doc = "from the first to the second, both included"},
     read_comparator<Comparator::between>},
};
constexpr Shape comparison_object = shape_of<comparators>("object");
constexpr Shape comparison_shape = either(AsInteger::shape, comparison_object, "comparison");

void read_no_acked_loss(Report& report, const Node& node, const KeyInfo& key, ExpectDraft& out) {
    ++out.subjects;
    out.kind = Kind::no_acked_loss;
    AsBoolean::read(report, node, key, out.wanted);
}

/// A number of records or lines, or an object that compares it.
void read_count(Report& report, const Node& node, ExpectDraft& out) {
    if (node.is(Node::Kind::number)) {
        out.comparator = Comparator::equals;
        read_comparison(report, node, Metric::Unit::count, out);
        return;
    }
    ExpectDraft inner;
    if (!read_object(report, node, comparators, "a number or a comparison", inner)) { return; }
    if (inner.comparators != 1) {
        report.error(node, "one of \"equals\", \"below\", \"above\", \"between\" is needed here");
        return;
    }
    out.comparator = inner.comparator;
    read_comparison(report, *inner.value_node, Metric::Unit::count, out);
}

void read_acked_lost(Report& report, const Node& node, const KeyInfo&, ExpectDraft& out) {
    ++out.subjects;
    out.kind = Kind::acked_lost;
    out.metric = "acked_lost";
    read_count(report, node, out);
}

void read_converged(Report& report, const Node& node, const KeyInfo& key, ExpectDraft& out) {
    ++out.subjects;
    out.kind = Kind::converged;
    AsBoolean::read(report, node, key, out.wanted);
}

/// Names of events and of their fields, from the one list of facts.
struct EventFields {
    std::string_view event;
    std::vector<std::string_view> fields;
};
template <class... Facts>
std::vector<EventFields> events_of(const std::tuple<Facts...>*) {
    std::vector<EventFields> out;
    const auto add = [&]<class F>(const F*) {
        std::apply(
            [&](const auto&... fields) {
                out.push_back({F::name, {fields.name...}});
            },
            F::fields());
    };
    (add(static_cast<const Facts*>(nullptr)), ...);
    return out;
}

std::vector<std::string_view> event_names() {
    std::vector<std::string_view> out;
    for (const EventFields& e : events_of(static_cast<const AllFacts*>(nullptr))) {
        out.push_back(e.event);
    }
    return out;
}

void read_event(Report& report, const Node& node, const KeyInfo& key, ExpectDraft& out) {
    ++out.subjects;
    out.kind = Kind::event;
    if (AsText::read(report, node, key, out.event)) { out.event_node = &node; }
}

/// A value as a trace spells it: without blanks.
std::string trace_json(const Node& node) {
    if (!node.is(Node::Kind::array)) { return compact_json(node); }
    std::string out = "[";
    for (const Node& item : node.children) {
        out += (out.size() > 1 ? "," : "") + trace_json(item);
    }
    return out + "]";
}

void check_event(Report& report, const Node& node, ExpectDraft& out) {
    const auto events = events_of(static_cast<const AllFacts*>(nullptr));
    const auto event = std::find_if(events.begin(), events.end(),
                                    [&](const EventFields& e) { return e.event == out.event; });
    if (event == events.end()) {
        report.error(*out.event_node, "unknown event " + in_quotes(out.event) +
                                          did_you_mean(out.event, event_names()));
        return;
    }
    if (out.count_node == nullptr) {
        report.error(node, "\"event\" needs \"count\": how often?");
    } else {
        read_count(report, *out.count_node, out);
    }
    if (out.where_node == nullptr) { return; }
    if (!out.where_node->is(Node::Kind::object)) {
        wrong_kind(report, *out.where_node, "an object: field - value");
        return;
    }
    for (const Node& member : out.where_node->children) {
        if (member.key.starts_with("x-")) { continue; }
        const auto& fields = event->fields;
        if (std::find(fields.begin(), fields.end(), member.key) == fields.end()) {
            report.error_at_key(member, in_quotes(out.event) + " has no field " +
                                            in_quotes(member.key) +
                                            did_you_mean(member.key, fields));
        } else if (member.is(Node::Kind::object)) {
            report.error(member, "a field is compared with a value or a list, not with an object");
        } else {
            out.where.emplace_back(member.key, trace_json(member));
        }
    }
    std::sort(out.where.begin(), out.where.end());
}

void read_leader(Report& report, const Node& node, const KeyInfo&, ExpectDraft& out) {
    ++out.subjects;
    out.kind = Kind::leader;
    out.partitions_node = &node;
    if (!node.is(Node::Kind::object)) {
        wrong_kind(report, node, "an object: partition - leader");
        return;
    }
    for (const Node& member : node.children) {
        std::string leader; // null: no leader is expected.
        if (member.is(Node::Kind::null) || AsText::read(report, member, {}, leader)) {
            out.partitions[member.key] = {leader};
        }
    }
}

void read_isr(Report& report, const Node& node, const KeyInfo&, ExpectDraft& out) {
    ++out.subjects;
    out.kind = Kind::isr;
    out.partitions_node = &node;
    if (!node.is(Node::Kind::object)) {
        wrong_kind(report, node, "an object: partition - list of brokers");
        return;
    }
    for (const Node& member : node.children) {
        decode_texts(report, member, "a list of brokers", out.partitions[member.key]);
    }
}

std::vector<std::string_view> metric_names() {
    std::vector<std::string_view> out;
    for (const Metric& metric : all_metrics()) {
        out.push_back(metric.name);
    }
    return out;
}

void read_metric(Report& report, const Node& node, const KeyInfo& key, ExpectDraft& out) {
    ++out.subjects;
    out.kind = Kind::metric;
    if (!AsText::read(report, node, key, out.metric)) { return; }
    const Metric* metric = find_metric(out.metric);
    if (metric == nullptr) {
        report.error(node, "unknown metric " + in_quotes(out.metric) +
                               did_you_mean(out.metric, metric_names()));
    } else {
        out.metric_node = &node;
    }
}

void read_partition(Report& report, const Node& node, const KeyInfo&, ExpectDraft& out) {
    if (node.is(Node::Kind::number)) {
        std::int32_t number = 0;
        if (AsInteger::read(report, node, {}, number)) { out.partition = std::to_string(number); }
    } else {
        std::string text;
        if (AsText::read(report, node, {}, text)) { out.partition = std::move(text); }
    }
}

constexpr Shape leader_shape = map_of(machine_shape, "object: partition - leader");
constexpr Shape isr_list = list_of(machine_shape, "list of brokers");
constexpr Shape isr_shape = map_of(isr_list, "object: partition - brokers");
constexpr Shape metric_shape = words_of_list(metric_names, "metric");
constexpr Shape event_shape = words_of_list(event_names, "event");
constexpr Shape where_shape = map_of(AsAny::shape, "object: field - value");
constexpr Shape partition_shape = either(partition_name_shape, AsInteger::shape, "partition");

template <const Node* ExpectDraft::*member>
void keep(Report&, const Node& node, const KeyInfo&, ExpectDraft& out) {
    out.*member = &node;
}

using E = Keys<ExpectDraft>;
constexpr Key<ExpectDraft> expect_keys[] = {
    E::by<read_no_acked_loss>({.name = "no_acked_loss",
                               .shape = &AsBoolean::shape,
                               .doc = "no acknowledged record is lost"}),
    E::by<read_acked_lost>({.name = "acked_lost",
                            .shape = &comparison_shape,
                            .doc = "acknowledged records that are lost"}),
    E::by<read_leader>(
        {.name = "leader", .shape = &leader_shape, .doc = "leaders at the time `at`"}),
    E::by<read_isr>(
        {.name = "isr", .shape = &isr_shape, .doc = "in-sync replicas at the time `at`"}),
    E::by<read_metric>({.name = "metric", .shape = &metric_shape, .doc = "a figure of the run"}),
    E::by<read_event>(
        {.name = "event", .shape = &event_shape, .doc = "how often an event happened"}),
    E::by<read_converged>({.name = "converged",
                           .shape = &AsBoolean::shape,
                           .doc = "nothing pending, no lag, every ISR full at the end"}),
    E::by<keep<&ExpectDraft::where_node>>(
        {.name = "where",
         .shape = &where_shape,
         .fallback = "{}",
         .doc = "with event: values that its fields must have, as in a trace"}),
    E::by<keep<&ExpectDraft::count_node>>(
        {.name = "count", .shape = &comparison_shape, .doc = "with event: how often"}),
    E::of<&ExpectDraft::at, AsDuration>({.name = "at", .doc = "leader, isr: when"}),
    comparators[0],
    comparators[1],
    comparators[2],
    comparators[3],
    E::of<&ExpectDraft::topic, AsText>(
        {.name = "topic", .shape = &topic_name_shape, .doc = "only of this topic"}),
    E::by<read_partition>(
        {.name = "partition", .shape = &partition_shape, .doc = "only of this partition"}),
    E::of<&ExpectDraft::producer, AsText>(
        {.name = "producer", .shape = &producer_name_shape, .doc = "only of this producer"}),
    E::of<&ExpectDraft::group, AsText>(
        {.name = "group", .shape = &group_name_shape, .doc = "only of this group"}),
    E::of<&ExpectDraft::broker, AsText>(
        {.name = "broker", .shape = &machine_shape, .doc = "only of this broker"}),
    E::by<[](Report& report, const Node& node, const KeyInfo& key, ExpectDraft& out) {
        std::string word;
        Side side{};
        if (AsWord::read(report, node, key, word) && from_word(word, side)) { out.side = side; }
    }>({.name = "side",
        .shape = &AsWord::shape,
        .fallback = "\"produce\"",
        .doc = "whose windows",
        .words = "produce|consume|metadata"}),
    E::of<&ExpectDraft::from, AsDuration>(
        {.name = "from", .doc = "only from here on; default: the warm-up's end"}),
    E::of<&ExpectDraft::to, AsDuration>({.name = "to", .doc = "only up to here"}),
};

void refuse(Report& report, const Node& node, std::initializer_list<std::string_view> keys,
            std::string_view why) {
    for (const std::string_view key : keys) {
        const Node* member = node.find(key);
        if (member != nullptr && !member->is(Node::Kind::null)) {
            report.error_at_key(*member, in_quotes(key) + " " + std::string(why));
        }
    }
}

void check_parts(Report& report, const Node& node, ExpectDraft& out) {
    const bool stateful = out.kind == Kind::leader || out.kind == Kind::isr;
    const Node* at = node.find("at");
    if (stateful && (at == nullptr || at->is(Node::Kind::null))) {
        report.error(node, "\"at\" is needed: when is this expected?");
    }
    if (!stateful && out.at) {
        report.error(node.at("at"),
                     "\"at\" belongs to leader and isr; metrics have \"from\" and \"to\"");
    }
    if (out.kind == Kind::metric && out.comparators != 1) {
        report.error(node, "one of \"equals\", \"below\", \"above\", \"between\" is needed here");
    } else if (out.kind != Kind::metric && out.comparators > 0) {
        report.error(node, out.kind == Kind::event ? "with an event, the comparison stands in "
                                                     "\"count\""
                                                   : "comparisons belong to a metric");
    }
    if (out.kind == Kind::event) {
        if (out.event_node != nullptr) { check_event(report, node, out); }
    } else {
        refuse(report, node, {"where", "count"}, "belongs to \"event\"");
    }
    if (out.kind != Kind::metric) {
        refuse(report, node,
               {"topic", "partition", "producer", "group", "broker", "side", "from", "to"},
               "is a filter of metrics");
    }
    if (out.metric_node != nullptr && out.comparators == 1) {
        read_comparison(report, *out.value_node, find_metric(out.metric)->unit, out);
    }
    if (out.from && out.to && *out.to < *out.from) {
        report.error(node.at("to"), "the window ends before it begins");
    }
}

} // namespace

constexpr Shape expectation_shape = shape_of<expect_keys>("object");

void decode_expectation(Report& report, const Node& node, ExpectDraft& out) {
    if (!read_object(report, node, expect_keys, "an expectation: an object", out)) { return; }
    out.text = compact_json(node);
    if (out.subjects == 1) {
        check_parts(report, node, out);
    } else {
        report.error(node,
                     "an expectation has one of no_acked_loss, acked_lost, leader, isr, metric, "
                     "event, converged; this has " +
                         std::to_string(out.subjects));
    }
}

} // namespace brokersim
