// What the application feels of a full buffer, unknown metadata and brokers that take nothing.
#include "client/producer_table.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace brokersim;
using namespace brokersim::test;

TEST_CASE("producer: without an answer about the topic each send() gives up after max.block.ms") {
    ProducerSpec spec = shop();
    spec.rate = {1, milliseconds(30)};
    spec.config.max_block = milliseconds(100);
    ProducerTable table(spec);
    table.answers_metadata = table.answers_ids = false;
    table.h.start();
    table.run_ms(250);
    // Records of 0, 30 and 60 ms: the later ones queue behind the first and wait from their turn
    // on.
    CHECK(table.h.take("prod.") ==
          "0 prod.blocked p=shop why=metadata\n"
          "100 prod.unblocked p=shop why=metadata\n"
          "100 prod.refused p=shop topic=orders count=1 error=METADATA_TIMEOUT\n"
          "100 prod.blocked p=shop why=metadata\n"
          "200 prod.unblocked p=shop why=metadata\n"
          "200 prod.refused p=shop topic=orders count=1 error=METADATA_TIMEOUT\n"
          "200 prod.blocked p=shop why=metadata\n");
}

TEST_CASE("producer: max.block.ms is one limit for metadata and memory together") {
    ProducerSpec spec = shop();
    spec.rate = {2, milliseconds(1000)};
    spec.burst = 2;
    spec.size = 15000;
    spec.config.buffer_memory = 20000;
    spec.config.max_block = milliseconds(50);
    spec.config.linger = {};
    ProducerTable table(spec);
    table.h.start();
    table.run_ms(100);
    // The metadata took the first record 6 ms; the second one has its own 50 ms.
    CHECK(table.h.take("prod.") ==
          "0 prod.blocked p=shop why=metadata\n"
          "6 prod.unblocked p=shop why=metadata\n"
          "6 prod.new p=shop tp=orders/0 i=0 count=1 key=null due=0 bytes=15000\n"
          "6 prod.blocked p=shop why=buffer\n"
          "6 prod.send p=shop node=b1 tp=orders/0 i=0 count=1 attempt=0\n"
          "56 prod.unblocked p=shop why=buffer\n"
          "56 prod.refused p=shop topic=orders count=1 error=BUFFER_EXHAUSTED\n");

    // A process that starts again has lost its metadata, but not the brokers their silence: memory
    // is all there, and the record that waits for metadata first waits for them alone.
    table.answers_metadata = table.answers_ids = false;
    table.h.crash();
    table.open = {};
    table.h.start();
    table.run_ms(1049);
    CHECK(table.h.take("prod.") == "1000 prod.blocked p=shop why=metadata\n");
    table.run_ms(1051);
    CHECK(table.h.take("prod.r") ==
          "1050 prod.refused p=shop topic=orders count=1 error=METADATA_TIMEOUT\n");
}

TEST_CASE("producer: a waiting record that needs much memory is not overtaken by small ones") {
    ProducerSpec spec = shop();
    spec.rate = {1, milliseconds(10)};
    spec.start = Time{} + milliseconds(20);
    spec.count = 5;
    // 3 kB, 3 kB, 30 kB, then small again.
    spec.size = 3000;
    spec.keys.kind = KeySpec::Kind::list;
    spec.keys.list = {"a", "b", "c", std::string(7000, 'x'), "d"};
    spec.config.batch_size = 4000;
    spec.config.buffer_memory = 12000;
    ProducerTable table(spec);
    table.h.start();
    table.run_ms(75);
    // Three batches of 4000 bytes; the fourth record needs more than two of them.
    CHECK(table.h.take("prod.b") == "50 prod.blocked p=shop why=buffer\n");
    table.answer(0);
    table.answer(1);
    table.run_ms(80);
    CHECK(table.h.take("prod.new") == "");
    table.answer(2);
    table.run_ms(82);
    CHECK(table.h.take("prod.new") == "81 prod.new p=shop tp=orders/0 i=3 count=1 key=" +
                                          std::string(7000, 'x') + " due=50000000 bytes=10000\n");
}

TEST_CASE("producer: memory that could never be given is refused at once") {
    ProducerSpec spec = shop();
    spec.rate = {1, milliseconds(10)};
    spec.start = Time{} + milliseconds(20);
    spec.count = 2;
    spec.config.buffer_memory = 10000; // Less than one batch.
    ProducerTable table(spec);
    table.h.start();
    table.run_ms(100);
    CHECK(table.h.take("prod.") ==
          "20 prod.refused p=shop topic=orders count=1 error=BUFFER_EXHAUSTED\n"
          "30 prod.refused p=shop topic=orders count=1 error=BUFFER_EXHAUSTED\n");
}

TEST_CASE("producer: a too large record is refused only when the metadata are known") {
    ProducerSpec spec = shop();
    spec.rate = {1, milliseconds(10)};
    spec.size = 2'000'000;
    spec.count = 2;
    spec.config.max_block = milliseconds(5);
    ProducerTable table(spec);
    table.h.start();
    table.run_ms(30);
    CHECK(table.h.take("prod.r") ==
          "5 prod.refused p=shop topic=orders count=1 error=METADATA_TIMEOUT\n"
          "10 prod.refused p=shop topic=orders count=1 error=RECORD_TOO_LARGE\n");
}

TEST_CASE("producer: a broker that takes no data loses new records only after its time") {
    ProducerSpec spec = shop();
    spec.rate = {1, milliseconds(1)};
    spec.start = Time{} + seconds(20);
    spec.partition.reset();
    spec.config.batch_size = 0;
    spec.config.linger = {};
    spec.config.max_in_flight_requests_per_connection = 1'000'000;
    spec.config.partitioner_availability_timeout = milliseconds(1000);
    ProducerTable table(spec, {2});
    table.leaders[1] = MachineId(1);
    table.health[1] = ProducerTable::Health::silent;
    table.h.start();
    const auto to_silent = [&table](std::int64_t until_ms) {
        table.run_ms(until_ms);
        const std::string lines = table.h.take("prod.new");
        std::size_t records = 0;
        for (std::size_t at = lines.find("orders/1"); at != std::string::npos;
             at = lines.find("orders/1", at + 1))
            ++records;
        return records;
    };
    CHECK(to_silent(21'000) > 10); // Rarely, since more and more is queued there.
    to_silent(21'050);
    CHECK(to_silent(23'000) == 0);
}
