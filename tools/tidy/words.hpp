// Words that must not appear in code, each with the reason and the way out.
#pragma once

#include "source.hpp"

namespace brokersim::tidy {

void check_words(const SourceFile& file, Findings& out);

/// Where `pattern` stands in `code` as whole words, or npos. `*` matches any letters, digits and
/// underscores, none included: "unordered_*".
std::size_t find_words(std::string_view code, std::string_view pattern);

} // namespace brokersim::tidy
