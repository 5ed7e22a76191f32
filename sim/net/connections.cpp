// Setting up, closing and losing connections.
#include "engine/assert.hpp"
#include "net/network.hpp"

namespace brokersim {

namespace {

constexpr std::int32_t segment_bytes = 64; ///< a TCP segment without data, with its headers

} // namespace

ConnId Network::allocate(MachineId from, MachineId to) {
    std::uint32_t slot = 0;
    if (free_.empty()) {
        slot = static_cast<std::uint32_t>(connections_.size());
        connections_.emplace_back();
    } else {
        slot = free_.back();
        free_.pop_back();
        connections_[slot] = Connection{};
    }
    const std::uint32_t there = link_between(from, to);
    const std::uint32_t back = link_between(to, from);
    Connection& c = connections_[slot];
    c.serial = next_serial_++;
    c.end[0] = from;
    c.end[1] = to;
    c.open[0] = true;
    c.lane[0].link = there;
    c.lane[1].link = back;
    return ConnId{slot, c.serial};
}

std::uint32_t Network::make(Wire& wire, ConnId conn, std::uint32_t side, PacketType type,
                            Cause cause) {
    Connection& c = connections_[conn.slot];
    const std::uint32_t index = wire.packets.take();
    Packet& p = wire.packets[index];
    p.type = type;
    p.conn = conn;
    p.side = static_cast<std::uint8_t>(side);
    p.from = c.end[side];
    p.to = c.end[1 - side];
    p.bytes = segment_bytes;
    p.cause = cause;
    ++c.packets;
    return index;
}

void Network::dial(Wire& wire, ConnId conn, Cause cause) {
    if (!open(conn, connections_[conn.slot].end[0])) return;
    transmit(wire, make(wire, conn, 0, PacketType::connect, cause));
}

void Network::connect_retry(Wire& wire, std::uint32_t index) {
    const Packet& p = wire.packets[index];
    const Connection& c = connections_[p.conn.slot];
    if (!c.open[0] || c.connected) { // Given up, or a later packet made it.
        unref(p.conn.slot);
        wire.packets.give(index);
        return;
    }
    transmit(wire, index);
}

bool Network::send(Wire& wire, std::uint32_t index) {
    Packet& p = wire.packets[index];
    if (!p.conn.valid()) return false;
    Connection& c = connections_[p.conn.slot];
    const std::uint32_t side = side_of(c, p.from);
    if (c.serial != p.conn.serial || !c.open[side]) return false;
    p.side = static_cast<std::uint8_t>(side);
    p.to = c.end[1 - side];
    ++c.packets;
    put_on(wire, index);
    return true;
}

/// Data goes behind what has to be sent again.
void Network::put_on(Wire& wire, std::uint32_t index) {
    Lane& l = lane_of(wire.packets[index]);
    if (l.lost.empty() && l.stalled.empty()) {
        transmit(wire, index);
    } else {
        push(wire, l.stalled, index);
    }
}

void Network::close(Wire& wire, ConnId conn, MachineId by, Cause cause) {
    if (!open(conn, by)) return;
    Connection& c = connections_[conn.slot];
    const std::uint32_t side = side_of(c, by);
    c.open[side] = false;
    if (side == 0 &&
        !c.connected) { // Nobody to tell: an accept under way will be answered by a reset.
        if (c.packets == 0) free_.push_back(conn.slot);
        return;
    }
    put_on(wire, make(wire, conn, side, PacketType::close, cause));
}

void Network::drop(Wire& wire, std::uint32_t index, std::string_view why) {
    const Packet& p = wire.packets[index];
    if (!kernel_only(p)) wire.note(p.cause, NetDrop{p.id, why});
}

/// `why` is told of packets that are under way; empty: they are not.
void Network::free_queue(Wire& wire, Queue& queue, std::string_view why,
                         std::vector<std::uint32_t>& dead) {
    while (!queue.empty()) {
        const std::uint32_t index = pop(wire, queue);
        if (!why.empty()) drop(wire, index, why);
        bury(wire, index, dead);
    }
}

void Network::bury(Wire& wire, std::uint32_t index, std::vector<std::uint32_t>& dead) {
    unref(wire.packets[index].conn.slot);
    if (wire.packets[index].type == PacketType::message) {
        dead.push_back(index);
    } else {
        wire.packets.give(index);
    }
}

void Network::end(Wire& wire, MachineId machine, Cause cause, bool silent,
                  std::vector<std::uint32_t>& dead) {
    Host& host = hosts_[machine.index()];
    host.up = host.listening = false;
    host.dark = host.dark || silent;
    host.port[1].head = host.port[1].tail = no_lane; // Its lanes join again with their resets.
    for (std::uint32_t slot = 0; slot < connections_.size(); ++slot) {
        Connection& c = connections_[slot];
        for (std::uint32_t side = 0; side < 2; ++side) {
            if (c.end[side] != machine || c.serial == 0) continue;
            if (!c.open[side] && c.packets == 0) continue;
            // What waits in this machine's own buffers never leaves it.
            ++c.packets; // Keeps the slot while its queues are emptied.
            c.lane[side].gone = true;
            free_queue(wire, c.lane[side].out, "sender_down", dead);
            c.lane[side].in_round[1] = false;
            free_queue(wire, c.lane[side].lost, {}, dead);
            free_queue(wire, c.lane[side].stalled, {}, dead);
            const bool was_open = c.open[side];
            c.open[side] = false;
            if (was_open && c.open[1 - side] && !silent) {
                const std::uint32_t reset =
                    make(wire, ConnId{slot, c.serial}, side, PacketType::reset, cause);
                transmit(wire, reset);
            }
            unref(slot);
            break; // A machine does not dial itself.
        }
    }
}

/// Data for a socket that is gone: the kernel answers with a reset, if anybody is listening still.
void Network::reset_stray(Wire& wire, const Packet& packet) {
    const Connection& c = connections_[packet.conn.slot];
    const std::uint32_t receiver = side_of(c, packet.to);
    if (!c.open[1 - receiver]) return;
    transmit(wire, make(wire, packet.conn, receiver, PacketType::reset, packet.cause));
}

void Network::answer_connect(Wire& wire, const Packet& p) {
    Connection& c = connections_[p.conn.slot];
    const Host& host = hosts_[p.to.index()];
    const bool accepted = host.up && host.listening;
    if (accepted && c.open[0]) c.open[1] = true;
    const std::uint32_t answer =
        make(wire, p.conn, 1, accepted ? PacketType::accept : PacketType::refuse, p.cause);
    wire.packets[answer].tries = p.tries;
    transmit(wire, answer);
}

/// What is no message for a running process.
Arrival Network::receive_rest(Wire& wire, std::uint32_t index, std::int32_t incarnation,
                              Cause& cause, std::vector<std::uint32_t>& dead) {
    Packet p = wire.packets[index]; // The pool may grow below.
    Connection& c = connections_[p.conn.slot];
    const std::uint32_t side = side_of(c, p.to);
    const Host& host = hosts_[p.to.index()];
    if (p.left == nobodys) {
        bury(wire, index, dead);
        return Arrival::nothing;
    }
    if (host.dark) { // The power failed while it was coming in.
        lose(wire, index, "down");
        return Arrival::nothing;
    }
    Arrival result = Arrival::nothing;
    const bool stray = p.type == PacketType::message && !c.open[side];
    if (stray || !host.up) { // The kernel of a host answers for processes that are gone.
        drop(wire, index, host.up ? "closed" : "down");
    } else if (!kernel_only(p)) {
        p.cause = cause = wire.note(p.cause, NetRecv{p.id, incarnation});
    }
    switch (p.type) {
    case PacketType::message:
        if (stray) {
            reset_stray(wire, p);
            unref(p.conn.slot);
            dead.push_back(index);
            return Arrival::nothing;
        }
        return Arrival::message; // done() counts it off.
    case PacketType::connect: answer_connect(wire, p); break;
    case PacketType::accept:
        if (!c.open[0]) {
            if (c.open[1]) transmit(wire, make(wire, p.conn, 0, PacketType::reset, p.cause));
        } else if (!c.connected) {
            c.connected = true;
            result = Arrival::connected;
        }
        break;
    case PacketType::refuse:
        if (c.open[0]) {
            c.open[0] = false;
            result = Arrival::refused;
        }
        break;
    case PacketType::close:
    case PacketType::reset:
        if (c.open[side]) {
            c.open[side] = false;
            result = Arrival::lost;
        }
        break;
    }
    unref(p.conn.slot);
    wire.packets.give(index);
    return result;
}

} // namespace brokersim
