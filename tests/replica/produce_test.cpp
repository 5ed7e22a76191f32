// Produce requests: what is refused, what is appended, and for whom an answer waits.
#include "broker_table.hpp"

#include <doctest/doctest.h>

using namespace brokersim;
using test::BrokerTable;

namespace {

/// b2, the other member of the ISR, asks for more from `offset` on.
std::string replicate(BrokerTable& broker, ConnId conn, std::int32_t partition, Offset offset) {
    return broker.fetch(conn, [&](FetchRequest& r) {
        r.replica = MachineId(1);
        r.replica_epoch = 5;
        r.parts = {BrokerTable::part(partition, offset)};
    });
}

} // namespace

TEST_CASE("acks=all is answered when the high watermark has passed it, acks=1 at once") {
    BrokerTable broker;
    const ConnId first = broker.table.connect(4);
    const ConnId second = broker.table.connect(5);
    CHECK(broker.produce(first, Acks::all, {{0}}).empty());
    CHECK(broker.produce(second, Acks::leader, {{0}}) == "k2: orders/0 at 1\n");
    const ConnId follower = broker.table.connect(1);
    replicate(broker, follower, 0, 0);
    CHECK(replicate(broker, follower, 0, 1) == "k1: orders/0 at 0\nb2: orders/0 hw=0 1..2\n");
}

TEST_CASE("acks=0 has no answer; one that fails closes the connection") {
    BrokerTable broker;
    const ConnId conn = broker.table.connect(4);
    CHECK(broker.produce(conn, Acks::none, {{0}}).empty());
    CHECK(broker.partition(0).log().end() == 1);
    CHECK(broker.table.closed.empty());
    broker.apply(0, BrokerTable::state(1, 1));
    CHECK(broker.produce(conn, Acks::none, {{0}}).empty());
    CHECK(broker.table.closed.size() == 1);
}

TEST_CASE("one request waits for the slowest of its partitions, and only its own part fails") {
    BrokerTable broker;
    const ConnId conn = broker.table.connect(4);
    broker.apply(2, BrokerTable::state(1, 1));
    CHECK(broker.produce(conn, Acks::all, {{0}, {1}, {2}}).empty());
    const ConnId follower = broker.table.connect(1);
    replicate(broker, follower, 0, 1);
    broker.wait(milliseconds(500));
    CHECK(replicate(broker, follower, 1, 1) ==
          "k1: orders/0 at 0 orders/1 at 0 orders/2 NOT_LEADER_OR_FOLLOWER\n");
}

TEST_CASE("below min.insync.replicas acks=all is refused up front, others are taken") {
    BrokerTable broker(2);
    broker.apply(0, BrokerTable::state(0, 1, {0}));
    const ConnId conn = broker.table.connect(4);
    CHECK(broker.produce(conn, Acks::all, {{0}}) == "k1: orders/0 NOT_ENOUGH_REPLICAS\n");
    CHECK(broker.partition(0).log().end() == 0);
    CHECK(broker.produce(conn, Acks::leader, {{0}}) == "k1: orders/0 at 0\n");
    CHECK(broker.partition(0).high_watermark() == 0); // Alone in the ISR, but frozen.
}

TEST_CASE("what was parked when the ISR became too small times out, and stays in the log") {
    BrokerTable broker(2);
    const ConnId conn = broker.table.connect(4);
    CHECK(broker.produce(conn, Acks::all, {{0}}).empty());
    PartitionRegistration alone = BrokerTable::state(0, 0, {0});
    alone.partition_epoch = 1;
    broker.apply(0, alone);
    CHECK(broker.wait(milliseconds(29'999)).empty());
    CHECK(broker.wait(milliseconds(1)) == "k1: orders/0 REQUEST_TIMED_OUT\n");
    CHECK(broker.partition(0).log().end() == 1);
    CHECK(broker.partition(0).produces.empty());
}

TEST_CASE("what is parked fails when leadership goes, and the answer names the new leader") {
    BrokerTable broker;
    const ConnId conn = broker.table.connect(4);
    MachineId hint;
    const auto keep = broker.table.on_send;
    broker.table.on_send = [&](const Packet& p) {
        hint = broker.table.messages.body<ProduceResponse>(p).parts.front().leader;
        keep(p);
    };
    CHECK(broker.produce(conn, Acks::all, {{0}}).empty());
    broker.apply(0, BrokerTable::state(1, 1));
    CHECK(broker.answers() == "k1: orders/0 NOT_LEADER_OR_FOLLOWER\n");
    CHECK(hint == MachineId(1));
}

TEST_CASE("a retry that is recognised appends nothing, but waits like the first copy") {
    BrokerTable broker;
    const ConnId conn = broker.table.connect(4);
    broker.produce(conn, Acks::leader, {{0, 100, 0}});
    CHECK(broker.produce(conn, Acks::all, {{0, 100, 0}}).empty());
    CHECK(broker.partition(0).log().end() == 1);
    const ConnId follower = broker.table.connect(1);
    replicate(broker, follower, 0, 0);
    CHECK(replicate(broker, follower, 0, 1) == "k1: orders/0 at 0\n");
    CHECK(broker.produce(conn, Acks::leader, {{0, 100, 5}}) ==
          "k1: orders/0 OUT_OF_ORDER_SEQUENCE_NUMBER\n");
}

TEST_CASE("a batch larger than the topic takes is refused") {
    BrokerTable broker;
    const ConnId conn = broker.table.connect(4);
    CHECK(broker.produce(conn, Acks::leader, {{3, 501}}) == "k1: audit/0 MESSAGE_TOO_LARGE\n");
    CHECK(broker.produce(conn, Acks::leader, {{3, 500}}) == "k1: audit/0 at 0\n");
}

TEST_CASE("a leader alone in its ISR commits with the append") {
    BrokerTable broker;
    broker.apply(0, BrokerTable::state(0, 1, {0}));
    const ConnId conn = broker.table.connect(4);
    CHECK(broker.produce(conn, Acks::all, {{0}}) == "k1: orders/0 at 0\n");
}

TEST_CASE("an ISR change that is confirmed lets the parked writes go") {
    BrokerTable broker;
    const ConnId conn = broker.table.connect(4);
    CHECK(broker.produce(conn, Acks::all, {{0}}).empty());
    broker.replicas.broker(MachineId(1)).fenced = true;
    broker.table.now += seconds(40);
    broker.replicas.check_lag(broker.table.in());
    // b2 has never fetched: it lags everywhere, even where there is nothing to fetch.
    REQUIRE(broker.replicas.isr_changes == std::vector<std::uint32_t>{0, 1, 2, 3});
    CHECK(broker.partition(0).proposed_isr() == std::vector<MachineId>{MachineId(0)});
    PartitionRegistration agreed = BrokerTable::state(0, 0, {0});
    agreed.partition_epoch = 1;
    broker.table.call([&] {
        broker.replicas.isr_answer(broker.table.in(), 0, Error::none, agreed, broker.path,
                                   broker.table.out);
    });
    CHECK(broker.answers() == "k1: orders/0 at 0\n");
    broker.table.call([&] { // The same answer again changes nothing.
        broker.replicas.isr_answer(broker.table.in(), 0, Error::none, agreed, broker.path,
                                   broker.table.out);
    });
    CHECK(broker.partition(0).partition_epoch() == 1);
}
