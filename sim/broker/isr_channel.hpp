// Asking the controller for ISR changes: one request in flight, carrying all that wait. Kafka:
// AlterPartitionManager (semantics §2.9, §3.6).
#pragma once

#include "broker/controller_channel.hpp"
#include "brokersim/config.hpp"
#include "protocol/effects.hpp"
#include "protocol/layout.hpp"
#include "replica/replica_manager.hpp"

#include <string>
#include <vector>

namespace brokersim {

class IsrChannel {
public:
    IsrChannel(MachineId self, LayoutRef layout, const ServerConfig& config, std::uint64_t seed,
               const std::string& name);

    void start();
    void set_self(MachineId self) { channel_.set_self(self); }
    void set_leader(MachineId leader) { channel_.set_leader(leader); }
    /// Takes what `replicas` wants changed and sends it when it can.
    void run(In in, ReplicaManager& replicas, BrokerEpoch broker_epoch, Effects& out);
    bool owns(ConnId conn, Effects& out) const { return channel_.owns(conn, out); }
    void on_connected(In in, ConnId conn, Effects& out);
    void on_refused(In in, ConnId conn, Effects& out);
    void on_lost(In in, ConnId conn, Effects& out);
    void on_response(In in, const Incoming& response, ReplicaManager& replicas, RequestPath& path,
                     Effects& out);
    void on_time(In in, Effects& out);
    Time wake_at() const { return wake_; }

private:
    void send(In in, ReplicaManager& replicas, BrokerEpoch broker_epoch, Effects& out);
    void put_back();

    MachineId self_;
    ServerConfig config_;
    ControllerChannel channel_;
    std::vector<std::uint32_t> waiting_, sent_; ///< replica numbers
    bool in_flight_ = false;
    Time retry_at_;
    Time wake_ = Time::never();
};

} // namespace brokersim
