// Random streams: known answers, independence of names, fairness.
#include "engine/random.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <set>

#if __has_include(<Random123/philox.h>)
#include <Random123/philox.h>
#define BS_HAS_RANDOM123
#endif

using namespace brokersim;

namespace {
using Words = std::array<std::uint32_t, 4>;
}

TEST_CASE("Philox4x32-10 gives the known answers of Random123") {
    CHECK(philox_block({0, 0, 0, 0}, {0, 0}) ==
          Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
    CHECK(
        philox_block({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
        Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
    CHECK(
        philox_block({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

#ifdef BS_HAS_RANDOM123
TEST_CASE("Philox4x32-10 agrees with Random123 on ten thousand blocks") {
    Stream random(1, {"test", "philox"});
    bool agrees = true;
    for (int k = 0; k < 10'000; ++k) {
        const std::uint64_t a = random.next(), b = random.next(), c = random.next();
        const auto low = [](std::uint64_t x) { return static_cast<std::uint32_t>(x); };
        const auto high = [](std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); };
        const auto theirs =
            r123::Philox4x32{}({{low(a), high(a), low(b), high(b)}}, {{low(c), high(c)}});
        const Words ours = philox_block({low(a), high(a), low(b), high(b)}, {low(c), high(c)});
        for (std::size_t w = 0; w < 4; ++w)
            agrees = agrees && ours[w] == theirs[w];
    }
    CHECK(agrees);
}
#endif

TEST_CASE("draw i of a stream is half of block i / 2, keyed by seed and name") {
    const std::uint64_t key = stream_key(42, {"link", "b1>b2"});
    Stream stream(42, {"link", "b1>b2"});
    bool agrees = true;
    for (std::uint32_t k = 0; k < 1000; ++k) {
        const Words block = philox_block({k / 2, 0, 0, 0}, {static_cast<std::uint32_t>(key),
                                                            static_cast<std::uint32_t>(key >> 32)});
        const std::size_t half = k % 2 * 2;
        CHECK(stream.drawn() == k);
        agrees = agrees && stream.next() == (std::uint64_t{block[half + 1]} << 32 | block[half]);
    }
    CHECK(agrees);
}

TEST_CASE("keys of streams are what they have always been") {
    CHECK(stream_key(1, {"link", "b1>b2"}) == 0x22493fa486d34171);
    CHECK(stream_key(0, {}) == 0xe220a8397b1dcdaf); // The first output of splitmix64 for seed 0.
}

TEST_CASE("seed, every part of a name and its borders make a different stream") {
    std::set<std::uint64_t> keys;
    std::size_t streams = 0;
    const auto add = [&](std::uint64_t seed, std::initializer_list<std::string_view> name) {
        keys.insert(stream_key(seed, name));
        ++streams;
    };
    for (std::uint64_t seed = 0; seed < 1000; ++seed) {
        add(seed, {"link", "b1>b2"});
        add(seed, {"link", "b2>b1"});
        add(seed, {"link"});
        add(seed, {"lin", "kb1>b2"});
        add(seed, {"link", "b1>b2", ""});
        add(seed, {});
    }
    CHECK(keys.size() == streams);
}

TEST_CASE("a copy of a stream goes on with the same numbers") {
    Stream stream(7, {"copy"});
    for (int k = 0; k < 21; ++k)
        stream.next();
    Stream copy = stream;
    for (int k = 0; k < 100; ++k)
        CHECK(stream.next() == copy.next());
}

TEST_CASE("below is uniform: chi-square over some sizes stays within six deviations") {
    for (const std::uint64_t n : {2U, 3U, 7U, 10U, 1000U}) {
        Stream stream(11, {"below"});
        std::array<std::uint32_t, 1000> seen{};
        const std::uint64_t draws = 200 * n + 100'000;
        for (std::uint64_t k = 0; k < draws; ++k)
            ++seen.at(stream.below(n));
        const double expected = static_cast<double>(draws) / static_cast<double>(n);
        double chi = 0;
        for (std::uint64_t k = 0; k < n; ++k) {
            chi += (seen[k] - expected) * (seen[k] - expected) / expected;
        }
        const auto freedom = static_cast<double>(n - 1);
        CAPTURE(n);
        CHECK((chi - freedom) * (chi - freedom) < 36 * 2 * freedom);
    }
}

TEST_CASE("below rejects what would be unfair") {
    // Of 2^64 numbers a third would fall away unevenly: without rejection, thirds differ by half.
    const std::uint64_t n = std::uint64_t{3} << 62;
    Stream stream(12, {"reject"});
    std::array<std::uint32_t, 3> thirds{};
    for (int k = 0; k < 90'000; ++k)
        ++thirds.at(stream.below(n) >> 62);
    for (const std::uint32_t third : thirds) {
        CHECK(third > 29'000);
        CHECK(third < 31'000);
    }
    CHECK(stream.drawn() > 110'000); // A quarter is drawn again.
}

TEST_CASE("between includes both ends, chance follows its ratio") {
    Stream stream(13, {"between"});
    std::set<std::int64_t> seen;
    for (int k = 0; k < 1000; ++k)
        seen.insert(stream.between(-2, 2));
    CHECK(seen == std::set<std::int64_t>{-2, -1, 0, 1, 2});
    CHECK(stream.between(5, 5) == 5);
    constexpr auto least = std::numeric_limits<std::int64_t>::min();
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    bool negative = false, positive = false;
    for (int k = 0; k < 100; ++k) {
        const std::int64_t any = stream.between(least, most);
        negative = negative || any < 0;
        positive = positive || any > 0;
    }
    CHECK((negative && positive));
    int hits = 0;
    for (int k = 0; k < 100'000; ++k)
        hits += stream.chance(3, 10) ? 1 : 0;
    CHECK(hits > 29'000);
    CHECK(hits < 31'000);
    CHECK_FALSE(stream.chance(0, 10));
    CHECK(stream.chance(10, 10));
}
