// Answers one question about a run: metric, filters, interval.
#include "observe/probe.hpp"

#include "observe/wide.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace brokersim {

namespace {

constexpr ProbedMetric counter(std::string_view name, Count what) {
    return {name, Source::count, Statistic::value, Unit::number, what};
}

constexpr std::array metrics = {
    ProbedMetric{
        "produce.latency.avg", Source::produce_latency, Statistic::avg, Unit::duration, {}},
    ProbedMetric{
        "produce.latency.p50", Source::produce_latency, Statistic::p50, Unit::duration, {}},
    ProbedMetric{
        "produce.latency.p95", Source::produce_latency, Statistic::p95, Unit::duration, {}},
    ProbedMetric{
        "produce.latency.p99", Source::produce_latency, Statistic::p99, Unit::duration, {}},
    ProbedMetric{
        "produce.latency.p99.9", Source::produce_latency, Statistic::p99_9, Unit::duration, {}},
    ProbedMetric{
        "produce.latency.max", Source::produce_latency, Statistic::max, Unit::duration, {}},
    ProbedMetric{
        "end_to_end.latency.avg", Source::end_to_end_latency, Statistic::avg, Unit::duration, {}},
    ProbedMetric{
        "end_to_end.latency.p50", Source::end_to_end_latency, Statistic::p50, Unit::duration, {}},
    ProbedMetric{
        "end_to_end.latency.p95", Source::end_to_end_latency, Statistic::p95, Unit::duration, {}},
    ProbedMetric{
        "end_to_end.latency.p99", Source::end_to_end_latency, Statistic::p99, Unit::duration, {}},
    ProbedMetric{"end_to_end.latency.p99.9",
                 Source::end_to_end_latency,
                 Statistic::p99_9,
                 Unit::duration,
                 {}},
    ProbedMetric{
        "end_to_end.latency.max", Source::end_to_end_latency, Statistic::max, Unit::duration, {}},
    ProbedMetric{"produce.rate", Source::produce_rate, Statistic::value, Unit::rate, {}},
    ProbedMetric{"consume.rate", Source::consume_rate, Statistic::value, Unit::rate, {}},
    counter("produced", Count::produced),
    counter("acked", Count::acked),
    counter("failed", Count::failed),
    counter("refused", Count::refused),
    counter("retries", Count::retries),
    counter("acked_lost", Count::acked_lost),
    counter("duplicates", Count::duplicates),
    counter("redelivered", Count::redelivered),
    counter("skipped", Count::skipped),
    counter("elections", Count::elections),
    counter("unclean_elections", Count::unclean_elections),
    counter("controller_elections", Count::controller_elections),
    counter("isr_shrinks", Count::isr_shrinks),
    counter("isr_expands", Count::isr_expands),
    counter("rebalances", Count::rebalances),
    counter("fencings", Count::fencings),
    ProbedMetric{"blocked.total", Source::blocked, Statistic::total, Unit::duration, {}},
    ProbedMetric{"blocked.max", Source::blocked, Statistic::max, Unit::duration, {}},
    ProbedMetric{"lag.max", Source::lag, Statistic::max, Unit::number, {}},
    ProbedMetric{"lag.end", Source::lag, Statistic::end, Unit::number, {}},
    ProbedMetric{"lag.seconds.max", Source::lag_age, Statistic::max, Unit::duration, {}},
    ProbedMetric{"unavailable.max", Source::unavailable, Statistic::max, Unit::duration, {}},
    ProbedMetric{"unavailable.total", Source::unavailable, Statistic::total, Unit::duration, {}},
    ProbedMetric{"unavailable.count", Source::unavailable, Statistic::count, Unit::number, {}},
    ProbedMetric{"request_queue.max", Source::request_queue, Statistic::max, Unit::number, {}},
    ProbedMetric{"handlers.busy", Source::handlers, Statistic::value, Unit::ratio, {}},
};

template <class Named>
std::size_t find_name(const std::vector<Named>& list, const std::string& name) {
    std::size_t k = 0;
    while (k < list.size() && list[k].name != name) {
        ++k;
    }
    return k;
}

} // namespace

std::optional<ProbedMetric> find_probed_metric(std::string_view name) {
    for (const ProbedMetric& metric : metrics) {
        if (metric.name == name) { return metric; }
    }
    return {};
}

void Gauge::add(Time now, std::int64_t delta) {
    if (changed_ < from_ && now > from_) { look(from_); } // the value it had when they began
    now_ += delta;
    changed_ = now;
    if (now < to_) { last_ = now_; }
    look(now);
}

void Gauge::close(Time end) {
    if (changed_ < from_ && end >= from_) { look(from_); }
}

Probe::Probe(const ExpectSpec& spec, const Scenario& scenario, const RunInfo& info)
    : metric_(find_probed_metric(spec.metric)), from_(spec.from.value_or(Time{} + scenario.warmup)),
      to_(spec.to.value_or(Time::never())), whole_run_(!spec.from && !spec.to),
      side_(spec.side.value_or(Side::produce)), gauge_(from_, to_) {
    if (!metric_) { problem_ = "there is no metric \"" + spec.metric + "\""; }
    filter(spec, info);
    filter_partitions(spec, info);
}

