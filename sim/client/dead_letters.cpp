// Dead letters on their way: one call of send() after the other, then the sender.
#include "client/dead_letters.hpp"

#include "client/murmur2.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace brokersim {

namespace {

ProducerSpec as_producer(const ConsumerGroupSpec& spec, const std::string& member) {
    ProducerSpec producer;
    producer.name = member + " dead letters"; // Of its streams: the consumer's own are others.
    producer.topic = *spec.dead_letter_topic;
    producer.config = spec.producer_config;
    return producer;
}

/// Its value: records of a batch count as equally large.
std::int32_t value_size(std::int32_t record_bytes, std::int32_t key_bytes) {
    constexpr std::int32_t fields = 7; // Lengths, deltas, attributes of a small record.
    return std::max(record_bytes - fields - std::max(key_bytes, 0), 0);
}

} // namespace

DeadLetters::DeadLetters(ProducerId id, LayoutRef layout, const ConsumerGroupSpec& spec,
                         const std::string& member, std::uint64_t seed)
    : id_(id), layout_(std::move(layout)), topic_(*spec.dead_letter_topic),
      config_(spec.producer_config), sender_(id, layout_, as_producer(spec, member), seed),
      partitioning_(seed, {"partitioner", member}), sticky_(config_.batch_size),
      next_record_(static_cast<std::size_t>(layout_->topic(topic_).partitions)) {
    sender_.keep_outcomes();
}

void DeadLetters::start(Effects& out) {
    crash();
    sender_.start(out);
    sticky_ = StickyPartitioner(config_.batch_size);
    round_robin_ = {};
    stirred_ = true;
}

void DeadLetters::crash() {
    sender_.accumulator().clear();
    sender_.outcomes.clear();
    waiting_.clear();
    under_way_.clear();
    results_.clear();
    waits_ = Wait::none;
    deadline_ = wake_ = Time::never();
    stirred_ = false;
}

std::optional<bool> DeadLetters::take_result(std::uint32_t worker) {
    const auto at = std::find_if(results_.begin(), results_.end(),
                                 [&](const auto& result) { return result.first == worker; });
    if (at == results_.end()) return {};
    const bool written = at->second;
    results_.erase(at);
    return written;
}

void DeadLetters::on_message(In in, const Incoming& incoming, Effects& out) {
    sender_.on_message(in, incoming, out);
    stirred_ = true;
}

void DeadLetters::on_connected(In in, ConnId conn, Effects& out) {
    sender_.on_connected(in, conn, out);
    stirred_ = true;
}

void DeadLetters::on_refused(In in, ConnId conn, Effects& out) {
    sender_.on_refused(in, conn, out);
    stirred_ = true;
}

void DeadLetters::on_lost(In in, ConnId conn, Effects& out) {
    sender_.on_lost(in, conn, out);
    stirred_ = true;
}

void DeadLetters::on_time(In in, Effects& out) {
    sender_.on_time(in, out);
    stirred_ = true;
}

Time DeadLetters::pass(In in, Effects& out) {
    if (!stirred_ && in.now < wake_ && in.now < deadline_) return std::min(wake_, deadline_);
    stirred_ = false;
    const Cause cause = out.cause();
    const auto begin_all = [&] {
        bool begun = false;
        while (!waiting_.empty() && begin(in, waiting_.front(), out)) {
            waiting_.erase(waiting_.begin());
            begun = true;
        }
        out.because(cause);
        return begun;
    };
    begin_all();
    do {
        wake_ = sender_.pass(in, out);
        take_outcomes();
    } while (begin_all());
    out.because(cause);
    return std::min(wake_, deadline_);
}

/// False: send() waits.
bool DeadLetters::begin(In in, const Letter& letter, Effects& out) {
    out.because(letter.cause);
    if (!sender_.metadata_known()) {
        if (wait(in, Wait::metadata, out)) return false;
        refuse(letter, Error::metadata_timeout, out);
        return true;
    }
    RecordShape shape;
    if (letter.key != RecordMarks::no_key) {
        const std::string key = out.contents().marks.key_text(letter.key);
        shape.key_bytes = static_cast<std::int32_t>(key.size());
    }
    shape.value_bytes = value_size(letter.bytes, shape.key_bytes);
    const std::int64_t largest = batch_upper_bound(shape);
    if (largest > config_.max_request_size || largest > config_.buffer_memory) {
        refuse(letter, Error::record_too_large, out);
        return true;
    }
    if (append(in, letter, shape, out)) return true;
    if (wait(in, Wait::buffer, out)) return false;
    refuse(letter, Error::buffer_exhausted, out);
    return true;
}

