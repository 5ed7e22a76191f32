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
    : self_(self), config_(config),
      channel_(config, std::move(layout), Stream(seed, {"lifecycle connections", name})) {}

void Lifecycle::settle(In in, BrokerEpoch epoch, Duration phase) {
    state_ = State::running;
    epoch_ = epoch;
    incarnation_ = 1;
    ready_ = true;
    next_at_ = in.now + phase;
}

void Lifecycle::start(Time begins, std::int32_t incarnation) {
    channel_.restart();
    ask_until_ = Time::never();
    state_ = State::starting;
    epoch_ = -1;
    previous_epoch_ = clean_epoch_;
    clean_epoch_ = -1;
    incarnation_ = incarnation;
    ready_ = in_flight_ = asked_unfence_ = asked_shutdown_ = false;
    shutdown_answers_ = 0;
    metadata_offset_ = 0;
    next_at_ = begins;
    // initial.broker.registration.timeout.ms: a broker that nobody takes in ends.
    give_up_ = after(begins, config_.initial_broker_registration_timeout);
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

void Lifecycle::run(In in, Effects& out) {
    // A request whose connection is lost goes out again; nobody is told.
    if (channel_.take_failures()) in_flight_ = false;
    wake_ = channel_.wake_at();
    if (state_ == State::stopped) return;
    if (give_up_ <= in.now) {
        state_ = State::stopped;
        return;
    }
    if (!in_flight_ && ask_until_ <= in.now) { // Flat, also after an error.
        ask_until_ = Time::never();
        channel_.forget();
        next_at_ = in.now + config_.broker_heartbeat_interval;
    }
    wake_ = std::min(wake_, give_up_);
    if (in_flight_) return;
    if (next_at_ > in.now) {
        wake_ = std::min(wake_, next_at_);
        return;
    }
    if (ask_until_ == Time::never()) ask_until_ = in.now + config_.broker_heartbeat_interval;
    if (channel_.ready(in, out)) send(in, out);
    wake_ = std::min({wake_, channel_.wake_at(), ask_until_});
}

void Lifecycle::send(In in, Effects& out) {
    const Duration timeout = ask_until_ - in.now;
    in_flight_ = true;
    if (epoch_ < 0) {
        auto& request = channel_.send<BrokerRegistrationRequest>(in, out, timeout);
        request.broker = self_;
        request.incarnation = incarnation_;
        request.previous_epoch = previous_epoch_;
    } else {
        auto& request = channel_.send<BrokerHeartbeatRequest>(in, out, timeout);
        request.broker = self_;
        request.broker_epoch = epoch_;
        request.metadata_offset = metadata_offset_;
        request.want_fence = !ready_;
        request.want_shutdown = state_ == State::stopping;
        asked_unfence_ = ready_;
        asked_shutdown_ = request.want_shutdown;
    }
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
    channel_.on_connected(in, conn, out);
}
void Lifecycle::on_refused(In in, ConnId conn, Effects& out) {
    channel_.on_refused(in, conn, out);
}
void Lifecycle::on_lost(In in, ConnId conn, Effects& out) {
    channel_.on_lost(in, conn, out);
}
void Lifecycle::on_time(In in, Effects& out) {
    channel_.on_time(in, out);
}

void Lifecycle::on_response(In in, const Incoming& response, Effects& out) {
    if (!channel_.on_response(in, response, out)) return;
    in_flight_ = false;
    const bool registration = response.kind == kind_of<BrokerRegistrationResponse>;
    const Error error = registration ? out.body<BrokerRegistrationResponse>(response).error
                                     : out.body<BrokerHeartbeatResponse>(response).error;
    if (error == Error::not_controller) {
        channel_.not_controller(in, out);
        return;
    }
    ask_until_ = Time::never();
    if (registration) {
        on_registered(in, out.body<BrokerRegistrationResponse>(response));
    } else {
        on_heartbeat(in, out.body<BrokerHeartbeatResponse>(response));
    }
}

} // namespace brokersim