void Probe::filter(const ExpectSpec& spec, const RunInfo& info) {
    if (spec.producer) {
        by_producer_ = true;
        const std::size_t one = find_name(info.producers, *spec.producer);
        if (one < info.producers.size()) { producers_.push_back(ProducerId(one)); }
        for (std::size_t p = 0; p < info.producers.size() && one == info.producers.size(); ++p) {
            if (is_instance(info.producers[p].name, *spec.producer)) {
                producers_.push_back(ProducerId(p));
            }
        }
        if (producers_.empty()) { problem_ = "there is no producer \"" + *spec.producer + "\""; }
    }
    if (spec.group) {
        const std::size_t g = find_name(info.groups, *spec.group);
        group_ = GroupId(g);
        if (g == info.groups.size()) { problem_ = "there is no group \"" + *spec.group + "\""; }
    }
    if (spec.broker) {
        const auto at = std::find(info.nodes.begin(), info.nodes.end(), *spec.broker);
        node_ = MachineId(static_cast<std::size_t>(at - info.nodes.begin()));
        if (at == info.nodes.end()) { problem_ = "there is no broker \"" + *spec.broker + "\""; }
    }
}

void Probe::filter_partitions(const ExpectSpec& spec, const RunInfo& info) {
    if (spec.topic) {
        const std::size_t t = find_name(info.topics, *spec.topic);
        if (t == info.topics.size()) {
            problem_ = "there is no topic \"" + *spec.topic + "\"";
            return;
        }
        topic_ = TopicId(t);
        first_ = info.topics[t].first;
        last_ = PartitionId(first_->value + info.topics[t].partitions - 1);
    }
    if (!spec.partition) { return; }
    std::string name = *spec.partition;
    if (name.find('/') == std::string::npos && spec.topic) { name = *spec.topic + "/" + name; }
    const auto at = std::find(info.partitions.begin(), info.partitions.end(), name);
    if (at == info.partitions.end()) {
        problem_ = "there is no partition \"" + name + "\"";
        return;
    }
    first_ = PartitionId(static_cast<std::size_t>(at - info.partitions.begin()));
    last_ = first_;
    topic_.reset();
}

bool Probe::about(const Subject& subject) const {
    if (by_producer_ &&
        std::find(producers_.begin(), producers_.end(), subject.p) == producers_.end()) {
        return false;
    }
    if (first_) {
        const bool inside = subject.tp.valid() ? subject.tp >= *first_ && subject.tp <= *last_
                                               : topic_ && subject.topic == *topic_;
        if (!inside) { return false; }
    }
    return (!group_ || *group_ == subject.g) && (!node_ || *node_ == subject.node);
}

void Probe::span(Time begin, Time end) {
    const Time low = std::max(begin, from_);
    const Time high = std::min(end, to_);
    if (low >= high) { return; }
    ++count_;
    total_ += high - low;
    longest_ = std::max(longest_, high - low);
}

Measured Probe::result(Time end) const {
    if (!problem_.empty()) { return {false, 0, problem_}; }
    switch (metric_->source) {
    case Source::produce_latency:
    case Source::end_to_end_latency:
    case Source::lag_age: return of_samples();
    case Source::produce_rate:
    case Source::consume_rate: {
        const Duration interval = std::min(to_, end) - from_;
        if (interval <= Duration{}) { return {false, 0, "the interval is empty"}; }
        return {true, scaled(count_, 1'000'000'000'000'000, interval.ns), {}};
    }
    case Source::lag:
        if (count_ == 0) { return {false, 0, "no group has begun to read"}; }
        return {true, metric_->statistic == Statistic::end ? gauge_.last() : gauge_.max(), {}};
    case Source::blocked:
    case Source::unavailable:
        switch (metric_->statistic) {
        case Statistic::max: return {true, longest_.ns, {}};
        case Statistic::total: return {true, total_.ns, {}};
        default: return {true, count_, {}};
        }
    case Source::request_queue:
    case Source::handlers: // RequestLoad knows.
    case Source::count:
    case Source::count_: break;
    }
    return {true, count_, {}};
}

Measured Probe::of_samples() const {
    if (samples_.empty()) { return {false, 0, "there is nothing to measure"}; }
    switch (metric_->statistic) {
    case Statistic::avg: return {true, samples_.mean(), {}};
    case Statistic::p50: return {true, samples_.quantile(500), {}};
    case Statistic::p95: return {true, samples_.quantile(950), {}};
    case Statistic::p99: return {true, samples_.quantile(990), {}};
    case Statistic::p99_9: return {true, samples_.quantile(999), {}};
    default: return {true, samples_.max(), {}};
    }
}

} // namespace brokersim
