// Problems with positions, and the words of their sentences.
#include "scenario/report.hpp"

#include <algorithm>
#include <utility>

namespace brokersim {
namespace {

constexpr std::size_t source_width = 160; // Bytes of a source line that are shown.

bool is_continuation(char c) {
    return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

/// Not longer than `size`, cut at a character.
std::string_view cut(std::string_view text, std::size_t size) {
    if (text.size() <= size) { return text; }
    while (size > 0 && is_continuation(text[size])) {
        --size;
    }
    return text.substr(0, size);
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) {
        row[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({change, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row[b.size()];
}

} // namespace

std::uint16_t Report::add_source(std::string file, std::string_view text, bool has_lines) {
    Source source{std::move(file), text, has_lines, {0}};
    for (std::size_t k = 0; k < text.size(); ++k) {
        if (text[k] == '\n') { source.line_starts.push_back(static_cast<std::uint32_t>(k + 1)); }
    }
    sources_.push_back(std::move(source));
    return static_cast<std::uint16_t>(sources_.size() - 1);
}

void Report::error(const Node& node, std::string text) {
    add(node.source, node.offset, pointer_of(node), Problem::Severity::error, std::move(text));
}

void Report::error_at_key(const Node& node, std::string text) {
    const bool keyed = node.parent != nullptr && node.parent->is(Node::Kind::object);
    add(node.source, keyed ? node.key_offset : node.offset, pointer_of(node),
        Problem::Severity::error, std::move(text));
}

void Report::warning(const Node& node, std::string text) {
    add(node.source, node.offset, pointer_of(node), Problem::Severity::warning, std::move(text));
}

void Report::warning_at_key(const Node& node, std::string text) {
    const bool keyed = node.parent != nullptr && node.parent->is(Node::Kind::object);
    add(node.source, keyed ? node.key_offset : node.offset, pointer_of(node),
        Problem::Severity::warning, std::move(text));
}

void Report::error_at(std::uint16_t source, std::size_t offset, std::string pointer,
                      std::string text) {
    add(source, offset, std::move(pointer), Problem::Severity::error, std::move(text));
}

void Report::add(std::uint16_t source, std::size_t offset, std::string pointer,
                 Problem::Severity severity, std::string text) {
    const Source& from = sources_[source];
    const auto next = std::upper_bound(from.line_starts.begin(), from.line_starts.end(), offset);
    const std::size_t start = *(next - 1);
    std::size_t end = next == from.line_starts.end() ? from.text.size() : *next - 1;
    if (end > start && from.text[end - 1] == '\r') { --end; }
    const std::size_t column = std::min(offset, end) - start;

    Problem problem;
    problem.severity = severity;
    problem.file = from.file;
    if (from.has_lines) {
        problem.line = static_cast<std::int32_t>(next - from.line_starts.begin());
        problem.column = static_cast<std::int32_t>(column + 1);
    }
    problem.pointer = std::string(cut(pointer, 300));
    problem.text = std::move(text);
    // A very long line is shown around the mistake.
    std::size_t left = column < source_width / 2 ? 0 : column - source_width / 2;
    while (left < column && is_continuation(from.text[start + left])) {
        ++left;
    }
    problem.source =
        std::string(cut(from.text.substr(start + left, end - start - left), source_width));
    problem.caret = static_cast<std::int32_t>(column - left + 1);
    errors_ += severity == Problem::Severity::error ? 1 : 0;
    entries_.push_back({source, offset, std::move(problem)});
}

Report Report::fresh() const {
    Report out;
    out.sources_ = sources_;
    out.release_ = release_;
    return out;
}

Problems Report::take() {
    std::stable_sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
        return std::pair(a.source, a.offset) < std::pair(b.source, b.offset);
    });
    Problems out;
    for (Entry& entry : entries_) {
        out.push_back(std::move(entry.problem));
    }
    entries_.clear();
    return out;
}

std::string in_quotes(std::string_view text) {
    const std::string_view shown = cut(text, 80);
    return '"' + std::string(shown) + (shown.size() < text.size() ? "…\"" : "\"");
}

std::string_view closest(std::string_view word, const std::vector<std::string_view>& candidates) {
    const std::size_t allowed = std::max<std::size_t>(2, word.size() / 3);
    std::string_view best;
    std::size_t best_distance = allowed + 1;
    for (const std::string_view candidate : candidates) {
        const std::size_t longer = std::max(word.size(), candidate.size());
        const std::size_t shorter = std::min(word.size(), candidate.size());
        if (longer - shorter >= best_distance || longer > 300) { continue; }
        const std::size_t distance = edit_distance(word, candidate);
        if (distance < best_distance && distance < shorter) {
            best = candidate;
            best_distance = distance;
        }
    }
    return best;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates) {
    const std::string_view best = closest(word, candidates);
    return best.empty() ? "" : " (did you mean " + in_quotes(best) + "?)";
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> out;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(separator), text.size());
        out.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

std::string listed(const std::vector<std::string_view>& words) {
    std::string out;
    for (std::size_t k = 0; k < words.size(); ++k) {
        if (k > 0) { out += k + 1 == words.size() ? " or " : ", "; }
        out += '"' + std::string(words[k]) + '"';
    }
    return out;
}

} // namespace brokersim
