// The fate of a packet: ports, latency, cuts and connections between machines, as TCP has them.
#pragma once

#include "brokersim/fact_sink.hpp"
#include "brokersim/scenario.hpp"
#include "engine/assert.hpp"
#include "engine/distribution.hpp"
#include "engine/event_queue.hpp"
#include "engine/random.hpp"
#include "net/event.hpp"
#include "net/packet.hpp"

#include <cstdint>
#include <map>
#include <optional>
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
        return sink == nullptr ? tag : sink->tell(now, tag, fact);
    }
};

/// What a packet that came through means to the process behind the port.
enum class Arrival : std::uint8_t { nothing, message, connected, refused, lost };

/// What a fault does to the links of a machine: latency is added, the others replace.
struct Slowness {
    std::uint32_t by = 0; ///< whose it is
    std::optional<Sampler> latency;
    std::optional<Ratio> loss;
    std::optional<Bandwidth> bandwidth; ///< of the machine's ports
};

/// In-order connections with set-up, latency and shared ports (scenario format §3).
///
/// - A port carries one packet at a time, in turn among its connections, in pieces of 64 KiB.
/// - A packet is lost that meets a cut, a machine without power, or bad luck. TCP sends it again
///   after 200 ms, doubling up to 120 s, and what follows waits behind it. A connect is tried again
///   after 1, 3, 7, 15 s.
/// - A process that ends resets its connections: the peer learns it one latency later, unless the
///   link is cut; then it learns it when it next sends. A machine that loses its power says
///   nothing.
/// - A connection carries a thousand packets each millisecond at once; further ones come in the
/// next
///   millisecond, so that no chain of messages that cost nothing makes endlessly much of a stretch
///   of time.
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
    void crash(Wire& wire, MachineId machine, Cause cause, std::vector<std::uint32_t>& dead) {
        end(wire, machine, cause, false, dead);
    }
    /// The machine is without power: as a crash, but nobody is told, and it answers nothing until
    /// power_on().
    void power_off(Wire& wire, MachineId machine, Cause cause, std::vector<std::uint32_t>& dead) {
        end(wire, machine, cause, true, dead);
    }
    void power_on(MachineId machine) { hosts_[machine.index()].dark = false; }

    /// One direction of a link; counted, so that overlapping faults nest. True if it changed.
    bool cut(MachineId from, MachineId to);
    bool heal(MachineId from, MachineId to);
    bool is_cut(MachineId from, MachineId to) const;

    /// All links of the machine are slower, or lose more, until speed_up() with the same `by`.
    /// Several add their latencies; of their other values the newest counts.
    void slow_down(MachineId machine, const Slowness& slowness);
    void speed_up(MachineId machine, std::uint32_t by);

    /// A packet reached the port of its receiver. True: it is through, call receive(); false: it
    /// waits for the port, or was lost.
    bool arrives(Wire& wire, std::uint32_t packet);
    /// A packet is through the port: what it means. Frees it unless it is a `message` for the
    /// process. A message nobody can take is appended to `dead`. `incarnation`: of the receiver;
    /// `cause` becomes the cause of what the packet leads to.
    Arrival receive(Wire& wire, std::uint32_t packet, std::int32_t incarnation, Cause& cause,
                    std::vector<std::uint32_t>& dead) {
        const Packet& p = wire.packets[packet];
        const Host& host = hosts_[p.to.index()];
        if (p.type == PacketType::message && p.left != nobodys && host.up && !host.dark &&
            connections_[p.conn.slot].open[1 - p.side]) [[likely]] {
            cause = wire.note(p.cause, NetRecv{p.id, incarnation});
            return Arrival::message; // done() counts it off.
        }
        return receive_rest(wire, packet, incarnation, cause, dead);
    }
    void out_port_free(Wire& wire, MachineId machine);
    void in_port_free(Wire& wire, MachineId machine);
    void retransmit(Wire& wire, std::uint32_t lane);
    void connect_retry(Wire& wire, std::uint32_t packet);

    /// The message of this packet was taken by its receiver.
    void done(const Packet& packet) { unref(packet.conn.slot); }

    bool open(ConnId conn, MachineId side) const {
        if (!conn.valid()) return false;
        const Connection& c = connections_[conn.slot];
        return c.serial == conn.serial && c.open[side_of(c, side)];
    }
    MachineId peer(ConnId conn, MachineId side) const {
        const Connection& c = connections_[conn.slot];
        return c.end[1 - side_of(c, side)];
    }
    /// A word that one side keeps with the connection (a broker: its own slot for it).
    std::uint32_t& user(ConnId conn, MachineId side) {
        Connection& c = connections_[conn.slot];
        return c.user[side_of(c, side)];
    }

