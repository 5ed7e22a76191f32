// 128-bit products, for fixed-point arithmetic without rounding surprises.
#pragma once

#include <cstdint>

namespace brokersim {

__extension__ typedef unsigned __int128 Wide;
__extension__ typedef __int128 SignedWide;

/// The high half of a × b: b scaled by the fraction a / 2^64.
constexpr std::uint64_t multiply_high(std::uint64_t a, std::uint64_t b) {
    return static_cast<std::uint64_t>((Wide{a} * b) >> 64);
}

} // namespace brokersim
