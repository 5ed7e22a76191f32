// Text of integers beyond 64 bits.
#include "observe/wide.hpp"

#include <algorithm>
#include <limits>

namespace brokersim {

void WideSum::add_long(std::uint64_t a, std::uint64_t b) {
    constexpr std::uint64_t half = 0xffffffff;
    const std::uint64_t low = (a & half) * (b & half);
    const std::uint64_t left = (a >> 32) * (b & half) + (low >> 32);
    const std::uint64_t right = (a & half) * (b >> 32) + (left & half);
    const std::uint64_t sum = low_ + ((right << 32) | (low & half));
    high_ += (a >> 32) * (b >> 32) + (left >> 32) + (right >> 32) + (sum < low_ ? 1 : 0);
    low_ = sum;
}

std::uint64_t WideSum::divided_by(std::uint64_t divisor) const {
    if (high_ >= divisor) { return std::numeric_limits<std::uint64_t>::max(); }
    std::uint64_t rest = high_;
    std::uint64_t quotient = 0;
    for (int bit = 63; bit >= 0; --bit) { // long division, one binary digit at a time
        const bool carry = (rest >> 63) != 0;
        rest = (rest << 1) | ((low_ >> bit) & 1);
        quotient <<= 1;
        if (carry || rest >= divisor) {
            rest -= divisor;
            quotient |= 1;
        }
    }
    return quotient;
}

std::int64_t scaled(std::int64_t a, std::int64_t b, std::int64_t c) {
    WideSum product;
    product.add(static_cast<std::uint64_t>(a), static_cast<std::uint64_t>(b));
    const std::uint64_t result = product.divided_by(static_cast<std::uint64_t>(c));
    return static_cast<std::int64_t>(
        std::min(result, static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())));
}

} // namespace brokersim
