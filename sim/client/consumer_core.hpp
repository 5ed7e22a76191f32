// What the parts of a consumer have in common: who it is, its settings, its connections to brokers
// and what it knows of leaders.
#pragma once

#include "brokersim/scenario.hpp"
#include "protocol/content.hpp"
#include "protocol/effects.hpp"
#include "protocol/layout.hpp"
#include "rpc/metadata.hpp"
#include "rpc/network_client.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace brokersim {

/// The answer of a coordinator says that another may be it by now.
inline bool coordinator_moved(Error error) {
    return error == Error::not_coordinator || error == Error::coordinator_not_available ||
           error == Error::request_timed_out;
}

struct ConsumerCore {
    MachineId self;
    GroupId group;
    LayoutRef layout;
    ConsumerConfig config;
    std::vector<TopicId> topics; ///< subscription, by name
    std::string instance_id;     ///< empty: dynamic member
    std::int32_t number = 1;     ///< K of its machine's name GROUP-K
    bool numbered = false;       ///< instance ids end in -K
    NetworkClient brokers;       ///< fetches, metadata, look-ups
    ClientMetadata metadata;

    /// What the group knows a static member by.
    InstanceNumber instance() const {
        if (instance_id.empty()) return no_instance;
        return numbered ? number : 0;
    }
    /// Brings the connection to `node` closer to readiness. True: a request may leave now.
    bool reach(In in, MachineId node, Effects& out) {
        if (brokers.may_send(node)) return true;
        if (brokers.connectable(node, in.now)) brokers.connect(in, node, out);
        return false;
    }
    /// Neither connected nor connecting: it has to wait for its reconnect back-off.
    bool unreachable(MachineId node) const {
        return brokers.state(node) == NetworkClient::State::disconnected;
    }
};

NetworkClientSettings consumer_network_settings(const ConsumerConfig& config);

} // namespace brokersim
