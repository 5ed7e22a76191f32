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
               std::find(targets.begin(), targets.end(), process_of(to)) != targets.end();
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
    out_.begin(in_at(id), cause, sink_);
    broker.disk_goes_on(in_at(id), out_);
    carry_out(machines_[id.index()], id);
}

void World::move_leader(const Occurrence& o, Cause cause) {
    if (o.targets.empty()) return;
    TargetSpec partition;
    partition.topic = spec_of(o).topic;
    partition.partition = spec_of(o).partition;
    if (layout_->zookeeper()) {
        const MachineId active = active_controller();
        if (!active.valid()) return;
        Machine& machine = machines_[active.index()];
        if (!machine.up || machine.paused) return;
        out_.begin(in_at(active), cause, sink_);
        BrokerProcess& broker = brokers_[machine.index];
        broker.controller().move_leader(partition_named(partition), o.targets.front(), out_);
        broker.settle_event(in_at(active), out_);
        carry_out(machine, active);
        return;
    }
    ask_controller(cause, [&](Controller& controller, In in) {
        controller.move_leader(in, partition_named(partition), o.targets.front(), out_);
    });
}

/// A disk without room ends whoever writes to it next. When there is room again, it starts again.
void World::fill_disks(const Occurrence& o, bool full, Cause cause) {
    for (const MachineId id : o.targets) {
        Machine& machine = machines_[id.index()];
        machine.full_holds += full ? 1 : -1;
        if (machine.kind == Kind::broker) {
            brokers_[machine.index].broker().replicas().disk().fill(machine.full_holds > 0);
            const MachineId role = role_of(id);
            if (role.valid()) controller_of(role).fill_disk(machine.full_holds > 0);
        } else {
            controllers_[machine.index].fill_disk(machine.full_holds > 0);
        }
        if (machine.full_holds > 0 || !machine.out_of_disk) continue;
        machine.out_of_disk = false;
        if (machine.down_holds == 0 && meant_to_run(machine)) bring_up(id, cause);
    }
}

void World::skew_clocks(const Occurrence& o, Duration by) {
    for (const MachineId id : o.targets)
        machines_[id.index()].skew = machines_[id.index()].skew + by;
}

/// The next broker of those that are not there yet.
void World::add_broker(Occurrence& o, Cause cause) {
    for (const MachineId id : o.targets) {
        machines_[id.index()].starts = now_;
        start_machine(id, cause);
    }
}

} // namespace brokersim
