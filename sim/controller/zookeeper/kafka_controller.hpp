// What a broker is in ZooKeeper mode besides a broker: a session with its node, and a controller
// that waits for its turn or has it. Kafka: KafkaController, ControllerEventManager,
// PartitionStateMachine, ReplicaStateMachine (semantics §3.9).
#pragma once

#include "controller/cluster_image.hpp"
#include "controller/decisions.hpp"
#include "controller/zookeeper/broker_senders.hpp"
#include "controller/zookeeper/elections.hpp"
#include "server/request_path.hpp"
#include "zookeeper/client.hpp"

#include <array>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace brokersim {

/// One thread takes events from a queue. An event becomes tasks; a task that asks ZooKeeper keeps
/// the thread until every answer is there, so that nothing else is decided meanwhile, and all of
/// it takes a time linear in partitions.
///
/// It writes partitions only together with a check of the controller epoch: one that has been
/// replaced without noticing cannot write.
class KafkaController {
public:
    static constexpr std::uint32_t timer_slots = 4;

    KafkaController(MachineId self, const std::string& name, LayoutRef layout,
                    const ServerConfig& config, std::uint64_t seed, std::uint32_t first_timer);

    // ---- the process ----
    /// The settled cluster: `image` is what ZooKeeper holds as of `zxid`; `controller` is elected.
    void settle(In in, const ClusterImage& image, MachineId controller, Zxid zxid, Effects& out);
    void start(In in, std::int32_t incarnation);
    /// The broker has nothing more to do: ends the session, and then the process.
    void close(In in, Effects& out);
    void crash();

    /// Its node may be made: logs are loaded.
    void set_ready() { ready_ = true; }
    /// Of its node; -1: it has none.
    BrokerEpoch broker_epoch() const { return broker_epoch_; }
    const ZookeeperClient& client() const { return client_; }
    bool active() const { return active_; }
    std::int32_t epoch() const { return epoch_; }

    // ---- requests of brokers ----
    void on_alter_partition(In in, const Incoming& incoming, RequestPath& path, Effects& out);
    void on_controlled_shutdown(In in, const Incoming& incoming, RequestPath& path, Effects& out);
    /// An operator wants `to` to lead `tp`.
    void move_leader(PartitionId tp, MachineId to, Effects& out);

    // ---- events ----
    bool owns(ConnId conn, Effects& out) const;
    /// Answers to what this role has sent.
    bool takes(const Incoming& incoming, Effects& out) const;
    void on_response(In in, const Incoming& incoming, Effects& out);
    void on_connected(In in, ConnId conn, Effects& out);
    void on_refused(In in, ConnId conn, Effects& out);
    void on_lost(In in, ConnId conn, Effects& out);
    void on_timer(In in, TimerSlot timer, Effects& out);
    /// Does what the event has made due; the last call for every event.
    void run(In in, RequestPath& path, Effects& out);

private:
    enum Timer : std::uint32_t { client_timer, senders_timer, thread_timer, balance_timer };
    /// A request that waits for the controller's thread.
    struct Asked {
        bool own = false; ///< by this very broker
        RequestRef ref;
        AlterPartitionRequest alter;
        MachineId broker;
        BrokerEpoch broker_epoch = -1;
        AlterPartitionResponse answer;
        std::int32_t remaining = 0; ///< controlled shutdown: partitions that it still leads
    };
    struct Task {
        enum class Kind : std::uint8_t {
            register_node, ///< of this broker
            elect,
            read_brokers,
            reload,
            renew,          ///< leaders of `partitions` begin a new epoch
            take_over,      ///< what a new controller tells everybody
            elect_leaders,  ///< of `partitions`, by `election`
            elect_offline,  ///< of all whose leader is gone
            leave_isrs,     ///< `broker` leaves the ISRs of `partitions`; none given: of all
            reorder,        ///< `broker` becomes the preferred replica of `partitions`
            begin_shutdown, ///< of the broker that has asked for it
            alter,
            answer_shutdown,
            balance,
        };
        Kind kind{};
        std::vector<PartitionId> partitions = {};
        MachineId broker = {};
        ZkElection election = ZkElection::offline;
        PartWhy why = PartWhy::fenced;
        std::shared_ptr<Asked> asked = {};
        Cause cause = {};
    };

