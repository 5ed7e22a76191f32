// Roles of a voter and how it moves between them: time-outs, pre-votes, votes, resignation.
#include "controller/kraft/raft.hpp"

#include <algorithm>
#include <tuple>

namespace brokersim {

namespace {

constexpr Duration clock_tick = milliseconds(1); ///< Kafka's clock

} // namespace

/// Drawn anew each time, so that two who wait seldom wait equally long.
Duration Raft::election_timeout() {
    const Duration base = config_.controller_quorum_election_timeout;
    return base + Duration{draws_.between(0, base.ns - 1)};
}

/// Timers go by a clock of whole milliseconds, and each process sees them pass at its own moment.
/// Without that, two voters whose leader has died would find out in the same instant, always.
Time Raft::fetch_timeout(Time now) {
    return now + config_.controller_quorum_fetch_timeout +
           Duration{draws_.between(0, clock_tick.ns)};
}

void Raft::begin_question() {
    for (Peer& p : peers_) {
        p.expected = 0;
        p.ready_at = {};
        p.answered = p.granted = p.heard_lately = false;
    }
    asked_ = {};
}

/// Follows what another node knows of epoch and leader, if that is news. True: it was.
bool Raft::newer(In in, QuorumEpoch epoch, MachineId leader, Effects& out) {
    if (epoch < epoch_ || (epoch == epoch_ && (leader_.valid() || !leader.valid()))) return false;
    if (leader.valid() && leader != self_) {
        become_follower(in, epoch, leader, out);
    } else if (epoch > epoch_) {
        become_unattached(in, epoch, out);
    }
    return true;
}

/// What a leader takes with it when it ends.
void Raft::step_down(std::string_view why, Effects& out) {
    if (role_ != Role::leader) return;
    const Cause cause = out.cause();
    out.note_aside(CtlResigned{self_, epoch_, why});
    lingering_.clear();
    write_at_ = Time::never();
    drop_parked(out);
    out.because(cause);
}

void Raft::become_unattached(In in, QuorumEpoch epoch, Effects& out) {
    step_down("newer_epoch", out);
    // Whoever waits for an election goes on waiting for the same time.
    const bool waits = role_ == Role::candidate || role_ == Role::unattached ||
                       role_ == Role::prospective || role_ == Role::resigned;
    if (!waits || timer_ <= in.now || timer_ == Time::never()) {
        timer_ = in.now + election_timeout();
    }
    if (epoch > epoch_) {
        epoch_ = epoch;
        voted_ = {};
        leader_ = {};
    }
    role_ = Role::unattached;
    backoff_ = Time::never();
    begin_question();
}

void Raft::become_follower(In in, QuorumEpoch epoch, MachineId leader, Effects& out) {
    step_down("newer_epoch", out);
    if (epoch > epoch_) voted_ = {};
    epoch_ = epoch;
    leader_ = leader;
    role_ = Role::follower;
    fetched_ = false;
    timer_ = fetch_timeout(in.now);
    backoff_ = Time::never();
    begin_question();
}

/// Pre-vote first, where the release has it (KIP-996).
void Raft::seek_election(In in, Effects& out) {
    if (layout_->rules.pre_vote) {
        become_prospective(in, out);
        return;
    }
    tries_ = role_ == Role::candidate ? tries_ + 1 : 1;
    out.note_aside(TimerFire{self_, "quorum_election"});
    become_candidate(in, out);
}

/// It keeps its epoch, and the leader that it does not hear: to ask disturbs nobody.
void Raft::become_prospective(In in, Effects& out) {
    tries_ = role_ == Role::candidate ? tries_ + 1 : 1;
    role_ = Role::prospective;
    timer_ = in.now + election_timeout();
    backoff_ = Time::never();
    begin_question();
    peer(self_).answered = peer(self_).granted = true;
    out.note_aside(TimerFire{self_, "quorum_pre_vote"});
    count_votes(in, out);
}

void Raft::become_candidate(In in, Effects& out) {
    ++epoch_;
    voted_ = self_;
    leader_ = {};
    role_ = Role::candidate;
    timer_ = in.now + election_timeout();
    backoff_ = Time::never();
    begin_question();
    peer(self_).answered = peer(self_).granted = true;
    count_votes(in, out);
}

/// Its first act is a record of its own epoch: nothing older is committed before that is.
void Raft::become_leader(In in, Effects& out) {
    role_ = Role::leader;
    leader_ = self_;
    tries_ = 0;
    backoff_ = Time::never();
    epoch_start_ = log_.end();
    timer_ = alone() ? Time::never() : in.now + config_.controller_quorum_fetch_timeout * 3 / 2;
    begin_question();
    for (Peer& p : peers_) {
        p.end = 0;
        p.next_begin = in.now;
    }
    out.note(CtlElected{self_, epoch_});
    MetadataRecord record;
    record.kind = MetadataRecord::Kind::leader_change;
    record.broker = self_;
    record.epoch = epoch_;
    record.cause = out.cause().n;
    std::vector<MetadataRecord> records{std::move(record)};
    append(in, records, true, out);
}

/// Those with the longest logs should follow it first.
void Raft::resign(In in, std::string_view why, Effects& out) {
    successors_.clear();
    for (std::size_t k = 0; k < peers_.size(); ++k) {
        if (layout_->controller(k) != self_) successors_.push_back(layout_->controller(k));
    }
    std::stable_sort(successors_.begin(), successors_.end(),
                     [&](MachineId a, MachineId b) { return peer(a).end > peer(b).end; });
    step_down(why, out);
    role_ = Role::resigned;
    timer_ = in.now + election_timeout();
    begin_question();
}

/// Asks every voter for its vote, once.
void Raft::ask(In in, Effects& out) {
    for (std::size_t k = 0; k < peers_.size(); ++k) {
        const MachineId voter = layout_->controller(k);
        if (peer(voter).answered) continue;
        auto* request = this->request<VoteRequest>(in, voter, out);
        if (request == nullptr) continue;
        request->candidate = self_;
        request->epoch = epoch_;
        request->pre_vote = role_ == Role::prospective;
        request->last_epoch = log_.last_epoch();
        request->end = log_.end();
    }
}

void Raft::count_votes(In in, Effects& out) {
    const auto granted = static_cast<std::size_t>(
        std::count_if(peers_.begin(), peers_.end(), [](const Peer& p) { return p.granted; }));
    const auto refused = static_cast<std::size_t>(std::count_if(
        peers_.begin(), peers_.end(), [](const Peer& p) { return p.answered && !p.granted; }));
    if (granted >= majority()) {
        if (role_ == Role::prospective) {
            become_candidate(in, out);
        } else {
            become_leader(in, out);
        }
    } else if (refused >= majority() && role_ == Role::candidate) {
        back_off(in);
    } else if (refused >= majority()) {
        timer_ = in.now; // Nothing more to wait for.
        role_timer(in, out);
    }
}

/// A candidacy has come to nothing. The longer this goes on, the longer the wait may be.
void Raft::back_off(In in) {
    const ElectionBackoff law = layout_->rules.election_backoff;
    if (law == ElectionBackoff::own_time_out || backoff_ != Time::never()) return;
    const Duration cap = config_.controller_quorum_election_backoff_max;
    const std::int64_t power = std::int64_t{1} << std::min(tries_, 11);
    const std::int64_t most = law == ElectionBackoff::one_more ? power : power - 1;
    const Duration wait = milliseconds(50) * draws_.between(1, most);
    backoff_ = in.now + std::min(cap + milliseconds(draws_.between(0, 49)), wait);
}

void Raft::on_vote_request(In in, const Incoming& incoming, Effects& out) {
    const VoteRequest request = out.body<VoteRequest>(incoming);
    if (request.epoch > epoch_) become_unattached(in, request.epoch, out);
    const bool not_behind =
        std::tie(request.last_epoch, request.end) >= std::make_tuple(log_.last_epoch(), log_.end());
    bool granted = request.epoch == epoch_ && not_behind;
    if (request.pre_vote) {
        granted = granted && role_ != Role::leader && !(role_ == Role::follower && fetched_);
    } else {
        granted = granted && !leader_.valid() && (!voted_.valid() || voted_ == request.candidate);
        if (granted && voted_ != request.candidate) {
            voted_ = request.candidate;
            timer_ = in.now + election_timeout();
        }
    }
    answer<VoteResponse>(incoming, out).granted = granted;
}

void Raft::on_vote(In in, MachineId from, const VoteResponse& vote, Effects& out) {
    if (newer(in, vote.epoch, vote.leader, out)) return;
    if (role_ != Role::prospective && role_ != Role::candidate) return;
    peer(from).answered = true;
    peer(from).granted = vote.granted;
    count_votes(in, out);
}

void Raft::on_begin_epoch(In in, const Incoming& incoming, Effects& out) {
    const BeginQuorumEpochRequest& request = out.body<BeginQuorumEpochRequest>(incoming);
    newer(in, request.epoch, request.leader, out);
}

/// The first successor tries at once, the others in turn, in case it fails.
void Raft::on_end_epoch(In in, const Incoming& incoming, Effects& out) {
    const EndQuorumEpochRequest& request = out.body<EndQuorumEpochRequest>(incoming);
    newer(in, request.epoch, request.leader, out);
    if (role_ != Role::follower || request.epoch != epoch_ || request.leader != leader_) return;
    const auto place = std::find(request.successors.begin(), request.successors.end(), self_) -
                       request.successors.begin();
    const auto count = static_cast<std::ptrdiff_t>(request.successors.size());
    if (place == count) return;
    if (place == 0) {
        seek_election(in, out);
        return;
    }
    const Duration cap = config_.controller_quorum_election_backoff_max;
    timer_ = in.now + cap / (std::int64_t{1} << std::min<std::ptrdiff_t>(count - 1, 30)) *
                          (std::int64_t{1} << std::min<std::ptrdiff_t>(place - 1, 30));
}

/// The time of this role is over.
void Raft::role_timer(In in, Effects& out) {
    if (backoff_ != Time::never()) {
        if (backoff_ <= in.now) seek_election(in, out);
        return;
    }
    if (timer_ > in.now) return;
    switch (role_) {
    case Role::unattached:
    case Role::follower: seek_election(in, out); return;
    case Role::candidate:
        if (layout_->rules.pre_vote) {
            become_prospective(in, out);
        } else {
            back_off(in); // 3.9: also after one that was not answered.
        }
        return;
    case Role::prospective:
        if (leader_.valid()) {
            become_follower(in, epoch_, leader_, out);
        } else {
            become_unattached(in, epoch_, out);
        }
        return;
    case Role::leader: resign(in, "quorum_lost", out); return;
    case Role::resigned:
        timer_ = Time::never();
        if (ending_) return;
        if (layout_->rules.pre_vote) become_unattached(in, epoch_ + 1, out);
        seek_election(in, out);
        return;
    }
}

} // namespace brokersim
