// Units: every spelling, the boundaries, and back.
#include "scenario/units.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace brokersim;

TEST_CASE("units: durations are exact") {
    const auto ns = [](const std::string& text) {
        return duration_of(text).value.value_or(Duration{-1}).ns;
    };
    CHECK(ns("0s") == 0);
    CHECK(ns("1ns") == 1);
    CHECK(ns("250us") == 250'000);
    CHECK(ns("1.5s") == 1'500'000'000);
    CHECK(ns("1.000000001s") == 1'000'000'001);
    CHECK(ns("2min") == 120'000'000'000);
    CHECK(ns("0.5h") == 1'800'000'000'000);
    CHECK(ns("1d") == 86'400'000'000'000);
    CHECK(ns("007ms") == 7'000'000);
    CHECK(ns("1.50000000000000000000000000000000000s") == 1'500'000'000);
    CHECK(ns("9223372036854775807ns") == 9'223'372'036'854'775'807);
    CHECK(ns("106751d") == 9'223'286'400'000'000'000);
}

TEST_CASE("units: what is no duration is refused") {
    for (const char* text : {"",
                             "10",
                             "s",
                             ".5s",
                             "10.s",
                             "1e3s",
                             "+1s",
                             "-1s",
                             " 1s",
                             "1 s",
                             "1s ",
                             "1h30m",
                             "10m",
                             "10S",
                             "1,5s",
                             "0x1s",
                             "1s2s",
                             "10sec",
                             "\xc2\xb5s",
                             "nans",
                             "1.5ns",
                             "0.1ns",
                             "1.0000000005s",
                             "9223372036854775808ns",
                             "106752d",
                             "2562048h",
                             "99999999999999999999999999999s",
                             "0.0000000000000000000000000000001d"}) {
        CAPTURE(text);
        CHECK_FALSE(duration_of(text).value);
        CHECK_FALSE(duration_of(text).error.empty());
    }
}

TEST_CASE("units: sizes and bandwidths") {
    CHECK(size_of("0B").value == 0);
    CHECK(size_of("1.5KiB").value == 1536);
    CHECK(size_of("1.5KB").value == 1500);
    CHECK(size_of("8GiB").value == std::int64_t{8} << 30);
    CHECK(size_of("0.5GB").value == 500'000'000);
    CHECK_FALSE(size_of("0.5B").value);
    CHECK_FALSE(size_of("1QiB").value);
    CHECK_FALSE(size_of("1kB").value);
    CHECK_FALSE(size_of("9999999999999GiB").value);
    CHECK_FALSE(size_of("8GiB/s").value);
    CHECK(bandwidth_of("100MB/s").value == 100'000'000);
    CHECK(bandwidth_of("10Gbit/s").value == 1'250'000'000);
    CHECK(bandwidth_of("8kbit/s").value == 1000);
    CHECK(bandwidth_of("0.008kbit/s").value == 1);
    CHECK(bandwidth_of("unlimited").value == 0);
    CHECK_FALSE(bandwidth_of("0B/s").value);
    CHECK_FALSE(bandwidth_of("0.004kbit/s").value);
    CHECK_FALSE(bandwidth_of("10Gbit").value);
    CHECK_FALSE(bandwidth_of("10Gbit/min").value);
}

TEST_CASE("units: rates are reduced ratios") {
    const auto rate = [](const std::string& text) {
        return rate_of(text).value.value_or(Rate{-1, {}});
    };
    CHECK(rate("1000/s").count == 1);
    CHECK(rate("1000/s").per == milliseconds(1));
    CHECK(rate("0.5/s").count == 1);
    CHECK(rate("0.5/s").per == seconds(2));
    CHECK(rate("90/min").count == 3);
    CHECK(rate("90/min").per == seconds(2));
    CHECK(rate("0/s").count == 0);
    CHECK(rate("1000000000/s").per == nanoseconds(1));
    CHECK(rate("0.000001/h").count == 1);
    for (const char* text : {"100", "/s", "s/100", "1/s/s", "-1/s", "1e2/s", ".5/s", "5./s",
                             "inf/s", "1000000001/s", "0.0000001/s", "1/d"}) {
        CAPTURE(text);
        CHECK_FALSE(rate_of(text).value);
    }
}

TEST_CASE("units: costs and ratios") {
    CHECK(cost_of("0.1ns").value == 100'000);
    CHECK(cost_of("0.000125ns").value == 125);
    CHECK(cost_of("1us").value == 1'000'000'000);
    CHECK_FALSE(cost_of("0.0001255ns").value);
    CHECK_FALSE(cost_of("1").value);
    CHECK(percent_of("0.1%").value == 1'000'000);
    CHECK(percent_of("100%").value == 1'000'000'000);
    CHECK_FALSE(percent_of("100.1%").value);
    CHECK_FALSE(percent_of("-1%").value);
    CHECK(ratio_of("1").value == 1'000'000'000);
    CHECK(ratio_of("0.000000001").value == 1);
    CHECK_FALSE(ratio_of("0.0000000001").value);
    CHECK_FALSE(ratio_of("1.5").value);
    CHECK_FALSE(ratio_of("1e-3").value);
}

TEST_CASE("units: what is spelled reads back as the same") {
    for (const std::int64_t ns :
         {std::int64_t{0}, std::int64_t{1}, std::int64_t{999}, std::int64_t{1'000},
          std::int64_t{1'500'000'000}, std::int64_t{86'400'000'000'000},
          std::int64_t{9'223'372'036'854'775'807}}) {
        CHECK(duration_of(spell(Duration{ns})).value == Duration{ns});
    }
    for (const std::int64_t bytes : {std::int64_t{0}, std::int64_t{1}, std::int64_t{1536},
                                     std::int64_t{1'250'000'000}, std::int64_t{8} << 30}) {
        CHECK(size_of(spell_size(bytes)).value == bytes);
    }
    CHECK(spell(Duration{}) == "0s");
    CHECK(spell(seconds(90)) == "90s");
    CHECK(spell_bandwidth(0) == "unlimited");
    CHECK(spell_cost(100'000) == "0.1ns");
    for (const char* text :
         {"1000/s", "0.5/s", "90/min", "0/s", "1000000000/s", "0.000001/h", "7/h"}) {
        const Rate rate = *rate_of(text).value;
        const Rate again = *rate_of(spell(rate)).value;
        CAPTURE(text);
        CHECK(again.count == rate.count);
        CHECK(again.per == rate.per);
    }
}

TEST_CASE("units: mul_div does not overflow between") {
    CHECK(mul_div(9'000'000'000'000'000'000, 1'000'000, 1'000'000) == 9'000'000'000'000'000'000);
    CHECK(mul_div(7, 3, 2) == 10);
    CHECK(mul_div(9'000'000'000'000'000'000, 3, 2) == 9'223'372'036'854'775'807);
}
