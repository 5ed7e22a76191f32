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
    arrivals.begin(Time{} + milliseconds(5250));
    CHECK(arrivals.next() == Time{} + milliseconds(5300));
    arrivals.begin(Time{} + milliseconds(5300));
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

namespace {

RatePoint point(std::int64_t at_ms, std::int64_t per_second, bool ramp = false) {
    return {Time{} + milliseconds(at_ms), {per_second, seconds(1)}, ramp};
}

std::vector<std::int64_t> due_before(Arrivals& arrivals, Time end) {
    std::vector<std::int64_t> due;
    while (arrivals.next() < end) {
        due.push_back(arrivals.next().ns);
        arrivals.take();
    }
    return due;
}

/// Records due until `x`, the n-th of them from 0, on a line from rate a to rate b over `span`.
bool reached(std::int64_t n, std::int64_t x, std::int64_t a, std::int64_t b, std::int64_t span) {
    // a x + (b - a) x^2 / (2 span) >= n, in nanoseconds and records per second.
    const SignedWide left = SignedWide{2} * a * x * span + SignedWide{b - a} * x * x;
    return left >= SignedWide{2} * n * span * 1'000'000'000;
}

} // namespace

TEST_CASE("arrivals: steps of a profile lose and gain nothing") {
    ProducerSpec spec = at_rate(0, seconds(1));
    spec.profile = {point(0, 100), point(1000, 0), point(5000, 3), point(6000, 1000)};
    Arrivals arrivals(spec, 1);
    const std::vector<std::int64_t> due = due_before(arrivals, Time{} + milliseconds(6010));
    REQUIRE(due.size() == 100 + 3 + 10);
    CHECK(due[99] == 990'000'000);
    CHECK(due[100] == 5'000'000'000); // The rate is 0 when record 100 is reached.
    CHECK(due[101] == 5'333'333'333);
    CHECK(due[103] == 6'000'000'000);
    CHECK(due[104] == 6'001'000'000);
}

TEST_CASE("arrivals: on a ramp record n falls due when the integral reaches n, to the nanosecond") {
    struct Ramp {
        std::int64_t from, to, ms;
    };
    for (const Ramp r : {Ramp{0, 1000, 10'000}, Ramp{5000, 0, 2000}, Ramp{100, 101, 60'000},
                         Ramp{7, 30'000, 1000}, Ramp{1'000'000, 3, 10}}) {
        CAPTURE(r.from);
        ProducerSpec spec = at_rate(0, seconds(1));
        spec.profile = {point(0, r.from), point(r.ms, r.to, true)};
        Arrivals arrivals(spec, 1);
        const std::vector<std::int64_t> due = due_before(arrivals, Time{} + milliseconds(r.ms));
        // The area, without the record at its very end.
        CHECK(std::int64_t(due.size()) == ((r.from + r.to) * r.ms + 1999) / 2000);
        bool exact = true;
        for (std::size_t n = 0; n < due.size(); ++n) {
            const auto record = std::int64_t(n);
            exact = exact && !reached(record, due[n] - 1, r.from, r.to, r.ms * 1'000'000) &&
                    reached(record, due[n] + 1, r.from, r.to, r.ms * 1'000'000);
        }
        CHECK((exact || r.from == 0));
    }
}

TEST_CASE("arrivals: a ramp that begins at 0, one that is entered late, one after a restart") {
    ProducerSpec spec = at_rate(0, seconds(1));
    spec.profile = {point(0, 0), point(10'000, 1000, true)};
    Arrivals all(spec, 1);
    CHECK(all.take() == 1);              // At once: n = 0.
    CHECK(all.next().ns == 141'421'356); // 50 t^2 = 1
    all.take();
    CHECK(all.next().ns == 200'000'000);
    all.begin(Time{} + milliseconds(4990));
    CHECK(all.next().ns == 4'991'993'589); // Record 1246: 50 t^2 = 1246.
    spec.start = Time{} + seconds(5);
    Arrivals late(spec, 1);
    CHECK(late.next() == spec.start);
    late.take();
    CHECK(late.next().ns == 5'001'999'600); // 50 (t^2 - 25) = 1
}

TEST_CASE("arrivals: Poisson follows the profile") {
    ProducerSpec spec = at_rate(0, seconds(1));
    spec.poisson = true;
    spec.profile = {point(0, 0), point(10'000, 10'000, true), point(20'000, 100)};
    Arrivals arrivals(spec, 1);
    const std::vector<std::int64_t> due = due_before(arrivals, Time{} + seconds(120));
    std::int64_t half = 0, ramp = 0, flat = 0, low = 0;
    for (const std::int64_t t : due) {
        if (t < 5'000'000'000) ++half;
        ++(t < 10'000'000'000 ? ramp : t < 20'000'000'000 ? flat : low);
    }
    const auto near = [](std::int64_t n, std::int64_t mean) {
        return (n - mean) * (n - mean) < 16 * mean; // Four standard deviations.
    };
    CHECK(near(half, 12'500));
    CHECK(near(ramp, 50'000));
    CHECK(near(flat, 100'000));
    CHECK(near(low, 10'000));
}

TEST_CASE("arrivals: a new rate takes over in the middle of a gap") {
    Arrivals arrivals(at_rate(10, seconds(1)), 1);
    arrivals.take();
    arrivals.take();
    REQUIRE(arrivals.next() == Time{} + milliseconds(200));
    arrivals.change_rate(Time{} + milliseconds(150), Rate{1, seconds(1)});
    CHECK(arrivals.next() == Time{} + milliseconds(650)); // Half of a gap is over.
    arrivals.change_rate(Time{} + milliseconds(600), Rate{0, seconds(1)});
    CHECK(arrivals.next() == Time::never());
    arrivals.change_rate(Time{} + seconds(2), Rate{7, seconds(60)});
    CHECK(arrivals.next().ns == 2'428'571'428); // 0.05 of a gap is left.
    // What was due before stays due, whoever comes late.
    arrivals.change_rate(Time{} + seconds(20), Rate{1000, seconds(1)});
    CHECK(arrivals.next().ns == 2'428'571'428);
    const std::vector<std::int64_t> due = due_before(arrivals, Time{} + milliseconds(20'004));
    // 2.43, 11 and 19.57 s, and what 50 ms are of a gap of 60/7 s.
    REQUIRE(due.size() == 3 + 4);
    CHECK(due[2] == 19'571'428'571);
    CHECK(due[3] == 20'000'950'000);
}

TEST_CASE("arrivals: a new rate of a ramp, before the start, and of Poisson arrivals") {
    ProducerSpec spec = at_rate(0, seconds(1));
    spec.profile = {point(0, 0), point(10'000, 1000, true)};
    spec.start = Time{} + seconds(1);
    Arrivals ramp(spec, 1);
    ramp.change_rate(Time{} + milliseconds(2001), Rate{10, seconds(1)});
    // At 2.001 s the level is 50 (2.001^2 - 1) = 150.20005.
    const std::vector<std::int64_t> due = due_before(ramp, Time{} + milliseconds(2200));
    REQUIRE(due.size() == 151 + 2);
    CHECK(due[151] == 2'080'995'000);
    Arrivals early(at_rate(1, seconds(1)), 1);
    early.change_rate(Time{}, Rate{4, seconds(1)});
    early.take();
    CHECK(early.next() == Time{} + milliseconds(250));
    ProducerSpec random = at_rate(10, seconds(1));
    random.poisson = true;
    Arrivals poisson(random, 1);
    due_before(poisson, Time{} + seconds(10));
    poisson.change_rate(Time{} + seconds(10), Rate{10'000, seconds(1)});
    CHECK(poisson.next() >= Time{} + seconds(10));
    const std::size_t many = due_before(poisson, Time{} + seconds(11)).size();
    CHECK(many > 9600);
    CHECK(many < 10'400);
}

TEST_CASE("arrivals: back to the load as it was meant to be, in the middle of a ramp too") {
    ProducerSpec spec = at_rate(0, seconds(1));
    spec.profile = {point(0, 0), point(10'000, 10, true), point(20'000, 1)};
    Arrivals arrivals(spec, 1);
    const Arrivals usual = arrivals;
    arrivals.change_rate(Time{} + milliseconds(4000), Rate{3, seconds(60)});
    arrivals.change_rate(Time{} + milliseconds(6000), Rate{0, seconds(1)});
    arrivals.change_rate(Time{} + milliseconds(7000), {});
    const std::vector<std::int64_t> due = due_before(arrivals, Time{} + seconds(22));
    // 0.5 t^2: 8 until 4 s, 0.1 until 6 s, 0 until 7 s, then 25.5 until 10 s, 100 and 2.
    REQUIRE(due.size() == 8 + 128);
    CHECK(due[7] == 3'741'657'386); // Record 7.
    CHECK(due[8] == 4'000'000'000);
    CHECK(due[9] == 7'127'411'872);   // 0.5 t^2 = 24.5 + 0.9
    CHECK(due[34] == 10'040'000'000); // 8.1 + 25.5 + 0.4
    CHECK(due[134] == 20'400'000'000);
    Arrivals at_once = usual;
    at_once.change_rate(Time{} + seconds(2), {});
    Arrivals never = usual;
    CHECK(due_before(at_once, Time{} + seconds(22)) == due_before(never, Time{} + seconds(22)));
}

TEST_CASE("arrivals: a closed loop has its number outstanding, and one more for each completed") {
    ProducerSpec spec;
    spec.closed_loop = 5;
    spec.start = Time{} + seconds(1);
    spec.count = 9;
    Arrivals arrivals(spec, 1);
    CHECK(arrivals.next() == spec.start);
    CHECK(arrivals.take() == 5);
    CHECK(arrivals.next() == Time::never());
    arrivals.completed(2, Time{} + seconds(2));
    arrivals.completed(1, Time{} + seconds(3));
    CHECK(arrivals.next() == Time{} + seconds(2));
    CHECK(arrivals.take() == 2);
    CHECK(arrivals.next() == Time{} + seconds(3));
    CHECK(arrivals.take() == 1);
    arrivals.begin(Time{} + seconds(4)); // Again: nothing is outstanding.
    CHECK(arrivals.next() == Time{} + seconds(4));
    CHECK(arrivals.take() == 1); // `count` is reached.
    arrivals.completed(1, Time{} + seconds(5));
    CHECK(arrivals.next() == Time::never());
}
