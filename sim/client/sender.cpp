// One pass of the sender: which brokers have something to get, what goes there, what has expired.
#include "client/sender.hpp"

#include "client/client_settings.hpp"
#include "engine/assert.hpp"

#include <algorithm>

namespace brokersim {

Sender::Sender(ProducerId id, LayoutRef layout, const ProducerSpec& spec, std::uint64_t seed)
    : id_(id), layout_(std::move(layout)), config_(spec.config), topic_(spec.topic),
      first_(layout_->topic(topic_).first), partitions_(layout_->topic(topic_).partitions),
      accumulator_(config_, partitions_), transactions_(partitions_),
      client_(client_network_settings(config_, config_.max_in_flight_requests_per_connection),
              layout_->brokers, Stream(seed, {"connections", spec.name})),
      metadata_(client_metadata_settings(config_, layout_->rules), bootstrap_brokers(*layout_),
                Stream(seed, {"metadata", spec.name})),
      retries_(seed, {"retries", spec.name}) {
    if (spec.partition) {
        written_.push_back(*spec.partition);
    } else {
        for (std::int32_t p = 0; p < partitions_; ++p)
            written_.push_back(p);
    }
}

void Sender::configure(const ProducerConfig& config) {
    config_ = config;
    accumulator_.configure(config);
    metadata_.configure(client_metadata_settings(config, layout_->rules));
}

void Sender::start(Effects& out) {
    accumulator_.clear();
    transactions_ = TransactionManager(partitions_);
    client_ = NetworkClient(
        client_network_settings(config_, config_.max_in_flight_requests_per_connection),
        layout_->brokers, client_.stream());
    metadata_ = ClientMetadata(client_metadata_settings(config_, layout_->rules),
                               bootstrap_brokers(*layout_), metadata_.stream());
    metadata_.add_topic(topic_, first_, partitions_);
    for (const std::int32_t p : written_)
        metadata_.use(tp(p), out);
    metadata_version_ = metadata_.version();
    leaders_.assign(static_cast<std::size_t>(partitions_), Leader{});
    brokers_.assign(layout_->brokers, Broker{});
    available_.clear();
    requests_.clear();
    free_requests_.clear();
    requests_live_ = 0;
    topic_known_ = exhausted_ = closing_ = false;
    finished_records_ = 0;
    id_in_flight_ = false;
    id_node_ = {};
    id_not_before_ = {};
}

bool Sender::stuck(MachineId node) const {
    const Duration limit = config_.partitioner_availability_timeout;
    const Broker& b = brokers_[node.index()];
    return limit.ns > 0 && b.wanted - b.drained > limit; // Never looked at: both alike.
}

bool Sender::idle() const {
    return closing_ && accumulator_.unfinished() == 0 && requests_live_ == 0;
}

Time Sender::pass(In in, Effects& out) {
    const Cause tag = out.cause();
    for (bool again = true; again;) {
        wake_ = Time::never();
        again = false;
        if (idempotent()) transactions_.housekeeping(accumulator_);
        const bool data = !idempotent() || transactions_.has_producer_id();
        if (data) {
            forget_ready();
            if (!accumulator_.active().empty()) find_ready(in);
        }
        // A refresh that is due goes before data on the same connection (semantics §1.4).
        wake_ = std::min(wake_, metadata_.maybe_update(in, client_, out));
        if (metadata_.version() != metadata_version_) take_metadata();
        if (data) {
            if (!ready_.empty() || in.now >= accumulator_.next_expiry()) {
                again = connect_and_send(in, out);
            }
            out.because(tag);
            wake_ = std::min(wake_, accumulator_.next_expiry());
        } else {
            await_producer_id(in, out);
        }
    }
    return std::min(wake_, client_.next_deadline());
}

/// InitProducerId before anything else; the loop does nothing but wait for it (Kafka:
/// Sender.maybeSendAndPollTransactionalRequest).
void Sender::await_producer_id(In in, Effects& out) {
    if (id_in_flight_) return;
    if (in.now < id_not_before_) {
        wake_ = std::min(wake_, id_not_before_);
        return;
    }
    if (!id_node_.valid()) id_node_ = metadata_.least_loaded(in.now, client_);
    if (id_node_.valid() && client_.may_send(id_node_)) {
        client_.send<InitProducerIdRequest>(in, id_node_, out, config_.request_timeout);
        id_in_flight_ = true;
    } else if (id_node_.valid() && client_.connectable(id_node_, in.now)) {
        client_.connect(in, id_node_, out);
    } else if (!id_node_.valid() || client_.state(id_node_) == NetworkClient::State::disconnected) {
        retry_producer_id(in);
        wake_ = std::min(wake_, id_not_before_);
    }
}

/// The brokers for which something is ready to be sent (Kafka: RecordAccumulator.ready).
void Sender::find_ready(In in) {
    for (const std::int32_t p : accumulator_.active()) {
        const Leader& leader = at(p);
        if (!leader.machine.valid()) {
            metadata_.request_update();
            continue;
        }
        if (accumulator_.muted(p)) continue;
        const Ring<BatchId>& queue = accumulator_.queue(p);
        ProducerBatch& head = accumulator_[queue.front()];
        learn_leader(head);
        if (broker(leader.machine).ready) continue;
        if (head.backing_off(in.now)) {
            wake_ = std::min(wake_, head.retry_at);
            continue;
        }
        // Linger runs from the creation of the batch, that is from its first record.
        const Time lingered = after(head.put_back, config_.linger);
        if (queue.size() > 1 || head.full() || exhausted_ || closing_ || in.now >= lingered) {
            broker(leader.machine).ready = true;
            ready_.push_back(leader.machine);
        } else {
            wake_ = std::min(wake_, lingered);
        }
    }
    if (ready_.size() > 1) std::sort(ready_.begin(), ready_.end());
}

/// Kafka: ProducerBatch.maybeUpdateLeaderEpoch.
void Sender::learn_leader(ProducerBatch& batch) const {
    const LeaderEpoch epoch = at(batch.partition).epoch;
    if (epoch <= batch.leader_epoch) return;
    batch.leader_epoch = epoch;
    batch.attempts_at_leader_change = batch.attempts;
}

/// True if something was sent: then there may be more to send.
bool Sender::connect_and_send(In in, Effects& out) {
    sending_.clear();
    for (const MachineId node : ready_) {
        if (broker(node).leads == 0 || !usable(in, node, out)) continue;
        if (drained_.size() == sending_.size()) drained_.emplace_back();
        std::vector<BatchId>& drained = drained_[sending_.size()];
        drained.clear();
        drain(in, node, drained);
        if (!drained.empty()) sending_.push_back(node);
    }
    if (in.now >= accumulator_.next_expiry()) expire(in, out);
    for (std::size_t k = 0; k < sending_.size(); ++k)
        send(in, sending_[k], drained_[k], out);
    return !sending_.empty();
}

inline bool Sender::usable(In in, MachineId node, Effects& out) {
    const bool can_take = client_.may_send(node);
    Broker& b = broker(node);
    b.wanted = in.now;
    if (can_take || b.drained == Time::never()) b.drained = in.now;
    if (can_take) return true;
    if (client_.connectable(node, in.now)) {
        client_.connect(in, node, out);
    } else {
        wake_ = std::min(wake_, client_.connectable_at(node));
    }
    return false;
}

/// Once round the partitions that the broker leads, beginning with the one at which the last walk
/// ended (Kafka: RecordAccumulator.drainBatchesForOneNode).
inline void Sender::drain(In in, MachineId node, std::vector<BatchId>& drained) {
    Broker& b = broker(node);
    walk_.clear();
    for (const std::int32_t p : accumulator_.active()) {
        if (leader(p) == node) walk_.push_back(p);
    }
    const std::int32_t start = b.cursor % b.leads;
    const auto begin = std::partition_point(walk_.begin(), walk_.end(),
                                            [&](std::int32_t p) { return at(p).rank < start; });
    std::rotate(walk_.begin(), begin, walk_.end());
    std::int64_t size = 0;
    for (const std::int32_t p : walk_) {
        if (drain_one(in, p, drained, size)) continue;
        b.cursor = at(p).rank;
        return;
    }
    b.cursor = (start + b.leads - 1) % b.leads;
}

/// False: the walk ends here.
bool Sender::drain_one(In in, std::int32_t partition, std::vector<BatchId>& drained,
                       std::int64_t& size) {
    if (accumulator_.muted(partition)) return true;
    ProducerBatch& head = accumulator_[accumulator_.queue(partition).front()];
    learn_leader(head);
    if (head.backing_off(in.now)) return true;
    if (size + head.bytes > config_.max_request_size && !drained.empty()) return false;
    if (idempotent() && transactions_.holds_back(head, accumulator_)) return false;
    const BatchId id = accumulator_.pop(partition);
    if (idempotent() && !head.has_sequence()) transactions_.number(id, accumulator_);
    head.closed = true;
    head.in_flight = true;
    head.drained = ++drains_;
    size += head.bytes;
    drained.push_back(id);
    if (config_.max_in_flight_requests_per_connection == 1) accumulator_.mute(partition, true);
    return true;
}

/// Batches that are older than delivery.timeout.ms fail wherever they are.
void Sender::expire(In in, Effects& out) {
    find_expired(in.now);
    for (const BatchId id : expired_) {
        const bool queued = !accumulator_[id].in_flight;
        // Numbered and sent before: whether it is in the log remains open until the others are
        // done.
        if (idempotent() && accumulator_[id].attempts > 0) {
            transactions_.unresolved(id, accumulator_);
        }
        fail(id, Error::timeout, false, out);
        // One in flight keeps its memory until its request ends (KAFKA-19012).
        if (queued) accumulator_.release(id);
    }
    settle_expiry();
}

void Sender::find_expired(Time now) {
    expired_.clear();
    walk_ = accumulator_.active();
    for (const std::int32_t p : walk_) {
        const Ring<BatchId>& queue = accumulator_.queue(p);
        while (!queue.empty() && accumulator_.expired(queue.front(), now)) {
            expired_.push_back(accumulator_.pop(p));
        }
    }
    const auto queued = static_cast<std::ptrdiff_t>(expired_.size());
    each_in_flight([&](BatchId id) {
        if (!accumulator_[id].done && accumulator_.expired(id, now)) expired_.push_back(id);
    });
    // Of each partition in the order in which they were sent (Kafka: getExpiredInflightBatches).
    std::sort(expired_.begin() + queued, expired_.end(), [this](BatchId a, BatchId b) {
        const ProducerBatch& x = accumulator_[a];
        const ProducerBatch& y = accumulator_[b];
        return std::pair(x.partition, x.drained) < std::pair(y.partition, y.drained);
    });
}

void Sender::settle_expiry() {
    Time next = Time::never();
    for (const std::int32_t p : accumulator_.active()) {
        // Only the heads are looked at, as Kafka does: one behind a younger head, which a retry
        // without idempotence can put there, waits until it is a head itself.
        const Ring<BatchId>& queue = accumulator_.queue(p);
        if (!queue.empty()) next = std::min(next, accumulator_.expiry(queue.front()));
    }
    each_in_flight([&](BatchId id) {
        if (!accumulator_[id].done) next = std::min(next, accumulator_.expiry(id));
    });
    accumulator_.set_next_expiry(next);
}

/// One Produce request with all batches of one broker.
void Sender::send(In in, MachineId node, const std::vector<BatchId>& drained, Effects& out) {
    Cause decisive;
    for (std::size_t k = 0; k < drained.size(); ++k) {
        const ProducerBatch& batch = accumulator_[drained[k]];
        out.because(batch.cause);
        const Cause sent = out.note(
            ProdSend{id_, node, tp(batch.partition), batch.first, batch.count, batch.attempts});
        if (k == 0) decisive = sent;
    }
    out.because(decisive);
    const bool answered = config_.acks != Acks::none;
    const std::uint32_t number = answered ? take_request() : 0;
    ProduceRequest& request =
        answered ? client_.send<ProduceRequest>(in, node, out, config_.request_timeout, number)
                 : client_.send_one_way<ProduceRequest>(node, out);
    request.acks = config_.acks;
    request.timeout = config_.request_timeout;
    for (const BatchId id : drained) {
        const ProducerBatch& batch = accumulator_[id];
        Batch sent;
        sent.first = batch.first;
        sent.count = batch.count;
        sent.bytes = batch.bytes;
        sent.stamp = Time{} + milliseconds(batch.records.back().timestamp);
        sent.producer = id_;
        sent.producer_id = batch.producer_id;
        sent.producer_epoch = batch.producer_epoch;
        sent.sequence = batch.sequence;
        request.parts.push_back({tp(batch.partition), sent});
        if (answered) requests_[number].batches.push_back(id);
    }
    if (answered) return;
    for (const BatchId id : drained)
        complete(in, id, Error::none, -1, out);
}

} // namespace brokersim
