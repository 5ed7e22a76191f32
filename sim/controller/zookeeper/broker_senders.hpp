// The controller's way to every broker: a queue and a thread each, one request in flight, tried
// again until it succeeds or the broker is gone. Kafka: ControllerChannelManager,
// RequestSendThread.
#pragma once

#include "brokersim/config.hpp"
#include "protocol/effects.hpp"
#include "protocol/layout.hpp"
#include "rpc/network_client.hpp"

#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace brokersim {

/// One request to one broker.
struct BrokerOrder {
    ControllerStamp stamp;
    std::shared_ptr<const PartitionOrders> leader_and_isr; ///< one of these three
    std::shared_ptr<const MetadataUpdate> metadata;
    std::shared_ptr<const std::vector<PartitionId>> stop;
    Cause cause;
};

class BrokerSenders {
public:
    BrokerSenders(MachineId self, LayoutRef layout, const ServerConfig& config, Stream stream);

    /// The controller resigns: nothing is sent any more.
    void stop(In in, Effects& out);
    /// The process is gone.
    void crash();
    void remove(In in, MachineId broker, Effects& out);
    void push(MachineId broker, BrokerOrder order);

    void run(In in, Effects& out);
    bool owns(ConnId conn, Effects& out) const { return client_.owns(conn, out); }
    void on_connected(In in, ConnId conn, Effects& out) { client_.on_connected(in, conn, out); }
    void on_refused(In in, ConnId conn, Effects& out) { client_.on_refused(in, conn, out); }
    void on_lost(In in, ConnId conn, Effects& out) { client_.on_lost(in, conn, out); }
    void on_time(In in, Effects& out) { client_.on_time(in, out); }
    void on_response(In in, const Incoming& response, Effects& out);
    Time wake_at() const { return wake_; }

private:
    struct Thread {
        std::deque<BrokerOrder> queue;
        bool in_flight = false; ///< the first of the queue
        Time retry_at;
    };
    void send(In in, MachineId broker, const BrokerOrder& order, Effects& out);
    void take_failures(In in);

    MachineId self_;
    ServerConfig config_;
    NetworkClient client_;
    std::vector<Thread> threads_;
    Time wake_ = Time::never();
};

} // namespace brokersim
