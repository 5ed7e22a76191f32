// The JSON reader: nlohmann's SAX parser judges the text, a cursor that walks along finds out where
// each token stands (the parser itself knows only where it has stopped).
#include "scenario/reader.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <string>
#include <utility>
#include <vector>

namespace brokersim {
namespace {

/// Length of the well-formed UTF-8 sequence at `at`, 0 if there is none (RFC 3629).
std::size_t utf8_length(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t k) {
        return at + k < text.size() ? static_cast<unsigned char>(text[at + k]) : 0U;
    };
    const unsigned first = byte(0);
    const auto follows = [&](std::size_t k, unsigned low = 0x80, unsigned high = 0xBF) {
        return byte(k) >= low && byte(k) <= high;
    };
    if (first < 0x80) { return 1; }
    if (first >= 0xC2 && first <= 0xDF) { return follows(1) ? 2 : 0; }
    if (first >= 0xE0 && first <= 0xEF) {
        const unsigned low = first == 0xE0 ? 0xA0 : 0x80;  // No overlong forms,
        const unsigned high = first == 0xED ? 0x9F : 0xBF; // no surrogates,
        return follows(1, low, high) && follows(2) ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        const unsigned low = first == 0xF0 ? 0x90 : 0x80;
        const unsigned high = first == 0xF4 ? 0x8F : 0xBF; // nothing above U+10FFFF.
        return follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
}

/// What the parser would let pass: a byte order mark, NUL as an end, bad UTF-8 in comments.
bool check_bytes(std::string_view text, std::uint16_t source, Report& report) {
    if (text.size() > (std::size_t{64} << 20)) {
        report.error_at(source, 0, "", "the file is larger than 64 MiB, the limit");
        return false;
    }
    if (text.substr(0, 3) == "\xEF\xBB\xBF") {
        report.error_at(source, 0, "",
                        "the file begins with a byte order mark: UTF-8 without it is expected");
        return false;
    }
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = text[at] == '\0' ? 0 : utf8_length(text, at);
        if (length == 0) {
            report.error_at(source, at, "",
                            text[at] == '\0' ? "a NUL byte: this is not UTF-8 text"
                                             : "these bytes are not UTF-8");
            return false;
        }
        at += length;
    }
    return true;
}

/// Builds the tree from the parser's calls.
class TreeBuilder : public nlohmann::json_sax<nlohmann::json> {
public:
    TreeBuilder(std::string_view text, std::uint16_t source, Report& report)
        : text_(text), source_(source), report_(report) {}

    bool null() override { return leaf(Node::Kind::null, {}); }
    bool boolean(bool value) override {
        if (!leaf(Node::Kind::boolean, {})) { return false; }
        last_->truth = value;
        return true;
    }
    bool number_integer(number_integer_t) override { return number(); }
    bool number_unsigned(number_unsigned_t) override { return number(); }
    bool number_float(number_float_t, const string_t&) override { return number(); }
    bool string(string_t& value) override {
        const bool fine = leaf(Node::Kind::string, {});
        if (fine) { last_->text = std::move(value); }
        return fine;
    }
    bool binary(binary_t&) override { return false; }
    bool start_object(std::size_t) override { return open(Node::Kind::object); }
    bool start_array(std::size_t) override { return open(Node::Kind::array); }
    bool key(string_t& name) override {
        key_offset_ = next_token();
        key_ = std::move(name);
        skip_string();
        return true;
    }
    bool end_object() override {
        refuse_duplicates();
        return close();
    }
    bool end_array() override { return close(); }

    bool parse_error(std::size_t position, const std::string& last_token,
                     const nlohmann::json::exception& problem) override {
        const std::size_t start = next_token();
        std::size_t at = std::min(position == 0 ? 0 : position - 1, text_.size());
        std::string sentence = explain(start, at, last_token, problem);
        report_.error_at(source_, at, path(), std::move(sentence));
        return false;
    }

    Node take() { return std::move(root_); }

private:
    struct Open {
        Node node;
        std::string key;
    };

