// One voter: start and end, who is asked, what comes back.
#include "controller/kraft/raft.hpp"

#include <algorithm>

namespace brokersim {

namespace {

constexpr Duration end_wait_max = seconds(5); ///< ControllerServer.shutdown

} // namespace

Raft::Raft(MachineId self, LayoutRef layout, const ServerConfig& config, std::uint64_t seed,
           const std::string& name)
    : self_(self), layout_(std::move(layout)), config_(config), draws_(seed, {"quorum", name}),
      client_(between_servers(config, config.controller_quorum_retry_backoff,
                              config.controller_quorum_retry_backoff, 10),
              layout_->addresses(), Stream(seed, {"controller connections", name})),
      peers_(layout_->controllers) {}

void Raft::settle(In in, MachineId leader, Offset end, Effects& out) {
    epoch_ = 1;
    leader_ = leader;
    log_.settle(end, epoch_);
    high_watermark_ = end;
    if (leader == self_) {
        role_ = Role::leader;
        for (Peer& p : peers_) {
            p.end = end;
            p.next_begin = in.now + config_.controller_quorum_fetch_timeout / 2;
        }
        if (!alone()) timer_ = in.now + config_.controller_quorum_fetch_timeout * 3 / 2;
    } else {
        role_ = Role::follower;
        fetched_ = true;
        timer_ = fetch_timeout(in.now);
    }
    poll(in, out);
}

void Raft::start(In in, Effects& out) {
    if (alone()) {
        become_candidate(in, out);
    } else if (leader_ == self_) { // It cannot go on: what it had not yet replicated may be gone.
        role_ = Role::resigned;
        timer_ = in.now + election_timeout();
        begin_question();
    } else if (leader_.valid()) {
        become_follower(in, epoch_, leader_, out);
    } else {
        become_unattached(in, epoch_, out);
    }
    poll(in, out);
}

void Raft::crash() {
    role_ = Role::unattached;
    timer_ = backoff_ = write_at_ = end_by_ = Time::never();
    ending_ = false;
    lingering_.clear();
    parked_.clear();
    successors_.clear();
    asked_ = {};
    ask_at_ = {};
    client_ = client_.fresh();
    begin_question();
}

void Raft::shut_down(In in, Effects& out) {
    ending_ = true;
    end_by_ = in.now + end_wait_max;
    if (leads() && !alone()) resign(in, "shutdown", out);
    poll(in, out);
}

bool Raft::may_end(Time now) const {
    return ending_ && (alone() || role_ != Role::resigned || end_by_ <= now);
}

/// Does what has become due, until nothing is.
void Raft::poll(In in, Effects& out) {
    take_failures(in);
    while (true) {
        const Role role = role_;
        const QuorumEpoch epoch = epoch_;
        wake_ = Time::never();
        role_timer(in, out);
        switch (role_) {
        case Role::unattached: ask_around(in, out); break;
        case Role::follower: fetch(in, out); break;
        case Role::prospective:
        case Role::candidate: ask(in, out); break;
        case Role::leader:
            if (write_at_ <= in.now) write(in, out);
            expire_parked(in, out);
            announce(in, out);
            break;
        case Role::resigned: tell_end(in, out); break;
        }
        if (role == role_ && epoch == epoch_) return;
    }
}

/// May a request be sent to `voter` now? If not, does what leads there.
bool Raft::reachable(In in, MachineId voter, Effects& out) {
    const Peer& p = peer(voter);
    if (voter == self_ || p.expected != 0) return false;
    if (p.ready_at > in.now) {
        wake_ = std::min(wake_, p.ready_at);
        return false;
    }
    if (client_.may_send(voter)) return true;
    if (client_.connectable(voter, in.now)) {
        client_.connect(in, voter, out);
    } else {
        wake_ = std::min(wake_, client_.connectable_at(voter));
    }
    return false;
}

void Raft::take_failures(In in) {
    for (const Failure& failure : client_.failures) {
        Peer& p = peer(failure.node);
        if (failure.has_request && failure.request.token != p.expected) continue;
        p.expected = 0;
        p.ready_at = in.now + config_.controller_quorum_retry_backoff;
        if (failure.node == asked_) asked_ = {};
    }
    client_.failures.clear();
}

bool Raft::on_message(In in, const Incoming& incoming, Effects& out) {
    switch (incoming.kind) {
    case kind_of<FetchMetadataRequest>: on_fetch(in, incoming, out); break;
    case kind_of<VoteRequest>: on_vote_request(in, incoming, out); break;
    case kind_of<BeginQuorumEpochRequest>:
        on_begin_epoch(in, incoming, out);
        answer<BeginQuorumEpochResponse>(incoming, out);
        break;
    case kind_of<EndQuorumEpochRequest>:
        on_end_epoch(in, incoming, out);
        answer<EndQuorumEpochResponse>(incoming, out);
        break;
    default:
        if (!is_response(incoming.kind)) return false;
        on_answer(in, incoming, out);
        break;
    }
    poll(in, out);
    return true;
}

void Raft::on_answer(In in, const Incoming& incoming, Effects& out) {
    InFlight request;
    if (!client_.on_response(in, incoming, out, request)) return;
    Peer& p = peer(incoming.from);
    if (request.token != p.expected) return; // Asked in a role that is over.
    p.expected = 0;
    switch (incoming.kind) {
    case kind_of<FetchMetadataResponse>:
        on_fetched(in, incoming.from, out.body<FetchMetadataResponse>(incoming), out);
        return;
    case kind_of<VoteResponse>:
        on_vote(in, incoming.from, out.body<VoteResponse>(incoming), out);
        return;
    case kind_of<BeginQuorumEpochResponse>: {
        const auto& begun = out.body<BeginQuorumEpochResponse>(incoming);
        newer(in, begun.epoch, begun.leader, out);
        return;
    }
    default: {
        const auto& ended = out.body<EndQuorumEpochResponse>(incoming);
        if (!newer(in, ended.epoch, ended.leader, out)) p.answered = true;
        return;
    }
    }
}

void Raft::on_connected(In in, ConnId conn, Effects& out) {
    if (client_.owns(conn, out)) client_.on_connected(in, conn, out);
    poll(in, out);
}

void Raft::on_refused(In in, ConnId conn, Effects& out) {
    if (client_.owns(conn, out)) client_.on_refused(in, conn, out);
    poll(in, out);
}

void Raft::on_lost(In in, ConnId conn, Effects& out) {
    std::erase_if(parked_, [&](const Parked& p) { return p.conn == conn; });
    if (client_.owns(conn, out)) client_.on_lost(in, conn, out);
    poll(in, out);
}

void Raft::on_time(In in, Effects& out) {
    client_.on_time(in, out);
    poll(in, out);
}

Time Raft::wake_at() const {
    const Time role = backoff_ == Time::never() ? timer_ : backoff_;
    Time wake = std::min({role, write_at_, client_.next_deadline(), wake_, end_by_});
    for (const Parked& p : parked_)
        wake = std::min(wake, p.deadline);
    return wake;
}

} // namespace brokersim
