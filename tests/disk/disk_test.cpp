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

std::string finished(Disk& disk) {
    std::string text;
    for (const Disk::Flushed& done : disk.finish()) {
        text += std::to_string(done.log) + " to " + std::to_string(done.to) + "; ";
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
    CHECK(finished(disk) == "0 to 10; ");
    CHECK(disk.next_tick(at(6100)) == Time::never());
}

TEST_CASE("only what is old enough is written, each log up to where it stood then") {
    Disk disk(small_disk());
    disk.append(at(300), 0, 10, 1'000);
    disk.append(at(400), 1, 5, 1'000);
    disk.append(at(700), 0, 12, 1'000);
    disk.append(at(1200), 0, 20, 1'000); // The next period's.
    CHECK(disk.tick(at(6000)) == at(6003));
    CHECK(finished(disk) == "0 to 12; 1 to 5; ");
    CHECK(disk.tick(at(7000)) == at(7001));
    CHECK(finished(disk) == "0 to 20; ");
}

TEST_CASE("with too much dirty data the flusher takes everything of past periods") {
    Disk disk(small_disk());
    disk.append(at(300), 0, 10, 250'000);
    disk.append(at(1100), 0, 20, 1'000);
    CHECK(disk.tick(at(1500)) == at(1750)); // Not what came in this period.
    CHECK(finished(disk) == "0 to 10; ");
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
    const std::string told = finished(disk);
    CHECK(told.find("20") == std::string::npos);
    CHECK(told == "0 to 9; ");
}

TEST_CASE("after a clean stop nothing is dirty") {
    Disk disk(small_disk());
    disk.append(at(300), 0, 10, 500'000);
    disk.forget();
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
