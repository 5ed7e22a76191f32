// The fate of a packet: ports, latency, cuts and connections between machines, as TCP has them.
#pragma once

#include "brokersim/facts.hpp"
#include "brokersim/scenario.hpp"
#include "engine/distribution.hpp"
#include "engine/event_queue.hpp"
#include "engine/random.hpp"
#include "net/event.hpp"
#include "net/packet.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace brokersim {

/// What the net may touch while it works on one event.
struct Wire {
    Time now;
    PacketPool& packets;
    EventQueue<Event>& queue;
    FactSink* sink; ///< null: nobody listens

    template <class F>
    Cause note(Cause tag, const F& fact) const {
        return sink == nullptr ? tag : sink->note(now, tag, FactRef{F::kind, &fact});
    }
};

/// What a packet that came through means to the process behind the port.
enum class Arrival : std::uint8_t { nothing, message, connected, refused, lost };

/// In-order connections with set-up, latency and shared ports (scenario format §3).
///
/// - A port carries one packet at a time, in turn among its connections, in pieces of 64 KiB.
/// - A cut link loses what arrives while it is cut; TCP sends it again after 200 ms, doubling up to
///   120 s, and what follows waits behind it. A connect is tried again after 1, 3, 7, 15 s.
/// - A process that ends resets its connections: the peer learns it one latency later, unless the
///   link is cut; then it learns it when it next sends.
class Network {
public:
    Network(const NetworkSpec& spec, const std::vector<std::string>& machines, std::uint64_t seed);

    void set_up(MachineId machine, bool up) { hosts_[machine.index()].up = up; }
    /// Whether the process accepts connections; the kernel does it for a frozen one.
    void set_listening(MachineId machine, bool on) { hosts_[machine.index()].listening = on; }

    /// A number for a connection that dial() will set up; lets a handler name it at once.
    ConnId allocate(MachineId from, MachineId to);
    /// Sends the first packet of a new connection.
    void dial(Wire& wire, ConnId conn, Cause cause);
    /// Sends a message whose envelope is filled in (conn, from, bytes, kind, body, cause). A
    /// message on a connection that is closed on the sender's side is dropped: returns false, the
    /// caller frees its body.
    bool send(Wire& wire, std::uint32_t packet);
    /// The process `by` closes its side; the peer learns it in order behind what was sent before.
    void close(Wire& wire, ConnId conn, MachineId by, Cause cause);
    /// The process is gone: its connections are reset, what it had not put on the wire is lost.
    /// Appends the message packets that died in its queues to `dead`; the caller frees them.
    void crash(Wire& wire, MachineId machine, Cause cause, std::vector<std::uint32_t>& dead);

    /// One direction of a link; counted, so that overlapping faults nest. True if it changed.
    bool cut(MachineId from, MachineId to);
    bool heal(MachineId from, MachineId to);
    bool is_cut(MachineId from, MachineId to) const;

    /// A packet reached the port of its receiver. True: it is through, call receive(); false: it
    /// waits for the port, or was lost.
    bool arrives(Wire& wire, std::uint32_t packet);
    /// A packet is through the port: what it means. Frees it unless it is a `message` for the
    /// process. A message nobody can take is appended to `dead`. `incarnation`: of the receiver;
    /// `cause` becomes the cause of what the packet leads to.
    Arrival receive(Wire& wire, std::uint32_t packet, std::int32_t incarnation, Cause& cause,
                    std::vector<std::uint32_t>& dead);
    void out_port_free(Wire& wire, MachineId machine);
    void in_port_free(Wire& wire, MachineId machine);
    void retransmit(Wire& wire, std::uint32_t lane);
    void connect_retry(Wire& wire, std::uint32_t packet);

    /// The message of this packet was taken by its receiver.
    void done(const Packet& packet) { unref(packet.conn.slot); }

    bool open(ConnId conn, MachineId side) const;
    MachineId peer(ConnId conn, MachineId side) const;
    /// A word that one side keeps with the connection (a broker: its own slot for it).
    std::uint32_t& user(ConnId conn, MachineId side);

private:
    static constexpr std::uint32_t no_lane = 0xffffffff;
    struct Link {
        Sampler latency;
        Stream stream;
        Bandwidth bandwidth = 0; ///< 0: only the ports limit it
        Time free_at;
        std::int32_t cuts = 0;
    };
    struct Queue {
        std::uint32_t head = no_packet, tail = no_packet;
        bool empty() const { return head == no_packet; }
    };
    /// One direction of a connection.
    struct Lane {
        std::uint32_t link = 0;
        Time last;      ///< arrival of the newest packet on the wire
        Queue out, in;  ///< waiting for the sender's, the receiver's port
        Queue stalled;  ///< lost and to be sent again, and what came after
        Duration rto{}; ///< next wait before sending again; 0: not stalled
        std::uint32_t next[2] = {no_lane, no_lane}; ///< in the round of the port (in, out)
        bool in_round[2] = {false, false};
        bool closed = false; ///< a close is behind everything that will be sent
    };
    struct Connection {
        std::uint32_t serial = 0;
        MachineId end[2];
        bool open[2] = {false, false};
        bool connected = false;
        std::uint32_t user[2] = {0xffffffff, 0xffffffff};
        std::int32_t packets = 0; ///< in flight, queued or at the receiver
        Lane lane[2];
    };
    struct Port {
        Time free_at;
        std::uint32_t head = no_lane, tail = no_lane; ///< round of lanes with something to carry
        bool scheduled = false;
    };
    struct Host {
        bool up = false, listening = false;
        Port port[2]; ///< in, out
    };
    static constexpr std::int32_t piece = 64 * 1024;

    Lane& lane(std::uint32_t index) { return connections_[index / 2].lane[index % 2]; }
    std::uint32_t link_between(MachineId from, MachineId to);
    std::uint32_t side_of(const Connection& c, MachineId m) const { return c.end[0] == m ? 0 : 1; }
    Duration port_time(std::int32_t bytes) const;
    void unref(std::uint32_t slot);
    std::uint32_t make(Wire& wire, ConnId conn, std::uint32_t side, PacketType type, Cause cause);
    void transmit(Wire& wire, std::uint32_t packet);
    void launch(Wire& wire, std::uint32_t packet, Time sent);
    static void push(Wire& wire, Queue& queue, std::uint32_t packet);
    static std::uint32_t pop(Wire& wire, Queue& queue);
    void join_round(Wire& wire, std::uint32_t lane_index, MachineId machine, bool outgoing);
    void lose(Wire& wire, std::uint32_t packet);
    void drop(Wire& wire, std::uint32_t packet, std::string_view why);
    void free_queue(Wire& wire, Queue& queue, std::vector<std::uint32_t>& dead);
    std::uint32_t lane_of(const Packet& p) const;
    void carry_piece(Wire& wire, MachineId machine, bool outgoing);
    void reset_stray(Wire& wire, const Packet& packet);

    std::vector<Host> hosts_;
    std::vector<Connection> connections_;
    std::vector<std::uint32_t> free_;
    std::vector<Link> links_;
    std::map<std::pair<std::int32_t, std::int32_t>, std::uint32_t> link_of_;
    std::vector<std::string> machine_names_;
    NetworkSpec spec_;
    std::uint64_t seed_ = 0;
    std::uint32_t next_serial_ = 1;
    std::uint64_t next_id_ = 1;
};

} // namespace brokersim
