// Ports, latency and cuts: the way of a packet. Connections are in connections.cpp.
#include "net/network.hpp"

#include "engine/assert.hpp"

#include <algorithm>

namespace brokersim {

namespace {

constexpr Duration first_rto = milliseconds(200);
constexpr Duration last_rto = seconds(120);

/// Time to put `bytes` on a line, rounded up to a nanosecond.
Duration line_time(std::int32_t bytes, Bandwidth per_second) {
    if (per_second <= 0) return {};
    return {(std::int64_t{bytes} * 1'000'000'000 + per_second - 1) / per_second};
}

} // namespace

Network::Network(const NetworkSpec& spec, const std::vector<std::string>& machines,
                 std::uint64_t seed)
    : hosts_(machines.size()), machine_names_(machines), spec_(spec), seed_(seed) {}

std::uint32_t Network::link_between(MachineId from, MachineId to) {
    const auto key = std::pair(from.value, to.value);
    const auto known = link_of_.find(key);
    if (known != link_of_.end()) return known->second;
    const std::string& source = machine_names_[from.index()];
    const std::string& target = machine_names_[to.index()];
    Distribution latency = spec_.latency;
    Bandwidth bandwidth = 0;
    for (const LinkSpec& link : spec_.links) {
        if (link.from != source || link.to != target) continue;
        if (link.latency) latency = *link.latency;
        if (link.bandwidth) bandwidth = *link.bandwidth;
    }
    links_.push_back(Link{Sampler(latency), Stream(seed_, {"link", source + ">" + target}),
                          bandwidth, Time{}, 0});
    const auto index = static_cast<std::uint32_t>(links_.size() - 1);
    link_of_.emplace(key, index);
    return index;
}

Duration Network::port_time(std::int32_t bytes) const {
    return line_time(bytes, spec_.bandwidth);
}

void Network::push(Wire& wire, Queue& queue, std::uint32_t packet) {
    wire.packets[packet].next = no_packet;
    if (queue.empty()) {
        queue.head = packet;
    } else {
        wire.packets[queue.tail].next = packet;
    }
    queue.tail = packet;
}

std::uint32_t Network::pop(Wire& wire, Queue& queue) {
    const std::uint32_t packet = queue.head;
    queue.head = wire.packets[packet].next;
    if (queue.head == no_packet) queue.tail = no_packet;
    wire.packets[packet].next = no_packet;
    return packet;
}

std::uint32_t Network::lane_of(const Packet& p) const {
    return p.conn.slot * 2 + side_of(connections_[p.conn.slot], p.from);
}

/// Puts a packet on its lane: straight through a port that is idle, else in turn.
void Network::transmit(Wire& wire, std::uint32_t index) {
    Packet& p = wire.packets[index];
    p.id = next_id_++;
    static constexpr std::string_view names[] = {"request", "connect", "accept",
                                                 "refuse",  "close",   "reset"};
    const bool response = p.type == PacketType::message && p.response;
    if (!kernel_only(p))
        p.cause = wire.note(
            p.cause, NetSend{p.id, p.from, p.to, p.conn.serial, static_cast<Api>(p.api), p.bytes,
                             response ? "response" : names[static_cast<std::size_t>(p.type)]});
    const std::uint32_t at = lane_of(p);
    Lane& l = lane(at);
    Port& port = hosts_[p.from.index()].port[1];
    if (l.out.empty() && port.head == no_lane && port.free_at <= wire.now && p.bytes <= piece) {
        port.free_at = wire.now + port_time(p.bytes);
        launch(wire, index, port.free_at);
        return;
    }
    p.left = p.bytes;
    push(wire, l.out, index);
    join_round(wire, at, p.from, true);
}

/// The last bit left the sender's port at `sent`: when it arrives.
void Network::launch(Wire& wire, std::uint32_t index, Time sent) {
    const Packet& p = wire.packets[index];
    Lane& l = lane(lane_of(p));
    Link& link = links_[l.link];
    const Duration latency = link.latency.draw(link.stream); // Drawn even for a link that is cut.
    Time done = sent;
    if (link.bandwidth > 0) {
        link.free_at = std::max(link.free_at, wire.now) + line_time(p.bytes, link.bandwidth);
        done = std::max(done, link.free_at);
    }
    l.last = std::max(l.last, done + latency); // A connection never reorders.
    wire.queue.push(l.last, Event{EventKind::packet_arrives, index});
}

void Network::join_round(Wire& wire, std::uint32_t at, MachineId machine, bool outgoing) {
    Lane& l = lane(at);
    Port& port = hosts_[machine.index()].port[outgoing];
    if (!l.in_round[outgoing]) {
        l.in_round[outgoing] = true;
        l.next[outgoing] = no_lane;
        if (port.head == no_lane) {
            port.head = at;
        } else {
            lane(port.tail).next[outgoing] = at;
        }
        port.tail = at;
    }
    if (!port.scheduled) {
        port.scheduled = true;
        wire.queue.push(std::max(port.free_at, wire.now),
                        Event{outgoing ? EventKind::out_port : EventKind::in_port,
                              static_cast<std::uint32_t>(machine.value)});
    }
}

/// The port is free: the next lane of its round has a piece carried, then goes to the back.
void Network::carry_piece(Wire& wire, MachineId machine, bool outgoing) {
    Port& port = hosts_[machine.index()].port[outgoing];
    port.scheduled = false;
    while (port.head != no_lane) {
        const std::uint32_t at = port.head;
        Lane& l = lane(at);
        port.head = l.next[outgoing];
        if (port.head == no_lane) port.tail = no_lane;
        l.in_round[outgoing] = false;
        Queue& queue = outgoing ? l.out : l.in;
        if (queue.empty()) continue; // Its packets died with a process.
        Packet& p = wire.packets[queue.head];
        const std::int32_t carried = std::min(p.left, piece);
        p.left -= carried;
        port.free_at = wire.now + port_time(carried);
        if (p.left == 0) {
            const std::uint32_t index = pop(wire, queue);
            if (outgoing) {
                launch(wire, index, port.free_at);
            } else {
                wire.queue.push(port.free_at, Event{EventKind::packet_received, index});
            }
        }
        if (!queue.empty()) join_round(wire, at, machine, outgoing);
        if (port.head != no_lane && !port.scheduled) {
            port.scheduled = true;
            wire.queue.push(port.free_at, Event{outgoing ? EventKind::out_port : EventKind::in_port,
                                                static_cast<std::uint32_t>(machine.value)});
        }
        return;
    }
}

void Network::out_port_free(Wire& wire, MachineId machine) {
    carry_piece(wire, machine, true);
}
void Network::in_port_free(Wire& wire, MachineId machine) {
    carry_piece(wire, machine, false);
}

bool Network::arrives(Wire& wire, std::uint32_t index) {
    Packet& p = wire.packets[index];
    const std::uint32_t at = lane_of(p);
    Lane& l = lane(at);
    if (links_[l.link].cuts > 0) {
        lose(wire, index);
        return false;
    }
    // The bits came in over the last `length`: if the port was free meanwhile, it is through.
    Port& port = hosts_[p.to.index()].port[0];
    const Duration length = port_time(p.bytes);
    if (l.in.empty() && port.head == no_lane && port.free_at + length <= wire.now) {
        port.free_at = wire.now;
        return true;
    }
    if (l.in.empty() && port.head == no_lane && port.free_at <= wire.now && p.bytes <= piece) {
        // Overlapped with its predecessor only in part: the rest of it still has to come in.
        port.free_at += length;
        wire.queue.push(port.free_at, Event{EventKind::packet_received, index});
        return false;
    }
    p.left = p.bytes;
    push(wire, l.in, index);
    join_round(wire, at, p.to, false);
    return false;
}

void Network::drop(Wire& wire, std::uint32_t index, std::string_view why) {
    const Packet& p = wire.packets[index];
    if (!kernel_only(p)) wire.note(p.cause, NetDrop{p.id, why});
}

/// A packet met a cut. What the kernel sends again waits; what it does not is gone.
void Network::lose(Wire& wire, std::uint32_t index) {
    Packet& p = wire.packets[index];
    drop(wire, index, "cut");
    Connection& c = connections_[p.conn.slot];
    switch (p.type) {
    case PacketType::connect:
    case PacketType::accept: {
        // The dialler tries again 1, 3, 7, 15 … seconds after its first packet.
        const Duration wait = seconds(std::int64_t{1} << std::min<int>(p.tries, 20));
        p.type = PacketType::connect;
        p.from = c.end[0];
        p.to = c.end[1];
        p.tries = static_cast<std::uint8_t>(std::min<int>(p.tries + 1, 20));
        wire.queue.push(wire.now + wait, Event{EventKind::connect_retry, index});
        return;
    }
    case PacketType::refuse:
    case PacketType::reset:
        unref(p.conn.slot);
        wire.packets.give(index);
        return;
    case PacketType::message:
    case PacketType::close: break;
    }
    Lane& l = lane(lane_of(p));
    const std::uint32_t at = lane_of(p);
    push(wire, l.stalled, index);
    if (l.rto == Duration{}) {
        l.rto = first_rto;
        wire.queue.push(wire.now + l.rto, Event{EventKind::retransmit, at});
    }
}

void Network::retransmit(Wire& wire, std::uint32_t at) {
    Lane& l = lane(at);
    if (l.stalled.empty()) { // The process died meanwhile.
        l.rto = {};
        return;
    }
    if (links_[l.link].cuts > 0) {
        Packet& p = wire.packets[l.stalled.head];
        p.id = next_id_++;
        wire.note(p.cause, NetSend{p.id, p.from, p.to, p.conn.serial, static_cast<Api>(p.api),
                                   p.bytes, "retransmission"});
        drop(wire, l.stalled.head, "cut");
        l.rto = std::min(l.rto * 2, last_rto);
        wire.queue.push(wire.now + l.rto, Event{EventKind::retransmit, at});
        return;
    }
    l.rto = {};
    Queue again = l.stalled;
    l.stalled = {};
    while (!again.empty())
        transmit(wire, pop(wire, again));
}

bool Network::cut(MachineId from, MachineId to) {
    return links_[link_between(from, to)].cuts++ == 0;
}

bool Network::heal(MachineId from, MachineId to) {
    Link& link = links_[link_between(from, to)];
    BS_ASSERT(link.cuts > 0);
    return --link.cuts == 0;
}

bool Network::is_cut(MachineId from, MachineId to) const {
    const auto known = link_of_.find(std::pair(from.value, to.value));
    return known != link_of_.end() && links_[known->second].cuts > 0;
}

} // namespace brokersim
