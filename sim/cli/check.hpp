// `brokersim check`: validates scenarios, runs nothing.
#pragma once

#include "scenario/load.hpp"

#include <iosfwd>
#include <string>
#include <vector>

namespace brokersim {

/// Checks every file, prints all problems on `err` and what is fine on `out`. The exit status: 0,
/// or 2 when a file has an error.
int check_files(const std::vector<std::string>& files, const LoadOptions& load, std::ostream& out,
                std::ostream& err);

} // namespace brokersim
