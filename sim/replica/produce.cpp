// Produce requests: append, park until the high watermark has passed, answer.
#include "engine/assert.hpp"
#include "replica/replica_manager.hpp"

#include <algorithm>

namespace brokersim {

inline std::uint32_t ReplicaManager::take_parked() {
    std::uint32_t slot = 0;
    if (free_parked_.empty()) {
        slot = static_cast<std::uint32_t>(parked_.size());
        parked_.emplace_back();
    } else {
        slot = free_parked_.back();
        free_parked_.pop_back();
    }
    ParkedProduce& parked = parked_[slot];
    ++parked.use;
    parked.live = true;
    parked.parts.clear();
    parked.waiting = 0;
    return slot;
}

namespace {

/// A producer's clock may be wrong, but not by too much (Kafka: LogValidator).
bool may_have_stamp(In in, const TopicConfig& topic, const Batch& batch) {
    if (topic.log_append_time || batch.stamp == no_stamp) return true;
    return batch.stamp <= after(in.wall(), topic.timestamp_after_max) &&
           after(batch.stamp, topic.timestamp_before_max) >= in.wall();
}

} // namespace

/// One partition of a produce request (semantics §2.3): refused, recognised as a retry, appended.
Error ReplicaManager::append_one(In in, Acks acks, const ProduceRequest::Part& asked,
                                 ParkedProduce::Part& part, RequestPath& path, Effects& out) {
    part.replica = number_of(asked.tp);
    if (part.replica < 0) return Error::not_leader_or_follower;
    const auto number = static_cast<std::uint32_t>(part.replica);
    Partition& partition = partitions_[number];
    if (!partition.leads()) {
        part.leader = partition.leader();
        part.leader_epoch = partition.leader_epoch();
        return Error::not_leader_or_follower;
    }
    if (acks == Acks::all &&
        static_cast<std::int32_t>(partition.state().isr.size()) < partition.effective_min_isr()) {
        return Error::not_enough_replicas;
    }
    Batch batch = asked.batch;
    if (batch.bytes > settings(partition).max_message_bytes) return Error::message_too_large;
    if (!may_have_stamp(in, settings(partition), batch)) return Error::invalid_timestamp;
    if (batch.has_sequence()) {
        partition.log().expire_producers(in.wall(), config_.producer_id_expiration);
        const SequenceVerdict verdict = partition.log().producers().check(batch);
        if (verdict.error != Error::none) return verdict.error;
        if (verdict.is_duplicate()) {
            part.base = verdict.duplicate_of;
            part.required = part.base + batch.count;
            return Error::none; // Appends nothing, but waits like the first copy.
        }
    }
    if (disk_.full()) {
        storage_failed_ = true;
        return Error::kafka_storage_error;
    }
    append_to(in, number, batch, out);
    part.base = batch.base;
    part.required = batch.end();
    after_append(in, number, path, out);
    return Error::none;
}

/// What an append wakes: fetches of followers; if the leader is alone in the ISR, everything.
void ReplicaManager::after_append(In in, std::uint32_t number, RequestPath& path, Effects& out) {
    const Cause cause = out.cause();
    const bool moved = partitions_[number].advance_high_watermark(in, brokers_, out);
    if (moved) {
        try_produces(in, number, path, out);
        touch(in, number, false, true, path, out);
        out.because(cause);
        if (layout_->topic(partitions_[number].tp()).internal) {
            internal_moves.push_back(partitions_[number].tp());
        }
    }
    touch(in, number, true, false, path, out);
    out.because(cause);
}

void ReplicaManager::produce(In in, const Incoming& incoming, RequestPath& path, Effects& out) {
    const ProduceRequest& request = out.body<ProduceRequest>(incoming);
    const RequestRef ref = path.ref(incoming, out);
    const std::uint32_t slot = take_parked();
    ParkedProduce& parked = parked_[slot];
    parked.request = ref;
    bool failed = false;
    for (const ProduceRequest::Part& asked : request.parts) {
        ParkedProduce::Part part;
        part.tp = asked.tp;
        out.because(ref.cause);
        part.error = append_one(in, request.acks, asked, part, path, out);
        failed = failed || part.error != Error::none;
        if (part.error == Error::none && request.acks == Acks::all &&
            partitions_[static_cast<std::size_t>(part.replica)].high_watermark() < part.required) {
            part.waiting = true;
            ++parked.waiting;
            partitions_[static_cast<std::size_t>(part.replica)].produces.push_back(slot);
        }
        parked.parts.push_back(part);
    }
    if (request.acks == Acks::none) {
        parked.live = false;
        free_parked_.push_back(slot);
        if (failed) {
            path.close(in, ref, out); // The only way to tell.
        } else {
            path.no_response(in, ref, out);
        }
        return;
    }
    if (parked.waiting == 0) {
        finish_produce(in, slot, path, out);
        return;
    }
    path.note_parked(ref, out);
    new_expiry_ = std::min(new_expiry_, after(in.now, request.timeout));
    produce_expiry_.add(in.now, request.timeout, {slot, parked.use});
}

void ReplicaManager::finish_produce(In in, std::uint32_t slot, RequestPath& path, Effects& out) {
    ParkedProduce& parked = parked_[slot];
    std::uint32_t packet = no_packet;
    ProduceResponse& response = path.respond<ProduceResponse>(parked.request, packet, out);
    for (const ParkedProduce::Part& part : parked.parts) {
        response.parts.push_back({part.tp, part.error,
                                  part.error == Error::none ? part.base : Offset{-1}, part.leader,
                                  part.leader_epoch});
    }
    parked.live = false;
    const RequestRef request = parked.request;
    free_parked_.push_back(slot);
    path.deliver(in, request, packet, out);
}

/// The high watermark of a partition has moved, or its leadership: who has waited for that?
void ReplicaManager::try_produces(In in, std::uint32_t number, RequestPath& path, Effects& out) {
    Partition& partition = partitions_[number];
    if (partition.produces.empty()) return;
    const Cause cause = out.cause();
    std::vector<std::uint32_t> waiting;
    waiting.swap(partition.produces);
    std::size_t kept = 0;
    for (const std::uint32_t slot : waiting) {
        ParkedProduce& parked = parked_[slot];
        bool still = false;
        for (ParkedProduce::Part& part : parked.parts) {
            if (!part.waiting || part.replica != static_cast<std::int32_t>(number)) continue;
            if (!partition.leads()) {
                part.error = Error::not_leader_or_follower; // The records may survive all the same.
                part.leader = partition.leader();
                part.leader_epoch = partition.leader_epoch();
            } else if (partition.high_watermark() < part.required) {
                still = true;
                continue;
            } else if (static_cast<std::int32_t>(partition.state().isr.size()) <
                       partition.effective_min_isr()) {
                part.error = Error::not_enough_replicas_after_append;
            }
            part.waiting = false;
            --parked.waiting;
        }
        if (still) {
            waiting[kept++] = slot;
        } else if (parked.waiting == 0) {
            out.because(cause);
            finish_produce(in, slot, path, out);
        }
    }
    waiting.resize(kept);
    // Nothing can have been parked here meanwhile: this handler's own request parks afterwards.
    partition.produces.swap(waiting);
    out.because(cause);
}

Error ReplicaManager::append_internal(In in, PartitionId tp, Batch batch, Offset& base,
                                      RequestPath& path, Effects& out) {
    ProduceRequest::Part asked;
    asked.tp = tp;
    asked.batch = batch;
    ParkedProduce::Part part;
    part.tp = tp;
    const Error error = append_one(in, Acks::all, asked, part, path, out);
    base = part.base;
    return error;
}

} // namespace brokersim
