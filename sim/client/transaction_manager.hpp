// Producer id, epochs and sequence numbers of an idempotent producer. Kafka: TransactionManager,
// TxnPartitionEntry (without transactions).
#pragma once

#include "brokersim/words.hpp"
#include "client/accumulator.hpp"

#include <cstdint>
#include <vector>

namespace brokersim {

class TransactionManager {
public:
    explicit TransactionManager(std::int32_t partitions)
        : partitions_(static_cast<std::size_t>(partitions)) {}

    bool has_producer_id() const { return id_ != no_producer_id; }
    void set_producer_id(std::int64_t id, std::int16_t epoch) {
        id_ = id;
        epoch_ = epoch;
    }

    /// First of each sender pass: unknown fates that have become known, then a bump of the epoch.
    void housekeeping(Accumulator& batches) {
        if (unresolved_ > 0) settle_unresolved();
        if (bump_required_) bump(batches);
    }

    /// The walk over the partitions of a node ends at this head of a queue.
    bool holds_back(const ProducerBatch& head, const Accumulator& batches) const;
    /// Numbers a batch that is drained for the first time.
    void number(BatchId id, Accumulator& batches);
    /// Pieces of a split batch: they share its numbers out among themselves.
    void split(BatchId whole, const std::vector<BatchId>& pieces, Accumulator& batches);

    void completed(BatchId id, Accumulator& batches);
    /// `closes_hole`: Kafka's adjustSequenceNumbers.
    void failed(BatchId id, Error error, bool closes_hole, Accumulator& batches);
    /// Expired after at least one retry.
    void unresolved(BatchId id, Accumulator& batches);
    /// Whether to send again after this answer; may ask for a bump of the epoch.
    bool can_retry(const ProducerBatch& batch, Error error);

private:
    struct Partition {
        std::int64_t id = no_producer_id;
        std::int64_t last_acked = -1;
        std::int64_t unresolved = -1; ///< the sequence after the batch of unknown fate
        std::int32_t next = 0;
        std::int16_t epoch = -1;
        bool rewrite = false;
        std::vector<BatchId> unfinished; ///< numbered, by sequence
    };
    Partition& of(std::int32_t partition) {
        return partitions_[static_cast<std::size_t>(partition)];
    }
    const Partition& of(std::int32_t partition) const {
        return partitions_[static_cast<std::size_t>(partition)];
    }
    bool stale(const Partition& p) const { return p.id != id_ || p.epoch != epoch_; }
    void settle_unresolved();
    void start_at_beginning(Partition& p, Accumulator& batches);
    void request_bump(std::int32_t partition);
    void bump(Accumulator& batches);
    void insert(Partition& p, BatchId id, const Accumulator& batches);
    static void remove(Partition& p, BatchId id);

    std::int64_t id_ = no_producer_id;
    std::int16_t epoch_ = -1;
    bool bump_required_ = false;
    std::int32_t unresolved_ = 0; ///< partitions
    std::vector<Partition> partitions_;
};

} // namespace brokersim
