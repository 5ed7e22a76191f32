// Faults below and above the processes: requests that are dropped, disks that stand still, orders
// to the controller.
#include "cluster/world.hpp"

#include <algorithm>

namespace brokersim {

/// A request that the process takes from its connection and never answers. As a server reads the
/// next request of a connection only when it has answered (SocketServer mutes it), nothing behind
/// it is looked at either, until the client gives up and connects anew.
bool World::swallows(MachineId to, std::uint32_t packet) {
    Packet& p = messages_.packets[packet];
    if (is_response(p.kind)) return false;
    std::erase_if(stuck_, [&](const auto& s) { return !network_.open(s.first, s.second); });
    const std::pair stuck(p.conn, to);
    const bool behind = std::find(stuck_.begin(), stuck_.end(), stuck) != stuck_.end();
    const auto meant = [&](const auto& entry) {
        const FaultSpec& spec = spec_of(entry.second);
        const std::vector<MachineId>& targets = entry.second.targets;
        return spec.action == FaultAction::drop_requests &&
               (!spec.api || *spec.api == static_cast<Api>(p.api)) &&
               std::find(targets.begin(), targets.end(), to) != targets.end();
    };
    if (!behind && !std::any_of(active_.begin(), active_.end(), meant)) return false;
    // Nobody waits for an answer to a produce request with acks=0.
    const bool one_way = p.kind == kind_of<ProduceRequest> &&
                         messages_.pool<ProduceRequest>()[p.body].acks == Acks::none;
    if (!behind && !one_way) stuck_.push_back(stuck);
    p.stage = 0;
    drop_message(packet);
    return true;
}

/// A stalled disk is free: what waited for it goes on, if there is a process that waits.
void World::disk_goes_on(MachineId id, Cause cause) {
    const Machine& machine = machines_[id.index()];
    BrokerProcess& broker = brokers_[machine.index];
    if (!machine.up) {
        broker.broker().replicas().disk().go_on(now_);
        return;
    }
    out_.begin(In{now_, id}, cause, sink_);
    broker.disk_goes_on(In{now_, id}, out_);
    carry_out(machines_[id.index()], id);
}

/// An operator's tool asks the active controller. One that is frozen does not answer, and the tool
/// gives up.
void World::move_leader(const Occurrence& o, Cause cause) {
    const MachineId active = active_controller();
    if (!active.valid() || o.targets.empty()) return;
    const Machine& machine = machines_[active.index()];
    if (!machine.up || machine.paused) return;
    TargetSpec partition;
    partition.topic = spec_of(o).topic;
    partition.partition = spec_of(o).partition;
    out_.begin(In{now_, active}, cause, sink_);
    const In in{now_, active};
    if (layout_->zookeeper()) {
        BrokerProcess& broker = brokers_[machine.index];
        broker.controller().move_leader(partition_named(partition), o.targets.front(), out_);
        broker.settle_event(in, out_);
    } else {
        controllers_[machine.index].move_leader(in, partition_named(partition), o.targets.front(),
                                                out_);
    }
    carry_out(machines_[active.index()], active);
}

} // namespace brokersim
