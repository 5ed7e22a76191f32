// Sizes that a person can read: columns, files, functions; and a first line that says what for.
#pragma once

#include "source.hpp"

namespace brokersim::tidy {

inline constexpr std::size_t columns_max = 100;
inline constexpr std::size_t quoting_columns_max = 160; ///< tests that quote JSON
inline constexpr std::size_t file_lines_max = 400;
inline constexpr std::size_t function_lines_max = 60;

void check_shape(const SourceFile& file, Findings& out);

} // namespace brokersim::tidy
