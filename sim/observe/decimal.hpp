// Integers as text for people: decimal fractions, times, rates. No locale, no floating point.
#pragma once

#include "brokersim/time.hpp"

#include <cstdint>
#include <string>

namespace brokersim {

/// `value` / `unit` with `digits` (0..9) decimals, rounded half up: decimal(1234, 1000, 2) is
/// "1.23". Requires unit > 0.
std::string decimal(std::int64_t value, std::int64_t unit, int digits);

/// The shortest exact form with a unit: "12.345 ms", "9 s", "0 s".
std::string duration_text(Duration d);

/// A point in time in seconds, with as many decimals as are needed, at most `digits`: "12.5 s".
std::string time_text(Time t, int digits = 9);

/// Millionths of a record per second, as "999.5/s".
std::string rate_text(std::int64_t millionths);

} // namespace brokersim
