// Fetches: sessions, long polls, limits, and what a follower's fetch tells its leader.
#include "broker_table.hpp"

#include <doctest/doctest.h>

using namespace brokersim;
using test::BrokerTable;

namespace {

/// A fetch of a follower that wants `parts`, in a new session or in `session`.
std::string follower_fetch(BrokerTable& broker, ConnId conn, std::int32_t machine,
                           std::vector<FetchRequest::Part> parts, std::int32_t session = 0) {
    return broker.fetch(conn, [&](FetchRequest& r) {
        r.replica = MachineId(machine);
        r.replica_epoch = 5;
        r.session_id = session;
        r.parts = std::move(parts);
    });
}

/// A fetch of a consumer.
std::string consumer_fetch(BrokerTable& broker, ConnId conn, std::vector<FetchRequest::Part> parts,
                           std::int32_t session = 0, std::int32_t min_bytes = 1,
                           std::int32_t max_bytes = 1'000'000) {
    return broker.fetch(conn, [&](FetchRequest& r) {
        r.session_id = session;
        r.min_bytes = min_bytes;
        r.max_bytes = max_bytes;
        r.parts = std::move(parts);
    });
}

/// Everything that was written is committed: the only other member of the ISR has it.
void commit(BrokerTable& broker) {
    const ConnId conn = broker.table.connect(1);
    std::vector<FetchRequest::Part> parts;
    for (std::int32_t k = 0; k < 4; ++k) {
        parts.push_back(BrokerTable::part(k, broker.partition(k).log().end()));
    }
    follower_fetch(broker, conn, 1, parts);
    broker.wait(milliseconds(500));
}

} // namespace

TEST_CASE("a consumer reads up to the high watermark, a follower to the end of the log") {
    BrokerTable broker;
    broker.write(0, 3);
    const ConnId follower = broker.table.connect(1);
    CHECK(follower_fetch(broker, follower, 1, {BrokerTable::part(0, 0)}) ==
          "b2: orders/0 hw=0 0..3\n");
    const ConnId consumer = broker.table.connect(4);
    CHECK(consumer_fetch(broker, consumer, {BrokerTable::part(0, 0)}).empty()); // Waits.
    // The follower's next fetch tells that it has two of them: the consumer gets those at once.
    CHECK(follower_fetch(broker, follower, 1, {BrokerTable::part(0, 2)}, broker.last_session) ==
          "k1: orders/0 hw=2 0..2\nb2: orders/0 hw=0 2..3\n");
}

TEST_CASE("an answer tells the high watermark of before its fetch was counted") {
    BrokerTable broker;
    broker.write(0, 1);
    const ConnId follower = broker.table.connect(1);
    follower_fetch(broker, follower, 1, {BrokerTable::part(0, 0)});
    const std::int32_t session = broker.last_session;
    CHECK(follower_fetch(broker, follower, 1, {BrokerTable::part(0, 1)}, session).empty());
    CHECK(broker.partition(0).high_watermark() == 1);
    CHECK(broker.wait(milliseconds(499)).empty());
    // Only when the long poll is over does the follower hear of it.
    CHECK(broker.wait(milliseconds(1)) == "b2: orders/0 hw=1\n");
}

TEST_CASE("a session's answers name only what has news") {
    BrokerTable broker;
    const ConnId consumer = broker.table.connect(4);
    consumer_fetch(broker, consumer, {BrokerTable::part(0, 0), BrokerTable::part(1, 0)});
    CHECK(broker.wait(milliseconds(500)) == "k1: orders/0 hw=0 orders/1 hw=0\n");
    const std::int32_t session = broker.last_session;
    consumer_fetch(broker, consumer, {}, session);
    CHECK(broker.wait(milliseconds(500)) == "k1:\n"); // Nothing new, nothing named.
    broker.write(1, 1);
    commit(broker);
    CHECK(consumer_fetch(broker, consumer, {}, session) == "k1: orders/1 hw=1 0..1\n");
    // Its position has to be told: only then is there something to wait for.
    CHECK(consumer_fetch(broker, consumer, {BrokerTable::part(1, 1)}, session).empty());
}

