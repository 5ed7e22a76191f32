// A broker's relation to the controller.
#include "broker/lifecycle.hpp"

#include <algorithm>

namespace brokersim {

namespace {

constexpr Duration catching_up_pause = milliseconds(10);
constexpr Duration first_shutdown_pause = milliseconds(50);
constexpr Duration shutdown_wait_max = seconds(300);

} // namespace

Lifecycle::Lifecycle(MachineId self, LayoutRef layout, const ServerConfig& config,
                     std::uint64_t seed, const std::string& name)
    : self_(self), layout_(std::move(layout)), config_(config),
      client_(NetworkClientSettings{config.reconnect_backoff, config.reconnect_backoff_max,
                                    config.socket_connection_setup_timeout,
                                    config.socket_connection_setup_timeout_max, true, 1},
              layout_->brokers + layout_->controllers,
              Stream(seed, {"lifecycle connections", name})) {}

void Lifecycle::settle(In in, BrokerEpoch epoch, Duration phase) {
    state_ = State::running;
    epoch_ = epoch;
    incarnation_ = 1;
    ready_ = true;
    next_at_ = in.now + phase;
}

void Lifecycle::start(In in, std::int32_t incarnation) {
    client_ = client_.fresh();
    state_ = State::starting;
    epoch_ = -1;
    incarnation_ = incarnation;
    ready_ = in_flight_ = asked_unfence_ = asked_shutdown_ = false;
    shutdown_answers_ = 0;
    metadata_offset_ = 0;
    next_at_ = in.now;
    // initial.broker.registration.timeout.ms: a broker that nobody takes in ends.
    give_up_ = after(in.now, config_.initial_broker_registration_timeout);
}

void Lifecycle::set_ready(In in) {
    if (ready_) return;
    ready_ = true;
    if (state_ == State::recovery) next_at_ = in.now;
}

void Lifecycle::begin_shutdown(In in) {
    if (state_ == State::stopping || state_ == State::stopped) return;
    if (!config_.controlled_shutdown_enable || epoch_ < 0) {
        state_ = State::stopped;
        return;
    }
    state_ = State::stopping;
    next_at_ = in.now;
    give_up_ = in.now + shutdown_wait_max;
}

void Lifecycle::failed(In in) {
    bool lost = false;
    for (const Failure& failure : client_.failures)
        lost = lost || failure.has_request;
    client_.failures.clear();
    if (!in_flight_ || !lost) return;
    in_flight_ = false;
    next_at_ = in.now + config_.broker_heartbeat_interval; // Flat, also after an error.
}

void Lifecycle::run(In in, Effects& out) {
    failed(in);
    wake_ = client_.next_deadline();
    if (state_ == State::stopped) return;
    if (give_up_ <= in.now) {
        state_ = State::stopped;
        return;
    }
    wake_ = std::min(wake_, give_up_);
    if (in_flight_) return;
    if (next_at_ > in.now) {
        wake_ = std::min(wake_, next_at_);
        return;
    }
    const MachineId controller = layout_->controller(0);
    if (!client_.may_send(controller)) {
        if (client_.connectable(controller, in.now)) {
            client_.connect(in, controller, out);
            wake_ = std::min(wake_, client_.next_deadline());
        } else {
            wake_ = std::min(wake_, client_.connectable_at(controller));
        }
        return;
    }
    in_flight_ = true;
    if (epoch_ < 0) {
        BrokerRegistrationRequest& request = client_.send<BrokerRegistrationRequest>(
            in, controller, out, config_.broker_heartbeat_interval);
        request.broker = self_;
        request.incarnation = incarnation_;
    } else {
        BrokerHeartbeatRequest& request = client_.send<BrokerHeartbeatRequest>(
            in, controller, out, config_.broker_heartbeat_interval);
        request.broker = self_;
        request.broker_epoch = epoch_;
        request.metadata_offset = metadata_offset_;
        request.want_fence = !ready_;
        request.want_shutdown = state_ == State::stopping;
        asked_unfence_ = ready_;
        asked_shutdown_ = request.want_shutdown;
    }
    wake_ = std::min(wake_, client_.next_deadline());
}

void Lifecycle::on_registered(In in, const BrokerRegistrationResponse& response) {
    if (response.error != Error::none) {
        next_at_ = in.now + config_.broker_heartbeat_interval;
        return;
    }
    epoch_ = response.broker_epoch;
    if (state_ == State::starting) give_up_ = Time::never();
    next_at_ = in.now;
}

void Lifecycle::on_heartbeat(In in, const BrokerHeartbeatResponse& response) {
    next_at_ = in.now + config_.broker_heartbeat_interval;
    if (response.error != Error::none) return;
    switch (state_) {
    case State::starting:
        if (!response.is_caught_up) {
            next_at_ = in.now + catching_up_pause;
        } else {
            state_ = State::recovery;
            if (ready_) next_at_ = in.now;
        }
        break;
    case State::recovery:
        if (asked_unfence_ && !response.is_fenced) {
            state_ = State::running;
        } else if (ready_ && !asked_unfence_) {
            next_at_ = in.now; // It became ready while that heartbeat was under way.
        }
        break;
    case State::running: break;
    case State::stopping:
        if (response.should_shut_down) {
            state_ = State::stopped;
        } else if (!asked_shutdown_) {
            next_at_ = in.now; // The heartbeat had left before the stop was asked for.
        } else if (++shutdown_answers_ == 1) {
            next_at_ = in.now + first_shutdown_pause;
        }
        break;
    case State::stopped: break;
    }
}

void Lifecycle::on_connected(In in, ConnId conn, Effects& out) {
    client_.on_connected(in, conn, out);
}
void Lifecycle::on_refused(In in, ConnId conn, Effects& out) {
    client_.on_refused(in, conn, out);
}
void Lifecycle::on_lost(In in, ConnId conn, Effects& out) {
    client_.on_lost(in, conn, out);
}
void Lifecycle::on_time(In in, Effects& out) {
    client_.on_time(in, out);
}

void Lifecycle::on_response(In in, const Incoming& response, Effects& out) {
    InFlight request;
    if (!client_.on_response(in, response, out, request)) return;
    in_flight_ = false;
    if (response.kind == kind_of<BrokerRegistrationResponse>) {
        on_registered(in, out.body<BrokerRegistrationResponse>(response));
    } else {
        on_heartbeat(in, out.body<BrokerHeartbeatResponse>(response));
    }
}

} // namespace brokersim
