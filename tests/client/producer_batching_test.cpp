// How records become batches and batches requests: linger, full batches, the sticky partitioner,
// what travels together, memory.
#include "client/producer_table.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace brokersim;
using namespace brokersim::test;

TEST_CASE(
    "producer: the first send() waits for metadata, the records behind it keep their due time") {
    ProducerSpec spec = every(milliseconds(2));
    spec.count = 5;
    ProducerTable table(spec);
    table.h.start();
    table.run_ms(9);
    // Dial 2 ms, API versions 2 ms, metadata 2 ms.
    CHECK(table.h.take() ==
          "0 prod.blocked p=shop why=metadata\n"
          "6 prod.unblocked p=shop why=metadata\n"
          "6 prod.new p=shop tp=orders/0 i=0 count=1 key=null due=0 bytes=100\n"
          "6 prod.new p=shop tp=orders/0 i=1 count=1 key=null due=2000000 bytes=100\n"
          "6 prod.new p=shop tp=orders/0 i=2 count=1 key=null due=4000000 bytes=100\n"
          "6 prod.new p=shop tp=orders/0 i=3 count=1 key=null bytes=100\n"
          "8 prod.new p=shop tp=orders/0 i=4 count=1 key=null bytes=100\n");
}

TEST_CASE("producer: linger runs from the first record of a batch, not from the last") {
    ProducerSpec spec = every(milliseconds(2));
    spec.start = Time{} + milliseconds(20);
    spec.count = 4;
    ProducerTable table(spec);
    table.h.start();
    table.run_ms(60);
    // Accepted at 20, 22, 24, 26 ms: the first three go at 25.
    CHECK(table.sends() == "25 b1 0:0+3#0\n31 b1 0:3+1#3\n");
}

TEST_CASE("producer: a full batch does not linger") {
    ProducerSpec spec = every(milliseconds(100), 200);
    spec.start = Time{} + milliseconds(20);
    spec.count = 200;
    spec.config.linger = milliseconds(50);
    ProducerTable table(spec);
    table.h.start();
    table.run_ms(40);
    // 61 + 64 · 109 + 84 · 110 = 16277 bytes; one more would be more than 16384.
    CHECK(table.sends() == "20 b1 0:0+148#0\n");
    table.run_ms(80);
    CHECK(table.sends() == "20 b1 0:0+148#0\n70 b1 0:148+52#148\n");
    CHECK(table.produced[0].request.parts[0].batch.bytes == 16277);
}

TEST_CASE("producer: records of one instant share a line and cost work per batch") {
    ProducerSpec spec = every(milliseconds(100), 1000);
    spec.start = Time{} + milliseconds(20);
    spec.count = 1000;
    ProducerTable table(spec);
    table.h.start();
    table.run_ms(21);
    CHECK(table.h.take("prod.new") ==
          "20 prod.new p=shop tp=orders/0 i=0 count=1000 key=null bytes=100\n");
}

TEST_CASE("producer: one batch per partition and request, all partitions of a broker together") {
    ProducerSpec spec = every(milliseconds(100), 12);
    spec.start = Time{} + milliseconds(20);
    spec.count = 12;
    spec.partition.reset();
    spec.config.batch_size = 0; // One record fills a batch.
    spec.config.partitioner = PartitionerKind::round_robin;
    spec.config.linger = {};
    ProducerTable table(spec, {3});
    table.leaders[2] = MachineId(1);
    table.h.start();
    table.run_ms(30);
    // Both brokers are dialled for the data; b1 or b2 may be known already.
    std::string b1;
    for (const auto& p : table.produced) {
        if (p.to != MachineId(0)) { continue; }
        REQUIRE(p.request.parts.size() == 2);
        for (const auto& part : p.request.parts) {
            b1 += std::to_string(part.tp.value) + ":" + std::to_string(part.batch.first) + " ";
        }
    }
    // Each walk begins with the partition that the last one has seen last.
    CHECK(b1 == "0:0 1:0 1:1 0:1 0:2 1:2 1:3 0:3 ");
}

TEST_CASE("producer: 3.9 asks the round robin again for a record that opens a batch") {
    const auto partitions = [](Release release, std::int32_t batch_size, std::int32_t count) {
        ProducerSpec spec = every(milliseconds(10));
        spec.start = Time{} + milliseconds(20);
        spec.count = 8;
        spec.partition.reset();
        spec.config.batch_size = batch_size;
        spec.config.partitioner = PartitionerKind::round_robin;
        spec.config.linger = seconds(1);
        ProducerTable table(spec, {count, release});
        table.h.start();
        table.run_ms(200);
        std::string out;
        const std::string told = table.h.take("prod.new");
        for (std::size_t at = told.find("orders/"); at != std::string::npos;
             at = told.find("orders/", at + 1)) {
            out += told[at + 7];
        }
        return out;
    };
    // A batch for each record: every second partition gets nothing (KAFKA-9965).
    CHECK(partitions(Release::v4_0, 0, 4) == "01230123");
    CHECK(partitions(Release::v3_9, 0, 4) == "13131313");
    // One that has an open batch with room takes the record at the first asking: 1, 0 after 2 that
    // has none, 1, 0 after 2 …
    CHECK(partitions(Release::v3_9, 16384, 3) == "10101010");
    CHECK(partitions(Release::v4_0, 16384, 3) == "01201201");
}

