// Connections and requests in flight of one client.
#include "rpc/network_client.hpp"

#include "engine/assert.hpp"

#include <algorithm>

namespace brokersim {

bool NetworkClient::any_connecting() const {
    return std::any_of(nodes_.begin(), nodes_.end(), [](const Node& n) {
        return n.state == State::connecting || n.state == State::checking;
    });
}

void NetworkClient::connect(In in, MachineId node, Effects& out) {
    BS_ASSERT(connectable(node, in.now));
    if (place_[node.index()] == nowhere) {
        place_[node.index()] = static_cast<std::uint32_t>(nodes_.size());
        nodes_.emplace_back();
    }
    Node& n = at(node);
    n.state = State::connecting;
    n.last_attempt = in.now;
    n.conn = out.dial(node);
    out.user(n.conn) = static_cast<std::uint32_t>(node.value);
    const Duration limit =
        exponential_backoff(settings_.setup_timeout_grows ? n.setup_failures : 0,
                            settings_.setup_timeout, settings_.setup_timeout_max, stream_);
    n.setup_deadline = in.now + limit;
    note_deadline(n.setup_deadline);
}

void NetworkClient::disconnect(In in, MachineId node, Effects& out) {
    const Node* const n = find(node);
    if (n == nullptr || n->state == State::disconnected) return;
    out.close(n->conn);
    lost(in, node, false);
}

void NetworkClient::disconnect_all(In in, Effects& out) {
    for (std::size_t k = 0; k < place_.size(); ++k)
        disconnect(in, MachineId(k), out);
}

bool NetworkClient::owns(ConnId conn, Effects& out) const {
    const std::uint32_t node = out.user(conn);
    if (node >= place_.size() || place_[node] == nowhere) return false;
    return nodes_[place_[node]].conn == conn;
}

MachineId NetworkClient::on_connected(In in, ConnId conn, Effects& out) {
    const MachineId node(static_cast<std::int32_t>(out.user(conn)));
    Node& n = at(node);
    if (n.state != State::connecting) return node;
    n.state = State::checking;
    n.setup_deadline = Time::never();
    n.setup_failures = 0;
    // One more round trip before the connection is of use (KIP-35).
    const Duration timeout = seconds(30);
    n.in_flight.push_back(InFlight{Api::api_versions, in.now, timeout, 0});
    note_deadline(in.now + timeout);
    out.send<ApiVersionsRequest>(conn);
    return node;
}

void NetworkClient::on_refused(In in, ConnId conn, Effects& out) {
    const MachineId node(static_cast<std::int32_t>(out.user(conn)));
    ++at(node).setup_failures;
    lost(in, node, false);
}

void NetworkClient::on_lost(In in, ConnId conn, Effects& out) {
    lost(in, MachineId(static_cast<std::int32_t>(out.user(conn))), false);
}

/// The connection is gone: the back-off begins, every request in flight has failed.
void NetworkClient::lost(In in, MachineId node, bool timed_out) {
    Node& n = at(node);
    if (n.state == State::disconnected) return;
    n.state = State::disconnected;
    n.conn = {};
    n.setup_deadline = Time::never();
    n.retry_at = in.now + exponential_backoff(n.failures, settings_.reconnect_backoff,
                                              settings_.reconnect_backoff_max, stream_);
    ++n.failures;
    failures.push_back(Failure{node, false, timed_out, {}});
    for (const InFlight& request : n.in_flight) {
        if (request.api == Api::api_versions) continue;
        failures.push_back(Failure{node, true, timed_out, request});
    }
    n.in_flight.clear();
}

bool NetworkClient::on_response(In, const Incoming& response, Effects& out, InFlight& request) {
    Node& n = at(MachineId(static_cast<std::int32_t>(out.user(response.conn))));
    BS_ASSERT(n.conn == response.conn && !n.in_flight.empty());
    request = n.in_flight.front();
    n.in_flight.erase(n.in_flight.begin());
    BS_ASSERT(request.api == response.api);
    if (request.api != Api::api_versions) return true;
    n.state = State::ready;
    n.failures = 0;
    return false;
}

void NetworkClient::on_time(In in, Effects& out) {
    if (in.now < deadline_) return;
    deadline_ = Time::never();
    for (std::size_t k = 0; k < place_.size(); ++k) { // In the order of machines.
        if (place_[k] == nowhere) continue;
        Node& n = nodes_[place_[k]];
        const MachineId node(k);
        if (n.state == State::connecting && n.setup_deadline <= in.now) {
            ++n.setup_failures;
            out.close(n.conn);
            lost(in, node, true);
            continue;
        }
        if (!n.in_flight.empty()) {
            // The oldest is first, but a long-poll may have a longer limit than one behind it.
            Time earliest = Time::never();
            for (const InFlight& request : n.in_flight) {
                earliest = std::min(earliest, after(request.sent, request.timeout));
            }
            if (earliest <= in.now) {
                out.close(n.conn);
                lost(in, node, true);
                continue;
            }
            note_deadline(earliest);
        }
        if (n.state == State::connecting) note_deadline(n.setup_deadline);
    }
}

} // namespace brokersim
