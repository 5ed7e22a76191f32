// Quantities with units, as scenarios write them: exact decimal arithmetic into integers, and back.
#pragma once

#include "brokersim/scenario.hpp"
#include "brokersim/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace brokersim {

/// A quantity or the sentence that says why it is none.
template <class T>
struct Parsed {
    std::optional<T> value;
    std::string error;
};

/// "1.5s": `ns us ms s min h d`; whole nanoseconds only.
Parsed<Duration> duration_of(std::string_view text);
/// "10KiB": `B KB MB GB KiB MiB GiB`; whole bytes only.
Parsed<std::int64_t> size_of(std::string_view text);
/// "100MB/s", "10Gbit/s", "unlimited" (= 0); more than 0.
Parsed<Bandwidth> bandwidth_of(std::string_view text);
/// "1000/s": `/s /min /h`, up to 10^9 per second; an exact, reduced ratio.
Parsed<Rate> rate_of(std::string_view text);
/// "0.1ns" per byte, in millionths of a nanosecond.
Parsed<std::int64_t> cost_of(std::string_view text);
/// "0.1%" in billionths.
Parsed<std::int64_t> percent_of(std::string_view text);
/// 0…1 as a JSON number, with at most 9 decimals, in billionths.
Parsed<std::int64_t> ratio_of(std::string_view number);

/// A JSON number from 0 on with at most 9 decimals, in billionths.
Parsed<std::int64_t> decimal_billionths(std::string_view number);

/// "P1DT2H3.5S" as Duration.parse of Java reads it, but not negative; the longest Duration where it
/// is beyond.
Parsed<Duration> iso_duration_of(std::string_view text);
/// "PT3.5S".
std::string spell_iso(Duration d);

/// The shortest spelling that reads back as the same value.
std::string spell(Duration d);
std::string spell_size(std::int64_t bytes);
std::string spell_bandwidth(Bandwidth b);
std::string spell(Rate r);
std::string spell_cost(std::int64_t millionths);
std::string spell_percent(std::int64_t billionths);
/// As a JSON number.
std::string spell_billionths(std::int64_t billionths);

/// a × b ÷ c rounded down, without overflow between; the largest int64 where the result is beyond.
/// Requires a, b ≥ 0, c > 0.
std::int64_t mul_div(std::int64_t a, std::int64_t b, std::int64_t c);

} // namespace brokersim
