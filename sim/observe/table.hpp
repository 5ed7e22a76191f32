// Columns of text under headings, as wide as they must be.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace brokersim {

class Table {
public:
    /// A heading that begins with '>' makes a column of numbers, aligned to the right.
    explicit Table(std::vector<std::string> headings);
    void add(std::vector<std::string> cells);
    bool empty() const { return rows_.size() == 1; }
    /// Every line indented by two; cells of text are shortened until a line fits into `width`.
    std::string text(std::size_t width) const;

private:
    std::vector<std::vector<std::string>> rows_; ///< the first is the headings
    std::vector<bool> right_;
};

/// How many columns UTF-8 text takes, every code point counted as one.
std::size_t columns(const std::string& text);

/// Breaks `text` into lines of at most `width` columns, after a blank or comma where there is one.
std::vector<std::string> wrapped(const std::string& text, std::size_t width);

} // namespace brokersim
