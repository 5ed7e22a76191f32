// The world: machines, the clock, and the one loop that hands events to handlers and carries out
// what they want. It holds no protocol rule.
#pragma once

#include "client/consumer.hpp"
#include "client/producer.hpp"
#include "cluster/broker_process.hpp"
#include "cluster/layout_of.hpp"
#include "cluster/role_sink.hpp"
#include "controller/controller.hpp"
#include "controller/decisions.hpp"
#include "engine/distribution.hpp"
#include "engine/loop.hpp"
#include "engine/timer_table.hpp"
#include "net/network.hpp"
#include "protocol/effects.hpp"
#include "zookeeper/server.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace brokersim {

/// What is going to happen by itself: starts and ends of processes, faults.
struct ScriptEntry {
    enum class Kind : std::uint8_t {
        start_machine, ///< unless something keeps it down
        stop_machine,
        restart_machine, ///< it has crashed
        fault_begin,
        fault_step, ///< rolling_restart: the next one
        fault_end
    };
    Kind kind{};
    MachineId machine;        ///< the first three
    std::uint32_t number = 0; ///< fault_begin: the fault; fault_step, fault_end: its occurrence
};

/// A fault of the scenario.
struct FaultPlan {
    FaultSpec spec;
    Stream choices; ///< for `random:`
    Stream times;   ///< for `rate`
    std::optional<Sampler> gap;
    std::int64_t begun = 0;
    MachineId first_broker = {}; ///< add_broker: the machines that it starts begin here
};

/// A fault that waits for a state of the cluster, as ids.
struct AwaitedState {
    StateSpec::Kind kind{};
    PartitionId tp;
    MachineId who;
    GroupId group;
    std::vector<std::uint32_t> producers; ///< acked: of these
    std::int64_t value = 0;
    std::int32_t epoch = 0; ///< elected: of the leader at the start
    /// lag_above: where its members were last seen, by partition of its topics; -1: not yet.
    std::vector<Offset> positions = {};
};
struct WaitingFault {
    std::uint32_t fault = 0;
    std::vector<AwaitedState> states; ///< all of them have to hold
};

/// A fault that has begun, for as long as it is not over.
struct Occurrence {
    std::uint32_t fault = 0;
    std::vector<MachineId> targets; ///< as told
    std::vector<MachineId> held;    ///< of them: down, frozen or slow by it
    std::vector<std::pair<MachineId, MachineId>> cuts;
    bool waiting_exit = false; ///< `stop`, `restart`: until the process has ended
    std::size_t rolled = 0;    ///< rolling_restart: so many have had their turn
    Cause cause;               ///< its begin
};

/// What a set_config has changed, as long as it is not lifted.
struct ConfigInForce {
    std::uint32_t number = 0, fault = 0;
    std::vector<MachineId> targets;
};

/// The machines of a consumer group; more than it has at first, if it is to grow.
struct GroupPlan {
    std::size_t first = 0, count = 0; ///< among the consumers
    std::int32_t size = 0;            ///< members that are meant to run
    std::int32_t usual_size = 0;      ///< without faults that end
};

/// A plain value but for its Effects, which point into it: copying makes new ones.
class World {
public:
    World(const Scenario& scenario, std::uint64_t seed, const Plan& plan);
    World(const World& other);
    World& operator=(const World&) = delete;

    /// Notes the settled cluster and writes the script (build.cpp).
    void settle(const Scenario& scenario, FactSink* sink);

    /// Handles events up to `until`, at most `budget`. Facts go to `sink`.
    LoopEnd run(Time until, std::uint64_t budget, FactSink* sink);
    /// The duration is over: producers send no new records.
    void end_load(FactSink* sink);
    /// Every fault is lifted, also those without `for`.
    void heal_all(FactSink* sink);
    /// Nothing is pending: every record has its outcome and is read, every ISR full, no fault
    /// holds.
    bool quiet() const;

    /// Events of one instant happen in an order drawn from `stream`: for tests that search for a
    /// dependence on the order of ties.
    void shuffle_ties(const Stream& stream) { loop_.shuffle_ties(stream); }

