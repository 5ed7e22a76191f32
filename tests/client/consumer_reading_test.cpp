// How a consumer comes to its positions, fetches and processes.
#include "consumer_table.hpp"

#include <doctest/doctest.h>

using namespace brokersim;
using namespace brokersim::test;

TEST_CASE("a consumer finds its coordinator, joins twice, syncs, asks for offsets, then fetches") {
    ConsumerTable t;
    t.append(0, 3);
    t.run_ms(60);
    std::string apis;
    for (const std::string& line : t.asked) {
        apis += line.substr(line.find(' ') + 1) + " ";
    }
    CHECK(apis ==
          "Metadata FindCoordinator JoinGroup JoinGroup SyncGroup OffsetFetch ListOffsets ");
    const std::string told = t.h.take("cons.");
    CHECK(told.find("cons.start g=billing gen=1 mem=m1 tp=orders/0 pos=0 why=earliest") !=
          std::string::npos);
    CHECK(told.find("cons.read g=billing gen=1 mem=m1 tp=orders/0 from=0 to=3 count=3") !=
          std::string::npos);
    CHECK(told.find("cons.done g=billing mem=m1 tp=orders/0 off=0 attempt=1 outcome=ok to=3") !=
          std::string::npos);
    CHECK(t.h.actor.idle());
    CHECK(t.h.actor.position(PartitionId(0)) == 3);
}

TEST_CASE("latest starts at the end, a committed offset wins over every policy") {
    ConsumerGroupSpec spec = billing_spec();
    spec.config.auto_offset_reset = OffsetReset::latest;
    ConsumerTable t(spec, 2);
    t.append(0, 5);
    t.append(1, 5);
    t.log(1).committed = 2;
    t.run_ms(60);
    const std::string told = t.h.take("cons.start");
    CHECK(told.find("tp=orders/0 pos=5 why=latest") != std::string::npos);
    CHECK(told.find("tp=orders/1 pos=2 why=committed") != std::string::npos);
}

TEST_CASE("without a reset policy a missing offset ends the application") {
    ConsumerGroupSpec spec = billing_spec();
    spec.config.auto_offset_reset = OffsetReset::none;
    ConsumerTable t(spec);
    t.run_ms(100);
    CHECK(t.h.exited);
    CHECK(t.h.take("cons.start").empty());
}

TEST_CASE("a committed offset with an epoch is checked against the log before it is used") {
    ConsumerTable t;
    t.append(0, 5); // Epoch 0 ends at 5 …
    t.log(0).epoch = 2;
    t.append(0, 5);
    t.log(0).committed = 8; // … but the group stood at 8 in epoch 0: that tail was truncated.
    t.log(0).committed_epoch = 0;
    t.run_ms(60);
    const std::string told = t.h.take("cons.");
    CHECK(told.find("pos=8 why=committed") != std::string::npos);
    CHECK(told.find("pos=5 why=truncated") != std::string::npos);
    CHECK(told.find("cons.read g=billing gen=1 mem=m1 tp=orders/0 from=5 to=10 count=5") !=
          std::string::npos);
}

TEST_CASE("a new leader epoch stops fetching until the position is validated") {
    ConsumerTable t;
    t.append(0, 4);
    t.run_ms(100);
    t.asked.clear();
    t.h.take("");
    t.log(0).leader = MachineId(1); // The old leader names the new one.
    t.log(0).epoch = 1;
    t.append(0, 2);
    t.run_ms(700);
    CHECK(joined(t.asked).find("OffsetsForLeaderEpoch") != std::string::npos);
    const std::string told = t.h.take("");
    CHECK(told.find("meta.seen node=m1 tp=orders/0 leader=b2 epoch=1") != std::string::npos);
    CHECK(told.find("from=4 to=6") != std::string::npos);
    CHECK(told.find("cons.wait g=billing mem=m1 tp=orders/0") < told.find("cons.served"));
    CHECK(told.find("truncated") == std::string::npos);
}

TEST_CASE("a position beyond the log is reset by the policy") {
    ConsumerTable t;
    t.append(0, 4);
    t.log(0).committed = 9;
    t.run_ms(80);
    const std::string told = t.h.take("cons.start");
    CHECK(told.find("pos=9 why=committed") != std::string::npos);
    CHECK(told.find("pos=0 why=earliest") != std::string::npos);
}

