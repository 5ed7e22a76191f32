// Sequence numbers: given when a batch is first drained, kept over retries, renumbered by a bump.
#include "client/transaction_manager.hpp"

#include "client/producer_errors.hpp"

#include <algorithm>
#include <limits>

namespace brokersim {

void TransactionManager::settle_unresolved() {
    for (std::size_t k = 0; k < partitions_.size(); ++k) {
        Partition& p = partitions_[k];
        if (p.unresolved < 0 || !p.unfinished.empty()) continue;
        // All is known now. A gap remains unless later batches were appended.
        if (p.next != p.last_acked + 1) request_bump(static_cast<std::int32_t>(k));
        p.unresolved = -1;
        --unresolved_;
    }
}

bool TransactionManager::holds_back(const ProducerBatch& head, const Accumulator& batches) const {
    const Partition& p = of(head.partition);
    if (!head.has_sequence()) {
        // A first batch of a new epoch must not overtake what is still unfinished of the old one,
        // nor anything a batch whose fate is unknown.
        return (stale(p) && !p.unfinished.empty()) || p.unresolved >= 0;
    }
    return !p.unfinished.empty() && batches[p.unfinished.front()].sequence != head.sequence;
}

void TransactionManager::number(BatchId id, Accumulator& batches) {
    ProducerBatch& batch = batches[id];
    Partition& p = of(batch.partition);
    if (stale(p) && p.unfinished.empty()) start_at_beginning(p, batches);
    batch.producer_id = id_;
    batch.producer_epoch = epoch_;
    batch.sequence = p.next;
    p.next = static_cast<std::int32_t>((std::int64_t{p.next} + batch.count) & 0x7fffffff);
    insert(p, id, batches);
}

void TransactionManager::split(BatchId whole, const std::vector<BatchId>& pieces,
                               Accumulator& batches) {
    const ProducerBatch before = batches[whole];
    Partition& p = of(before.partition);
    remove(p, whole);
    std::int64_t sequence = before.sequence;
    for (const BatchId id : pieces) {
        ProducerBatch& piece = batches[id];
        piece.producer_id = before.producer_id;
        piece.producer_epoch = before.producer_epoch;
        piece.sequence = static_cast<std::int32_t>(sequence & 0x7fffffff);
        sequence += piece.count;
        insert(p, id, batches);
    }
}

void TransactionManager::insert(Partition& p, BatchId id, const Accumulator& batches) {
    const auto at = std::upper_bound(
        p.unfinished.begin(), p.unfinished.end(), id,
        [&batches](BatchId a, BatchId b) { return batches[a].sequence < batches[b].sequence; });
    p.unfinished.insert(at, id);
}

void TransactionManager::remove(Partition& p, BatchId id) {
    const auto at = std::find(p.unfinished.begin(), p.unfinished.end(), id);
    if (at != p.unfinished.end()) p.unfinished.erase(at);
}

void TransactionManager::completed(BatchId id, Accumulator& batches) {
    const ProducerBatch& batch = batches[id];
    Partition& p = of(batch.partition);
    p.last_acked = std::max<std::int64_t>(p.last_acked, batch.last_sequence());
    remove(p, id);
}

void TransactionManager::failed(BatchId id, Error error, bool closes_hole, Accumulator& batches) {
    const std::int32_t partition = batches[id].partition;
    remove(of(partition), id);
    if (closes_hole || error == Error::out_of_order_sequence_number ||
        error == Error::unknown_producer_id) {
        request_bump(partition);
    }
}

void TransactionManager::unresolved(BatchId id, Accumulator& batches) {
    const ProducerBatch& batch = batches[id];
    Partition& p = of(batch.partition);
    if (p.unresolved < 0) ++unresolved_;
    p.unresolved = std::max(p.unresolved, std::int64_t{batch.last_sequence()} + 1);
}

bool TransactionManager::can_retry(const ProducerBatch& batch, Error error) {
    const Partition& p = of(batch.partition);
    if (error == Error::unknown_producer_id) {
        if (!batch.renumbered) request_bump(batch.partition);
        return true;
    }
    if (error != Error::out_of_order_sequence_number) return retriable(error);
    if (p.unresolved >= 0) {
        if (batch.sequence == p.unresolved) request_bump(batch.partition);
        return true;
    }
    // Not the next expected one: an earlier batch failed, and goes first. Else there is a gap.
    if (!batch.renumbered && batch.sequence == p.last_acked + 1) request_bump(batch.partition);
    return true;
}

void TransactionManager::request_bump(std::int32_t partition) {
    bump_required_ = true;
    of(partition).rewrite = true;
}

/// The epoch is raised without asking anybody (Kafka: bumpIdempotentProducerEpoch).
void TransactionManager::bump(Accumulator& batches) {
    if (epoch_ == std::numeric_limits<std::int16_t>::max()) {
        id_ = no_producer_id;
        epoch_ = -1;
    } else {
        ++epoch_;
    }
    for (Partition& p : partitions_) {
        if (!p.rewrite) continue;
        p.rewrite = false;
        start_at_beginning(p, batches);
        if (p.unresolved >= 0) {
            p.unresolved = -1;
            --unresolved_;
        }
    }
    bump_required_ = false;
}

void TransactionManager::start_at_beginning(Partition& p, Accumulator& batches) {
    std::int64_t sequence = 0;
    for (const BatchId id : p.unfinished) {
        ProducerBatch& batch = batches[id];
        batch.producer_id = id_;
        batch.producer_epoch = epoch_;
        batch.sequence = static_cast<std::int32_t>(sequence & 0x7fffffff);
        batch.renumbered = true;
        sequence += batch.count;
    }
    p.id = id_;
    p.epoch = epoch_;
    p.next = static_cast<std::int32_t>(sequence & 0x7fffffff);
    p.last_acked = -1;
}

} // namespace brokersim
