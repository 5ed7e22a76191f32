// Counts and measures what the summary and expectations ask for.
#include "observe/metrics.hpp"

#include <algorithm>

namespace brokersim {

Metrics::Metrics(const Scenario& scenario, const RunInfo& info, const Ledger& ledger)
    : info_(info), ledger_(ledger), warmup_(Time{} + scenario.warmup), end_{},
      readers_(info.topics.size()), producers_(info.producers.size()),
      partitions_(info.partitions.size()), groups_(info.groups.size()),
      readings_of_(info.partitions.size()), load_(scenario, info) {
    for (std::size_t k = 0; k < info.partitions.size(); ++k) {
        topic_of_.push_back(info.topic_of(PartitionId(k)));
    }
    for (std::size_t g = 0; g < info.groups.size(); ++g) {
        groups_[g].lag = Gauge(warmup_);
        for (std::size_t t = 0; t < info.topics.size(); ++t) {
            const auto& topics = info.groups[g].topics;
            if (std::find(topics.begin(), topics.end(), info.topics[t].name) != topics.end()) {
                readers_[t].push_back(GroupId(g));
            }
        }
    }
    for (const ExpectSpec& spec : scenario.expect) {
        probe_of_.push_back(-1);
        if (spec.kind != ExpectSpec::Kind::metric) { continue; }
        const auto k = static_cast<std::int32_t>(probes_.size());
        probe_of_.back() = k;
        const Probe& probe = probes_.emplace_back(spec, scenario, info);
        load_question_.push_back(0);
        if (!probe.metric()) { continue; }
        if (probe.metric()->source == Source::count) {
            by_count_[static_cast<std::size_t>(probe.metric()->counted)].push_back(k);
        } else {
            by_source_[static_cast<std::size_t>(probe.metric()->source)].push_back(k);
        }
        if (probe.metric()->source == Source::request_queue ||
            probe.metric()->source == Source::handlers) {
            load_question_.back() = load_.ask(probe.from(), probe.to());
        }
    }
}

bool Metrics::asks_for_load() const {
    return !by_source_[static_cast<std::size_t>(Source::request_queue)].empty() ||
           !by_source_[static_cast<std::size_t>(Source::handlers)].empty();
}

FactKinds Metrics::wants() const {
    FactKinds kinds{FactKind::log_append,
                    FactKind::prod_new,
                    FactKind::prod_ack,
                    FactKind::cons_done,
                    FactKind::prod_fail,
                    FactKind::cons_start,
                    FactKind::ctl_part,
                    FactKind::loss,
                    FactKind::dup,
                    FactKind::prod_retry,
                    FactKind::prod_refused,
                    FactKind::prod_blocked,
                    FactKind::prod_unblocked,
                    FactKind::log_trunc,
                    FactKind::ctl_elected,
                    FactKind::ctl_broker,
                    FactKind::group_rebalance,
                    FactKind::fault_begin,
                    FactKind::fault_end,
                    FactKind::unavailable};
    if (asks_for_load()) { // Every request has four of these: only for whoever asks.
        kinds = kinds | FactKinds{FactKind::req_queued, FactKind::req_started, FactKind::req_parked,
                                  FactKind::req_done, FactKind::node_down};
    }
    return kinds;
}

void Metrics::on(Time now, Cause, FactRef fact, Verdicts&) {
    switch (fact.kind) {
    case FactKind::log_append: on(now, *fact.as<LogAppend>()); break;
    case FactKind::prod_new: on(now, *fact.as<ProdNew>()); break;
    case FactKind::prod_ack: on(now, *fact.as<ProdAck>()); break;
    case FactKind::cons_done: on(now, *fact.as<ConsDone>()); break;
    case FactKind::prod_fail: on(now, *fact.as<ProdFail>()); break;
    case FactKind::cons_start: on(now, *fact.as<ConsStart>()); break;
    case FactKind::ctl_part: on(now, *fact.as<CtlPart>()); break;
    case FactKind::loss: on(now, *fact.as<Loss>()); break;
    case FactKind::dup: on(now, *fact.as<Dup>()); break;
    case FactKind::unavailable: on(now, *fact.as<Unavailable>()); break;
    case FactKind::req_queued:
    case FactKind::req_started:
    case FactKind::req_parked:
    case FactKind::req_done:
    case FactKind::node_down: load_.on(now, fact); break;
    default: on_rare(now, fact); break;
    }
}

void Metrics::on_rare(Time now, FactRef fact) {
    if (const auto* retry = fact.as<ProdRetry>()) {
        count(now, Count::retries, subject(retry->p, retry->tp), 1);
    } else if (const auto* refused = fact.as<ProdRefused>()) {
        count(now, Count::refused, {refused->p, {}, refused->topic, {}, {}}, refused->count);
    } else if (const auto* begins = fact.as<ProdBlocked>()) {
        blocked(now, begins->p, begins->why, true);
    } else if (const auto* ends = fact.as<ProdUnblocked>()) {
        blocked(now, ends->p, ends->why, false);
    } else if (const auto* cut = fact.as<LogTrunc>()) {
        if (partitions_[cut->tp.index()].leader == cut->node) { set_end(now, cut->tp, cut->to); }
    } else if (const auto* elected = fact.as<CtlElected>()) {
        if (now > Time{}) { // at 0 the settled cluster tells what it is
            count(now, Count::controller_elections, {{}, {}, {}, {}, elected->node}, 1);
        }
    } else if (const auto* broker = fact.as<CtlBroker>()) {
        if (broker->state == BrokerState::fenced && now > Time{}) {
            count(now, Count::fencings, {{}, {}, {}, {}, broker->node}, 1);
        }
    } else if (const auto* rebalance = fact.as<GroupRebalance>()) {
        if (rebalance->state == RebalanceState::end) {
            count(now, Count::rebalances, {{}, {}, {}, rebalance->g, {}}, 1);
        }
    } else if (const auto* begin = fact.as<FaultBegin>()) {
        faults_.push_back({begin->id,
                           begin->action,
                           now,
                           Time::never(),
                           {begin->target.begin(), begin->target.end()}});
    } else if (const auto* end = fact.as<FaultEnd>()) {
        for (FaultStats& known : faults_) {
            if (known.id == end->id && known.end == Time::never()) { known.end = now; }
        }
    }
}

void Metrics::on(Time, const Unavailable& window) {
    windows_.push_back(window);
    const Subject about = subject({}, window.tp, window.g.present ? window.g.value : GroupId());
    for (const std::int32_t k : by_source_[static_cast<std::size_t>(Source::unavailable)]) {
        Probe& probe = probes_[static_cast<std::size_t>(k)];
        if (probe.side() == window.side && probe.about(about)) {
            probe.span(window.from, window.to);
        }
    }
}

void Metrics::count(Time now, Count what, const Subject& subject, std::int64_t n) {
    for (const std::int32_t k : by_count_[static_cast<std::size_t>(what)]) {
        Probe& probe = probes_[static_cast<std::size_t>(k)];
        if (probe.during(now) && probe.about(subject)) { probe.count(n); }
    }
    if (now < warmup_) { return; }
    counts_[what] += n;
    if (subject.p.valid()) { producers_[subject.p.index()].counts[what] += n; }
    if (subject.tp.valid()) { partitions_[subject.tp.index()].counts[what] += n; }
    if (subject.g.valid()) { groups_[subject.g.index()].counts[what] += n; }
}

void Metrics::sample(Time now, Source source, const Subject& subject, std::int64_t value,
                     std::int64_t n) {
    for (const std::int32_t k : by_source_[static_cast<std::size_t>(source)]) {
        Probe& probe = probes_[static_cast<std::size_t>(k)];
        if (probe.during(now) && probe.about(subject)) { probe.sample(value, n); }
    }
}

void Metrics::on(Time now, const CtlPart& fact) {
    PartitionStats& partition = partitions_[fact.tp.index()];
    const MachineId leader = fact.leader.value_or(MachineId());
    const bool created = partition.epoch < 0;
    const Subject about = subject({}, fact.tp, {}, leader);
    if (!created) {
        if (leader.valid() && leader != partition.leader) {
            count(now, Count::elections, about, 1);
            if (!fact.clean) { count(now, Count::unclean_elections, about, 1); }
        }
        const auto lacks = [](const auto& list, const auto& other) {
            return std::any_of(list.begin(), list.end(), [&](MachineId node) {
                return std::find(other.begin(), other.end(), node) == other.end();
            });
        };
        if (lacks(partition.isr, fact.isr)) { count(now, Count::isr_shrinks, about, 1); }
        if (lacks(fact.isr, partition.isr)) { count(now, Count::isr_expands, about, 1); }
    }
    const bool moved = leader.valid() && leader != partition.leader;
    partition.leader = leader;
    partition.epoch = fact.epoch;
    partition.isr.assign(fact.isr.begin(), fact.isr.end());
    partition.replicas.assign(fact.repl.begin(), fact.repl.end());
    if (moved) { set_end(now, fact.tp, ledger_.log_end(fact.tp, leader)); }
}

void Metrics::on(Time now, const LogAppend& fact) {
    if (partitions_[fact.tp.index()].leader == fact.node) {
        set_end(now, fact.tp, fact.base + fact.count);
    }
}

void Metrics::set_end(Time now, PartitionId tp, Offset end) {
    partitions_[tp.index()].end = end;
    for (const std::int32_t k : readings_of_[tp.index()]) {
        update_lag(now, readings_[static_cast<std::size_t>(k)]);
    }
}

void Metrics::on(Time now, const ProdNew& fact) {
    const TopicId topic = topic_of_[fact.tp.index()];
    const Time due = fact.due.present ? fact.due.value : now;
    const std::int64_t bytes = fact.bytes.present ? fact.bytes.value : 0;
    dues_.add(fact.p, fact.tp, fact.i, fact.count, due, static_cast<std::int32_t>(bytes),
              readers_[topic.index()].size());
    count(now, Count::produced, subject(fact.p, fact.tp), fact.count);
}

void Metrics::on(Time now, const ProdAck& fact) {
    const Subject about = subject(fact.p, fact.tp);
    ProducerStats& stats = producers_[fact.p.index()];
    const bool measured = now >= warmup_;
    dues_.resolve(fact.p, fact.tp, fact.i, fact.i + fact.count,
                  [&](Time due, std::int32_t bytes, std::int64_t n) {
                      const Duration took = now - due;
                      sample(now, Source::produce_latency, about, took.ns, n);
                      if (!measured) { return; }
                      stats.latency.add(took.ns, n);
                      stats.acked_bytes += bytes * n;
                      stats.first_due = std::min(stats.first_due, std::max(due, warmup_));
                  });
    if (measured) { stats.last_ack = now; }
    for (const std::int32_t k : by_source_[static_cast<std::size_t>(Source::produce_rate)]) {
        Probe& probe = probes_[static_cast<std::size_t>(k)];
        if (probe.during(now) && probe.about(about)) { probe.count(fact.count); }
    }
    count(now, Count::acked, about, fact.count);
}

void Metrics::on(Time now, const ProdFail& fact) {
    dues_.resolve(fact.p, fact.tp, fact.i, fact.i + fact.count,
                  [](Time, std::int32_t, std::int64_t) {});
    count(now, Count::failed, subject(fact.p, fact.tp), fact.count);
}

void Metrics::blocked(Time now, ProducerId p, BlockedWhy why, bool begins) {
    Time& since = producers_[p.index()].blocked_since[static_cast<std::size_t>(why)];
    if (begins) {
        since = now;
    } else if (since != Time::never()) {
        unblock(now, p, since);
    }
}

void Metrics::unblock(Time now, ProducerId p, Time& since) {
    ProducerStats& stats = producers_[p.index()];
    for (const std::int32_t k : by_source_[static_cast<std::size_t>(Source::blocked)]) {
        Probe& probe = probes_[static_cast<std::size_t>(k)];
        if (probe.about({p, {}, {}, {}, {}})) { probe.span(since, now); }
    }
    const Time from = std::max(since, warmup_);
    if (from < now) {
        stats.blocked_total += now - from;
        stats.blocked_max = std::max(stats.blocked_max, now - from);
    }
    since = Time::never();
}

} // namespace brokersim
