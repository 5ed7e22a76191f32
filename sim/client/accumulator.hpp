// What send() has accepted and the sender has not finished: batches, their queues, their memory.
// Kafka: RecordAccumulator, ProducerBatch, BufferPool.
#pragma once

#include "brokersim/config.hpp"
#include "brokersim/facts.hpp"
#include "client/records.hpp"
#include "engine/ring.hpp"
#include "protocol/batch.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace brokersim {

/// A batch by its place in the accumulator; it keeps it from creation until nothing refers to it.
using BatchId = std::uint32_t;
inline constexpr BatchId no_batch = 0xffffffff;

/// Records of a batch in a row that have the same size and timestamp.
struct AlikeRecords {
    RecordShape shape;
    std::int32_t count = 0;
    std::int64_t timestamp = 0; ///< ms
};

struct ProducerBatch {
    std::int64_t first = 0; ///< number of its first record in the partition
    std::int64_t producer_id = no_producer_id;
    std::int64_t charged = 0; ///< of buffer.memory
    std::int64_t drained = 0; ///< in the order of leaving the queue, over all batches
    Time created;
    Time put_back; ///< by the last failed attempt; at first: creation
    Time retry_at; ///< end of the back-off after it
    Cause cause;   ///< the record that opened it, or the retry
    std::int32_t partition = 0;
    std::int32_t count = 0;
    std::int32_t bytes = batch_overhead;
    std::int32_t write_limit = 0;
    std::int32_t sequence = no_sequence;
    std::int32_t attempts = 0; ///< that failed
    std::int32_t attempts_at_leader_change = 0;
    LeaderEpoch leader_epoch = -1;
    std::int16_t producer_epoch = -1;
    bool closed = false;    ///< takes no more records
    bool in_flight = false; ///< in a request, or about to be
    bool done = false;      ///< its records have an outcome; kept because it is still in flight
    bool doubt = false;     ///< a broker may have appended it
    bool renumbered = false;
    std::vector<AlikeRecords> records; ///< for a split

    bool has_sequence() const { return sequence != no_sequence; }
    bool full() const { return closed || (count > 0 && bytes >= write_limit); }
    std::int32_t last_sequence() const {
        return static_cast<std::int32_t>((std::int64_t{sequence} + count - 1) & 0x7fffffff);
    }
    bool backing_off(Time now) const {
        // KIP-951: a new leader is tried at once.
        return attempts > 0 && attempts != attempts_at_leader_change && now < retry_at;
    }
};

/// Batches of one topic by partition (its number within the topic).
class Accumulator {
public:
    Accumulator(const ProducerConfig& config, std::int32_t partitions);

    /// Forgets everything.
    void clear();

    // ---- records ----
    struct Appended {
        std::int32_t count = 0;
        std::int64_t bytes = 0; ///< growth of the batch, with its overhead if it is new
    };
    /// Whether the open batch of the partition has room for such a record. One that has not is
    /// closed, as by an append that failed.
    bool takes(std::int32_t partition, RecordShape shape, Time stamp);
    /// Into the newest batch of the queue, as many as fit; closes it if none does. `stamp`: what
    /// the wall clock says.
    Appended append(std::int32_t partition, RecordShape shape, std::int32_t count,
                    std::int64_t enough, Time stamp);
    /// Into a new batch with a buffer that reserve() has given.
    Appended append_new(std::int32_t partition, std::int64_t first, RecordShape shape,
                        std::int32_t count, std::int64_t enough, Time now, Time stamp);
    /// Settings have changed: for batches that are made from now on.
    void configure(const ProducerConfig& config);
    /// No batch, or the newest takes no more.
    bool all_full(std::int32_t partition) const {
        const BatchId last = newest(partition); // It alone may still have room.
        return last == no_batch || batches_[last].full();
    }
    BatchId newest(std::int32_t partition) const {
        const Ring<BatchId>& waiting = queue(partition);
        return waiting.empty() ? no_batch : waiting.back();
    }

    // ---- memory ----
    std::int64_t buffer_size(RecordShape shape) const {
        return std::max<std::int64_t>(batch_size_, batch_upper_bound(shape));
    }
    bool reserve(std::int64_t bytes) {
        if (available_ < bytes) return false;
        available_ -= bytes;
        return true;
    }
    void give_back(std::int64_t bytes) { available_ += bytes; }
    std::int64_t available() const { return available_; }

    // ---- queues ----
    ProducerBatch& operator[](BatchId id) { return batches_[id]; }
    const ProducerBatch& operator[](BatchId id) const { return batches_[id]; }
    Ring<BatchId>& queue(std::int32_t partition) { return queues_[index(partition)].batches; }
    const Ring<BatchId>& queue(std::int32_t partition) const {
        return queues_[index(partition)].batches;
    }
    /// Partitions with something queued, ascending.
    const std::vector<std::int32_t>& active() const { return active_; }
    BatchId pop(std::int32_t partition);
    /// Puts a batch back: at the front, or where its sequence belongs.
    void put_back(BatchId id);
    /// Makes closed pieces of batch.size out of a batch that is in no queue; they are in none
    /// either, and nobody is charged for them (Kafka: ProducerBatch.split).
    void split(BatchId id, std::vector<BatchId>& pieces);
    /// Gives its memory and its place back.
    void release(BatchId id);

    bool muted(std::int32_t partition) const { return queues_[index(partition)].muted; }
    void mute(std::int32_t partition, bool on) { queues_[index(partition)].muted = on; }
    /// Every partition has had a batch since the process began.
    bool all_used() const { return unused_ == 0; }
    /// Batches whose records have no outcome.
    std::int64_t unfinished() const { return unfinished_; }
    void finished() { --unfinished_; }

    /// No head of a queue and no batch in flight reaches delivery.timeout.ms earlier.
    Time next_expiry() const { return next_expiry_; }
    void set_next_expiry(Time at) { next_expiry_ = at; }
    bool expired(BatchId id, Time now) const {
        return now >= after(batches_[id].created, delivery_timeout_);
    }
    Time expiry(BatchId id) const { return after(batches_[id].created, delivery_timeout_); }

private:
    struct Queue {
        Ring<BatchId> batches;
        bool used = false;
        bool muted = false;
    };
    static std::size_t index(std::int32_t partition) { return static_cast<std::size_t>(partition); }
    BatchId take();
    BatchId create(std::int32_t partition, std::int64_t first, std::int64_t limit, Time created);
    BatchId create_piece(const ProducerBatch& whole, std::int64_t first, RecordShape shape);
    void activate(std::int32_t partition);
    void deactivate(std::int32_t partition);
    static Appended add(ProducerBatch& batch, RecordShape shape, std::int32_t count,
                        std::int64_t enough, std::int64_t timestamp);

    std::int32_t batch_size_;
    std::int64_t buffer_memory_;
    Duration delivery_timeout_;
    std::vector<ProducerBatch> batches_;
    std::vector<BatchId> free_;
    std::vector<Queue> queues_;
    std::vector<std::int32_t> active_;
    std::int32_t unused_;
    std::int64_t available_;
    std::int64_t unfinished_ = 0;
    Time next_expiry_ = Time::never();
};

} // namespace brokersim
