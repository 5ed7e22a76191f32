// A broker's relation to the controller: registration, heartbeats, controlled shutdown. Kafka:
// BrokerLifecycleManager (semantics §3.3, §3.4).
#pragma once

#include "broker/controller_channel.hpp"
#include "brokersim/config.hpp"
#include "protocol/effects.hpp"
#include "protocol/layout.hpp"

#include <string>

namespace brokersim {

class Lifecycle {
public:
    enum class State : std::uint8_t {
        starting, ///< not registered, or the controller does not call it caught up yet
        recovery, ///< caught up; its logs are being loaded, or it waits to be unfenced
        running,
        stopping, ///< controlled shutdown is under way
        stopped,  ///< may end
    };

    Lifecycle(MachineId self, LayoutRef layout, const ServerConfig& config, std::uint64_t seed,
              const std::string& name);

    State state() const { return state_; }
    BrokerEpoch epoch() const { return epoch_; }

    /// Registered and unfenced for long; the next heartbeat is due after `phase`.
    void settle(In in, BrokerEpoch epoch, Duration phase);
    /// A new process: registers at `begins`.
    void start(Time begins, std::int32_t incarnation);
    /// Logs are loaded and the first metadata published: asks to be unfenced at once.
    void set_ready(In in);
    /// The process ends with its logs closed.
    void ended() { clean_epoch_ = epoch_; }
    /// What was on its disk is gone.
    void lose_disk() { clean_epoch_ = -1; }
    void begin_shutdown(In in);
    void set_leader(MachineId leader) { channel_.set_leader(leader); }
    void set_metadata_offset(Offset offset) { metadata_offset_ = offset; }

    /// Sends what is due. To be called after any of the others.
    void run(In in, Effects& out);
    bool owns(ConnId conn, Effects& out) const { return channel_.owns(conn, out); }
    void on_connected(In in, ConnId conn, Effects& out);
    void on_refused(In in, ConnId conn, Effects& out);
    void on_lost(In in, ConnId conn, Effects& out);
    void on_response(In in, const Incoming& response, Effects& out);
    void on_time(In in, Effects& out);
    Time wake_at() const { return wake_; }

private:
    void send(In in, Effects& out);
    void on_registered(In in, const BrokerRegistrationResponse& response);
    void on_heartbeat(In in, const BrokerHeartbeatResponse& response);

    MachineId self_;
    ServerConfig config_;
    ControllerChannel channel_;
    State state_ = State::starting;
    BrokerEpoch epoch_ = -1;
    std::int32_t incarnation_ = 0;
    /// On disk: of the incarnation that has ended cleanly last, until the next one reads it (Kafka:
    /// CleanShutdownFileHandler).
    BrokerEpoch clean_epoch_ = -1;
    BrokerEpoch previous_epoch_ = -1; ///< what this process has found there
    bool ready_ = false;
    bool in_flight_ = false;
    bool asked_unfence_ = false;  ///< by the heartbeat in flight
    bool asked_shutdown_ = false; ///< likewise
    std::int32_t shutdown_answers_ = 0;
    Offset metadata_offset_ = 0;
    Time next_at_;                   ///< of the next request
    Time ask_until_ = Time::never(); ///< that one waits no longer for its answer
    Time give_up_ = Time::never();   ///< registration, or controlled shutdown, waits no longer
    Time wake_ = Time::never();
};

} // namespace brokersim
