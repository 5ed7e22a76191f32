// Problems on the terminal: like a compiler's, with the source line and a caret. Text that came
// from a file is data: nothing of it can steer a terminal.
#pragma once

#include "brokersim/problem.hpp"

#include <iosfwd>

namespace brokersim {

/// Prints every problem: "FILE:LINE:COLUMN: error: text [pointer]", source line, caret.
void print_problems(std::ostream& out, const Problems& problems);

} // namespace brokersim
