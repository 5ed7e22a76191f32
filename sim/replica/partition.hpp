// One replica of a partition: its log, its high watermark, and - while it leads - what it knows of
// the others. Kafka: Partition, Replica, PartitionState.
#pragma once

#include "brokersim/scenario.hpp"
#include "engine/ring.hpp"
#include "log/partition_log.hpp"
#include "protocol/effects.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace brokersim {

/// What a broker's metadata says of another broker: decides who may be in an ISR.
struct BrokerView {
    bool fenced = false;
    bool stopping = false; ///< in controlled shutdown
    BrokerEpoch epoch = -1;
};

/// A committed state of the partition, from the metadata log or an AlterPartition answer.
struct PartitionRegistration {
    MachineId leader; ///< nobody: none
    LeaderEpoch leader_epoch = -1;
    PartitionEpoch partition_epoch = -1;
    bool recovering = false;
    std::vector<MachineId> replicas, isr;
};

/// Before every run: a follower that has never been caught up.
inline constexpr Time long_ago{-(std::int64_t{1} << 60)};

/// What a leader knows of a follower (semantics §2.8).
struct RemoteReplica {
    MachineId broker;
    Offset log_end = -1;       ///< its last fetch offset; -1: not fetched yet
    Offset leader_end = 0;     ///< the leader's log end at its last fetch
    Time fetched = long_ago;   ///< when that was
    Time caught_up = long_ago; ///< when it last had everything the leader had at that time
    BrokerEpoch epoch = -1;    ///< in its last fetch; -1: unknown
    std::int32_t session = -1; ///< the fetch session it reads this partition in
};

class Partition {
public:
    enum class Role : std::uint8_t { none, leader, follower };

    Partition(PartitionId tp, const ServerConfig& config, const TopicConfig& topic)
        : log_(topic), lag_max_(config.replica_lag_time_max),
          checkpoint_interval_(config.replica_high_watermark_checkpoint_interval), tp_(tp),
          min_isr_(topic.min_insync_replicas), log_append_time_(topic.log_append_time) {}

    /// The topic's settings have changed.
    void configure(const TopicConfig& topic) {
        min_isr_ = topic.min_insync_replicas;
        log_append_time_ = topic.log_append_time;
        log_.configure(topic);
    }

    PartitionId tp() const { return tp_; }
    Role role() const { return role_; }
    bool leads() const { return role_ == Role::leader; }
    MachineId leader() const { return state_.leader; }
    LeaderEpoch leader_epoch() const { return state_.leader_epoch; }
    PartitionEpoch partition_epoch() const { return state_.partition_epoch; }
    const PartitionRegistration& state() const { return state_; }
    Offset high_watermark() const { return high_watermark_; }
    /// Where the current leader epoch began, on its leader.
    Offset epoch_start() const { return epoch_start_; }
    const PartitionLog& log() const { return log_; }
    PartitionLog& log() { return log_; }
    std::int32_t effective_min_isr() const {
        return std::min(min_isr_, static_cast<std::int32_t>(state_.replicas.size()));
    }
    bool in_isr(MachineId broker) const {
        return std::find(state_.isr.begin(), state_.isr.end(), broker) != state_.isr.end();
    }
    /// Committed ISR, and whoever is being put forward (PartitionState.maximalIsr).
    bool in_maximal_isr(MachineId broker) const;

    // ---- roles; facts: meta.seen, hw, log.append, log.trunc ----
    /// The metadata gives a new state. Returns true if the leader epoch is new to this replica:
    /// requests parked here must be looked at, fetchers turned (semantics §2.12).
    bool apply(In in, const PartitionRegistration& state, const std::vector<BrokerView>& brokers,
               Effects& out);
    /// The process stops or has lost its disk: only the log stays. `hw`: the checkpoint.
    void restart(Offset checkpoint);

