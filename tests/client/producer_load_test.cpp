// The load of a producer: sizes, a closed loop, the cost of send(), poison, another rate.
#include "client/producer_table.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace brokersim;
using namespace brokersim::test;

TEST_CASE("producer: sizes are drawn for each record, and each gets its own line") {
    ProducerSpec spec = every(milliseconds(100), 3);
    spec.start = Time{} + milliseconds(20);
    spec.count = 3;
    spec.sizes =
        Distribution{Distribution::Kind::uniform, nanoseconds(90), nanoseconds(5000), {}, {}};
    ProducerTable table(spec);
    table.h.start();
    table.run_ms(30);
    LoadRecords expected(spec, ProducerTable::seed);
    std::vector<LoadRecords::Run> runs;
    expected.take(3, runs);
    REQUIRE(runs.size() == 3);
    std::string lines;
    std::int32_t bytes = batch_overhead;
    for (std::int32_t k = 0; k < 3; ++k) {
        const std::int32_t value = runs[std::size_t(k)].value_bytes;
        lines += "20 prod.new p=shop tp=orders/0 i=" + std::to_string(k) +
                 " count=1 key=null bytes=" + std::to_string(value) + "\n";
        bytes += record_size({-1, value}, k, 0);
    }
    CHECK(table.h.take("prod.new") == lines);
    REQUIRE(table.produced.size() == 1);
    CHECK(table.produced[0].request.parts[0].batch.bytes == bytes);
}

TEST_CASE("producer: a closed loop sends the next record when one completes") {
    ProducerSpec spec = shop();
    spec.closed_loop = 2;
    spec.start = Time{} + milliseconds(20);
    spec.config.linger = {};
    spec.config.batch_size = 0;
    ProducerTable table(spec);
    table.h.start();
    table.run_ms(30);
    CHECK(table.sends() == "20 b1 0:0+1#0\n20 b1 0:1+1#1\n");
    table.h.take();
    table.answer(0);
    table.run_ms(32);
    CHECK(table.h.take() == "31 prod.ack p=shop tp=orders/0 i=0 count=1 off=0\n"
                            "31 prod.new p=shop tp=orders/0 i=2 count=1 key=null bytes=100\n"
                            "31 prod.send p=shop node=b1 tp=orders/0 i=2 count=1 attempt=0\n");
    table.answer(1, Error::unknown_server_error);
    table.run_ms(40);
    CHECK(table.h.take("prod.new") ==
          "33 prod.new p=shop tp=orders/0 i=3 count=1 key=null bytes=100\n");
}

TEST_CASE("producer: a closed loop goes on after what is refused, and a restart begins it afresh") {
    ProducerSpec spec = shop();
    spec.closed_loop = 2;
    spec.start = Time{} + milliseconds(20);
    spec.size = 15000;
    spec.config.buffer_memory = 20000;
    spec.config.max_block = milliseconds(10);
    ProducerTable table(spec);
    table.h.start();
    table.run_ms(47);
    CHECK(table.h.take("prod.r") ==
          "30 prod.refused p=shop topic=orders count=1 error=BUFFER_EXHAUSTED\n"
          "40 prod.refused p=shop topic=orders count=1 error=BUFFER_EXHAUSTED\n");
    table.h.take();
    table.h.crash();
    table.open = {};
    table.h.start();
    table.run_ms(60);
    // Two new ones, for nothing is outstanding any more; metadata take 6 ms.
    CHECK(table.h.take("prod.new") ==
          "53 prod.new p=shop tp=orders/0 i=1 count=1 key=null due=47000000 bytes=15000\n");
    table.run_ms(64);
    CHECK(table.h.take("prod.r") ==
          "63 prod.refused p=shop topic=orders count=1 error=BUFFER_EXHAUSTED\n");
}

