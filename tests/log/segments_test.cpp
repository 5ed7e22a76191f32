// Segments: when a new one begins, which ones retention deletes, what a truncation does to them.
#include "log/partition_log.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace brokersim;

namespace {

Time at(std::int64_t s) {
    return Time{} + seconds(s);
}

PartitionLog log_of(std::int32_t segment_bytes, Duration segment = seconds(1000)) {
    TopicConfig config;
    config.segment_bytes = segment_bytes;
    config.segment = segment;
    return PartitionLog(config);
}

bool append(PartitionLog& log, std::int32_t bytes, Time stamp, std::int32_t count = 10) {
    Batch b;
    b.base = log.end();
    b.count = count;
    b.epoch = 0;
    b.bytes = bytes;
    b.stamp = stamp;
    return log.append(b, stamp);
}

/// `0:200 20:100`: first offsets and sizes.
std::string segments(const PartitionLog& log) {
    std::string text;
    for (const Segment& s : log.segments()) {
        text += (text.empty() ? "" : " ") + std::to_string(s.base) + ":" + std::to_string(s.bytes);
    }
    return text;
}

/// Five segments of two batches of 100 bytes and 10 records, a second apart.
PartitionLog five_segments() {
    PartitionLog log = log_of(200);
    for (std::int64_t k = 0; k < 10; ++k)
        append(log, 100, at(k));
    return log;
}

} // namespace

TEST_CASE("a segment ends before it would be larger than segment.bytes") {
    PartitionLog log = log_of(250);
    CHECK_FALSE(append(log, 100, at(0)));
    CHECK_FALSE(append(log, 150, at(0)));
    CHECK(append(log, 1, at(0)));
    CHECK(append(log, 1000, at(0))); // Larger than a segment: alone in one.
    CHECK(append(log, 100, at(0)));
    CHECK(segments(log) == "0:250 20:1 30:1000 40:100");
}

TEST_CASE("a segment ends by the time stamps of records, not by the clock") {
    PartitionLog log = log_of(1000, seconds(10));
    append(log, 100, at(5));
    CHECK_FALSE(append(log, 100, at(15)));
    CHECK(append(log, 100, at(16)));
    CHECK_FALSE(append(log, 100, at(1))); // A late one.
    CHECK(segments(log) == "0:200 20:200");
    CHECK(log.segments().back().newest == at(16));
}

TEST_CASE("by size, as many of the oldest segments go as leave the log at the limit or above") {
    for (const auto& [limit, start] : {std::pair<std::int64_t, Offset>{1001, 0},
                                       {1000, 0},
                                       {801, 0},
                                       {800, 20},
                                       {601, 20},
                                       {600, 40},
                                       {200, 80},
                                       {199, 80},
                                       {0, 100},
                                       {-1, 0}}) {
        PartitionLog log = five_segments();
        log.delete_by_size(limit, log.end());
        CHECK(log.start() == start);
    }
}

TEST_CASE("by age, segments go whose newest record is older; the active one leaves an empty one") {
    PartitionLog log = five_segments(); // Newest: 1, 3, 5, 7, 9 s.
    CHECK_FALSE(log.delete_by_age(at(11), seconds(10), log.end()));
    CHECK(log.delete_by_age(at(15), seconds(10), log.end()));
    CHECK(log.start() == 40);
    CHECK(segments(log) == "40:200 60:200 80:200");
    CHECK(log.batches().front().base == 40);
    CHECK(log.delete_by_age(at(100), seconds(10), log.end()));
    CHECK(log.start() == 100);
    CHECK(log.end() == 100);
    CHECK(segments(log) == "100:0");
    CHECK_FALSE(log.delete_by_age(at(1000), seconds(10), log.end())); // It is empty.
    append(log, 100, at(1000));
    CHECK(log.batches().size() == 1);
    CHECK_FALSE(log.delete_by_age(at(2000), Duration::max(), log.end())); // For ever.
}

TEST_CASE("an old segment behind a young one stays: only the oldest go") {
    PartitionLog log = log_of(100);
    append(log, 100, at(50));
    append(log, 100, at(1));
    append(log, 100, at(2));
    CHECK_FALSE(log.delete_by_age(at(55), seconds(10), log.end()));
    CHECK(log.delete_by_age(at(61), seconds(10), log.end()));
    CHECK(log.start() == 30);
}

TEST_CASE("nothing goes that is not committed") {
    for (const auto& [high_watermark, start] :
         {std::pair<Offset, Offset>{0, 0}, {19, 0}, {20, 20}, {99, 80}, {100, 100}}) {
        PartitionLog log = five_segments();
        log.delete_by_age(at(1000), seconds(1), high_watermark);
        CHECK(log.start() == start);
    }
}

TEST_CASE("a start that moves by itself lets segments go that lie before it") {
    PartitionLog log = five_segments();
    log.advance_start(30); // In the middle of the second.
    CHECK(log.batches().front().base == 30);
    log.delete_before_start();
    CHECK(segments(log) == "20:200 40:200 60:200 80:200");
    CHECK(log.start() == 30);
    log.advance_start(40);
    log.delete_before_start();
    CHECK(segments(log) == "40:200 60:200 80:200");
    CHECK(log.flushed() == 40); // What is gone is nobody's concern.
}

TEST_CASE("epochs before the start are forgotten, the one that holds it begins there") {
    PartitionLog log = log_of(100);
    for (const LeaderEpoch epoch : {0, 0, 3, 3, 5}) {
        Batch b;
        b.base = log.end();
        b.count = 10;
        b.epoch = epoch;
        b.bytes = 100;
        b.stamp = at(0);
        log.append(b, at(0));
    }
    log.advance_start(30);
    CHECK(log.epochs().entries() == std::vector<EpochIndex::Entry>{{3, 30}, {5, 40}});
    log.restart_at(500);
    CHECK(log.epochs().entries().empty());
    CHECK(segments(log) == "500:0");
}

TEST_CASE("a truncation drops segments, and the rest of the last one has its own size and age") {
    PartitionLog log = five_segments();
    log.truncate(50);
    CHECK(segments(log) == "0:200 20:200 40:100");
    CHECK(log.segments().back().newest == at(4));
    log.truncate(40);
    CHECK(segments(log) == "0:200 20:200 40:0");
    CHECK_FALSE(append(log, 100, at(20)));
    CHECK(log.segments().back().first == at(20));
    log.truncate(0);
    CHECK(segments(log) == "0:0");
}

TEST_CASE("a log that is held short stays small in memory") {
    PartitionLog log = log_of(1000);
    for (std::int64_t k = 0; k < 100'000; ++k) {
        append(log, 100, at(k));
        if (k % 1000 == 999) log.delete_by_size(10'000, log.end());
    }
    CHECK(log.batches().size() < 1200);
    CHECK(log.batches().capacity() < 5000);
    CHECK(log.segments().size() < 120);
}
