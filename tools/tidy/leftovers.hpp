// Notes to oneself, and places that exist on one machine only; in every text of the project.
#pragma once

#include "source.hpp"

namespace brokersim::tidy {

void check_leftovers(const SourceFile& file, Findings& out);

} // namespace brokersim::tidy