TEST_CASE("no fetch leaves for a broker of which anything lies in the buffer") {
    ConsumerGroupSpec spec = billing_spec();
    spec.config.max_poll_records = 10;
    spec.processing = Distribution::constant(milliseconds(1));
    ConsumerTable t(spec, 2); // Both partitions on b1.
    t.append(0, 25);
    t.run_ms(40);
    CHECK(t.fetches() == "20 b1 orders/0@0 orders/1@0\n");
    // Chunks of 10, 10, 5: the poll at 22 + 20 ms runs past the end, and fetches before it returns.
    t.append(1, 1);
    t.run_ms(60);
    // What came for orders/1 meanwhile is returned, and fetched on from, one poll later.
    CHECK(t.fetches() == "42 b1 orders/0@25\n47 b1 orders/1@1\n");
    CHECK(t.h.actor.position(PartitionId(0)) == 25);
}

TEST_CASE("3.9: a broker is asked for the partitions of which nothing lies in the buffer") {
    ConsumerGroupSpec spec = billing_spec();
    spec.config.max_poll_records = 10;
    spec.processing = Distribution::constant(milliseconds(1));
    ConsumerTable t(spec, 2, Release::v3_9); // The same story, both partitions on b1.
    t.append(0, 25);
    t.run_ms(40);
    // The poll that returns the first 10 asks on, for the other partition.
    CHECK(t.fetches() == "20 b1 orders/0@0 orders/1@0\n22 b1 -orders/0\n");
    t.append(1, 1);
    t.run_ms(60);
    CHECK(t.h.actor.position(PartitionId(0)) == 25);
    CHECK(t.h.actor.position(PartitionId(1)) == 1);
    // What came for orders/1 meanwhile is there for the poll that drains orders/0.
    CHECK(t.fetches() == "42 b1 orders/0@25 orders/1@1\n");
}

TEST_CASE("a chunk that ends exactly on max.poll.records costs one more poll") {
    ConsumerGroupSpec spec = billing_spec();
    spec.config.max_poll_records = 10;
    spec.processing = Distribution::constant(milliseconds(1));
    ConsumerTable t(spec);
    t.append(0, 20);
    t.run_ms(60);
    // 10 at 22 ms, 10 at 32 ms, nothing at 42 ms: only now the next request leaves.
    CHECK(t.fetches() == "20 b1 orders/0@0\n42 b1 orders/0@20\n");
}

TEST_CASE("at the tail each batch costs one response and one request") {
    ConsumerTable t;
    t.run_ms(1000);
    t.fetches();
    t.h.timers_fired = 0;
    for (int k = 0; k < 100; ++k) {
        t.at_ms(1000 + 3 * k, [&t] { t.append(0, 1); });
    }
    t.run_ms(1310);
    CHECK(t.fetched.size() == 100);
    CHECK(t.h.timers_fired == 0);
}

TEST_CASE("records are processed one after the other, equal ends share a line") {
    ConsumerGroupSpec spec = billing_spec();
    spec.processing = Distribution::constant(milliseconds(2));
    ConsumerTable t(spec);
    t.append(0, 3);
    t.run_ms(60);
    CHECK(t.h.take("cons.done") ==
          "24 cons.done g=billing mem=m1 tp=orders/0 off=0 attempt=1 outcome=ok\n"
          "26 cons.done g=billing mem=m1 tp=orders/0 off=1 attempt=1 outcome=ok\n"
          "28 cons.done g=billing mem=m1 tp=orders/0 off=2 attempt=1 outcome=ok\n");
}

TEST_CASE("by_duration starts at the first record that is not older, and asks until there is one") {
    ConsumerGroupSpec spec = billing_spec();
    spec.config.auto_offset_reset = OffsetReset::by_duration;
    spec.config.auto_offset_reset_by = milliseconds(500);
    ConsumerTable t(spec);
    t.answers_by_time = -1;
    t.run_ms(29'000);
    CHECK(t.h.take("cons.start").empty());
    t.append(0, 4);
    t.answers_by_time = 3;
    t.run_ms(31'000);
    // Asked at 18 ms, and again after request.timeout.ms.
    CHECK(t.h.take("cons.start") ==
          "30022 cons.start g=billing gen=1 mem=m1 tp=orders/0 pos=3 why=seek\n");
    REQUIRE(t.asked_since.size() == 2);
    CHECK(t.asked_since[0] == Time{});
    CHECK(t.asked_since[1] == Time{} + milliseconds(29'520));
}
