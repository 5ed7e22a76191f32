// One voter of the quorum that keeps the metadata log: who leads it, what is in it, what of it is
// committed. Kafka: KafkaRaftClient, QuorumState, LeaderState, FollowerState, ProspectiveState,
// CandidateState, UnattachedState, ResignedState, BatchAccumulator (semantics §3.1, §3.2; KIP-595,
// KIP-853, KIP-996).
#pragma once

#include "brokersim/config.hpp"
#include "controller/kraft/raft_log.hpp"
#include "engine/random.hpp"
#include "protocol/effects.hpp"
#include "protocol/layout.hpp"
#include "rpc/network_client.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace brokersim {

/// Replication is pull: followers fetch, and a fetch from an offset says that everything before it
/// is on the follower's disk.
///
/// The delay with which others learn of a commit comes out of three rules and is nowhere drawn: the
/// first record of a batch waits exactly `controller.quorum.append.linger.ms`; an append answers
/// parked fetches at once, with the high watermark of before; and a fetch without new records is
/// parked even if the high watermark has moved since the last answer. The last one ends with 4.1.
///
/// Simplified: no snapshots, so a voter that was away fetches all that it missed.
class Raft {
public:
    enum class Role : std::uint8_t {
        unattached, ///< knows the epoch, but no leader of it
        follower,
        prospective, ///< asks whether it would be elected, before it disturbs anybody (not in 3.9)
        candidate,
        leader,
        resigned ///< was the leader of this epoch
    };

    Raft(MachineId self, LayoutRef layout, const ServerConfig& config, std::uint64_t seed,
         const std::string& name);

    /// The settled cluster: `leader` leads epoch 1, everything up to `end` is committed and known.
    void settle(In in, MachineId leader, Offset end, Effects& out);
    /// What the log of the settled cluster would say.
    void keep_history(const std::vector<MetadataRecord>& records) { log_.fill(records, epoch_); }
    /// The process comes up again, with its log, epoch and vote.
    void start(In in, Effects& out);
    void crash();
    /// A clean end was asked for: a leader hands over first.
    void shut_down(In in, Effects& out);
    /// Nothing keeps the process from ending.
    bool may_end(Time now) const;

    Role role() const { return role_; }
    bool leads() const { return role_ == Role::leader; }
    QuorumEpoch epoch() const { return epoch_; }
    MachineId leader() const { return leader_; }
    /// Leader: the offset of the record by which it began.
    Offset epoch_start() const { return epoch_start_; }
    const RaftLog& log() const { return log_; }
    Offset high_watermark() const { return high_watermark_; }
    /// Leader: where the next record will stand.
    Offset next_offset() const { return log_.end() + static_cast<Offset>(lingering_.size()); }

    /// Leader: puts records into the accumulator; `at_once`: control records do not wait.
    void append(In in, std::vector<MetadataRecord>& records, bool at_once, Effects& out);

    /// Takes what is meant for it: requests of voters and observers, answers to its own requests.
    /// False: nothing of its.
    bool on_message(In in, const Incoming& incoming, Effects& out);
    void on_connected(In in, ConnId conn, Effects& out);
    void on_refused(In in, ConnId conn, Effects& out);
    void on_lost(In in, ConnId conn, Effects& out);
    void on_time(In in, Effects& out);
    Time wake_at() const;

private:
    /// What it knows of another voter, and the one request that it has under way to it.
    struct Peer {
        std::uint64_t expected = 0; ///< token of the request whose answer counts; 0: none
        Time ready_at;              ///< no request before: the last one failed
        bool answered = false;      ///< the question of this role: vote, begin, end
        bool granted = false;
        bool heard_lately = false; ///< leader: has fetched since the last quorum check
        Offset end = 0;            ///< leader: of its log, as its fetches tell
        Time next_begin;           ///< leader: when it announces itself to this voter again
    };
    /// A fetch that waits for records.
    struct Parked {
        ConnId conn;
        MachineId replica;
        bool voter = false;
        Offset offset = 0;
        /// When the fetch arrived: told if it ends empty. With KIP-1166 what the fetcher knows.
        Offset high_watermark = 0;
        Time deadline;
        Cause cause;
    };

