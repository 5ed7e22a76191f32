// The part of the metrics that is about groups, and the end of a run.
#include "observe/metrics.hpp"

#include <algorithm>

namespace brokersim {

namespace {

template <class Why>
void tally(std::vector<Tally<Why>>& list, TopicId topic, Why why, std::optional<GroupId> g,
           std::int64_t count) {
    for (Tally<Why>& known : list) {
        if (known.topic == topic && known.why == why && known.g == g) {
            known.count += count;
            return;
        }
    }
    list.push_back({topic, why, g, count});
}

} // namespace

Reading& Metrics::reading(GroupId g, PartitionId tp) {
    std::int32_t slot = reading_of_.find(g.value, tp);
    if (slot < 0) {
        slot = static_cast<std::int32_t>(readings_.size());
        reading_of_.set(g.value, tp, readings_.size());
        readings_of_[tp.index()].push_back(slot);
        Reading& made = readings_.emplace_back();
        made.g = g;
        made.tp = tp;
    }
    return readings_[static_cast<std::size_t>(slot)];
}

bool Reading::finish(Offset from, Offset to) {
    if (to <= next) { return false; }
    if (from > next) {
        ahead.put(from, to);
        return false;
    }
    next = to;
    if (!ahead.empty() && ahead.front().first <= next) {
        next = std::max(next, ahead.front().end);
        ahead.erase(ahead.front().first, next);
    }
    return true;
}

std::size_t Metrics::reader_of(GroupId g, TopicId topic) const {
    const auto& readers = readers_[topic.index()];
    return static_cast<std::size_t>(std::find(readers.begin(), readers.end(), g) - readers.begin());
}

void Metrics::update_lag(Time now, Reading& reading) {
    const Offset end = partitions_[reading.tp.index()].end;
    const std::int64_t lag = std::max<std::int64_t>(0, end - reading.next);
    const std::int64_t change = lag - reading.lag;
    if (change == 0) { return; }
    reading.lag = lag;
    groups_[reading.g.index()].lag.add(now, change);
    const auto& probes = by_source_[static_cast<std::size_t>(Source::lag)];
    if (probes.empty()) { return; }
    const Subject about = subject({}, reading.tp, reading.g);
    for (const std::int32_t k : probes) {
        Probe& probe = probes_[static_cast<std::size_t>(k)];
        if (probe.about(about)) { probe.gauge().add(now, change); }
    }
}

void Metrics::on(Time now, const ConsStart& fact) {
    const bool known = reading_of_.find(fact.g.value, fact.tp) >= 0;
    Reading& at = reading(fact.g, fact.tp);
    const Subject about = subject({}, fact.tp, fact.g, fact.mem);
    const bool reset = fact.why == StartWhy::earliest || fact.why == StartWhy::latest ||
                       fact.why == StartWhy::seek;
    if (known && reset && fact.pos > at.next) {
        count(now, Count::skipped, about, fact.pos - at.next);
    }
    if (!known) {
        for (const std::int32_t k : by_source_[static_cast<std::size_t>(Source::lag)]) {
            Probe& probe = probes_[static_cast<std::size_t>(k)];
            if (probe.about(about)) { probe.count(1); }
        }
    }
    at.mem = fact.mem;
    at.next = fact.pos;
    at.ahead = {};
    update_lag(now, at);
}

void Metrics::on(Time now, const ConsDone& fact) {
    if (fact.outcome == Outcome::failed || fact.outcome == Outcome::released) { return; }
    const Offset to = fact.to.present ? fact.to.value : fact.off + 1;
    const Subject about = subject({}, fact.tp, fact.g, fact.mem);
    GroupStats& group = groups_[fact.g.index()];
    const std::size_t reader = reader_of(fact.g, about.topic);
    records_.clear();
    ledger_.records(fact.tp, fact.off, to, records_);
    // What was given up is done with, but nobody has had it.
    const bool given_up =
        fact.outcome == Outcome::discarded || fact.outcome == Outcome::dead_lettered;
    std::int64_t processed = 0;
    for (const RecordRange& part : records_) {
        processed += part.end - part.i;
        dues_.process(reader, part.p, fact.tp, part.i, part.end,
                      [&](Time due, std::int32_t, std::int64_t n) {
                          const Duration age = now - due;
                          sample(now, Source::lag_age, about, age.ns, n);
                          if (!given_up) {
                              sample(now, Source::end_to_end_latency, about, age.ns, n);
                          }
                          if (now < warmup_) { return; }
                          if (!given_up) { group.latency.add(age.ns, n); }
                          group.oldest = std::max(group.oldest, age);
                      });
    }
    if (given_up) {
        count(now, fact.outcome == Outcome::discarded ? Count::discarded : Count::dead_lettered,
              about, processed);
    } else {
        for (const std::int32_t k : by_source_[static_cast<std::size_t>(Source::consume_rate)]) {
            Probe& probe = probes_[static_cast<std::size_t>(k)];
            if (probe.during(now) && probe.about(about)) { probe.count(processed); }
        }
        count(now, Count::consumed, about, processed);
    }
    Reading& at = reading(fact.g, fact.tp);
    if (at.mem == fact.mem && at.finish(fact.off, to)) { update_lag(now, at); }
}

void Metrics::on(Time now, const Loss& fact) {
    tally(losses_, topic_of_[fact.tp.index()], fact.why, {}, fact.count);
    if (is_failure(fact.why)) {
        count(now, Count::acked_lost, subject(fact.p, fact.tp), fact.count);
    }
}

void Metrics::on(Time now, const Dup& fact) {
    const Count what = fact.g ? Count::redelivered : Count::duplicates;
    count(now, what, subject(fact.p, fact.tp, fact.g.value_or(GroupId())), fact.count);
    tally(duplicates_, topic_of_[fact.tp.index()], fact.why, fact.g, fact.count);
}

void Metrics::at_end(Time end, Verdicts&) {
    end_ = end;
    load_.close(end);
    for (std::size_t p = 0; p < producers_.size(); ++p) {
        for (Time& since : producers_[p].blocked_since) {
            if (since != Time::never()) { unblock(end, ProducerId(p), since); }
        }
    }
    for (GroupStats& group : groups_) {
        group.lag.close(end);
    }
    for (Probe& probe : probes_) {
        probe.gauge().close(end);
    }
    for (const Reading& at : readings_) {
        records_.clear();
        ledger_.records(at.tp, at.next, at.next + 1, records_);
        if (records_.empty()) { continue; }
        const std::optional<Time> due = dues_.due(records_[0].p, at.tp, records_[0].i);
        if (!due) { continue; }
        const Duration age = end - *due;
        sample(end, Source::lag_age, subject({}, at.tp, at.g, at.mem), age.ns, 1);
        groups_[at.g.index()].oldest = std::max(groups_[at.g.index()].oldest, age);
    }
}

Measured Metrics::measure_load(std::size_t number, Time end) const {
    const Probe& probe = probes_[number];
    const std::size_t question = load_question_[number];
    if (probe.metric()->source == Source::request_queue) {
        return {true, load_.queue_max(question, probe.node()), {}};
    }
    if (std::min(probe.to(), end) <= probe.from()) { return {false, 0, "the interval is empty"}; }
    return {true, load_.busy_share(question, probe.node(), end), {}};
}

Measured Metrics::measure(std::size_t expectation, Time end) const {
    const auto number = static_cast<std::size_t>(probe_of_[expectation]);
    const Probe& probe = probes_[number];
    if (probe.metric() && probe.problem().empty() &&
        (probe.metric()->source == Source::request_queue ||
         probe.metric()->source == Source::handlers)) {
        return measure_load(number, end);
    }
    const bool lost = probe.metric() && probe.metric()->source == Source::count &&
                      probe.metric()->counted == Count::acked_lost;
    if (!lost || !probe.whole_run() || !probe.problem().empty()) { return probe.result(end); }
    // Without an interval: what is still missing at the end, as the end record counts it.
    Measured sum{true, 0, {}};
    if (probe.producers().empty()) {
        sum.value = ledger_.acked_lost({}, probe.first(), probe.last());
    }
    for (const ProducerId p : probe.producers()) {
        sum.value += ledger_.acked_lost(p, probe.first(), probe.last());
    }
    return sum;
}

} // namespace brokersim
