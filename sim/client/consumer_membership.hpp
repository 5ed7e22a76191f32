// Membership of a group: finding the coordinator, joining, heartbeats. Kafka: AbstractCoordinator
// with its HeartbeatThread (semantics §5.5).
#pragma once

#include "client/consumer_core.hpp"
#include "engine/random.hpp"
#include "protocol/group_apis.hpp"
#include "rpc/network_client.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace brokersim {

/// What the leader of a group decides: the chosen assignor's answer for the members it was told of.
void assign_members(const ConsumerCore& core, const JoinGroupResponse& joined,
                    Assignment& assignment);

/// Kafka's coordinator connection is one of its own: so is `link()` here.
class ConsumerMembership {
public:
    enum class State : std::uint8_t { unjoined, preparing, completing, stable };

    ConsumerMembership(const ConsumerCore& core, std::uint64_t seed, std::string_view name);
    /// A new process: nothing but the random streams is left.
    void restart(const ConsumerCore& core);

    NetworkClient& link() { return link_; }
    State state() const { return state_; }
    Generation generation() const { return generation_; }
    MemberId member() const { return member_; }

    // ---- the coordinator ----
    bool coordinator_known() const { return coordinator_.valid(); }
    MachineId coordinator() const { return coordinator_; }
    /// Asks for the coordinator if that is due. `polling`: the application sits in poll().
    void find(In in, ConsumerCore& core, bool polling, Effects& out);
    void on_found(In in, const FindCoordinatorResponse& response, ConsumerCore& core, Effects& out);
    void on_look_up_lost(In in, ConsumerCore& core);
    Time next_look_up() const { return looking_up_ ? Time::never() : look_up_at_; }
    /// There is somebody new to ask.
    void look_up_soon(Time now) { look_up_at_ = std::min(look_up_at_, now); }
    /// Its connection is gone, or it is no coordinator: requests under way fail.
    void lose_coordinator(In in, Effects& out);
    /// A request to the coordinator may leave now; connects if it has to.
    bool reach(In in, Effects& out);

    // ---- joining ----
    bool rejoin_needed() const { return rejoin_; }
    void request_rejoin() { rejoin_ = true; }
    /// Sends JoinGroup if that is due: the partitions have been given up.
    void join(In in, const ConsumerCore& core, Effects& out);
    Time next_join() const { return joining_ ? Time::never() : join_at_; }
    void on_join(In in, const JoinGroupResponse& response, const ConsumerCore& core, Effects& out);
    /// True: the member is in the generation, `assigned` says what it owns.
    bool on_sync(In in, const SyncGroupResponse& response, const ConsumerCore& core, Effects& out);
    /// JoinGroup or SyncGroup was lost.
    void on_join_lost(In in, const ConsumerCore& core);
    std::vector<PartitionId> assigned;

    /// Another process has this member's place, or the group does not take it: poll() throws.
    bool failed() const { return failed_; }
    void fail() { failed_ = true; }
    /// The group has moved on without this member.
    void reset_generation(bool keep_member);
    /// Dynamic members say good-bye. True: a request is under way.
    bool leave(In in, const ConsumerCore& core, bool poll_timeout, Effects& out);

    // ---- heartbeats, beside the application ----
    /// poll() was called; a heartbeat that is due leaves at once.
    void polled(Time now) { polled_ = now; }
    void beat(In in, ConsumerCore& core, bool polling, Effects& out);
    Time next_beat(const ConsumerCore& core, bool polling) const;
    void on_heartbeat(In in, const HeartbeatResponse& response, Generation sent_in,
                      const ConsumerCore& core, Effects& out);
    void on_heartbeat_lost(In in, const ConsumerCore& core);
    /// Nothing was heard for session.timeout.ms: an answer that comes now comes too late.
    bool session_over(Time now, const ConsumerCore& core) const {
        return beating() && now > after(alive_, core.config.session_timeout);
    }

private:
    bool beating() const {
        return !failed_ && (state_ == State::completing || state_ == State::stable);
    }
    void start_beating(Time now, const ConsumerCore& core);
    void send_sync(In in, const JoinGroupResponse& joined, const ConsumerCore& core, Effects& out);
    /// A refusal of JoinGroup or SyncGroup: what to forget, when to try again.
    void retry_join(In in, Error error, const ConsumerCore& core, Effects& out);
    Duration backoff(std::int32_t attempt, const ConsumerCore& core) {
        return exponential_backoff(attempt, core.config.retry_backoff,
                                   core.config.retry_backoff_max, backoff_);
    }

    NetworkClient link_;
    Stream backoff_;

    MachineId coordinator_;
    bool looking_up_ = false;
    Time look_up_at_;

    State state_ = State::unjoined;
    Generation generation_ = -1;
    MemberId member_ = no_member;
    bool rejoin_ = true;
    bool failed_ = false;
    bool joining_ = false; ///< JoinGroup or SyncGroup is under way
    Time join_at_;

    Time polled_, alive_;   ///< last poll(), last sign of life of the coordinator
    Time beat_at_, looked_; ///< next heartbeat; when the heartbeat thread last looked
    std::int32_t beats_failed_ = 0;
};

} // namespace brokersim
