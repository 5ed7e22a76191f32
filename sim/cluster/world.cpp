// The loop: one event, one handler, its effects.
#include "cluster/world.hpp"

#include "engine/assert.hpp"

#include <algorithm>
#include <utility>

namespace brokersim {

World::World(const World& other)
    : layout_(other.layout_), names_(other.names_), loop_(other.loop_), now_(other.now_),
      timers_(other.timers_), timer_owner_(other.timer_owner_), messages_(other.messages_),
      contents_(other.contents_), network_(other.network_), machines_(other.machines_),
      brokers_(other.brokers_), controllers_(other.controllers_), servers_(other.servers_),
      producers_(other.producers_), consumers_(other.consumers_),
      consumer_group_(other.consumer_group_), consumer_machine_(other.consumer_machine_),
      group_topics_(other.group_topics_), assignment_(other.assignment_), script_(other.script_),
      faults_(other.faults_), active_(other.active_), occurrences_(other.occurrences_),
      waiting_(other.waiting_), droppers_(other.droppers_), stuck_(other.stuck_),
      configs_(other.configs_), groups_(other.groups_), usual_rates_(other.usual_rates_),
      last_begin_(other.last_begin_), sink_(nullptr), out_(messages_, network_, contents_) {}

LoopEnd World::run(Time until, std::uint64_t budget, FactSink* sink) {
    watch(sink);
    const LoopEnd end = loop_.run(*this, until, budget);
    sink_ = nullptr;
    return end;
}

void World::prefetch(Event event) const {
    switch (event.kind) {
    case EventKind::packet_arrives:
    case EventKind::packet_received:
    case EventKind::deferred: messages_.packets.prefetch(event.handle); return;
    default: return;
    }
}

void World::handle(Time now, Event event) {
    now_ = now;
    last_ = event;
    dispatch(event);
    if (!waiting_.empty()) look_at_states();
}

void World::dispatch(Event event) {
    Wire w = wire();
    switch (event.kind) {
    case EventKind::packet_arrives:
        if (network_.arrives(w, event.handle)) deliver(w, event.handle);
        return;
    case EventKind::packet_received: deliver(w, event.handle); return;
    case EventKind::out_port:
        network_.out_port_free(w, MachineId(static_cast<std::int32_t>(event.handle)));
        return;
    case EventKind::in_port:
        network_.in_port_free(w, MachineId(static_cast<std::int32_t>(event.handle)));
        return;
    case EventKind::retransmit: network_.retransmit(w, event.handle); return;
    case EventKind::connect_retry: network_.connect_retry(w, event.handle); return;
    case EventKind::deferred: deferred(event.handle); return;
    case EventKind::timer: pop_timer(event.handle); return;
    case EventKind::script: {
        const ScriptEntry entry = script_[event.handle]; // The script may grow meanwhile.
        script(entry);
        return;
    }
    }
}

void World::free_dead() {
    for (const std::uint32_t packet : dead_)
        messages_.free(packet);
    dead_.clear();
}

void World::report_livelock(FactSink* sink) {
    static constexpr std::string_view kinds[] = {
        "packet_arrives", "packet_received", "out_port", "in_port", "retransmit",
        "connect_retry",  "deferred",        "timer",    "script"};
    std::string text = "more than a million events in one instant; the last: ";
    text += kinds[static_cast<std::size_t>(last_.kind)];
    if (last_.kind == EventKind::timer) {
        const std::uint32_t owner = timer_owner_[last_.handle];
        text += " " + std::to_string(last_.handle - machines_[owner].first_timer) + " of " +
                names_[owner];
    } else if (last_.kind == EventKind::packet_arrives || last_.kind == EventKind::deferred ||
               last_.kind == EventKind::packet_received) {
        const Packet& p = messages_.packets[last_.handle];
        text += " " + std::string(word(static_cast<Api>(p.api))) + " from " +
                names_[p.from.index()] + " to " + names_[p.to.index()];
    }
    const Violation fact{"K5", text};
    sink->tell(now_, Cause{}, fact);
}

/// A packet is through the port of its machine: to the kernel, and maybe to the process.
void World::deliver(Wire& w, std::uint32_t packet) {
    Packet& p = messages_.packets[packet];
    const MachineId to = p.to;
    const ConnId conn = p.conn;
    Machine& machine = machines_[to.index()];
    Cause cause = p.cause;
    const Arrival arrival = network_.receive(w, packet, machine.incarnation, cause, dead_);
    if (arrival == Arrival::message) [[likely]] {
        if ((droppers_ > 0 || !stuck_.empty()) && swallows(to, packet)) return;
        Packet& message = messages_.packets[packet]; // The pool may have grown.
        message.incarnation = machine.incarnation;
        message.stage = 0;
        message.cause = cause;
        give_message(machine, to, packet);
        return;
    }
    if (!dead_.empty()) free_dead();
    switch (arrival) {
    case Arrival::nothing:
    case Arrival::message: return;
    case Arrival::connected: give(to, {Stashed::What::connected, 0, conn, cause}); return;
    case Arrival::refused: give(to, {Stashed::What::refused, 0, conn, cause}); return;
    case Arrival::lost: give(to, {Stashed::What::lost, 0, conn, cause}); return;
    }
}

/// Something for a process that is no new message: a frozen one gets it when it wakes.
void World::give(MachineId id, const Stashed& what) {
    Machine& machine = machines_[id.index()];
    if (machine.paused) {
        machine.stash.push_back(what);
        return;
    }
    switch (what.what) {
    case Stashed::What::message: give_message(machine, id, what.handle); return;
    case Stashed::What::connected:
        run_handler(id, what.cause, [&](auto& a, In in) { a.on_connected(in, what.conn, out_); });
        return;
    case Stashed::What::refused:
        run_handler(id, what.cause, [&](auto& a, In in) { a.on_refused(in, what.conn, out_); });
        return;
    case Stashed::What::lost:
        run_handler(id, what.cause, [&](auto& a, In in) { a.on_lost(in, what.conn, out_); });
        return;
    case Stashed::What::stop:
        run_handler(id, what.cause, [&](auto& a, In in) { a.stop(in, out_); });
        return;
    case Stashed::What::disk: disk_goes_on(id, what.cause); return;
    case Stashed::What::timer:
        run_handler(id, what.cause,
                    [&](auto& a, In in) { a.on_timer(in, TimerSlot{what.handle}, out_); });
        return;
    }
}

/// Most events are this one.
void World::give_message(Machine& machine, MachineId id, std::uint32_t packet) {
    const Packet& p = messages_.packets[packet];
    if (machine.paused) [[unlikely]] {
        machine.stash.push_back({Stashed::What::message, packet, p.conn, p.cause});
        return;
    }
    if (p.stage == 0) network_.done(p);
    const In in = in_at(id);
    const Incoming incoming = incoming_of(p, packet);
    out_.begin(in, p.cause, sink_);
    with_actor(machine, [&](auto& actor) { actor.on_message(in, incoming, out_); });
    const bool held = out_.held();
    carry_out(machine, id);
    if (!held) messages_.free(packet);
}

void World::deferred(std::uint32_t packet) {
    const Packet& p = messages_.packets[packet];
    const MachineId id = p.to;
    Machine& machine = machines_[id.index()];
    if (machine.up && p.incarnation == machine.incarnation) [[likely]] {
        give_message(machine, id, packet);
    } else {
        messages_.free(packet); // It died with the process.
    }
}

void World::pop_timer(std::uint32_t timer) {
    const TimerTable::Popped popped = timers_.popped(TimerId{timer}, now_);
    if (popped.what == TimerTable::What::stale) return;
    if (popped.what == TimerTable::What::again) {
        loop_.push(popped.at, Event{EventKind::timer, timer});
        return;
    }
    const MachineId id(static_cast<std::int32_t>(timer_owner_[timer]));
    const Machine& machine = machines_[id.index()];
    if (!machine.up) return;
    give(id, {Stashed::What::timer, timer - machine.first_timer, {}, Cause{}});
}

/// The only place that acts on the world for a handler.
void World::carry_out(Machine& machine, MachineId id) {
    const Effect* end = nullptr;
    Wire w = wire();
    for (const Effect& effect : out_.list()) {
        switch (effect.op) {
        case Effect::Op::send: {
            Packet& p = messages_.packets[effect.subject];
            p.bytes = wire_size_of(messages_, p);
            p.cause = effect.cause;
            if (!network_.send(w, effect.subject)) messages_.free(effect.subject);
            break;
        }
        case Effect::Op::dial: network_.dial(w, effect.conn, effect.cause); break;
        case Effect::Op::close: network_.close(w, effect.conn, id, effect.cause); break;
        case Effect::Op::arm: {
            const std::uint32_t timer = machine.first_timer + effect.subject;
            const Time when{std::max(effect.time, now_.ns)};
            const Time push = timers_.arm(TimerId{timer}, when);
            if (push != Time::never()) loop_.push(push, Event{EventKind::timer, timer});
            break;
        }
        case Effect::Op::disarm:
            timers_.disarm(TimerId{machine.first_timer + effect.subject});
            break;
        case Effect::Op::defer: {
            Packet& p = messages_.packets[effect.subject];
            p.stage = effect.stage;
            p.cause = effect.cause;
            loop_.push(Time{std::max(effect.time, now_.ns)},
                       Event{EventKind::deferred, effect.subject});
            break;
        }
        case Effect::Op::own: {
            Packet& p = messages_.packets[effect.subject];
            p.to = id;
            p.incarnation = machine.incarnation;
            p.stage = own_stage;
            p.cause = effect.cause;
            loop_.push(now_, Event{EventKind::deferred, effect.subject});
            break;
        }
        case Effect::Op::exit:
        case Effect::Op::crash: end = &effect; break;
        case Effect::Op::listen: network_.set_listening(id, effect.stage != 0); break;
        }
    }
    if (end == nullptr) return;
    const Effect last = *end;
    const bool crashed = last.op == Effect::Op::crash;
    const MachineId process = process_of(id);
    if (crashed && machines_[process.index()].full_holds > 0) {
        machines_[process.index()].out_of_disk = true;
    }
    if (!crashed && process == id && stop_role(id, last.cause)) return;
    const bool starts_again = crashed && last.time >= 0 && !machine.stopping;
    end_process(process, crashed ? DownHow::kill : DownHow::clean, last.cause);
    if (!starts_again) return;
    machine.restarts = after(now_, Duration{last.time});
    at(machine.restarts, {ScriptEntry::Kind::restart_machine, id, 0});
}

void World::at(Time time, ScriptEntry entry) {
    script_.push_back(entry);
    loop_.push(std::max(time, now_),
               Event{EventKind::script, static_cast<std::uint32_t>(script_.size() - 1)});
}

void World::script(const ScriptEntry& entry) {
    switch (entry.kind) {
    case ScriptEntry::Kind::start_machine: {
        const Machine& machine = machines_[entry.machine.index()];
        if (machine.down_holds == 0 && meant_to_run(machine)) start_machine(entry.machine, Cause{});
        return;
    }
    case ScriptEntry::Kind::stop_machine: stop_machine(entry.machine, Cause{}); return;
    case ScriptEntry::Kind::restart_machine: {
        Machine& machine = machines_[entry.machine.index()];
        if (machine.restarts != now_) return; // Somebody has decided otherwise.
        machine.restarts = Time::never();
        if (machine.down_holds == 0 && meant_to_run(machine)) start_machine(entry.machine, Cause{});
        return;
    }
    case ScriptEntry::Kind::fault_begin: begin_fault(entry.number); return;
    case ScriptEntry::Kind::fault_step: {
        const auto found = active_.find(entry.number);
        if (found != active_.end()) roll(entry.number, found->second.cause);
        return;
    }
    case ScriptEntry::Kind::fault_end: end_fault(entry.number); return;
    }
}

} // namespace brokersim
