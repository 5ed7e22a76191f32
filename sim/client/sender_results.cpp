// What became of requests: acknowledged, sent again, split, failed.
#include "client/producer_errors.hpp"
#include "client/sender.hpp"
#include "engine/assert.hpp"
#include "rpc/backoff.hpp"

#include <algorithm>
#include <utility>

namespace brokersim {

void Sender::on_message(In in, const Incoming& incoming, Effects& out) {
    if (!client_.owns(incoming.conn, out)) return;
    InFlight request;
    if (!client_.on_response(in, incoming, out, request)) return; // The connection is ready.
    switch (request.api) {
    case Api::metadata:
        metadata_.on_response(in, out.body<MetadataResponse>(incoming), out);
        take_metadata();
        break;
    case Api::init_producer_id:
        on_producer_id(in, out.body<InitProducerIdResponse>(incoming));
        break;
    case Api::produce:
        on_produce(in, static_cast<std::uint32_t>(request.token),
                   out.body<ProduceResponse>(incoming), out);
        break;
    default: BS_UNREACHABLE("a producer asks for nothing else");
    }
}

void Sender::on_connected(In in, ConnId conn, Effects& out) {
    if (client_.owns(conn, out)) client_.on_connected(in, conn, out);
}

void Sender::on_refused(In in, ConnId conn, Effects& out) {
    if (!client_.owns(conn, out)) return;
    client_.on_refused(in, conn, out);
    take_failures(in, out);
}

void Sender::on_lost(In in, ConnId conn, Effects& out) {
    if (!client_.owns(conn, out)) return;
    client_.on_lost(in, conn, out);
    take_failures(in, out);
}

void Sender::on_time(In in, Effects& out) {
    client_.on_time(in, out);
    take_failures(in, out);
}

void Sender::disconnect(In in, Effects& out) {
    client_.disconnect_all(in, out);
    client_.failures.clear();
}

/// In Kafka's order: first what the metadata make of it, then the owners of the requests (Kafka:
/// NetworkClient.processDisconnection, completeResponses).
void Sender::take_failures(In in, Effects& out) {
    if (client_.failures.empty()) return;
    failures_.swap(client_.failures);
    client_.failures.clear();
    for (const Failure& f : failures_) {
        if (f.has_request && f.request.api == Api::metadata) metadata_.on_failure(in);
    }
    for (const Failure& f : failures_) {
        if (f.has_request) continue;
        metadata_.on_disconnect(in);
        if (f.node == id_node_ && !id_in_flight_) retry_producer_id(in);
    }
    for (const Failure& f : failures_) {
        if (!f.has_request) continue;
        if (f.request.api == Api::init_producer_id) {
            retry_producer_id(in);
        } else if (f.request.api == Api::produce) {
            lost(in, static_cast<std::uint32_t>(f.request.token),
                 f.timed_out ? Error::request_timed_out : Error::network_exception, out);
        }
    }
    failures_.clear();
}

/// Leaders may have changed: their ranks for the walk of the drain, and who has a leader at all.
void Sender::take_metadata() {
    metadata_version_ = metadata_.version();
    const ClientMetadata::Topic& topic = metadata_.topics().front();
    topic_known_ = topic.known;
    available_.clear();
    for (Broker& b : brokers_)
        b.leads = 0;
    for (std::int32_t p = 0; p < partitions_; ++p) {
        const ClientMetadata::Partition& known = topic.partitions[static_cast<std::size_t>(p)];
        Leader& leader = leaders_[static_cast<std::size_t>(p)];
        leader = {known.leader, known.epoch, 0};
        if (!known.leader.valid()) continue;
        leader.rank = broker(known.leader).leads++;
        available_.push_back(p);
    }
}

void Sender::on_producer_id(In in, const InitProducerIdResponse& response) {
    id_in_flight_ = false;
    if (response.error != Error::none) {
        retry_producer_id(in);
        return;
    }
    id_node_ = {};
    transactions_.set_producer_id(response.producer_id, response.producer_epoch);
}

void Sender::retry_producer_id(In in) {
    id_in_flight_ = false;
    id_node_ = {};
    id_not_before_ = in.now + config_.retry_backoff;
}

std::uint32_t Sender::take_request() {
    std::uint32_t number = 0;
    if (free_requests_.empty()) {
        number = static_cast<std::uint32_t>(requests_.size());
        requests_.emplace_back();
    } else {
        number = free_requests_.back();
        free_requests_.pop_back();
    }
    requests_[number].batches.clear();
    ++requests_live_;
    return number;
}

void Sender::end_request(std::uint32_t number) {
    requests_[number].batches.clear();
    free_requests_.push_back(number);
    --requests_live_;
}

void Sender::on_produce(In in, std::uint32_t number, const ProduceResponse& response,
                        Effects& out) {
    const std::vector<BatchId>& batches = requests_[number].batches;
    BS_ASSERT(batches.size() == response.parts.size());
    for (std::size_t k = 0; k < batches.size(); ++k) {
        const ProduceResponse::Part& part = response.parts[k];
        BS_ASSERT(tp(accumulator_[batches[k]].partition) == part.tp);
        complete(in, batches[k], part.error, part.base, out);
    }
    end_request(number);
    // KIP-951: the refusal names the new leader.
    for (const ProduceResponse::Part& part : response.parts) {
        if (part.error != Error::not_leader_or_follower &&
            part.error != Error::fenced_leader_epoch) {
            continue;
        }
        if (metadata_.hint(part.tp, part.leader, part.leader_epoch, out)) take_metadata();
    }
}

void Sender::lost(In in, std::uint32_t number, Error error, Effects& out) {
    for (const BatchId id : requests_[number].batches)
        complete(in, id, error, -1, out);
    end_request(number);
}

/// Kafka: Sender.completeBatch.
void Sender::complete(In in, BatchId id, Error error, Offset base, Effects& out) {
    ProducerBatch& batch = accumulator_[id];
    const std::int32_t partition = batch.partition;
    batch.in_flight = false;
    batch.doubt = batch.doubt || leaves_doubt(error, config_.acks);
    if (error == Error::none || error == Error::duplicate_sequence_number) {
        succeed(id, base, out);
    } else if (error == Error::message_too_large && batch.count > 1 && !batch.done) {
        split(id);
    } else if (can_retry(in, id, error)) {
        retry(in, id, error, out);
    } else {
        // A batch that used up its retries may have been appended: its number stays used.
        fail(id, error, batch.attempts < config_.retries, out);
        accumulator_.release(id);
    }
    if (stale_metadata(error)) metadata_.request_update();
    if (config_.max_in_flight_requests_per_connection == 1) accumulator_.mute(partition, false);
}

bool Sender::can_retry(In in, BatchId id, Error error) {
    const ProducerBatch& batch = accumulator_[id];
    if (accumulator_.expired(id, in.now) || batch.attempts >= config_.retries || batch.done) {
        return false;
    }
    return idempotent() ? transactions_.can_retry(batch, error) : retriable(error);
}

void Sender::succeed(BatchId id, Offset base, Effects& out) {
    const ProducerBatch& batch = accumulator_[id];
    if (idempotent()) transactions_.completed(id, accumulator_);
    if (!batch.done) {
        out.note_aside(ProdAck{id_, tp(batch.partition), batch.first, batch.count,
                               config_.acks == Acks::none ? std::nullopt : std::optional(base)});
        keep_outcome(batch, true);
        accumulator_.finished();
        finished_records_ += batch.count;
        acked_records_ += batch.count;
    }
    accumulator_.release(id);
}

/// Back to the front of its queue, or to the place of its sequence.
void Sender::retry(In in, BatchId id, Error error, Effects& out) {
    ProducerBatch& batch = accumulator_[id];
    batch.retry_at = in.now + exponential_backoff(batch.attempts, config_.retry_backoff,
                                                  config_.retry_backoff_max, retries_);
    ++batch.attempts;
    batch.put_back = in.now;
    batch.cause = out.note_aside(
        ProdRetry{id_, tp(batch.partition), batch.first, batch.count, batch.attempts, error});
    accumulator_.put_back(id);
}

/// The pieces go out as if they had never been tried (Kafka: splitAndReenqueue).
void Sender::split(BatchId id) {
    pieces_.clear();
    accumulator_.split(id, pieces_);
    if (idempotent()) transactions_.split(id, pieces_, accumulator_);
    for (std::size_t k = pieces_.size(); k > 0; --k)
        accumulator_.put_back(pieces_[k - 1]);
    accumulator_.finished();
    accumulator_.release(id);
}

/// Tells the application; the caller gives the memory back.
void Sender::fail(BatchId id, Error error, bool closes_hole, Effects& out) {
    ProducerBatch& batch = accumulator_[id];
    if (idempotent()) transactions_.failed(id, error, closes_hole, accumulator_);
    if (batch.done) return;
    out.note_aside(ProdFail{id_, tp(batch.partition), batch.first, batch.count, error,
                            !batch.doubt && !batch.in_flight});
    keep_outcome(batch, false);
    batch.done = true;
    accumulator_.finished();
    finished_records_ += batch.count;
}

} // namespace brokersim