    // raft.cpp
    Peer& peer(MachineId voter) { return peers_[layout_->voter_number(voter)]; }
    bool alone() const { return peers_.size() == 1; }
    std::size_t majority() const { return peers_.size() / 2 + 1; }
    void poll(In in, Effects& out);
    bool reachable(In in, MachineId voter, Effects& out);
    /// A request to `voter` to be filled in; null: none may be sent now.
    template <class M>
    M* request(In in, MachineId voter, Effects& out) {
        if (!reachable(in, voter, out)) return nullptr;
        peer(voter).expected = ++tokens_; // Only the newest one's answer counts.
        return &client_.send<M>(in, voter, out, config_.controller_quorum_request_timeout, tokens_);
    }
    void take_failures(In in);
    void on_answer(In in, const Incoming& incoming, Effects& out);
    /// An answer that says first what this node knows of epoch and leader.
    template <class Answer>
    Answer& answer(const Incoming& incoming, Effects& out) {
        Answer& a = out.send<Answer>(incoming.conn);
        a.epoch = epoch_;
        a.leader = leader_;
        return a;
    }

    // raft_election.cpp
    Duration election_timeout();
    Time fetch_timeout(Time now);
    bool newer(In in, QuorumEpoch epoch, MachineId leader, Effects& out);
    void step_down(std::string_view why, Effects& out);
    void become_unattached(In in, QuorumEpoch epoch, Effects& out);
    void become_follower(In in, QuorumEpoch epoch, MachineId leader, Effects& out);
    void seek_election(In in, Effects& out);
    void become_prospective(In in, Effects& out);
    void become_candidate(In in, Effects& out);
    void become_leader(In in, Effects& out);
    void resign(In in, std::string_view why, Effects& out);
    void ask(In in, Effects& out);
    void count_votes(In in, Effects& out);
    void back_off(In in);
    void begin_question();
    void on_vote_request(In in, const Incoming& incoming, Effects& out);
    void on_vote(In in, MachineId from, const VoteResponse& vote, Effects& out);
    void on_begin_epoch(In in, const Incoming& incoming, Effects& out);
    void on_end_epoch(In in, const Incoming& incoming, Effects& out);
    void role_timer(In in, Effects& out);

    // raft_leader.cpp
    void write(In in, Effects& out);
    void advance(In in, Effects& out);
    void tell_high_watermark(In in, Effects& out);
    void on_fetch(In in, const Incoming& incoming, Effects& out);
    void heard(In in, MachineId voter);
    void answer_fetch(ConnId conn, Offset from, Offset high_watermark, Effects& out);
    void refuse_fetch(ConnId conn, Error error, Effects& out);
    void drop_parked(Effects& out);
    void expire_parked(In in, Effects& out);
    void announce(In in, Effects& out);
    void tell_end(In in, Effects& out);

    // raft_follower.cpp
    void fetch(In in, Effects& out);
    bool fetch_from(In in, MachineId node, Effects& out);
    void ask_around(In in, Effects& out);
    void choose_whom_to_ask(In in);
    void on_fetched(In in, MachineId from, const FetchMetadataResponse& response, Effects& out);

    MachineId self_;
    LayoutRef layout_;
    ServerConfig config_;
    Stream draws_;
    NetworkClient client_;

    // On disk.
    QuorumEpoch epoch_ = 0;
    MachineId leader_; ///< of epoch_; nobody: not known
    MachineId voted_;  ///< for whom in epoch_
    RaftLog log_;

    Role role_ = Role::unattached;
    Time timer_ = Time::never();   ///< of the role: fetch, election, quorum check
    Time backoff_ = Time::never(); ///< candidate: its candidacy was rejected, it waits
    std::int32_t tries_ = 0;       ///< candidacies in a row
    bool fetched_ = false;         ///< follower: with success from this leader
    MachineId asked_;              ///< which voter is asked for the leader
    Time ask_at_;                  ///< and when it may be
    std::vector<Peer> peers_;      ///< by number of the controller, itself included
    std::uint64_t tokens_ = 0;
    Offset high_watermark_ = 0;
    Offset epoch_start_ = 0;
    std::vector<MetadataRecord> lingering_;
    Time write_at_ = Time::never();
    std::vector<Parked> parked_;
    std::vector<MachineId> successors_; ///< resigned
    Time end_by_ = Time::never();       ///< a clean end waits no longer
    bool ending_ = false;
    Time wake_ = Time::never(); ///< for something about a peer
};

} // namespace brokersim
