// Keys, sizes and poison of the records in the order of send().
#include "client/load_records.hpp"
#include "protocol/record_marks.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace brokersim;

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

TEST_CASE("keys: of a list that names a key twice both are the same key") {
    ProducerSpec spec;
    spec.keys.kind = KeySpec::Kind::list;
    spec.keys.list = {"A", "B", "A"};
    RecordKeys keys(spec, 1);
    CHECK(keys.take_one() == 0);
    CHECK(keys.take_one() == 1);
    CHECK(keys.take_one() == 0);
    CHECK(keys.take_one() == 0);
}

TEST_CASE("keys: Zipf's most frequent key is k0") {
    ProducerSpec spec;
    spec.keys = {KeySpec::Kind::zipf, 1000, {}, 1'100'000'000};
    RecordKeys keys(spec, 1);
    std::vector<RecordKeys::Run> runs;
    const int n = 100'000;
    keys.take(n, runs);
    std::int64_t first = 0, records = 0;
    for (const RecordKeys::Run& run : runs) {
        records += run.count;
        if (run.key == 0) first += run.count;
    }
    double all = 0;
    for (int r = 1; r <= 1000; ++r)
        all += std::pow(r, -1.1);
    CHECK(records == n);
    CHECK(std::abs(static_cast<double>(first) - n / all) < 4 * std::sqrt(n / all));
    CHECK(keys.text(0) == "k0");
}

namespace {

std::vector<std::int64_t> poisoned(const ProducerSpec& spec, std::int32_t count) {
    LoadRecords records(spec, 1);
    std::vector<LoadRecords::Run> runs;
    records.take(count / 2, runs);
    records.take(count - count / 2, runs);
    std::vector<std::int64_t> at;
    std::int64_t position = 0;
    for (const LoadRecords::Run& run : runs) {
        for (std::int32_t k = 0; k < run.count; ++k, ++position) {
            if (run.fails != 0) at.push_back(position);
        }
    }
    CHECK(position == count);
    return at;
}

using Positions = std::vector<std::int64_t>;

} // namespace

TEST_CASE("poison: every N-th, at positions, by key, from 0 in the order of send()") {
    ProducerSpec spec;
    spec.poison.every = 10;
    CHECK(poisoned(spec, 35) == Positions{9, 19, 29});
    spec.poison.at = {0, 17, 17, 29, 40};
    CHECK(poisoned(spec, 35) == Positions{0, 9, 17, 19, 29});
    spec.poison = {};
    spec.keys.kind = KeySpec::Kind::list;
    spec.keys.list = {"A", "B", "C", "A"};
    spec.poison.keys = {"A", "Z"};
    CHECK(poisoned(spec, 8) == Positions{0, 3, 4, 7});
    spec.keys = {KeySpec::Kind::sequence, 12, {}, 0};
    spec.poison.keys = {"k11", "k0", "k01", "k12", "", "k"};
    CHECK(poisoned(spec, 25) == Positions{0, 11, 12, 23, 24});
    spec.poison.fails = 0;
    CHECK(poisoned(spec, 25).empty());
}

TEST_CASE("poison: a ratio, and how often it fails") {
    ProducerSpec spec;
    spec.poison.ratio.ppb = 10'000'000; // 1 %
    const std::size_t n = poisoned(spec, 100'000).size();
    CHECK(n > 870);
    CHECK(n < 1130);
    LoadRecords for_ever(spec, 1);
    std::vector<LoadRecords::Run> runs;
    for_ever.take(1000, runs);
    REQUIRE(runs.size() > 1);
    CHECK(runs[1].fails == RecordMarks::always);
    CHECK(runs[0].count > 1); // Alike records stay together.
    spec.poison.fails = 3;
    LoadRecords thrice(spec, 1);
    runs.clear();
    thrice.take(1000, runs);
    CHECK(runs[1].fails == 3);
}

TEST_CASE("sizes: drawn for each record, a nanosecond is a byte") {
    ProducerSpec spec;
    spec.sizes =
        Distribution{Distribution::Kind::uniform, nanoseconds(100), nanoseconds(2000), {}, {}};
    spec.keys.kind = KeySpec::Kind::list;
    spec.keys.list = {"A", "B"};
    LoadRecords records(spec, 1);
    std::vector<LoadRecords::Run> runs;
    records.take(10'000, runs);
    std::int64_t sum = 0, number = 0;
    bool in_order = true;
    for (const LoadRecords::Run& run : runs) {
        in_order = in_order && run.count == 1 && run.key == number++ % 2;
        in_order = in_order && run.value_bytes >= 100 && run.value_bytes <= 2000;
        sum += run.value_bytes;
    }
    CHECK(in_order);
    CHECK(number == 10'000);
    CHECK(std::abs(static_cast<double>(sum) / 10'000 - 1050) < 4 * 549 / 100.0);
}
