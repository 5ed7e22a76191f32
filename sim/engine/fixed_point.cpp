// A series for powers, squaring for logarithms.
#include "engine/fixed_point.hpp"

#include <array>
#include <bit>

namespace brokersim {

namespace {

// 2^f = sum of (f ln 2)^n / n!, Q2.62.
constexpr std::array<std::uint64_t, 20> exp2_terms = {
    0x4000000000000000, 0x2c5c85fdf473de6a, 0x0f5fdeffc162c754, 0x038d611ae09417f1,
    0x009d955b7dd273b9, 0x0015d87fe78a6731, 0x0002861225f0d8f0, 0x00003ff97f8b1161,
    0x0000058b0088e972, 0x0000006d494f4e57, 0x00000007933d4562, 0x000000007a32b1cd,
    0x00000000070ef594, 0x0000000000605864, 0x000000000004c525, 0x000000000000386d,
    0x0000000000000271, 0x0000000000000019, 0x0000000000000000, 0x0000000000000000,
};

} // namespace

std::uint64_t exp2_fraction(std::uint64_t f) {
    std::uint64_t sum = 0;
    for (auto term = exp2_terms.rbegin(); term != exp2_terms.rend(); ++term) {
        sum = *term + multiply_high(f, sum);
    }
    return sum;
}

// A bit at a time: squaring a number doubles its logarithm.
std::uint64_t log2_fixed(std::uint64_t x) {
    const auto whole = static_cast<std::uint32_t>(std::bit_width(x)) - 1;
    std::uint64_t mantissa = x << (63 - whole); // In [1, 2) as Q1.63.
    std::uint64_t result = std::uint64_t{whole} << 57;
    for (std::uint32_t bit = 57; bit-- > 0;) {
        const Wide square = Wide{mantissa} * mantissa; // Q2.126
        const bool doubled = (square >> 127) != 0;
        mantissa = static_cast<std::uint64_t>(square >> (doubled ? 64 : 63));
        if (doubled) result |= std::uint64_t{1} << bit;
    }
    return result;
}

Wide power_of_half(Wide depth, std::uint32_t bits) {
    if ((depth >> 57) >= bits) return 0;
    const auto whole = static_cast<std::uint32_t>(depth >> 57);
    const std::uint64_t fraction = static_cast<std::uint64_t>(depth) << 7;
    if (fraction == 0) return Wide{1} << (bits - whole);
    // 2^-(whole + f) = 2^(1 - f) / 2^(whole + 1).
    return (Wide{exp2_fraction(0 - fraction)} << (bits - 62)) >> (whole + 1);
}

} // namespace brokersim
