// What the control plane has decided, as whoever knows most knows it: for targets, for states that
// faults wait for, and for the end of a run. No process is asked for it.
#include "cluster/world.hpp"

#include <algorithm>

namespace brokersim {

/// The controller that knows of the newest commit.
const Controller& World::informed() const {
    return *std::max_element(
        controllers_.begin(), controllers_.end(),
        [](const Controller& a, const Controller& b) { return a.applied() < b.applied(); });
}

const DataTree& World::ensemble() const {
    return std::max_element(servers_.begin(), servers_.end(),
                            [](const ZookeeperServer& a, const ZookeeperServer& b) {
                                return a.applied() < b.applied();
                            })
        ->tree();
}

World::Decided World::decided(PartitionId tp) const {
    if (layout_->zookeeper()) {
        const ZnodeData& data = ensemble().node({ZnodePath::Kind::partition, tp.value}).data;
        return {data.machine, data.number, data.isr.size(), data.replicas.size()};
    }
    const PartitionState& state = informed().committed().partition(tp);
    return {MachineId(state.leader), state.leader_epoch, state.isr.size(), state.replicas.size()};
}

PartitionState World::state_of(PartitionId tp) const {
    if (!layout_->zookeeper()) return informed().committed().partition(tp);
    const ZnodeData& data = ensemble().node({ZnodePath::Kind::partition, tp.value}).data;
    PartitionState state;
    for (const MachineId replica : data.replicas)
        state.replicas.push_back(replica.value);
    for (const MachineId member : data.isr)
        state.isr.push_back(member.value);
    state.leader = data.machine.value;
    return state;
}

/// Of two that believe so the newer one; an old one finds out when it next hears of the other.
MachineId World::active_controller() const {
    if (layout_->zookeeper()) {
        const Znode& node = ensemble().node({ZnodePath::Kind::controller, 0});
        return node.exists ? node.data.machine : MachineId{};
    }
    const Controller* found = nullptr;
    for (const Controller& controller : controllers_) {
        if (!controller.active()) continue;
        if (found == nullptr || found->raft().epoch() < controller.raft().epoch()) {
            found = &controller;
        }
    }
    return found == nullptr ? MachineId{} : found->machine();
}

/// Of the controllers that are, or were, active.
std::int32_t World::controller_epoch() const {
    if (layout_->zookeeper()) {
        return ensemble().node({ZnodePath::Kind::controller_epoch, 0}).data.number;
    }
    const MachineId active = active_controller();
    return active.valid() ? controllers_[machines_[active.index()].index].raft().epoch() : 0;
}

} // namespace brokersim
