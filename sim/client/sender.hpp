// The sender of a producer: it alone talks to brokers. Kafka: Sender, with the parts of
// RecordAccumulator that it drives (ready, drain, expiry).
#pragma once

#include "brokersim/scenario.hpp"
#include "client/accumulator.hpp"
#include "client/transaction_manager.hpp"
#include "protocol/effects.hpp"
#include "protocol/layout.hpp"
#include "rpc/metadata.hpp"
#include "rpc/network_client.hpp"

#include <cstdint>
#include <utility>
#include <vector>

namespace brokersim {

/// Kafka's loop passes as often as something may have changed; here it passes after each event of
/// its process and says when it wants to be woken.
class Sender {
public:
    Sender(ProducerId id, LayoutRef layout, const ProducerSpec& spec, std::uint64_t seed);

    /// A new process: nothing of an earlier one is left but the random streams.
    void start(Effects& out);

    void configure(const ProducerConfig& config);
    Accumulator& accumulator() { return accumulator_; }
    const Accumulator& accumulator() const { return accumulator_; }
    /// The topic's partitions are known: send() need not wait for metadata.
    bool metadata_known() const { return topic_known_; }
    /// Partitions with a leader, ascending.
    const std::vector<std::int32_t>& available() const { return available_; }
    MachineId leader(std::int32_t partition) const { return at(partition).machine; }
    /// Its broker has taken no data for longer than partitioner.availability.timeout.ms.
    bool stuck(MachineId broker) const;

    /// send() waits for memory: everything is sendable.
    void set_exhausted(bool on) { exhausted_ = on; }
    /// Records acknowledged so far, in all processes of this client.
    std::int64_t acked() const { return acked_records_; }
    /// Records that have got an outcome since the last call.
    std::int64_t take_finished() { return std::exchange(finished_records_, 0); }
    /// No more records will come: everything is sendable.
    void close() { closing_ = true; }
    /// Closed, and nothing is left to do.
    bool idle() const;

    /// What became of records, for an application that waits for it.
    struct Outcome {
        std::int32_t partition = 0;
        std::int64_t first = 0;
        std::int32_t count = 0;
        bool written = false;
    };
    void keep_outcomes() { keeps_outcomes_ = true; }
    std::vector<Outcome> outcomes;

    // The world's callbacks; pass() must follow.
    void on_message(In in, const Incoming& incoming, Effects& out);
    void on_connected(In in, ConnId conn, Effects& out);
    void on_refused(In in, ConnId conn, Effects& out);
    void on_lost(In in, ConnId conn, Effects& out);
    void on_time(In in, Effects& out);
    void disconnect(In in, Effects& out);

    /// Sender.runOnce until nothing more can be done now. Returns when to come again.
    Time pass(In in, Effects& out);

private:
    /// A produce request under way; empty: its place is free.
    struct Request {
        std::vector<BatchId> batches;
    };
    /// What the metadata say about a partition, as the drain needs it.
    struct Leader {
        MachineId machine;
        LeaderEpoch epoch = -1;
        std::int32_t rank = 0; ///< among the partitions of this topic that the broker leads
    };
    struct Broker {
        std::int32_t leads = 0;  ///< partitions of the topic
        std::int32_t cursor = 0; ///< where its last walk ended, as a rank
        bool ready = false;
        /// Last looked at with data ready; last able to take it, or first looked at.
        Time wanted = Time::never(), drained = Time::never();
    };

    const Leader& at(std::int32_t partition) const {
        return leaders_[static_cast<std::size_t>(partition)];
    }
    Broker& broker(MachineId node) { return brokers_[node.index()]; }
    PartitionId tp(std::int32_t partition) const { return PartitionId(first_.value + partition); }
    bool idempotent() const { return config_.enable_idempotence; }

    // sender.cpp: one pass.
    void await_producer_id(In in, Effects& out);
    void forget_ready() {
        for (const MachineId node : ready_)
            broker(node).ready = false;
        ready_.clear();
    }
    void find_ready(In in);
    void learn_leader(ProducerBatch& batch) const;
    bool connect_and_send(In in, Effects& out);
    bool usable(In in, MachineId node, Effects& out);
    void drain(In in, MachineId node, std::vector<BatchId>& drained);
    bool drain_one(In in, std::int32_t partition, std::vector<BatchId>& drained,
                   std::int64_t& size);
    void expire(In in, Effects& out);
    template <class F>
    void each_in_flight(F&& f) const {
        for (const Request& request : requests_) {
            for (const BatchId id : request.batches)
                f(id);
        }
        for (std::size_t k = 0; k < sending_.size(); ++k) {
            for (const BatchId id : drained_[k])
                f(id);
        }
    }
    void find_expired(Time now);
    void settle_expiry();
    void send(In in, MachineId node, const std::vector<BatchId>& drained, Effects& out);

    // sender_results.cpp: what became of requests.
    void on_produce(In in, std::uint32_t request, const ProduceResponse& response, Effects& out);
    void on_producer_id(In in, const InitProducerIdResponse& response);
    void take_failures(In in, Effects& out);
    void retry_producer_id(In in);
    void lost(In in, std::uint32_t request, Error error, Effects& out);
    void complete(In in, BatchId id, Error error, Offset base, Effects& out);
    bool can_retry(In in, BatchId id, Error error);
    void succeed(BatchId id, Offset base, Effects& out);
    void retry(In in, BatchId id, Error error, Effects& out);
    void split(BatchId id);
    void fail(BatchId id, Error error, bool closes_hole, Effects& out);
    void keep_outcome(const ProducerBatch& batch, bool written) {
        if (!keeps_outcomes_) return;
        outcomes.push_back({batch.partition, batch.first, batch.count, written});
    }
    void take_metadata();
    std::uint32_t take_request();
    void end_request(std::uint32_t number);

    ProducerId id_;
    LayoutRef layout_;
    ProducerConfig config_;
    TopicId topic_;
    PartitionId first_;
    std::int32_t partitions_;
    std::vector<std::int32_t> written_; ///< partitions that this producer may write to

    Accumulator accumulator_;
    TransactionManager transactions_;
    NetworkClient client_;
    ClientMetadata metadata_;
    Stream retries_;

    std::vector<Leader> leaders_;
    std::vector<std::int32_t> available_;
    std::vector<Broker> brokers_;
    std::vector<Request> requests_;
    std::vector<std::uint32_t> free_requests_;
    std::size_t requests_live_ = 0;
    bool topic_known_ = false;
    std::uint32_t metadata_version_ = 0;
    std::int64_t finished_records_ = 0;
    std::int64_t acked_records_ = 0;
    std::int64_t drains_ = 0; ///< batches taken out of their queues
    bool exhausted_ = false;
    bool closing_ = false;
    bool keeps_outcomes_ = false;
    Time wake_ = Time::never();

    bool id_in_flight_ = false;
    MachineId id_node_; ///< the broker that is asked for a producer id
    Time id_not_before_;

    std::vector<MachineId> ready_;
    std::vector<MachineId> sending_;            ///< brokers of this pass,
    std::vector<std::vector<BatchId>> drained_; ///< and what goes there
    std::vector<BatchId> expired_, pieces_;
    std::vector<std::int32_t> walk_;
    std::vector<Failure> failures_;
};

} // namespace brokersim
