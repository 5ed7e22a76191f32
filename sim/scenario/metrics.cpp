// The table of metrics.
#include "scenario/metrics.hpp"

namespace brokersim {
namespace {

constexpr auto duration = Metric::Unit::duration;
constexpr auto rate = Metric::Unit::rate;
constexpr auto count = Metric::Unit::count;
constexpr auto ratio = Metric::Unit::ratio;

constexpr Metric metrics[] = {
    {"produce.latency.avg", duration, "from the instant a record fell due to its completion"},
    {"produce.latency.p50", duration, "the same, median"},
    {"produce.latency.p95", duration, "the same, 95th percentile"},
    {"produce.latency.p99", duration, "the same, 99th percentile"},
    {"produce.latency.p99.9", duration, "the same, 99.9th percentile"},
    {"produce.latency.max", duration, "the same, largest"},
    {"end_to_end.latency.avg", duration, "from due to the end of its processing, by group"},
    {"end_to_end.latency.p50", duration, "the same, median"},
    {"end_to_end.latency.p95", duration, "the same, 95th percentile"},
    {"end_to_end.latency.p99", duration, "the same, 99th percentile"},
    {"end_to_end.latency.p99.9", duration, "the same, 99.9th percentile"},
    {"end_to_end.latency.max", duration, "the same, largest"},
    {"produce.rate", rate, "records acknowledged per second"},
    {"consume.rate", rate, "records processed per second"},
    {"produced", count, "records handed to send()"},
    {"acked", count, "records acknowledged"},
    {"failed", count, "records that were given up"},
    {"refused", count, "records that send() did not take"},
    {"retries", count, "batches sent again"},
    {"acked_lost", count, "records acknowledged and lost"},
    {"duplicates", count, "copies in logs"},
    {"redelivered", count, "records that a group processed again"},
    {"skipped", count, "offsets passed over by a reset"},
    {"blocked.total", duration, "time that send() blocked"},
    {"blocked.max", duration, "the longest of them"},
    {"lag.max", count, "records not processed yet, by group"},
    {"lag.end", count, "the same at the end"},
    {"lag.seconds.max", duration, "age of the oldest record not processed"},
    {"unavailable.max", duration, "longest window without service"},
    {"unavailable.total", duration, "all of them"},
    {"unavailable.count", count, "how many"},
    {"elections", count, "leaders elected"},
    {"unclean_elections", count, "leaders elected from outside the ISR"},
    {"controller_elections", count, "controllers elected"},
    {"isr_shrinks", count, "replicas taken out of an ISR"},
    {"isr_expands", count, "replicas put into an ISR"},
    {"rebalances", count, "rebalances of groups"},
    {"fencings", count, "brokers fenced"},
    {"request_queue.max", count, "requests waiting, by broker"},
    {"handlers.busy", ratio, "share of time that request handlers were busy"},
};

} // namespace

std::span<const Metric> all_metrics() {
    return metrics;
}

const Metric* find_metric(std::string_view name) {
    for (const Metric& metric : metrics) {
        if (metric.name == name) { return &metric; }
    }
    return nullptr;
}

} // namespace brokersim
