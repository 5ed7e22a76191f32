// Counts the allocations of this program: a steady state has none.
#pragma once

#include <cstdint>

namespace brokersim::bench {

/// How often operator new was called so far.
std::uint64_t allocations();

} // namespace brokersim::bench
