// The log of one replica: batches in offset order, with its leader epochs and its producers.
// Kafka: UnifiedLog, LocalLog. Simplified: no segments (docs/model.md).
#pragma once

#include "brokersim/time.hpp"
#include "log/epoch_index.hpp"
#include "log/producer_state.hpp"
#include "protocol/batch.hpp"

#include <cstdint>
#include <vector>

namespace brokersim {

/// Invariant: batches are dense from start() to end(); the epochs and the producers are those of
/// the batches (a leader's epoch is noted before its first batch).
class PartitionLog {
public:
    Offset start() const { return start_; }
    /// Log end offset: of the next record.
    Offset end() const { return end_; }
    /// Durable up to here: fsynced or written back.
    Offset flushed() const { return flushed_; }
    void set_flushed(Offset offset) { flushed_ = offset; }

    const EpochIndex& epochs() const { return epochs_; }
    /// A new leader notes where its epoch begins, even before it writes (semantics §2.11).
    void assign_epoch(LeaderEpoch epoch, Offset at) { epochs_.assign(epoch, at); }
    const ProducerStates& producers() const { return producers_; }
    void expire_producers(Time now, Duration age) { producers_.expire(now, age); }

    /// Appends a batch whose base is end(). Requires batch.epoch >= the last one's.
    void append(const Batch& batch, Time now);
    /// Forgets everything at and beyond `to`, which is a batch boundary or lies inside a batch
    /// (then that batch goes too). Returns the new end.
    Offset truncate(Offset to);
    /// Drops everything and goes on at `at`.
    void restart_at(Offset at);

    const std::vector<Batch>& batches() const { return batches_; }
    /// Index of the batch that holds `offset`, or of the first one after it; size() at the end.
    /// `hint`: where it was last time, or anything.
    std::size_t find(Offset offset, std::size_t hint) const;
    /// Bytes from `offset` to the end of the log.
    std::int64_t bytes_from(Offset offset, Offset to, std::size_t hint, std::int64_t enough) const;

private:
    std::vector<Batch> batches_;
    EpochIndex epochs_;
    ProducerStates producers_;
    Offset start_ = 0;
    Offset end_ = 0;
    Offset flushed_ = 0;
};

} // namespace brokersim
