// The page cache and its write-back.
#include "disk/disk.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace brokersim;

namespace {

/// 1 MB of page cache, so that 200 kB may be dirty for free; 1 MB/s; written after 6 s.
DiskSpec small_disk() {
    DiskSpec spec;
    spec.page_cache = 1'000'000;
    spec.write = 1'000'000;
    spec.read = 2'000'000;
    spec.writeback = seconds(6);
    return spec;
}

Time at(std::int64_t ms) {
    return Time{} + milliseconds(ms);
}

std::string finished(Disk& disk, Time now) {
    std::string text;
    for (const Disk::Flushed& done : disk.finish(now)) {
        text += std::to_string(done.log) + " to " + std::to_string(done.to) +
                (done.sync ? " by fsync; " : "; ");
    }
    return text;
}

} // namespace

TEST_CASE("an append is free while less than a fifth of the page cache is dirty") {
    Disk disk(small_disk());
    CHECK(disk.append(at(5), 0, 10, 150'000) == at(5));
    CHECK(disk.append(at(5), 1, 10, 50'000) == at(5)); // A fifth exactly is still free.
    // Beyond, a writer waits for the room that it needs, and the next one waits behind it.
    CHECK(disk.append(at(6), 0, 20, 10'000) == at(16));
    CHECK(disk.append(at(6), 1, 20, 10'000) == at(26));
    CHECK(disk.append(at(50), 1, 30, 1'000) == at(51));
}

TEST_CASE("data is written back by the sixth period that ends after it came") {
    Disk disk(small_disk());
    CHECK(disk.next_tick(at(0)) == Time::never());
    disk.append(at(300), 0, 10, 100'000);
    CHECK(disk.next_tick(at(300)) == at(1000));
    for (std::int64_t second = 1; second <= 5; ++second) {
        CHECK(disk.tick(at(1000 * second)) == Time::never());
    }
    CHECK(disk.next_tick(at(5000)) == at(6000));
    CHECK(disk.tick(at(6000)) == at(6100)); // 100 kB at 1 MB/s.
    CHECK(disk.next_done() == at(6100));
    CHECK(finished(disk, at(6099)).empty());
    CHECK(finished(disk, at(6100)) == "0 to 10; ");
    CHECK(disk.next_done() == Time::never());
    CHECK(disk.next_tick(at(6100)) == Time::never());
}

TEST_CASE("only what is old enough is written, each log up to where it stood then") {
    Disk disk(small_disk());
    disk.append(at(300), 0, 10, 1'000);
    disk.append(at(400), 1, 5, 1'000);
    disk.append(at(700), 0, 12, 1'000);
    disk.append(at(1200), 0, 20, 1'000); // The next period's.
    CHECK(disk.tick(at(6000)) == at(6003));
    CHECK(finished(disk, at(6003)) == "0 to 12; 1 to 5; ");
    CHECK(disk.tick(at(7000)) == at(7001));
    CHECK(finished(disk, at(7001)) == "0 to 20; ");
}

TEST_CASE("with too much dirty data the flusher takes everything of past periods") {
    Disk disk(small_disk());
    disk.append(at(300), 0, 10, 250'000);
    disk.append(at(1100), 0, 20, 1'000);
    CHECK(disk.tick(at(1500)) == at(1750)); // Not what came in this period.
    CHECK(finished(disk, at(1750)) == "0 to 10; ");
    CHECK(disk.append(at(1800), 0, 30, 1'000) == at(1800)); // There is room again.
}

TEST_CASE("what was truncated is not told to be durable") {
    Disk disk(small_disk());
    disk.append(at(300), 0, 10, 1'000);
    disk.append(at(1300), 0, 20, 1'000);
    disk.truncate(0, 7);
    disk.truncate(5, 3); // A log that never wrote.
    disk.append(at(2300), 0, 9, 1'000);
    disk.tick(at(8000));
    const std::string told = finished(disk, at(9000));
    CHECK(told.find("20") == std::string::npos);
    CHECK(told == "0 to 9; ");
}

TEST_CASE("a write that takes longer than a period does not end early, and the next waits for it") {
    Disk disk(small_disk());
    disk.append(at(300), 0, 10, 1'500'000);
    disk.append(at(1200), 1, 5, 1'000);
    CHECK(disk.tick(at(2000)) == at(3501)); // More than a fifth is dirty: at once.
    disk.append(at(2100), 0, 20, 500'000);
    CHECK(disk.tick(at(3000)) == at(4001));
    CHECK(finished(disk, at(3500)).empty());
    CHECK(finished(disk, at(3501)) == "0 to 10; 1 to 5; ");
    CHECK(finished(disk, at(4001)) == "0 to 20; ");
}

TEST_CASE("an fsync takes what is dirty of its log, its own time, and waits for its turn") {
    DiskSpec spec = small_disk();
    spec.fsync = milliseconds(2);
    Disk disk(spec);
    disk.append(at(300), 0, 10, 50'000);
    disk.append(at(400), 1, 5, 10'000);
    CHECK(disk.sync(at(500), 0, 10) == at(552));
    CHECK(disk.sync(at(501), 1, 5) == at(564));
    CHECK(finished(disk, at(600)) == "0 to 10 by fsync; 1 to 5 by fsync; ");
    CHECK(disk.next_tick(at(600)) == Time::never()); // Nothing is dirty any more.
    CHECK(disk.sync(at(700), 0, 10) == at(702));
    // For data that will be appended when it is done.
    CHECK(disk.sync_ahead(at(800), 0, 30'000) == at(832));
}

TEST_CASE("what was appended last is cached, as much as fits the page cache") {
    Disk disk(small_disk());
    Offset end = 0;
    for (int k = 0; k < 30; ++k) { // Logs 0 and 1 in turn, 3 MB; a megabyte of it stays.
        disk.append(at(k), 0, end + 50, 50'000);
        disk.append(at(k), 1, end + 50, 50'000);
        end += 50;
    }
    for (const std::uint32_t log : {0U, 1U}) { // 50 offsets are 50 kB of a log: 500 of each.
        CHECK(disk.cached_from(log) >= end - 550);
        CHECK(disk.cached_from(log) <= end - 450);
    }
    CHECK(disk.cached_from(2) == 0);
    // What others write pushes out a log that nobody writes to.
    for (int k = 0; k < 25; ++k)
        disk.append(at(100 + k), 1, end += 50, 50'000);
    CHECK(disk.cached_from(0) == 1500);
    disk.lose_power();
    CHECK(disk.cached_from(1) == end);
    disk.truncate(1, end - 200);
    disk.append(at(200), 1, end - 100, 50'000);
    CHECK(disk.cached_from(1) == end - 200);
}

TEST_CASE("reads wait for each other, and for nothing when there is nothing to read") {
    Disk disk(small_disk());
    CHECK(disk.read(at(5), 0) == at(5));
    CHECK(disk.read(at(5), 1'000'000) == at(505));
    CHECK(disk.read(at(6), 2'000) == at(506));
}

TEST_CASE("after a clean stop nothing is dirty") {
    Disk disk(small_disk());
    disk.append(at(300), 0, 10, 500'000);
    disk.clean_all();
    CHECK(disk.next_tick(at(400)) == Time::never());
    CHECK(disk.append(at(400), 0, 20, 1'000) == at(400));
}

TEST_CASE("reading takes its bytes at the device's pace; no bandwidth means no time") {
    CHECK(Disk(small_disk()).read_time(3'000'000) == milliseconds(1500));
    CHECK(Disk(small_disk()).read_time(0) == Duration{});
    DiskSpec fast = small_disk();
    fast.read = 0;
    CHECK(Disk(fast).read_time(1'000'000'000) == Duration{});
    fast.read = 20'000'000'000; // Beyond what fits a product of nanoseconds.
    const Duration long_read = Disk(fast).read_time(std::int64_t{1} << 40);
    CHECK(long_read >= Duration{54'975'581'000});
    CHECK(long_read <= Duration{54'975'581'389});
}

TEST_CASE("a slow disk takes longer for everything, until it is over") {
    Disk disk(small_disk());
    disk.append(at(0), 0, 10, 100'000);
    disk.slow_down(1, 2 * Ratio::one, std::nullopt);
    CHECK(disk.sync(at(0), 0, 10) == at(204)); // (100 ms + 2 ms) · 2.
    CHECK(disk.read(at(0), 200'000) == at(200));
    disk.slow_down(2, 0, 500'000); // Writes at half the rate on top of that.
    disk.append(at(1000), 0, 20, 100'000);
    CHECK(disk.sync(at(1000), 0, 20) == at(1404));
    disk.hurry(1);
    disk.append(at(2000), 0, 30, 100'000);
    CHECK(disk.sync(at(2000), 0, 30) == at(2202));
    disk.hurry(2);
    CHECK(disk.read(at(3000), 200'000) == at(3100));
}

TEST_CASE("a stalled disk finishes nothing, and goes on where it stood") {
    Disk disk(small_disk());
    disk.append(at(0), 0, 10, 100'000);
    CHECK(disk.sync(at(0), 0, 10) == at(102));
    disk.stall(at(50));
    CHECK(disk.next_done() == Time::never());
    CHECK(disk.append(at(60), 1, 10, 1000) == Time::never());
    CHECK(disk.next_tick(at(60)) == Time::never());
    CHECK(disk.sync(at(70), 1, 10) == Time::never());
    CHECK(disk.read(at(80), 200'000) == Time::never());
    CHECK(finished(disk, at(500)) == "");
    disk.stall(at(600)); // By a second fault.
    disk.go_on(at(1000));
    CHECK(disk.stalled());
    disk.go_on(at(1050)); // It has stood still for a second.
    CHECK(disk.next_done() == at(1102));
    CHECK(finished(disk, at(1102)) == "0 to 10 by fsync; ");
    CHECK(finished(disk, at(1105)) == "1 to 10 by fsync; ");
    CHECK(disk.reads_done(at(1050)) == at(1150));
    CHECK(disk.append(at(1200), 1, 20, 1000) == at(1200));
}
