// Ports: what leaves a machine and what comes in, one packet at a time and in turn.
#include "engine/wide.hpp"
#include "net/network.hpp"

#include <algorithm>

namespace brokersim {

namespace {

/// Responses are told apart from requests by the packet itself.
PacketWhat what_is(PacketType type) {
    return static_cast<PacketWhat>(type);
}
static_assert(static_cast<PacketType>(PacketWhat::request) == PacketType::message &&
              static_cast<PacketType>(PacketWhat::reset) == PacketType::reset);

} // namespace

namespace {

constexpr std::int32_t stretch_bits = 20; // 1.05 ms.
constexpr std::int32_t stretch_most = 1024;

/// Time to put `bytes` on a line, rounded up to a nanosecond.
Duration line_time(std::int32_t bytes, Bandwidth per_second) {
    if (per_second <= 0) return {};
    return {(std::int64_t{bytes} * 1'000'000'000 + per_second - 1) / per_second};
}

} // namespace

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

/// Puts a packet on its lane: straight through a port that is idle, else in turn.
void Network::transmit(Wire& wire, std::uint32_t index) {
    Packet& p = wire.packets[index];
    p.id = next_id_++;
    if (!kernel_only(p)) {
        const bool response = p.type == PacketType::message && p.response;
        p.cause =
            wire.note(p.cause, NetSend{p.id, p.from, p.to, p.conn.serial, static_cast<Api>(p.api),
                                       p.bytes, response ? PacketWhat::response : what_is(p.type)});
    }
    Lane& l = lane_of(p);
    if (ordered(p) && p.sequence == 0) p.sequence = ++l.sent;
    Host& host = hosts_[p.from.index()];
    Port& port = host.port[1];
    if (l.out.empty() && port.head == no_lane && port.free_at <= wire.now && p.bytes <= piece) {
        port.free_at = wire.now + line_time(p.bytes, host.bandwidth);
        launch(wire, index, l, wire.now, port.free_at);
        return;
    }
    p.left = p.bytes;
    push(wire, l.out, index);
    join_round(wire, lane_index(p), p.from, true);
}

/// Its bits left the sender's port from `began` to `sent`: when the last one arrives.
inline void Network::launch(Wire& wire, std::uint32_t index, Lane& l, Time began, Time sent) {
    const Packet& p = wire.packets[index];
    Link& link = links_[l.link];
    Time done = sent;
    if (link.bandwidth > 0) {
        link.free_at = std::max(link.free_at, began) + line_time(p.bytes, link.bandwidth);
        done = std::max(done, link.free_at);
    }
    // A connection never reorders.
    l.last = std::max(l.last, done + latency_of(link, p.from, p.to));
    const std::int64_t stretch = wire.now.ns >> stretch_bits;
    if (l.stretch != stretch) {
        l.stretch = stretch;
        l.in_stretch = 0;
    }
    if (++l.in_stretch > stretch_most) [[unlikely]] {
        l.last = std::max(l.last, Time{(stretch + 1) << stretch_bits});
    }
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
    Host& host = hosts_[machine.index()];
    Port& port = host.port[outgoing];
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
        if (outgoing && p.left == p.bytes) l.began = wire.now;
        const std::int32_t carried = std::min(p.left, piece);
        p.left -= carried;
        port.free_at = wire.now + line_time(carried, host.bandwidth);
        if (p.left == 0) {
            const std::uint32_t index = pop(wire, queue);
            if (outgoing) {
                launch(wire, index, l, l.began, port.free_at);
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
    Connection& c = connections_[p.conn.slot];
    Lane& l = c.lane[p.side];
    Link& link = links_[l.link];
    Host& host = hosts_[p.to.index()];
    if (host.dark || link.cuts > 0) [[unlikely]] {
        lose(wire, index, host.dark ? "down" : "cut");
        return false;
    }
    const bool in_order = ordered(p);
    const bool may_be_lost = link.loss.ppb > 0 || slowed_ > 0;
    if (may_be_lost && (p.tries == 0 || !in_order) && unlucky(link, p)) {
        lose(wire, index, "loss");
        return false;
    }
    if (in_order) {
        if (p.sequence == l.received + 1) [[likely]] {
            l.received = p.sequence;
            l.rto = {};
        } else if (c.open[1 - p.side]) {
            // Something before it was lost, and TCP as it is modelled keeps nothing that comes out
            // of order. Where the receiver has closed, nobody puts it in order any more.
            p.tries = 1; // Its luck is not tried again.
            lose(wire, index, "out_of_order");
            return false;
        }
    }
    return enter_port(wire, index, l, host);
}

/// The bits of a packet that is here now came in over the last `length`: how much of that the port
/// has carried by now. That is what it was idle for meanwhile. Before `known_since` it was idle;
/// from there to `busy_since` it was for `idle` altogether; then came one run of packets that ended
/// at `free_at`.
inline Duration Network::already_in(Port& port, Time now, Duration length) {
    const Duration gap = now - port.free_at;
    if (gap < length) return already_in_busy(port, now, length);
    if (gap == length) return length;
    const Time began = now - length; // A new run.
    if (gap - length > port.free_at - port.known_since) {
        port.known_since = began;
        port.idle = {};
    } else {
        port.idle += gap - length;
    }
    port.busy_since = began;
    return length;
}

Duration Network::already_in_busy(Port& port, Time now, Duration length) {
    const Duration gap = std::max(now - port.free_at, Duration{});
    const Time began = now - length;
    if (began >= port.busy_since) return gap;
    Duration before{};
    if (began < port.known_since) {
        before = port.idle + (port.known_since - began);
    } else if (port.idle > Duration{}) {
        before = {
            static_cast<std::int64_t>(Wide(port.idle.ns) * Wide((port.busy_since - began).ns) /
                                      Wide((port.busy_since - port.known_since).ns))};
    }
    port.known_since = port.busy_since = began; // It was full from there on.
    port.idle = {};
    return std::min(gap + before, length);
}

inline bool Network::enter_port(Wire& wire, std::uint32_t index, Lane& l, Host& host) {
    Port& port = host.port[0];
    const Duration length = line_time(wire.packets[index].bytes, host.bandwidth);
    const Duration in = already_in(port, wire.now, length);
    const bool queued = !l.in.empty() || port.head != no_lane || port.free_at > wire.now;
    if (!queued && in == length) [[likely]] {
        port.free_at = wire.now;
        return true;
    }
    wait_for_port(wire, index, l, port, length, in);
    return false;
}

/// Not all of it is in yet, of the `length` that it takes, or others come before it.
void Network::wait_for_port(Wire& wire, std::uint32_t index, Lane& l, Port& port, Duration length,
                            Duration in) {
    Packet& p = wire.packets[index];
    const bool queued = !l.in.empty() || port.head != no_lane || port.free_at > wire.now;
    if (length > Duration{}) {
        const Wide carried = Wide(in.ns) * Wide(p.bytes) / Wide(length.ns);
        p.left = std::max(p.bytes - static_cast<std::int32_t>(carried), 1);
    } else {
        p.left = std::max(p.bytes, 1);
    }
    if (!queued && p.left <= piece) { // The rest of it still has to come in.
        port.free_at = wire.now + (length - in);
        wire.queue.push(port.free_at, Event{EventKind::packet_received, index});
        return;
    }
    push(wire, l.in, index);
    join_round(wire, lane_index(p), p.to, false);
}

} // namespace brokersim
