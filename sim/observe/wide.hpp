// Integers that outgrow 64 bits for a moment: sums of times, rates.
#pragma once

#include <cstdint>

namespace brokersim {

/// An unsigned sum of 128 bits.
class WideSum {
public:
    /// Adds a × b.
    void add(std::uint64_t a, std::uint64_t b) {
        if ((a | b) >> 32 != 0) { return add_long(a, b); }
        low_ += a * b;
        high_ += low_ < a * b ? 1 : 0;
    }
    /// The sum divided by `divisor`, rounded down; the largest number if it does not fit.
    /// Requires divisor > 0.
    std::uint64_t divided_by(std::uint64_t divisor) const;

private:
    void add_long(std::uint64_t a, std::uint64_t b);

    std::uint64_t high_ = 0, low_ = 0;
};

/// a × b / c, rounded down, none of them negative, c > 0; saturates.
std::int64_t scaled(std::int64_t a, std::int64_t b, std::int64_t c);

} // namespace brokersim
