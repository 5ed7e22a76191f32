// One question about a run, as an expectation asks it: a metric, filters, an interval.
#pragma once

#include "brokersim/run_info.hpp"
#include "brokersim/scenario.hpp"
#include "observe/histogram.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace brokersim {

/// What can be counted.
enum class Count : std::uint8_t {
    produced,
    acked,
    failed,
    refused,
    retries,
    consumed,
    discarded,
    dead_lettered,
    acked_lost,
    duplicates,
    redelivered,
    skipped,
    elections,
    unclean_elections,
    controller_elections,
    isr_shrinks,
    isr_expands,
    rebalances,
    fencings,
    count_
};

/// What a metric is made from.
enum class Source : std::uint8_t {
    produce_latency,
    end_to_end_latency,
    count,
    produce_rate,
    consume_rate,
    blocked,
    lag,
    lag_age,
    unavailable,
    request_queue,
    handlers,
    count_
};

enum class Statistic : std::uint8_t { value, avg, p50, p95, p99, p99_9, max, end, total, count };

enum class Unit : std::uint8_t { number, duration, rate, ratio };

/// A metric by its name in scenario files.
struct ProbedMetric {
    std::string_view name;
    Source source{};
    Statistic statistic{};
    Unit unit{};
    Count counted{};
};

/// Nothing if there is no such metric.
std::optional<ProbedMetric> find_probed_metric(std::string_view name);

/// What something is about; ids that do not apply are not valid.
struct Subject {
    ProducerId p;
    PartitionId tp;
    TopicId topic;
    GroupId g;
    MachineId node;
};

/// A number that goes up and down, and its maximum within [from, to).
class Gauge {
public:
    explicit Gauge(Time from = {}, Time to = Time::never()) : from_(from), to_(to) {}
    void add(Time now, std::int64_t delta);
    void close(Time end);
    std::int64_t now() const { return now_; }
    std::int64_t max() const { return max_; }
    /// The last value before `to`.
    std::int64_t last() const { return last_; }

private:
    void look(Time now) {
        if (now >= from_ && now < to_ && now_ > max_) { max_ = now_; }
    }

    Time from_, to_;
    Time changed_{-1};
    std::int64_t now_ = 0;
    std::int64_t max_ = 0;
    std::int64_t last_ = 0;
};

/// The answer to a question.
struct Measured {
    bool known = false;
    std::int64_t value = 0;
    std::string why; ///< if it is not known
};

/// Collects what one expectation needs.
class Probe {
public:
    /// `spec` must name a metric.
    Probe(const ExpectSpec& spec, const Scenario& scenario, const RunInfo& info);

    const std::optional<ProbedMetric>& metric() const { return metric_; }
    /// A filter that fits nothing in this run, or a metric that does not exist.
    const std::string& problem() const { return problem_; }
    bool about(const Subject& subject) const;
    bool during(Time t) const { return t >= from_ && t < to_; }

    void count(std::int64_t n) { count_ += n; }
    void sample(std::int64_t value, std::int64_t n) { samples_.add(value, n); }
    /// Something lasted from `begin` to `end`.
    void span(Time begin, Time end);
    Gauge& gauge() { return gauge_; }

    /// Requires that nothing more will come.
    Measured result(Time end) const;

    Time from() const { return from_; }
    Time to() const { return to_; }
    const std::vector<ProducerId>& producers() const { return producers_; }
    std::optional<PartitionId> first() const { return first_; }
    std::optional<PartitionId> last() const { return last_; }
    Side side() const { return side_; }
    /// The machine that is asked about; not valid: all.
    MachineId node() const { return node_.value_or(MachineId()); }
    bool whole_run() const { return whole_run_; }

private:
    void filter(const ExpectSpec& spec, const RunInfo& info);
    void filter_partitions(const ExpectSpec& spec, const RunInfo& info);
    Measured of_samples() const;

    std::optional<ProbedMetric> metric_;
    std::string problem_;
    Time from_, to_ = Time::never();
    bool whole_run_ = true;
    bool by_producer_ = false;
    std::vector<ProducerId> producers_;
    std::optional<PartitionId> first_, last_; ///< inclusive
    std::optional<TopicId> topic_;
    std::optional<GroupId> group_;
    std::optional<MachineId> node_;
    Side side_ = Side::produce;

    std::int64_t count_ = 0;
    Duration total_, longest_;
    Histogram samples_;
    Gauge gauge_;
};

} // namespace brokersim
