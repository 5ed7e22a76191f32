// Faults: when they begin, and when they are over (scenario format §9). What they do is in
// fault_actions.cpp.
#include "cluster/world.hpp"

#include <algorithm>

namespace brokersim {

/// Not in the drain.
void World::fault_at(Time time, std::uint32_t fault) {
    if (time <= last_begin_) at(time, {ScriptEntry::Kind::fault_begin, {}, fault});
}

/// Is there anything that could be lifted? An order that is carried out at once is over.
bool World::lasting(const FaultSpec& spec) const {
    switch (spec.action) {
    case FaultAction::resume:
    case FaultAction::move_leader:
    case FaultAction::add_broker:
    case FaultAction::heal: return false;
    case FaultAction::set_config:
    case FaultAction::reassign:
    case FaultAction::set_rate:
    case FaultAction::resize_group: return spec.lasts.has_value();
    default: return true;
    }
}

/// The machines that a group ever has.
std::vector<MachineId> World::group_machines(const std::string& name) const {
    std::vector<MachineId> who;
    for (std::size_t g = 0; g < groups_.size(); ++g) {
        if (layout_->groups[g].name != name) continue;
        for (std::size_t k = 0; k < groups_[g].count; ++k)
            who.push_back(consumer_machine_[groups_[g].first + k]);
    }
    return who;
}

void World::choose_targets(FaultPlan& plan, Occurrence& o) {
    const FaultSpec& spec = plan.spec;
    switch (spec.action) {
    case FaultAction::cut: {
        std::vector<MachineId> from;
        std::vector<MachineId> to;
        resolve(spec.from, plan.choices, from);
        resolve(spec.to, plan.choices, to);
        for (const MachineId a : from) {
            for (const MachineId b : to) {
                if (a != b) o.cuts.emplace_back(a, b);
            }
        }
        o.targets = std::move(from);
        o.targets.insert(o.targets.end(), to.begin(), to.end());
        return;
    }
    case FaultAction::partition: {
        std::vector<std::vector<MachineId>> groups;
        for (const TargetSpec& group : spec.groups) {
            resolve(group, plan.choices, groups.emplace_back());
            o.targets.insert(o.targets.end(), groups.back().begin(), groups.back().end());
        }
        cut_between(o, groups);
        return;
    }
    case FaultAction::move_leader: resolve(spec.to, plan.choices, o.targets); return;
    case FaultAction::slow_disk:
    case FaultAction::stall_disk:
    case FaultAction::lose_disk: // Only brokers have one.
        resolve(spec.target, plan.choices, o.targets);
        std::erase_if(o.targets,
                      [&](MachineId id) { return machines_[id.index()].kind != Kind::broker; });
        return;
    case FaultAction::set_rate: o.targets = producers_named(spec.producer); return;
    case FaultAction::set_config:
        if (!spec.producer.empty()) {
            o.targets = producers_named(spec.producer);
        } else if (!spec.group.empty()) {
            o.targets = group_machines(spec.group);
        } else if (spec.topic.empty()) {
            resolve(spec.target, plan.choices, o.targets);
        }
        return;
    case FaultAction::reassign: return;
    case FaultAction::add_broker:
        if (plan.begun <= spec.members) {
            o.targets.emplace_back(plan.first_broker.value +
                                   static_cast<std::int32_t>(plan.begun - 1));
        }
        return;
    case FaultAction::resize_group: o.targets = group_machines(spec.group); return;
    default:
        if (!spec.all_cuts) resolve(spec.target, plan.choices, o.targets);
        if (spec.action == FaultAction::isolate) cut_around(o);
        return;
    }
}

void World::begin_fault(std::uint32_t fault) {
    FaultPlan& plan = faults_[fault];
    ++plan.begun;
    const std::uint32_t number = ++occurrences_;
    Occurrence& o = active_[number];
    o.fault = fault;
    choose_targets(plan, o);
    const Cause cause = note(Cause{}, FaultBegin{FaultId(static_cast<std::int32_t>(fault)),
                                                 plan.spec.action, o.targets});
    o.cause = cause;
    schedule_followers(fault);
    if (plan.spec.lasts && plan.spec.action != FaultAction::stop) {
        at(now_ + *plan.spec.lasts, {ScriptEntry::Kind::fault_end, {}, number});
    }
    hold(number, o, cause);
    const bool done = (plan.spec.action == FaultAction::restart && !o.waiting_exit) ||
                      (plan.spec.action == FaultAction::rolling_restart && o.targets.empty());
    if (done || !lasting(plan.spec)) {
        over(number, cause);
    } else if (plan.spec.action == FaultAction::stop && !o.waiting_exit && plan.spec.lasts) {
        at(now_ + *plan.spec.lasts, {ScriptEntry::Kind::fault_end, {}, number});
    }
}

/// The next begin of this fault, and of those that follow it.
void World::schedule_followers(std::uint32_t fault) {
    FaultPlan& plan = faults_[fault];
    if (!plan.spec.count || plan.begun < *plan.spec.count) {
        if (plan.spec.every) fault_at(after(now_, *plan.spec.every), fault);
        if (plan.gap) fault_at(after(now_, plan.gap->draw(plan.times)), fault);
    }
    for (std::uint32_t k = 0; k < faults_.size(); ++k) {
        const FaultSpec& other = faults_[k].spec;
        if (other.after && *other.after == static_cast<std::int32_t>(fault)) {
            fault_at(after(now_, other.delay), k);
        }
    }
}

/// There is nothing left to lift.
void World::over(std::uint32_t number, Cause cause) {
    const auto found = active_.find(number);
    const Occurrence o = std::move(found->second);
    active_.erase(found);
    note(cause,
         FaultEnd{FaultId(static_cast<std::int32_t>(o.fault)), spec_of(o).action, o.targets});
}

void World::end_fault(std::uint32_t number) {
    const auto found = active_.find(number);
    if (found == active_.end()) return;
    Occurrence o = std::move(found->second);
    active_.erase(found);
    const Cause cause = note(Cause{}, FaultEnd{FaultId(static_cast<std::int32_t>(o.fault)),
                                               spec_of(o).action, o.targets});
    release(number, o, cause);
}

/// A process has ended: faults that waited for it go on.
void World::process_ended(MachineId id) {
    Machine& machine = machines_[id.index()];
    for (auto& [number, o] : active_) {
        if (!o.waiting_exit || std::find(o.targets.begin(), o.targets.end(), id) == o.targets.end())
            continue;
        if (spec_of(o).action == FaultAction::rolling_restart) {
            if (o.targets[o.rolled - 1] != id) continue;
            o.waiting_exit = false; // Another fault may end the same process once more.
            rolled(number, o);
            continue;
        }
        const bool still = std::any_of(o.targets.begin(), o.targets.end(), [&](MachineId t) {
            return machines_[t.index()].up && machines_[t.index()].stopping;
        });
        if (still) continue;
        o.waiting_exit = false;
        const FaultSpec& spec = spec_of(o);
        if (spec.action == FaultAction::stop && spec.lasts) {
            at(now_ + *spec.lasts, {ScriptEntry::Kind::fault_end, {}, number});
        }
        if (spec.action == FaultAction::restart) {
            at(now_, {ScriptEntry::Kind::fault_end, {}, number});
        }
    }
    if (machine.start_again) {
        machine.start_again = false;
        if (machine.down_holds == 0) at(now_, {ScriptEntry::Kind::start_machine, id, 0});
    }
}

void World::heal_all(FactSink* sink) {
    watch(sink);
    while (!active_.empty())
        end_fault(active_.begin()->first);
    sink_ = nullptr;
}

} // namespace brokersim
