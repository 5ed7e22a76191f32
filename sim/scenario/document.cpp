// The tree of a JSON document: look-ups, pointers, one-line text, merge patches.
#include "scenario/document.hpp"

#include <algorithm>
#include <utility>

namespace brokersim {

const Node* Node::find(std::string_view name) const {
    for (const Node& child : children) {
        if (child.key == name) { return &child; }
    }
    return nullptr;
}

Node* Node::find(std::string_view name) {
    for (Node& child : children) {
        if (child.key == name) { return &child; }
    }
    return nullptr;
}

const Node& Node::at(std::string_view name) const {
    const Node* child = kind == Kind::object ? find(name) : nullptr;
    return child != nullptr ? *child : *this;
}

void link(Node& root) {
    for (Node& child : root.children) {
        child.parent = &root;
        link(child); // At most as deep as the reader and the edits allow.
    }
}

std::string pointer_of(const Node& node) {
    std::vector<const Node*> path;
    for (const Node* n = &node; n->parent != nullptr; n = n->parent) {
        path.push_back(n);
    }
    std::reverse(path.begin(), path.end());
    std::string out;
    for (const Node* n : path) {
        out += '/';
        if (n->parent->kind == Node::Kind::array) {
            out += std::to_string(n - n->parent->children.data());
            continue;
        }
        for (const char c : n->key) {
            if (c == '~') {
                out += "~0";
            } else if (c == '/') {
                out += "~1";
            } else {
                out += c;
            }
        }
    }
    return out;
}

std::string json_string(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20 || byte == 0x7f) {
            out += "\\u00";
            out += digits[byte >> 4];
            out += digits[byte & 15];
        } else {
            out += c;
        }
    }
    out += '"';
    return out;
}

namespace {

void append_json(const Node& node, std::string& out) {
    switch (node.kind) {
    case Node::Kind::null: out += "null"; return;
    case Node::Kind::boolean: out += node.truth ? "true" : "false"; return;
    case Node::Kind::number: out += node.text; return;
    case Node::Kind::string: out += json_string(node.text); return;
    case Node::Kind::array:
    case Node::Kind::object: break;
    }
    const bool object = node.kind == Node::Kind::object;
    out += object ? '{' : '[';
    for (std::size_t k = 0; k < node.children.size(); ++k) {
        if (k > 0) { out += ", "; }
        if (object) { out += json_string(node.children[k].key) + ": "; }
        append_json(node.children[k], out);
    }
    out += object ? '}' : ']';
}

} // namespace

std::string compact_json(const Node& node) {
    std::string out;
    append_json(node, out);
    return out;
}

bool same_value(const Node& a, const Node& b) {
    return a.kind == b.kind && compact_json(a) == compact_json(b);
}

void merge_patch(Node& target, Node patch) {
    if (!patch.is(Node::Kind::object)) {
        patch.key = target.key;
        target = std::move(patch);
        return;
    }
    if (!target.is(Node::Kind::object)) {
        target.kind = Node::Kind::object;
        target.children.clear();
    }
    target.source = patch.source;
    target.offset = patch.offset;
    target.key_offset = patch.key_offset;
    for (Node& change : patch.children) {
        Node* old = target.find(change.key);
        if (change.is(Node::Kind::null)) {
            const std::string key = change.key;
            std::erase_if(target.children, [&](const Node& n) { return n.key == key; });
        } else if (old != nullptr) {
            merge_patch(*old, std::move(change));
        } else {
            Node fresh;
            fresh.key = change.key;
            merge_patch(fresh, std::move(change));
            target.children.push_back(std::move(fresh));
        }
    }
}

std::string_view name_of(Node::Kind kind) {
    constexpr std::string_view names[] = {"null",     "true or false", "a number",
                                          "a string", "a list",        "an object"};
    return names[static_cast<std::size_t>(kind)];
}

} // namespace brokersim
