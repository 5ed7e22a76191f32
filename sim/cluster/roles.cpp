// Controllers in the processes of brokers (combined mode): one start, one end, one power supply,
// one set of links, and a loop between the two roles.
#include "cluster/world.hpp"

#include <type_traits>

namespace brokersim {

/// What the world's facts go to: roles are told under the name of their process.
void World::watch(FactSink* sink) {
    sink_ = sink;
    if (layout_->roles == 0 || sink == nullptr) return;
    role_sink_.forward_to(*sink, layout_->roles);
    sink_ = &role_sink_;
}

MachineId World::role_of(MachineId id) const {
    const std::size_t controllers = layout_->roles > 0 ? layout_->controllers : 0;
    return id.index() < controllers ? MachineId(layout_->roles + id.index()) : MachineId{};
}

MachineId World::process_of(MachineId id) const {
    const bool role = layout_->roles > 0 && id.valid() && id.index() >= layout_->roles;
    return role ? MachineId(id.index() - layout_->roles) : id;
}

/// The controller comes up first (Kafka: KafkaRaftServer.startup).
void World::start_role(MachineId id, Cause cause) {
    const MachineId role = role_of(id);
    if (!role.valid()) return;
    Machine& machine = machines_[role.index()];
    machine.up = true;
    machine.paused = machine.stopping = false;
    machine.incarnation = machines_[id.index()].incarnation;
    network_.power_on(role);
    network_.set_up(role, true);
    run_handler(role, cause, [&](auto& actor, In in) {
        if constexpr (std::is_same_v<std::decay_t<decltype(actor)>, Controller>) {
            actor.start(in, out_);
        }
    });
}

/// The broker has ended cleanly: its controller goes next, and with that the process. True: there
/// is one.
bool World::stop_role(MachineId id, Cause cause) {
    const MachineId role = role_of(id);
    if (!role.valid()) return false;
    if (machines_[role.index()].stopping) return true;
    machines_[role.index()].stopping = true;
    run_handler(role, cause, [&](auto& actor, In in) { actor.stop(in, out_); });
    return true;
}

/// The process is gone, and with it the role.
void World::end_role(MachineId id, bool power, Cause cause) {
    const MachineId role = role_of(id);
    if (!role.valid()) return;
    Machine& machine = machines_[role.index()];
    Wire w = wire();
    if (power) {
        network_.power_off(w, role, cause, dead_);
    } else {
        network_.crash(w, role, cause, dead_);
    }
    free_dead();
    for (std::uint32_t k = 0; k < machine.timers; ++k)
        timers_.disarm(TimerId{machine.first_timer + k});
    for (const Stashed& what : machine.stash)
        miss(role, what);
    machine.stash.clear();
    machine.up = machine.paused = machine.stopping = false;
    controllers_[machine.index].crash();
}

void World::power_on(MachineId id) {
    network_.power_on(id);
    if (role_of(id).valid()) network_.power_on(role_of(id));
}

void World::speed_up(MachineId id, std::uint32_t by) {
    network_.speed_up(id, by);
    if (role_of(id).valid()) network_.speed_up(role_of(id), by);
}

void World::resume_role(MachineId id, Cause cause) {
    const MachineId role = role_of(id);
    if (!role.valid()) return;
    Machine& machine = machines_[role.index()];
    machine.paused = false;
    std::vector<Stashed> stash;
    stash.swap(machine.stash);
    for (Stashed& what : stash) {
        if (!machine.up) {
            miss(role, what);
            continue;
        }
        if (what.what == Stashed::What::timer) what.cause = cause;
        give(role, what);
    }
}

} // namespace brokersim
