// Where a record goes that names no partition and has no key: the built-in sticky partitioner
// (KIP-480, KIP-794) and the round-robin one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace brokersim {

/// The partitions of a topic as its producer knows them.
struct KnownPartitions {
    std::span<const std::int32_t> available; ///< those with a leader, ascending
    std::int32_t count = 0;                  ///< all of them
};

/// State of one topic (Kafka: BuiltInPartitioner). Randomness comes in as a number of 31 bits, so
/// that its owner decides about the stream; no call allocates once the load table has its size.
class StickyPartitioner {
public:
    /// `batch_size`: bytes, as in `batch.size`; 0 counts as 1.
    explicit StickyPartitioner(std::int32_t batch_size);

    void configure(std::int32_t batch_size);
    /// The partition that records go to for now; -1 before the first stick_to().
    std::int32_t current() const { return current_; }

    /// Makes `partition` the current one, with nothing produced to it.
    void stick_to(std::int32_t partition);

    /// Counts `bytes` (the growth of the batch's size) for the current partition. `full`: the
    /// newest batch of its queue is full, or the queue is empty. True: the caller has to stick to
    /// another one. Called with 0 bytes before an append, it finds a switch that had to wait.
    bool produced(std::int64_t bytes, bool full);

    /// The next partition to stick to, by load if there is a table, else uniformly; it may be the
    /// current one again. 0 <= draw < 2^31.
    std::int32_t choose(const KnownPartitions& known, std::int32_t draw) const;

    /// Rebuilds the load table: `queued[i]` batches wait for `partitions[i]`. Only the first
    /// `usable` entries count; the others are left out because they have no leader or their
    /// broker takes no data. There is no table if that leaves nothing to weigh.
    void weigh(std::span<const std::int32_t> queued, std::span<const std::int32_t> partitions,
               std::size_t usable);

    /// Back to uniform choice.
    void forget_load();

    bool has_load() const { return !running_sums_.empty(); }
    /// Sum of all weights. Requires has_load().
    std::int32_t total_weight() const { return running_sums_.back(); }

private:
    std::int64_t batch_size_;
    std::int64_t produced_ = 0;
    std::int32_t current_ = -1;
    std::vector<std::int32_t> running_sums_; ///< of the weights; empty: no table
    std::vector<std::int32_t> weighed_;      ///< partition of each sum
};

/// Each partition with a leader in turn, for one topic (Kafka: RoundRobinPartitioner).
class RoundRobinPartitioner {
public:
    std::int32_t next(const KnownPartitions& known);

private:
    std::uint32_t calls_ = 0; ///< wraps, as Kafka's counter does
};

} // namespace brokersim
