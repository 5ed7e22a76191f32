// A broker's way to the active controller.
#include "broker/controller_channel.hpp"

#include <algorithm>

namespace brokersim {

namespace {

constexpr Duration look_pause = milliseconds(100); ///< nobody leads: look again

} // namespace

ControllerChannel::ControllerChannel(const ServerConfig& config, LayoutRef layout, Stream stream)
    : client_(between_servers(config, config.reconnect_backoff, config.reconnect_backoff_max, 1),
              layout->addresses(), stream) {}

void ControllerChannel::restart() {
    client_ = client_.fresh();
    leader_ = active_ = {};
    look_at_ = {};
    wake_ = Time::never();
}

bool ControllerChannel::ready(In in, Effects& out) {
    if (!active_.valid() && look_at_ <= in.now) {
        active_ = leader_;
        look_at_ = in.now + look_pause;
    }
    if (!active_.valid()) {
        wake_ = look_at_;
        return false;
    }
    if (active_ == self_ || client_.may_send(active_)) return true;
    if (client_.connectable(active_, in.now)) {
        client_.connect(in, active_, out);
    } else {
        wake_ = client_.connectable_at(active_);
    }
    return false;
}

bool ControllerChannel::take_failures() {
    wake_ = Time::never();
    bool lost = false;
    for (const Failure& failure : client_.failures) {
        lost = lost || failure.has_request;
        if (failure.node == active_) active_ = {};
    }
    client_.failures.clear();
    return lost;
}

void ControllerChannel::not_controller(In in, Effects& out) {
    if (active_.valid() && active_ != self_) client_.disconnect(in, active_, out);
    client_.failures.clear();
    active_ = {};
}

} // namespace brokersim
