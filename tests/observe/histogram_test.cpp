// The integer histogram.
#include "observe/decimal.hpp"
#include "observe/histogram.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

using namespace brokersim;

TEST_CASE("histogram: count, extremes and mean are exact") {
    Histogram histogram;
    histogram.add(1'000'000'007, 3);
    histogram.add(5);
    histogram.add(-2);
    CHECK(histogram.count() == 5);
    CHECK(histogram.min() == 0);
    CHECK(histogram.max() == 1'000'000'007);
    CHECK(histogram.mean() == (3 * 1'000'000'007LL + 5) / 5);
}

TEST_CASE("histogram: quantiles are off by at most a thousandth, small ones by nothing") {
    std::vector<std::int64_t> values;
    Histogram histogram;
    std::uint64_t random = 7;
    for (int k = 0; k < 50'000; ++k) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        const auto value = static_cast<std::int64_t>((random >> 24) >> (random >> 59));
        values.push_back(value);
        histogram.add(value);
    }
    std::sort(values.begin(), values.end());
    for (const std::int64_t per_mille : {1, 100, 500, 950, 990, 999, 1000}) {
        const auto rank = static_cast<std::size_t>((50'000 * per_mille + 999) / 1000 - 1);
        const std::int64_t exact = values[rank];
        const std::int64_t error = std::abs(histogram.quantile(per_mille) - exact);
        CAPTURE(per_mille);
        CHECK(error * 1000 <= exact);
        if (exact < 1024) { CHECK(error == 0); }
    }
}

TEST_CASE("histogram: a mean of many huge values does not overflow") {
    Histogram histogram;
    histogram.add(9'000'000'000'000'000'000, 4'000'000'000);
    histogram.add(9'000'000'000'000'000'000, 4'000'000'000);
    CHECK(histogram.mean() == 9'000'000'000'000'000'000);
}

TEST_CASE("scaled: multiplies beyond 64 bits and saturates") {
    CHECK(scaled(7'000'000'000'000'000'000, 3, 7) == 3'000'000'000'000'000'000);
    CHECK(scaled(9, 1'000'000'000'000'000, 2'000'000'000) == 4'500'000);
    CHECK(scaled(INT64_MAX, INT64_MAX, 1) == INT64_MAX);
}

TEST_CASE("decimal: rounds half up and fills with zeros") {
    CHECK(decimal(1234, 1000, 2) == "1.23");
    CHECK(decimal(1235, 1000, 2) == "1.24");
    CHECK(decimal(999'999, 1'000'000, 2) == "1.00");
    CHECK(decimal(5, 1000, 3) == "0.005");
    CHECK(decimal(-1500, 1000, 1) == "-1.5");
    CHECK(decimal(7, 2, 0) == "4");
    CHECK(decimal(INT64_MAX, 1'000'000'000, 2) == "9223372036.85");
}

TEST_CASE("decimal: durations and times take the unit that fits") {
    CHECK(duration_text({0}) == "0 s");
    CHECK(duration_text({999}) == "999 ns");
    CHECK(duration_text({250'000}) == "250 us");
    CHECK(duration_text({12'345'000}) == "12.345 ms");
    CHECK(duration_text({9'000'000'001}) == "9.000000001 s");
    CHECK(time_text({12'500'000'000}) == "12.5 s");
    CHECK(time_text({12'345'678'901}, 3) == "12.346 s");
    CHECK(rate_text(999'500'000) == "999.5/s");
}
