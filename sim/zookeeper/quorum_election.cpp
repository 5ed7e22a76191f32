// The ensemble's own leader. A server that follows or leads refuses to vote, so one that comes back
// after a cut disturbs nobody.
#include "zookeeper/quorum.hpp"

#include <algorithm>

namespace brokersim {

namespace {

// FastLeaderElection waits 200 ms for better proposals before it settles on one (finalizeWait).
constexpr Duration finalize_wait = milliseconds(200);
constexpr Duration init_limit = zookeeper_tick * 10;

} // namespace

void ZkQuorum::look(In in, Effects& out) {
    role_ = Role::looking;
    round_ = Round::none;
    leader_ = {};
    leader_conn_ = {};
    forward_.clear();
    forwarded_ = 0;
    touched.clear();
    reported.clear();
    tick_at_ = Time::never();
    look_at_ = in.now + finalize_wait + Duration{draws_.between(0, finalize_wait.ns)};
    connect(in, out);
}

void ZkQuorum::follow(In in, MachineId leader, std::int32_t term, Effects& out) {
    if (term > term_) voted_ = {};
    term_ = term;
    role_ = Role::following;
    round_ = Round::none;
    leader_ = leader;
    matched_ = commit_;
    look_at_ = Time::never();
    tick_at_ = in.now + zookeeper_tick / 2;
    forward_.clear();
    forwarded_ = 0;
    connect(in, out);
}

/// Its first transaction ends what its predecessors have left open.
void ZkQuorum::lead(In in, Effects& out) {
    role_ = Role::leading;
    round_ = Round::none;
    leader_ = self_;
    look_at_ = Time::never();
    tick_at_ = in.now + zookeeper_tick / 2;
    for (Peer& peer : peers_) {
        peer.next = end() + 1;
        peer.match = 0;
        peer.alive_until = in.now + init_limit;
    }
    append(in, ZkTransaction{}, out);
}

void ZkQuorum::new_round(In in, Round round, Effects& out) {
    round_ = round;
    look_at_ = in.now + finalize_wait + Duration{draws_.between(0, finalize_wait.ns)};
    if (round == Round::vote) {
        ++term_;
        voted_ = self_;
    }
    for (Peer& peer : peers_)
        peer.asked = peer.granted = false;
    give_up_silent(in, out);
    ask(in, out);
    count(in, out);
}

void ZkQuorum::ask(In in, Effects& out) {
    if (round_ == Round::none) return;
    for (Peer& peer : peers_) {
        if (peer.asked || !peer.connected) continue;
        peer.asked = true;
        ZkQuorumRequest& request = this->request(in, peer, out);
        const bool vote = round_ == Round::vote;
        request.kind = vote ? ZkQuorumRequest::Kind::vote : ZkQuorumRequest::Kind::pre_vote;
        request.term = vote ? term_ : term_ + 1;
        request.last = end();
        request.last_term = term_of(end());
    }
}

void ZkQuorum::count(In in, Effects& out) {
    const auto granted = static_cast<std::size_t>(
        std::count_if(peers_.begin(), peers_.end(), [](const Peer& peer) { return peer.granted; }));
    if (granted + 1 < majority()) return;
    if (round_ == Round::vote) {
        lead(in, out);
    } else {
        new_round(in, Round::vote, out);
    }
}

/// Has the sender everything that may have been decided, as far as this server knows?
bool ZkQuorum::as_new(const ZkQuorumRequest& request) const {
    const std::int32_t own = term_of(end());
    return request.last_term > own || (request.last_term == own && request.last >= end());
}

void ZkQuorum::on_question(const Incoming& incoming, Effects& out) {
    const ZkQuorumRequest& request = out.body<ZkQuorumRequest>(incoming);
    bool granted = role_ == Role::looking && request.term >= term_ && as_new(request);
    if (request.kind == ZkQuorumRequest::Kind::vote && role_ == Role::looking) {
        if (request.term > term_) {
            term_ = request.term;
            voted_ = {};
            round_ = Round::none;
        }
        granted = granted && (!voted_.valid() || voted_ == incoming.from);
        if (granted) voted_ = incoming.from;
    }
    ZkQuorumResponse& response = out.send<ZkQuorumResponse>(incoming.conn);
    response.kind = request.kind;
    response.term = term_;
    response.ok = granted;
}

void ZkQuorum::on_vote(In in, Peer& peer, const ZkQuorumResponse& response, Effects& out) {
    if (role_ != Role::looking || round_ == Round::none) return;
    const bool vote = response.kind == ZkQuorumRequest::Kind::vote;
    if (vote != (round_ == Round::vote)) return;
    if (!response.ok && response.term > term_) {
        term_ = response.term;
        voted_ = {};
        round_ = Round::none;
        return;
    }
    if (!response.ok || (vote && response.term != term_)) return; // Of an earlier round.
    peer.granted = true;
    count(in, out);
}

} // namespace brokersim
