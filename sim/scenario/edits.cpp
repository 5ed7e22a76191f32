// Edits by JSON pointer, and the files that a scenario extends.
#include "scenario/edits.hpp"

#include "scenario/keys.hpp"
#include "scenario/reader.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace brokersim {
namespace {

constexpr std::size_t extends_max = 8;

/// An index of a list as RFC 6901 writes it: no leading zeros, no sign.
std::optional<std::size_t> index_of(std::string_view part, std::size_t size) {
    if (part.empty() || (part.size() > 1 && part.front() == '0')) { return std::nullopt; }
    std::size_t index = 0;
    const auto [end, failure] = std::from_chars(part.data(), part.data() + part.size(), index);
    if (failure != std::errc{} || end != part.data() + part.size() || index >= size) {
        return std::nullopt;
    }
    return index;
}

std::string no_index(std::string_view part, std::size_t size) {
    return "there is no item " + in_quotes(part) + ": the list has " + std::to_string(size) +
           (size == 0 ? "" : ", from 0");
}

/// One step down; a missing member becomes a container that fits `next`. nullptr and a sentence
/// where there is no way.
Node* step(Node& node, const std::string& part, const std::string& next, std::uint16_t source,
           std::string& error) {
    if (node.is(Node::Kind::array)) {
        const auto index = index_of(part, node.children.size());
        if (!index) {
            error = no_index(part, node.children.size());
            return nullptr;
        }
        return &node.children[*index];
    }
    if (!node.is(Node::Kind::object)) {
        error = "there is nothing below " + std::string(name_of(node.kind)) + ", where " +
                in_quotes(part) + " is looked for";
        return nullptr;
    }
    Node* child = node.find(part);
    if (child != nullptr && !child->is(Node::Kind::null)) { return child; }
    if (child == nullptr) {
        child = &node.children.emplace_back();
        child->key = part;
    }
    child->kind = next == "-" ? Node::Kind::array : Node::Kind::object;
    child->source = source;
    return child;
}

/// The directory part of a path, with its slash.
std::string directory_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? "" : path.substr(0, slash + 1);
}

/// `path` below `directory` without "." and ".."; nothing if it leaves the tree.
std::optional<std::string> normal_path(const std::string& directory, std::string_view path) {
    const std::string whole = directory + std::string(path);
    std::vector<std::string_view> parts;
    for (const std::string_view part : split(whole, '/')) {
        if (part.empty() || part == ".") { continue; }
        if (part != "..") {
            parts.push_back(part);
        } else if (parts.empty()) {
            return std::nullopt;
        } else {
            parts.pop_back();
        }
    }
    std::string out;
    for (const std::string_view part : parts) {
        out += (out.empty() ? "" : "/") + std::string(part);
    }
    return out;
}

/// Follows `extends` from file to file.
class BaseReader {
public:
    BaseReader(const std::string& file_name, const LoadOptions& options, Texts& texts,
               Report& report)
        : root_directory_(directory_of(file_name)), options_(options), texts_(texts),
          report_(report) {
        visited_.push_back(file_name.substr(root_directory_.size()));
    }

    /// `path` is relative to the scenario's directory.
    std::optional<Node> read(std::string_view text, const std::string& shown,
                             const std::string& path) {
        const std::uint16_t source = report_.add_source(shown, text);
        auto root = read_json(text, source, report_);
        if (!root || !root->is(Node::Kind::object)) { return root; }
        const Node* extends = root->find("extends");
        if (extends == nullptr || extends->is(Node::Kind::null)) { return root; }
        link(*root);
        const auto base_path = path_of_base(*extends, path);
        if (!base_path) { return std::nullopt; }
        const FileText file = options_.read_file(*base_path);
        if (!file.found) {
            report_.error(*extends, "cannot read " + in_quotes(extends->text) + ": " + file.error);
            return std::nullopt;
        }
        visited_.push_back(*base_path);
        texts_.push_back(file.text);
        auto base = read(texts_.back(), root_directory_ + *base_path, *base_path);
        if (!base) { return std::nullopt; }
        if (!base->is(Node::Kind::object)) {
            report_.error(*extends, in_quotes(extends->text) + " holds no object");
            return std::nullopt;
        }
        std::erase_if(root->children, [](const Node& n) { return n.key == "extends"; });
        merge_patch(*base, std::move(*root));
        return base;
    }

private:
    /// Which file is meant, when it may be read (reported otherwise).
    std::optional<std::string> path_of_base(const Node& extends, const std::string& from) {
        if (!extends.is(Node::Kind::string)) {
            wrong_kind(report_, extends, "the relative path of a scenario");
            return std::nullopt;
        }
        const std::string& text = extends.text;
        const auto refuse = [&](std::string sentence) {
            report_.error(extends, std::move(sentence));
            return std::nullopt;
        };
        if (!options_.read_file) {
            return refuse("\"extends\" is not possible here: there is no directory");
        }
        if (text.empty() || text.front() == '/' || text.find("://") != std::string::npos ||
            text.find('\0') != std::string::npos) {
            return refuse(in_quotes(text) + " is no relative path");
        }
        const auto path = normal_path(directory_of(from), text);
        if (!path) { return refuse(in_quotes(text) + " leads out of the scenario's directory"); }
        if (std::find(visited_.begin(), visited_.end(), *path) != visited_.end()) {
            return refuse("these files extend each other: " + in_quotes(text) +
                          " is being read already");
        }
        if (visited_.size() > extends_max) {
            return refuse("more than 8 files extend each other, the limit");
        }
        return path;
    }

