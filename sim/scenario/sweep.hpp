// `sweep`: that its places exist and its values are accepted there. Running it is another matter.
#pragma once

#include "scenario/document.hpp"
#include "scenario/load.hpp"
#include "scenario/report.hpp"

namespace brokersim {

/// Checks the sweep of `root` (linked): every value is tried out by itself in a copy of the
/// document, as far as that is affordable. `known` are the errors without any of them.
void check_sweep(const Node& root, const Limits& limits, const Problems& known, Report& report);

} // namespace brokersim
