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
    if (machine.up) return;
    machine.restarts = Time::never();
    const bool clean = machine.stopped_clean;
    machine.up = true;
    machine.paused = machine.stopping = false;
    ++machine.incarnation;
    network_.set_up(id, true);
    cause = note(cause, NodeUp{id, machine.incarnation});
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
    network_.crash(w, id, cause, dead_);
    free_dead();
    for (std::uint32_t k = 0; k < machine.timers; ++k) {
        timers_.disarm(TimerId{machine.first_timer + k});
    }
    for (const Stashed& what : machine.stash) {
        if (what.what == Stashed::What::message) drop_message(what.handle);
    }
    machine.stash.clear();
    machine.up = machine.paused = machine.stopping = false;
    machine.stopped_clean = how == DownHow::clean;
    switch (machine.kind) {
    case Kind::broker: {
        BrokerProcess& broker = brokers_[machine.index];
        broker.crash(now_, messages_);
        if (how == DownHow::clean) broker.broker().replicas().flush_all();
        break;
    }
    case Kind::controller: controllers_[machine.index].crash(); break;
    case Kind::producer: producers_[machine.index].crash(); break;
    case Kind::consumer: consumers_[machine.index].crash(); break;
    }
    process_ended(id, cause);
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
            if (what.what == Stashed::What::message) drop_message(what.handle);
            continue;
        }
        if (what.what == Stashed::What::timer) what.cause = cause;
        give(id, what);
    }
}

void World::cut_link(MachineId from, MachineId to, Cause cause) {
    if (network_.cut(from, to)) note(cause, NetCut{from, to});
}

void World::heal_link(MachineId from, MachineId to, Cause cause) {
    if (network_.heal(from, to)) note(cause, NetHeal{from, to});
}

void World::end_load(FactSink* sink) {
    sink_ = sink;
    for (std::size_t k = 0; k < machines_.size(); ++k) {
        const Machine& machine = machines_[k];
        if (machine.kind != Kind::producer) continue;
        const MachineId id(k);
        out_.begin(In{now_, id}, Cause{}, sink_);
        producers_[machine.index].end_of_load(In{now_, id}, out_);
        carry_out(id);
    }
    sink_ = nullptr;
}

bool World::quiet() const {
    for (const FaultState& fault : faults_) {
        if (fault.active) return false;
    }
    for (const Producer& producer : producers_) {
        if (producer.pending()) return false;
    }
    const ClusterImage& image = controllers_.front().committed();
    for (std::size_t k = 0; k < image.partition_count(); ++k) {
        const PartitionState& state = image.partition(PartitionId(k));
        if (!state.has_leader() || state.isr.size() != state.replicas.size()) return false;
    }
    for (std::size_t k = 0; k < consumers_.size(); ++k) {
        if (!consumers_[k].idle()) return false;
    }
    return groups_caught_up();
}

/// Every partition that a group with running members reads is read up to its high watermark.
bool World::groups_caught_up() const {
    const ClusterImage& image = controllers_.front().committed();
    for (std::size_t g = 0; g < layout_->groups.size(); ++g) {
        for (const TopicId id : group_topics_[g]) {
            const Layout::Topic& topic = layout_->topic(id);
            for (std::int32_t k = 0; k < topic.partitions; ++k) {
                const PartitionId tp(topic.first.value + k);
                const MachineId leader(image.partition(tp).leader);
                const ReplicaManager& replicas =
                    brokers_[machines_[leader.index()].index].broker().replicas();
                const std::int32_t number = replicas.number_of(tp);
                if (number < 0) return false;
                const Offset hw =
                    replicas.partitions()[static_cast<std::size_t>(number)].high_watermark();
                bool running = false;
                Offset furthest = -1;
                for (std::size_t m = 0; m < consumers_.size(); ++m) {
                    if (consumer_group_[m] != GroupId(g)) continue;
                    const Machine& machine = machines_[consumer_machine_[m].index()];
                    running = running || machine.up || machine.restarts != Time::never();
                    furthest = std::max(furthest, consumers_[m].position(tp));
                }
                if (running && furthest < hw) return false;
            }
        }
    }
    return true;
}

} // namespace brokersim