    bool blank(char c) const { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

    /// Moves over blanks, comments, commas and colons, to where the next token begins.
    std::size_t next_token() {
        while (at_ < text_.size()) {
            if (blank(text_[at_])) {
                ++at_;
            } else if (text_[at_] == ',' || text_[at_] == ':') {
                separator_ = at_++;
            } else if (text_.substr(at_, 2) == "//") {
                at_ = std::min(text_.find('\n', at_), text_.size());
            } else if (text_.substr(at_, 2) == "/*") {
                const std::size_t end = text_.find("*/", at_ + 2);
                if (end == std::string_view::npos) { break; }
                at_ = end + 2;
            } else {
                break;
            }
        }
        return at_;
    }

    void skip_string() {
        separator_ = std::string_view::npos;
        ++at_;
        while (at_ < text_.size() && text_[at_] != '"') {
            at_ += text_[at_] == '\\' ? 2U : 1U;
        }
        ++at_;
    }

    /// Puts a value at the next token; `last_` is it.
    bool leaf(Node::Kind kind, std::string text) {
        Node node = begin(kind);
        if (kind == Node::Kind::string) {
            skip_string();
        } else {
            while (at_ < text_.size() &&
                   (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0)) {
                ++at_;
            }
        }
        node.text = std::move(text);
        return put(std::move(node));
    }

    bool number() {
        Node node = begin(Node::Kind::number);
        const std::size_t end = text_.find_first_not_of("+-.0123456789eE", at_);
        at_ = std::min(end, text_.size());
        node.text = std::string(text_.substr(node.offset, at_ - node.offset));
        return put(std::move(node));
    }

    Node begin(Node::Kind kind) {
        Node node;
        node.kind = kind;
        node.source = source_;
        node.offset = static_cast<std::uint32_t>(next_token());
        node.key_offset = static_cast<std::uint32_t>(key_offset_);
        node.key = std::move(key_);
        key_.clear();
        separator_ = std::string_view::npos;
        return node;
    }

    bool put(Node node) {
        if (++values_ > json_values_max) {
            report_.error_at(source_, node.offset, path(),
                             "more than 20000000 values: beyond the limit of a scenario");
            return false;
        }
        if (open_.empty()) {
            root_ = std::move(node);
            last_ = &root_;
        } else {
            open_.back().children.push_back(std::move(node));
            last_ = &open_.back().children.back();
        }
        return true;
    }

    bool open(Node::Kind kind) {
        if (open_.size() >= json_depth_max) {
            report_.error_at(source_, next_token(), path(),
                             "nested more than 64 levels deep, the limit");
            return false;
        }
        open_.push_back(begin(kind));
        ++at_;
        return true;
    }

    bool close() {
        next_token();
        separator_ = std::string_view::npos;
        ++at_;
        Node node = std::move(open_.back());
        open_.pop_back();
        return put(std::move(node));
    }

    void refuse_duplicates() {
        std::vector<const Node*> members;
        for (const Node& child : open_.back().children) {
            members.push_back(&child);
        }
        std::stable_sort(members.begin(), members.end(),
                         [](const Node* a, const Node* b) { return a->key < b->key; });
        for (std::size_t k = 1; k < members.size(); ++k) {
            if (members[k]->key == members[k - 1]->key) {
                report_.error_at(source_, members[k]->key_offset, path() + '/' + members[k]->key,
                                 "duplicate key " + in_quotes(members[k]->key));
            }
        }
    }

    /// Where the parser stands, as a JSON pointer.
    std::string path() const {
        std::string out;
        for (std::size_t k = 1; k <= open_.size(); ++k) {
            const Node& container = open_[k - 1];
            if (container.is(Node::Kind::array)) {
                out += '/' + std::to_string(container.children.size());
                continue;
            }
            const std::string& name = k < open_.size() ? open_[k].key : key_;
            if (!name.empty()) { out += '/' + std::string(std::string_view(name).substr(0, 100)); }
        }
        return out;
    }

    std::string explain(std::size_t start, std::size_t& at, const std::string& last_token,
                        const nlohmann::json::exception& problem) const {
        const bool at_end = start >= text_.size();
        if (at_end && open_.empty()) { return "the file holds no JSON value"; }
        if (!at_end && (text_[start] == '}' || text_[start] == ']') &&
            separator_ != std::string_view::npos && text_[separator_] == ',') {
            at = separator_;
            return "a comma before the closing bracket: trailing commas are not allowed";
        }
        if (text_.substr(start, 2) == "/*") {
            at = start;
            return "this comment is never closed";
        }
        if (problem.id == 406) {
            at = start;
            return "this number is too large to be read";
        }
        // "[json.exception.…] parse error at line …: syntax error while … - what; last read: '…'"
        std::string sentence = problem.what();
        if (const auto cut = sentence.find(": syntax error"); cut != std::string::npos) {
            sentence.erase(0, cut + 2);
        }
        if (const auto cut = sentence.find("; last read:"); cut != std::string::npos) {
            sentence.erase(cut);
        }
        if (last_token.size() > 0 && last_token.size() <= 40) {
            sentence += " (read: '" + last_token + "')";
        }
        return sentence;
    }

    std::string_view text_;
    std::uint16_t source_;
    Report& report_;
    std::size_t at_ = 0;
    std::size_t separator_ = std::string_view::npos; ///< comma or colon since the last token
    std::size_t key_offset_ = 0;
    std::string key_;
    std::vector<Node> open_; ///< containers that are not closed yet
    Node root_;
    Node* last_ = nullptr;
    std::size_t values_ = 0;
};

} // namespace

std::optional<Node> read_json(std::string_view text, std::uint16_t source, Report& report) {
    if (!check_bytes(text, source, report)) { return std::nullopt; }
    TreeBuilder builder(text, source, report);
    const bool fine = nlohmann::json::sax_parse(text.begin(), text.end(), &builder,
                                                nlohmann::json::input_format_t::json, true, true);
    if (!fine) { return std::nullopt; }
    return builder.take();
}

} // namespace brokersim
