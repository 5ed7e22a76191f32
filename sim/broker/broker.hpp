// One broker: which request goes where, what metadata does to it, its start and its end. Kafka:
// KafkaApis, BrokerServer, BrokerMetadataPublisher. It holds no protocol rule itself.
#pragma once

#include "broker/controller_orders.hpp"
#include "broker/isr_channel.hpp"
#include "broker/lifecycle.hpp"
#include "broker/metadata_follower.hpp"
#include "broker/partition_views.hpp"
#include "broker/shutdown_request.hpp"
#include "engine/distribution.hpp"
#include "replica/fetchers.hpp"
#include "replica/replica_manager.hpp"
#include "server/request_path.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace brokersim {

/// This broker became, or is no longer, the leader of a partition of __consumer_offsets.
struct CoordinatorTurn {
    PartitionId tp;
    bool leads = false;
    LeaderEpoch epoch = -1;
};

/// The cluster as it is settled at the start of a run.
struct Settled {
    std::vector<PartitionRegistration> partitions;
    std::vector<std::vector<PartitionId>> replicas; ///< by broker: what it has
    std::vector<BrokerView> brokers;
    PartitionViews::Base views;
};

class Broker {
public:
    Broker(MachineId self, const std::string& name, LayoutRef layout, const BrokerSpec& spec,
           std::uint64_t seed);

    static constexpr std::uint32_t timer_slots = 11;

    /// The settled cluster: registered as `epoch`, metadata applied up to `end`.
    void settle(In in, BrokerEpoch epoch, Offset end, const Settled& cluster, Effects& out);
    /// The same in ZooKeeper mode, with `controller` elected as the first.
    void settle(In in, BrokerEpoch epoch, MachineId controller, const Settled& cluster,
                Effects& out);
    /// The process comes up again. `clean`: it was stopped, and its logs need no check.
    void start(In in, std::int32_t incarnation, bool clean, Effects& out);
    /// Takes a message. Returns true if it is a request for another role of this process, a group
    /// coordinator or a controller: the owner has it handled and then calls after_request(), but
    /// for what the process has sent to itself.
    bool on_message(In in, const Incoming& incoming, Effects& out);
    void after_request(In in, Effects& out);
    void on_connected(In in, ConnId conn, Effects& out);
    void on_refused(In in, ConnId conn, Effects& out);
    void on_lost(In in, ConnId conn, Effects& out);
    void on_timer(In in, TimerSlot timer, Effects& out);
    /// Controlled shutdown, then the end of the process.
    void stop(In in, Effects& out);
    /// The process is gone. Logs, checkpoints and the metadata log stay; but for what only memory
    /// held, if the power has failed, and for the logs, if the disk is lost.
    void crash(Time now, DownHow how, Messages& messages);
    /// It had time to close its logs: what they hold is on disk, and with which broker epoch.
    void ended_cleanly() {
        replicas_.flush_all();
        lifecycle_.ended();
    }
    /// The disk takes nothing and gives nothing until it goes on.
    void stall_disk(Time now) { replicas_.disk().stall(now); }
    void disk_goes_on(In in, Effects& out);

    // ---- ZooKeeper mode ----
    /// Logs are loaded: the broker's node may be made.
    bool loaded(Time now) const { return logs_ready_ <= now; }
    /// The node is made. From now on the broker serves.
    void registered(BrokerEpoch epoch, Effects& out);
    /// It has been stopped, and its leaderships are moved: the session may end.
    bool may_leave() const { return shutdown_.state() == ShutdownRequest::State::done; }

    /// Does what this event has made due. The owner calls it last, for every event.
    void run(In in, Effects& out) {
        if (!turned_.empty() || (work_ & isr_work) != 0 || !replicas_.isr_changes.empty())
            [[unlikely]] {
            run_isr(in, out);
        }
        run_requests(in, out);
        if ((work_ & (metadata_work | lifecycle_work)) != 0) [[unlikely]]
            run_control(in, out);
        // The only directory is offline: the process halts (ReplicaManager.handleLogDirFailure).
        if (replicas_.storage_failed()) [[unlikely]]
            out.crash(std::nullopt);
        work_ = 0;
    }

