// Logarithms and powers to the base 2 in fixed point: the same bits everywhere. For tables that are
// made at set-up, not for every draw.
#pragma once

#include "engine/wide.hpp"

#include <cstdint>

namespace brokersim {

/// log2 of x > 0 as Q6.57, rounded down.
std::uint64_t log2_fixed(std::uint64_t x);

/// 2^f for f in [0, 1) as Q0.64; Q2.62, below 2, never falling as f grows.
std::uint64_t exp2_fraction(std::uint64_t f);

/// 2^-depth as Q0.`bits`, of a depth as Q.57. Requires 62 <= bits <= 126.
Wide power_of_half(Wide depth, std::uint32_t bits);

} // namespace brokersim
