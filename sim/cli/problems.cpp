// Printing of problems, and the escaping that every command uses.
#include "cli/problems.hpp"

#include <array>
#include <cstdint>
#include <ostream>

namespace brokersim {
namespace {

struct Range {
    std::uint32_t first, last;
};
// Controls, C1, soft hyphen, zero-width and bidirectional marks, separators, byte order mark,
// interlinear annotations, tags.
constexpr std::array<Range, 11> unprintable = {{{0x00, 0x1F},
                                                {0x7F, 0x9F},
                                                {0xAD, 0xAD},
                                                {0x61C, 0x61C},
                                                {0x180E, 0x180E},
                                                {0x200B, 0x200F},
                                                {0x2028, 0x202E},
                                                {0x2060, 0x206F},
                                                {0xFEFF, 0xFEFF},
                                                {0xFFF9, 0xFFFB},
                                                {0xE0000, 0xE007F}}};

/// One character of UTF-8: its code point and length; length 1 and `valid` false for a stray byte.
struct Character {
    std::uint32_t code = 0;
    std::size_t length = 1;
    bool valid = true;
};

Character character_at(std::string_view text, std::size_t at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x80) { return {byte, 1, true}; }
    const std::size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
    if (byte < 0xC2 || byte > 0xF4 || at + length > text.size()) { return {byte, 1, false}; }
    std::uint32_t code = byte & (0xFFU >> (length + 1));
    for (std::size_t k = 1; k < length; ++k) {
        const auto next = static_cast<unsigned char>(text[at + k]);
        if ((next & 0xC0U) != 0x80) { return {byte, 1, false}; }
        code = (code << 6) | (next & 0x3FU);
    }
    constexpr std::uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < smallest[length] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
        return {byte, 1, false};
    }
    return {code, length, true};
}

bool is_printable(std::uint32_t code) {
    for (const Range& range : unprintable) {
        if (code >= range.first && code <= range.last) { return false; }
    }
    return true;
}

std::string escaped(std::uint32_t code) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string hex;
    do {
        hex.insert(hex.begin(), digits[code & 15U]);
        code >>= 4;
    } while (code != 0);
    return "\\u{" + hex + "}";
}

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
    return printable(out);
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

std::string printable(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const Character c = character_at(text, at);
        if (c.valid && is_printable(c.code)) {
            out += text.substr(at, c.length);
        } else {
            out += escaped(c.code);
        }
        at += c.length;
    }
    return out;
}

void print_problems(std::ostream& out, const Problems& problems) {
    for (const Problem& problem : problems) {
        out << printable(problem.file);
        if (problem.line > 0) { out << ':' << problem.line << ':' << problem.column; }
        out << (problem.severity == Problem::Severity::error ? ": error: " : ": warning: ")
            << printable(problem.text);
        if (!problem.pointer.empty()) { out << " [" << printable(problem.pointer) << ']'; }
        out << '\n';
        print_source(out, problem);
    }
}

} // namespace brokersim
