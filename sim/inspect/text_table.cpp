// Pads the cells of a table.
#include "inspect/text_table.hpp"

#include <algorithm>

namespace brokersim {

std::size_t columns(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    }));
}

std::string padded(const std::string& text, std::size_t width) {
    return text + std::string(width - std::min(width, columns(text)), ' ');
}

TextTable::TextTable(std::vector<std::pair<std::string, std::size_t>> columns)
    : columns_(std::move(columns)) {}

std::string TextTable::text() const {
    std::vector<std::size_t> widths;
    for (std::size_t k = 0; k < columns_.size(); ++k) {
        std::size_t width = std::max(columns_[k].second, columns(columns_[k].first));
        for (const auto& row : rows_) {
            width = std::max(width, columns(row[k]));
        }
        widths.push_back(width);
    }
    std::string out;
    const auto line = [&](const auto& cell) {
        for (std::size_t k = 0; k < columns_.size(); ++k) {
            const bool last = k + 1 == columns_.size();
            out += last ? cell(k) : padded(cell(k), widths[k]) + " ";
        }
        out += '\n';
    };
    line([&](std::size_t k) { return columns_[k].first; });
    for (const auto& row : rows_) {
        line([&](std::size_t k) { return row[k]; });
    }
    return out;
}

} // namespace brokersim
