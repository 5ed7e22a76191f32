// Connections and requests in flight of one client: Kafka's NetworkClient with its
// ClusterConnectionStates and InFlightRequests. Brokers use it among themselves, too.
#pragma once

#include "brokersim/config.hpp"
#include "engine/random.hpp"
#include "protocol/effects.hpp"
#include "rpc/backoff.hpp"

#include <cstdint>
#include <vector>

namespace brokersim {

struct NetworkClientSettings {
    Duration reconnect_backoff = milliseconds(50);
    Duration reconnect_backoff_max = seconds(1);
    Duration setup_timeout = seconds(10);
    Duration setup_timeout_max = seconds(30);
    bool setup_timeout_grows = true; ///< false: replica fetchers (semantics §2.7)
    std::int32_t max_in_flight = 5;
};

/// Connections from a server to others, by its settings (KafkaNetworkChannel,
/// NodeToControllerChannelManager).
inline NetworkClientSettings between_servers(const ServerConfig& config, Duration backoff,
                                             Duration backoff_max, std::int32_t max_in_flight) {
    return {backoff,
            backoff_max,
            config.socket_connection_setup_timeout,
            config.socket_connection_setup_timeout_max,
            true,
            max_in_flight};
}

/// A request under way. `token` is the owner's.
struct InFlight {
    Api api{};
    Time sent;
    Duration timeout{};
    std::uint64_t token = 0;
};

/// What the owner has to hear: a connection is gone (or was never made), and with it a request.
struct Failure {
    MachineId node;
    bool has_request = false; ///< else: only the connection
    bool timed_out = false;   ///< the request waited too long; the connection was closed for it
    InFlight request;
};

/// One connection per node; requests are answered in order. The owner drains `failures` after
/// every call and arms one timer for next_deadline().
class NetworkClient {
public:
    enum class State : std::uint8_t { disconnected, connecting, checking, ready };

    NetworkClient(const NetworkClientSettings& settings, std::size_t nodes, Stream stream)
        : settings_(settings), place_(nodes, nowhere), stream_(stream) {}

    std::vector<Failure> failures;

    /// For the next process of the same client.
    const Stream& stream() const { return stream_; }

    /// The same client in a new process: nothing connected; its stream of draws goes on.
    NetworkClient fresh() const { return NetworkClient(settings_, place_.size(), stream_); }

    State state(MachineId node) const {
        const Node* const n = find(node);
        return n == nullptr ? State::disconnected : n->state;
    }
    bool ready(MachineId node) const { return state(node) == State::ready; }
    bool connecting(MachineId node) const {
        return state(node) == State::connecting || state(node) == State::checking;
    }
    std::size_t in_flight(MachineId node) const {
        const Node* const n = find(node);
        return n == nullptr ? 0 : n->in_flight.size();
    }
    bool may_send(MachineId node) const {
        const Node* const n = find(node);
        return n != nullptr && n->state == State::ready &&
               n->in_flight.size() < static_cast<std::size_t>(settings_.max_in_flight);
    }
    /// Disconnected, and the reconnect back-off is over.
    bool connectable(MachineId node, Time now) const {
        const Node* const n = find(node);
        return n == nullptr || (n->state == State::disconnected && n->retry_at <= now);
    }
    /// When connectable() becomes true; never while connected or connecting.
    Time connectable_at(MachineId node) const {
        const Node* const n = find(node);
        if (n == nullptr) return {};
        return n->state == State::disconnected ? n->retry_at : Time::never();
    }
    /// Before the start of the run: never.
    Time last_attempt(MachineId node) const {
        const Node* const n = find(node);
        return n == nullptr ? Time{-1} : n->last_attempt;
    }
    bool any_connecting() const;

    /// Dials. Requires connectable().
    void connect(In in, MachineId node, Effects& out);
    /// Sends on a ready connection. Requires may_send().
    template <class M>
    M& send(In in, MachineId node, Effects& out, Duration timeout, std::uint64_t token = 0) {
        Node& n = at(node);
        n.in_flight.push_back(InFlight{M::api, in.now, timeout, token});
        note_deadline(after(in.now, timeout));
        return out.send<M>(n.conn);
    }
    /// A request without an answer (acks=0): nothing is in flight afterwards.
    template <class M>
    M& send_one_way(MachineId node, Effects& out) {
        return out.send<M>(at(node).conn);
    }
    /// Closes a connection from here; its requests fail as disconnected.
    void disconnect(In in, MachineId node, Effects& out);
    void disconnect_all(In in, Effects& out);

    // The world's callbacks. `conn` is one of ours if owns() says so.
    bool owns(ConnId conn, Effects& out) const;
    MachineId on_connected(In in, ConnId conn, Effects& out);
    void on_refused(In in, ConnId conn, Effects& out);
    void on_lost(In in, ConnId conn, Effects& out);
    /// Takes the request that this response answers. False: it was about the connection itself
    /// (API versions), which is ready now.
    bool on_response(In in, const Incoming& response, Effects& out, InFlight& request);
    /// Requests and connects that have taken too long.
    void on_time(In in, Effects& out);
    /// The earliest instant at which on_time() may have something to do.
    Time next_deadline() const { return deadline_; }

private:
    struct Node {
        State state = State::disconnected;
        ConnId conn;
        Time retry_at; ///< end of the reconnect back-off
        Time last_attempt{-1};
        Time setup_deadline = Time::never();
        std::int32_t failures = 0;       ///< in a row; 0 once ready
        std::int32_t setup_failures = 0; ///< connects that failed, in a row
        std::vector<InFlight> in_flight;
    };

    const Node* find(MachineId node) const {
        const std::uint32_t place = place_[node.index()];
        return place == nowhere ? nullptr : &nodes_[place];
    }
    Node& at(MachineId node) { return nodes_[place_[node.index()]]; }

    void note_deadline(Time deadline) { deadline_ = std::min(deadline_, deadline); }
    void lost(In in, MachineId node, bool timed_out);

    NetworkClientSettings settings_;
    /// In a large cluster a client talks to few of the machines: only those have a Node.
    static constexpr std::uint32_t nowhere = ~std::uint32_t{0};
    std::vector<std::uint32_t> place_; ///< by machine, among `nodes_`
    std::vector<Node> nodes_;
    Stream stream_;
    Time deadline_ = Time::never();
};

} // namespace brokersim
