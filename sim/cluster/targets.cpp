// Whom a fault hits: names, and roles by who holds them at this instant (scenario format §9).
#include "cluster/world.hpp"

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

/// The machines of a producer by its name in the scenario: all its instances.
std::vector<MachineId> World::producers_named(const std::string& name) const {
    std::vector<MachineId> who;
    for (const Producer& producer : producers_) {
        const std::string& own = names_[producer.machine().index()];
        if (own == name) return {producer.machine()};
        if (is_instance(own, name)) who.push_back(producer.machine());
    }
    return who;
}

/// Adds whoever is meant, each once. A role counts by what is committed.
void World::resolve(const TargetSpec& target, Stream& choices, std::vector<MachineId>& who) const {
    const auto there = [&](MachineId id) {
        return std::find(who.begin(), who.end(), id) != who.end();
    };
    const auto add = [&](MachineId id) {
        if (id.valid() && !there(id)) who.push_back(id);
    };
    switch (target.kind) {
    case TargetSpec::Kind::several:
        for (const TargetSpec& part : target.parts)
            resolve(part, choices, who);
        break;
    case TargetSpec::Kind::machines:
        for (const std::string& name : target.machines)
            add(machine_named(name));
        break;
    case TargetSpec::Kind::leader: add(leader_of(partition_named(target))); break;
    case TargetSpec::Kind::follower: { // The first, in assignment order, that does not lead.
        const PartitionState state = state_of(partition_named(target));
        const auto found = std::find_if(state.replicas.begin(), state.replicas.end(),
                                        [&](std::int32_t r) { return r != state.leader; });
        if (found != state.replicas.end()) add(MachineId(*found));
        break;
    }
    case TargetSpec::Kind::isr:
        for (const std::int32_t member : state_of(partition_named(target)).isr)
            add(MachineId(member));
        break;
    case TargetSpec::Kind::controller: add(process_of(active_controller())); break;
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
            if (machines_[k].up && !there(MachineId(k))) running.emplace_back(k);
        }
        if (!running.empty()) add(running[choices.below(running.size())]);
        break;
    }
    }
}

} // namespace brokersim