    /// Time stands still: notes a violation that names who is busy with what.
    void report_livelock(FactSink* sink);

    std::uint64_t events() const { return loop_.events(); }
    Time now() const { return now_; }
    /// The clock goes to `t` although nothing happens there.
    void pass_to(Time t) { now_ = std::max(now_, t); }

    // For the loop.
    void handle(Time now, Event event);
    void prefetch(Event event) const;

private:
    enum class Kind : std::uint8_t { broker, controller, zookeeper, producer, consumer };
    /// Something that reached a frozen process and waits for it to wake.
    struct Stashed {
        enum class What : std::uint8_t {
            message,
            connected,
            refused,
            lost,
            timer,
            stop,
            disk ///< it goes on
        } what{};
        std::uint32_t handle = 0; ///< packet, timer slot
        ConnId conn;
        Cause cause;
    };
    struct Machine {
        Kind kind{};
        std::uint32_t index = 0; ///< among its kind
        std::int32_t incarnation = 0;
        Time starts, stops = Time::never(); ///< the scenario has it run in between
        bool up = false, paused = false;
        bool stopping = false;                        ///< a clean end has been asked for
        bool stopped_clean = false;                   ///< how it last ended
        bool start_again = false;                     ///< `restart`: as soon as it has ended
        Time restarts = Time::never();                ///< it has crashed: starts again then
        std::int32_t down_holds = 0, pause_holds = 0; ///< faults that keep it so
        std::int32_t power_holds = 0;                 ///< faults that keep it without power
        Duration skew{};                              ///< of its wall clock
        std::int32_t full_holds = 0;                  ///< faults that fill its disk
        bool out_of_disk = false;                     ///< it has ended because of that
        std::uint32_t first_timer = 0, timers = 0;
        std::vector<Stashed> stash;
    };

    template <class Call>
    void with_actor(Machine& machine, Call call);
    template <class Call>
    void run_handler(MachineId id, Cause cause, Call call);
    void dispatch(Event event);
    void carry_out(Machine& machine, MachineId id);
    void deliver(Wire& wire, std::uint32_t packet);
    void give_message(Machine& machine, MachineId id, std::uint32_t packet);
    void give(MachineId id, const Stashed& what);
    void pop_timer(std::uint32_t timer);
    void deferred(std::uint32_t packet);
    void script(const ScriptEntry& entry);
    Wire wire() { return Wire{now_, messages_.packets, loop_.queue(), sink_}; }
    template <class F>
    Cause note(Cause cause, const F& fact) {
        return sink_ == nullptr ? cause : sink_->tell(now_, cause, fact);
    }
    void at(Time time, ScriptEntry entry);
    In in_at(MachineId id) const { return In{now_, id, machines_[id.index()].skew}; }
    void free_dead();
    Records first_records() const;
    void settle_kraft(const Records& records);
    void settle_zookeeper(const Records& records);
    DataTree settled_tree(const Records& records, const ClusterImage& image);
    void plan_later_brokers();
    void add_controllers(const Scenario& scenario, std::uint64_t seed);
    void add_clients(const Scenario& scenario, std::uint64_t seed);
    void add_faults(const Scenario& scenario, std::uint64_t seed);
    void start_settled();
    void start_cold();
    void write_script(const Scenario& scenario);
    bool groups_caught_up() const;

    // machines.cpp
    void add_machine(Kind kind, std::uint32_t index, std::uint32_t timers);
    void start_machine(MachineId id, Cause cause);
    void stop_machine(MachineId id, Cause cause);
    void kill_machine(MachineId id, Cause cause);
    void end_process(MachineId id, DownHow how, Cause cause);
    void drop_message(std::uint32_t packet);
    void miss(MachineId id, const Stashed& what);
    void pause_machine(MachineId id, Cause cause);
    void resume_machine(MachineId id, Cause cause);
    void lose_power(MachineId id, Cause cause);
    void lose_disk(MachineId id, Cause cause);
    void bring_up(MachineId id, Cause cause);
    bool meant_to_run(const Machine& machine) const;
    void cut_link(MachineId from, MachineId to, Cause cause);
    void heal_link(MachineId from, MachineId to, Cause cause);

