// Batches by partition, filled by the application, emptied by the sender.
#include "client/accumulator.hpp"

#include "engine/assert.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace brokersim {

namespace {

constexpr std::int64_t no_limit = std::numeric_limits<std::int64_t>::max();

std::int64_t in_milliseconds(Time t) {
    return t.ns / 1'000'000;
}

} // namespace

Accumulator::Accumulator(const ProducerConfig& config, std::int32_t partitions)
    : batch_size_(std::max(config.batch_size, 1)), buffer_memory_(config.buffer_memory),
      delivery_timeout_(config.delivery_timeout), queues_(static_cast<std::size_t>(partitions)),
      unused_(partitions), available_(config.buffer_memory) {}

void Accumulator::configure(const ProducerConfig& config) {
    batch_size_ = std::max(config.batch_size, 1);
    delivery_timeout_ = config.delivery_timeout;
    next_expiry_ = {}; // To be looked for anew.
}

void Accumulator::clear() {
    batches_.clear();
    free_.clear();
    active_.clear();
    for (Queue& queue : queues_) {
        queue.batches.clear();
        queue.used = queue.muted = false;
    }
    unused_ = static_cast<std::int32_t>(queues_.size());
    available_ = buffer_memory_;
    unfinished_ = 0;
    next_expiry_ = Time::never();
}

BatchId Accumulator::take() {
    if (free_.empty()) {
        batches_.emplace_back();
        return static_cast<BatchId>(batches_.size() - 1);
    }
    const BatchId id = free_.back();
    free_.pop_back();
    std::vector<AlikeRecords> records = std::move(batches_[id].records);
    records.clear(); // It keeps its capacity.
    batches_[id] = ProducerBatch{};
    batches_[id].records = std::move(records);
    return id;
}

BatchId Accumulator::create(std::int32_t partition, std::int64_t first, std::int64_t limit,
                            Time created) {
    const BatchId id = take();
    ProducerBatch& batch = batches_[id];
    batch.partition = partition;
    batch.first = first;
    batch.write_limit = static_cast<std::int32_t>(limit);
    batch.created = batch.put_back = created;
    ++unfinished_;
    next_expiry_ = std::min(next_expiry_, after(created, delivery_timeout_));
    return id;
}

Accumulator::Appended Accumulator::add(ProducerBatch& batch, RecordShape shape, std::int32_t count,
                                       std::int64_t enough, std::int64_t timestamp) {
    std::vector<AlikeRecords>& records = batch.records;
    const std::int64_t late = records.empty() ? 0 : timestamp - records.front().timestamp;
    const Fill filled =
        fill(shape, batch.count, late, batch.write_limit - batch.bytes, enough, count);
    if (filled.count == 0) return {};
    batch.count += filled.count;
    batch.bytes += static_cast<std::int32_t>(filled.bytes);
    if (!records.empty() && records.back().shape == shape &&
        records.back().timestamp == timestamp) {
        records.back().count += filled.count;
    } else {
        records.push_back({shape, filled.count, timestamp});
    }
    return {filled.count, filled.bytes};
}

Accumulator::Appended Accumulator::append(std::int32_t partition, RecordShape shape,
                                          std::int32_t count, std::int64_t enough, Time stamp) {
    Ring<BatchId>& waiting = queue(partition);
    if (waiting.empty()) return {};
    ProducerBatch& batch = batches_[waiting.back()];
    if (batch.closed) return {};
    const Appended appended = add(batch, shape, count, enough, in_milliseconds(stamp));
    if (appended.count == 0) batch.closed = true;
    return appended;
}

bool Accumulator::takes(std::int32_t partition, RecordShape shape, Time stamp) {
    Ring<BatchId>& waiting = queue(partition);
    if (waiting.empty()) return false;
    ProducerBatch& batch = batches_[waiting.back()];
    if (batch.closed) return false;
    const std::int64_t late =
        batch.records.empty() ? 0 : in_milliseconds(stamp) - batch.records.front().timestamp;
    batch.closed = fill(shape, batch.count, late, batch.write_limit - batch.bytes, 1, 1).count == 0;
    return !batch.closed;
}

Accumulator::Appended Accumulator::append_new(std::int32_t partition, std::int64_t first,
                                              RecordShape shape, std::int32_t count,
                                              std::int64_t enough, Time now, Time stamp) {
    const std::int64_t size = buffer_size(shape);
    const BatchId id = create(partition, first, size, now);
    ProducerBatch& batch = batches_[id];
    batch.charged = size;
    Queue& waiting = queues_[index(partition)];
    if (!waiting.used) {
        waiting.used = true;
        --unused_;
    }
    if (waiting.batches.empty()) activate(partition);
    waiting.batches.push_back(id);
    const std::int64_t budget = std::max<std::int64_t>(enough - batch_overhead, 1);
    Appended appended = add(batch, shape, count, budget, in_milliseconds(stamp));
    BS_ASSERT(appended.count > 0);
    appended.bytes += batch_overhead;
    return appended;
}

void Accumulator::activate(std::int32_t partition) {
    active_.insert(std::lower_bound(active_.begin(), active_.end(), partition), partition);
}

void Accumulator::deactivate(std::int32_t partition) {
    active_.erase(std::lower_bound(active_.begin(), active_.end(), partition));
}

BatchId Accumulator::pop(std::int32_t partition) {
    Ring<BatchId>& waiting = queue(partition);
    const BatchId id = waiting.pop_front();
    if (waiting.empty()) {
        deactivate(partition);
    } else {
        // It may be older than the head was, and counts from now on.
        next_expiry_ = std::min(next_expiry_, expiry(waiting.front()));
    }
    return id;
}

void Accumulator::put_back(BatchId id) {
    const ProducerBatch& batch = batches_[id];
    Ring<BatchId>& waiting = queue(batch.partition);
    if (waiting.empty()) activate(batch.partition);
    waiting.push_front(id);
    if (!batch.has_sequence()) return;
    // Behind those with lower sequences (Kafka: RecordAccumulator.insertInSequenceOrder).
    for (std::size_t k = 1; k < waiting.size(); ++k) {
        const ProducerBatch& next = batches_[waiting[k]];
        if (!next.has_sequence() || next.sequence >= batch.sequence) break;
        std::swap(waiting[k - 1], waiting[k]);
    }
}

BatchId Accumulator::create_piece(const ProducerBatch& whole, std::int64_t first,
                                  RecordShape shape) {
    const BatchId id = create(whole.partition, first, buffer_size(shape), whole.created);
    ProducerBatch& piece = batches_[id];
    piece.cause = whole.cause;
    piece.doubt = whole.doubt;
    piece.closed = true;
    return id;
}

void Accumulator::split(BatchId id, std::vector<BatchId>& pieces) {
    const ProducerBatch whole = batches_[id];
    std::int64_t next = whole.first;
    for (const AlikeRecords& alike : whole.records) {
        for (std::int32_t left = alike.count; left > 0;) {
            const std::int32_t taken = pieces.empty() ? 0
                                                      : add(batches_[pieces.back()], alike.shape,
                                                            left, no_limit, alike.timestamp)
                                                            .count;
            next += taken;
            left -= taken;
            if (left > 0) pieces.push_back(create_piece(whole, next, alike.shape));
        }
    }
}

void Accumulator::release(BatchId id) {
    available_ += batches_[id].charged;
    batches_[id].charged = 0;
    free_.push_back(id);
}

} // namespace brokersim
