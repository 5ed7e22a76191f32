// Replication in the ensemble: the leader pushes, followers write down and acknowledge.
#include "zookeeper/quorum.hpp"

#include <algorithm>
#include <utility>

namespace brokersim {

namespace {

// Of the transaction log: 16 KiB and an fsync on a device that keeps what it has through a power
// cut take 12 to 58 us (docs/model.md).
constexpr Duration write_down = microseconds(50);
constexpr Duration connect_timeout = seconds(5); ///< cnxTimeout
constexpr Duration connect_pause = milliseconds(500);
constexpr Duration sync_limit = zookeeper_tick * 5;
constexpr std::size_t most_at_once = 1000;

} // namespace

ZkQuorum::ZkQuorum(MachineId self, LayoutRef layout, std::uint64_t seed, const std::string& name)
    : self_(self), layout_(std::move(layout)), draws_(seed, {"ensemble", name}) {
    for (std::size_t k = 0; k < layout_->servers; ++k) {
        if (layout_->server(k) == self_) continue;
        peers_.emplace_back().id = layout_->server(k);
    }
}

void ZkQuorum::settle(In in, MachineId leader, Zxid base, Effects& out) {
    base_ = commit_ = durable_ = flushing_ = matched_ = base;
    base_term_ = term_ = 1;
    leader_ = leader;
    contact_ = in.now;
    role_ = leader == self_ ? Role::leading : Role::following;
    for (Peer& peer : peers_) {
        peer.next = base + 1;
        peer.match = base;
        peer.alive_until = in.now + sync_limit;
    }
    tick_at_ = in.now + Duration{draws_.between(1, zookeeper_tick.ns / 2)};
    connect(in, out);
}

void ZkQuorum::start(In in) {
    role_ = Role::looking;
    look_at_ = in.now; // Nobody is followed: it looks for a leader at once.
}

void ZkQuorum::crash() {
    if (durable_ < end()) {
        const Zxid kept = std::max(durable_, commit_);
        log_.resize(static_cast<std::size_t>(kept - base_));
    }
    for (Peer& peer : peers_) {
        const MachineId id = peer.id;
        peer = Peer{};
        peer.id = id;
    }
    durable_ = flushing_ = end();
    role_ = Role::looking;
    round_ = Round::none;
    leader_ = {};
    leader_conn_ = {};
    matched_ = 0;
    forward_.clear();
    forwarded_ = 0;
    touched.clear();
    reported.clear();
    flush_at_ = look_at_ = tick_at_ = connect_at_ = Time::never();
}

ZkQuorum::Peer* ZkQuorum::peer(MachineId id) {
    const auto found =
        std::find_if(peers_.begin(), peers_.end(), [&](const Peer& peer) { return peer.id == id; });
    return found == peers_.end() ? nullptr : &*found;
}

/// Who looks for a leader, or leads, talks to all; a follower to its leader.
bool ZkQuorum::wanted(const Peer& peer) const {
    return role_ != Role::following || peer.id == leader_;
}

void ZkQuorum::connect(In in, Effects& out) {
    connect_at_ = Time::never();
    for (std::size_t k = 0; k < peers_.size(); ++k) {
        Peer& peer = peers_[k];
        if (peer.conn.valid() && !peer.connected && peer.give_up_at <= in.now) {
            out.close(peer.conn);
            peer.conn = {};
            peer.retry_at = in.now;
        }
        if (!peer.conn.valid() && wanted(peer) && peer.retry_at <= in.now) {
            peer.conn = out.dial(peer.id);
            out.user(peer.conn) = static_cast<std::uint32_t>(k);
            peer.give_up_at = in.now + connect_timeout;
        }
        if (peer.connected) continue;
        if (peer.conn.valid()) {
            connect_at_ = std::min(connect_at_, peer.give_up_at);
        } else if (wanted(peer)) {
            connect_at_ = std::min(connect_at_, peer.retry_at);
        }
    }
}

/// A message that is answered, or the connection is of no use.
ZkQuorumRequest& ZkQuorum::request(In in, Peer& peer, Effects& out) {
    peer.unanswered = std::min(peer.unanswered, in.now);
    return out.send<ZkQuorumRequest>(peer.conn);
}

/// A connection on which nothing comes back is given up for a new one.
void ZkQuorum::give_up_silent(In in, Effects& out) {
    const Duration limit = leads() ? sync_limit : connect_timeout;
    for (Peer& peer : peers_) {
        if (!peer.connected || after(peer.unanswered, limit) > in.now) continue;
        out.close(peer.conn);
        peer.conn = {};
        peer.connected = false;
        peer.unanswered = Time::never();
        peer.retry_at = in.now;
    }
    connect(in, out);
}

bool ZkQuorum::owns(ConnId conn, Effects& out) const {
    const std::uint32_t k = out.user(conn);
    return k < peers_.size() && peers_[k].conn == conn;
}

void ZkQuorum::on_connected(In in, ConnId conn, Effects& out) {
    Peer& peer = peers_[out.user(conn)];
    peer.connected = true;
    if (leads()) {
        peer.next = std::max(peer.match, base_) + 1;
        send_append(in, peer, true, out);
    } else if (role_ == Role::looking) {
        ask(in, out);
    } else if (peer.id == leader_ && !forward_.empty()) {
        ZkQuorumRequest& message = out.send<ZkQuorumRequest>(peer.conn);
        message.kind = ZkQuorumRequest::Kind::forward;
        message.term = term_;
        message.transactions = std::move(forward_);
        forward_.clear();
    }
}

void ZkQuorum::on_refused(In in, ConnId conn, Effects& out) {
    Peer& peer = peers_[out.user(conn)];
    peer.conn = {};
    peer.connected = false;
    peer.retry_at = in.now + connect_pause;
    connect(in, out);
}

void ZkQuorum::on_lost(In in, ConnId conn, Effects& out) {
    bool of_leader = conn == leader_conn_;
    if (owns(conn, out)) {
        Peer& peer = peers_[out.user(conn)];
        peer.conn = {};
        peer.connected = false;
        peer.unanswered = Time::never();
        peer.retry_at = in.now;
        peer.alive_until = in.now;
        of_leader = of_leader || peer.id == leader_;
    }
    if (role_ == Role::following && of_leader) look(in, out);
    connect(in, out);
}

bool ZkQuorum::submit(In in, ZkTransaction transaction, Effects& out) {
    transaction.cause = out.cause().n;
    if (leads()) {
        append(in, std::move(transaction), out);
        return true;
    }
    if (role_ != Role::following) return false;
    const Peer* leader = peer(leader_);
    if (forwarded_++ == 0) progress_at_ = in.now;
    if (!leader->connected) {
        forward_.push_back(std::move(transaction));
        return true;
    }
    ZkQuorumRequest& request = out.send<ZkQuorumRequest>(leader->conn);
    request.kind = ZkQuorumRequest::Kind::forward;
    request.term = term_;
    request.transactions.push_back(std::move(transaction));
    return true;
}

void ZkQuorum::append(In in, ZkTransaction transaction, Effects& out) {
    transaction.term = term_;
    log_.push_back(std::move(transaction));
    flush(in);
    send_appends(in, false, out);
}

/// One write to the device at a time; what has come meanwhile goes with the next.
void ZkQuorum::flush(In in) {
    if (flush_at_ != Time::never() || durable_ == end()) return;
    flushing_ = end();
    flush_at_ = in.now + write_down;
}

void ZkQuorum::flushed(In in, Effects& out) {
    flush_at_ = Time::never();
    durable_ = std::min(flushing_, end());
    flush(in);
    if (leads()) {
        advance(in, out);
    } else if (role_ == Role::following) {
        acknowledge(leader_conn_, false, out);
    }
}

void ZkQuorum::send_append(In in, Peer& peer, bool ping, Effects& out) {
    if (!peer.connected) return;
    ZkQuorumRequest& request = this->request(in, peer, out);
    request.kind = ZkQuorumRequest::Kind::append;
    request.term = term_;
    request.last = peer.next - 1;
    request.last_term = term_of(request.last);
    request.commit = commit_;
    request.ping = ping;
    for (; peer.next <= end() && request.transactions.size() < most_at_once; ++peer.next)
        request.transactions.push_back(at(peer.next));
}

void ZkQuorum::send_appends(In in, bool ping, Effects& out) {
    for (Peer& peer : peers_)
        send_append(in, peer, ping, out);
}

void ZkQuorum::on_message(In in, const Incoming& incoming, Effects& out) {
    if (incoming.kind == kind_of<ZkQuorumResponse>) {
        Peer* from = peer(incoming.from);
        from->unanswered = Time::never();
        const ZkQuorumResponse& response = out.body<ZkQuorumResponse>(incoming);
        if (response.kind == ZkQuorumRequest::Kind::append) {
            on_acknowledged(in, *from, response, out);
        } else {
            on_vote(in, *from, response, out);
        }
        return;
    }
    ZkQuorumRequest& request = out.body<ZkQuorumRequest>(incoming);
    switch (request.kind) {
    case ZkQuorumRequest::Kind::append: on_append(in, incoming, out); return;
    case ZkQuorumRequest::Kind::forward:
        // One that does not lead any more says nothing: the sender finds out by itself.
        if (!leads() || request.term != term_) return;
        for (ZkTransaction& transaction : request.transactions) {
            out.because(Cause{transaction.cause});
            append(in, std::move(transaction), out);
        }
        return;
    case ZkQuorumRequest::Kind::pre_vote:
    case ZkQuorumRequest::Kind::vote: on_question(incoming, out); return;
    }
}

void ZkQuorum::on_append(In in, const Incoming& incoming, Effects& out) {
    const ZkQuorumRequest& request = out.body<ZkQuorumRequest>(incoming);
    if (request.term < term_) {
        ZkQuorumResponse& response = out.send<ZkQuorumResponse>(incoming.conn);
        response.kind = ZkQuorumRequest::Kind::append;
        response.term = term_;
        return;
    }
    if (role_ != Role::following || leader_ != incoming.from || request.term > term_) {
        follow(in, incoming.from, request.term, out);
    }
    leader_conn_ = incoming.conn;
    contact_ = in.now;
    const bool fits = request.last <= end() && term_of(request.last) == request.last_term;
    if (!fits) {
        ZkQuorumResponse& response = out.send<ZkQuorumResponse>(incoming.conn);
        response.kind = ZkQuorumRequest::Kind::append;
        response.term = term_;
        response.last = std::max(commit_, std::min(end(), request.last - 1));
        return;
    }
    take(in, request);
    flush(in);
    if (request.ping || durable_ >= matched_) acknowledge(incoming.conn, request.ping, out);
}

/// Whatever stands there of another leader gives way.
void ZkQuorum::take(In in, const ZkQuorumRequest& request) {
    Zxid zxid = request.last;
    for (const ZkTransaction& transaction : request.transactions) {
        ++zxid;
        if (zxid <= end() && term_of(zxid) == transaction.term) continue;
        if (zxid <= end()) log_.resize(static_cast<std::size_t>(zxid - 1 - base_));
        durable_ = std::min(durable_, zxid - 1);
        log_.push_back(transaction);
        if (transaction.server != self_ || forwarded_ == 0) continue;
        --forwarded_;
        progress_at_ = in.now;
    }
    matched_ = std::max(matched_, zxid);
    commit_ = std::max(commit_, std::min(request.commit, matched_));
}

void ZkQuorum::acknowledge(ConnId conn, bool ping, Effects& out) {
    if (!out.open(conn)) return;
    ZkQuorumResponse& response = out.send<ZkQuorumResponse>(conn);
    response.kind = ZkQuorumRequest::Kind::append;
    response.term = term_;
    response.ok = true;
    response.last = std::min(durable_, matched_);
    if (!ping) return;
    response.touched = touched;
    touched.clear();
}

void ZkQuorum::on_acknowledged(In in, Peer& peer, const ZkQuorumResponse& response, Effects& out) {
    if (response.term > term_) {
        term_ = response.term;
        voted_ = {};
        if (role_ != Role::looking) look(in, out);
        return;
    }
    if (!leads() || response.term != term_) return;
    peer.alive_until = in.now + sync_limit;
    if (!response.ok) {
        peer.next = std::max(response.last, base_) + 1;
        send_append(in, peer, true, out);
        return;
    }
    reported.insert(reported.end(), response.touched.begin(), response.touched.end());
    if (response.last > peer.match) {
        peer.match = response.last;
        advance(in, out);
    }
    if (peer.next <= end()) send_append(in, peer, false, out); // The rest of a long way.
}

/// What a majority has written down is decided, once something of this term is.
void ZkQuorum::advance(In in, Effects& out) {
    std::vector<Zxid> ends{durable_};
    for (const Peer& peer : peers_)
        ends.push_back(peer.match);
    std::sort(ends.begin(), ends.end(), std::greater<>());
    const Zxid decided = ends[majority() - 1];
    if (decided <= commit_ || term_of(decided) != term_) return;
    commit_ = decided;
    send_appends(in, false, out);
}

/// The leader asks its followers for a sign of life, and gives up without a majority; a follower
/// gives up a silent leader (syncLimit).
void ZkQuorum::half_tick(In in, Effects& out) {
    tick_at_ = in.now + zookeeper_tick / 2;
    const bool stuck = forwarded_ > 0 && progress_at_ + sync_limit < in.now;
    if (role_ == Role::following && stuck) {
        Peer& leader = *peer(leader_);
        if (leader.conn.valid()) out.close(leader.conn);
        leader.conn = {};
        leader.connected = false;
        leader.unanswered = Time::never();
    }
    if (role_ == Role::following && (stuck || contact_ + sync_limit < in.now)) look(in, out);
    if (!leads()) return;
    give_up_silent(in, out);
    const auto alive = static_cast<std::size_t>(std::count_if(
        peers_.begin(), peers_.end(), [&](const Peer& peer) { return peer.alive_until > in.now; }));
    if (alive + 1 < majority()) {
        look(in, out);
        return;
    }
    send_appends(in, true, out);
}

void ZkQuorum::on_time(In in, Effects& out) {
    if (flush_at_ <= in.now) flushed(in, out);
    if (tick_at_ <= in.now) half_tick(in, out);
    if (look_at_ <= in.now) new_round(in, Round::pre_vote, out);
    if (connect_at_ <= in.now) connect(in, out);
}

Time ZkQuorum::wake_at() const {
    return std::min({flush_at_, look_at_, tick_at_, connect_at_});
}

} // namespace brokersim
