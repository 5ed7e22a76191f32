// One server of a ZooKeeper ensemble: requests and sessions.
#include "zookeeper/server.hpp"

#include <algorithm>
#include <utility>

namespace brokersim {

namespace {

/// Connections of clients are told from those between servers by their word.
constexpr std::uint32_t first_client = 1'000'000;

} // namespace

ZookeeperServer::ZookeeperServer(MachineId self, const std::string& name, LayoutRef layout,
                                 std::uint64_t seed)
    : self_(self), layout_(layout), quorum_(self, layout, seed, name),
      tree_(layout->brokers, layout->partitions),
      draws_(seed, {"ensemble ticks", name}), phase_{draws_.between(0, zookeeper_tick.ns - 1)} {}

void ZookeeperServer::settle(In in, const DataTree& tree, Zxid zxid, Effects& out) {
    out.listen(true);
    tree_ = tree;
    applied_ = zxid;
    quorum_.settle(in, layout_->server(0), zxid, out);
    leads_ = quorum_.leads();
    after_event(in, out);
}

void ZookeeperServer::settle_session(In in, SessionId session, MachineId server, Time heard) {
    const DataTree::Session& state = tree_.sessions().at(session);
    if (server == self_) settled_[state.client] = session;
    if (!leads_) return;
    if (server != self_) { // And then that server has been asked.
        heard = std::min(in.now, heard + Duration{draws_.between(0, zookeeper_tick.ns / 2)});
    }
    deadlines_[session] = next_tick(heard + state.timeout);
}

void ZookeeperServer::start(In in, Effects& out) {
    out.listen(true);
    quorum_.start(in);
    after_event(in, out);
}

/// A server that is stopped just ends: whoever talks to it goes elsewhere.
void ZookeeperServer::stop(In, Effects& out) {
    out.exit();
}

void ZookeeperServer::crash() {
    quorum_.crash();
    clients_.clear();
    watches_.clear();
    deadlines_.clear();
    settled_.clear();
    leads_ = false;
}

Time ZookeeperServer::next_tick(Time after) const {
    const std::int64_t since = after.ns - phase_.ns;
    const std::int64_t tick = zookeeper_tick.ns;
    const std::int64_t k = since >= 0 ? since / tick : -((-since + tick - 1) / tick);
    return Time{phase_.ns + (k + 1) * tick};
}

/// The leader keeps account of who was heard when; the others tell it when it asks.
void ZookeeperServer::heard(In in, SessionId session) {
    if (session == 0) return;
    if (quorum_.leads()) {
        touch(in, session);
        return;
    }
    std::vector<SessionId>& list = quorum_.touched;
    if (std::find(list.begin(), list.end(), session) == list.end()) list.push_back(session);
}

/// Expiry is looked for in buckets of one tick (ExpiryQueue.roundToNextInterval).
void ZookeeperServer::touch(In in, SessionId session) {
    const auto found = tree_.sessions().find(session);
    if (found == tree_.sessions().end()) return;
    deadlines_[session] = next_tick(in.now + found->second.timeout);
}

void ZookeeperServer::expire(In in, Effects& out) {
    for (auto at = deadlines_.begin(); at != deadlines_.end();) {
        if (at->second > in.now) {
            ++at;
            continue;
        }
        ZkTransaction transaction;
        transaction.kind = ZkTransaction::Kind::expire;
        transaction.session = at->first;
        at = deadlines_.erase(at);
        out.because(Cause{});
        out.note(TimerFire{self_, "session"});
        quorum_.submit(in, std::move(transaction), out);
    }
}

ZookeeperServer::Client* ZookeeperServer::client_of(const Incoming& incoming, Effects& out) {
    const std::uint32_t word = out.user(incoming.conn);
    if (word >= first_client && word - first_client < clients_.size()) {
        Client& known = clients_[word - first_client];
        if (known.conn == incoming.conn) return &known;
    }
    auto free = std::find_if(clients_.begin(), clients_.end(),
                             [](const Client& client) { return !client.conn.valid(); });
    if (free == clients_.end()) free = clients_.emplace(clients_.end());
    free->conn = incoming.conn;
    free->machine = incoming.from;
    free->session = 0;
    if (const auto settled = settled_.find(incoming.from); settled != settled_.end()) {
        free->session = settled->second;
        settled_.erase(settled);
    }
    out.user(incoming.conn) = first_client + static_cast<std::uint32_t>(free - clients_.begin());
    return &*free;
}

void ZookeeperServer::forget(std::size_t client) {
    clients_[client].conn = {};
    clients_[client].session = 0;
    clients_[client].pending.clear();
    std::erase_if(watches_, [&](const Watch& watch) { return watch.client == client; });
}

void ZookeeperServer::drop(std::size_t client, Effects& out) {
    if (!clients_[client].conn.valid()) return;
    out.close(clients_[client].conn);
    forget(client);
}

void ZookeeperServer::on_message(In in, const Incoming& incoming, Effects& out) {
    if (!out.open(incoming.conn)) {
        // Given up while this process was frozen.
    } else if (incoming.api == Api::zookeeper) {
        on_request(in, incoming, out);
    } else {
        quorum_.on_message(in, incoming, out);
    }
    after_event(in, out);
}

/// A server that follows nobody serves nobody; nor does one that knows less than its client.
void ZookeeperServer::on_request(In in, const Incoming& incoming, Effects& out) {
    ZkRequest& request = out.body<ZkRequest>(incoming);
    Client* client = client_of(incoming, out);
    const auto slot = static_cast<std::size_t>(client - clients_.data());
    const bool connects = request.kind == ZkRequest::Kind::connect;
    if (!quorum_.serving() || (connects && request.seen > applied_) ||
        (!connects && client->session == 0 && client->pending.empty())) {
        drop(slot, out);
        return;
    }
    if (request.kind != ZkRequest::Kind::watch_again) heard(in, client->session);
    Pending& pending = client->pending.emplace_back();
    pending.request = request;
    pending.cause = out.cause();
    const bool writes =
        request.kind == ZkRequest::Kind::operations && !request.operations.front().reads();
    if (writes || connects || request.kind == ZkRequest::Kind::close) {
        propose(in, pending, client->machine, out);
    }
    serve(slot, out);
}

/// Simplified: a session that comes from another server is confirmed by a transaction, not by
/// asking the leader alone (REVALIDATE).
void ZookeeperServer::propose(In in, Pending& pending, MachineId machine, Effects& out) {
    ZkTransaction transaction;
    pending.tag = transaction.tag = ++tags_;
    transaction.server = self_;
    transaction.client = machine;
    transaction.session = pending.request.session;
    switch (pending.request.kind) {
    case ZkRequest::Kind::connect:
        transaction.kind =
            pending.request.session == 0 ? ZkTransaction::Kind::open : ZkTransaction::Kind::confirm;
        transaction.timeout = agreed_timeout(pending.request.timeout);
        break;
    case ZkRequest::Kind::close: transaction.kind = ZkTransaction::Kind::close; break;
    default:
        transaction.kind = ZkTransaction::Kind::write;
        transaction.operations = pending.request.operations;
        break;
    }
    quorum_.submit(in, std::move(transaction), out);
}

void ZookeeperServer::on_connected(In in, ConnId conn, Effects& out) {
    if (quorum_.owns(conn, out)) quorum_.on_connected(in, conn, out);
    after_event(in, out);
}

void ZookeeperServer::on_refused(In in, ConnId conn, Effects& out) {
    if (quorum_.owns(conn, out)) quorum_.on_refused(in, conn, out);
    after_event(in, out);
}

void ZookeeperServer::on_lost(In in, ConnId conn, Effects& out) {
    const std::uint32_t word = out.user(conn);
    if (word >= first_client && word - first_client < clients_.size()) {
        if (clients_[word - first_client].conn == conn) forget(word - first_client);
    } else {
        quorum_.on_lost(in, conn, out);
    }
    after_event(in, out);
}

void ZookeeperServer::on_timer(In in, TimerSlot timer, Effects& out) {
    if (timer == TimerSlot{quorum_timer}) {
        quorum_.on_time(in, out);
    } else if (leads_) {
        expire(in, out);
    }
    after_event(in, out);
}

/// What the ensemble has made of the event.
void ZookeeperServer::after_event(In in, Effects& out) {
    apply(in, out);
    const bool serving = quorum_.serving();
    if (!serving) {
        for (std::size_t k = 0; k < clients_.size(); ++k)
            drop(k, out);
    }
    if (serving && quorum_.leads() && !leads_) {
        // A new leader gives every session its time anew.
        deadlines_.clear();
        for (const auto& [session, state] : tree_.sessions())
            touch(in, session);
    }
    leads_ = serving && quorum_.leads();
    if (leads_) {
        for (const SessionId session : quorum_.reported)
            touch(in, session);
    }
    quorum_.reported.clear();
    out.arm(TimerSlot{quorum_timer}, quorum_.wake_at());
    if (leads_) out.arm(TimerSlot{expiry_timer}, next_tick(in.now));
}

} // namespace brokersim
