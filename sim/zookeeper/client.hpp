// A broker's session with the ensemble: one connection at a time, pings, another server when one is
// silent, requests in order. Kafka: ZooKeeperClient; ZooKeeper: ClientCnxn.
#pragma once

#include "brokersim/config.hpp"
#include "engine/random.hpp"
#include "protocol/effects.hpp"
#include "protocol/layout.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace brokersim {

/// Requests that were under way when a connection was lost go out again on the next one, as Kafka
/// does (KafkaZkClient.retryRequestsUntilConnected); those of a session that has expired do not.
class ZookeeperClient {
public:
    enum class State : std::uint8_t { idle, waiting, connecting, opening, connected, closed };

    struct Reply {
        std::uint64_t token = 0;
        ZkError error = ZkError::none;
        std::size_t allowed = 0; ///< of a refused write: operations before the one in the way
        std::vector<std::int32_t> indices;
        std::vector<Znode> nodes;
        Cause cause;
    };
    struct Event {
        enum class Kind : std::uint8_t {
            opened,  ///< a new session; everything has to be done anew
            changed, ///< what was watched: `path`
            expired, ///< the ensemble has given this client up; a new session is being opened
            closed   ///< as asked
        };
        Kind kind{};
        ZnodePath path;
        Cause cause;
    };

    ZookeeperClient(MachineId self, LayoutRef layout, const ServerConfig& config,
                    std::uint64_t seed, const std::string& name);

    /// The settled session, open for long: its last word was some time ago.
    void settle(In in, SessionId session, Zxid seen, Effects& out);
    MachineId server() const { return layout_->server(order_[at_]); }
    /// Of the session, as agreed.
    Duration timeout() const { return timeout_; }
    /// When the server has last said something.
    Time heard() const { return heard_; }
    void watch(ZnodePath path, bool children) { watches_.push_back({path, children}); }

    void start(In in);
    void crash();
    /// Ends the session; `closed` follows.
    void close(In in);

    /// One read, or writes that happen together. The reply comes with `token`.
    void submit(std::vector<ZkOperation> operations, std::uint64_t token, Cause cause);
    /// Nobody waits for replies any more.
    void forget_requests();

    /// Sends what is due. To be called last in every event.
    void run(In in, Effects& out);
    bool owns(ConnId conn) const { return conn_.valid() && conn == conn_; }
    void on_connected(In in, Effects& out);
    void on_lost(In in);
    void on_response(In in, const Incoming& incoming, Effects& out);
    Time wake_at() const { return wake_; }

    SessionId session() const { return session_; }
    State state() const { return state_; }

    /// The owner takes them after every event.
    std::vector<Reply> replies;
    std::vector<Event> events;

private:
    struct Request {
        ZkRequest::Kind kind = ZkRequest::Kind::operations;
        std::uint64_t token = 0;
        std::vector<ZkOperation> operations;
        Cause cause;
    };
    struct Watched {
        ZnodePath path;
        bool children = false;
    };

    Duration read_timeout() const { return timeout_ * 2 / 3; }
    Duration ping_after() const;
    void next_server(In in, Duration pause);
    void connect(In in, Effects& out);
    void send(In in, Request request, Effects& out);
    void time_outs(In in, Effects& out);
    void on_opened(In in, const ZkResponse& response, Effects& out);
    void watch_again(In in, Effects& out);
    void fired(ZnodePath path, Effects& out);

    MachineId self_;
    LayoutRef layout_;
    Duration wanted_{};  ///< zookeeper.session.timeout.ms
    Duration timeout_{}; ///< as agreed
    std::size_t most_ = 10;
    Stream draws_;
    std::vector<std::size_t> order_; ///< of servers, as this client tries them
    std::size_t at_ = 0;
    State state_ = State::idle;
    ConnId conn_;
    SessionId session_ = 0;
    Zxid seen_ = 0;
    std::int64_t xid_ = 0;
    std::deque<Request> waiting_, under_way_;
    std::vector<Watched> watches_;
    bool closing_ = false;
    bool settled_ = false; ///< the first connection carries a session that is open already
    Time sent_, heard_;    ///< last
    Time connect_at_, connect_by_ = Time::never();
    Time wake_ = Time::never();
};

} // namespace brokersim
