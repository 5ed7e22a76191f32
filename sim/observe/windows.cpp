// Opens and closes the windows without service.
#include "observe/windows.hpp"

#include <algorithm>

namespace brokersim {

Windows::Windows(const Scenario& scenario, const RunInfo& info, const Ledger& ledger)
    : info_(info), failovers_(info, ledger), fetches_(scenario, info, failovers_) {
    partitions_.resize(info.partitions.size());
    for (const ProducerInfo& producer : info.producers) {
        Duration linger;
        for (const ProducerSpec& spec : scenario.producers) {
            if (spec.name == producer.name) { linger = spec.config.linger; }
        }
        linger_.push_back(linger);
        waits_.push_back(producer.acks != "0");
    }
    for (const TopicInfo& topic : info.topics) {
        min_isr_.push_back(topic.min_isr);
    }
}

FactKinds Windows::wants() const {
    return FactKinds{FactKind::prod_new, FactKind::prod_ack, FactKind::prod_fail,
                     FactKind::ctl_part, FactKind::topic_changed} |
           FetchWindows::wants() | Failovers::wants();
}

void Windows::on(Time now, Cause cause, FactRef fact, Verdicts& verdicts) {
    failovers_.on(now, cause, fact, verdicts);
    switch (fact.kind) {
    case FactKind::prod_new: on(now, *fact.as<ProdNew>()); break;
    case FactKind::prod_ack: on(now, *fact.as<ProdAck>(), verdicts); break;
    case FactKind::prod_fail: on(*fact.as<ProdFail>()); break;
    case FactKind::ctl_part:
        on(now, *fact.as<CtlPart>(), verdicts);
        fetches_.on(now, fact, verdicts);
        break;
    case FactKind::topic_changed: on(now, *fact.as<TopicChanged>(), verdicts); break;
    default: fetches_.on(now, fact, verdicts); break;
    }
}

void Windows::on(Time now, const CtlPart& fact, Verdicts& verdicts) {
    Partition& partition = partitions_[fact.tp.index()];
    partition.leader = fact.leader.has_value();
    partition.in_sync = fact.isr.size();
    partition.replicas = fact.repl.size();
    look_at_state(now, fact.tp, verdicts);
}

/// Another min.insync.replicas opens and closes windows as another ISR does.
void Windows::on(Time now, const TopicChanged& fact, Verdicts& verdicts) {
    min_isr_[fact.topic.index()] = fact.min_isr;
    const TopicInfo& topic = info_.topics[fact.topic.index()];
    for (std::int32_t k = 0; k < topic.partitions; ++k) {
        const PartitionId tp(topic.first.value + k);
        if (partitions_[tp.index()].replicas > 0) { look_at_state(now, tp, verdicts); }
    }
}

void Windows::look_at_state(Time now, PartitionId tp, Verdicts& verdicts) {
    Partition& partition = partitions_[tp.index()];
    const auto wanted = std::min(static_cast<std::size_t>(min_isr_[info_.topic_of(tp).index()]),
                                 partition.replicas);
    const bool down = !partition.leader || partition.in_sync < wanted;
    if (down == (partition.down != Time::never())) { return; }
    if (!down && partition.down < now) {
        Outage outage{.tp = tp, .side = Side::metadata, .from = partition.down, .to = now};
        outage.all = true;
        failovers_.ended(outage, verdicts);
    }
    partition.down = down ? now : Time::never();
}

Windows::Queue& Windows::queue(ProducerId p, PartitionId tp) {
    std::int32_t slot = queue_of_.find(p.value, tp);
    if (slot < 0) {
        slot = static_cast<std::int32_t>(queues_.size());
        queue_of_.set(p.value, tp, queues_.size());
        queues_.emplace_back().p = p;
        partitions_[tp.index()].queues.push_back(slot);
    }
    return queues_[static_cast<std::size_t>(slot)];
}

void Windows::on(Time now, const ProdNew& fact) {
    if (!waits_[fact.p.index()]) { return; }
    queue(fact.p, fact.tp)
        .ready.put(fact.i, fact.i + fact.count, after(now, linger_[fact.p.index()]).ns);
    partitions_[fact.tp.index()].waiting += fact.count;
}

void Windows::on(Time now, const ProdAck& fact, Verdicts& verdicts) {
    if (!fact.off) { return; }
    Partition& partition = partitions_[fact.tp.index()];
    if (partition.last_success < Time{0} ||
        now - partition.last_success >= info_.outage_threshold) {
        tell_produce(fact.tp, now, fact.p, true, verdicts);
    }
    queue(fact.p, fact.tp).ready.erase(fact.i, fact.i + fact.count);
    partition.waiting -= fact.count;
    partition.last_success = now;
    partition.failed_ready = Time::never();
}

void Windows::on(const ProdFail& fact) {
    if (!waits_[fact.p.index()]) { return; }
    Partition& partition = partitions_[fact.tp.index()];
    Queue& from = queue(fact.p, fact.tp);
    const bool answered =
        fact.error == Error::message_too_large || fact.error == Error::record_too_large;
    if (!answered) {
        from.ready.pieces(fact.i, fact.i + fact.count,
                          [&](std::int64_t, std::int64_t, const std::int64_t* ready) {
                              if (ready != nullptr) {
                                  partition.failed_ready =
                                      std::min(partition.failed_ready, Time{*ready});
                              }
                          });
    }
    from.ready.erase(fact.i, fact.i + fact.count);
    partition.waiting -= fact.count;
}

Time Windows::waiting_since(const Partition& partition) const {
    Time oldest = partition.failed_ready;
    if (partition.waiting > 0) {
        for (const std::int32_t slot : partition.queues) {
            // In a queue the first record is the oldest: records are accepted in order.
            const Ranges<std::int64_t>& ready = queues_[static_cast<std::size_t>(slot)].ready;
            if (!ready.empty()) { oldest = std::min(oldest, Time{ready.front().value}); }
        }
    }
    return std::max(oldest, partition.last_success);
}

ProducerId Windows::longest_waiting(const Partition& partition) const {
    ProducerId who;
    Time oldest = Time::never();
    for (const std::int32_t slot : partition.queues) {
        const Queue& queue = queues_[static_cast<std::size_t>(slot)];
        if (queue.ready.empty() || Time{queue.ready.front().value} >= oldest) { continue; }
        oldest = Time{queue.ready.front().value};
        who = queue.p;
    }
    return who;
}

void Windows::tell_produce(PartitionId tp, Time until, ProducerId by, bool served,
                           Verdicts& verdicts) {
    const Time from = waiting_since(partitions_[tp.index()]);
    if (from >= until || until - from < info_.outage_threshold) { return; }
    Outage outage{.tp = tp, .side = Side::produce, .from = from, .to = until};
    outage.served = served;
    if (by.valid()) {
        outage.client = info_.producers[by.index()].machine;
        outage.all = info_.producers[by.index()].acks == "all";
    }
    failovers_.ended(outage, verdicts);
}

void Windows::at_end(Time end, Verdicts& verdicts) {
    failovers_.no_more_facts();
    for (std::size_t k = 0; k < partitions_.size(); ++k) {
        const PartitionId tp(k);
        if (partitions_[k].down < end) {
            Outage outage{.tp = tp, .side = Side::metadata, .from = partitions_[k].down, .to = end};
            outage.served = false;
            outage.all = true;
            failovers_.ended(outage, verdicts);
        }
        tell_produce(tp, end, longest_waiting(partitions_[k]), false, verdicts);
    }
    fetches_.at_end(end, verdicts);
    failovers_.at_end(end, verdicts);
}

} // namespace brokersim
