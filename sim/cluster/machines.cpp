// Processes come and go: start, clean stop, kill, freeze; links are cut and healed.
#include "cluster/world.hpp"
#include "engine/assert.hpp"

#include <algorithm>
#include <type_traits>

namespace brokersim {

void World::add_machine(Kind kind, std::uint32_t index, std::uint32_t timers) {
    Machine machine;
    machine.kind = kind;
    machine.index = index;
    machine.first_timer = static_cast<std::uint32_t>(timers_.size());
    machine.timers = timers;
    for (std::uint32_t k = 0; k < timers; ++k) {
        timers_.add();
        timer_owner_.push_back(static_cast<std::uint32_t>(machines_.size()));
    }
    machines_.push_back(std::move(machine));
}

void World::start_machine(MachineId id, Cause cause) {
    Machine& machine = machines_[id.index()];
    if (machine.up || machine.starts == Time::never()) return;
    if (machine.full_holds > 0) { // Its logs cannot be opened: it ends as it starts.
        machine.out_of_disk = true;
        return;
    }
    machine.restarts = Time::never();
    const bool clean = machine.stopped_clean;
    machine.up = true;
    machine.paused = machine.stopping = false;
    ++machine.incarnation;
    network_.power_on(id);
    network_.set_up(id, true);
    cause = note(cause, NodeUp{id, machine.incarnation});
    start_role(id, cause);
    const std::int32_t incarnation = machine.incarnation;
    run_handler(id, cause, [&](auto& actor, In in) {
        if constexpr (std::is_same_v<std::decay_t<decltype(actor)>, BrokerProcess>) {
            actor.start(in, incarnation, clean, out_);
        } else {
            actor.start(in, out_);
        }
    });
}

void World::stop_machine(MachineId id, Cause cause) {
    Machine& machine = machines_[id.index()];
    machine.restarts = Time::never();
    if (!machine.up || machine.stopping) return;
    machine.stopping = true;
    if (machine.paused) { // A frozen process gets the signal when it wakes.
        machine.stash.push_back({Stashed::What::stop, 0, {}, cause});
        return;
    }
    run_handler(id, cause, [&](auto& actor, In in) { actor.stop(in, out_); });
}

void World::kill_machine(MachineId id, Cause cause) {
    if (machines_[id.index()].up) end_process(id, DownHow::kill, cause);
}

void World::end_process(MachineId id, DownHow how, Cause cause) {
    Machine& machine = machines_[id.index()];
    BS_ASSERT(machine.up);
    cause = note(cause, NodeDown{id, machine.incarnation, how});
    Wire w = wire();
    const bool power = how == DownHow::power;
    if (power) {
        network_.power_off(w, id, cause, dead_);
    } else {
        network_.crash(w, id, cause, dead_);
    }
    free_dead();
    for (std::uint32_t k = 0; k < machine.timers; ++k) {
        timers_.disarm(TimerId{machine.first_timer + k});
    }
    for (const Stashed& what : machine.stash)
        miss(id, what);
    machine.stash.clear();
    end_role(id, power, cause);
    machine.up = machine.paused = machine.stopping = false;
    machine.stopped_clean = how == DownHow::clean;
    switch (machine.kind) {
    case Kind::broker: {
        BrokerProcess& broker = brokers_[machine.index];
        broker.crash(now_, how, messages_);
        if (how == DownHow::clean) broker.broker().ended_cleanly();
        break;
    }
    case Kind::controller: controllers_[machine.index].crash(); break;
    case Kind::zookeeper: servers_[machine.index].crash(); break;
    case Kind::producer: producers_[machine.index].crash(); break;
    case Kind::consumer: consumers_[machine.index].crash(); break;
    }
    process_ended(id);
}

/// Where no process runs, nothing is lost: the system has had its time to write everything back.
void World::lose_power(MachineId id, Cause cause) {
    if (machines_[id.index()].up) {
        end_process(id, DownHow::power, cause);
        return;
    }
    Wire w = wire();
    network_.power_off(w, id, cause, dead_);
    if (role_of(id).valid()) network_.power_off(w, role_of(id), cause, dead_);
    free_dead();
}

/// The process cannot go on without its logs (Kafka: LogDirFailureChannel, with one directory). It
/// starts again with a new disk, and nothing on it.
void World::lose_disk(MachineId id, Cause cause) {
    Machine& machine = machines_[id.index()];
    if (machine.up) {
        end_process(id, DownHow::disk, cause);
    } else {
        brokers_[machine.index].crash(now_, DownHow::disk, messages_);
    }
}

/// Starts it, or lets it start again when the end that was asked for is over.
void World::bring_up(MachineId id, Cause cause) {
    Machine& machine = machines_[id.index()];
    if (machine.up && machine.stopping) {
        machine.start_again = true;
    } else {
        start_machine(id, cause);
    }
}

/// Whether the scenario has this machine run now, as far as no fault keeps it down: a client from
/// its start to its end, a member while its group is as large as that.
bool World::meant_to_run(const Machine& machine) const {
    if (now_ < machine.starts || now_ >= machine.stops) return false;
    if (machine.kind != Kind::consumer) return true;
    const GroupPlan& group = groups_[consumer_group_[machine.index].index()];
    return machine.index - group.first < static_cast<std::size_t>(group.size);
}

/// The process is gone that this was kept for.
void World::miss(MachineId id, const Stashed& what) {
    if (what.what == Stashed::What::message) drop_message(what.handle);
    if (what.what != Stashed::What::disk) return;
    brokers_[machines_[id.index()].index].broker().replicas().disk().go_on(now_);
}

/// A message that had arrived, but whose process will not look at it.
void World::drop_message(std::uint32_t packet) {
    const Packet p = messages_.packets[packet];
    if (p.stage == 0) network_.done(p);
    messages_.free(packet);
}

void World::pause_machine(MachineId id, Cause cause) {
    Machine& machine = machines_[id.index()];
    if (!machine.up || machine.paused) return;
    machine.paused = true;
    if (role_of(id).valid()) machines_[role_of(id).index()].paused = true;
    note(cause, NodePaused{id, machine.incarnation});
}

void World::resume_machine(MachineId id, Cause cause) {
    Machine& machine = machines_[id.index()];
    if (!machine.up || !machine.paused) return;
    machine.paused = false;
    cause = note(cause, NodeResumed{id, machine.incarnation});
    const std::int32_t incarnation = machine.incarnation;
    std::vector<Stashed> stash;
    stash.swap(machine.stash);
    for (Stashed& what : stash) {
        const bool same = machine.up && machine.incarnation == incarnation;
        if (!same) { // It ended itself while it caught up.
            miss(id, what);
            continue;
        }
        if (what.what == Stashed::What::timer) what.cause = cause;
        give(id, what);
    }
    resume_role(id, cause);
}

void World::cut_link(MachineId from, MachineId to, Cause cause) {
    if (network_.cut(from, to)) note(cause, NetCut{from, to});
    for_roles(from, to, [&](MachineId a, MachineId b) { network_.cut(a, b); });
}

void World::heal_link(MachineId from, MachineId to, Cause cause) {
    if (network_.heal(from, to)) note(cause, NetHeal{from, to});
    for_roles(from, to, [&](MachineId a, MachineId b) { network_.heal(a, b); });
}

void World::end_load(FactSink* sink) {
    watch(sink);
    for (std::size_t k = 0; k < machines_.size(); ++k) {
        const Machine& machine = machines_[k];
        if (machine.kind != Kind::producer) continue;
        const MachineId id(k);
        out_.begin(in_at(id), Cause{}, sink_);
        producers_[machine.index].end_of_load(in_at(id), out_);
        carry_out(machines_[id.index()], id);
    }
    sink_ = nullptr;
}

} // namespace brokersim
