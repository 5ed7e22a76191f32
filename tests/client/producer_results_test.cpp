// What becomes of batches: acknowledged, retried in which order, expired, failed; sequence numbers.
#include "client/producer_table.hpp"

#include <doctest/doctest.h>

using namespace brokersim;
using namespace brokersim::test;

TEST_CASE("producer: acks=0 is done when it is written, and knows no offset") {
    ProducerSpec spec = not_idempotent(singles(2));
    spec.config.acks = Acks::none;
    ProducerTable table(spec);
    table.h.start();
    table.run_ms(40);
    CHECK(table.h.take("prod.ack") == "20 prod.ack p=shop tp=orders/0 i=0 count=1 off=null\n"
                                      "21 prod.ack p=shop tp=orders/0 i=1 count=1 off=null\n");
    CHECK_FALSE(table.h.actor.pending());
}

TEST_CASE("producer: a lost connection puts batches back in reverse without idempotence") {
    ProducerTable table(not_idempotent(singles(3)));
    table.h.start();
    table.run_ms(40);
    CHECK(table.sends() == "20 b1 0:0+1\n21 b1 0:1+1\n22 b1 0:2+1\n");
    table.h.take();
    table.kill(0);
    table.health[0] = ProducerTable::Health::up;
    table.run_ms(400);
    CHECK(table.h.take("prod.retry") ==
          "40 prod.retry p=shop tp=orders/0 i=0 count=1 attempt=1 error=NETWORK_EXCEPTION\n"
          "40 prod.retry p=shop tp=orders/0 i=1 count=1 attempt=1 error=NETWORK_EXCEPTION\n"
          "40 prod.retry p=shop tp=orders/0 i=2 count=1 attempt=1 error=NETWORK_EXCEPTION\n");
    REQUIRE(table.produced.size() == 6);
    CHECK(table.produced[3].request.parts[0].batch.first == 2);
    CHECK(table.produced[4].request.parts[0].batch.first == 1);
    CHECK(table.produced[5].request.parts[0].batch.first == 0);
    const Duration waited = table.produced[3].at - (Time{} + milliseconds(40));
    CHECK(waited >= milliseconds(80));
    CHECK(waited <= milliseconds(125));
}

TEST_CASE("producer: with idempotence batches put back go out one at a time, by sequence") {
    ProducerTable table(singles(3));
    table.h.start();
    table.run_ms(40);
    CHECK(table.sends() == "20 b1 0:0+1#0\n21 b1 0:1+1#1\n22 b1 0:2+1#2\n");
    table.kill(0);
    table.health[0] = ProducerTable::Health::up;
    table.run_ms(400);
    REQUIRE(table.produced.size() == 4);
    CHECK(table.produced[3].request.parts[0].batch.sequence == 0);
    table.answer(3, Error::none, 0);
    table.run_ms(402);
    REQUIRE(table.produced.size() == 5);
    CHECK(table.produced[4].at == Time{} + milliseconds(401));
    CHECK(table.produced[4].request.parts[0].batch.sequence == 1);
    CHECK(table.produced[4].request.parts[0].batch.producer_id == 1000);
    table.answer(4, Error::none, 1);
    table.run_ms(404);
    table.answer(5, Error::none, 2);
    table.run_ms(410);
    CHECK(table.h.take("prod.ack") == "401 prod.ack p=shop tp=orders/0 i=0 count=1 off=0\n"
                                      "403 prod.ack p=shop tp=orders/0 i=1 count=1 off=1\n"
                                      "405 prod.ack p=shop tp=orders/0 i=2 count=1 off=2\n");
}

TEST_CASE("producer: max.in.flight 1 keeps the order without idempotence") {
    ProducerSpec spec = not_idempotent(singles(3));
    spec.config.max_in_flight_requests_per_connection = 1;
    ProducerTable table(spec);
    table.h.start();
    table.run_ms(40);
    CHECK(table.sends() == "20 b1 0:0+1\n");
    table.answer(0, Error::not_enough_replicas);
    table.run_ms(200);
    REQUIRE(table.produced.size() == 2);
    CHECK(table.produced[1].request.parts[0].batch.first == 0);
    table.answer(1);
    table.run_ms(202);
    REQUIRE(table.produced.size() == 3);
    CHECK(table.produced[2].request.parts[0].batch.first == 1);
}

