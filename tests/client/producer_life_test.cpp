// Time-outs of batches and requests; start, stop, crash and end of a producer process.
#include "client/producer_table.hpp"

#include <doctest/doctest.h>

using namespace brokersim;
using namespace brokersim::test;

TEST_CASE("producer: without leader batches wait, and expire after delivery.timeout.ms") {
    ProducerSpec spec = singles(1);
    spec.config.request_timeout = milliseconds(500);
    spec.config.delivery_timeout = milliseconds(1000);
    ProducerTable table(spec);
    table.leaders[0] = {};
    table.h.start();
    table.run_ms(3000);
    CHECK(table.h.take("prod.fail") ==
          "1020 prod.fail p=shop tp=orders/0 i=0 count=1 error=TIMEOUT definite=true\n");
    CHECK(table.produced.empty());
    CHECK_FALSE(table.h.actor.pending());
}

TEST_CASE(
    "producer: a batch that expires in flight may be in the log; its memory comes back later") {
    ProducerSpec spec = singles(2, milliseconds(10));
    spec.size = 15000;
    spec.config.batch_size = 16384;
    spec.config.buffer_memory = 20000;
    spec.config.request_timeout = milliseconds(900);
    spec.config.delivery_timeout = milliseconds(500);
    ProducerTable table(spec);
    table.h.start();
    table.run_ms(800);
    CHECK(table.h.take("prod.fail") ==
          "520 prod.fail p=shop tp=orders/0 i=0 count=1 error=TIMEOUT definite=false\n");
    CHECK(table.h.take("prod.new").empty()); // Record 1 waits for memory.
    table.answer(0, Error::none, 0);
    table.run_ms(802);
    CHECK(table.h.take("prod.") ==
          "801 prod.unblocked p=shop why=buffer\n"
          "801 prod.new p=shop tp=orders/0 i=1 count=1 key=null due=30000000 bytes=15000\n"
          "801 prod.send p=shop node=b1 tp=orders/0 i=1 count=1 attempt=0\n");
    CHECK(table.produced[1].request.parts[0].batch.sequence == 1);
}

TEST_CASE("producer: after an unknown fate new batches wait until all in flight are done") {
    ProducerSpec spec = singles(3, milliseconds(290));
    spec.config.request_timeout = milliseconds(900);
    spec.config.delivery_timeout = milliseconds(500);
    ProducerTable table(spec);
    table.h.start();
    table.run_ms(40);
    table.answer(0, Error::request_timed_out); // Put back at 41, sent again after the back-off.
    table.run_ms(700);
    CHECK(table.h.take("prod.fail") ==
          "520 prod.fail p=shop tp=orders/0 i=0 count=1 error=TIMEOUT definite=false\n");
    REQUIRE(table.produced.size() == 3); // Record 2, of 600 ms, waits.
    CHECK(table.produced[2].request.parts[0].batch.sequence == 1);
    table.answer(1, Error::none, 0);
    table.run_ms(702);
    CHECK(table.produced.size() == 3);
    table.answer(2, Error::none, 1);
    table.run_ms(710);
    // The last one acknowledged is the last one sent: no hole.
    CHECK(sends_after(table, 3) == "703 b1 0:2+1#2\n");
}

TEST_CASE("producer: an unknown fate with nothing after it bumps the epoch") {
    ProducerSpec spec = singles(2, milliseconds(580));
    spec.config.request_timeout = milliseconds(900);
    spec.config.delivery_timeout = milliseconds(500);
    ProducerTable table(spec);
    table.h.start();
    table.run_ms(40);
    table.answer(0, Error::request_timed_out);
    table.run_ms(605);
    CHECK(sends_after(table, 2) == "600 b1 0:1+1#0e1\n");
}

TEST_CASE("producer: a batch behind a younger head expires when it is the head") {
    ProducerSpec spec = not_idempotent(singles(3));
    spec.config.request_timeout = milliseconds(500);
    spec.config.delivery_timeout = milliseconds(1000);
    ProducerTable table(spec);
    table.h.start();
    table.run_ms(40);
    table.kill(0); // The three are put back in reverse.
    table.run_ms(1100);
    CHECK(table.h.take("prod.fail") ==
          "1022 prod.fail p=shop tp=orders/0 i=2 count=1 error=TIMEOUT definite=false\n"
          "1022 prod.fail p=shop tp=orders/0 i=1 count=1 error=TIMEOUT definite=false\n"
          "1022 prod.fail p=shop tp=orders/0 i=0 count=1 error=TIMEOUT definite=false\n");
}

