// Faults that wait for a state of the cluster: looked at after every event while there are any, by
// what is committed and by what machines have done. It is never asked of an observer.
#include "cluster/world.hpp"

#include <algorithm>

namespace brokersim {

void World::await(std::uint32_t fault) {
    WaitingFault& waiting = waiting_.emplace_back();
    waiting.fault = fault;
    for (const StateSpec& spec : faults_[fault].spec.when) {
        AwaitedState& state = waiting.states.emplace_back();
        state.kind = spec.kind;
        state.value = spec.value;
        if (!spec.topic.empty()) {
            TargetSpec partition;
            partition.topic = spec.topic;
            partition.partition = spec.partition;
            state.tp = partition_named(partition);
        }
        switch (spec.kind) {
        case StateSpec::Kind::isr_size: break;
        case StateSpec::Kind::leader: state.who = machine_named(spec.name); break;
        case StateSpec::Kind::elected:
            state.who = machine_named(spec.name);
            state.epoch = state.tp.valid() ? decided(state.tp).epoch : controller_epoch();
            break;
        case StateSpec::Kind::acked:
            for (std::uint32_t k = 0; k < producers_.size(); ++k) {
                const std::string& own = names_[producers_[k].machine().index()];
                if (spec.name.empty() || own == spec.name || is_instance(own, spec.name)) {
                    state.producers.push_back(k);
                }
            }
            break;
        case StateSpec::Kind::lag_above:
            for (std::size_t g = 0; g < layout_->groups.size(); ++g) {
                if (layout_->groups[g].name == spec.name) state.group = GroupId(g);
            }
            break;
        }
    }
}

/// Each begins once, as an event of its own behind what else happens at this instant.
void World::look_at_states() {
    std::erase_if(waiting_, [&](WaitingFault& waiting) {
        const bool all = std::all_of(waiting.states.begin(), waiting.states.end(),
                                     [&](AwaitedState& state) { return holds(state); });
        if (all) fault_at(now_, waiting.fault);
        return all;
    });
}

bool World::holds(AwaitedState& state) const {
    switch (state.kind) {
    case StateSpec::Kind::isr_size:
        return static_cast<std::int64_t>(decided(state.tp).in_sync) == state.value;
    case StateSpec::Kind::leader: return leader_of(state.tp) == state.who;
    case StateSpec::Kind::elected: return elected(state);
    case StateSpec::Kind::lag_above: return lag_of(state) > state.value;
    case StateSpec::Kind::acked: {
        std::int64_t acked = 0;
        for (const std::uint32_t k : state.producers)
            acked += producers_[k].acked();
        return acked >= state.value;
    }
    }
    return false;
}

bool World::elected(const AwaitedState& state) const {
    if (!state.tp.valid()) {
        const MachineId active = active_controller();
        return active.valid() && controller_epoch() > state.epoch &&
               (!state.who.valid() || state.who == process_of(active));
    }
    const Decided partition = decided(state.tp);
    return partition.leader.valid() && partition.epoch > state.epoch &&
           (!state.who.valid() || state.who == partition.leader);
}

/// Records that the group's members have not taken yet, up to the ends of the leaders' logs. A
/// partition counts from the moment a member knows its position.
std::int64_t World::lag_of(AwaitedState& state) const {
    const GroupPlan& group = groups_[state.group.index()];
    std::int64_t lag = 0;
    std::size_t at = 0;
    for (const TopicId id : group_topics_[state.group.index()]) {
        const Layout::Topic& topic = layout_->topic(id);
        for (std::int32_t k = 0; k < topic.partitions; ++k, ++at) {
            const PartitionId tp(topic.first.value + k);
            if (at == state.positions.size()) state.positions.push_back(-1);
            Offset& position = state.positions[at];
            for (std::size_t m = group.first; m < group.first + group.count; ++m)
                position = std::max(position, consumers_[m].position(tp));
            const MachineId leader = leader_of(tp);
            if (position < 0 || !leader.valid()) continue;
            const ReplicaManager& replicas =
                brokers_[machines_[leader.index()].index].broker().replicas();
            const std::int32_t number = replicas.number_of(tp);
            if (number < 0) continue;
            const PartitionLog& log = replicas.partitions()[static_cast<std::size_t>(number)].log();
            lag += std::max<std::int64_t>(0, log.end() - position);
        }
    }
    return lag;
}

} // namespace brokersim