TEST_CASE("producer: back-offs double from 100 ms to 1 s, with 20 % of jitter") {
    ProducerTable table(singles(1));
    table.h.start();
    for (std::size_t k = 0; k < 8; ++k) {
        while (table.produced.size() <= k) {
            table.h.run_until(table.h.now() + milliseconds(1));
        }
        table.answer(k, Error::not_enough_replicas);
    }
    std::int64_t expected = 100;
    for (std::size_t k = 1; k < 8; ++k) {
        const std::int64_t waited =
            (table.produced[k].at - table.produced[k - 1].at).ns / 1'000'000;
        CHECK(waited >= expected * 8 / 10);
        CHECK(waited <= std::min<std::int64_t>(1000, expected * 12 / 10) + 3);
        expected = std::min<std::int64_t>(expected * 2, 1000);
    }
}

TEST_CASE("producer: a hint to the new leader is followed at once") {
    ProducerTable table(singles(1));
    table.h.start();
    table.run_ms(40);
    table.answer(0, Error::not_leader_or_follower, -1, leader_is(1, 1));
    table.run_ms(80);
    // Refused at 41; b2 has to be dialled: 4 ms.
    CHECK(sends_after(table, 1) == "45 b2 0:0+1#0\n");
}

TEST_CASE("producer: an epoch that is not newer changes nothing") {
    ProducerTable table(singles(1));
    table.h.start();
    table.run_ms(40);
    table.answer(0, Error::not_leader_or_follower, -1, leader_is(1, 0));
    table.run_ms(400);
    REQUIRE(table.produced.size() == 2);
    CHECK(table.produced[1].to == MachineId(0));
    CHECK(table.produced[1].at >= Time{} + milliseconds(121));
}

TEST_CASE("producer: out of order on the next expected batch bumps the epoch and renumbers") {
    ProducerTable table(singles(4, milliseconds(10)));
    table.h.start();
    table.run_ms(52);
    CHECK(table.sends() == "20 b1 0:0+1#0\n30 b1 0:1+1#1\n40 b1 0:2+1#2\n50 b1 0:3+1#3\n");
    table.answer(0, Error::none, 0);
    table.run_ms(54);
    // Sequence 1 is the one expected: there is a hole in the log. 2 and 3 fail for that reason.
    table.answer(1, Error::out_of_order_sequence_number);
    table.answer(2, Error::out_of_order_sequence_number);
    table.answer(3, Error::out_of_order_sequence_number);
    table.run_ms(400);
    REQUIRE(table.produced.size() == 5);
    table.answer(4, Error::none, 1);
    table.run_ms(402);
    table.answer(5, Error::none, 2);
    table.run_ms(404);
    table.answer(6, Error::none, 3);
    table.run_ms(406);
    table.produced[4].at = {};
    CHECK(sends_after(table, 4) == "0 b1 0:1+1#0e1\n401 b1 0:2+1#1e1\n403 b1 0:3+1#2e1\n");
    CHECK_FALSE(table.h.actor.pending());
}

TEST_CASE("producer: out of order on a later batch is retried as it is") {
    ProducerTable table(singles(2, milliseconds(10)));
    table.h.start();
    table.run_ms(40);
    table.answer(0, Error::not_enough_replicas);
    table.answer(1, Error::out_of_order_sequence_number);
    table.run_ms(400);
    table.answer(2);
    table.run_ms(402);
    REQUIRE(table.produced.size() == 4);
    CHECK(table.produced[2].request.parts[0].batch.sequence == 0);
    CHECK(table.produced[3].request.parts[0].batch.sequence == 1);
    CHECK(table.produced[3].request.parts[0].batch.producer_epoch == 0);
}