TEST_CASE("producer: a request does not outgrow max.request.size, but takes one batch always") {
    ProducerSpec spec = every(milliseconds(100), 4);
    spec.start = Time{} + milliseconds(20);
    spec.count = 4;
    spec.size = 600;
    spec.partition.reset();
    spec.config.batch_size = 0;
    spec.config.max_request_size = 1000;
    spec.config.partitioner = PartitionerKind::round_robin;
    ProducerTable table(spec, {4});
    table.h.start();
    table.run_ms(30);
    CHECK(table.produced.size() == 4);
}

TEST_CASE("producer: at most max.in.flight requests of a connection wait for an answer") {
    ProducerSpec spec = every(milliseconds(100), 8);
    spec.start = Time{} + milliseconds(20);
    spec.count = 8;
    spec.config.batch_size = 0;
    ProducerTable table(spec);
    table.h.start();
    table.run_ms(40);
    CHECK(table.produced.size() == 5);
    table.answer(0);
    table.run_ms(45);
    CHECK(table.produced.size() == 6);
    CHECK(table.produced[5].at == Time{} + milliseconds(41));
}

TEST_CASE("producer: the sticky partitioner moves on when its batch is full") {
    ProducerSpec spec = every(milliseconds(1), 10);
    spec.start = Time{} + milliseconds(20);
    spec.count = 1500;
    spec.partition.reset();
    spec.config.linger = seconds(1);
    spec.config.max_in_flight_requests_per_connection = 1000;
    ProducerTable table(spec, {3});
    table.leaders = {MachineId(0), MachineId(1), MachineId(2)};
    table.h.start();
    table.run_ms(500);
    std::int64_t records[3] = {};
    for (const auto& p : table.produced) {
        for (const auto& part : p.request.parts) {
            CHECK(part.batch.count == 148); // None is left half empty.
            CHECK(part.batch.first == records[part.tp.index()]);
            records[part.tp.index()] += part.batch.count;
        }
    }
    CHECK(records[0] + records[1] + records[2] == 1480);
    CHECK(table.produced.size() == 10);
    CHECK(std::min({records[0], records[1], records[2]}) > 0);
    table.run_ms(1500);
    CHECK(table.produced.size() == 11);
}

TEST_CASE("producer: with linger 0 the sticky partitioner stays for about one batch of bytes") {
    ProducerSpec spec = every(milliseconds(1));
    spec.start = Time{} + milliseconds(20);
    spec.partition.reset();
    spec.config.linger = {};
    spec.config.batch_size = 1000;
    spec.config.max_in_flight_requests_per_connection = 1000;
    ProducerTable table(spec, {50});
    table.h.start();
    table.run_ms(220);
    // 61 + 109 bytes each: after six records 1020 >= 1000.
    std::vector<std::int32_t> stays;
    std::int32_t last = -1;
    for (const auto& p : table.produced) {
        const std::int32_t tp = p.request.parts[0].tp.value;
        if (tp != last) { stays.push_back(0); }
        last = tp;
        ++stays.back();
    }
    REQUIRE(stays.size() > 20);
    for (std::size_t k = 0; k + 1 < stays.size(); ++k) {
        CHECK(stays[k] % 6 == 0);
    }
}

TEST_CASE("producer: keyed records go where murmur2 says, with their key in the trace") {
    ProducerSpec spec = every(milliseconds(100), 4);
    spec.start = Time{} + milliseconds(20);
    spec.count = 4;
    spec.partition.reset();
    spec.keys.kind = KeySpec::Kind::list;
    spec.keys.list = {"21", "foobar"};
    ProducerTable table(spec, {3});
    table.h.start();
    table.run_ms(21);
    const std::int32_t p21 = (-973932308 & 0x7fffffff) % 3;
    const std::int32_t pfoobar = (-790332482 & 0x7fffffff) % 3;
    CHECK(table.h.take("prod.new") ==
          "20 prod.new p=shop tp=orders/" + std::to_string(p21) +
              " i=0 count=2 key=21 bytes=102\n" + "20 prod.new p=shop tp=orders/" +
              std::to_string(pfoobar) + " i=" + (p21 == pfoobar ? "2" : "0") +
              " count=2 key=foobar bytes=106\n");
}

