// A producer process: an application thread that calls send() as the load says, and a sender.
// Kafka: KafkaProducer.
#pragma once

#include "brokersim/scenario.hpp"
#include "client/arrivals.hpp"
#include "client/load_records.hpp"
#include "client/partitioner.hpp"
#include "client/sender.hpp"
#include "protocol/effects.hpp"
#include "protocol/layout.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace brokersim {

/// A plain value. The world calls start() when the process comes up; numbering of records, keys
/// and random streams go on over restarts, everything else is lost with the process.
class Producer {
public:
    static constexpr std::uint32_t timer_slots = 2;

    Producer(MachineId self, ProducerId id, LayoutRef layout, const ProducerSpec& spec,
             std::uint64_t seed, std::shared_ptr<const ZipfTable> zipf = nullptr);

    void start(In in, Effects& out);
    void on_message(In in, const Incoming& incoming, Effects& out);
    void on_connected(In in, ConnId conn, Effects& out);
    void on_refused(In in, ConnId conn, Effects& out);
    void on_lost(In in, ConnId conn, Effects& out);
    void on_timer(In in, TimerSlot timer, Effects& out);
    /// KafkaProducer.close(): no new records, what is buffered is sent; ends in exit().
    void stop(In in, Effects& out);
    /// The process is gone.
    void crash();
    /// The load is over: only the call of send() that is under way goes on, and the sender.
    void end_of_load(In in, Effects& out);
    /// The application wants to send at another rate from now on; none: as its load says.
    void set_rate(In in, const std::optional<Rate>& rate, Effects& out);
    /// Its settings are others from now on, in this process and in those that follow. Batches that
    /// are there keep their size.
    void configure(In in, const ProducerConfig& config, Effects& out);
    const ProducerConfig& config() const { return spec_.config; }

    /// A record waits in send() or has no outcome yet.
    bool pending() const;
    /// Records acknowledged so far.
    std::int64_t acked() const { return sender_.acked(); }
    MachineId machine() const { return self_; }
    ProducerId id() const { return id_; }

private:
    static constexpr TimerSlot application_timer{0};
    static constexpr TimerSlot sender_timer{1};

    /// Records of one instant that are alike.
    struct Run {
        std::int64_t key = RecordKeys::none;
        std::int64_t fails = 0;      ///< RecordMarks
        std::int32_t partition = -1; ///< -1: the sticky partitioner decides
        bool asks = false;           ///< the round robin is asked when its turn comes (3.9)
        std::int32_t count = 0;
        RecordShape shape;
    };
    enum class Wait : std::uint8_t { none, metadata, buffer };

    // producer_send.cpp: the application thread.
    void advance(In in, Effects& out);
    bool send_some(In in, Effects& out);
    void plan_burst();
    void plan_run(const LoadRecords::Run& records);
    void go_round(Run run);
    void ask_round(In in, Run& run);
    bool work(In in, const Run& run);
    bool send_run(In in, Run& run, Effects& out);
    bool reserve_buffer(In in, const Run& run, Effects& out);
    Accumulator::Appended append(In in, const Run& run, std::int32_t partition);
    void tell_accepted(const Run& run, Effects& out);
    void switch_sticky();
    void weigh_partitions();
    bool wait_for(In in, Wait what, Effects& out);
    void end_wait(Effects& out);
    void refuse(std::int32_t count, Error error, Effects& out);
    bool wait_is_over() const;
    bool can_go_on() const { return waiting_ != Wait::none && wait_is_over(); }
    bool working() const { return paid_ && waiting_ == Wait::none; }
    void free_closed_loop(In in);
    void drop_queued_records(std::int32_t keep);

    void after_event(In in, Effects& out);
    void arm_application(Effects& out);
    PartitionId tp(std::int32_t partition) const { return PartitionId(first_.value + partition); }

    MachineId self_;
    ProducerId id_;
    LayoutRef layout_;
    ProducerSpec spec_;
    TopicId topic_;
    PartitionId first_;
    std::int32_t partitions_;

    // What survives the process.
    Arrivals arrivals_;
    LoadRecords records_;
    Stream partitioning_;
    std::vector<std::int64_t> next_record_; ///< by partition

    Sender sender_;
    StickyPartitioner sticky_;
    std::int64_t sticky_bytes_ = 0; ///< produced to its current partition
    RoundRobinPartitioner round_robin_;

    // The application thread: one burst at a time, run by run.
    std::vector<Run> runs_;
    std::size_t run_ = 0;         ///< the one being sent
    std::int32_t burst_left_ = 0; ///< records of a burst that waits for metadata
    Time due_;                    ///< of the burst
    Time busy_until_;             ///< the record under way has cost its time by then
    bool paid_ = false;           ///< that time has been, or is being spent
    Wait waiting_ = Wait::none;
    Time deadline_ = Time::never(); ///< of the call of send() under way; never: none
    std::int64_t buffer_ = 0;       ///< reserved, not yet a batch
    bool wake_sender_ = false;      ///< a batch was opened or became full
    bool running_ = false;
    bool closing_ = false;
    Time armed_application_ = Time::never();
    Time armed_sender_ = Time::never();

    std::int64_t refused_ = 0;              ///< not yet told to a closed loop
    std::vector<LoadRecords::Run> planned_; ///< scratch
    /// Records accepted but not yet told (`prod.new`), and the batches that they opened.
    std::int32_t accepted_ = 0;
    std::int32_t accepted_partition_ = -1;
    std::vector<BatchId> opened_;
    std::vector<std::int32_t> queued_, weighed_; ///< scratch for the sticky partitioner
};

} // namespace brokersim
