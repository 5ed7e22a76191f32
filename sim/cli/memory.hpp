// How much memory the program has asked for. Counted in `operator new`, not by the system, so that
// a run that ends at --max-memory ends at the same event every time.
#pragma once

#include <cstdint>

namespace brokersim {

/// Bytes asked for and not given back.
std::int64_t memory_in_use();

} // namespace brokersim
