// What brokers ask of a ZooKeeper ensemble, and what its servers tell each other.
#pragma once

#include "brokersim/ids.hpp"
#include "brokersim/time.hpp"
#include "brokersim/words.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace brokersim {

/// ZooKeeper's tickTime: its servers count in it.
inline constexpr Duration zookeeper_tick = seconds(2);

/// A server grants a session what its client asks for, between two and twenty ticks.
inline Duration agreed_timeout(Duration wanted) {
    return std::clamp(wanted, zookeeper_tick * 2, zookeeper_tick * 20);
}

/// A session is named by the transaction that opened it; 0: none.
using SessionId = std::int64_t;
/// A transaction, by its place in the ensemble's log, from 1.
using Zxid = std::int64_t;

/// The nodes that Kafka keeps in ZooKeeper, as far as they matter here. There is no need for paths.
struct ZnodePath {
    enum class Kind : std::uint8_t {
        broker_ids,       ///< the parent of the next: its children are watched
        broker_id,        ///< ephemeral: this broker (`index`) is alive
        controller,       ///< ephemeral: who is the controller
        controller_epoch, ///< how many there have been
        partition,        ///< assignment and state of the partition `index`
    };
    Kind kind{};
    std::int32_t index = 0;
    friend bool operator==(const ZnodePath&, const ZnodePath&) = default;
};

/// What a node holds; which fields count depends on its kind.
struct ZnodeData {
    MachineId machine;               ///< controller: who it is; partition: its leader
    std::int32_t number = 0;         ///< controller_epoch; partition: leader epoch
    std::vector<MachineId> replicas; ///< partition
    std::vector<MachineId> isr;      ///< partition
    bool recovering = false;         ///< partition
    bool clean = true;               ///< partition: for the trace
    PartWhy why{};                   ///< partition: for the trace
};

struct Znode {
    bool exists = false;
    std::int32_t version = 0;
    Zxid created = 0;    ///< czxid: the broker epoch, of a broker's node
    Zxid modified = 0;   ///< mzxid
    SessionId owner = 0; ///< of an ephemeral node
    ZnodeData data;
};

enum class ZkError : std::uint8_t { none, no_node, node_exists, bad_version, session_expired };

struct ZkOperation {
    enum class Kind : std::uint8_t {
        get,      ///< with `watch`, also of a node that does not exist
        children, ///< of broker_ids: the data of all of them; with `watch`
        create,   ///< ephemeral
        set,      ///< if the version is `version`
        check,    ///< that the version is `version`
    };
    Kind kind{};
    ZnodePath path;
    std::int32_t version = 0;
    bool watch = false;
    ZnodeData data;

    bool reads() const { return kind == Kind::get || kind == Kind::children; }
};

/// A request on a session: a read, or writes that happen all or not at all.
struct ZkRequest {
    static constexpr Api api = Api::zookeeper;
    enum class Kind : std::uint8_t {
        connect, ///< opens a session, or takes one up again
        ping,
        operations,
        watch_again, ///< after a connect: what was watched, as of `seen`
        close
    };
    Kind kind{};
    std::int64_t xid = 0;
    SessionId session = 0; ///< connect: 0 = a new one
    MachineId client;      ///< connect
    Duration timeout{};    ///< connect
    Zxid seen = 0; ///< connect, watch_again: the newest transaction that the client has seen
    std::vector<ZkOperation> operations; ///< watch_again: `get` or `children` of what is watched
    void clear() { operations.clear(); }
};
struct ZkResponse {
    static constexpr Api api = Api::zookeeper;
    ZkRequest::Kind kind{};
    std::int64_t xid = 0;
    ZkError error = ZkError::none;
    Zxid zxid = 0; ///< of the server when it answered
    SessionId session = 0;
    Duration timeout{};                ///< connect: as agreed
    std::optional<ZnodePath> fired;    ///< not an answer: what was watched has changed
    std::vector<std::int32_t> indices; ///< children: which
    std::size_t allowed = 0; ///< of a refused write: operations before the one that is in the way
    /// What was read; what was written, with its new version; or what was in the way.
    std::vector<Znode> nodes;
    void clear() {
        error = ZkError::none;
        allowed = 0;
        fired.reset();
        indices.clear();
        nodes.clear();
    }
};

/// A transaction in the log of the ensemble. What it does is decided when it is applied, by every
/// server alike.
struct ZkTransaction {
    enum class Kind : std::uint8_t {
        no_op,   ///< the first of a new leader
        open,    ///< a session of `client` begins
        confirm, ///< a client comes with its session from another server
        expire,  ///< the leader has not heard of it for too long
        close,   ///< its client is done
        write
    };
    Kind kind{};
    std::int32_t term = 0; ///< of the leader that wrote it
    SessionId session = 0;
    MachineId client;
    Duration timeout{};
    MachineId server;      ///< where the client waits for it
    std::uint64_t tag = 0; ///< by which that server knows it
    std::uint64_t cause = 0;
    std::vector<ZkOperation> operations;
};

/// Between servers. Simplified: leader election and replication are Raft's, with pushes instead of
/// pulls; ZooKeeper's own (FastLeaderElection, ZAB) promise the same.
struct ZkQuorumRequest {
    static constexpr Api api = Api::zookeeper_quorum;
    enum class Kind : std::uint8_t {
        pre_vote, ///< would you?
        vote,
        append, ///< transactions, the commit, or a sign of life
        forward ///< a server has these for the leader
    };
    Kind kind{};
    std::int32_t term = 0;
    Zxid last = 0;              ///< vote: of the sender; append: before the transactions
    std::int32_t last_term = 0; ///< of `last`
    Zxid commit = 0;            ///< append
    bool ping = false;          ///< append: tell me whom you have heard
    std::vector<ZkTransaction> transactions;
    void clear() {
        ping = false;
        transactions.clear();
    }
};
struct ZkQuorumResponse {
    static constexpr Api api = Api::zookeeper_quorum;
    ZkQuorumRequest::Kind kind{};
    std::int32_t term = 0;
    bool ok = false;
    Zxid last = 0;                  ///< append: the log is the leader's up to here, and durable
    std::vector<SessionId> touched; ///< append with `ping`: heard since the last one
    void clear() {
        ok = false;
        touched.clear();
    }
};

} // namespace brokersim