TEST_CASE("a partition that was forgotten is no longer told of, and may be added again") {
    BrokerTable broker;
    broker.write(0, 1);
    broker.write(1, 1);
    commit(broker);
    const ConnId consumer = broker.table.connect(4);
    consumer_fetch(broker, consumer, {BrokerTable::part(0, 1), BrokerTable::part(1, 1)});
    broker.wait(milliseconds(500));
    const std::int32_t session = broker.last_session;
    CHECK(broker
              .fetch(consumer,
                     [&](FetchRequest& r) {
                         r.session_id = session;
                         r.forgotten = {PartitionId(0)};
                     })
              .empty());
    broker.write(0, 1);
    commit(broker); // The parked fetch runs into its time-out meanwhile.
    CHECK(consumer_fetch(broker, consumer, {BrokerTable::part(0, 1)}, session) ==
          "k1: orders/0 hw=2 1..2\n");
}

TEST_CASE("an unknown session, and one of another connection, are refused") {
    BrokerTable broker;
    const ConnId first = broker.table.connect(4);
    consumer_fetch(broker, first, {BrokerTable::part(0, 0)});
    broker.wait(milliseconds(500));
    const std::int32_t session = broker.last_session;
    const ConnId second = broker.table.connect(5);
    CHECK(consumer_fetch(broker, second, {}, 77) == "k2: FETCH_SESSION_ID_NOT_FOUND\n");
    CHECK(consumer_fetch(broker, second, {}, session) == "k2: FETCH_SESSION_ID_NOT_FOUND\n");
    CHECK(consumer_fetch(broker, first, {}, session).empty()); // It is still there for its own.
}

TEST_CASE("a lost connection takes its session along") {
    BrokerTable broker;
    const ConnId conn = broker.table.connect(4);
    consumer_fetch(broker, conn, {BrokerTable::part(0, 0)});
    CHECK_FALSE(broker.partition(0).watchers.empty());
    broker.replicas.on_lost(conn);
    CHECK(broker.partition(0).watchers.empty());
    CHECK(broker.wait(seconds(10)).empty());
}

TEST_CASE("the first batch of an answer always goes, whatever the limits") {
    BrokerTable broker;
    broker.write(0, 2, 300);
    broker.write(1, 2, 300);
    commit(broker);
    const ConnId consumer = broker.table.connect(4);
    CHECK(consumer_fetch(broker, consumer,
                         {BrokerTable::part(0, 0, 10), BrokerTable::part(1, 0, 10)}, 0, 1,
                         50) == "k1: orders/0 hw=2 0..1 orders/1 hw=2\n");
}

TEST_CASE("limits of the partition and of the answer hold for what follows") {
    BrokerTable broker;
    broker.write(0, 5);
    broker.write(1, 5);
    commit(broker);
    const ConnId consumer = broker.table.connect(4);
    CHECK(consumer_fetch(broker, consumer,
                         {BrokerTable::part(0, 0, 250), BrokerTable::part(1, 0, 1000)}, 0, 1,
                         500) == "k1: orders/0 hw=5 0..2 orders/1 hw=5 0..3\n");
}

TEST_CASE("what was answered goes to the back: no partition starves behind another") {
    BrokerTable broker;
    for (std::int32_t k = 0; k < 3; ++k)
        broker.write(k, 3);
    commit(broker);
    const ConnId consumer = broker.table.connect(4);
    std::string told = consumer_fetch(
        broker, consumer,
        {BrokerTable::part(0, 0), BrokerTable::part(1, 0), BrokerTable::part(2, 0)}, 0, 1, 100);
    CHECK(told == "k1: orders/0 hw=3 0..1 orders/1 hw=3 orders/2 hw=3\n");
    const std::int32_t session = broker.last_session;
    told = consumer_fetch(broker, consumer, {BrokerTable::part(0, 1)}, session, 1, 100);
    CHECK(told == "k1: orders/1 hw=3 0..1\n");
    told = consumer_fetch(broker, consumer, {BrokerTable::part(1, 1)}, session, 1, 100);
    CHECK(told == "k1: orders/2 hw=3 0..1\n");
    told = consumer_fetch(broker, consumer, {BrokerTable::part(2, 1)}, session, 1, 100);
    CHECK(told == "k1: orders/0 hw=3 1..2\n");
}

TEST_CASE("a fetch waits for its min bytes, over all its partitions, or until its time is up") {
    BrokerTable broker;
    broker.write(0, 1);
    broker.write(1, 1);
    commit(broker);
    const ConnId consumer = broker.table.connect(4);
    CHECK(consumer_fetch(broker, consumer, {BrokerTable::part(0, 0), BrokerTable::part(1, 0)}, 0,
                         200) == "k1: orders/0 hw=1 0..1 orders/1 hw=1 0..1\n");
    const std::int32_t session = broker.last_session;
    broker.write(0, 1);
    commit(broker);
    CHECK(consumer_fetch(broker, consumer, {BrokerTable::part(0, 1), BrokerTable::part(1, 1)},
                         session, 200)
              .empty()); // 100 bytes only.
    CHECK(broker.wait(milliseconds(500)) == "k1: orders/0 hw=2 1..2\n");
}

