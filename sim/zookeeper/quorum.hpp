// The servers of an ensemble agree: one of them leads, and what a majority has written down is
// decided. Simplified: Raft with pushes in place of FastLeaderElection and ZAB, which promise the
// same (docs/model.md); the time-outs are ZooKeeper's.
#pragma once

#include "engine/random.hpp"
#include "protocol/effects.hpp"
#include "protocol/layout.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace brokersim {

class ZkQuorum {
public:
    enum class Role : std::uint8_t { looking, following, leading };

    ZkQuorum(MachineId self, LayoutRef layout, std::uint64_t seed, const std::string& name);

    /// The settled ensemble: everything up to `base` is decided, `leader` leads.
    void settle(In in, MachineId leader, Zxid base, Effects& out);
    /// The process comes up: term, vote and log are on disk.
    void start(In in);
    void crash();

    /// A transaction for the log: appended by the leader, sent on to it by others. False: nobody
    /// is known to lead.
    bool submit(In in, ZkTransaction transaction, Effects& out);

    void on_message(In in, const Incoming& incoming, Effects& out);
    bool owns(ConnId conn, Effects& out) const;
    void on_connected(In in, ConnId conn, Effects& out);
    void on_refused(In in, ConnId conn, Effects& out);
    /// Any connection between servers, whoever had set it up.
    void on_lost(In in, ConnId conn, Effects& out);
    void on_time(In in, Effects& out);
    Time wake_at() const;

    Role role() const { return role_; }
    bool leads() const { return role_ == Role::leading; }
    std::int32_t term() const { return term_; }
    /// Knows what is decided under the present leader: clients may be served.
    bool serving() const { return role_ != Role::looking && term_of(commit_) == term_; }
    Zxid commit() const { return commit_; }
    const ZkTransaction& at(Zxid zxid) const {
        return log_[static_cast<std::size_t>(zxid - base_ - 1)];
    }
    /// Sessions that this server has heard since its leader last asked; the owner adds.
    std::vector<SessionId> touched;
    /// Leader: sessions that others have heard; the owner takes.
    std::vector<SessionId> reported;

private:
    /// Another server, and the connection to it that this one has set up.
    struct Peer {
        MachineId id;
        ConnId conn;
        bool connected = false;
        Time retry_at;                   ///< no connect before
        Time give_up_at = Time::never(); ///< of a connect without answer
        Time unanswered = Time::never(); ///< since when it has been silent after a message
        bool asked = false;              ///< candidate: the question of this round
        bool granted = false;
        Zxid next = 1;    ///< leader: the first that has not been sent
        Zxid match = 0;   ///< leader: durable there up to here
        Time alive_until; ///< leader: counts as following
    };
    enum class Round : std::uint8_t { none, pre_vote, vote };

    // quorum.cpp
    Zxid end() const { return base_ + static_cast<Zxid>(log_.size()); }
    std::int32_t term_of(Zxid zxid) const { return zxid <= base_ ? base_term_ : at(zxid).term; }
    std::size_t majority() const { return (peers_.size() + 1) / 2 + 1; }
    Peer* peer(MachineId id);
    void connect(In in, Effects& out);
    bool wanted(const Peer& peer) const;
    ZkQuorumRequest& request(In in, Peer& peer, Effects& out);
    void give_up_silent(In in, Effects& out);
    void append(In in, ZkTransaction transaction, Effects& out);
    void flush(In in);
    void flushed(In in, Effects& out);
    void send_append(In in, Peer& peer, bool ping, Effects& out);
    void send_appends(In in, bool ping, Effects& out);
    void on_append(In in, const Incoming& incoming, Effects& out);
    void take(In in, const ZkQuorumRequest& request);
    void acknowledge(ConnId conn, bool ping, Effects& out);
    void on_acknowledged(In in, Peer& peer, const ZkQuorumResponse& response, Effects& out);
    void advance(In in, Effects& out);
    void half_tick(In in, Effects& out);

    // quorum_election.cpp
    void look(In in, Effects& out);
    void follow(In in, MachineId leader, std::int32_t term, Effects& out);
    void lead(In in, Effects& out);
    void new_round(In in, Round round, Effects& out);
    void ask(In in, Effects& out);
    void count(In in, Effects& out);
    bool as_new(const ZkQuorumRequest& request) const;
    void on_question(const Incoming& incoming, Effects& out);
    void on_vote(In in, Peer& peer, const ZkQuorumResponse& response, Effects& out);

    MachineId self_;
    LayoutRef layout_;
    Stream draws_;
    std::vector<Peer> peers_;

    // On disk.
    std::int32_t term_ = 0;
    MachineId voted_;
    Zxid base_ = 0; ///< what is decided up to here is in the tree, and in no log
    std::int32_t base_term_ = 0;
    std::vector<ZkTransaction> log_;
    Zxid durable_ = 0;

    Role role_ = Role::looking;
    Round round_ = Round::none;
    MachineId leader_;
    ConnId leader_conn_; ///< on which the leader sends
    Time contact_;       ///< following: the leader's last word
    Zxid matched_ = 0;   ///< following: the log is known to be the leader's up to here
    Zxid commit_ = 0;
    Zxid flushing_ = 0;                  ///< what is being written down
    std::vector<ZkTransaction> forward_; ///< for a leader that is being connected
    std::int64_t forwarded_ = 0;         ///< that have not come back in the log
    Time progress_at_;                   ///< when one last did, or was sent as the only one
    Time flush_at_ = Time::never(), look_at_ = Time::never(), tick_at_ = Time::never();
    Time connect_at_ = Time::never();
};

} // namespace brokersim
