// Zipf ranks against the law itself.
#include "engine/random.hpp"
#include "engine/zipf.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <vector>

using namespace brokersim;

namespace {

// Where the share of ranks below `rank` ends, by bisection over all uniform numbers.
double share_below(const ZipfTable& table, std::int64_t rank) {
    std::uint64_t low = 0, high = ~std::uint64_t{0};
    while (low < high) {
        const std::uint64_t middle = low + (high - low) / 2;
        if (table.at(middle) >= rank) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return static_cast<double>(low) / 0x1p64;
}

} // namespace

TEST_CASE("zipf: shares are those of the law to a billionth") {
    for (const double exponent : {0.0, 0.5, 1.0, 1.1, 2.0, 7.3}) {
        for (const std::int64_t count : {1, 2, 3, 1000, 100'000}) {
            CAPTURE(exponent);
            CAPTURE(count);
            const ZipfTable table(count, std::llround(exponent * 1e9));
            long double all = 0;
            for (std::int64_t r = 1; r <= count; ++r)
                all += std::pow(static_cast<long double>(r), -static_cast<long double>(exponent));
            long double sum = 0;
            for (std::int64_t r = 0; r < count; ++r) {
                const bool look = r < 20 || r % 9973 == 0 || r == count - 1;
                if (look)
                    CHECK(std::abs(share_below(table, r) - static_cast<double>(sum / all)) < 1e-9);
                sum +=
                    std::pow(static_cast<long double>(r + 1), -static_cast<long double>(exponent));
            }
        }
    }
}

TEST_CASE("zipf: ranks grow with the uniform number, from the first to the last") {
    const ZipfTable table(5000, 1'100'000'000);
    CHECK(table.at(0) == 0);
    CHECK(table.at(~std::uint64_t{0}) == 4999);
    std::int64_t last = 0;
    bool grows = true;
    for (std::uint64_t k = 0; k < 100'000; ++k) {
        const std::int64_t rank = table.at(k * (~std::uint64_t{0} / 100'000));
        grows = grows && rank >= last;
        last = rank;
    }
    CHECK(grows);
}

TEST_CASE("zipf: draws have its shape, and the same bits everywhere") {
    const ZipfTable table(1000, 1'000'000'000);
    Stream stream(7, {"test", "zipf"});
    std::vector<std::int64_t> seen(1000);
    std::uint64_t hash = 0xcbf29ce484222325;
    const std::int64_t draws = 1'000'000;
    for (std::int64_t k = 0; k < draws; ++k) {
        const std::int64_t rank = table.at(stream.next());
        ++seen[static_cast<std::size_t>(rank)];
        hash = (hash ^ static_cast<std::uint64_t>(rank)) * 0x100000001b3;
    }
    CHECK(hash == 0xf6d804b4228c139f);
    double all = 0, chi = 0;
    for (int r = 1; r <= 1000; ++r)
        all += 1.0 / r;
    for (std::size_t r = 0; r < seen.size(); ++r) {
        const double expected = static_cast<double>(draws) / static_cast<double>(r + 1) / all;
        chi += std::pow(static_cast<double>(seen[r]) - expected, 2) / expected;
    }
    CHECK(std::abs(chi - 999) < 4 * std::sqrt(2 * 999.0));
}
