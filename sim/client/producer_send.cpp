// The application thread: takes what has fallen due and hands it to send(). Kafka:
// KafkaProducer.doSend, RecordAccumulator.append. Records that are alike go as one run.
#include "client/murmur2.hpp"
#include "client/producer.hpp"
#include "engine/assert.hpp"
#include "engine/wide.hpp"

#include <algorithm>
#include <limits>

namespace brokersim {

namespace {

bool costs_time(const SendCost& cost) {
    return cost.per_record.ns > 0 || cost.per_byte_millionths > 0;
}

} // namespace

void Producer::advance(In in, Effects& out) {
    while (send_some(in, out)) {}
}

/// False: the thread waits, in send() or for the next record to fall due.
bool Producer::send_some(In in, Effects& out) {
    if (run_ < runs_.size()) return send_run(in, runs_[run_], out);
    runs_.clear();
    run_ = 0;
    if (burst_left_ == 0) {
        if (closing_ || arrivals_.next() > in.now || arrivals_.next() == Time::never())
            return false;
        due_ = arrivals_.next();
        burst_left_ = arrivals_.take();
    }
    if (!sender_.metadata_known()) {
        if (wait_for(in, Wait::metadata, out)) return false;
        const std::int32_t count = spec_.config.max_block.ns > 0 ? 1 : burst_left_;
        burst_left_ -= count;
        refuse(count, Error::metadata_timeout, out);
        return true;
    }
    if (waiting_ == Wait::metadata) end_wait(out);
    plan_burst();
    return true;
}

void Producer::plan_burst() {
    // Where send() takes time, each record is a call of its own.
    const std::int32_t count = costs_time(spec_.cpu) ? 1 : burst_left_;
    planned_.clear();
    records_.take(count, planned_);
    burst_left_ -= count;
    for (const LoadRecords::Run& records : planned_)
        plan_run(records);
}

/// Which partitions the records of one key go to, as far as that is known before send() appends
/// (Kafka: KafkaProducer.partition).
void Producer::plan_run(const LoadRecords::Run& records) {
    Run run;
    run.key = records.key;
    run.fails = records.fails;
    run.count = records.count;
    run.shape.value_bytes = records.value_bytes;
    std::string_view key;
    if (run.key != RecordKeys::none) {
        key = records_.keys().text(run.key);
        run.shape.key_bytes = static_cast<std::int32_t>(key.size());
    }
    if (spec_.partition) {
        run.partition = *spec_.partition;
    } else if (spec_.config.partitioner == PartitionerKind::round_robin) {
        go_round(run);
        return;
    } else if (run.key != RecordKeys::none && !spec_.config.partitioner_ignore_keys) {
        run.partition = partition_for_key(key, partitions_);
    }
    runs_.push_back(run);
}

void Producer::go_round(Run run) {
    const KnownPartitions known{sender_.available(), partitions_};
    const std::int32_t records = run.count;
    if (layout_->rules.partitioner_asked_twice) { // How often, only the append will tell.
        run.asks = true;
        run.count = 1;
        runs_.insert(runs_.end(), static_cast<std::size_t>(records), run);
        return;
    }
    std::int32_t round = records; // Each record for itself.
    if (!records_.in_exact_order()) {
        round = known.available.empty() ? partitions_
                                        : static_cast<std::int32_t>(known.available.size());
    }
    // Of each turn of the partitioner as many records as come round to it.
    for (std::int32_t k = 0; k < records; ++k) {
        const std::int32_t partition = round_robin_.next(known);
        if (k >= round) continue;
        run.partition = partition;
        run.count = (records - k - 1) / round + 1;
        runs_.push_back(run);
    }
}

/// A record that would open a batch is asked for again, so the counter goes on by two; with a new
/// batch for every record every second partition gets nothing (KAFKA-9965).
void Producer::ask_round(In in, Run& run) {
    const KnownPartitions known{sender_.available(), partitions_};
    run.asks = false;
    run.partition = round_robin_.next(known);
    if (sender_.accumulator().takes(run.partition, run.shape, in.wall())) return;
    run.partition = round_robin_.next(known);
}

/// The time that the call costs the thread. False: it is not over.
bool Producer::work(In in, const Run& run) {
    if (!costs_time(spec_.cpu)) return true;
    if (!paid_) {
        const SignedWide bytes = run.shape.value_bytes + std::max(run.shape.key_bytes, 0);
        const auto per_byte =
            static_cast<std::int64_t>(bytes * spec_.cpu.per_byte_millionths / 1'000'000);
        const Duration cost = spec_.cpu.per_record + Duration{per_byte};
        busy_until_ = after(in.now, cost);
        if (deadline_ != Time::never()) deadline_ = after(deadline_, cost); // Only waits count.
        paid_ = true;
    }
    return in.now >= busy_until_;
}

/// False: send() works, or waits for memory.
bool Producer::send_run(In in, Run& run, Effects& out) {
    if (!work(in, run)) return false;
    if (run.asks) ask_round(in, run);
    Accumulator& batches = sender_.accumulator();
    const std::int64_t largest = batch_upper_bound(run.shape);
    if (largest > spec_.config.max_request_size || largest > spec_.config.buffer_memory) {
        refuse(run.count, Error::record_too_large, out);
        paid_ = false;
        ++run_;
        return true;
    }
    if (batches.buffer_size(run.shape) > spec_.config.buffer_memory) {
        // More than there will ever be (Kafka: BufferPool.allocate throws).
        refuse(run.count, Error::buffer_exhausted, out);
        paid_ = false;
        ++run_;
        return true;
    }
    const bool sticky = run.partition < 0;
    if (sticky && sticky_.current() < 0) switch_sticky();
    while (run.count > 0) {
        const std::int32_t partition = sticky ? sticky_.current() : run.partition;
        if (sticky && batches.all_full(partition) && sticky_.produced(0, true)) {
            tell_accepted(run, out);
            switch_sticky();
            continue;
        }
        Accumulator::Appended appended;
        if (buffer_ > 0 || !batches.queue(partition).empty()) appended = append(in, run, partition);
        if (appended.count == 0) {
            if (reserve_buffer(in, run, out)) continue;
            if (waiting_ != Wait::none) return false;
            const std::int32_t count = spec_.config.max_block.ns > 0 ? 1 : run.count;
            run.count -= count;
            refuse(count, Error::buffer_exhausted, out);
            continue;
        }
        run.count -= appended.count;
        if (sticky) {
            sticky_bytes_ += appended.bytes;
            if (sticky_.produced(appended.bytes, batches.all_full(partition))) {
                tell_accepted(run, out);
                switch_sticky();
            }
        }
    }
    tell_accepted(run, out);
    paid_ = false;
    ++run_;
    return true;
}

/// Appends to the open batch, or opens one if there is a buffer for it.
Accumulator::Appended Producer::append(In in, const Run& run, std::int32_t partition) {
    Accumulator& batches = sender_.accumulator();
    std::int64_t enough = std::numeric_limits<std::int64_t>::max();
    // At twice batch.size the sticky partitioner moves on, full or not.
    if (run.partition < 0) {
        enough = 2 * std::int64_t{std::max(spec_.config.batch_size, 1)} - sticky_bytes_;
    }
    Accumulator::Appended appended =
        batches.append(partition, run.shape, run.count, enough, in.wall());
    std::int64_t& next = next_record_[static_cast<std::size_t>(partition)];
    if (appended.count == 0 && buffer_ > 0) {
        buffer_ = 0;
        appended =
            batches.append_new(partition, next, run.shape, run.count, enough, in.now, in.wall());
        opened_.push_back(batches.newest(partition));
        wake_sender_ = true;
    }
    if (appended.count == 0) return appended;
    batches.give_back(buffer_); // Another partition had room after all.
    buffer_ = 0;
    next += appended.count;
    accepted_ += appended.count;
    accepted_partition_ = partition;
    deadline_ = Time::never();
    if (batches.all_full(partition) || batches.queue(partition).size() > 1) wake_sender_ = true;
    return appended;
}

/// A whole buffer for a new batch. False: not now, or never.
bool Producer::reserve_buffer(In in, const Run& run, Effects& out) {
    const std::int64_t size = sender_.accumulator().buffer_size(run.shape);
    if (sender_.accumulator().reserve(size)) {
        buffer_ = size;
        if (waiting_ == Wait::buffer) end_wait(out);
        return true;
    }
    tell_accepted(run, out);
    wait_for(in, Wait::buffer, out);
    return false;
}

/// One line for all records of the run that went to one partition at this instant.
void Producer::tell_accepted(const Run& run, Effects& out) {
    if (accepted_ == 0) return;
    ProdNew fact;
    fact.p = id_;
    fact.tp = tp(accepted_partition_);
    fact.i = next_record_[static_cast<std::size_t>(accepted_partition_)] - accepted_;
    fact.count = accepted_;
    if (run.key != RecordKeys::none) fact.key = records_.keys().text(run.key);
    if (due_ < out.in().now) fact.due = due_;
    fact.bytes = std::int64_t{run.shape.value_bytes} + std::max(run.shape.key_bytes, 0);
    out.contents().marks.add(id_, fact.tp, {fact.i, fact.count, run.key, run.fails});
    const Cause cause = out.note_aside(fact);
    for (const BatchId id : opened_)
        sender_.accumulator()[id].cause = cause;
    opened_.clear();
    accepted_ = 0;
}

/// Kafka: BuiltInPartitioner.nextPartition.
void Producer::switch_sticky() {
    weigh_partitions();
    const KnownPartitions known{sender_.available(), partitions_};
    sticky_.stick_to(sticky_.choose(known, static_cast<std::int32_t>(partitioning_.next() >> 33)));
    sticky_bytes_ = 0;
}

/// Rather to where little is queued (KIP-794). The table is made when it is needed, of what the
/// sender's pass would see at this instant.
void Producer::weigh_partitions() {
    const ProducerConfig& config = spec_.config;
    const Accumulator& batches = sender_.accumulator();
    sticky_.forget_load();
    if (!config.partitioner_adaptive_partitioning_enable || !batches.all_used()) return;
    queued_.clear();
    weighed_.clear();
    for (const std::int32_t p : sender_.available()) {
        const auto queued = static_cast<std::int32_t>(batches.queue(p).size());
        if (queued > 0 && sender_.stuck(sender_.leader(p))) continue;
        queued_.push_back(queued);
        weighed_.push_back(p);
    }
    const std::size_t usable = queued_.size();
    queued_.resize(static_cast<std::size_t>(partitions_));
    weighed_.resize(static_cast<std::size_t>(partitions_));
    sticky_.weigh(queued_, weighed_, usable);
}

/// send() cannot go on. True: it waits; false: it has waited for max.block.ms and gives up.
bool Producer::wait_for(In in, Wait what, Effects& out) {
    if (spec_.config.max_block.ns == 0) return false;
    // One limit for metadata and memory together.
    if (deadline_ == Time::never()) deadline_ = after(in.now, spec_.config.max_block);
    if (in.now >= deadline_) {
        end_wait(out);
        return false;
    }
    if (waiting_ == what) return true;
    end_wait(out);
    waiting_ = what;
    out.note_aside(
        ProdBlocked{id_, what == Wait::buffer ? BlockedWhy::buffer : BlockedWhy::metadata});
    sender_.set_exhausted(what == Wait::buffer);
    wake_sender_ = true;
    return true;
}

void Producer::end_wait(Effects& out) {
    if (waiting_ == Wait::none) return;
    out.note_aside(
        ProdUnblocked{id_, waiting_ == Wait::buffer ? BlockedWhy::buffer : BlockedWhy::metadata});
    waiting_ = Wait::none;
    sender_.set_exhausted(false);
}

void Producer::refuse(std::int32_t count, Error error, Effects& out) {
    out.note_aside(ProdRefused{id_, topic_, count, error});
    refused_ += count;
    deadline_ = Time::never();
}

/// What send() waits for is there.
bool Producer::wait_is_over() const {
    if (waiting_ == Wait::metadata) return sender_.metadata_known();
    const Accumulator& batches = sender_.accumulator();
    return batches.available() >= batches.buffer_size(runs_[run_].shape);
}

} // namespace brokersim
