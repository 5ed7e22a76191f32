// One controller process: the leader of the quorum decides, the others keep the log. Kafka:
// QuorumController, ClusterControlManager, PeriodicTaskControlManager.
#pragma once

#include "controller/cluster_image.hpp"
#include "controller/decisions.hpp"
#include "controller/kraft/raft.hpp"
#include "controller/liveness.hpp"
#include "engine/random.hpp"
#include "protocol/effects.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace brokersim {

/// Events are handled one at a time: records are decided against the state in memory, applied to
/// it, and appended; whoever asked is answered when they are committed. Controllers cost no time.
///
/// The leader of the quorum is the active controller once the record by which it began is
/// committed. When it learns that it no longer is, whoever waits is sent away.
class Controller {
public:
    Controller(MachineId self, const std::string& name, LayoutRef layout,
               const ServerConfig& config, std::uint64_t seed);

    static constexpr std::uint32_t timer_slots = 5;

    /// The settled cluster at the start of the run: `image` is committed up to offset `end`.
    void settle(In in, const ClusterImage& image, Offset end, Effects& out);
    /// The process comes up after a stop or a crash.
    void start(In in, Effects& out);
    void on_message(In in, const Incoming& incoming, Effects& out);
    void on_connected(In in, ConnId conn, Effects& out);
    void on_refused(In in, ConnId conn, Effects& out);
    void on_lost(In in, ConnId conn, Effects& out);
    void on_timer(In in, TimerSlot timer, Effects& out);
    void stop(In in, Effects& out);
    void crash();
    /// An operator wants `to` to lead `tp`. Nothing happens where the controller is not active.
    void move_leader(In in, PartitionId tp, MachineId to, Effects& out);
    /// And other replicas for `tp`; an empty list cancels that.
    void reassign(In in, PartitionId tp, const BrokerList& target, Effects& out);
    /// And other settings.
    void set_config(In in, std::shared_ptr<const ConfigChange> change, Effects& out);
    /// The cluster starts cold: the active controller creates these partitions as soon as all
    /// brokers that belong to the start are unfenced.
    void create_when_formed(std::shared_ptr<const std::vector<BrokerList>> assignment) {
        to_create_ = std::move(assignment);
    }
    /// What the settled cluster was made of, for brokers that come later. Requires settle().
    void keep_history(const Records& records) { raft_.keep_history(records); }
    /// There is no room on the disk of the metadata log for anything more.
    void fill_disk(bool full) { disk_full_ = full; }

    bool active() const { return active_; }
    MachineId machine() const { return self_; }
    const Raft& raft() const { return raft_; }
    /// What is committed, as far as this controller knows.
    const ClusterImage& committed() const { return committed_; }
    /// And up to where in the log.
    Offset applied() const { return applied_; }

private:
    enum Timer : std::uint32_t {
        raft_timer,
        fence_timer,
        no_op_timer,
        preferred_timer,
        unclean_timer
    };
    /// Somebody who is told when the log is committed up to `offset`.
    struct Waiting {
        Offset offset = 0;
        ConnId conn;
        Cause cause;
        Api api{};
        BrokerRegistrationResponse registration;
        BrokerHeartbeatResponse heartbeat;
        AlterPartitionResponse alter;
    };

    void after_event(In in, Effects& out);
    void tell_log(Effects& out);
    void activate(In in, Effects& out);
    void renounce(Effects& out);
    void start_clocks(In in, bool settled, Effects& out);
    void stop_clocks(Effects& out);
    void schedule_by_state(In in, Effects& out);
    void elect(In in, Timer timer, Effects& out);
    Duration interval(Timer timer) const;
    void append(In in, Records& records, Effects& out);
    void commit(Effects& out);
    void tell(const MetadataRecord& record, Effects& out);
    void tell_config(const ConfigChange& change, Effects& out) const;
    void answer(const Waiting& waiting, Effects& out);
    void wait(Waiting waiting);
    template <class Response>
    bool serves(const Incoming& incoming, Effects& out);

    void on_registration(In in, const Incoming& incoming, Effects& out);
    void on_heartbeat(In in, const Incoming& incoming, Effects& out);
    void on_alter_partition(In in, const Incoming& incoming, Effects& out);
    void hear_of(In in, MachineId broker);
    void fence_stale(In in, Effects& out);
    bool others_caught_up(MachineId broker, Offset offset) const;
    void create_topics(In in, Effects& out);

    MachineId self_;
    LayoutRef layout_;
    ServerConfig config_;
    Raft raft_;
    bool active_ = false;
    QuorumEpoch claimed_ = 0; ///< active: leader of this epoch
    ClusterImage image_;      ///< active: with everything decided, committed or not
    ClusterImage committed_;
    Offset applied_ = 0;                                       ///< to `committed_`
    std::shared_ptr<const std::vector<BrokerList>> to_create_; ///< null: nothing
    bool disk_full_ = false;
    Offset told_end_ = -1, told_hw_ = -1; ///< of the log, in the last fact about it
    Liveness liveness_;
    std::deque<Waiting> waiting_;
    std::vector<Offset> metadata_offset_; ///< of each broker, in its last heartbeat
    std::vector<Offset> shutdown_offset_; ///< of the records that began its controlled shutdown
    /// 3.9: when what waits for a state of the cluster, not for a clock, is due.
    Time fence_at_ = Time::never();
    bool preferred_due_ = false, unclean_due_ = false;
    Stream phases_;
    Records records_;
};

} // namespace brokersim