private:
    static constexpr std::uint32_t no_lane = 0xffffffff;
    static constexpr std::int32_t nobodys = -1; ///< `left` of a packet that nobody sends again
    struct Link {
        Sampler latency;
        Stream stream;
        Bandwidth bandwidth = 0; ///< 0: only the ports limit it
        Ratio loss;
        Stream losses, slowness; ///< drawn from only where something may be lost, is slower
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
        std::uint32_t sent = 0, received = 0; ///< data so far, to keep its order
        Time last;                            ///< arrival of the newest packet on the wire
        Time began;                           ///< when the packet in the sender's port did
        std::int64_t stretch = -1;            ///< of time, some millisecond
        std::int32_t in_stretch = 0;          ///< packets launched in it
        Queue out, in;                        ///< waiting for the sender's, the receiver's port
        Queue lost;                           ///< to be sent again, in order
        Queue stalled;                        ///< waits behind it, unsent
        Duration rto{};                       ///< last wait before sending again; 0: none was lost
        Time again = Time::never();           ///< when `lost` is sent again
        std::uint32_t next[2] = {no_lane, no_lane}; ///< in the round of the port (in, out)
        bool in_round[2] = {false, false};
        bool gone = false; ///< its sender's process has ended: nothing is sent again
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
        Time known_since, busy_since; ///< in: see already_in()
        Duration idle{};
        std::uint32_t head = no_lane, tail = no_lane; ///< round of lanes with something to carry
        bool scheduled = false;
    };
    struct Host {
        bool up = false, listening = false;
        bool dark = false; ///< without power
        Bandwidth bandwidth = 0;
        Port port[2];               ///< in, out
        std::vector<Slowness> slow; ///< oldest first
    };
    static constexpr std::int32_t piece = 64 * 1024;

    Lane& lane(std::uint32_t index) { return connections_[index / 2].lane[index % 2]; }
    Lane& lane_of(const Packet& p) { return connections_[p.conn.slot].lane[p.side]; }
    static std::uint32_t lane_index(const Packet& p) { return p.conn.slot * 2 + p.side; }
    static std::uint32_t side_of(const Connection& c, MachineId m) { return c.end[0] == m ? 0 : 1; }
    static bool ordered(const Packet& p) {
        return p.type == PacketType::message || p.type == PacketType::close;
    }

    // network.cpp: links.
    std::uint32_t link_between(MachineId from, MachineId to);
    void apply_zones(MachineId from, MachineId to, Distribution& latency, Link& link) const;
    Duration latency_of(Link& link, MachineId from, MachineId to) {
        const Duration usual = link.latency.draw(link.stream); // Drawn even for a link that is cut.
        return slowed_ == 0 ? usual : usual + slowness_of(link, from, to);
    }
    Duration slowness_of(Link& link, MachineId from, MachineId to);
    bool unlucky(Link& link, const Packet& p);

    // ports.cpp
    void transmit(Wire& wire, std::uint32_t packet);
    void launch(Wire& wire, std::uint32_t packet, Lane& lane, Time began, Time sent);
    static void push(Wire& wire, Queue& queue, std::uint32_t packet);
    static std::uint32_t pop(Wire& wire, Queue& queue);
    void join_round(Wire& wire, std::uint32_t lane_index, MachineId machine, bool outgoing);
    void carry_piece(Wire& wire, MachineId machine, bool outgoing);
    static Duration already_in(Port& port, Time now, Duration length);
    static Duration already_in_busy(Port& port, Time now, Duration length);
    bool enter_port(Wire& wire, std::uint32_t packet, Lane& lane, Host& host);
    void wait_for_port(Wire& wire, std::uint32_t packet, Lane& lane, Port& port, Duration length,
                       Duration in);

    // retransmission.cpp
    void lose(Wire& wire, std::uint32_t packet, std::string_view why);

    // connections.cpp
    void end(Wire& wire, MachineId machine, Cause cause, bool silent,
             std::vector<std::uint32_t>& dead);
    Arrival receive_rest(Wire& wire, std::uint32_t packet, std::int32_t incarnation, Cause& cause,
                         std::vector<std::uint32_t>& dead);
    void unref(std::uint32_t slot) {
        Connection& c = connections_[slot];
        BS_ASSERT(c.packets > 0);
        if (--c.packets == 0 && !c.open[0] && !c.open[1]) [[unlikely]] {
            c.serial = 0;
            free_.push_back(slot);
        }
    }
    std::uint32_t make(Wire& wire, ConnId conn, std::uint32_t side, PacketType type, Cause cause);
    void put_on(Wire& wire, std::uint32_t packet);
    void drop(Wire& wire, std::uint32_t packet, std::string_view why);
    void free_queue(Wire& wire, Queue& queue, std::string_view why,
                    std::vector<std::uint32_t>& dead);
    void bury(Wire& wire, std::uint32_t packet, std::vector<std::uint32_t>& dead);
    void answer_connect(Wire& wire, const Packet& packet);
    void reset_stray(Wire& wire, const Packet& packet);

    std::vector<Host> hosts_;
    std::vector<Connection> connections_;
    std::vector<std::uint32_t> free_;
    std::vector<Link> links_;
    std::map<std::pair<std::int32_t, std::int32_t>, std::uint32_t> link_of_;
    std::vector<std::string> machine_names_;
    std::vector<std::int32_t> zone_of_; ///< by machine; -1: none
    NetworkSpec spec_;
    std::size_t slowed_ = 0; ///< entries in `slow` of all hosts
    std::uint64_t seed_ = 0;
    std::uint32_t next_serial_ = 1;
    std::uint64_t next_id_ = 1;
};

} // namespace brokersim
