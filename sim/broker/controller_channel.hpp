// A broker's way to the active controller: finds out who that is, keeps a connection to it, and
// leaves it when it is no longer the one. Kafka: NodeToControllerChannelManager.
#pragma once

#include "brokersim/config.hpp"
#include "protocol/layout.hpp"
#include "rpc/network_client.hpp"

#include <string_view>

namespace brokersim {

/// One request is under way at a time. A connection that is lost and an answer NOT_CONTROLLER are
/// no news for whoever asks: the same request goes out again as soon as a controller is known,
/// which is looked for every 100 ms.
class ControllerChannel {
public:
    ControllerChannel(const ServerConfig& config, LayoutRef layout, Stream stream);

    void restart();
    /// The controller may be a role of this very process (ZooKeeper mode): then no connection
    /// carries what it is asked.
    void set_self(MachineId self) { self_ = self; }
    /// Who leads the quorum, as the metadata log tells it; nobody: not known.
    void set_leader(MachineId leader) { leader_ = leader; }

    /// May a request be sent? If not, does what leads there; to be asked again at wake_at().
    bool ready(In in, Effects& out);
    template <class M>
    M& send(In in, Effects& out, Duration timeout) {
        if (active_ == self_) return out.send_to_self<M>();
        return client_.send<M>(in, active_, out, timeout);
    }
    /// To be called first in every turn. True: the request under way will not be answered.
    bool take_failures();
    /// Whoever asked has waited long enough: maybe another is the controller by now.
    void forget() { active_ = {}; }
    /// The node has answered that it is not the controller.
    void not_controller(In in, Effects& out);
    /// The earliest instant at which something may have to be done.
    Time wake_at() const { return std::min(client_.next_deadline(), wake_); }

    bool owns(ConnId conn, Effects& out) const { return client_.owns(conn, out); }
    void on_connected(In in, ConnId conn, Effects& out) { client_.on_connected(in, conn, out); }
    void on_refused(In in, ConnId conn, Effects& out) { client_.on_refused(in, conn, out); }
    void on_lost(In in, ConnId conn, Effects& out) { client_.on_lost(in, conn, out); }
    void on_time(In in, Effects& out) { client_.on_time(in, out); }
    /// False: the response was about the connection itself.
    bool on_response(In in, const Incoming& response, Effects& out) {
        InFlight request;
        if (response.stage == own_stage) return true;
        return client_.on_response(in, response, out, request);
    }

private:
    NetworkClient client_;
    MachineId self_;
    MachineId leader_;
    MachineId active_; ///< whom requests go to; nobody: to be found
    Time look_at_;
    Time wake_ = Time::never();
};

} // namespace brokersim
