// What travels: an envelope in a pool. The net sees sizes and addresses, never the message.
#pragma once

#include "brokersim/facts.hpp"
#include "brokersim/ids.hpp"
#include "brokersim/time.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace brokersim {

/// A connection for as long as it lives: `slot` is reused, `serial` never is.
struct ConnId {
    std::uint32_t slot = 0xffffffff;
    std::uint32_t serial = 0;

    bool valid() const { return slot != 0xffffffff; }
    friend bool operator==(ConnId, ConnId) = default;
};

/// What a packet is to the transport. Everything but `message` is TCP's own business.
enum class PacketType : std::uint8_t { message, connect, accept, refuse, close, reset };

inline constexpr std::uint32_t no_packet = 0xffffffff;

/// One packet: envelope of a message in transit, or of one that waits at its receiver.
struct Packet {
    std::uint64_t id = 0; ///< number of the transmission, for the trace
    Cause cause;
    ConnId conn;
    MachineId from, to;
    std::int32_t bytes = 0;
    std::int32_t left = 0;          ///< bytes that a busy port has still to carry
    std::uint32_t body = 0;         ///< slot of the message in the pool of its kind
    std::uint32_t next = no_packet; ///< next in the queue it waits in
    std::int32_t incarnation = 0;   ///< of the receiver, once it has been delivered
    PacketType type = PacketType::message;
    std::uint8_t side = 0;  ///< which end of its connection sent it: names its lane
    std::uint8_t kind = 0;  ///< MessageKind
    std::uint8_t stage = 0; ///< of a deferred packet: the receiver's own mark
    bool response = false;
    std::uint8_t api = 0;
    std::uint8_t tries = 0;     ///< connects that went unanswered; data: came through once
    std::uint32_t sequence = 0; ///< of data on its connection, from 1; 0: not sent yet
};
static_assert(sizeof(Packet) <= 64);

/// The kernel of a host sends these even when the process is gone; a trace does not tell them.
inline bool kernel_only(const Packet& p) {
    return p.type == PacketType::refuse || p.type == PacketType::reset;
}

/// Packets by index; slots are reused, the storage only grows. A plain value.
class PacketPool {
public:
    std::uint32_t take() {
        if (free_ == no_packet) {
            packets_.emplace_back();
            return static_cast<std::uint32_t>(packets_.size() - 1);
        }
        const std::uint32_t slot = free_;
        free_ = packets_[slot].next;
        packets_[slot] = Packet{};
        return slot;
    }
    void give(std::uint32_t slot) {
        packets_[slot].next = free_;
        free_ = slot;
    }
    Packet& operator[](std::uint32_t slot) { return packets_[slot]; }
    const Packet& operator[](std::uint32_t slot) const { return packets_[slot]; }
    std::size_t in_use() const {
        std::size_t free = 0;
        for (std::uint32_t slot = free_; slot != no_packet; slot = packets_[slot].next)
            ++free;
        return packets_.size() - free;
    }
    void prefetch(std::uint32_t slot) const { __builtin_prefetch(packets_.data() + slot); }

private:
    std::vector<Packet> packets_;
    std::uint32_t free_ = no_packet;
};

} // namespace brokersim
