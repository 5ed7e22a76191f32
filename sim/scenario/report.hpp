// Collects what is wrong, with file, line, column, JSON pointer and source line.
#pragma once

#include "brokersim/problem.hpp"
#include "brokersim/release.hpp"
#include "scenario/document.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace brokersim {

class Report {
public:
    /// A text that nodes come from: a file, or the value of an option (then without lines).
    /// `text` must live as long as the report.
    std::uint16_t add_source(std::string file, std::string_view text, bool has_lines = true);

    void error(const Node& node, std::string text);
    void error_at_key(const Node& node, std::string text);
    void warning(const Node& node, std::string text);
    void warning_at_key(const Node& node, std::string text);
    /// Where there is no node yet: in the reader.
    void error_at(std::uint16_t source, std::size_t offset, std::string pointer, std::string text);

    /// The release by which Kafka's settings are judged, wherever they stand.
    void judge_by(Release release) { release_ = release; }
    Release release() const { return release_; }

    std::size_t errors() const { return errors_; }
    /// An empty report about the same texts.
    Report fresh() const;
    /// What was found, in the order of the texts.
    Problems take();

private:
    struct Source {
        std::string file;
        std::string_view text;
        bool has_lines = true;
        std::vector<std::uint32_t> line_starts;
    };
    struct Entry {
        std::uint16_t source = 0;
        std::size_t offset = 0;
        Problem problem;
    };

    void add(std::uint16_t source, std::size_t offset, std::string pointer,
             Problem::Severity severity, std::string text);

    std::vector<Source> sources_;
    std::vector<Entry> entries_;
    std::size_t errors_ = 0;
    Release release_ = Release::v4_0;
};

/// `text` in quotes, cut to a length that fits a message.
std::string in_quotes(std::string_view text);

/// The one of `candidates` that `word` was probably meant to be (edit distance at most 2 or a
/// third of the length), or "".
std::string_view closest(std::string_view word, const std::vector<std::string_view>& candidates);

/// " (did you mean \"x\"?)" for the closest candidate, or "".
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates);

/// Names separated by '|' as a list.
std::vector<std::string_view> split(std::string_view text, char separator = '|');

/// "\"a\", \"b\" or \"c\"".
std::string listed(const std::vector<std::string_view>& words);

} // namespace brokersim
