// When records fall due, and their keys.
#include "client/arrivals.hpp"

#include <doctest/doctest.h>

using namespace brokersim;

namespace {

ProducerSpec at_rate(std::int64_t count, Duration per) {
    ProducerSpec spec;
    spec.name = "shop";
    spec.rate = {count, per};
    return spec;
}

} // namespace

TEST_CASE("arrivals: a constant rate does not drift") {
    Arrivals arrivals(at_rate(3, seconds(1)), 1);
    std::int64_t records = 0;
    Time last;
    for (; arrivals.next() < Time{} + seconds(1000); records += arrivals.take()) {
        last = arrivals.next();
    }
    CHECK(records == 3000);
    CHECK(last.ns == 999'666'666'666);
    CHECK(arrivals.next() == Time{} + seconds(1000));
}

TEST_CASE(
    "arrivals: bursts keep the rate of records; stop is exclusive; count cuts the last burst") {
    ProducerSpec spec = at_rate(100, seconds(1));
    spec.burst = 40;
    spec.start = Time{} + seconds(1);
    spec.stop = Time{} + milliseconds(1800);
    Arrivals arrivals(spec, 1);
    CHECK(arrivals.next() == Time{} + seconds(1));
    CHECK(arrivals.take() == 40);
    CHECK(arrivals.next() == Time{} + milliseconds(1400));
    CHECK(arrivals.take() == 40);
    CHECK(arrivals.next() == Time::never());

    spec.stop.reset();
    spec.count = 50;
    Arrivals counted(spec, 1);
    CHECK(counted.take() == 40);
    CHECK(counted.take() == 10);
    CHECK(counted.next() == Time::never());
}

TEST_CASE("arrivals: after a restart go on with what falls due from then on") {
    Arrivals arrivals(at_rate(10, seconds(1)), 1);
    arrivals.take();
    arrivals.skip_to(Time{} + milliseconds(5250));
    CHECK(arrivals.next() == Time{} + milliseconds(5300));
    arrivals.skip_to(Time{} + milliseconds(5300));
    CHECK(arrivals.next() == Time{} + milliseconds(5300));
}

TEST_CASE("arrivals: Poisson begins after a first draw and keeps the mean") {
    ProducerSpec spec = at_rate(1000, seconds(1));
    spec.poisson = true;
    Arrivals arrivals(spec, 1);
    CHECK(arrivals.next() > Time{});
    std::int64_t records = 0;
    while (arrivals.next() < Time{} + seconds(100)) {
        records += arrivals.take();
    }
    CHECK(records > 99'000);
    CHECK(records < 101'000);
}

TEST_CASE("arrivals: no rate, no records") {
    CHECK(Arrivals(at_rate(0, seconds(1)), 1).next() == Time::never());
}

TEST_CASE(
    "keys: lists and sequences go round in order, and equal keys of a burst are put together") {
    ProducerSpec spec;
    spec.keys.kind = KeySpec::Kind::list;
    spec.keys.list = {"A", "B", "C"};
    RecordKeys keys(spec, 1);
    std::vector<RecordKeys::Run> runs;
    keys.take(2, runs);
    keys.take(4, runs);
    REQUIRE(runs.size() == 5);
    CHECK(keys.text(runs[0].key) == "A");
    CHECK(keys.text(runs[1].key) == "B");
    CHECK(keys.text(runs[2].key) == "C");
    CHECK(runs[2].count == 2); // C, A, B, C
    CHECK(keys.text(runs[3].key) == "A");
    CHECK(runs[3].count == 1);
    CHECK(keys.text(runs[4].key) == "B");

    spec.keys.kind = KeySpec::Kind::sequence;
    spec.keys.count = 12;
    RecordKeys sequence(spec, 1);
    runs.clear();
    sequence.take(12, runs);
    CHECK(sequence.text(runs[11].key) == "k11");
}

TEST_CASE("keys: uniform ones come from all of them, none from nowhere") {
    ProducerSpec spec;
    spec.keys.kind = KeySpec::Kind::uniform;
    spec.keys.count = 4;
    RecordKeys keys(spec, 1);
    std::vector<RecordKeys::Run> runs;
    keys.take(4000, runs);
    std::int64_t of[4] = {};
    for (const RecordKeys::Run& run : runs) {
        of[run.key] += run.count;
    }
    for (const std::int64_t n : of) {
        CHECK(n > 900);
        CHECK(n < 1100);
    }
    RecordKeys none(ProducerSpec{}, 1);
    runs.clear();
    none.take(7, runs);
    REQUIRE(runs.size() == 1);
    CHECK(runs[0].key == RecordKeys::none);
    CHECK(runs[0].count == 7);
}
