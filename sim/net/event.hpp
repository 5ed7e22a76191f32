// The payload of the event queue: what will happen, and to which slot.
#pragma once

#include <cstdint>

namespace brokersim {

enum class EventKind : std::uint32_t {
    packet_arrives,  ///< handle: packet; its last bit reaches the receiving port
    packet_received, ///< handle: packet; it has passed the port (cluster: deliver it)
    out_port,        ///< handle: machine; its outgoing port is free again
    in_port,         ///< handle: machine; its incoming port is free again
    retransmit,      ///< handle: connection × 2 + direction
    connect_retry,   ///< handle: packet; a connect that got no answer
    deferred,        ///< handle: packet; an actor asked for it again
    timer,           ///< handle: timer
    script,          ///< handle: entry of the world's script (starts, faults, the end of the load)
};

struct Event {
    EventKind kind{};
    std::uint32_t handle = 0;
};
static_assert(sizeof(Event) == 8);

} // namespace brokersim
