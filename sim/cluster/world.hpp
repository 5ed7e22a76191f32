// The world: machines, the clock, and the one loop that hands events to handlers and carries out
// what they want. It holds no protocol rule.
#pragma once

#include "client/consumer.hpp"
#include "client/producer.hpp"
#include "cluster/broker_process.hpp"
#include "cluster/layout_of.hpp"
#include "controller/controller.hpp"
#include "controller/decisions.hpp"
#include "engine/loop.hpp"
#include "engine/timer_table.hpp"
#include "net/network.hpp"
#include "protocol/effects.hpp"

#include <cstdint>
#include <vector>

namespace brokersim {

/// What is going to happen by itself: starts and ends of processes, faults.
struct ScriptEntry {
    enum class Kind : std::uint8_t {
        start_machine,
        stop_machine,
        restart_machine, ///< it has crashed
        fault_begin,
        fault_end
    };
    Kind kind{};
    MachineId machine;       ///< start_machine, stop_machine
    std::uint32_t fault = 0; ///< fault_begin, fault_end
};

/// A fault while it holds something.
struct FaultState {
    FaultSpec spec;
    std::vector<MachineId> targets;
    std::vector<std::pair<MachineId, MachineId>> cuts;
    bool active = false;
    bool waiting_exit = false; ///< `stop`, `restart`: until the process has ended
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
    enum class Kind : std::uint8_t { broker, controller, producer, consumer };
    /// Something that reached a frozen process and waits for it to wake.
    struct Stashed {
        enum class What : std::uint8_t { message, connected, refused, lost, timer, stop } what{};
        std::uint32_t handle = 0; ///< packet, timer slot
        ConnId conn;
        Cause cause;
    };
    struct Machine {
        Kind kind{};
        std::uint32_t index = 0; ///< among its kind
        std::int32_t incarnation = 0;
        bool up = false, paused = false;
        bool stopping = false;                        ///< a clean end has been asked for
        bool stopped_clean = false;                   ///< how it last ended
        bool start_again = false;                     ///< `restart`: as soon as it has ended
        Time restarts = Time::never();                ///< it has crashed: starts again then
        std::int32_t down_holds = 0, pause_holds = 0; ///< faults that keep it so
        std::uint32_t first_timer = 0, timers = 0;
        std::vector<Stashed> stash;
    };

    template <class Call>
    void with_actor(Machine& machine, Call call);
    template <class Call>
    void run_handler(MachineId id, Cause cause, Call call);
    void carry_out(MachineId id);
    void deliver(std::uint32_t packet);
    void give_message(MachineId id, std::uint32_t packet, Cause cause);
    void give(MachineId id, const Stashed& what);
    void pop_timer(std::uint32_t timer);
    void deferred(std::uint32_t packet);
    void script(const ScriptEntry& entry);
    Wire wire() { return Wire{now_, messages_.packets, loop_.queue(), sink_}; }
    template <class F>
    Cause note(Cause cause, const F& fact) {
        return sink_ == nullptr ? cause : sink_->note(now_, cause, FactRef{F::kind, &fact});
    }
    void at(Time time, ScriptEntry entry);
    void free_dead();
    Records first_records() const;
    void write_script(const Scenario& scenario);
    bool groups_caught_up() const;

    // machines.cpp
    void add_machine(Kind kind, std::uint32_t index, std::uint32_t timers);
    void start_machine(MachineId id, Cause cause);
    void stop_machine(MachineId id, Cause cause);
    void kill_machine(MachineId id, Cause cause);
    void end_process(MachineId id, DownHow how, Cause cause);
    void drop_message(std::uint32_t packet);
    void pause_machine(MachineId id, Cause cause);
    void resume_machine(MachineId id, Cause cause);
    void cut_link(MachineId from, MachineId to, Cause cause);
    void heal_link(MachineId from, MachineId to, Cause cause);

    // faults.cpp
    void begin_fault(std::uint32_t fault);
    void end_fault(std::uint32_t fault);
    void hold(FaultState& state, Cause cause);
    std::vector<std::pair<MachineId, MachineId>>
    cuts_around(const std::vector<MachineId>& targets) const;
    void release(FaultState& state, Cause cause);
    void process_ended(MachineId id, Cause cause);
    void heal_cuts(const FaultState& state, Cause cause);
    std::vector<MachineId> resolve(const TargetSpec& target);
    MachineId machine_named(const std::string& name) const;
    MachineId leader_of(PartitionId tp) const;
    PartitionId partition_named(const TargetSpec& target) const;

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
    std::vector<Producer> producers_;
    std::vector<Consumer> consumers_;
    std::vector<GroupId> consumer_group_;     ///< by consumer
    std::vector<MachineId> consumer_machine_; ///< by consumer
    std::vector<std::vector<TopicId>> group_topics_;
    std::vector<std::vector<std::int32_t>> assignment_; ///< of partitions, at t = 0
    std::vector<ScriptEntry> script_;
    std::vector<FaultState> faults_;
    Stream choices_;
    std::vector<std::uint32_t> dead_;
    Event last_; ///< the event being handled, for report_livelock()
    FactSink* sink_ = nullptr;
    Effects out_;
};

template <class Call>
void World::with_actor(Machine& machine, Call call) {
    switch (machine.kind) {
    case Kind::broker: call(brokers_[machine.index]); return;
    case Kind::controller: call(controllers_[machine.index]); return;
    case Kind::producer: call(producers_[machine.index]); return;
    case Kind::consumer: call(consumers_[machine.index]); return;
    }
}

template <class Call>
void World::run_handler(MachineId id, Cause cause, Call call) {
    out_.begin(In{now_, id}, cause, sink_);
    with_actor(machines_[id.index()], [&](auto& actor) { call(actor, In{now_, id}); });
    carry_out(id);
}

} // namespace brokersim