bool DeadLetters::append(In in, const Letter& letter, RecordShape shape, Effects& out) {
    constexpr std::int64_t no_limit = std::numeric_limits<std::int64_t>::max();
    Accumulator& batches = sender_.accumulator();
    std::string key;
    if (letter.key != RecordMarks::no_key) key = out.contents().marks.key_text(letter.key);
    const std::string* const known = letter.key != RecordMarks::no_key ? &key : nullptr;
    const std::int64_t size = batches.buffer_size(shape);
    if (batches.available() < size) return false;
    std::int32_t partition = partition_of(known);
    const bool twice = layout_->rules.partitioner_asked_twice &&
                       config_.partitioner == PartitionerKind::round_robin;
    if (twice && !batches.takes(partition, shape, in.wall())) partition = partition_of(known);
    Accumulator::Appended appended = batches.append(partition, shape, 1, no_limit, in.wall());
    const bool opened = appended.count == 0;
    if (opened) {
        batches.reserve(size);
        const std::int64_t number = next_record_[static_cast<std::size_t>(partition)];
        appended = batches.append_new(partition, number, shape, 1, no_limit, in.now, in.wall());
    }
    end_wait(out);
    tell(letter, shape, partition, known, opened, out);
    if (partition == sticky_.current() && known == nullptr &&
        sticky_.produced(appended.bytes, batches.all_full(partition))) {
        sticky_.stick_to(-1);
    }
    return true;
}

/// Kafka: KafkaProducer.partition; the sticky one does not weigh its partitions by load.
std::int32_t DeadLetters::partition_of(const std::string* key) {
    const auto partitions = static_cast<std::int32_t>(next_record_.size());
    const KnownPartitions known{sender_.available(), partitions};
    if (config_.partitioner == PartitionerKind::round_robin) return round_robin_.next(known);
    if (key != nullptr && !config_.partitioner_ignore_keys) {
        return partition_for_key(*key, partitions);
    }
    if (sticky_.current() < 0) {
        sticky_.stick_to(
            sticky_.choose(known, static_cast<std::int32_t>(partitioning_.next() >> 33)));
    }
    return sticky_.current();
}

void DeadLetters::tell(const Letter& letter, RecordShape shape, std::int32_t partition,
                       const std::string* key, bool opened, Effects& out) {
    std::int64_t& next = next_record_[static_cast<std::size_t>(partition)];
    ProdNew fact;
    fact.p = id_;
    fact.tp = PartitionId(layout_->topic(topic_).first.value + partition);
    fact.i = next;
    if (key != nullptr) fact.key = *key;
    fact.bytes = std::int64_t{shape.value_bytes} + std::max(shape.key_bytes, 0);
    const Cause cause = out.note_aside(fact);
    Accumulator& batches = sender_.accumulator();
    if (opened) batches[batches.newest(partition)].cause = cause;
    out.contents().marks.add(id_, fact.tp, {next, 1, letter.key, 0});
    under_way_.push_back({letter.worker, partition, next});
    ++next;
}

/// send() cannot go on. False: it has waited for max.block.ms and gives up.
bool DeadLetters::wait(In in, Wait what, Effects& out) {
    if (config_.max_block.ns == 0) return false;
    if (deadline_ == Time::never()) deadline_ = after(in.now, config_.max_block);
    if (in.now >= deadline_) return false;
    if (waits_ == what) return true;
    const Time deadline = deadline_;
    end_wait(out);
    deadline_ = deadline;
    waits_ = what;
    out.note_aside(
        ProdBlocked{id_, what == Wait::buffer ? BlockedWhy::buffer : BlockedWhy::metadata});
    sender_.set_exhausted(what == Wait::buffer);
    return true;
}

void DeadLetters::end_wait(Effects& out) {
    deadline_ = Time::never();
    if (waits_ == Wait::none) return;
    out.note_aside(
        ProdUnblocked{id_, waits_ == Wait::buffer ? BlockedWhy::buffer : BlockedWhy::metadata});
    waits_ = Wait::none;
    sender_.set_exhausted(false);
}

void DeadLetters::refuse(const Letter& letter, Error error, Effects& out) {
    end_wait(out);
    out.note_aside(ProdRefused{id_, topic_, 1, error});
    results_.emplace_back(letter.worker, false);
}

void DeadLetters::take_outcomes() {
    for (const Sender::Outcome& outcome : sender_.outcomes) {
        const auto met = [&](const UnderWay& u) {
            return u.partition == outcome.partition && u.number >= outcome.first &&
                   u.number < outcome.first + outcome.count;
        };
        for (const UnderWay& u : under_way_) {
            if (met(u)) results_.emplace_back(u.worker, outcome.written);
        }
        under_way_.erase(std::remove_if(under_way_.begin(), under_way_.end(), met),
                         under_way_.end());
    }
    sender_.outcomes.clear();
}

} // namespace brokersim
