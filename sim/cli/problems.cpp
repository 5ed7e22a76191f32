// Printing of problems.
#include "cli/problems.hpp"

#include "trace/utf8.hpp"

#include <ostream>

namespace brokersim {
namespace {

/// Columns on a terminal, one for each character.
std::size_t width(std::string_view text) {
    std::size_t out = 0;
    for (const char c : text) {
        out += (static_cast<unsigned char>(c) & 0xC0U) != 0x80 ? 1U : 0U;
    }
    return out;
}

/// A source line: tabs become blanks, so that the caret stands where it should.
std::string source_text(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        c = c == '\t' ? ' ' : c;
    }
    return visible(out);
}

void print_source(std::ostream& out, const Problem& problem) {
    if (problem.source.empty() && problem.line == 0) { return; }
    const std::string number = problem.line > 0 ? std::to_string(problem.line) : "";
    const std::string margin(number.size() < 5 ? 5 - number.size() : 0, ' ');
    const std::string_view line = problem.source;
    const auto caret = static_cast<std::size_t>(problem.caret > 0 ? problem.caret - 1 : 0);
    out << margin << number << " | " << source_text(line) << '\n';
    out << std::string(margin.size() + number.size(), ' ') << " | "
        << std::string(width(source_text(line.substr(0, caret))), ' ') << "^\n";
}

} // namespace

void print_problems(std::ostream& out, const Problems& problems) {
    for (const Problem& problem : problems) {
        out << visible(problem.file);
        if (problem.line > 0) { out << ':' << problem.line << ':' << problem.column; }
        out << (problem.severity == Problem::Severity::error ? ": error: " : ": warning: ")
            << visible(problem.text);
        if (!problem.pointer.empty()) { out << " [" << visible(problem.pointer) << ']'; }
        out << '\n';
        print_source(out, problem);
    }
}

} // namespace brokersim
