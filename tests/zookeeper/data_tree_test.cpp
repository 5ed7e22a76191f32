// Transactions on the nodes of an ensemble.
#include "zookeeper/data_tree.hpp"

#include <doctest/doctest.h>

using namespace brokersim;

namespace {

using Kind = ZnodePath::Kind;
using Op = ZkOperation::Kind;

/// Two brokers, two partitions; partition 0 has a node, and the controller epoch is 1, version 1.
struct Ensemble {
    DataTree tree{2, 2};
    DataTree::Outcome outcome;
    Zxid zxid = 100;

    Ensemble() {
        Znode node;
        node.exists = true;
        node.version = 1;
        node.data.number = 1;
        tree.settle({Kind::controller_epoch, 0}, node);
        node.version = 0;
        tree.settle({Kind::partition, 0}, node);
    }
    void apply(ZkTransaction transaction) { tree.apply(++zxid, transaction, outcome); }
    SessionId open(std::int32_t broker) {
        ZkTransaction t;
        t.kind = ZkTransaction::Kind::open;
        t.client = MachineId(broker);
        t.timeout = seconds(18);
        apply(t);
        return outcome.session;
    }
    void write(SessionId session, std::vector<ZkOperation> operations) {
        ZkTransaction t;
        t.kind = ZkTransaction::Kind::write;
        t.session = session;
        t.operations = std::move(operations);
        apply(t);
    }
    void end(SessionId session, ZkTransaction::Kind kind) {
        ZkTransaction t;
        t.kind = kind;
        t.session = session;
        apply(t);
    }
    bool exists(ZnodePath path) const { return tree.node(path).exists; }
};

ZkOperation operation(Op kind, ZnodePath path, std::int32_t version = 0, std::int32_t number = 0) {
    ZkOperation o;
    o.kind = kind;
    o.path = path;
    o.version = version;
    o.data.number = number;
    return o;
}

/// What makes a broker the controller: its node and the next epoch, together.
std::vector<ZkOperation> election(std::int32_t version, std::int32_t epoch) {
    return {operation(Op::create, {Kind::controller, 0}),
            operation(Op::set, {Kind::controller_epoch, 0}, version, epoch)};
}

} // namespace

TEST_CASE("zookeeper: ephemeral nodes go with their session") {
    Ensemble e;
    const SessionId b1 = e.open(0);
    const SessionId b2 = e.open(1);
    e.write(b1, {operation(Op::create, {Kind::broker_id, 0})});
    e.write(b2, {operation(Op::create, {Kind::broker_id, 1})});
    CHECK(e.tree.node({Kind::broker_id, 0}).created == e.zxid - 1);
    e.end(b1, ZkTransaction::Kind::expire);
    CHECK(!e.exists({Kind::broker_id, 0}));
    CHECK(e.exists({Kind::broker_id, 1}));
    CHECK(e.outcome.client == MachineId(0));
    CHECK(e.tree.changed({Kind::broker_ids, 0}) == e.zxid);
    // The session is gone: it can neither write nor be taken up again.
    e.write(b1, {operation(Op::create, {Kind::broker_id, 0})});
    CHECK(e.outcome.error == ZkError::session_expired);
    e.end(b1, ZkTransaction::Kind::confirm);
    CHECK(e.outcome.error == ZkError::session_expired);
}

TEST_CASE("zookeeper: a node that exists under another session is not made again") {
    Ensemble e;
    const SessionId old = e.open(0);
    e.write(old, {operation(Op::create, {Kind::broker_id, 0})});
    const SessionId fresh = e.open(0);
    e.write(fresh, {operation(Op::create, {Kind::broker_id, 0})});
    CHECK(e.outcome.error == ZkError::node_exists);
    REQUIRE(e.outcome.nodes.size() == 1);
    CHECK(e.outcome.nodes.front().owner == old);
}

TEST_CASE("zookeeper: one of two wins the election, and the epoch goes up once") {
    Ensemble e;
    const SessionId b1 = e.open(0);
    const SessionId b2 = e.open(1);
    e.write(b1, election(1, 2));
    CHECK(e.outcome.error == ZkError::none);
    e.write(b2, election(1, 2));
    CHECK(e.outcome.error == ZkError::node_exists);
    CHECK(e.tree.node({Kind::controller_epoch, 0}).data.number == 2);
    CHECK(e.tree.node({Kind::controller_epoch, 0}).version == 2);
    // Both or none: with an old epoch not even the node is made.
    e.end(b1, ZkTransaction::Kind::close);
    e.write(b2, election(1, 2));
    CHECK(e.outcome.error == ZkError::bad_version);
    CHECK(e.outcome.allowed == 1);
    CHECK(!e.exists({Kind::controller, 0}));
}

TEST_CASE(
    "zookeeper: a controller of an old epoch cannot write, nor one that has overlooked a write") {
    Ensemble e;
    const SessionId b1 = e.open(0);
    const auto change = [&](std::int32_t epoch_version, std::int32_t version, std::int32_t number) {
        e.write(b1, {operation(Op::check, {Kind::controller_epoch, 0}, epoch_version),
                     operation(Op::set, {Kind::partition, 0}, version, number)});
    };
    change(1, 0, 5);
    CHECK(e.outcome.error == ZkError::none);
    CHECK(e.outcome.nodes.back().version == 1);
    change(1, 0, 6);
    CHECK(e.outcome.error == ZkError::bad_version);
    CHECK(e.outcome.allowed == 1); // It is still the controller.
    e.write(e.open(1), election(1, 2));
    change(1, 1, 6);
    CHECK(e.outcome.error == ZkError::bad_version);
    CHECK(e.outcome.allowed == 0); // It is not the controller any more.
    CHECK(e.tree.node({Kind::partition, 0}).data.number == 5);
}
