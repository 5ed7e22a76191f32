// The table of metrics.
#include "scenario/metrics.hpp"

namespace brokersim {
namespace {

constexpr auto duration = Metric::Unit::duration;
constexpr auto rate = Metric::Unit::rate;
constexpr auto count = Metric::Unit::count;

constexpr Metric metrics[] = {
    {"produce.latency.avg", duration, true, "from the instant a record fell due to its completion"},
    {"produce.latency.p50", duration, true, "the same, median"},
    {"produce.latency.p95", duration, true, "the same, 95th percentile"},
    {"produce.latency.p99", duration, true, "the same, 99th percentile"},
    {"produce.latency.p99.9", duration, true, "the same, 99.9th percentile"},
    {"produce.latency.max", duration, true, "the same, largest"},
    {"end_to_end.latency.avg", duration, true, "from due to the end of its processing, by group"},
    {"end_to_end.latency.p50", duration, true, "the same, median"},
    {"end_to_end.latency.p95", duration, true, "the same, 95th percentile"},
    {"end_to_end.latency.p99", duration, true, "the same, 99th percentile"},
    {"end_to_end.latency.p99.9", duration, true, "the same, 99.9th percentile"},
    {"end_to_end.latency.max", duration, true, "the same, largest"},
    {"produce.rate", rate, true, "records acknowledged per second"},
    {"consume.rate", rate, true, "records processed per second"},
    {"produced", count, true, "records handed to send()"},
    {"acked", count, true, "records acknowledged"},
    {"failed", count, true, "records that were given up"},
    {"refused", count, true, "records that send() did not take"},
    {"retries", count, true, "batches sent again"},
    {"acked_lost", count, true, "records acknowledged and lost"},
    {"duplicates", count, true, "copies in logs"},
    {"redelivered", count, true, "records that a group processed again"},
    {"skipped", count, true, "offsets passed over by a reset"},
    {"blocked.total", duration, true, "time that send() blocked"},
    {"blocked.max", duration, true, "the longest of them"},
    {"lag.max", count, true, "records not processed yet, by group"},
    {"lag.end", count, true, "the same at the end"},
    {"lag.seconds.max", duration, false, "age of the oldest record not processed"},
    {"unavailable.max", duration, true, "longest window without service"},
    {"unavailable.total", duration, true, "all of them"},
    {"unavailable.count", count, true, "how many"},
    {"elections", count, true, "leaders elected"},
    {"unclean_elections", count, true, "leaders elected from outside the ISR"},
    {"controller_elections", count, true, "controllers elected"},
    {"isr_shrinks", count, true, "replicas taken out of an ISR"},
    {"isr_expands", count, true, "replicas put into an ISR"},
    {"rebalances", count, true, "rebalances of groups"},
    {"fencings", count, true, "brokers fenced"},
    {"request_queue.max", count, false, "requests waiting, by broker"},
    {"handlers.busy", rate, false, "share of time that request handlers were busy"},
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