TEST_CASE("producer: a batch that no answer can save fails, and the hole in the sequence closes") {
    ProducerTable table(singles(3, milliseconds(10)));
    table.h.start();
    table.run_ms(35);
    table.answer(0, Error::unknown_server_error);
    table.answer(1, Error::out_of_order_sequence_number);
    table.run_ms(300);
    CHECK(
        table.h.take("prod.fail") ==
        "36 prod.fail p=shop tp=orders/0 i=0 count=1 error=UNKNOWN_SERVER_ERROR definite=false\n");
    // Record 2 is new: it follows the one put back without waiting for its answer.
    REQUIRE(table.produced.size() == 4);
    CHECK(table.produced[2].at == table.produced[3].at);
    table.produced[2].at = table.produced[3].at = {};
    CHECK(sends_after(table, 2) == "0 b1 0:1+1#0e1\n0 b1 0:2+1#1e1\n");
}

TEST_CASE("producer: retries are bounded, and a batch that used them up may be in the log") {
    ProducerSpec spec = singles(1);
    spec.config.retries = 1;
    ProducerTable table(spec);
    table.h.start();
    table.run_ms(40);
    table.answer(0, Error::not_enough_replicas);
    table.run_ms(300);
    table.answer(1, Error::not_enough_replicas);
    table.run_ms(400);
    CHECK(table.h.take("prod.fail") ==
          "301 prod.fail p=shop tp=orders/0 i=0 count=1 error=NOT_ENOUGH_REPLICAS definite=true\n");
}

TEST_CASE("producer: a batch that the broker finds too large is split") {
    ProducerSpec spec = shop();
    spec.rate = {20, seconds(1)};
    spec.burst = 20;
    spec.count = 20;
    spec.start = Time{} + milliseconds(20);
    spec.config.batch_size = 4096;
    ProducerTable table(spec);
    table.h.start();
    table.run_ms(40);
    CHECK(table.sends() == "25 b1 0:0+20#0\n");
    table.answer(0, Error::message_too_large);
    table.run_ms(50);
    // A piece has up to batch.size bytes, so here it is one, and the same again: KAFKA-8350.
    CHECK(sends_after(table, 1) == "41 b1 0:0+20#0\n");
    CHECK(table.h.take("prod.retry").empty());
}

TEST_CASE("producer: asks for metadata at 100, 200, 400 … ms while the answers change nothing") {
    ProducerTable table(singles(1));
    table.health[0] = ProducerTable::Health::dead;
    table.h.start();
    table.run_ms(9000);
    std::vector<std::int64_t> gaps;
    // The first answer brings the leader; the refresh that b1's refusal asks for comes after it.
    for (std::size_t k = 2; k < table.metadata_asked.size(); ++k) {
        gaps.push_back((table.metadata_asked[k] - table.metadata_asked[k - 1]).ns / 1'000'000);
    }
    REQUIRE(gaps.size() > 9);
    std::int64_t expected = 100;
    for (std::size_t k = 0; k < 5; ++k) {
        CHECK(gaps[k] >= expected * 8 / 10);
        CHECK(gaps[k] <= expected * 12 / 10 + 4);
        expected = std::min<std::int64_t>(expected * 2, 1000);
    }
    for (std::size_t k = 5; k < gaps.size(); ++k) {
        CHECK(gaps[k] >= 800);
        CHECK(gaps[k] <= 1004);
    }
    // No attempt is counted: nothing was sent.
    CHECK(table.h.take("prod.retry").empty());
    table.leaders[0] = MachineId(1);
    table.epochs[0] = 1;
    table.run_ms(10100);
    REQUIRE(table.produced.size() == 1);
    CHECK(table.produced[0].to == MachineId(1));
}

TEST_CASE("producer: no data before it has its producer id") {
    ProducerTable table(singles(1));
    table.answers_ids = false;
    table.h.start();
    table.run_ms(5000);
    CHECK(table.produced.empty());
}