TEST_CASE("producer: without memory send() waits, and goes on when a batch is done") {
    ProducerSpec spec = every(milliseconds(100), 5);
    spec.start = Time{} + milliseconds(20);
    spec.count = 5;
    spec.size = 15000;
    spec.config.buffer_memory = 40000; // Two batches of 16384.
    ProducerTable table(spec);
    table.h.start();
    table.run_ms(50);
    CHECK(table.h.take() == "20 prod.new p=shop tp=orders/0 i=0 count=2 key=null bytes=15000\n"
                            "20 prod.blocked p=shop why=buffer\n"
                            "20 prod.send p=shop node=b1 tp=orders/0 i=0 count=1 attempt=0\n"
                            "20 prod.send p=shop node=b1 tp=orders/0 i=1 count=1 attempt=0\n");
    table.answer(0);
    table.run_ms(52);
    CHECK(table.h.take() ==
          "51 prod.ack p=shop tp=orders/0 i=0 count=1 off=0\n"
          "51 prod.unblocked p=shop why=buffer\n"
          "51 prod.new p=shop tp=orders/0 i=2 count=1 key=null due=20000000 bytes=15000\n"
          "51 prod.blocked p=shop why=buffer\n"
          "51 prod.send p=shop node=b1 tp=orders/0 i=2 count=1 attempt=0\n");
    CHECK(table.h.actor.pending());
}

TEST_CASE("producer: what is waiting for memory is sent at once, whatever linger says") {
    ProducerSpec spec = every(milliseconds(10));
    spec.start = Time{} + milliseconds(20);
    spec.count = 3;
    spec.partition.reset();
    spec.keys.kind = KeySpec::Kind::list;
    spec.keys.list = {"k0", "k1", "k2"};
    spec.config.linger = seconds(10);
    spec.config.buffer_memory = 40000;
    ProducerTable table(spec, {50});
    table.h.start();
    table.run_ms(39);
    CHECK(table.produced.empty());
    table.run_ms(41);
    REQUIRE(table.produced.size() == 1);
    CHECK(table.produced[0].at == Time{} + milliseconds(40));
    CHECK(table.produced[0].request.parts.size() == 2);
}

TEST_CASE("producer: send() gives up after max.block.ms, one record after the other") {
    ProducerSpec spec = every(milliseconds(100), 3);
    spec.count = 3;
    spec.size = 15000;
    spec.config.buffer_memory = 20000;
    spec.config.max_block = milliseconds(40);
    ProducerTable table(spec);
    table.h.start();
    table.run_ms(200);
    CHECK(table.h.take("prod.") ==
          "0 prod.blocked p=shop why=metadata\n"
          "6 prod.unblocked p=shop why=metadata\n"
          "6 prod.new p=shop tp=orders/0 i=0 count=1 key=null due=0 bytes=15000\n"
          "6 prod.blocked p=shop why=buffer\n"
          "6 prod.send p=shop node=b1 tp=orders/0 i=0 count=1 attempt=0\n"
          "46 prod.unblocked p=shop why=buffer\n"
          "46 prod.refused p=shop topic=orders count=1 error=BUFFER_EXHAUSTED\n"
          "46 prod.blocked p=shop why=buffer\n"
          "86 prod.unblocked p=shop why=buffer\n"
          "86 prod.refused p=shop topic=orders count=1 error=BUFFER_EXHAUSTED\n");
}

TEST_CASE("producer: max.block.ms 0 refuses at once") {
    ProducerSpec spec = every(milliseconds(100), 3);
    spec.count = 6;
    spec.size = 15000;
    spec.config.buffer_memory = 20000;
    spec.config.max_block = {};
    ProducerTable table(spec);
    table.h.start();
    table.run_ms(101);
    CHECK(table.h.take("prod.") ==
          "0 prod.refused p=shop topic=orders count=3 error=METADATA_TIMEOUT\n"
          "100 prod.new p=shop tp=orders/0 i=0 count=1 key=null bytes=15000\n"
          "100 prod.refused p=shop topic=orders count=2 error=BUFFER_EXHAUSTED\n"
          "100 prod.send p=shop node=b1 tp=orders/0 i=0 count=1 attempt=0\n");
}

TEST_CASE("producer: a record that is too large is refused, not stored") {
    ProducerSpec spec = every(milliseconds(100), 2);
    spec.count = 2;
    spec.size = 2'000'000;
    ProducerTable table(spec);
    table.h.start();
    table.run_ms(100);
    CHECK(table.h.take("prod.r") ==
          "6 prod.refused p=shop topic=orders count=2 error=RECORD_TOO_LARGE\n");
}