    // kafka_controller.cpp
    TimerSlot slot(Timer timer) const { return TimerSlot{first_timer_ + timer}; }
    void arm(Timer timer, Time deadline, Effects& out);
    void take_events(In in, Effects& out);
    void expired(In in, Effects& out);
    void resign(In in, std::string_view why, Effects& out);
    void drop_tasks();
    void queue(Task task) { tasks_.push_back(std::move(task)); }
    /// The task at work is over, and `next` come before all others.
    void finish(std::vector<Task> next = {});
    void step(In in, Effects& out);
    void begin(In in, Effects& out);
    void advance(In in, Effects& out);
    void ask(std::vector<ZkOperation> operations, Effects& out);
    void ask_one(ZkOperation::Kind kind, ZnodePath path, bool watch, Effects& out);
    void busy(In in, std::size_t partitions);
    void answer(In in, RequestPath& path, Effects& out);
    void node_made(In in);
    void election(In in, Effects& out);
    void won(const Znode& epoch, Effects& out);

    // broker_changes.cpp
    void brokers_read(Effects& out, In in);
    void broker_gone(In in, MachineId broker, std::vector<Task>& tasks, Effects& out);
    void broker_came(MachineId broker, const Znode& node, Effects& out);
    void tell(MachineId broker, BrokerState state, std::string_view why, Effects& out) const;
    void reloaded();
    void take_over(In in, Effects& out);
    void begin_shutdown(Effects& out);
    void answer_shutdown();
    void balance(In in, Effects& out);
    void send(Effects& out);
    bool online(std::int32_t broker) const { return image_.broker(MachineId(broker)).active(); }
    /// In the cluster, maybe on its way out of it.
    bool present(MachineId broker) const {
        return image_.broker(broker).registered && !image_.broker(broker).fenced;
    }

    // partition_changes.cpp
    void begin_changes(Effects& out);
    std::vector<PartitionId> partitions_of(const Task& task) const;
    void ask_states(const std::vector<PartitionId>& partitions, Effects& out);
    void take_states();
    void decide_changes(Effects& out);
    std::optional<PartitionChange> decide(PartitionId tp) const;
    void write(const MetadataRecord& record, PartitionEpoch version, Effects& out);
    void changes_written(In in, Effects& out);
    void begin_alter(Effects& out);
    void altered(In in, Effects& out);
    void add_answer(Asked& asked, PartitionId tp, Error error) const;
    enum class Written : std::uint8_t { done, overtaken, replaced };
    Written take_written(std::size_t k);
    void order(MachineId broker, PartitionId tp, std::uint64_t cause = 0);
    void order_changed(PartitionId tp, std::uint64_t cause);

    MachineId self_;
    LayoutRef layout_;
    ServerConfig config_;
    std::uint32_t first_timer_;
    ZookeeperClient client_;
    BrokerSenders senders_;
    Stream phases_;

    // The broker's node.
    std::int32_t incarnation_ = 0;
    bool ready_ = false;
    bool open_ = false; ///< the session
    bool registering_ = false;
    bool closing_ = false;
    bool failed_ = false; ///< its node exists already: the process cannot go on
    BrokerEpoch broker_epoch_ = -1;

    // The controller.
    bool active_ = false;
    std::int32_t epoch_ = 0;         ///< while active
    std::int32_t epoch_version_ = 0; ///< of its node, when this one was elected
    ClusterImage image_;
    bool loaded_ = false;    ///< with partitions
    std::deque<Task> tasks_; ///< the first is at work if working_
    bool working_ = false;
    std::int32_t stage_ = 0;
    std::uint64_t tokens_ = 0, first_token_ = 1;
    std::size_t outstanding_ = 0;
    std::vector<ZookeeperClient::Reply> replies_;
    std::vector<MetadataRecord> writing_; ///< by token
    std::vector<PartitionId> again_;      ///< somebody else has written them: read once more
    Time busy_until_;
    std::array<Time, timer_slots> armed_{};
    std::vector<std::shared_ptr<Asked>> done_; ///< answers to be sent

    // Gathered for the brokers.
    std::map<MachineId, PartitionOrders> orders_;
    std::map<MachineId, std::vector<PartitionId>> stops_;
    std::vector<PartitionId> updates_;
    std::vector<MachineId> full_for_; ///< who has to hear of all partitions
    bool update_all_ = false;         ///< everybody hears who lives, even without a partition
};

} // namespace brokersim