    // roles.cpp
    void watch(FactSink* sink);
    /// The controller in the process of a broker; nobody: it has none.
    MachineId role_of(MachineId id) const;
    /// The machine that a role belongs to; any other is its own.
    MachineId process_of(MachineId id) const;
    void start_role(MachineId id, Cause cause);
    bool stop_role(MachineId id, Cause cause);
    void end_role(MachineId id, bool power, Cause cause);
    void resume_role(MachineId id, Cause cause);
    void power_on(MachineId id);
    void speed_up(MachineId id, std::uint32_t by);
    template <class Call>
    void for_roles(MachineId from, MachineId to, Call call);

    // targets.cpp
    void resolve(const TargetSpec& target, Stream& choices, std::vector<MachineId>& who) const;
    std::vector<MachineId> producers_named(const std::string& name) const;
    MachineId machine_named(const std::string& name) const;
    Controller& controller_of(MachineId id) { return controllers_[machines_[id.index()].index]; }
    PartitionId partition_named(const TargetSpec& target) const;

    // committed.cpp
    /// What is decided of a partition, by whoever knows most.
    struct Decided {
        MachineId leader;
        LeaderEpoch epoch = -1;
        std::size_t in_sync = 0, replicas = 0;
    };
    Decided decided(PartitionId tp) const;
    PartitionState state_of(PartitionId tp) const;
    const Controller& informed() const;
    const DataTree& ensemble() const;
    MachineId active_controller() const;
    std::int32_t controller_epoch() const;
    MachineId leader_of(PartitionId tp) const { return decided(tp).leader; }

    // faults.cpp
    void begin_fault(std::uint32_t fault);
    void schedule_followers(std::uint32_t fault);
    void choose_targets(FaultPlan& plan, Occurrence& o);
    void end_fault(std::uint32_t number);
    void over(std::uint32_t number, Cause cause);
    void process_ended(MachineId id);
    bool lasting(const FaultSpec& spec) const;
    std::vector<MachineId> group_machines(const std::string& name) const;
    const FaultSpec& spec_of(const Occurrence& o) const { return faults_[o.fault].spec; }
    void fault_at(Time time, std::uint32_t fault);

    // fault_states.cpp
    void await(std::uint32_t fault);
    void look_at_states();
    bool holds(AwaitedState& state) const;
    bool elected(const AwaitedState& state) const;
    std::int64_t lag_of(AwaitedState& state) const;

    // fault_actions.cpp
    void hold(std::uint32_t number, Occurrence& o, Cause cause);
    void hold_down(Occurrence& o, Cause cause);
    void restart(Occurrence& o, Cause cause);
    void roll(std::uint32_t number, Cause cause);
    void rolled(std::uint32_t number, const Occurrence& o);
    bool swallows(MachineId to, std::uint32_t packet);
    void disk_goes_on(MachineId id, Cause cause);
    void move_leader(const Occurrence& o, Cause cause);
    /// An operator's tool asks the active controller; one that is frozen does not answer.
    template <class Call>
    void ask_controller(Cause cause, Call call);
    void fill_disks(const Occurrence& o, bool full, Cause cause);
    void skew_clocks(const Occurrence& o, Duration by);
    void add_broker(Occurrence& o, Cause cause);