TEST_CASE("a fetch beyond what may be read is answered at once and empty") {
    BrokerTable broker;
    broker.write(0, 3); // Not committed.
    const ConnId consumer = broker.table.connect(4);
    CHECK(consumer_fetch(broker, consumer, {BrokerTable::part(0, 2)}) == "k1: orders/0 hw=0\n");
    CHECK(consumer_fetch(broker, consumer, {BrokerTable::part(0, 4)}) ==
          "k1: orders/0 OFFSET_OUT_OF_RANGE\n");
}

TEST_CASE("leader epochs are checked before leadership, ranges come last") {
    BrokerTable broker;
    broker.apply(0, BrokerTable::state(0, 3));
    broker.apply(1, BrokerTable::state(1, 3));
    const ConnId consumer = broker.table.connect(4);
    const auto ask = [&](std::int32_t partition, LeaderEpoch epoch, Offset offset) {
        FetchRequest::Part part = BrokerTable::part(partition, offset);
        part.current_epoch = epoch;
        return consumer_fetch(broker, consumer, {part});
    };
    CHECK(ask(0, 2, 99) == "k1: orders/0 FENCED_LEADER_EPOCH\n");
    CHECK(ask(0, 4, 99) == "k1: orders/0 UNKNOWN_LEADER_EPOCH\n");
    CHECK(ask(0, 3, 99) == "k1: orders/0 OFFSET_OUT_OF_RANGE\n");
    CHECK(ask(0, -1, 99) == "k1: orders/0 OFFSET_OUT_OF_RANGE\n");
    CHECK(ask(1, 2, 0) == "k1: orders/1 FENCED_LEADER_EPOCH\n");
    CHECK(ask(1, 3, 0) == "k1: orders/1 NOT_LEADER_OR_FOLLOWER\n");
}

TEST_CASE("a follower whose log parts from the leader's is told where, and does not count") {
    BrokerTable broker;
    broker.write(0, 2);
    broker.apply(0, BrokerTable::state(0, 3));
    broker.write(0, 2);
    const ConnId follower = broker.table.connect(1);
    FetchRequest::Part part = BrokerTable::part(0, 4);
    part.current_epoch = 3;
    part.last_fetched_epoch = 1; // An epoch that the leader does not know.
    CHECK(follower_fetch(broker, follower, 1, {part}) == "b2: orders/0 diverges epoch=0 end=2\n");
    CHECK(broker.partition(0).high_watermark() == 0);
    part.last_fetched_epoch = 0; // Beyond the end of an epoch that it does know.
    CHECK(follower_fetch(broker, follower, 1, {part}) == "b2: orders/0 diverges epoch=0 end=2\n");
    part.offset = 2;
    CHECK(follower_fetch(broker, follower, 1, {part}) == "b2: orders/0 hw=0 2..4\n");
}

TEST_CASE("data on one partition ends the long poll for all of the session") {
    BrokerTable broker;
    const ConnId follower = broker.table.connect(1);
    CHECK(follower_fetch(broker, follower, 1, {BrokerTable::part(0, 0), BrokerTable::part(1, 0)})
              .empty());
    const ConnId producer = broker.table.connect(4);
    CHECK(broker.produce(producer, Acks::leader, {{1, 100, no_sequence}}) ==
          "b2: orders/0 hw=0 orders/1 hw=0 0..1\nk1: orders/1 at 0\n");
}

TEST_CASE("a fetch that names nothing still tells the leader that its replica may join") {
    BrokerTable broker;
    const ConnId follower = broker.table.connect(2); // b3 is outside the ISR.
    follower_fetch(broker, follower, 2, {BrokerTable::part(0, 0)});
    CHECK(broker.replicas.isr_changes.size() == 1);
    broker.wait(milliseconds(500));
    broker.replicas.isr_changes.clear();
    broker.table.call([&] { // The controller did not agree.
        broker.replicas.isr_answer(broker.table.in(), 0, Error::ineligible_replica, {}, broker.path,
                                   broker.table.out);
    });
    follower_fetch(broker, follower, 2, {}, broker.last_session);
    CHECK(broker.replicas.isr_changes.size() == 1);
    CHECK(broker.partition(0).proposed_isr() ==
          std::vector<MachineId>{MachineId(0), MachineId(1), MachineId(2)});
}
