// Idempotent producers: which batches Kafka's broker appends, recognises or refuses.
#include "log/producer_state.hpp"
#include "vector/vectors.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>

using namespace brokersim;
using namespace brokersim::test;
using namespace brokersim::literals;

namespace {

Batch batch_of(std::int64_t id, std::int32_t epoch, std::int32_t sequence, std::int32_t count,
               Offset base) {
    Batch batch;
    batch.producer_id = id;
    batch.producer_epoch = static_cast<std::int16_t>(epoch);
    batch.sequence = sequence;
    batch.count = count;
    batch.base = base;
    return batch;
}

std::string result_of(SequenceVerdict verdict) {
    if (verdict.is_append()) { return "APPENDED"; }
    return verdict.is_duplicate() ? "DUPLICATE" : std::string(word(verdict.error));
}

} // namespace

TEST_CASE("producer state: batches are appended, recognised or refused as Kafka does it") {
    for (const Json& one : cases_of(load_vectors("idempotence.json"), "cases")) {
        CAPTURE(one.at("id").get<std::string>());
        ProducerStates producers;
        Time now;
        REQUIRE(!one.at("batches").empty());
        for (const Json& row : one.at("batches")) {
            CAPTURE(row.dump());
            now += 1_s;
            if (row.contains("event")) {
                REQUIRE(row.at("event").get<std::string>().find("expired") != std::string::npos);
                now += seconds(86400);
                producers.expire(now, seconds(86400));
                REQUIRE(producers.size() == 0);
                continue;
            }
            const Batch batch = batch_of(
                7, row.at("epoch").get<std::int32_t>(), row.at("first_seq").get<std::int32_t>(),
                row.at("count").get<std::int32_t>(), row.at("log_end_offset_before").get<Offset>());
            const SequenceVerdict verdict = producers.check(batch);
            CHECK(result_of(verdict) == row.at("result").get<std::string>());
            if (row.contains("base_offset")) {
                CHECK((verdict.is_duplicate() ? verdict.duplicate_of : batch.base) ==
                      row.at("base_offset").get<Offset>());
            }
            if (verdict.is_append()) { producers.update(batch, now); }
        }
    }
}

TEST_CASE("producer state: producers do not mix, whatever the order of their ids") {
    ProducerStates producers;
    for (const std::int64_t id : {5, 1, 9, 3}) {
        producers.update(batch_of(id, 0, 0, 2, id * 10), Time{});
    }
    CHECK(producers.size() == 4);
    for (const std::int64_t id : {1, 3, 5, 9}) {
        CHECK(producers.check(batch_of(id, 0, 0, 2, 200)).duplicate_of == id * 10);
        CHECK(producers.check(batch_of(id, 0, 2, 1, 200)).is_append());
    }
    CHECK(producers.check(batch_of(4, 0, 77, 1, 200)).is_append());
}

TEST_CASE("producer state: only producers that have been silent long enough expire") {
    ProducerStates producers;
    producers.update(batch_of(1, 0, 0, 1, 0), Time{} + 1_s);
    producers.update(batch_of(2, 0, 0, 1, 1), Time{} + 2_s);
    producers.expire(Time{} + 11_s, 10_s);
    CHECK(producers.size() == 1);
    CHECK(producers.check(batch_of(1, 0, 9, 1, 2)).is_append());
    CHECK(producers.check(batch_of(2, 0, 9, 1, 2)).error == Error::out_of_order_sequence_number);
}

TEST_CASE("producer state: a cut matters only where a remembered batch ends beyond it") {
    ProducerStates producers;
    CHECK_FALSE(producers.reaches(0));
    producers.update(batch_of(1, 0, 0, 3, 0), Time{});
    producers.update(batch_of(2, 0, 0, 2, 3), Time{});
    CHECK(producers.reaches(4));
    CHECK_FALSE(producers.reaches(5));
}