    // ---- leader ----
    /// Stamps epoch and offset and appends. Requires leads().
    /// Returns whether that began a new segment.
    bool append_as_leader(In in, Batch& batch, Effects& out);
    /// A fetch of this follower arrived, at `offset`. Returns true if its log end changed.
    bool follower_fetched(Time now, RemoteReplica& remote, Offset offset, BrokerEpoch epoch);
    /// Before the log end moves: followers that long-poll had everything up to their last fetch.
    void settle_followers(const std::vector<Time>& session_fetched);
    /// Maybe moves the high watermark (Partition.maybeIncrementLeaderHW). True if it moved.
    bool advance_high_watermark(In in, const std::vector<BrokerView>& brokers, Effects& out);
    RemoteReplica* remote(MachineId broker) {
        for (RemoteReplica& r : remotes_) {
            if (r.broker == broker) return &r;
        }
        return nullptr;
    }
    std::vector<RemoteReplica>& remotes() { return remotes_; }

    // ---- ISR (semantics §2.9) ----
    /// May `remote` be put forward for the ISR now?
    bool may_join_isr(const RemoteReplica& remote, const std::vector<BrokerView>& brokers) const;
    /// Members that have not been caught up for longer than replica.lag.time.max.ms.
    bool lagging(Time now, std::vector<MachineId>& members) const;
    bool isr_change_pending() const { return pending_; }
    const std::vector<MachineId>& proposed_isr() const { return proposed_; }
    void propose_isr(std::vector<MachineId> isr) {
        proposed_ = std::move(isr);
        pending_ = true;
    }
    /// The controller refused the change: back to what is committed.
    void revert_isr() { pending_ = false; }
    /// It agreed. Ignored if the metadata has already brought something as new. True if taken.
    bool commit_isr(In in, const PartitionRegistration& state, Effects& out);

    // ---- follower ----
    bool append_as_follower(In in, const Batch& batch, Effects& out);
    /// The leader's high watermark, held within this log; it may go down (semantics §2.7).
    bool follow_high_watermark(In in, Offset leader_hw, Effects& out);
    void truncate(In in, Offset to, TruncWhy why, Effects& out);
    void restart_log_at(In in, Offset at, Effects& out);
    /// The leader's log begins at `leader_start`: so does this one (semantics §2.7).
    void follow_start(In in, Offset leader_start, HeadWhy why, Effects& out) {
        if (leader_start <= log_.start() || leader_start > high_watermark_) return;
        move_start(in, leader_start, why, out);
    }

    // ---- the log alone ----
    /// Old segments go as the topic's settings say; each replica does it for itself. Returns
    /// whether the start of the log has moved.
    bool retain(In in, const TopicConfig& topic, Effects& out);
    /// Why the log starts where it does.
    HeadWhy start_why() const { return start_why_; }
    /// A power cut: only what was durable is left. Returns whether something is missing.
    bool lose_tail();
    /// The device is gone, another takes its place. Returns whether the log had ever been used.
    bool lose_disk();

    /// The replica does not belong here any more: its log is deleted. It may come back, empty.
    void retire(In in, Effects& out);
    bool retired() const { return retired_; }

    /// Value of the high watermark at the last checkpoint before `now` (§2.6).
    Offset checkpoint(Time now) const;

    // ---- who waits here ----
    struct Watcher {
        std::uint32_t session = 0;
        std::uint32_t entry = 0;
    };
    std::vector<Watcher> watchers;       ///< fetch sessions that read this partition
    std::vector<std::uint32_t> produces; ///< parked produce requests, oldest first

private:
    void move_start(In in, Offset to, HeadWhy why, Effects& out);
    void set_high_watermark(In in, Offset hw, Effects& out);
    bool eligible(const RemoteReplica& remote, const std::vector<BrokerView>& brokers) const;
    void become_leader(In in, bool new_epoch, bool led_before);
    void note_append(In in, const Batch& batch, Effects& out) const;

    PartitionLog log_;
    HeadWhy start_why_{};
    Duration lag_max_;
    Duration checkpoint_interval_;
    PartitionId tp_;
    std::int32_t min_isr_ = 1;
    bool log_append_time_ = false;
    bool retired_ = false;
    Role role_ = Role::none;
    PartitionRegistration state_;
    Offset high_watermark_ = 0;
    Offset told_hw_ = -1; ///< last value noted in `told_hw_epoch_`
    LeaderEpoch told_hw_epoch_ = -1;
    Offset epoch_start_ = 0; ///< where the current leader epoch began, while leading
    Offset checkpointed_ = 0;
    std::int64_t checkpoint_tick_ = 0;
    std::vector<RemoteReplica> remotes_;
    bool pending_ = false;
    std::vector<MachineId> proposed_;
};

} // namespace brokersim
