// A broker of ZooKeeper mode that wants to stop asks the controller to move its leaderships first.
// Kafka: KafkaServer.controlledShutdown (semantics §3.9).
#pragma once

#include "broker/controller_channel.hpp"
#include "brokersim/config.hpp"
#include "protocol/effects.hpp"
#include "protocol/layout.hpp"

#include <string>

namespace brokersim {

class ShutdownRequest {
public:
    enum class State : std::uint8_t { idle, asking, done };

    ShutdownRequest(MachineId self, LayoutRef layout, const ServerConfig& config,
                    std::uint64_t seed, const std::string& name);

    State state() const { return state_; }
    void start();
    /// `epoch` of the broker's node; -1: it has none, and nobody has to be asked.
    void begin(In in, BrokerEpoch epoch);
    void set_controller(MachineId controller) { channel_.set_leader(controller); }

    void run(In in, Effects& out);
    bool owns(ConnId conn, Effects& out) const { return channel_.owns(conn, out); }
    void on_connected(In in, ConnId conn, Effects& out) { channel_.on_connected(in, conn, out); }
    void on_refused(In in, ConnId conn, Effects& out) { channel_.on_refused(in, conn, out); }
    void on_lost(In in, ConnId conn, Effects& out) { channel_.on_lost(in, conn, out); }
    void on_response(In in, const Incoming& response, Effects& out);
    void on_time(In in, Effects& out) { channel_.on_time(in, out); }
    Time wake_at() const { return wake_; }

private:
    void failed(In in);

    MachineId self_;
    ServerConfig config_;
    ControllerChannel channel_;
    State state_ = State::idle;
    BrokerEpoch epoch_ = -1;
    bool in_flight_ = false;
    std::int32_t tries_ = 0; ///< that are left
    Time next_at_, give_up_; ///< of this try
    Time wake_ = Time::never();
};

} // namespace brokersim