    std::string root_directory_;
    const LoadOptions& options_;
    Texts& texts_;
    Report& report_;
    std::vector<std::string> visited_; ///< on the way, relative to the scenario's directory
};

} // namespace

std::optional<std::vector<std::string>> pointer_parts(std::string_view pointer,
                                                      std::string& error) {
    std::vector<std::string> parts;
    if (pointer.empty() || pointer.front() != '/') {
        error = in_quotes(pointer) + " is no JSON pointer: it begins with \"/\"";
        return std::nullopt;
    }
    for (std::size_t k = 0; k < pointer.size(); ++k) {
        if (pointer[k] == '/') {
            parts.emplace_back();
        } else if (pointer[k] != '~') {
            parts.back() += pointer[k];
        } else if (k + 1 < pointer.size() && (pointer[k + 1] == '0' || pointer[k + 1] == '1')) {
            parts.back() += pointer[++k] == '0' ? '~' : '/';
        } else {
            error = in_quotes(pointer) +
                    " is no JSON pointer: \"~\" is written \"~0\", \"/\" in a name \"~1\"";
            return std::nullopt;
        }
    }
    return parts;
}

std::string put_at(Node& root, std::string_view pointer, Node value) {
    std::string error;
    const auto parts = pointer_parts(pointer, error);
    if (!parts) { return error; }
    if (parts->size() > json_depth_max) { return "this is deeper than 64 levels, the limit"; }
    Node* node = &root;
    for (std::size_t k = 0; k + 1 < parts->size(); ++k) {
        node = step(*node, (*parts)[k], (*parts)[k + 1], value.source, error);
        if (node == nullptr) { return error; }
    }
    const std::string& last = parts->back();
    if (node->is(Node::Kind::array) && last == "-") {
        node->children.push_back(std::move(value));
        return "";
    }
    if (node->is(Node::Kind::array)) {
        const auto index = index_of(last, node->children.size());
        if (!index) { return no_index(last, node->children.size()); }
        node->children[*index] = std::move(value);
        return "";
    }
    if (!node->is(Node::Kind::object)) {
        return "there is nothing below " + std::string(name_of(node->kind)) + ", where " +
               in_quotes(last) + " would be put";
    }
    value.key = last;
    if (Node* old = node->find(last)) {
        *old = std::move(value);
    } else {
        node->children.push_back(std::move(value));
    }
    return "";
}

void apply_set(Node& root, const std::string& argument, Texts& texts, Report& report) {
    const std::size_t equals = argument.find('=');
    const std::string pointer = argument.substr(0, equals);
    const std::string shown = "--set " + pointer.substr(0, 200);
    texts.push_back(equals == std::string::npos ? "" : argument.substr(equals + 1));
    const std::string& text = texts.back();
    const std::uint16_t source = report.add_source(shown, text, false);
    if (equals == std::string::npos) {
        report.error_at(source, 0, "", "write --set /pointer=value");
        return;
    }
    // The value is JSON if the whole text is, else a text.
    Report attempt;
    Node value;
    attempt.add_source(shown, text, false);
    if (auto parsed = read_json(text, 0, attempt)) {
        value = std::move(*parsed);
        if (attempt.errors() > 0) { report.error_at(source, 0, "", "duplicate key in this value"); }
    } else {
        value.kind = Node::Kind::string;
        value.text = text;
    }
    const auto own = [source](auto&& self, Node& node) -> void {
        node.source = source;
        for (Node& child : node.children) {
            self(self, child);
        }
    };
    own(own, value);
    const std::string error = put_at(root, pointer, std::move(value));
    if (!error.empty()) { report.error_at(source, 0, pointer, error); }
}

void apply_option(Node& root, const std::string& option, std::string_view key, Node::Kind kind,
                  const std::string& text, Texts& texts, Report& report) {
    texts.push_back(text);
    Node value;
    value.kind = kind;
    value.text = text;
    value.source = report.add_source(option, texts.back(), false);
    put_at(root, "/" + std::string(key), std::move(value));
}

std::optional<Node> read_with_bases(std::string_view text, const std::string& file_name,
                                    const LoadOptions& options, Texts& texts, Report& report) {
    BaseReader reader(file_name, options, texts, report);
    return reader.read(text, file_name, file_name.substr(directory_of(file_name).size()));
}

} // namespace brokersim
