// What a ZooKeeper server keeps: nodes and sessions. It changes only by transactions, which do the
// same everywhere. ZooKeeper: DataTree, SessionTracker's list.
#pragma once

#include "protocol/zookeeper_apis.hpp"

#include <map>
#include <vector>

namespace brokersim {

class DataTree {
public:
    struct Session {
        MachineId client;
        Duration timeout{};
    };
    /// What a transaction came to.
    struct Outcome {
        ZkError error = ZkError::none;
        SessionId session = 0; ///< open, confirm
        Duration timeout{};
        MachineId client;               ///< of the session that has ended
        std::size_t allowed = 0;        ///< write: operations before the one that is refused
        std::vector<Znode> nodes;       ///< write: of each operation; or of the refused one
        std::vector<ZnodePath> changed; ///< nodes that watches fire for
        void clear() {
            *this = Outcome{{}, 0, {}, {}, 0, std::move(nodes), std::move(changed)};
            nodes.clear();
            changed.clear();
        }
    };

    DataTree(std::size_t brokers, std::size_t partitions)
        : brokers_(brokers), partitions_(partitions) {}

    /// Applies the transaction `zxid`.
    void apply(Zxid zxid, const ZkTransaction& transaction, Outcome& outcome);

    const Znode& node(ZnodePath path) const;
    /// The transaction that last made, changed or removed the node; of broker_ids: a child.
    Zxid changed(ZnodePath path) const;
    std::size_t broker_count() const { return brokers_.size(); }
    std::size_t partition_count() const { return partitions_.size(); }
    const std::map<SessionId, Session>& sessions() const { return sessions_; }

    /// The settled cluster: puts a node or a session there.
    void settle(ZnodePath path, Znode node) { at(path).node = std::move(node); }
    void settle(SessionId id, Session session) { sessions_[id] = session; }

private:
    struct Kept {
        Znode node;
        Zxid changed = 0;
    };
    Kept& at(ZnodePath path);
    const Kept& at(ZnodePath path) const { return const_cast<DataTree*>(this)->at(path); }
    ZkError allowed(const ZkOperation& operation) const;
    void write(Zxid zxid, const ZkTransaction& transaction, Outcome& outcome);
    void end_session(Zxid zxid, const ZkTransaction& transaction, Outcome& outcome);
    void change(Zxid zxid, ZnodePath path, Outcome& outcome);

    std::vector<Kept> brokers_, partitions_;
    Kept controller_, controller_epoch_, broker_ids_;
    std::map<SessionId, Session> sessions_;
};

} // namespace brokersim
