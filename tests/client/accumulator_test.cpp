// Batches in their queues, memory, and the order of what is put back.
#include "client/accumulator.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <vector>

using namespace brokersim;

namespace {

constexpr RecordShape hundred{-1, 100};
constexpr std::int64_t no_end = std::numeric_limits<std::int64_t>::max();

ProducerConfig config() {
    ProducerConfig c;
    c.batch_size = 1000; // 61 + 8 · 109 = 933 bytes
    c.buffer_memory = 2500;
    return c;
}

BatchId open(Accumulator& batches, std::int64_t first, std::int32_t count) {
    REQUIRE(batches.reserve(batches.buffer_size(hundred)));
    batches.append_new(0, first, hundred, count, no_end, Time{}, Time{});
    return batches.newest(0);
}

} // namespace

TEST_CASE("accumulator: memory is charged by whole buffers and comes back when a batch is done") {
    Accumulator batches(config(), 2);
    const BatchId first = open(batches, 0, 1);
    open(batches, 1, 1);
    CHECK(batches.available() == 500);
    CHECK_FALSE(batches.reserve(1000));
    batches.pop(0);
    CHECK(batches.available() == 500); // In flight it still counts.
    batches.finished();
    batches.release(first);
    CHECK(batches.available() == 1500);
    CHECK(batches.unfinished() == 1);
    CHECK(batches.buffer_size({-1, 5000}) == batch_upper_bound({-1, 5000}));
}

TEST_CASE("accumulator: a record that does not fit closes the batch") {
    Accumulator batches(config(), 2);
    const BatchId id = open(batches, 0, 7);
    CHECK_FALSE(batches.all_full(0));
    const Accumulator::Appended last = batches.append(0, hundred, 5, no_end, Time{});
    CHECK(last.count == 1);
    CHECK(last.bytes == 109);
    CHECK(batches[id].bytes == 933);
    CHECK_FALSE(batches.all_full(0)); // Not full by its size, and nothing has been refused yet.
    CHECK(batches.append(0, hundred, 4, no_end, Time{}).count == 0);
    CHECK(batches.all_full(0));
}

TEST_CASE(
    "accumulator: what is put back without numbers goes to the front, with numbers to its place") {
    for (const bool numbered : {false, true}) {
        ProducerConfig c = config();
        c.buffer_memory = 100'000;
        Accumulator batches(c, 1);
        std::vector<BatchId> ids;
        for (std::int64_t k = 0; k < 4; ++k) {
            ids.push_back(open(batches, k, 1));
        }
        for (std::int32_t k = 0; k < 3; ++k) {
            batches.pop(0);
            if (numbered) { batches[ids[static_cast<std::size_t>(k)]].sequence = k; }
        }
        batches.put_back(ids[0]);
        batches.put_back(ids[2]);
        batches.put_back(ids[1]);
        std::vector<std::int64_t> order;
        while (!batches.queue(0).empty()) {
            order.push_back(batches[batches.pop(0)].first);
        }
        CHECK(order == (numbered ? std::vector<std::int64_t>{0, 1, 2, 3}
                                 : std::vector<std::int64_t>{1, 2, 0, 3}));
        CHECK(batches.active().empty());
    }
}

TEST_CASE("accumulator: a split batch gives closed pieces that nobody is charged for") {
    ProducerConfig c = config();
    c.buffer_memory = 100'000;
    Accumulator batches(c, 1);
    const BatchId id = open(batches, 10, 8);
    batches.pop(0);
    batches[id].count = batches[id].records.front().count = 20; // As if batch.size were larger.
    const std::int64_t before = batches.available();
    std::vector<BatchId> pieces;
    batches.split(id, pieces);
    REQUIRE(pieces.size() == 3);
    CHECK(batches[pieces[0]].first == 10);
    CHECK(batches[pieces[1]].first == 18);
    CHECK(batches[pieces[2]].first == 26);
    CHECK(batches[pieces[2]].count == 4);
    CHECK(batches[pieces[0]].full());
    CHECK(batches.available() == before);
    for (const BatchId piece : pieces) {
        batches.release(piece);
    }
    CHECK(batches.available() == before);
}

TEST_CASE("accumulator: pieces have the sizes and the timestamps of their records") {
    ProducerConfig large = config();
    large.batch_size = 10'000;
    large.buffer_memory = 100'000;
    Accumulator from(large, 1);
    struct Some {
        RecordShape shape;
        std::int32_t count;
        std::int64_t at_ms;
    };
    const std::vector<Some> all = {{{-1, 100}, 3, 0},
                                   {{5, 500}, 3, 0},
                                   {{2, 500}, 2, 70},
                                   {{-1, 2000}, 1, 71},
                                   {{-1, 0}, 90, 9000}};
    REQUIRE(from.reserve(10'000));
    from.append_new(0, 50, all[0].shape, all[0].count, no_end, Time{}, Time{});
    for (std::size_t k = 1; k < all.size(); ++k) {
        const Time at = Time{} + milliseconds(all[k].at_ms);
        REQUIRE(from.append(0, all[k].shape, all[k].count, no_end, at).count == all[k].count);
    }
    ProducerConfig small = config();
    small.buffer_memory = 100'000;
    Accumulator to(small, 1);
    const BatchId id = open(to, 0, 1);
    to.pop(0);
    to[id] = from[from.newest(0)];
    std::vector<BatchId> pieces;
    to.split(id, pieces);
    // One record after the other into pieces of 1000 bytes, or of one larger record.
    std::vector<std::int32_t> counts, bytes;
    std::int64_t base = 0, limit = 0;
    for (const Some& some : all) {
        for (std::int32_t k = 0; k < some.count; ++k) {
            std::int64_t size = 0;
            if (!counts.empty()) size = record_size(some.shape, counts.back(), some.at_ms - base);
            if (counts.empty() || bytes.back() + size > limit) {
                counts.push_back(0);
                bytes.push_back(batch_overhead);
                base = some.at_ms;
                limit = to.buffer_size(some.shape);
                size = record_size(some.shape, 0, 0);
            }
            ++counts.back();
            bytes.back() += static_cast<std::int32_t>(size);
        }
    }
    REQUIRE(pieces.size() == counts.size());
    std::int64_t first = 50;
    for (std::size_t k = 0; k < pieces.size(); ++k) {
        CHECK(to[pieces[k]].first == first);
        CHECK(to[pieces[k]].count == counts[k]);
        CHECK(to[pieces[k]].bytes == bytes[k]);
        first += counts[k];
    }
    CHECK(first == 50 + 99);
}

TEST_CASE("accumulator: linger and expiry count from the creation, back-off until its end") {
    Accumulator batches(config(), 1);
    REQUIRE(batches.reserve(1000));
    batches.append_new(0, 0, hundred, 1, no_end, Time{} + seconds(5), Time{});
    CHECK(batches.next_expiry() == Time{} + seconds(125));
    ProducerBatch& batch = batches[batches.newest(0)];
    CHECK(batch.put_back == Time{} + seconds(5));
    batch.attempts = 1;
    batch.retry_at = Time{} + seconds(7);
    CHECK(batch.backing_off(Time{} + seconds(6)));
    CHECK_FALSE(batch.backing_off(Time{} + seconds(7)));
    batch.attempts_at_leader_change = 1; // A new leader since: KIP-951.
    CHECK_FALSE(batch.backing_off(Time{} + seconds(6)));
}
