// The log of one replica: batches in offset order, with its leader epochs, its producers and its
// segments. Kafka: UnifiedLog, LocalLog, LogSegment.
#pragma once

#include "brokersim/config.hpp"
#include "brokersim/time.hpp"
#include "log/epoch_index.hpp"
#include "log/producer_state.hpp"
#include "protocol/batch.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace brokersim {

/// What is deleted as a whole.
struct Segment {
    Offset base = 0;
    std::int64_t bytes = 0;
    Time first;  ///< timestamp of its first batch
    Time newest; ///< largest timestamp
};

/// Invariant: batches are dense from start() to end(), but for a part of the first one that lies
/// below start(); the epochs and the producers are those of the batches (a leader's epoch is noted
/// before its first batch). There is always a segment, the last one is written to.
class PartitionLog {
public:
    explicit PartitionLog(const TopicConfig& config = {})
        : segment_bytes_(config.segment_bytes), segment_time_(config.segment),
          flush_messages_(config.flush_messages) {}

    /// From the next append on.
    void configure(const TopicConfig& config) {
        segment_bytes_ = config.segment_bytes;
        segment_time_ = config.segment;
        flush_messages_ = config.flush_messages;
    }

    Offset start() const { return start_; }
    /// Log end offset: of the next record.
    Offset end() const { return end_; }
    /// Durable up to here: fsynced or written back.
    Offset flushed() const { return flushed_; }
    void set_flushed(Offset offset) { flushed_ = offset; }
    /// Up to here the broker itself has had it written; the system's write-back does not count.
    Offset recovery_point() const { return recovery_point_; }
    void set_recovery_point(Offset offset) { recovery_point_ = offset; }
    /// With `more` records it has as many that the broker has not had written as flush.messages
    /// says (Kafka: UnifiedLog.append).
    bool flush_due(std::int64_t more) const {
        return end_ - recovery_point_ >= flush_messages_ - more;
    }

    const EpochIndex& epochs() const { return epochs_; }
    /// A new leader notes where its epoch begins, even before it writes (semantics §2.11).
    void assign_epoch(LeaderEpoch epoch, Offset at) { epochs_.assign(epoch, at); }
    const ProducerStates& producers() const { return producers_; }
    void expire_producers(Time now, Duration age) { producers_.expire(now, age); }

    /// Appends a batch whose base is end(). Requires batch.epoch >= the last one's. Returns whether
    /// it began a new segment (Kafka: LogSegment.shouldRoll).
    bool append(const Batch& batch, Time now);
    /// Forgets everything at and beyond `to`, which is a batch boundary or lies inside a batch
    /// (then that batch goes too). Returns the new end.
    Offset truncate(Offset to);
    /// Drops everything and goes on at `at`.
    void restart_at(Offset at);

    // ---- the start moves ----
    /// Forgets what lies before `to`, which is not beyond end().
    void advance_start(Offset to);
    /// Deletes the oldest segments that lie before start(); then those that make it as large as
    /// `retention_bytes` or larger without them; then those whose newest record is older than
    /// `retention`. Nothing above `high_watermark` goes. Kafka: UnifiedLog.deleteOldSegments.
    /// Returns whether the start has moved.
    bool delete_by_size(std::int64_t retention_bytes, Offset high_watermark);
    bool delete_by_age(Time now, Duration retention, Offset high_watermark);
    void delete_before_start();
    const std::vector<Segment>& segments() const { return segments_; }

    const std::vector<Batch>& batches() const { return batches_; }
    /// Index of the batch that holds `offset`, or of the first one after it; size() at the end.
    /// `hint`: where it was last time, or anything.
    std::size_t find(Offset offset, std::size_t hint) const {
        // Readers go forward: the batch at the hint, or the one after it, is the usual case.
        const std::size_t last = std::min(batches_.size(), hint + 2);
        for (std::size_t k = hint; k < last; ++k) {
            const Batch& batch = batches_[k];
            if (batch.base > offset) break;
            if (offset < batch.end()) return k;
        }
        return search(offset);
    }
    /// Bytes from `offset` to the end of the log.
    std::int64_t bytes_from(Offset offset, Offset to, std::size_t hint, std::int64_t enough) const;

private:
    std::size_t search(Offset offset) const;
    bool rolls(const Batch& batch) const;
    template <class Gone>
    bool delete_segments(Offset high_watermark, Gone gone);

    std::int64_t segment_bytes_;
    Duration segment_time_;
    std::int64_t flush_messages_;
    std::vector<Segment> segments_ = std::vector<Segment>(1);
    std::vector<Batch> batches_;
    EpochIndex epochs_;
    ProducerStates producers_;
    Offset start_ = 0;
    Offset end_ = 0;
    Offset flushed_ = 0;
    Offset recovery_point_ = 0;
};

} // namespace brokersim
