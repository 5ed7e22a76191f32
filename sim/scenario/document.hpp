// A JSON document with the place of every key and value: what the decoder works on. Numbers stay
// text, so that nothing passes through a double.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace brokersim {

/// A value of the document. Objects keep their members in written order, each with its key.
struct Node {
    enum class Kind : std::uint8_t { null, boolean, number, string, array, object };
    Kind kind = Kind::null;
    bool truth = false;           ///< boolean
    std::uint16_t source = 0;     ///< which text it comes from (report.hpp)
    std::uint32_t offset = 0;     ///< byte of the value in that text
    std::uint32_t key_offset = 0; ///< byte of its key, in an object
    std::string key;              ///< its name, in an object
    std::string text;             ///< string: the value; number: as written
    std::vector<Node> children;   ///< items or members
    const Node* parent = nullptr; ///< valid after link()

    bool is(Kind k) const { return kind == k; }
    /// The member of that name, or nullptr. `null` members count.
    const Node* find(std::string_view name) const;
    Node* find(std::string_view name);
    /// The member of that name, or this: where a message about it points to.
    const Node& at(std::string_view name) const;
};

/// Sets all `parent`s below `root`. The tree must not move afterwards.
void link(Node& root);

/// The JSON pointer of a linked node ("" = root).
std::string pointer_of(const Node& node);

/// The node as JSON in one line, keys in written order.
std::string compact_json(const Node& node);

/// `text` as a JSON string, quotes included; non-ASCII stays as it is.
std::string json_string(std::string_view text);

/// Whether both stand for the same value.
bool same_value(const Node& a, const Node& b);

/// RFC 7396: `patch` over `target`; a null removes a member.
void merge_patch(Node& target, Node patch);

/// "array", "object", …: as a message calls it, with its article.
std::string_view name_of(Node::Kind kind);

} // namespace brokersim
