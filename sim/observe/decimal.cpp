// Decimal fractions, times and rates as text, out of integers.
#include "observe/decimal.hpp"

#include "observe/wide.hpp"

#include <algorithm>
#include <cstddef>

namespace brokersim {

namespace {

std::int64_t power_of_ten(int n) {
    std::int64_t power = 1;
    for (; n > 0; --n) {
        power *= 10;
    }
    return power;
}

/// Takes zeros (and a point) off the end of a fraction.
std::string trimmed(std::string text) {
    if (text.find('.') == std::string::npos) { return text; }
    while (text.back() == '0') {
        text.pop_back();
    }
    if (text.back() == '.') { text.pop_back(); }
    return text;
}

} // namespace

std::string decimal(std::int64_t value, std::int64_t unit, int digits) {
    const bool negative = value < 0;
    const std::int64_t size = negative ? -value : value;
    const std::int64_t scale = power_of_ten(digits);
    std::int64_t whole = size / unit;
    // The rest is below `unit`, so twice it times the scale fits into what scaled() computes with.
    std::int64_t fraction = scaled(size % unit, scale, unit);
    const std::int64_t finer = scaled(size % unit, 2 * scale, unit);
    fraction += finer - 2 * fraction; // 1 where the next half is reached
    if (fraction == scale) {
        ++whole;
        fraction = 0;
    }
    std::string text;
    if (negative && (whole != 0 || fraction != 0)) { text += '-'; }
    text += std::to_string(whole);
    if (digits == 0) { return text; }
    const std::string behind = std::to_string(fraction);
    return text + "." + std::string(static_cast<std::size_t>(digits) - behind.size(), '0') + behind;
}

std::string duration_text(Duration d) {
    const std::int64_t size = d.ns < 0 ? -d.ns : d.ns;
    if (size == 0) { return "0 s"; }
    if (size < 1'000) { return decimal(d.ns, 1, 0) + " ns"; }
    if (size < 1'000'000) { return trimmed(decimal(d.ns, 1'000, 3)) + " us"; }
    if (size < 1'000'000'000) { return trimmed(decimal(d.ns, 1'000'000, 6)) + " ms"; }
    return trimmed(decimal(d.ns, 1'000'000'000, 9)) + " s";
}

std::string time_text(Time t, int digits) {
    return trimmed(decimal(t.ns, 1'000'000'000, digits)) + " s";
}

std::string rate_text(std::int64_t millionths) {
    return trimmed(decimal(millionths, 1'000'000, 6)) + "/s";
}

} // namespace brokersim
