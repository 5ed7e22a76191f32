// Who may include whom: the layers of docs/architecture.md, and where each package may be seen.
#pragma once

#include "source.hpp"

namespace brokersim::tidy {

void check_layers(const SourceFile& file, Findings& out);

} // namespace brokersim::tidy