TEST_CASE("producer: send() costs the application's thread time, records queue behind it") {
    ProducerSpec spec = every(milliseconds(2), 2);
    spec.start = Time{} + milliseconds(20);
    spec.count = 6;
    spec.cpu = {milliseconds(1), 10'000'000'000}; // 1 ms and 10 us for each byte: 2 ms.
    spec.config.linger = {};
    ProducerTable table(spec);
    table.h.start();
    table.run_ms(50);
    CHECK(table.h.take("prod.new") ==
          "22 prod.new p=shop tp=orders/0 i=0 count=1 key=null due=20000000 bytes=100\n"
          "24 prod.new p=shop tp=orders/0 i=1 count=1 key=null due=20000000 bytes=100\n"
          "26 prod.new p=shop tp=orders/0 i=2 count=1 key=null due=22000000 bytes=100\n"
          "28 prod.new p=shop tp=orders/0 i=3 count=1 key=null due=22000000 bytes=100\n"
          "30 prod.new p=shop tp=orders/0 i=4 count=1 key=null due=24000000 bytes=100\n"
          "32 prod.new p=shop tp=orders/0 i=5 count=1 key=null due=24000000 bytes=100\n");
}

TEST_CASE("producer: work on a record is not waiting: max.block.ms does not count it") {
    ProducerSpec spec = every(milliseconds(1000));
    spec.count = 2;
    spec.size = 15000;
    spec.cpu = {milliseconds(30), 0};
    spec.config.buffer_memory = 20000;
    spec.config.max_block = milliseconds(10);
    ProducerTable table(spec);
    table.h.start();
    table.run_ms(1100);
    CHECK(table.h.take("prod.") ==
          "0 prod.blocked p=shop why=metadata\n"
          "6 prod.unblocked p=shop why=metadata\n"
          "36 prod.new p=shop tp=orders/0 i=0 count=1 key=null due=0 bytes=15000\n"
          "41 prod.send p=shop node=b1 tp=orders/0 i=0 count=1 attempt=0\n"
          "1030 prod.blocked p=shop why=buffer\n"
          "1040 prod.unblocked p=shop why=buffer\n"
          "1040 prod.refused p=shop topic=orders count=1 error=BUFFER_EXHAUSTED\n");
}

TEST_CASE("producer: the record at work when the load ends is still sent, those behind it not") {
    ProducerSpec spec = every(milliseconds(100), 5);
    spec.start = Time{} + milliseconds(20);
    spec.cpu = {milliseconds(10), 0};
    ProducerTable table(spec);
    table.h.start();
    table.run_ms(40);
    table.h.call([](Producer& p, In in, Effects& out) { p.end_of_load(in, out); });
    CHECK(table.h.actor.pending());
    table.run_ms(500);
    CHECK(table.h.take("prod.new") ==
          "30 prod.new p=shop tp=orders/0 i=0 count=1 key=null due=20000000 bytes=100\n"
          "40 prod.new p=shop tp=orders/0 i=1 count=1 key=null due=20000000 bytes=100\n"
          "50 prod.new p=shop tp=orders/0 i=2 count=1 key=null due=20000000 bytes=100\n");
}

TEST_CASE("producer: another rate takes over at once") {
    ProducerSpec spec = every(milliseconds(1000));
    spec.start = Time{} + milliseconds(20);
    ProducerTable table(spec);
    table.h.start();
    table.run_ms(520);
    table.h.take();
    table.h.call([](Producer& p, In in, Effects& out) {
        p.set_rate(in, Rate{100, seconds(1)}, out);
    });
    table.run_ms(546);
    CHECK(table.h.take("prod.new") ==
          "525 prod.new p=shop tp=orders/0 i=1 count=1 key=null bytes=100\n"
          "535 prod.new p=shop tp=orders/0 i=2 count=1 key=null bytes=100\n"
          "545 prod.new p=shop tp=orders/0 i=3 count=1 key=null bytes=100\n");
}

TEST_CASE("producer: records are marked as send() accepts them, if somebody needs the marks") {
    ProducerSpec spec = every(milliseconds(100), 4);
    spec.start = Time{} + milliseconds(20);
    spec.count = 8;
    spec.poison.every = 3;
    spec.poison.fails = 2;
    spec.keys.kind = KeySpec::Kind::list;
    spec.keys.list = {"A", "B"};
    for (const bool kept : {false, true}) {
        ProducerTable table(spec);
        if (kept) table.h.contents().marks.keep();
        table.h.start();
        table.run_ms(200);
        const RecordMarks& marks = table.h.contents().marks;
        for (std::int64_t i = 0; i < 8; ++i) {
            CHECK(marks.of(ProducerId(0), PartitionId(0), i).fails == (kept && i % 3 == 2 ? 2 : 0));
            CHECK(marks.of(ProducerId(0), PartitionId(0), i).key == (kept ? i % 2 : -1));
        }
    }
}
