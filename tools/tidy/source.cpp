// Splits a file into lines, and blanks what is prose in C++.
#include "source.hpp"

#include <algorithm>
#include <utility>

namespace brokersim::tidy {

namespace {

Language language_of(std::string_view path, std::string_view text) {
    const auto ends = [path](std::string_view tail) { return path.ends_with(tail); };
    if (ends(".cpp") || ends(".hpp") || ends(".inc")) { return Language::cpp; }
    if (ends("CMakeLists.txt") || ends(".cmake") || ends(".cmake.in")) { return Language::cmake; }
    if (ends(".py") || ends(".sh") || text.starts_with("#!")) { return Language::script; }
    return Language::prose;
}

/// Walks through C++ and overwrites everything that the compiler does not read as code.
class Blanker {
public:
    explicit Blanker(std::string text) : text_(std::move(text)) {}

    std::string result() {
        while (at_ < text_.size()) {
            step();
        }
        return std::move(text_);
    }

private:
    void step() {
        if (starts("//")) {
            blank(std::min(text_.find('\n', at_), text_.size()));
        } else if (starts("/*")) {
            blank(past("*/", at_ + 2));
        } else if (starts("R\"") && (at_ == 0 || !is_word(text_[at_ - 1]))) {
            const std::size_t open = std::min(text_.find('(', at_), text_.size());
            const std::string mark = text_.substr(at_ + 2, open - at_ - 2);
            blank(past(")" + mark + "\"", open));
        } else if (text_[at_] == '"' && !in_include()) {
            blank(end_of_literal('"'));
        } else if (text_[at_] == '\'' && !in_number()) {
            blank(end_of_literal('\''));
        } else {
            ++at_;
        }
    }

    bool starts(std::string_view what) const { return text_.compare(at_, what.size(), what) == 0; }

    std::size_t past(const std::string& what, std::size_t from) const {
        const std::size_t found = text_.find(what, from);
        return found == std::string::npos ? text_.size() : found + what.size();
    }

    std::size_t end_of_literal(char quote) const {
        std::size_t k = at_ + 1;
        while (k < text_.size() && text_[k] != quote && text_[k] != '\n') {
            k += text_[k] == '\\' ? 2U : 1U;
        }
        return std::min(k + 1, text_.size());
    }

    /// The quote of 1'000 separates digits.
    bool in_number() const {
        std::size_t k = at_;
        while (k > 0 && (is_word(text_[k - 1]) || text_[k - 1] == '\'')) {
            --k;
        }
        return k < at_ && text_[k] >= '0' && text_[k] <= '9';
    }

    bool in_include() const {
        const std::size_t begin = text_.rfind('\n', at_) + 1;
        return text_.compare(begin, 8, "#include") == 0;
    }

    void blank(std::size_t end) {
        for (; at_ < end; ++at_) {
            if (text_[at_] != '\n') { text_[at_] = ' '; }
        }
    }

    std::string text_;
    std::size_t at_ = 0;
};

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

} // namespace

SourceFile source_file(std::string path, std::string_view text) {
    SourceFile file;
    file.language = language_of(path, text);
    file.path = std::move(path);
    file.lines = split(text);
    if (file.language == Language::cpp) { file.code = split(Blanker(std::string(text)).result()); }
    return file;
}

bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool lies_in(std::string_view path, const std::vector<std::string_view>& places) {
    return std::any_of(places.begin(), places.end(), [path](std::string_view place) {
        return path.starts_with(place) &&
               (path.size() == place.size() || place.ends_with('/') || path[place.size()] == '/');
    });
}

} // namespace brokersim::tidy
