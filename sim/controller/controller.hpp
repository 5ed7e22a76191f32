// One controller process: the active one decides, the others keep the log. Kafka: QuorumController,
// ClusterControlManager, PeriodicTaskControlManager.
#pragma once

#include "controller/cluster_image.hpp"
#include "controller/decisions.hpp"
#include "controller/kraft/metadata_log.hpp"
#include "controller/liveness.hpp"
#include "engine/random.hpp"
#include "protocol/effects.hpp"
#include "rpc/network_client.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace brokersim {

/// Events are handled one at a time: records are decided against the state in memory, applied to
/// it, and appended; whoever asked is answered when they are committed. Controllers cost no time.
///
/// c1 is the active controller; the others follow its log as voters. Without c1 nothing changes
/// until it is back.
class Controller {
public:
    Controller(MachineId self, const std::string& name, LayoutRef layout,
               const ServerConfig& config, std::uint64_t seed);

    static constexpr std::uint32_t timer_slots = 6;

    /// The settled cluster at the start of the run: `image` is committed up to offset `end`.
    void settle(In in, const ClusterImage& image, Offset end, Effects& out);
    /// The process comes up after a stop or a crash.
    void start(In in, Effects& out);
    void on_message(In in, const Incoming& incoming, Effects& out);
    void on_connected(In in, ConnId conn, Effects& out);
    void on_refused(In in, ConnId conn, Effects& out);
    void on_lost(In in, ConnId conn, Effects& out);
    void on_timer(In in, TimerSlot timer, Effects& out);
    void stop(In, Effects& out) { out.exit(); }
    void crash();

    bool active() const { return active_; }
    /// What is committed, as far as this controller knows.
    const ClusterImage& committed() const { return committed_; }

private:
    enum Timer : std::uint32_t {
        log_timer,
        fence_timer,
        no_op_timer,
        preferred_timer,
        unclean_timer,
        client_timer
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

    void activate(In in, Effects& out);
    void start_clocks(In in, bool settled, Effects& out);
    void append(In in, Records& records, bool at_once, Effects& out);
    void commit(In in, Effects& out);
    void tell(const MetadataRecord& record, Effects& out);
    void answer(const Waiting& waiting, Effects& out);
    void wait(Waiting waiting);
    void rearm(Effects& out);

    void on_registration(In in, const Incoming& incoming, Effects& out);
    void on_heartbeat(In in, const Incoming& incoming, Effects& out);
    void on_alter_partition(In in, const Incoming& incoming, Effects& out);
    void fence_stale(In in, Effects& out);
    bool others_caught_up(MachineId broker, Offset offset) const;

    // standby
    void follow(In in, Effects& out);
    void on_fetched(const FetchMetadataResponse& response);

    MachineId self_;
    LayoutRef layout_;
    ServerConfig config_;
    bool active_ = false;
    std::int32_t epoch_ = 0;
    ClusterImage image_;     ///< with everything decided, committed or not
    ClusterImage committed_; ///< what a restart begins with
    MetadataLog log_;
    Offset told_ = 0; ///< committed records up to here have been told
    Liveness liveness_;
    std::deque<Waiting> waiting_;
    std::vector<Offset> metadata_offset_; ///< of each broker, in its last heartbeat
    std::vector<Offset> shutdown_offset_; ///< of the records that began its controlled shutdown
    Stream phases_;
    NetworkClient client_; ///< standby: to the active controller
    bool fetching_ = false;
    Offset standby_end_ = 0;
    Records records_;
};

} // namespace brokersim
