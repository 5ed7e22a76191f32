// Columns as Kafka's tools print them: left-aligned, a least width each, one blank between.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace brokersim {

class TextTable {
public:
    /// Titles and least widths; the last column is not padded.
    explicit TextTable(std::vector<std::pair<std::string, std::size_t>> columns);

    void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
    std::string text() const;

private:
    std::vector<std::pair<std::string, std::size_t>> columns_;
    std::vector<std::vector<std::string>> rows_;
};

/// Columns that a text takes on a terminal, near enough: its code points.
std::size_t columns(std::string_view text);
std::string padded(const std::string& text, std::size_t width);

} // namespace brokersim
