// Logs and the device below them: fsync, write-back, retention, reads of old data, power cuts.
#include "replica/replica_manager.hpp"

#include <algorithm>

namespace brokersim {

Time ReplicaManager::flushes_first(In in, const Incoming& incoming, Effects& out) {
    Time ready = in.now;
    for (const ProduceRequest::Part& part : out.body<ProduceRequest>(incoming).parts) {
        const std::int32_t number = number_of(part.tp);
        if (number < 0) continue;
        const Partition& partition = partitions_[static_cast<std::size_t>(number)];
        if (!partition.leads() || !partition.log().flush_due(part.batch.count)) continue;
        ready = disk_.sync_ahead(in.now, static_cast<std::uint32_t>(number), part.batch.bytes);
    }
    return ready;
}

/// A batch has been appended: what the disk makes of it. Returns when the writer may go on.
Time ReplicaManager::keep(In in, std::uint32_t number, const Batch& batch, bool new_segment) {
    // The segment that was closed is flushed in the background (Kafka: UnifiedLog.roll).
    if (new_segment) disk_.sync(in.now, number, batch.base);
    return disk_.append(in.now, number, batch.end(), batch.bytes);
}

void ReplicaManager::append_to(In in, std::uint32_t number, Batch& batch, Effects& out) {
    Partition& partition = partitions_[number];
    partition.settle_followers(session_fetched_);
    const bool new_segment = partition.append_as_leader(in, batch, out);
    const Time taken = keep(in, number, batch, new_segment);
    if (!disk_.stalled()) disk_free_ = std::max(disk_free_, taken); // Else disk_ready() knows.
    if (!partition.log().flush_due(0)) return;
    // The handler has waited for it (flushes_first): the batch is durable as it is appended.
    disk_.clean(number);
    last_flush_[number] = in.now;
    partition.log().set_recovery_point(batch.end());
    partition.log().set_flushed(batch.end());
    out.note_aside(LogFlush{in.self, partition.tp(), batch.end()});
}

Time ReplicaManager::append_replicated(In in, std::uint32_t number, const Batch& batch,
                                       Effects& out) {
    Partition& partition = partitions_[number];
    if (disk_.full()) {
        storage_failed_ = true;
        return in.now;
    }
    const bool new_segment = partition.append_as_follower(in, batch, out);
    const Time taken = keep(in, number, batch, new_segment);
    if (!partition.log().flush_due(0)) return taken;
    partition.log().set_recovery_point(batch.end());
    last_flush_[number] = in.now;
    return std::max(taken, disk_.sync(in.now, number, batch.end()));
}

void ReplicaManager::flushed(In in, Effects& out) {
    for (const Disk::Flushed& done : disk_.finish(in.now)) {
        PartitionLog& log = partitions_[done.log].log();
        const Offset to = std::min(done.to, log.end());
        if (done.sync && to > log.recovery_point()) log.set_recovery_point(to);
        if (to <= log.flushed()) continue;
        log.set_flushed(to);
        out.note_aside(LogFlush{in.self, partitions_[done.log].tp(), to});
    }
}

void ReplicaManager::flush_old(In in) {
    for (std::uint32_t number = 0; number < partitions_.size(); ++number) {
        Partition& partition = partitions_[number];
        const Duration interval = settings(partition).flush;
        if (in.now < after(last_flush_[number], interval)) continue;
        last_flush_[number] = in.now;
        if (partition.log().recovery_point() == partition.log().end()) continue;
        disk_.sync(in.now, number, partition.log().end());
    }
}

void ReplicaManager::retain(In in, Effects& out) {
    for (Partition& partition : partitions_) {
        if (!partition.retain(in, settings(partition), out)) continue;
        for (const Partition::Watcher& w : partition.watchers) // They are told next time.
            sessions_[w.session].mark(w.entry);
    }
}

std::int64_t ReplicaManager::unflushed_bytes() const {
    std::int64_t bytes = 0;
    for (const Partition& partition : partitions_) {
        const PartitionLog& log = partition.log();
        bytes += log.bytes_from(log.flushed(), log.end(), 0, kafka_forever);
    }
    return bytes;
}

void ReplicaManager::flush_all() {
    for (Partition& partition : partitions_) {
        partition.log().set_flushed(partition.log().end());
        partition.log().set_recovery_point(partition.log().end());
    }
    disk_.clean_all();
}

void ReplicaManager::tell_lost_tails(In in, Effects& out) {
    for (const auto& [number, why] : lost_tails_) {
        const Partition& partition = partitions_[number];
        out.note_aside(LogTrunc{in.self, partition.tp(), partition.log().end(), why});
    }
    lost_tails_.clear();
}

/// Puts the batches from the entry's offset up to `end` into the response, as many as there is room
/// for. Returns where the next one begins; counts what is no longer cached.
Offset ReplicaManager::take_batches(FetchSession::Entry& e, const PartitionLog& log, Offset end,
                                    std::int64_t& left, FetchResponse& response) {
    Offset next = e.offset;
    std::int64_t room = std::min<std::int64_t>(e.max_bytes, left);
    const Offset cached = disk_.cached_from(static_cast<std::uint32_t>(e.replica));
    const std::vector<Batch>& batches = log.batches();
    for (std::size_t k = log.find(e.offset, e.hint); k < batches.size(); ++k) {
        const Batch& batch = batches[k];
        if (batch.end() > end) break;
        // The first batch of a response always goes, whatever the limits.
        if (batch.bytes > room && !response.batches.empty()) break;
        response.batches.push_back(batch);
        response.bytes += batch.bytes;
        if (batch.base < cached) uncached_ += batch.bytes;
        room -= batch.bytes;
        left -= batch.bytes;
        next = batch.end();
        e.hint = k;
    }
    return next;
}

void ReplicaManager::answer_read(In in, const Incoming& incoming, RequestPath& path, Effects& out) {
    const auto at = std::find_if(reading_.begin(), reading_.end(), [&](const Reading& reading) {
        return reading.request == incoming.packet;
    });
    const Reading reading = *at;
    reading_.erase(at);
    out.because(reading.ref.cause);
    path.deliver(in, reading.ref, reading.response, out);
}

} // namespace brokersim
