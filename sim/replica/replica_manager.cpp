// All replicas of one broker: metadata, ISR, time-outs, look-ups.
#include "replica/replica_manager.hpp"

#include "engine/assert.hpp"

#include <algorithm>

namespace brokersim {

ReplicaManager::ReplicaManager(MachineId self, LayoutRef layout, const ServerConfig& config,
                               const DiskSpec& disk)
    : self_(self), layout_(std::move(layout)), config_(config), topics_(layout_), disk_(disk),
      brokers_(layout_->brokers) {}

Partition* ReplicaManager::find(PartitionId tp) {
    const std::int32_t number = number_of(tp);
    return number < 0 ? nullptr : &partitions_[static_cast<std::size_t>(number)];
}

/// Nothing is looked at again because of it: what waits goes on with the next event of its
/// partition (Kafka: TopicConfigHandler, DynamicLogConfig).
void ReplicaManager::configure(const ConfigChange& change, const ServerConfig& config) {
    config_ = config;
    topics_.apply(change);
    for (Partition& partition : partitions_)
        partition.configure(topics_.of(partition.tp()));
}

std::int32_t ReplicaManager::apply(In in, PartitionId tp, const PartitionRegistration& state,
                                   Effects& out) {
    std::int32_t number = numbers_.find(tp);
    if (number < 0) {
        number = static_cast<std::int32_t>(partitions_.size());
        numbers_.add(tp, number);
        partitions_.emplace_back(tp, config_, topics_.of(tp));
        last_flush_.push_back(in.now);
    }
    Partition& partition = partitions_[static_cast<std::size_t>(number)];
    partition.settle_followers(session_fetched_);
    const bool turned = partition.apply(in, state, brokers_, out);
    changed_.push_back(static_cast<std::uint32_t>(number));
    return turned ? number : -1;
}

std::int32_t ReplicaManager::drop(In in, PartitionId tp, Effects& out) {
    const std::int32_t number = number_of(tp);
    if (number < 0) return -1;
    const auto at = static_cast<std::uint32_t>(number);
    Partition& partition = partitions_[at];
    // Its readers and those who wait in it are told that it does not lead.
    std::vector<Partition::Watcher> watchers = std::move(partition.watchers);
    std::vector<std::uint32_t> produces = std::move(partition.produces);
    partition.retire(in, out);
    partition.watchers = std::move(watchers);
    partition.produces = std::move(produces);
    disk_.truncate(at, 0);
    changed_.push_back(at);
    return number;
}

void ReplicaManager::applied(In in, RequestPath& path, Effects& out) {
    std::vector<std::uint32_t> changed;
    changed.swap(changed_);
    const Cause cause = out.cause();
    for (const std::uint32_t number : changed) {
        Partition& partition = partitions_[number];
        look_for_joining(partition);
        touch(in, number, true, true, path, out);
        try_produces(in, number, path, out);
        if (layout_->topic(partition.tp()).internal) internal_moves.push_back(partition.tp());
        out.because(cause);
    }
}

/// Followers outside the ISR are looked at with each of their fetches from now on.
void ReplicaManager::look_for_joining(const Partition& partition) {
    for (const Partition::Watcher& w : partition.watchers) {
        FetchSession& session = sessions_[w.session];
        FetchSession::Entry& e = session.entries[w.entry];
        if (!session.follower() || e.joining || partition.in_isr(session.replica)) continue;
        e.joining = true;
        session.joining.push_back(w.entry);
    }
}

void ReplicaManager::check_lag(In in) {
    for (std::uint32_t number = 0; number < partitions_.size(); ++number) {
        Partition& partition = partitions_[number];
        if (!partition.lagging(in.now, lagging_)) continue;
        std::vector<MachineId> isr;
        for (const MachineId member : partition.state().isr) {
            if (std::find(lagging_.begin(), lagging_.end(), member) == lagging_.end()) {
                isr.push_back(member);
            }
        }
        partition.propose_isr(std::move(isr));
        isr_changes.push_back(number);
    }
}

/// What the controller made of an ISR change (semantics §2.9).
void ReplicaManager::isr_answer(In in, std::uint32_t number, Error error,
                                const PartitionRegistration& state, RequestPath& path,
                                Effects& out) {
    Partition& partition = partitions_[number];
    switch (error) {
    case Error::none:
        if (!partition.commit_isr(in, state, out)) return;
        if (partition.advance_high_watermark(in, brokers_, out)) {
            touch_moved(in, number, path, out);
        }
        look_for_joining(partition);
        return;
    case Error::operation_not_attempted:
    case Error::ineligible_replica: partition.revert_isr(); return;
    case Error::fenced_leader_epoch:
    case Error::invalid_update_version:
    case Error::new_leader_elected:
    case Error::unknown_topic_or_partition:
    case Error::invalid_request: return; // Stays pending until the metadata overrides it.
    default:
        if (partition.isr_change_pending()) isr_changes.push_back(number); // Sent again at once.
        return;
    }
}

namespace {

/// The first committed offset whose record is not older; -1 if there is none (Kafka:
/// UnifiedLog.fetchOffsetByTimestamp). Simplified: that of its batch, whose records are as old as
/// the youngest.
Offset first_since(const Partition& partition, Time since) {
    for (const Batch& batch : partition.log().batches()) {
        if (batch.base >= partition.high_watermark()) break;
        if (batch.stamp >= since) return std::max(batch.base, partition.log().start());
    }
    return -1;
}

} // namespace

void ReplicaManager::list_offsets(In in, const Incoming& incoming, RequestPath& path,
                                  Effects& out) {
    const ListOffsetsRequest& request = out.body<ListOffsetsRequest>(incoming);
    const RequestRef ref = path.ref(incoming, out);
    std::uint32_t packet = no_packet;
    ListOffsetsResponse& response = path.respond<ListOffsetsResponse>(ref, packet, out);
    const bool follower = incoming.from.index() < layout_->brokers;
    for (const ListOffsetsRequest::Part& asked : request.parts) {
        ListOffsetsResponse::Part part;
        part.tp = asked.tp;
        const Partition* partition = find(asked.tp);
        if (partition == nullptr || !partition->leads()) {
            part.error = Error::not_leader_or_follower;
        } else if (asked.current_epoch >= 0 && asked.current_epoch < partition->leader_epoch()) {
            part.error = Error::fenced_leader_epoch;
        } else if (asked.current_epoch > partition->leader_epoch()) {
            part.error = Error::unknown_leader_epoch;
        } else if (asked.earliest) {
            part.offset = partition->log().start();
        } else if (asked.since) {
            part.offset = first_since(*partition, *asked.since);
        } else if (follower) {
            part.offset = partition->log().end();
        } else if (partition->high_watermark() < partition->epoch_start()) {
            part.error = Error::offset_not_available; // Until it knows what is committed (§2.12).
        } else {
            part.offset = partition->high_watermark();
        }
        response.parts.push_back(part);
    }
    path.deliver(in, ref, packet, out);
}

void ReplicaManager::offsets_for_leader_epoch(In in, const Incoming& incoming, RequestPath& path,
                                              Effects& out) {
    const auto& request = out.body<OffsetsForLeaderEpochRequest>(incoming);
    const RequestRef ref = path.ref(incoming, out);
    std::uint32_t packet = no_packet;
    auto& response = path.respond<OffsetsForLeaderEpochResponse>(ref, packet, out);
    for (const OffsetsForLeaderEpochRequest::Part& asked : request.parts) {
        OffsetsForLeaderEpochResponse::Part part;
        part.tp = asked.tp;
        const Partition* partition = find(asked.tp);
        if (partition == nullptr || !partition->leads()) {
            part.error = Error::not_leader_or_follower;
        } else if (asked.current_epoch >= 0 && asked.current_epoch < partition->leader_epoch()) {
            part.error = Error::fenced_leader_epoch;
        } else if (asked.current_epoch > partition->leader_epoch()) {
            part.error = Error::unknown_leader_epoch;
        } else {
            const EpochEnd end =
                partition->log().epochs().end_offset_for(asked.epoch, partition->log().end());
            part.epoch = end.epoch;
            part.end = end.end;
        }
        response.parts.push_back(part);
    }
    path.deliver(in, ref, packet, out);
}

Time ReplicaManager::next_expiry() {
    const Time produce = produce_expiry_.next([&](const ExpiryQueue::Ticket& t) {
        return parked_[t.slot].live && parked_[t.slot].use == t.use;
    });
    const Time fetch = fetch_expiry_.next([&](const ExpiryQueue::Ticket& t) {
        return sessions_[t.slot].parked && sessions_[t.slot].use == t.use;
    });
    return std::min(produce, fetch);
}

void ReplicaManager::expire(In in, RequestPath& path, Effects& out) {
    ExpiryQueue::Ticket ticket;
    const auto fetch_live = [&](const ExpiryQueue::Ticket& t) {
        return sessions_[t.slot].parked && sessions_[t.slot].use == t.use;
    };
    while (fetch_expiry_.take_due(in.now, fetch_live, ticket)) {
        out.because(sessions_[ticket.slot].request.cause);
        complete(in, sessions_[ticket.slot], path, out);
    }
    const auto produce_live = [&](const ExpiryQueue::Ticket& t) {
        return parked_[t.slot].live && parked_[t.slot].use == t.use;
    };
    while (produce_expiry_.take_due(in.now, produce_live, ticket)) {
        ParkedProduce& parked = parked_[ticket.slot];
        for (ParkedProduce::Part& part : parked.parts) {
            if (!part.waiting) continue;
            part.waiting = false;
            part.error = Error::request_timed_out; // The records stay in the log.
            auto& list = partitions_[static_cast<std::size_t>(part.replica)].produces;
            list.erase(std::remove(list.begin(), list.end(), ticket.slot), list.end());
        }
        parked.waiting = 0;
        out.because(parked.request.cause);
        finish_produce(in, ticket.slot, path, out);
    }
}

void ReplicaManager::restart(Time now, DownHow how, Messages& messages) {
    const bool power = how == DownHow::power;
    const bool lost = how == DownHow::disk;
    // What nobody has been told yet of an earlier failure is part of this one.
    const auto told = [&](std::uint32_t number) {
        return std::none_of(lost_tails_.begin(), lost_tails_.end(),
                            [&](const auto& tail) { return tail.first == number; });
    };
    if (lost) {
        for (auto& [number, why] : lost_tails_)
            why = TruncWhy::disk_loss;
    }
    for (std::uint32_t number = 0; number < partitions_.size(); ++number) {
        Partition& partition = partitions_[number];
        // That file is always synced.
        const Offset checkpoint = lost ? 0 : partition.checkpoint(now);
        if (power && partition.lose_tail()) lost_tails_.emplace_back(number, TruncWhy::power_loss);
        if (lost && partition.lose_disk() && told(number))
            lost_tails_.emplace_back(number, TruncWhy::disk_loss);
        partition.restart(checkpoint);
    }
    if (power || lost) disk_.lose_power();
    for (const auto& [number, why] : lost_tails_)
        disk_.truncate(number, partitions_[number].log().end());
    for (const Reading& reading : reading_)
        messages.free(reading.response);
    reading_.clear();
    brokers_.assign(brokers_.size(), BrokerView{});
    changed_.clear();
    isr_changes.clear();
    internal_moves.clear();
    parked_.clear();
    free_parked_.clear();
    produce_expiry_.clear();
    sessions_.clear();
    session_fetched_.clear();
    free_sessions_.clear();
    fetch_expiry_.clear();
    disk_free_ = {};
    storage_failed_ = false;
}

} // namespace brokersim
