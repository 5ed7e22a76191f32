// A broker's session with the ensemble.
#include "zookeeper/client.hpp"

#include <algorithm>
#include <utility>

namespace brokersim {

namespace {

constexpr Duration longest_silence = seconds(10); ///< MAX_SEND_PING_INTERVAL
constexpr Duration reconnect_pause_max = seconds(1);
constexpr std::uint32_t own_word = 0xfffffffe; ///< of its connection, for none of a NetworkClient

} // namespace

ZookeeperClient::ZookeeperClient(MachineId self, LayoutRef layout, const ServerConfig& config,
                                 std::uint64_t seed, const std::string& name)
    : self_(self), layout_(std::move(layout)), wanted_(config.zookeeper_session_timeout),
      timeout_(config.zookeeper_session_timeout),
      most_(static_cast<std::size_t>(config.zookeeper_max_in_flight_requests)),
      draws_(seed, {"zookeeper client", name}) {
    // Every client goes through the servers in an order of its own (StaticHostProvider).
    for (std::size_t k = 0; k < layout_->servers; ++k)
        order_.push_back(k);
    for (std::size_t k = order_.size(); k > 1; --k)
        std::swap(order_[k - 1], order_[draws_.below(k)]);
}

void ZookeeperClient::settle(In in, SessionId session, Zxid seen, Effects& out) {
    state_ = State::connected;
    session_ = session;
    seen_ = seen;
    timeout_ = agreed_timeout(wanted_);
    sent_ = heard_ = in.now - Duration{draws_.between(0, ping_after().ns - 1)};
    settled_ = true;
    connect(in, out);
}

void ZookeeperClient::start(In in) {
    state_ = State::waiting;
    session_ = 0;
    seen_ = 0;
    timeout_ = wanted_;
    connect_at_ = in.now;
}

void ZookeeperClient::crash() {
    state_ = State::idle;
    conn_ = {};
    session_ = 0;
    waiting_.clear();
    under_way_.clear();
    watches_.clear();
    replies.clear();
    events.clear();
    closing_ = settled_ = false;
    wake_ = Time::never();
}

void ZookeeperClient::close(In) {
    if (closing_) return;
    closing_ = true;
    forget_requests();
    if (state_ != State::connected) { // Nobody is asked: the session will expire.
        state_ = State::closed;
        events.push_back({Event::Kind::closed, {}, {}});
        return;
    }
    waiting_.push_back({ZkRequest::Kind::close, 0, {}, {}});
}

void ZookeeperClient::submit(std::vector<ZkOperation> operations, std::uint64_t token,
                             Cause cause) {
    waiting_.push_back({ZkRequest::Kind::operations, token, std::move(operations), cause});
}

void ZookeeperClient::forget_requests() {
    waiting_.clear();
    for (Request& request : under_way_)
        request.token = 0;
}

/// Idle for a third of the time-out, less a second (ClientCnxn.SendThread.run).
Duration ZookeeperClient::ping_after() const {
    const Duration half = read_timeout() / 2;
    const Duration early = half > seconds(1) ? half - seconds(1) : half;
    return std::min(early, longest_silence);
}

void ZookeeperClient::next_server(In in, Duration pause) {
    settled_ = false;
    conn_ = {};
    if (closing_) {
        state_ = State::closed;
        events.push_back({Event::Kind::closed, {}, {}});
        return;
    }
    state_ = State::waiting;
    at_ = (at_ + 1) % order_.size();
    connect_at_ = in.now + pause;
    connect_by_ = Time::never();
    // What was asked and not answered is asked again, first.
    while (!under_way_.empty()) {
        Request request = std::move(under_way_.back());
        under_way_.pop_back();
        const bool again = request.kind == ZkRequest::Kind::close ||
                           (request.kind == ZkRequest::Kind::operations && request.token != 0);
        if (again) waiting_.push_front(std::move(request));
    }
}

void ZookeeperClient::connect(In in, Effects& out) {
    state_ = State::connecting;
    conn_ = out.dial(server());
    out.user(conn_) = own_word;
    connect_by_ = in.now + timeout_ / static_cast<std::int64_t>(order_.size());
}

void ZookeeperClient::send(In in, Request request, Effects& out) {
    const Cause cause = out.cause();
    if (request.cause.n != 0) out.because(request.cause);
    ZkRequest& message = out.send<ZkRequest>(conn_);
    message.kind = request.kind;
    message.xid = ++xid_;
    message.session = session_;
    message.client = self_;
    message.timeout = wanted_;
    message.seen = seen_;
    message.operations = request.operations;
    out.because(cause);
    if (request.kind != ZkRequest::Kind::watch_again) sent_ = in.now;
    under_way_.push_back(std::move(request));
}

void ZookeeperClient::watch_again(In in, Effects& out) {
    if (watches_.empty()) return;
    Request again{ZkRequest::Kind::watch_again, 0, {}, {}};
    for (const Watched& watch : watches_) {
        ZkOperation operation;
        operation.kind = watch.children ? ZkOperation::Kind::children : ZkOperation::Kind::get;
        operation.path = watch.path;
        again.operations.push_back(std::move(operation));
    }
    send(in, std::move(again), out);
}

void ZookeeperClient::on_connected(In in, Effects& out) {
    if (settled_) { // The session has been open on this connection for long.
        settled_ = false;
        state_ = State::connected;
        connect_by_ = Time::never();
        watch_again(in, out);
        return;
    }
    heard_ = in.now;
    connect_by_ = in.now + timeout_ / static_cast<std::int64_t>(order_.size());
    state_ = State::opening;
    send(in, {ZkRequest::Kind::connect, 0, {}, {}}, out);
}

void ZookeeperClient::on_lost(In in) {
    next_server(in, Duration{draws_.between(0, reconnect_pause_max.ns - 1)});
}

void ZookeeperClient::on_opened(In in, const ZkResponse& response, Effects& out) {
    if (response.error != ZkError::none) {
        // Kafka begins again with a new session at once (ZooKeeperClient.reinitialize).
        events.push_back({Event::Kind::expired, {}, out.cause()});
        out.close(conn_);
        session_ = 0;
        timeout_ = wanted_;
        watches_.clear();
        waiting_.clear();
        under_way_.clear();
        next_server(in, Duration{});
        return;
    }
    const bool fresh = session_ == 0;
    session_ = response.session;
    timeout_ = response.timeout;
    state_ = State::connected;
    connect_by_ = Time::never();
    if (fresh) {
        events.push_back({Event::Kind::opened, {}, out.cause()});
    } else {
        watch_again(in, out);
    }
}

void ZookeeperClient::fired(ZnodePath path, Effects& out) {
    std::erase_if(watches_, [&](const Watched& watch) { return watch.path == path; });
    events.push_back({Event::Kind::changed, path, out.cause()});
}

void ZookeeperClient::on_response(In in, const Incoming& incoming, Effects& out) {
    ZkResponse& response = out.body<ZkResponse>(incoming);
    heard_ = in.now;
    seen_ = std::max(seen_, response.zxid);
    if (response.fired) {
        fired(*response.fired, out);
        return;
    }
    Request request = std::move(under_way_.front());
    under_way_.pop_front();
    switch (response.kind) {
    case ZkRequest::Kind::connect: on_opened(in, response, out); return;
    case ZkRequest::Kind::close:
        out.close(conn_);
        conn_ = {};
        state_ = State::closed;
        events.push_back({Event::Kind::closed, {}, out.cause()});
        return;
    case ZkRequest::Kind::ping:
    case ZkRequest::Kind::watch_again: return;
    case ZkRequest::Kind::operations: break;
    }
    for (const ZkOperation& operation : request.operations) {
        const bool known = std::any_of(watches_.begin(), watches_.end(), [&](const Watched& watch) {
            return watch.path == operation.path;
        });
        if (operation.watch && !known) {
            watches_.push_back({operation.path, operation.kind == ZkOperation::Kind::children});
        }
    }
    if (request.token == 0) return;
    replies.push_back({request.token, response.error, response.allowed, std::move(response.indices),
                       std::move(response.nodes), out.cause()});
}

/// A server is given up when it has said nothing for two thirds of the time-out.
void ZookeeperClient::time_outs(In in, Effects& out) {
    const bool connecting = state_ == State::connecting || state_ == State::opening;
    const bool silent = state_ == State::connected && heard_ + read_timeout() <= in.now;
    if ((connecting && connect_by_ <= in.now) || silent) {
        if (silent) out.note(TimerFire{self_, "zookeeper_read"});
        out.close(conn_);
        next_server(in, Duration{draws_.between(0, reconnect_pause_max.ns - 1)});
    }
}

void ZookeeperClient::run(In in, Effects& out) {
    wake_ = Time::never();
    if (state_ == State::idle || state_ == State::closed) return;
    time_outs(in, out);
    if (state_ == State::waiting && connect_at_ <= in.now) connect(in, out);
    switch (state_) {
    case State::waiting: wake_ = connect_at_; return;
    case State::connecting:
    case State::opening: wake_ = connect_by_; return;
    default: break;
    }
    while (!waiting_.empty() && under_way_.size() < most_) {
        Request request = std::move(waiting_.front());
        waiting_.pop_front();
        send(in, std::move(request), out);
    }
    if (sent_ + ping_after() <= in.now) send(in, {ZkRequest::Kind::ping, 0, {}, {}}, out);
    wake_ = std::min(sent_ + ping_after(), heard_ + read_timeout());
}

} // namespace brokersim
