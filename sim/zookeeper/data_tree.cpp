// Transactions on nodes and sessions.
#include "zookeeper/data_tree.hpp"

namespace brokersim {

namespace {

using Kind = ZnodePath::Kind;

bool ephemeral(ZnodePath path) {
    return path.kind == Kind::broker_id || path.kind == Kind::controller;
}

} // namespace

DataTree::Kept& DataTree::at(ZnodePath path) {
    switch (path.kind) {
    case Kind::broker_ids: return broker_ids_;
    case Kind::broker_id: return brokers_[static_cast<std::size_t>(path.index)];
    case Kind::controller: return controller_;
    case Kind::controller_epoch: return controller_epoch_;
    case Kind::partition: break;
    }
    return partitions_[static_cast<std::size_t>(path.index)];
}

const Znode& DataTree::node(ZnodePath path) const {
    return at(path).node;
}

Zxid DataTree::changed(ZnodePath path) const {
    return at(path).changed;
}

void DataTree::apply(Zxid zxid, const ZkTransaction& transaction, Outcome& outcome) {
    outcome.clear();
    switch (transaction.kind) {
    case ZkTransaction::Kind::no_op: return;
    case ZkTransaction::Kind::open:
        sessions_[zxid] = {transaction.client, transaction.timeout};
        outcome.session = zxid;
        outcome.timeout = transaction.timeout;
        return;
    case ZkTransaction::Kind::confirm: {
        const auto found = sessions_.find(transaction.session);
        if (found == sessions_.end()) {
            outcome.error = ZkError::session_expired;
            return;
        }
        outcome.session = found->first;
        outcome.timeout = found->second.timeout;
        return;
    }
    case ZkTransaction::Kind::expire:
    case ZkTransaction::Kind::close: end_session(zxid, transaction, outcome); return;
    case ZkTransaction::Kind::write: write(zxid, transaction, outcome); return;
    }
}

/// Its ephemeral nodes go with it.
void DataTree::end_session(Zxid zxid, const ZkTransaction& transaction, Outcome& outcome) {
    const auto found = sessions_.find(transaction.session);
    if (found == sessions_.end()) {
        outcome.error = ZkError::session_expired;
        return;
    }
    outcome.client = found->second.client;
    sessions_.erase(found);
    const auto remove = [&](ZnodePath path) {
        Znode& node = at(path).node;
        if (!node.exists || node.owner != transaction.session) return;
        node.exists = false;
        change(zxid, path, outcome);
    };
    remove({Kind::controller, 0});
    for (std::size_t k = 0; k < brokers_.size(); ++k)
        remove({Kind::broker_id, static_cast<std::int32_t>(k)});
}

void DataTree::change(Zxid zxid, ZnodePath path, Outcome& outcome) {
    at(path).changed = at(path).node.modified = zxid;
    outcome.changed.push_back(path);
    if (path.kind != Kind::broker_id) return;
    broker_ids_.changed = zxid;
    outcome.changed.push_back({Kind::broker_ids, 0});
}

ZkError DataTree::allowed(const ZkOperation& operation) const {
    const Znode& found = node(operation.path);
    switch (operation.kind) {
    case ZkOperation::Kind::create: return found.exists ? ZkError::node_exists : ZkError::none;
    case ZkOperation::Kind::set:
    case ZkOperation::Kind::check:
        if (!found.exists) return ZkError::no_node;
        return found.version == operation.version ? ZkError::none : ZkError::bad_version;
    case ZkOperation::Kind::get:
    case ZkOperation::Kind::children: break;
    }
    return ZkError::none;
}

/// All of it or nothing. A session that has ended in between cannot write any more.
void DataTree::write(Zxid zxid, const ZkTransaction& transaction, Outcome& outcome) {
    if (!sessions_.contains(transaction.session)) {
        outcome.error = ZkError::session_expired;
        return;
    }
    for (const ZkOperation& operation : transaction.operations) {
        outcome.error = allowed(operation);
        // Simplified: what stands in the way is told, which saves reading it.
        if (outcome.error != ZkError::none) outcome.nodes.push_back(node(operation.path));
        if (outcome.error != ZkError::none) return;
        ++outcome.allowed;
    }
    for (const ZkOperation& operation : transaction.operations) {
        Znode& node = at(operation.path).node;
        if (operation.kind == ZkOperation::Kind::create) {
            node.exists = true;
            node.version = 0;
            node.created = zxid;
            node.owner = ephemeral(operation.path) ? transaction.session : 0;
            node.data = operation.data;
            change(zxid, operation.path, outcome);
        } else if (operation.kind == ZkOperation::Kind::set) {
            ++node.version;
            node.data = operation.data;
            change(zxid, operation.path, outcome);
        }
        outcome.nodes.push_back(node);
    }
}

} // namespace brokersim
