// One server of a ZooKeeper ensemble: the sessions of its clients, their requests in order, their
// watches; and, where it leads, when sessions expire. ZooKeeper: ZooKeeperServer, CommitProcessor,
// SessionTrackerImpl, WatchManager.
#pragma once

#include "protocol/effects.hpp"
#include "protocol/layout.hpp"
#include "zookeeper/data_tree.hpp"
#include "zookeeper/quorum.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace brokersim {

class ZookeeperServer {
public:
    static constexpr std::uint32_t timer_slots = 2;

    ZookeeperServer(MachineId self, const std::string& name, LayoutRef layout, std::uint64_t seed);

    /// The settled ensemble: `tree` is decided up to `zxid`.
    void settle(In in, const DataTree& tree, Zxid zxid, Effects& out);
    /// And this session, of a client of `server`, was last heard at `heard`. Its client will come
    /// with the first connection.
    void settle_session(In in, SessionId session, MachineId server, Time heard);

    void start(In in, Effects& out);
    void on_message(In in, const Incoming& incoming, Effects& out);
    void on_connected(In in, ConnId conn, Effects& out);
    void on_refused(In in, ConnId conn, Effects& out);
    void on_lost(In in, ConnId conn, Effects& out);
    void on_timer(In in, TimerSlot timer, Effects& out);
    void stop(In in, Effects& out);
    void crash();

    MachineId machine() const { return self_; }
    const DataTree& tree() const { return tree_; }
    /// What this server knows to be decided.
    Zxid applied() const { return applied_; }

private:
    enum Timer : std::uint32_t { quorum_timer, expiry_timer };
    /// A request that waits for those before it, or for its transaction.
    struct Pending {
        ZkRequest request;
        std::uint64_t tag = 0; ///< of its transaction; 0: it has none
        bool decided = false;
        DataTree::Outcome outcome;
        Cause cause;
    };
    struct Client {
        ConnId conn;
        MachineId machine;
        SessionId session = 0;
        std::vector<Pending> pending; ///< oldest first
    };
    struct Watch {
        std::size_t client = 0;
        ZnodePath path;
    };

    void on_request(In in, const Incoming& incoming, Effects& out);
    Client* client_of(const Incoming& incoming, Effects& out);
    void drop(std::size_t client, Effects& out);
    void forget(std::size_t client);
    void heard(In in, SessionId session);
    void touch(In in, SessionId session);
    void propose(In in, Pending& pending, MachineId machine, Effects& out);
    void after_event(In in, Effects& out);
    void apply(In in, Effects& out);
    void tell(const ZkTransaction& transaction, Effects& out) const;
    void tell_write(const ZkTransaction& transaction, Effects& out) const;
    void decided(std::uint64_t tag);
    void fire(Effects& out);
    void serve(std::size_t client, Effects& out);
    void answer(std::size_t client, Pending& pending, Effects& out);
    void read(std::size_t client, const ZkOperation& operation, ZkResponse& response);
    void watch_again(std::size_t client, const ZkRequest& request, Effects& out);
    void expire(In in, Effects& out);
    Time next_tick(Time after) const;

    MachineId self_;
    LayoutRef layout_;
    ZkQuorum quorum_;
    DataTree tree_; ///< on disk, as far as it is applied
    Zxid applied_ = 0;
    Stream draws_;
    Duration phase_{};                       ///< of its clock's ticks
    std::map<MachineId, SessionId> settled_; ///< whose first connection is still to come
    std::vector<Client> clients_;
    std::vector<Watch> watches_;
    std::uint64_t tags_ = 0;
    bool leads_ = false; ///< and has told every session that it begins anew
    std::map<SessionId, Time> deadlines_;
    DataTree::Outcome outcome_; ///< scratch
};

} // namespace brokersim
