// `expect`: what must hold. Names are checked later (resolve.cpp).
#include "scenario/draft.hpp"
#include "scenario/keys.hpp"
#include "scenario/metrics.hpp"

#include <limits>
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

constexpr Key<ExpectDraft> comparators[] = {
    {{.name = "equals", .type = "value", .doc = "exactly this"},
     read_comparator<Comparator::equals>},
    {{.name = "below", .type = "value", .doc = "less than this"},
     read_comparator<Comparator::below>},
    {{.name = "above", .type = "value", .doc = "more than this"},
     read_comparator<Comparator::above>},
    {{.name = "between",
      .type = "two values",
      .doc = "from the first to the second, both included"},
     read_comparator<Comparator::between>},
};

void read_no_acked_loss(Report& report, const Node& node, const KeyInfo& key, ExpectDraft& out) {
    ++out.subjects;
    out.kind = Kind::no_acked_loss;
    AsBoolean::read(report, node, key, out.wanted);
}

void read_acked_lost(Report& report, const Node& node, const KeyInfo&, ExpectDraft& out) {
    ++out.subjects;
    out.kind = Kind::acked_lost;
    out.metric = "acked_lost";
    if (node.is(Node::Kind::number)) {
        out.comparator = Comparator::equals;
        read_comparison(report, node, Metric::Unit::count, out);
        return;
    }
    ExpectDraft inner;
    if (!read_object(report, node, comparators, "a number of records or a comparison", inner)) {
        return;
    }
    if (inner.comparators != 1) {
        report.error(node, "one of \"equals\", \"below\", \"above\", \"between\" is needed here");
        return;
    }
    out.comparator = inner.comparator;
    read_comparison(report, *inner.value_node, Metric::Unit::count, out);
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

void read_metric(Report& report, const Node& node, const KeyInfo& key, ExpectDraft& out) {
    ++out.subjects;
    out.kind = Kind::metric;
    if (!AsText::read(report, node, key, out.metric)) { return; }
    const Metric* metric = find_metric(out.metric);
    if (metric == nullptr) {
        std::vector<std::string_view> names;
        for (const Metric& m : all_metrics()) {
            names.push_back(m.name);
        }
        report.error(node,
                     "unknown metric " + in_quotes(out.metric) + did_you_mean(out.metric, names));
    } else if (!metric->built) {
        report.error(node, "the metric " + in_quotes(out.metric) + " is not built yet");
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

void read_later(Report& report, const Node& node, const KeyInfo& key, ExpectDraft& out) {
    ++out.subjects;
    not_built(report, node, in_quotes(key.name));
}

using E = Keys<ExpectDraft>;
constexpr Key<ExpectDraft> expect_keys[] = {
    E::by<read_no_acked_loss>({.name = "no_acked_loss",
                               .type = "true or false",
                               .doc = "no acknowledged record is lost"}),
    E::by<read_acked_lost>(
        {.name = "acked_lost", .type = "comparison", .doc = "acknowledged records that are lost"}),
    E::by<read_leader>({.name = "leader", .type = "object", .doc = "leaders at the time `at`"}),
    E::by<read_isr>({.name = "isr", .type = "object", .doc = "in-sync replicas at the time `at`"}),
    E::by<read_metric>({.name = "metric", .type = "metric", .doc = "a figure of the run"}),
    E::by<read_later>({.name = "event", .type = "event", .doc = "how often an event happened"}),
    E::by<read_later>(
        {.name = "converged", .type = "true or false", .doc = "all has healed at the end"}),
    E::later({.name = "where", .type = "object", .doc = "with event: its fields"}),
    E::later({.name = "count", .type = "comparison", .doc = "with event: how often"}),
    E::of<&ExpectDraft::at, AsDuration>({.name = "at", .type = "time", .doc = "leader, isr: when"}),
    comparators[0],
    comparators[1],
    comparators[2],
    comparators[3],
    E::of<&ExpectDraft::topic, AsText>(
        {.name = "topic", .type = "topic", .doc = "only of this topic"}),
    E::by<read_partition>(
        {.name = "partition", .type = "partition", .doc = "only of this partition"}),
    E::of<&ExpectDraft::producer, AsText>(
        {.name = "producer", .type = "producer", .doc = "only of this producer"}),
    E::of<&ExpectDraft::group, AsText>(
        {.name = "group", .type = "group", .doc = "only of this group"}),
    E::of<&ExpectDraft::broker, AsText>(
        {.name = "broker", .type = "machine", .doc = "only of this broker"}),
    E::by<[](Report& report, const Node& node, const KeyInfo& key, ExpectDraft& out) {
        std::string word;
        Side side{};
        if (AsWord::read(report, node, key, word) && from_word(word, side)) { out.side = side; }
    }>({.name = "side",
        .type = "word",
        .fallback = "\"produce\"",
        .doc = "whose windows",
        .words = "produce|consume|metadata"}),
    E::of<&ExpectDraft::from, AsDuration>(
        {.name = "from", .type = "time", .doc = "only from here on"}),
    E::of<&ExpectDraft::to, AsDuration>({.name = "to", .type = "time", .doc = "only up to here"}),
};

void check_parts(Report& report, const Node& node, ExpectDraft& out) {
    const bool stateful = out.kind == Kind::leader || out.kind == Kind::isr;
    if (stateful && !out.at && node.find("at") == nullptr) {
        report.error(node, "\"at\" is needed: when is this expected?");
    }
    if (!stateful && out.at) {
        report.error(node.at("at"),
                     "\"at\" belongs to leader and isr; metrics have \"from\" and \"to\"");
    }
    if (out.kind == Kind::metric && out.comparators != 1) {
        report.error(node, "one of \"equals\", \"below\", \"above\", \"between\" is needed here");
    } else if (out.kind != Kind::metric && out.comparators > 0) {
        report.error(node, "comparisons belong to a metric");
    }
    if (out.metric_node != nullptr && out.comparators == 1) {
        read_comparison(report, *out.value_node, find_metric(out.metric)->unit, out);
    }
    if (out.from && out.to && *out.to < *out.from) {
        report.error(node.at("to"), "the window ends before it begins");
    }
}

} // namespace

void decode_expectation(Report& report, const Node& node, ExpectDraft& out) {
    if (!read_object(report, node, expect_keys, "an expectation: an object", out)) { return; }
    out.text = compact_json(node);
    const bool later = node.find("event") != nullptr || node.find("converged") != nullptr;
    if (out.subjects == 1 && !later) {
        check_parts(report, node, out);
    } else if (out.subjects != 1) {
        report.error(node,
                     "an expectation has one of no_acked_loss, acked_lost, leader, isr, metric, "
                     "event, converged; this has " +
                         std::to_string(out.subjects));
    }
}

} // namespace brokersim
