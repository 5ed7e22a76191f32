// Sets and maps of ranges.
#include "observe/ranges.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>

using namespace brokersim;

namespace {

std::string text(const Ranges<int>& ranges) {
    std::string out;
    for (const auto& range : ranges) {
        out.append("[").append(std::to_string(range.first)).append(",");
        out.append(std::to_string(range.end)).append(")=");
        out.append(std::to_string(range.value)).append(" ");
    }
    return out;
}

} // namespace

TEST_CASE("ranges: neighbours with equal values melt, others stay apart") {
    Ranges<int> ranges;
    ranges.put(0, 3, 1);
    ranges.put(3, 5, 1);
    ranges.put(5, 6, 2);
    ranges.put(8, 9, 2);
    CHECK(text(ranges) == "[0,5)=1 [5,6)=2 [8,9)=2 ");
    ranges.put(6, 8, 2);
    CHECK(text(ranges) == "[0,5)=1 [5,9)=2 ");
    ranges.put(2, 7, 3);
    CHECK(text(ranges) == "[0,2)=1 [2,7)=3 [7,9)=2 ");
    ranges.erase(3, 4);
    CHECK(text(ranges) == "[0,2)=1 [2,3)=3 [4,7)=3 [7,9)=2 ");
}

TEST_CASE("ranges: pieces cover everything that is asked for, gaps too") {
    Ranges<int> ranges;
    ranges.put(2, 4, 7);
    ranges.put(6, 8, 9);
    std::string out;
    ranges.pieces(0, 10, [&](std::int64_t a, std::int64_t b, const int* v) {
        out += std::to_string(a) + "-" + std::to_string(b) + ":" +
               (v ? std::to_string(*v) : "none") + " ";
    });
    CHECK(out == "0-2:none 2-4:7 4-6:none 6-8:9 8-10:none ");
}

TEST_CASE("ranges: behave like an array with a value for every number") {
    Ranges<int> ranges;
    std::array<int, 64> plain{};
    std::uint64_t random = 1;
    const auto draw = [&](int n) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        return static_cast<int>((random >> 33) % static_cast<std::uint64_t>(n));
    };
    for (int round = 0; round < 20'000; ++round) {
        const int a = draw(63);
        const int b = a + 1 + draw(64 - a - 1 > 0 ? 64 - a - 1 : 1);
        const int v = draw(4); // 0: take away
        if (round % 50 == 0) { ranges.erase(0, 64), plain.fill(0); }
        v == 0 ? ranges.erase(a, b) : ranges.put(a, b, v);
        for (int k = a; k < b; ++k) {
            plain[static_cast<std::size_t>(k)] = v;
        }
        std::array<int, 64> seen{};
        std::int64_t last = -1;
        int before = 0;
        for (const auto& range : ranges) {
            REQUIRE(range.first < range.end);
            REQUIRE((range.first > last || (range.first == last && range.value != before)));
            for (auto k = range.first; k < range.end; ++k) {
                seen[static_cast<std::size_t>(k)] = range.value;
            }
            last = range.end;
            before = range.value;
        }
        REQUIRE(seen == plain);
        const bool hit =
            std::any_of(plain.begin() + a, plain.begin() + b, [](int x) { return x != 0; });
        REQUIRE(ranges.hits(a, b) == hit);
    }
}
