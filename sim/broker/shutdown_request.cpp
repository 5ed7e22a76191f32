// A broker of ZooKeeper mode asks the controller to move its leaderships.
#include "broker/shutdown_request.hpp"

#include <algorithm>

namespace brokersim {

ShutdownRequest::ShutdownRequest(MachineId self, LayoutRef layout, const ServerConfig& config,
                                 std::uint64_t seed, const std::string& name)
    : self_(self), config_(config),
      channel_(config, std::move(layout), Stream(seed, {"shutdown connections", name})) {
    channel_.set_self(self);
}

void ShutdownRequest::start() {
    channel_.restart();
    state_ = State::idle;
    in_flight_ = false;
}

void ShutdownRequest::begin(In in, BrokerEpoch epoch) {
    if (state_ != State::idle) return;
    epoch_ = epoch;
    tries_ = config_.controlled_shutdown_max_retries;
    const bool asks = config_.controlled_shutdown_enable && epoch >= 0 && tries_ > 0;
    state_ = asks ? State::asking : State::done;
    next_at_ = in.now;
    give_up_ = after(in.now, config_.controller_socket_timeout);
}

/// Also if leaderships are left: after a while, again; in the end it stops as it is.
void ShutdownRequest::failed(In in) {
    in_flight_ = false;
    channel_.forget();
    if (--tries_ == 0) {
        state_ = State::done;
        return;
    }
    next_at_ = after(in.now, config_.controlled_shutdown_retry_backoff);
    give_up_ = after(next_at_, config_.controller_socket_timeout);
}

void ShutdownRequest::run(In in, Effects& out) {
    wake_ = Time::never();
    const bool lost = channel_.take_failures();
    if (state_ != State::asking) return;
    if ((lost && in_flight_) || (!in_flight_ && give_up_ <= in.now)) failed(in);
    wake_ = channel_.wake_at();
    if (state_ != State::asking || in_flight_) return;
    wake_ = std::min({wake_, std::max(next_at_, in.now), give_up_});
    if (next_at_ > in.now) return;
    if (channel_.ready(in, out)) {
        auto& request =
            channel_.send<ControlledShutdownRequest>(in, out, config_.controller_socket_timeout);
        request.broker = self_;
        request.broker_epoch = epoch_;
        in_flight_ = true;
    }
    wake_ = std::min(channel_.wake_at(), give_up_);
}

void ShutdownRequest::on_response(In in, const Incoming& response, Effects& out) {
    if (!channel_.on_response(in, response, out)) return;
    const auto& answer = out.body<ControlledShutdownResponse>(response);
    in_flight_ = false;
    if (answer.error == Error::none && answer.remaining == 0) {
        state_ = State::done;
    } else {
        failed(in);
    }
}

} // namespace brokersim
