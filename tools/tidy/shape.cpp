// Measures lines, files and functions. Functions are found by counting braces.
#include "shape.hpp"

#include "words.hpp"

#include <algorithm>

namespace brokersim::tidy {

namespace {

/// One list on purpose: cutting it in two would hide that it is complete.
const std::vector<std::string_view> long_lists = {"include/brokersim/facts.hpp"};

std::size_t columns(std::string_view line) {
    return static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    }));
}

/// In a test a text of another language may run over: cut in pieces it could not be read.
bool quotes_a_text(const SourceFile& file, std::size_t line) {
    if (!file.path.starts_with("tests/") || columns(file.lines[line]) > quoting_columns_max) {
        return false;
    }
    const std::string_view code = file.code[line];
    std::size_t blanked = 0;
    for (std::size_t k = 0; k < code.size(); ++k) {
        blanked += code[k] == ' ' && file.lines[line][k] != ' ' ? 1U : 0U;
    }
    return blanked > quoting_columns_max / 4;
}

void check_lines(const SourceFile& file, Findings& out) {
    if (file.path.ends_with(".inc")) { return; } // A table: written and read by programs.
    for (std::size_t k = 0; k < file.lines.size(); ++k) {
        const std::string& line = file.lines[k];
        const bool code = file.language == Language::cpp;
        if (code && columns(line) > columns_max && !quotes_a_text(file, k)) {
            out.push_back({file.path, k + 1,
                           std::to_string(columns(line)) + " columns, at most " +
                               std::to_string(columns_max)});
        }
        if (!line.empty() && (line.back() == ' ' || line.back() == '\t' || line.back() == '\r')) {
            out.push_back({file.path, k + 1, "blank at the end of the line"});
        }
    }
}

void check_length(const SourceFile& file, Findings& out) {
    const bool table = file.path.ends_with(".inc");
    if (file.lines.size() <= file_lines_max || table || lies_in(file.path, long_lists)) { return; }
    out.push_back({file.path, 0,
                   std::to_string(file.lines.size()) + " lines, at most " +
                       std::to_string(file_lines_max) + ": split by noun"});
}

void check_first_line(const SourceFile& file, Findings& out) {
    std::size_t first = 0;
    if (!file.lines.empty() && file.lines[0].starts_with("#!")) { first = 1; }
    const std::string_view mark = file.language == Language::cpp ? "// " : "# ";
    if (first < file.lines.size()) {
        const std::string_view line = file.lines[first];
        if (line.starts_with(mark)) { return; }
        if (file.language == Language::script && line.starts_with("\"\"\"")) { return; }
    }
    out.push_back({file.path, 1, "begin with a comment that says what this file is for"});
}

/// Finds the outermost braces that hold statements, and measures them from the head on.
class FunctionMeter {
public:
    FunctionMeter(const SourceFile& file, Findings& out) : file_(file), out_(out) {}

    void run() {
        bool continued = false;
        for (line_ = 0; line_ < file_.code.size(); ++line_) {
            const std::string& code = file_.code[line_];
            const std::size_t text = code.find_first_not_of(' ');
            const bool directive = continued || (text != std::string::npos && code[text] == '#');
            continued = directive && code.ends_with('\\');
            if (directive) { continue; }
            for (at_ = 0; at_ < code.size(); ++at_) {
                step(code[at_]);
            }
            head_ += ' ';
        }
    }

private:
    enum class Block { outer, function, other };

    void step(char c) {
        if (inner_ > 0) {
            inner_ += c == '{' ? 1 : (c == '}' ? -1 : 0);
            if (inner_ == 0) { close(); }
            return;
        }
        if (c == '{') {
            open();
        } else if (c == ';' || c == '}') {
            head_.clear();
        } else {
            if (head_.find_first_not_of(' ') == std::string::npos && c != ' ') { begin_ = line_; }
            head_ += c;
        }
    }

    void open() {
        block_ = kind_of(head_);
        if (block_ == Block::outer) {
            head_.clear();
        } else {
            inner_ = 1;
        }
    }

    /// Namespaces and types are entered; what has parameters is a function; the rest (enumerators,
    /// initialisers) is passed over.
    static Block kind_of(const std::string& head) {
        const auto has = [&head](std::string_view word) {
            return find_words(head, word) != std::string_view::npos;
        };
        const std::size_t last = head.find_last_not_of(' ');
        if (has("namespace") || has("extern")) { return Block::outer; }
        if (last != std::string::npos && head[last] == '=') { return Block::other; }
        if (has("enum")) { return Block::other; }
        const bool parameters = head.find('(') != std::string::npos;
        if (!parameters && (has("class") || has("struct") || has("union"))) { return Block::outer; }
        return parameters ? Block::function : Block::other;
    }

    void close() {
        const std::string& code = file_.code[line_];
        const std::size_t next = code.find_first_not_of(' ', at_ + 1);
        const bool initialiser =
            next != std::string::npos && (code[next] == ',' || code[next] == '{');
        if (initialiser) { return; } // A constructor: the body is still to come.
        if (next == std::string::npos && line_ + 1 < file_.code.size()) {
            const std::string& below = file_.code[line_ + 1];
            const std::size_t text = below.find_first_not_of(' ');
            if (text != std::string::npos && (below[text] == ',' || below[text] == '{')) { return; }
        }
        const std::size_t lines = line_ - begin_ + 1;
        if (block_ == Block::function && lines > function_lines_max) {
            out_.push_back({file_.path, begin_ + 1,
                            "a function of " + std::to_string(lines) + " lines, at most " +
                                std::to_string(function_lines_max)});
        }
        head_.clear();
    }

    const SourceFile& file_;
    Findings& out_;
    std::string head_; ///< the text since the last statement or block
    Block block_ = Block::outer;
    std::size_t begin_ = 0, line_ = 0, at_ = 0;
    int inner_ = 0; ///< depth inside the block that is being measured
};

} // namespace

void check_shape(const SourceFile& file, Findings& out) {
    if (file.language == Language::prose) { return; }
    check_first_line(file, out);
    check_lines(file, out);
    check_length(file, out);
    if (file.language == Language::cpp) { FunctionMeter(file, out).run(); }
}

} // namespace brokersim::tidy
