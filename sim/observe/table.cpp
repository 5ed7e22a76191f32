// Lays out columns of text.
#include "observe/table.hpp"

#include <algorithm>

namespace brokersim {

namespace {

bool starts_character(char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
}

/// Where character number `count` begins, or the end.
std::size_t position(const std::string& text, std::size_t count) {
    std::size_t at = 0;
    for (; at < text.size(); ++at) {
        if (starts_character(text[at]) && count-- == 0) { break; }
    }
    return at;
}

std::string shortened(const std::string& text, std::size_t width) {
    if (columns(text) <= width) { return text; }
    return text.substr(0, position(text, width - 1)) + "…";
}

} // namespace

std::size_t columns(const std::string& text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts_character));
}

std::vector<std::string> wrapped(const std::string& text, std::size_t width) {
    std::vector<std::string> lines;
    std::string rest = text;
    while (columns(rest) > width) {
        std::size_t cut = position(rest, width);
        const std::size_t nice = rest.find_last_of(" ,", cut - 1);
        if (nice != std::string::npos && nice > cut / 2) { cut = nice + 1; }
        lines.push_back(rest.substr(0, cut));
        rest.erase(0, cut < rest.size() && rest[cut] == ' ' ? cut + 1 : cut);
        while (lines.back().size() > 1 && lines.back().back() == ' ') {
            lines.back().pop_back();
        }
    }
    lines.push_back(rest);
    return lines;
}

Table::Table(std::vector<std::string> headings) {
    for (std::string& heading : headings) {
        right_.push_back(!heading.empty() && heading[0] == '>');
        if (right_.back()) { heading.erase(0, 1); }
    }
    rows_.push_back(std::move(headings));
}

void Table::add(std::vector<std::string> cells) {
    rows_.push_back(std::move(cells));
}

std::string Table::text(std::size_t width) const {
    std::vector<std::size_t> widths(right_.size(), 0);
    for (const auto& row : rows_) {
        for (std::size_t k = 0; k < row.size(); ++k) {
            widths[k] = std::max(widths[k], columns(row[k]));
        }
    }
    std::size_t all = 2 * widths.size();
    for (const std::size_t w : widths) {
        all += w;
    }
    while (all > width) {
        // The widest column of text gives way.
        std::size_t widest = right_.size();
        for (std::size_t k = 0; k < widths.size(); ++k) {
            if (!right_[k] && widths[k] > 8 &&
                (widest == right_.size() || widths[k] > widths[widest])) {
                widest = k;
            }
        }
        if (widest == right_.size()) { break; }
        --widths[widest];
        --all;
    }
    std::string out;
    for (const auto& row : rows_) {
        std::string line;
        for (std::size_t k = 0; k < row.size(); ++k) {
            const std::string cell = shortened(row[k], widths[k]);
            const std::string gap(widths[k] - std::min(widths[k], columns(cell)), ' ');
            line += "  " + (right_[k] ? gap + cell : cell + gap);
        }
        while (!line.empty() && line.back() == ' ') {
            line.pop_back();
        }
        out += line + "\n";
    }
    return out;
}

} // namespace brokersim
