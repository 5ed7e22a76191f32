// Faults: whom they hit, what they do, and how they end (scenario format §9).
#include "cluster/world.hpp"
#include "engine/assert.hpp"

#include <algorithm>

namespace brokersim {

MachineId World::machine_named(const std::string& name) const {
    const auto at = std::find(names_.begin(), names_.end(), name);
    return at == names_.end() ? MachineId{}
                              : MachineId(static_cast<std::size_t>(at - names_.begin()));
}

PartitionId World::partition_named(const TargetSpec& target) const {
    for (const Layout::Topic& topic : layout_->topics) {
        if (topic.name == target.topic) return PartitionId(topic.first.value + target.partition);
    }
    return {};
}

MachineId World::leader_of(PartitionId tp) const {
    return MachineId(controllers_.front().committed().partition(tp).leader);
}

/// A role is resolved to whoever holds it at this instant, by what is committed.
std::vector<MachineId> World::resolve(const TargetSpec& target) {
    std::vector<MachineId> who;
    const auto add = [&](MachineId id) {
        if (id.valid()) who.push_back(id);
    };
    switch (target.kind) {
    case TargetSpec::Kind::several: break;
    case TargetSpec::Kind::machines:
        for (const std::string& name : target.machines)
            add(machine_named(name));
        break;
    case TargetSpec::Kind::leader: add(leader_of(partition_named(target))); break;
    case TargetSpec::Kind::follower: { // The first replica, in assignment order, that does not
                                       // lead.
        const PartitionState& state =
            controllers_.front().committed().partition(partition_named(target));
        for (const std::int32_t replica : state.replicas) {
            if (replica == state.leader) continue;
            add(MachineId(replica));
            break;
        }
        break;
    }
    case TargetSpec::Kind::isr:
        for (const std::int32_t member :
             controllers_.front().committed().partition(partition_named(target)).isr) {
            add(MachineId(member));
        }
        break;
    case TargetSpec::Kind::controller:
        if (controllers_.front().active()) add(layout_->controller(0));
        break;
    case TargetSpec::Kind::coordinator:
        for (const Layout::Group& group : layout_->groups) {
            if (group.name == target.group) add(leader_of(group.coordinator));
        }
        break;
    case TargetSpec::Kind::member:
        add(machine_named(target.group + "-" + std::to_string(target.member)));
        break;
    case TargetSpec::Kind::random_broker: {
        std::vector<MachineId> running;
        for (std::size_t k = 0; k < layout_->brokers; ++k) {
            if (machines_[k].up) running.emplace_back(k);
        }
        if (!running.empty()) add(running[choices_.below(running.size())]);
        break;
    }
    }
    return who;
}

void World::begin_fault(std::uint32_t fault) {
    FaultState& state = faults_[fault];
    const FaultId id(static_cast<std::int32_t>(fault));
    std::vector<MachineId> to;
    if (state.spec.action == FaultAction::cut) {
        state.targets = resolve(state.spec.from);
        to = resolve(state.spec.to);
        for (const MachineId a : state.targets) {
            for (const MachineId b : to) {
                if (a != b) state.cuts.emplace_back(a, b);
            }
        }
        state.targets.insert(state.targets.end(), to.begin(), to.end());
    } else if (!state.spec.all_cuts) {
        state.targets = resolve(state.spec.target);
    }
    const Cause cause = note(Cause{}, FaultBegin{id, state.spec.action, state.targets});
    state.active = true;
    const bool instant =
        state.spec.action == FaultAction::resume || state.spec.action == FaultAction::heal;
    if (state.spec.lasts && state.spec.action != FaultAction::stop) {
        at(now_ + *state.spec.lasts, {ScriptEntry::Kind::fault_end, {}, fault});
    }
    hold(state, cause);
    const bool over = state.spec.action == FaultAction::restart && !faults_[fault].waiting_exit;
    if (instant || over) {
        faults_[fault].active = false;
        note(cause, FaultEnd{id, state.spec.action, state.targets});
    }
}

/// Both directions of every link that one of these machines has, each once.
std::vector<std::pair<MachineId, MachineId>>
World::cuts_around(const std::vector<MachineId>& targets) const {
    std::vector<std::pair<MachineId, MachineId>> cuts;
    for (const MachineId a : targets) {
        for (std::size_t k = 0; k < machines_.size(); ++k) {
            const MachineId b(k);
            const bool both = std::find(targets.begin(), targets.end(), b) != targets.end();
            if (a == b || (both && b < a)) continue;
            cuts.emplace_back(a, b);
            cuts.emplace_back(b, a);
        }
    }
    return cuts;
}

void World::hold(FaultState& state, Cause cause) {
    const std::vector<MachineId> targets = state.targets;
    switch (state.spec.action) {
    case FaultAction::power_loss:
    case FaultAction::partition:
    case FaultAction::slow_network:
    case FaultAction::slow_cpu:
    case FaultAction::set_rate:
    case FaultAction::resize_group: break;
    case FaultAction::crash:
        for (const MachineId id : targets) {
            ++machines_[id.index()].down_holds;
            kill_machine(id, cause);
        }
        return;
    case FaultAction::stop:
        for (const MachineId id : targets) {
            ++machines_[id.index()].down_holds;
            if (machines_[id.index()].up) state.waiting_exit = true;
        }
        for (const MachineId id : targets)
            stop_machine(id, cause);
        return;
    case FaultAction::restart:
        for (const MachineId id : targets) {
            if (machines_[id.index()].up) state.waiting_exit = true;
        }
        for (const MachineId id : targets) {
            if (machines_[id.index()].up) {
                machines_[id.index()].start_again = true;
                stop_machine(id, cause);
            } else {
                machines_[id.index()].down_holds = 0;
                start_machine(id, cause);
            }
        }
        return;
    case FaultAction::pause:
        for (const MachineId id : targets) {
            ++machines_[id.index()].pause_holds;
            pause_machine(id, cause);
        }
        return;
    case FaultAction::resume:
        for (const MachineId id : targets) {
            machines_[id.index()].pause_holds = 0;
            resume_machine(id, cause);
        }
        return;
    case FaultAction::isolate: state.cuts = cuts_around(targets); [[fallthrough]];
    case FaultAction::cut:
        for (const auto& [from, to] : state.cuts)
            cut_link(from, to, cause);
        return;
    case FaultAction::heal: heal_cuts(state, cause); return;
    }
}

/// Ends the cuts that other faults hold: all of them, or those of the machines named.
void World::heal_cuts(const FaultState& state, Cause cause) {
    const std::vector<MachineId> targets = state.targets;
    const bool all = state.spec.all_cuts;
    const auto meant = [&](MachineId id) {
        return std::find(targets.begin(), targets.end(), id) != targets.end();
    };
    for (std::size_t k = 0; k < faults_.size(); ++k) {
        FaultState& other = faults_[k];
        if (!other.active || other.cuts.empty()) continue;
        std::vector<std::pair<MachineId, MachineId>> kept;
        for (const auto& [from, to] : other.cuts) {
            if (all || meant(from) || meant(to)) {
                heal_link(from, to, cause);
            } else {
                kept.emplace_back(from, to);
            }
        }
        other.cuts = std::move(kept);
        if (!other.cuts.empty()) continue;
        other.active = false;
        note(cause, FaultEnd{FaultId(k), other.spec.action, other.targets});
    }
}

void World::end_fault(std::uint32_t fault) {
    FaultState& state = faults_[fault];
    if (!state.active) return;
    state.active = false;
    const Cause cause = note(Cause{}, FaultEnd{FaultId(static_cast<std::int32_t>(fault)),
                                               state.spec.action, state.targets});
    release(state, cause);
}

void World::release(FaultState& state, Cause cause) {
    const std::vector<MachineId> targets = state.targets;
    switch (state.spec.action) {
    case FaultAction::power_loss:
    case FaultAction::partition:
    case FaultAction::slow_network:
    case FaultAction::slow_cpu:
    case FaultAction::set_rate:
    case FaultAction::resize_group: break;
    case FaultAction::crash:
    case FaultAction::stop:
        for (const MachineId id : targets) {
            Machine& machine = machines_[id.index()];
            if (machine.down_holds > 0) --machine.down_holds;
            if (machine.down_holds > 0) continue;
            if (machine.up && machine.stopping) {
                machine.start_again = true; // Lifted before the process has ended.
            } else {
                start_machine(id, cause);
            }
        }
        return;
    case FaultAction::pause:
        for (const MachineId id : targets) {
            Machine& machine = machines_[id.index()];
            if (machine.pause_holds > 0) --machine.pause_holds;
            if (machine.pause_holds == 0) resume_machine(id, cause);
        }
        return;
    case FaultAction::isolate:
    case FaultAction::cut: {
        const auto cuts = std::move(state.cuts);
        state.cuts.clear();
        for (const auto& [from, to] : cuts)
            heal_link(from, to, cause);
        return;
    }
    case FaultAction::restart:
    case FaultAction::resume:
    case FaultAction::heal: return;
    }
}

/// A process has ended: faults that waited for it go on.
void World::process_ended(MachineId id, Cause cause) {
    Machine& machine = machines_[id.index()];
    for (std::uint32_t k = 0; k < faults_.size(); ++k) {
        FaultState& state = faults_[k];
        if (!state.active || !state.waiting_exit ||
            std::find(state.targets.begin(), state.targets.end(), id) == state.targets.end()) {
            continue;
        }
        const bool still = std::any_of(state.targets.begin(), state.targets.end(),
                                       [&](MachineId t) { return machines_[t.index()].stopping; });
        if (still) continue;
        state.waiting_exit = false;
        if (state.spec.action == FaultAction::stop && state.spec.lasts) {
            at(now_ + *state.spec.lasts, {ScriptEntry::Kind::fault_end, {}, k});
        }
        if (state.spec.action == FaultAction::restart) {
            at(now_, {ScriptEntry::Kind::fault_end, {}, k});
        }
    }
    if (machine.start_again) {
        machine.start_again = false;
        if (machine.down_holds == 0) at(now_, {ScriptEntry::Kind::start_machine, id, 0});
    }
    static_cast<void>(cause);
}

void World::heal_all(FactSink* sink) {
    sink_ = sink;
    for (std::uint32_t k = 0; k < faults_.size(); ++k) {
        if (!faults_[k].active) continue;
        end_fault(k);
    }
    sink_ = nullptr;
}

} // namespace brokersim
