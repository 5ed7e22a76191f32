// Admission: is the run too large for the given budgets? The estimate is low on purpose, a bound
// from below: what it refuses would certainly not end.
#include "scenario/resolve.hpp"
#include "scenario/units.hpp"

#include <algorithm>
#include <limits>

namespace brokersim {
namespace {

constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();

std::int64_t plus(std::int64_t a, std::int64_t b) {
    return a > int64_max - b ? int64_max : a + b;
}
std::int64_t times(std::int64_t a, std::int64_t b) {
    return mul_div(a, b, 1);
}

/// How often something with this period happens.
std::int64_t rounds(Duration length, Duration period) {
    return length.ns / std::max<std::int64_t>(period.ns, 1);
}

/// Records from `from` to `to` at this rate.
std::int64_t records_between(const Rate& rate, std::int64_t from, std::int64_t to) {
    return mul_div(rate.count, std::max<std::int64_t>(to - from, 0), rate.per.ns);
}

/// Records of a profile between two instants, ramps at the lower of their rates.
std::int64_t records_of(const std::vector<RatePoint>& profile, std::int64_t from,
                        std::int64_t until) {
    std::int64_t records = 0;
    for (std::size_t k = 0; k < profile.size(); ++k) {
        const bool last = k + 1 == profile.size();
        const std::int64_t begin = std::max(profile[k].at.ns, from);
        const std::int64_t end = last ? until : std::min(profile[k + 1].at.ns, until);
        std::int64_t own = records_between(profile[k].rate, begin, end);
        if (!last && profile[k + 1].ramp) {
            own = std::min(own, records_between(profile[k + 1].rate, begin, end));
        }
        records = plus(records, own);
    }
    return records;
}

/// Records that a producer entry hands to send(), all instances together.
std::int64_t records_of(const ProducerDraft& p, Duration duration) {
    const std::int64_t until = std::min(p.stop ? p.stop->ns : duration.ns, duration.ns);
    std::int64_t records = p.closed_loop       ? *p.closed_loop
                           : p.profile.empty() ? records_between(p.rate, p.start.ns, until)
                                               : records_of(p.profile, p.start.ns, until);
    if (p.count) { records = std::min(records, *p.count); }
    return times(records, p.instances);
}

/// How often a fault begins.
std::int64_t begins_of(const FaultDraft& fault, Duration duration) {
    if (fault.rate) { // Random: half of what is to be expected.
        const std::int64_t begins = mul_div(fault.rate->count, duration.ns, fault.rate->per.ns) / 2;
        return fault.count ? std::min(begins, *fault.count) : begins;
    }
    if (!fault.every) { return 1; }
    const std::int64_t left = std::max<std::int64_t>(duration.ns - fault.at.ns, 0);
    const std::int64_t begins = plus(rounds(Duration{left}, *fault.every), 1);
    return fault.count ? std::min(begins, *fault.count) : begins;
}

std::int64_t key_bytes(const KeySpec& keys) {
    std::int64_t bytes = keys.kind == KeySpec::Kind::zipf ? times(keys.count, 8) : 0;
    for (const std::string& key : keys.list) {
        bytes += static_cast<std::int64_t>(key.size()) + 32;
    }
    return bytes;
}

} // namespace

void check_budget(const Draft& draft, const Limits& limits, Report& report) {
    const Duration length = draft.scenario.duration;
    const ServerConfig& broker = draft.broker_config;
    // A heartbeat, a replica's fetch, a client's poll: request and response, each at both ends.
    constexpr std::int64_t per_request = 4;
    constexpr std::int64_t per_machine = 1024; // bytes
    constexpr std::int64_t per_replica = 128;

    const std::int64_t brokers = draft.brokers.count;
    std::int64_t events =
        times(times(brokers, per_request), rounds(length, broker.broker_heartbeat_interval));
    std::int64_t memory =
        times(brokers + std::max(draft.control_plane.controllers, draft.control_plane.servers),
              per_machine);
    for (const TopicDraft& t : draft.topics) {
        memory = plus(memory, times(*t.partitions, *t.replication_factor * per_replica));
    }
    std::int64_t records = 0;
    const Node* most = nullptr;
    std::int64_t most_records = 0;
    for (const ProducerDraft& p : draft.producers) {
        const std::int64_t own = records_of(p, length);
        records = plus(records, own);
        memory = plus(memory, times(p.instances, per_machine + key_bytes(p.keys)));
        if (own > most_records) {
            most_records = own;
            most = &p.node->at(p.closed_loop ? "closed_loop" : "rate");
        }
    }
    events = plus(events, records);
    memory = plus(memory, times(records, 4));
    for (const ConsumerDraft& g : draft.consumers) {
        const std::int64_t beats = rounds(length, g.config.heartbeat_interval);
        events = plus(events, times(times(g.members, per_request), beats));
        memory = plus(memory, times(g.members, per_machine));
    }
    for (const FaultDraft& f : draft.faults) {
        const std::int64_t own = times(begins_of(f, length), f.lasts ? 2 : 1);
        events = plus(events, own);
        if (own > most_records) {
            most_records = own;
            most = &f.node->at(f.rate ? "rate" : "every");
        }
    }
    const Node& place =
        most != nullptr && most_records > events / 2 ? *most : draft.root->at("duration");
    if (events > limits.events) {
        report.error(place, "the run needs at least " + std::to_string(events) +
                                " events, the budget is " + std::to_string(limits.events) +
                                " (--max-events)");
    }
    if (memory > limits.memory) {
        report.error(place, "the run needs at least " + std::to_string(memory) +
                                " bytes of memory, the budget is " + std::to_string(limits.memory) +
                                " (--max-memory)");
    }
}

} // namespace brokersim
