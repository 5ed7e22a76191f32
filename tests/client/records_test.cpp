// Sizes of records, and runs of equal ones.
#include "client/records.hpp"

#include <doctest/doctest.h>

#include <initializer_list>
#include <limits>

using namespace brokersim;

TEST_CASE("records: varints grow at Kafka's boundaries") {
    CHECK(varint_size(0) == 1);
    CHECK(varint_size(63) == 1);
    CHECK(varint_size(64) == 2);
    CHECK(varint_size(-1) == 1);
    CHECK(varint_size(8191) == 2);
    CHECK(varint_size(8192) == 3);
    CHECK(varint_size(std::numeric_limits<std::int64_t>::max()) == 10);
}

TEST_CASE("records: a record of 100 bytes without a key takes 109 bytes, its batch at most 186") {
    // attributes 1, time 1, offset 1, null key 1, value 2 + 100, headers 1; length 2.
    CHECK(record_size({-1, 100}, 0, 0) == 109);
    CHECK(record_size({-1, 100}, 64, 0) == 110);
    CHECK(record_size({2, 100}, 0, 0) == 111);
    CHECK(record_size({0, 100}, 0, 0) == 109); // An empty key is a key of length 0.
    CHECK(batch_upper_bound({-1, 100}) == 61 + 21 + 1 + 102 + 1);
}

TEST_CASE("records: a run in closed form takes the same records as one by one") {
    const std::int64_t no_end = std::numeric_limits<std::int64_t>::max();
    for (const std::int32_t value : {0, 1, 50, 57, 58, 100, 1024, 8190}) {
        for (const std::int32_t start : {0, 60, 8180}) {
            for (const std::int64_t room : {0, 10, 500, 7000, 20000, 1'200'000}) {
                for (const std::int64_t enough : {no_end, std::int64_t{1}, std::int64_t{3000}}) {
                    const RecordShape shape{3, value};
                    Fill slow;
                    while (slow.count < 9000 && slow.bytes < enough) {
                        const std::int64_t size = record_size(shape, start + slow.count, 70);
                        if (slow.bytes + size > room) { break; }
                        slow.bytes += size;
                        ++slow.count;
                    }
                    const Fill fast = fill(shape, start, 70, room, enough, 9000);
                    CHECK(fast.count == slow.count);
                    CHECK(fast.bytes == slow.bytes);
                }
            }
        }
    }
}
