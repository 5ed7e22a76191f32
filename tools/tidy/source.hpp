// A file of the source tree as the rules see it: its lines, and its code without prose.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace brokersim::tidy {

/// What is wrong, and where. `line` counts from 1; 0 means the file as a whole.
struct Finding {
    std::string path;
    std::size_t line = 0;
    std::string text;
};
using Findings = std::vector<Finding>;

enum class Language { cpp, cmake, script, prose };

struct SourceFile {
    std::string path; ///< relative to the source tree, with slashes
    Language language = Language::prose;
    std::vector<std::string> lines;
    /// C++ only: the same lines with comments, characters and strings blanked, columns kept.
    std::vector<std::string> code;
};

SourceFile source_file(std::string path, std::string_view text);

bool is_word(char c);

/// True if `path` is one of `places` or lies in one of them.
bool lies_in(std::string_view path, const std::vector<std::string_view>& places);

} // namespace brokersim::tidy
