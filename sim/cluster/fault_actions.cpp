// What faults do to machines, links and loads, and how that is undone. A machine or a link is free
// again when the last fault that holds it is over.
#include "cluster/world.hpp"
#include "engine/assert.hpp"

#include <algorithm>

namespace brokersim {

void World::hold(std::uint32_t number, Occurrence& o, Cause cause) {
    const FaultSpec& spec = spec_of(o);
    switch (spec.action) {
    case FaultAction::crash:
    case FaultAction::power_loss:
    case FaultAction::lose_disk:
    case FaultAction::stop: hold_down(o, cause); return;
    case FaultAction::restart: restart(o, cause); return;
    case FaultAction::rolling_restart:
        if (!o.targets.empty()) roll(number, cause);
        return;
    case FaultAction::pause:
        o.held = o.targets;
        for (const MachineId id : o.held) {
            ++machines_[id.index()].pause_holds;
            pause_machine(id, cause);
        }
        return;
    case FaultAction::resume:
        for (const MachineId id : o.targets) {
            free_from(id, true, cause);
            resume_machine(id, cause);
        }
        return;
    case FaultAction::isolate:
    case FaultAction::partition:
    case FaultAction::cut:
        for (const auto& [from, to] : o.cuts)
            cut_link(from, to, cause);
        return;
    case FaultAction::heal: heal_cuts(o, cause); return;
    case FaultAction::slow_network: slow_network(number, o); return;
    case FaultAction::slow_cpu:
    case FaultAction::slow_disk:
    case FaultAction::stall_disk: slow_brokers(number, o); return;
    case FaultAction::drop_requests: ++droppers_; return;
    case FaultAction::move_leader: move_leader(o, cause); return;
    case FaultAction::set_config: set_config(number, o, cause); return;
    case FaultAction::skew_clock: skew_clocks(o, spec.by); return;
    case FaultAction::fill_disk: fill_disks(o, true, cause); return;
    case FaultAction::reassign: reassign(o, false, cause); return;
    case FaultAction::add_broker: add_broker(o, cause); return;
    case FaultAction::set_rate:
        if (!spec.lasts) {
            for (const MachineId id : o.targets)
                usual_rates_[machines_[id.index()].index] = spec.new_rate;
        }
        set_rates(o, cause);
        return;
    case FaultAction::resize_group: {
        if (o.targets.empty()) return;
        const GroupId group = consumer_group_[machines_[o.targets.front().index()].index];
        if (!spec.lasts) groups_[group.index()].usual_size = spec.members;
        resize(group, spec.members, cause);
        return;
    }
    }
}

void World::release(std::uint32_t number, Occurrence& o, Cause cause) {
    switch (spec_of(o).action) {
    case FaultAction::crash:
    case FaultAction::power_loss:
    case FaultAction::lose_disk:
    case FaultAction::stop: release_down(o, cause); return;
    case FaultAction::drop_requests: --droppers_; return;
    case FaultAction::slow_cpu:
    case FaultAction::slow_disk:
    case FaultAction::stall_disk: hurry_brokers(number, o, cause); return;
    case FaultAction::pause:
        for (const MachineId id : o.held) {
            Machine& machine = machines_[id.index()];
            if (--machine.pause_holds == 0) resume_machine(id, cause);
        }
        return;
    case FaultAction::isolate:
    case FaultAction::partition:
    case FaultAction::cut:
        for (const auto& [from, to] : o.cuts)
            heal_link(from, to, cause);
        return;
    case FaultAction::slow_network:
        for (const MachineId id : o.targets)
            speed_up(id, number);
        return;
    case FaultAction::set_rate: set_rates(o, cause); return;
    case FaultAction::set_config: lift_config(number, o, cause); return;
    case FaultAction::skew_clock: skew_clocks(o, Duration{} - spec_of(o).by); return;
    case FaultAction::fill_disk: fill_disks(o, false, cause); return;
    case FaultAction::reassign: reassign(o, true, cause); return;
    case FaultAction::resize_group:
        if (o.targets.empty()) return;
        resize(consumer_group_[machines_[o.targets.front().index()].index],
               size_wanted(consumer_group_[machines_[o.targets.front().index()].index]), cause);
        return;
    case FaultAction::restart:
    case FaultAction::rolling_restart:
    case FaultAction::move_leader:
    case FaultAction::resume:
    case FaultAction::add_broker:
    case FaultAction::heal: return;
    }
}

void World::hold_down(Occurrence& o, Cause cause) {
    const FaultAction action = spec_of(o).action;
    o.held = o.targets;
    const std::vector<MachineId> targets = o.targets;
    for (const MachineId id : targets) {
        Machine& machine = machines_[id.index()];
        ++machine.down_holds;
        machine.start_again = false;
        if (action == FaultAction::power_loss) ++machine.power_holds;
        if (action == FaultAction::stop && machine.up) o.waiting_exit = true;
    }
    for (const MachineId id : targets) {
        if (action == FaultAction::stop) {
            stop_machine(id, cause);
        } else if (action == FaultAction::power_loss) {
            lose_power(id, cause);
        } else if (action == FaultAction::lose_disk) {
            lose_disk(id, cause);
        } else {
            kill_machine(id, cause);
        }
    }
}

void World::release_down(const Occurrence& o, Cause cause) {
    const bool power = spec_of(o).action == FaultAction::power_loss;
    for (const MachineId id : o.held) {
        Machine& machine = machines_[id.index()];
        if (power && --machine.power_holds == 0) power_on(id);
        if (--machine.down_holds == 0 && meant_to_run(machine)) bring_up(id, cause);
    }
}

/// Those that run end cleanly and start again; those that do not are started, whatever keeps them
/// down.
void World::restart(Occurrence& o, Cause cause) {
    const std::vector<MachineId> targets = o.targets;
    o.waiting_exit = std::any_of(targets.begin(), targets.end(),
                                 [&](MachineId id) { return machines_[id.index()].up; });
    for (const MachineId id : targets) {
        Machine& machine = machines_[id.index()];
        free_from(id, false, cause);
        if (machine.up) {
            machine.start_again = true;
            stop_machine(id, cause);
        } else {
            start_machine(id, cause);
        }
    }
}

/// The next of a rolling restart ends cleanly and starts again, whatever keeps it down.
void World::roll(std::uint32_t number, Cause cause) {
    Occurrence& o = active_.find(number)->second;
    const MachineId id = o.targets[o.rolled++];
    Machine& machine = machines_[id.index()];
    free_from(id, false, cause);
    if (machine.up) {
        machine.start_again = o.waiting_exit = true;
        stop_machine(id, cause);
    } else {
        start_machine(id, cause);
        rolled(number, o);
    }
}

/// One has had its turn: the next has it `gap` later, and behind the last it is over.
void World::rolled(std::uint32_t number, const Occurrence& o) {
    const bool more = o.rolled < o.targets.size();
    at(more ? after(now_, spec_of(o).gap) : now_,
       {more ? ScriptEntry::Kind::fault_step : ScriptEntry::Kind::fault_end, {}, number});
}

/// Other faults no longer keep this machine down, or frozen; one that keeps nobody is over.
void World::free_from(MachineId id, bool frozen, Cause cause) {
    std::vector<std::uint32_t> done;
    for (auto& [number, other] : active_) {
        const FaultAction action = spec_of(other).action;
        const bool down = action == FaultAction::crash || action == FaultAction::stop ||
                          action == FaultAction::power_loss || action == FaultAction::lose_disk;
        if (frozen ? action != FaultAction::pause : !down) continue;
        if (std::erase(other.held, id) == 0) continue;
        if (action == FaultAction::power_loss) --machines_[id.index()].power_holds;
        if (other.held.empty()) done.push_back(number);
    }
    Machine& machine = machines_[id.index()];
    (frozen ? machine.pause_holds : machine.down_holds) = 0;
    if (!frozen) power_on(id);
    for (const std::uint32_t number : done)
        over(number, cause);
}

/// Both directions of every link that one of the targets has, each once.
void World::cut_around(Occurrence& o) const {
    for (const MachineId a : o.targets) {
        for (std::size_t k = 0; k < machines_.size(); ++k) {
            const MachineId b(k);
            if (process_of(b) != b) continue;
            const bool both = std::find(o.targets.begin(), o.targets.end(), b) != o.targets.end();
            if (a == b || (both && b < a)) continue;
            o.cuts.emplace_back(a, b);
            o.cuts.emplace_back(b, a);
        }
    }
}

/// Both directions of every link between machines of different groups. A machine in two of them
/// belongs to the first.
void World::cut_between(Occurrence& o, const std::vector<std::vector<MachineId>>& groups) const {
    std::vector<std::int32_t> group_of(machines_.size(), -1);
    std::vector<MachineId> members;
    for (std::size_t g = 0; g < groups.size(); ++g) {
        for (const MachineId id : groups[g]) {
            if (group_of[id.index()] >= 0) continue;
            group_of[id.index()] = static_cast<std::int32_t>(g);
            members.push_back(id);
        }
    }
    for (std::size_t a = 0; a < members.size(); ++a) {
        for (std::size_t b = a + 1; b < members.size(); ++b) {
            if (group_of[members[a].index()] == group_of[members[b].index()]) continue;
            o.cuts.emplace_back(members[a], members[b]);
            o.cuts.emplace_back(members[b], members[a]);
        }
    }
}

/// Ends the cuts that other faults hold: all of them, or those of the machines named.
void World::heal_cuts(const Occurrence& heal, Cause cause) {
    const bool all = spec_of(heal).all_cuts;
    const auto meant = [&](MachineId id) {
        return all || std::find(heal.targets.begin(), heal.targets.end(), id) != heal.targets.end();
    };
    std::vector<std::uint32_t> done;
    for (auto& [number, other] : active_) {
        if (other.cuts.empty()) continue;
        std::vector<std::pair<MachineId, MachineId>> kept;
        for (const auto& [from, to] : other.cuts) {
            if (meant(from) || meant(to)) {
                heal_link(from, to, cause);
            } else {
                kept.emplace_back(from, to);
            }
        }
        other.cuts = std::move(kept);
        if (other.cuts.empty()) done.push_back(number);
    }
    for (const std::uint32_t number : done)
        over(number, cause);
}

void World::slow_network(std::uint32_t number, const Occurrence& o) {
    const FaultSpec& spec = spec_of(o);
    Slowness slowness;
    slowness.by = number;
    if (spec.latency) slowness.latency = Sampler(*spec.latency);
    slowness.loss = spec.loss;
    slowness.bandwidth = spec.bandwidth;
    for (const MachineId id : o.targets) {
        network_.slow_down(id, slowness);
        if (role_of(id).valid()) network_.slow_down(role_of(id), slowness);
    }
}

/// Only brokers have request handlers and disks.
void World::slow_brokers(std::uint32_t number, const Occurrence& o) {
    const FaultSpec& spec = spec_of(o);
    for (const MachineId id : o.targets) {
        const Machine& machine = machines_[id.index()];
        if (machine.kind != Kind::broker) continue;
        Broker& broker = brokers_[machine.index].broker();
        if (spec.action == FaultAction::slow_cpu) {
            broker.path().slow_down(number, spec.factor_ppb);
        } else if (spec.action == FaultAction::slow_disk) {
            broker.replicas().disk().slow_down(number, spec.factor_ppb, spec.write);
        } else {
            broker.stall_disk(now_);
        }
    }
}

void World::hurry_brokers(std::uint32_t number, const Occurrence& o, Cause cause) {
    const FaultAction action = spec_of(o).action;
    for (const MachineId id : o.targets) {
        const Machine& machine = machines_[id.index()];
        if (machine.kind != Kind::broker) continue;
        Broker& broker = brokers_[machine.index].broker();
        if (action == FaultAction::slow_cpu) {
            broker.path().hurry(number);
        } else if (action == FaultAction::slow_disk) {
            broker.replicas().disk().hurry(number);
        } else {
            give(id, {Stashed::What::disk, 0, {}, cause});
        }
    }
}

/// Each of these producers has the rate of the newest fault that sets it, or its usual one.
void World::set_rates(const Occurrence& o, Cause cause) {
    for (const MachineId id : o.targets) {
        const std::uint32_t producer = machines_[id.index()].index;
        std::optional<Rate> rate = usual_rates_[producer];
        for (const auto& [number, other] : active_) {
            const FaultSpec& spec = spec_of(other);
            if (spec.action == FaultAction::set_rate &&
                std::find(other.targets.begin(), other.targets.end(), id) != other.targets.end()) {
                rate = spec.new_rate;
            }
        }
        out_.begin(in_at(id), cause, sink_);
        producers_[producer].set_rate(in_at(id), rate, out_);
        carry_out(machines_[id.index()], id);
    }
}

std::int32_t World::size_wanted(GroupId group) const {
    std::int32_t size = groups_[group.index()].usual_size;
    for (const auto& [number, other] : active_) {
        const FaultSpec& spec = spec_of(other);
        if (spec.action == FaultAction::resize_group &&
            spec.group == layout_->groups[group.index()].name) {
            size = spec.members;
        }
    }
    return size;
}

/// New members start, those that are too many leave as when they are closed.
void World::resize(GroupId group, std::int32_t size, Cause cause) {
    GroupPlan& plan = groups_[group.index()];
    const auto before = static_cast<std::size_t>(plan.size);
    const auto wanted = static_cast<std::size_t>(size);
    plan.size = size;
    for (std::size_t k = before; k < wanted; ++k) {
        const MachineId id = consumer_machine_[plan.first + k];
        const Machine& machine = machines_[id.index()];
        if (machine.down_holds == 0 && meant_to_run(machine)) bring_up(id, cause);
    }
    for (std::size_t k = wanted; k < before; ++k) {
        const MachineId id = consumer_machine_[plan.first + k];
        machines_[id.index()].start_again = false;
        stop_machine(id, cause);
    }
}

} // namespace brokersim