    // fault_config.cpp
    void change_config(const FaultSpec& spec, const std::vector<MachineId>& targets, bool lift,
                       Cause cause);
    void configure_client(MachineId id, const FaultSpec& spec, bool lift, Cause cause);
    void set_config(std::uint32_t number, const Occurrence& o, Cause cause);
    void lift_config(std::uint32_t number, const Occurrence& o, Cause cause);
    void reassign(const Occurrence& o, bool cancel, Cause cause);
    void free_from(MachineId id, bool frozen, Cause cause);
    void release(std::uint32_t number, Occurrence& o, Cause cause);
    void release_down(const Occurrence& o, Cause cause);
    void cut_around(Occurrence& o) const;
    void cut_between(Occurrence& o, const std::vector<std::vector<MachineId>>& groups) const;
    void heal_cuts(const Occurrence& heal, Cause cause);
    void slow_network(std::uint32_t number, const Occurrence& o);
    void slow_brokers(std::uint32_t number, const Occurrence& o);
    void hurry_brokers(std::uint32_t number, const Occurrence& o, Cause cause);
    void set_rates(const Occurrence& o, Cause cause);
    void resize(GroupId group, std::int32_t size, Cause cause);
    std::int32_t size_wanted(GroupId group) const;

    LayoutRef layout_;
    std::vector<std::string> names_;
    Loop<Event> loop_;
    Time now_;
    TimerTable timers_;
    std::vector<std::uint32_t> timer_owner_; ///< machine of each timer
    Messages messages_;
    Contents contents_;
    Network network_;
    std::vector<Machine> machines_;
    std::vector<BrokerProcess> brokers_;
    std::vector<Controller> controllers_;
    std::vector<ZookeeperServer> servers_;
    std::vector<Producer> producers_;
    std::vector<Consumer> consumers_;
    std::vector<GroupId> consumer_group_;     ///< by consumer
    std::vector<MachineId> consumer_machine_; ///< by consumer
    std::vector<std::vector<TopicId>> group_topics_;
    std::vector<std::vector<std::int32_t>> assignment_; ///< of partitions, at t = 0
    std::vector<ScriptEntry> script_;
    std::vector<FaultPlan> faults_;
    std::map<std::uint32_t, Occurrence> active_; ///< by number
    std::uint32_t occurrences_ = 0;
    std::vector<WaitingFault> waiting_;
    std::int32_t droppers_ = 0; ///< faults that drop requests
    /// Connections stuck behind a request that was dropped, at the machine that dropped it.
    std::vector<std::pair<ConnId, MachineId>> stuck_;
    std::vector<ConfigInForce> configs_;
    std::vector<GroupPlan> groups_;
    std::vector<std::optional<Rate>> usual_rates_; ///< of producers, if set for good
    Time last_begin_;                              ///< no fault begins later
    std::vector<std::uint32_t> dead_;
    Event last_; ///< the event being handled, for report_livelock()
    FactSink* sink_ = nullptr;
    RoleSink role_sink_;
    Effects out_;
};

/// Links of roles that go the way of `from` to `to`.
template <class Call>
void World::for_roles(MachineId from, MachineId to, Call call) {
    const MachineId a = role_of(from);
    const MachineId b = role_of(to);
    if (a.valid()) call(a, to);
    if (b.valid()) call(from, b);
    if (a.valid() && b.valid()) call(a, b);
}

template <class Call>
void World::ask_controller(Cause cause, Call call) {
    const MachineId active = active_controller();
    if (!active.valid()) return;
    const Machine& machine = machines_[active.index()];
    if (!machine.up || machine.paused) return;
    out_.begin(in_at(active), cause, sink_);
    call(controller_of(active), in_at(active));
    carry_out(machines_[active.index()], active);
}

template <class Call>
void World::with_actor(Machine& machine, Call call) {
    switch (machine.kind) {
    case Kind::broker: call(brokers_[machine.index]); return;
    case Kind::controller: call(controllers_[machine.index]); return;
    case Kind::zookeeper: call(servers_[machine.index]); return;
    case Kind::producer: call(producers_[machine.index]); return;
    case Kind::consumer: call(consumers_[machine.index]); return;
    }
}

template <class Call>
void World::run_handler(MachineId id, Cause cause, Call call) {
    out_.begin(in_at(id), cause, sink_);
    Machine& machine = machines_[id.index()];
    with_actor(machine, [&](auto& actor) { call(actor, in_at(id)); });
    carry_out(machine, id);
}

} // namespace brokersim
