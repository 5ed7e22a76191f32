// Waits for the end of what a window without service leaves behind, and tells the window.
#include "observe/failovers.hpp"

#include <algorithm>

namespace brokersim {

Failovers::Failovers(const RunInfo& info, const Ledger& ledger)
    : info_(info), ledger_(ledger), facts_(info), partitions_(info.partitions.size()) {}

FactKinds Failovers::wants() {
    return FailoverFacts::wants() |
           FactKinds{FactKind::ctl_part, FactKind::cons_start, FactKind::cons_done};
}

void Failovers::on(Time now, Cause cause, FactRef fact, Verdicts& verdicts) {
    cause_ = cause;
    switch (fact.kind) {
    case FactKind::cons_start: on(*fact.as<ConsStart>()); break;
    case FactKind::cons_done: on(now, *fact.as<ConsDone>(), verdicts); break;
    case FactKind::ctl_part:
        facts_.on(now, fact);
        on(now, *fact.as<CtlPart>(), verdicts);
        break;
    default:
        if (FailoverFacts::wants().has(fact.kind)) { facts_.on(now, fact); }
        break;
    }
}

void Failovers::on(Time now, const CtlPart& fact, Verdicts& verdicts) {
    Partition& partition = partitions_[fact.tp.index()];
    if (partition.waiting.empty() || !facts_.full(fact.tp)) { return; }
    for (Waiting& waiting : partition.waiting) {
        waiting.full = std::min(waiting.full, now);
    }
    tell_complete(partition, verdicts);
}

Failovers::Reader& Failovers::reader(GroupId g, PartitionId tp) {
    std::int32_t slot = reader_of_.find(g.value, tp);
    if (slot < 0) {
        slot = static_cast<std::int32_t>(readers_.size());
        reader_of_.set(g.value, tp, readers_.size());
        partitions_[tp.index()].readers.push_back(slot);
        Reader& made = readers_.emplace_back();
        made.g = g;
        made.tp = tp;
    }
    return readers_[static_cast<std::size_t>(slot)];
}

std::int64_t Failovers::lag(const Reader& reader) const {
    const auto states = facts_.states(reader.tp);
    if (states.empty() || !states.back().leader.valid()) { return reader.lag; }
    const Offset end = ledger_.log_end(reader.tp, states.back().leader);
    return std::max<std::int64_t>(0, end - reader.position.next);
}

void Failovers::on(const ConsStart& fact) {
    const bool known = reader_of_.find(fact.g.value, fact.tp) >= 0;
    Reader& at = reader(fact.g, fact.tp);
    at.position.mem = fact.mem;
    at.position.next = fact.pos;
    at.position.ahead = {};
    if (!known) { at.lag = lag(at); }
}

void Failovers::on(Time now, const ConsDone& fact, Verdicts& verdicts) {
    if (fact.outcome == Outcome::failed || fact.outcome == Outcome::released) { return; }
    Reader& at = reader(fact.g, fact.tp);
    const Offset to = fact.to.present ? fact.to.value : fact.off + 1;
    if (at.position.mem != fact.mem || !at.position.finish(fact.off, to)) { return; }
    at.lag = lag(at);
    Partition& partition = partitions_[fact.tp.index()];
    if (partition.waiting.empty()) { return; }
    bool changed = false;
    for (Waiting& waiting : partition.waiting) {
        std::erase_if(waiting.behind, [&](const Level& level) {
            return &readers_[static_cast<std::size_t>(level.reader)] == &at && at.lag <= level.lag;
        });
        if (waiting.behind.empty() && waiting.caught_up == Time::never()) {
            waiting.caught_up = now;
            changed = true;
        }
    }
    if (changed) { tell_complete(partition, verdicts); }
}

void Failovers::ended(const Outage& outage, Verdicts& verdicts) {
    Partition& partition = partitions_[outage.tp.index()];
    Waiting waiting;
    waiting.cause = cause_;
    waiting.served = outage.served;
    Failover& failover = waiting.failover;
    failover.window = {outage.tp, outage.side, outage.from, outage.to, {}, {}};
    if (outage.side == Side::consume) { failover.window.g = outage.g; }
    failover.client = outage.client;
    if (const auto explained = explain(outage, facts_, info_)) {
        failover.window.phases = explained->phases;
        failover.fault = explained->fault;
        failover.machine = explained->machine;
        failover.bounds = explained->bounds;
        failover.bounds[phase_count - 2] = Bound::replica_return;
        failover.bounds[phase_count - 1] = Bound::group_speed;
    }
    await(partition, waiting, outage);
    partition.waiting.push_back(std::move(waiting));
    tell_complete(partition, verdicts);
}

/// What is still to come: nothing if there are no phases to tell.
void Failovers::await(Partition& partition, Waiting& waiting, const Outage& outage) const {
    if (!waiting.failover.window.phases || !outage.served) {
        waiting.full = waiting.caught_up = outage.to;
        return;
    }
    if (facts_.full(outage.tp)) { waiting.full = outage.to; }
    for (const std::int32_t slot : partition.readers) {
        const Reader& at = readers_[static_cast<std::size_t>(slot)];
        const bool mine = outage.side != Side::consume || at.g == outage.g;
        if (mine && lag(at) > at.lag) { waiting.behind.push_back({slot, at.lag}); }
    }
    if (waiting.behind.empty()) { waiting.caught_up = outage.to; }
}

/// A window waits for those before it of its side and group.
void Failovers::tell_complete(Partition& partition, Verdicts& verdicts) {
    std::vector<Waiting>& list = partition.waiting;
    std::vector<Waiting> left;
    for (Waiting& waiting : list) {
        const Unavailable& window = waiting.failover.window;
        const bool first = std::none_of(left.begin(), left.end(), [&](const Waiting& other) {
            return other.failover.window.side == window.side &&
                   other.failover.window.g.value == window.g.value;
        });
        if (first && waiting.complete()) {
            tell(waiting, verdicts);
        } else {
            left.push_back(std::move(waiting));
        }
    }
    list = std::move(left);
}

void Failovers::tell(Waiting& waiting, Verdicts& verdicts) {
    Unavailable& window = waiting.failover.window;
    if (window.phases && waiting.served) {
        const Time full = std::max(window.to, waiting.full);
        window.phases->under_replicated = full - window.to;
        window.phases->catching_up = std::max(full, waiting.caught_up) - full;
    }
    verdicts.tell(window, waiting.cause);
    told_.push_back(waiting.failover);
}

void Failovers::at_end(Time end, Verdicts& verdicts) {
    for (Partition& partition : partitions_) {
        for (Waiting& waiting : partition.waiting) {
            waiting.full = std::min(waiting.full, end);
            waiting.caught_up = std::min(waiting.caught_up, end);
            tell(waiting, verdicts);
        }
        partition.waiting.clear();
    }
}

} // namespace brokersim
