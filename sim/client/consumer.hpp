// One member of a consumer group: an application that polls, processes and commits, with the
// consumer that it uses. Kafka: ClassicKafkaConsumer, ConsumerCoordinator.
#pragma once

#include "brokersim/scenario.hpp"
#include "client/consumer_commits.hpp"
#include "client/consumer_core.hpp"
#include "client/consumer_fetcher.hpp"
#include "client/consumer_membership.hpp"
#include "client/consumer_positions.hpp"
#include "client/dead_letters.hpp"
#include "client/record_work.hpp"
#include "protocol/effects.hpp"
#include "protocol/layout.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace brokersim {

/// A process with one consumer of the classic group protocol. It runs from start() to its own
/// exit() after stop(), or to crash(); then start() begins anew, as a new process of that name.
class Consumer {
public:
    static constexpr std::uint32_t timer_slots = 5;

    /// `member_number`: the K of its machine's name GROUP-K, from 1. `letters`: what traces call
    /// its own producer, if it writes dead letters.
    Consumer(MachineId self, GroupId group, std::int32_t member_number, LayoutRef layout,
             const ConsumerGroupSpec& spec, std::uint64_t seed, ProducerId letters = {});

    void start(In in, Effects& out);
    void on_message(In in, const Incoming& incoming, Effects& out);
    void on_connected(In in, ConnId conn, Effects& out);
    void on_refused(In in, ConnId conn, Effects& out);
    void on_lost(In in, ConnId conn, Effects& out);
    void on_timer(In in, TimerSlot slot, Effects& out);
    /// Finishes what the last poll returned, commits, leaves the group, exits.
    void stop(In in, Effects& out);
    /// Its settings are others from now on, in this process and in those that follow.
    void configure(const ConsumerConfig& config);
    const ConsumerConfig& config() const { return core_.config; }
    /// The process was killed.
    void crash();

    /// Nothing fetched that the application has not finished, no commit under way.
    bool idle() const;
    /// Where it stands in a partition: the next offset to return; -1 if it owns it not.
    Offset position(PartitionId tp) const;

private:
    static constexpr TimerSlot network_timer{0};
    static constexpr TimerSlot poll_timer{1};
    static constexpr TimerSlot heartbeat_timer{2};
    static constexpr TimerSlot processing_timer{3};
    static constexpr TimerSlot letters_timer{4};

    /// What the application thread does.
    enum class Doing : std::uint8_t { nothing, polling, processing, committing, closing };

    // consumer.cpp: events.
    void on_broker_response(In in, const Incoming& incoming, Effects& out);
    void on_coordinator_response(In in, const Incoming& incoming, Effects& out);
    void take_failures(In in, Effects& out) {
        while (!core_.brokers.failures.empty() || !membership_.link().failures.empty())
            take_new_failures(in, out);
    }
    void take_new_failures(In in, Effects& out);
    void take_broker_failure(In in, const Failure& failure, Effects& out);
    void take_coordinator_failure(In in, const Failure& failure, Effects& out);
    void take_metadata(In in);
    void turn(In in, Effects& out);
    void update_metadata(In in, Effects& out);
    void set_timers(Effects& out);
    void set_timer(TimerSlot slot, Time deadline, Effects& out);

    // consumer_application.cpp: the application thread.
    void poll(In in, Effects& out);
    bool coordinate(In in, Effects& out);
    bool give_up_partitions(In in, Effects& out);
    bool is_blocked(In in);
    void hand_over(In in, Effects& out);
    void process(In in, Effects& out);
    void serve_letters(In in, Effects& out);
    void after_processing(In in);
    void keep_done();
    void await_commit(In in, Effects& out);
    void close(In in, Effects& out);
    void step_close(In in, Effects& out);
    /// What is already due waits for a connection or an answer: that will wake it.
    void wake_at(In in, Time t) {
        if (t > in.now) wake_ = std::min(wake_, t);
    }
    bool polling() const { return doing_ == Doing::polling; }

    CommitMode commit_mode_;
    ConsumerCore core_;
    ConsumerMembership membership_;
    ConsumerCommits commits_;
    ConsumerPositions positions_;
    ConsumerFetcher fetcher_;
    RecordWork work_;
    std::optional<DeadLetters> letters_;
    Time letters_wake_ = Time::never();

    Doing doing_ = Doing::nothing;
    bool stopping_ = false;
    bool giving_up_ = false;           ///< a last commit is under way before that
    bool prepared_ = false;            ///< the partitions have been given up: ready to join
    Time block_until_ = Time::never(); ///< poll() waits for the coordinator, at most until then
    Time wake_ = Time::never();        ///< when poll() wants to look again
    Time metadata_wake_;
    std::uint32_t metadata_version_ = 0;
    std::vector<FetchedRange> fetched_; ///< by the last poll()
    std::vector<FetchedPiece> pieces_;  ///< the same, told apart
    std::vector<CommittedOffset> returned_;
    bool leaving_ = false; ///< closing: LeaveGroup is sent or need not be
    Time close_until_ = Time::never();
    std::array<Time, timer_slots> armed_{};
};

} // namespace brokersim
