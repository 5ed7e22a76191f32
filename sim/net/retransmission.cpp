// What does not come through: sent again by TCP, while what follows waits its turn.
#include "net/network.hpp"

#include <algorithm>

namespace brokersim {

namespace {

constexpr Duration first_rto = milliseconds(200);
constexpr Duration last_rto = seconds(120);

} // namespace

/// A packet did not come through. What the kernel sends again waits; what it does not is gone.
void Network::lose(Wire& wire, std::uint32_t index, std::string_view why) {
    Packet& p = wire.packets[index];
    drop(wire, index, why);
    Connection& c = connections_[p.conn.slot];
    switch (p.type) {
    case PacketType::connect:
    case PacketType::accept:
    case PacketType::refuse: {
        // The dialler tries again 1, 3, 7, 15 … seconds after its first packet.
        const Duration wait = seconds(std::int64_t{1} << std::min<int>(p.tries, 20));
        p.type = PacketType::connect;
        p.side = 0;
        p.from = c.end[0];
        p.to = c.end[1];
        p.tries = static_cast<std::uint8_t>(std::min<int>(p.tries + 1, 20));
        wire.queue.push(wire.now + wait, Event{EventKind::connect_retry, index});
        return;
    }
    case PacketType::reset:
        unref(p.conn.slot);
        wire.packets.give(index);
        return;
    case PacketType::message:
    case PacketType::close: break;
    }
    const std::uint32_t at = lane_index(p);
    Lane& l = lane(at);
    if (l.gone) {
        p.left = nobodys;
        wire.queue.push(wire.now, Event{EventKind::packet_received, index});
        return;
    }
    if (l.lost.empty() || wire.packets[l.lost.tail].sequence < p.sequence) {
        push(wire, l.lost, index);
    } else { // It was sent again already, before those that were not.
        std::uint32_t* before = &l.lost.head;
        while (wire.packets[*before].sequence < p.sequence)
            before = &wire.packets[*before].next;
        p.next = *before;
        *before = index;
    }
    if (l.again != Time::never()) return;
    l.rto = l.rto == Duration{} ? first_rto : std::min(l.rto * 2, last_rto);
    l.again = wire.now + l.rto;
    wire.queue.push(l.again, Event{EventKind::retransmit, at});
}

void Network::retransmit(Wire& wire, std::uint32_t at) {
    Lane& l = lane(at);
    if (l.again != wire.now) return; // Of a connection that is no more.
    l.again = Time::never();
    if (l.lost.empty()) return; // The process died meanwhile.
    Packet& first = wire.packets[l.lost.head];
    const bool dark = hosts_[first.to.index()].dark;
    if (dark || links_[l.link].cuts > 0) {
        first.id = next_id_++;
        wire.note(first.cause,
                  NetSend{first.id, first.from, first.to, first.conn.serial,
                          static_cast<Api>(first.api), first.bytes, PacketWhat::retransmission});
        drop(wire, l.lost.head, dark ? "down" : "cut");
        l.rto = std::min(l.rto * 2, last_rto);
        l.again = wire.now + l.rto;
        wire.queue.push(l.again, Event{EventKind::retransmit, at});
        return;
    }
    Queue lost = l.lost;
    Queue stalled = l.stalled;
    l.lost = l.stalled = {};
    while (!lost.empty())
        transmit(wire, pop(wire, lost));
    while (!stalled.empty())
        transmit(wire, pop(wire, stalled));
}

} // namespace brokersim