TEST_CASE(
    "producer: batches of a partition that expire together fail in the order they were sent") {
    ProducerSpec spec = singles(4);
    spec.rate = {4, seconds(1)};
    spec.burst = 4;
    spec.config.max_in_flight_requests_per_connection = 3;
    spec.config.request_timeout = milliseconds(900);
    spec.config.delivery_timeout = milliseconds(500);
    ProducerTable table(spec);
    table.h.start();
    table.run_ms(30);
    table.answer(0); // Its place is taken by record 3, the last one.
    table.run_ms(600);
    CHECK(table.h.take("prod.fail") ==
          "520 prod.fail p=shop tp=orders/0 i=1 count=1 error=TIMEOUT definite=false\n"
          "520 prod.fail p=shop tp=orders/0 i=2 count=1 error=TIMEOUT definite=false\n"
          "520 prod.fail p=shop tp=orders/0 i=3 count=1 error=TIMEOUT definite=false\n");
}

TEST_CASE("producer: a request that takes too long closes its connection and fails all on it") {
    ProducerSpec spec = singles(3, milliseconds(10));
    spec.config.request_timeout = milliseconds(200);
    ProducerTable table(spec);
    table.h.start();
    table.run_ms(221);
    CHECK(table.h.take("prod.retry") ==
          "220 prod.retry p=shop tp=orders/0 i=0 count=1 attempt=1 error=REQUEST_TIMED_OUT\n"
          "220 prod.retry p=shop tp=orders/0 i=1 count=1 attempt=1 error=REQUEST_TIMED_OUT\n"
          "220 prod.retry p=shop tp=orders/0 i=2 count=1 attempt=1 error=REQUEST_TIMED_OUT\n");
    CHECK(table.closed == 1);
}

TEST_CASE("producer: close() sends what is buffered, then the process ends") {
    ProducerSpec spec = shop();
    spec.rate = {1, milliseconds(10)};
    spec.start = Time{} + milliseconds(20);
    spec.config.linger = seconds(10);
    ProducerTable table(spec);
    table.h.start();
    table.run_ms(55);
    CHECK(table.produced.empty());
    table.h.stop();
    CHECK(table.sends() == "55 b1 0:0+4#0\n");
    CHECK_FALSE(table.h.exited);
    table.answer(0);
    table.run_ms(100);
    CHECK(table.h.exited);
    CHECK(table.h.take("prod.ack") == "56 prod.ack p=shop tp=orders/0 i=0 count=4 off=0\n");
    CHECK(table.h.take("prod.new").empty());
}

TEST_CASE("producer: a new process numbers records on, with a new producer id from sequence 0") {
    ProducerTable table(singles(1000, milliseconds(10)));
    table.h.start();
    table.run_ms(55);
    table.h.crash();
    CHECK_FALSE(table.h.actor.pending());
    table.open = {};
    table.produced.clear();
    table.run_ms(81);
    table.h.take();
    table.h.start();
    table.run_ms(95);
    CHECK(table.h.take("prod.new") ==
          "90 prod.new p=shop tp=orders/0 i=4 count=1 key=null bytes=100\n");
    REQUIRE(table.produced.size() == 1);
    CHECK(table.produced[0].request.parts[0].batch.sequence == 0);
    CHECK(table.produced[0].request.parts[0].batch.producer_id == 1001);
}

TEST_CASE("producer: at the end of the load only the call under way goes on") {
    ProducerSpec spec = singles(1000, milliseconds(10));
    spec.size = 15000;
    spec.config.buffer_memory = 20000;
    ProducerTable table(spec);
    table.h.start();
    table.run_ms(100);
    table.h.take();
    table.h.call([](Producer& p, In in, Effects& out) { p.end_of_load(in, out); });
    table.answer(0);
    table.run_ms(200);
    REQUIRE(table.produced.size() == 2);
    table.answer(1, Error::none, 1);
    table.run_ms(300);
    CHECK(table.h.take("prod.new") ==
          "101 prod.new p=shop tp=orders/0 i=1 count=1 key=null due=30000000 bytes=15000\n");
    CHECK_FALSE(table.h.actor.pending());
}

TEST_CASE("producer: a steady stream costs an event per arrival and one per answer") {
    ProducerSpec spec = singles(10000, milliseconds(10));
    ProducerTable table(spec);
    table.h.start();
    table.run_ms(100);
    const std::size_t before = table.h.timers_fired;
    for (std::int64_t ms = 100; ms < 1100; ++ms) {
        const std::size_t sent = table.produced.size();
        table.run_ms(ms);
        for (std::size_t k = sent; k < table.produced.size(); ++k) {
            table.answer(k);
        }
    }
    CHECK(table.h.timers_fired - before <= 101);
}