    RequestPath& path() { return path_; }
    ReplicaManager& replicas() { return replicas_; }
    const ReplicaManager& replicas() const { return replicas_; }
    /// Taken by the owner after each event.
    std::vector<CoordinatorTurn> coordinator_turns;
    PartitionView view(PartitionId tp) const { return views_.find(tp); }

private:
    enum Timer : std::uint32_t {
        expiry_timer,
        fetchers_timer,
        lag_timer,
        isr_timer,
        disk_timer,
        disk_done_timer,
        metadata_timer,
        apply_timer,
        lifecycle_timer,
        retention_timer,
        flush_timer
    };
    enum Work : std::uint32_t {
        lifecycle_work = 1,
        metadata_work = 2,
        isr_work = 4,
        fetchers_work = 8,
        requests_work = 16,
        all_work = 31
    };

    /// What a handler makes of a request: it is through with it, or another role of the process has
    /// to see it, or it waits for the disk.
    enum class Handled : std::uint8_t { done, other_role, waits };
    Handled handle(In in, const Incoming& request, Effects& out);
    bool wait(const Incoming& request, Time until, std::uint8_t stage, In in, Effects& out);
    void load_logs(In in, Effects& out);
    Time next_look(Time now) const;
    void arm_housekeeping(Time first_retention, Time first_flush, Effects& out);
    void metadata(In in, const Incoming& request, Effects& out);
    void find_coordinator(In in, const Incoming& request, Effects& out);
    void init_producer_id(In in, const Incoming& request, Effects& out);
    void on_response(In in, const Incoming& response, Effects& out);
    bool on_own_message(In in, const Incoming& incoming, Effects& out);
    void apply_metadata(In in, Effects& out);
    void apply_broker(const MetadataRecord& record);
    void apply_config(In in, const ConfigChange& change, Effects& out);
    void apply_partition_record(In in, const MetadataRecord& record, Effects& out);
    void drop_partition(In in, PartitionId tp, Effects& out);
    void publish(In in, Effects& out);
    void apply_orders(In in, Effects& out);
    void apply_order(In in, const ControllerOrders::Order& order, Effects& out);
    void forget_metadata();
    void settle_replicas(In in, const Settled& cluster, Effects& out);
    bool leads_only_by_name() const;
    void apply_partition(In in, PartitionId tp, const PartitionRegistration& state, Effects& out);
    void turn_fetchers(In in, Effects& out);
    void run_isr(In in, Effects& out);
    void run_requests(In in, Effects& out);
    void run_control(In in, Effects& out);
    void run_zookeeper(In in, Effects& out);
    BrokerEpoch epoch() const { return layout_->zookeeper() ? epoch_ : lifecycle_.epoch(); }
    MachineId controller() const {
        return layout_->zookeeper() ? orders_.controller() : metadata_.leader();
    }
    void arm(Timer timer, Time deadline, Effects& out) {
        // Armed early is as good: the timer finds nothing due and is armed again.
        if (deadline >= armed_[timer]) return;
        armed_[timer] = deadline;
        out.arm(TimerSlot{timer}, deadline);
    }

    MachineId self_;
    LayoutRef layout_;
    ServerConfig config_;
    RequestPath path_;
    ReplicaManager replicas_;
    Fetchers fetchers_;
    Lifecycle lifecycle_;
    MetadataFollower metadata_;
    ControllerOrders orders_;  ///< ZooKeeper mode, instead of the two before
    ShutdownRequest shutdown_; ///< likewise
    BrokerEpoch epoch_ = -1;   ///< likewise
    IsrChannel isr_;
    Stream phases_;
    Sampler start_up_;
    Stream start_ups_;
    Time begins_; ///< the process has come so far that it asks for anything
    /// Requests, and data for followers, that wait for a stalled disk: packet, and the stage in
    /// which they go on.
    std::vector<std::pair<std::uint32_t, std::uint8_t>> stalled_;
    std::int64_t unchecked_ = 0; ///< bytes of the logs that this start has to read
    PartitionViews views_;
    std::map<PartitionId, PartitionRegistration> local_; ///< partitions with a replica here
    std::vector<BrokerView> brokers_;
    bool published_ = false; ///< replicas act on the metadata
    Time logs_ready_;        ///< end of the check after an unclean stop
    bool serving_ = false;
    std::int32_t incarnation_ = 0;
    std::int64_t producer_ids_ = 0;
    std::uint32_t work_ = 0;
    std::vector<MetadataRecord> batch_; ///< scratch: what is applied in one step
    std::vector<std::uint32_t> turned_; ///< replicas whose leader or role is new
    std::array<Time, timer_slots> armed_{};
};

} // namespace brokersim
