// What is decided is applied and told; requests are answered in the order of their client.
#include "zookeeper/server.hpp"

#include <algorithm>
#include <utility>

namespace brokersim {

void ZookeeperServer::apply(In in, Effects& out) {
    const Cause cause = out.cause();
    while (applied_ < quorum_.commit()) {
        const ZkTransaction& transaction = quorum_.at(++applied_);
        out.because(Cause{transaction.cause});
        tree_.apply(applied_, transaction, outcome_);
        if (out.contents().tell_metadata_once(applied_)) tell(transaction, out);
        using Kind = ZkTransaction::Kind;
        if (quorum_.leads() &&
            (transaction.kind == Kind::open || transaction.kind == Kind::confirm)) {
            touch(in, outcome_.session);
        }
        if (transaction.kind == Kind::close || transaction.kind == Kind::expire) {
            deadlines_.erase(transaction.session);
        }
        fire(out);
        if (transaction.server == self_) decided(transaction.tag);
        if (transaction.kind == Kind::expire) {
            for (std::size_t k = 0; k < clients_.size(); ++k) {
                if (clients_[k].session == transaction.session) drop(k, out);
            }
        }
        if (transaction.server != self_) continue;
        for (std::size_t k = 0; k < clients_.size(); ++k)
            serve(k, out);
    }
    out.because(cause);
}

void ZookeeperServer::tell(const ZkTransaction& transaction, Effects& out) const {
    if (outcome_.error != ZkError::none) return;
    switch (transaction.kind) {
    case ZkTransaction::Kind::no_op:
    case ZkTransaction::Kind::close: return;
    case ZkTransaction::Kind::open:
    case ZkTransaction::Kind::confirm:
        out.note(ZkSession{transaction.client, SessionState::connected});
        return;
    case ZkTransaction::Kind::expire:
        out.note(ZkSession{outcome_.client, SessionState::expired});
        return;
    case ZkTransaction::Kind::write: tell_write(transaction, out); return;
    }
}

void ZookeeperServer::tell_write(const ZkTransaction& transaction, Effects& out) const {
    for (std::size_t k = 0; k < transaction.operations.size(); ++k) {
        const ZkOperation& operation = transaction.operations[k];
        const Znode& node = outcome_.nodes[k];
        if (operation.path.kind == ZnodePath::Kind::controller_epoch &&
            operation.kind == ZkOperation::Kind::set) {
            out.contents().elected(node.data.number);
        } else if (operation.path.kind == ZnodePath::Kind::partition &&
                   operation.kind == ZkOperation::Kind::set) {
            const ZnodeData& data = node.data;
            out.note(CtlPart{PartitionId(operation.path.index),
                             data.machine.valid() ? std::optional(data.machine) : std::nullopt,
                             data.number,
                             node.version,
                             data.isr,
                             {},
                             data.replicas,
                             data.clean,
                             data.why,
                             {},
                             {}});
        }
    }
}

void ZookeeperServer::decided(std::uint64_t tag) {
    for (Client& client : clients_) {
        for (Pending& pending : client.pending) {
            if (pending.tag != tag) continue;
            pending.decided = true;
            pending.outcome = outcome_;
            return;
        }
    }
}

/// Each watch fires once.
void ZookeeperServer::fire(Effects& out) {
    for (const ZnodePath path : outcome_.changed) {
        std::erase_if(watches_, [&](const Watch& watch) {
            if (watch.path != path) return false;
            ZkResponse& event = out.send<ZkResponse>(clients_[watch.client].conn);
            event.fired = path;
            event.zxid = applied_;
            return true;
        });
    }
}

/// From the oldest on, up to the first that still waits for its transaction.
void ZookeeperServer::serve(std::size_t client, Effects& out) {
    const Cause cause = out.cause();
    std::size_t served = 0;
    while (served < clients_[client].pending.size()) {
        Pending pending = std::move(clients_[client].pending[served]);
        if (pending.tag != 0 && !pending.decided) {
            clients_[client].pending[served] = std::move(pending);
            break;
        }
        ++served;
        if (pending.tag == 0) out.because(pending.cause);
        answer(client, pending, out);
        out.because(cause);
    }
    std::vector<Pending>& list = clients_[client].pending;
    list.erase(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(served));
}

void ZookeeperServer::answer(std::size_t client, Pending& pending, Effects& out) {
    Client& to = clients_[client];
    const ZkRequest& request = pending.request;
    if (request.kind == ZkRequest::Kind::watch_again) watch_again(client, request, out);
    ZkResponse& response = out.send<ZkResponse>(to.conn);
    response.kind = request.kind;
    response.xid = request.xid;
    response.zxid = applied_;
    if (pending.tag != 0) {
        response.error = pending.outcome.error;
        response.allowed = pending.outcome.allowed;
        response.nodes = std::move(pending.outcome.nodes);
    }
    switch (request.kind) {
    case ZkRequest::Kind::connect:
        to.session = response.session = pending.outcome.session;
        response.timeout = pending.outcome.timeout;
        break;
    case ZkRequest::Kind::operations:
        if (pending.tag == 0) {
            for (const ZkOperation& operation : request.operations)
                read(client, operation, response);
        }
        break;
    case ZkRequest::Kind::ping:
    case ZkRequest::Kind::watch_again:
    case ZkRequest::Kind::close: break;
    }
}

void ZookeeperServer::read(std::size_t client, const ZkOperation& operation, ZkResponse& response) {
    if (operation.watch) watches_.push_back({client, operation.path});
    if (operation.kind == ZkOperation::Kind::children) {
        for (std::size_t k = 0; k < tree_.broker_count(); ++k) {
            const auto index = static_cast<std::int32_t>(k);
            const Znode& node = tree_.node({ZnodePath::Kind::broker_id, index});
            if (!node.exists) continue;
            response.indices.push_back(index);
            response.nodes.push_back(node);
        }
        return;
    }
    const Znode& node = tree_.node(operation.path);
    if (!node.exists) response.error = ZkError::no_node;
    response.nodes.push_back(node);
}

/// What has changed while its client was between two servers fires now.
void ZookeeperServer::watch_again(std::size_t client, const ZkRequest& request, Effects& out) {
    for (const ZkOperation& operation : request.operations) {
        if (tree_.changed(operation.path) <= request.seen) {
            watches_.push_back({client, operation.path});
            continue;
        }
        ZkResponse& event = out.send<ZkResponse>(clients_[client].conn);
        event.fired = operation.path;
        event.zxid = applied_;
    }
}

} // namespace brokersim
