// The descriptor tables: what an object of a scenario may hold. One line per key says its name, its
// kind of value, range, default and meaning, and how it is read; error texts, the decoder and the
// help work from the same lines.
#pragma once

#include "scenario/document.hpp"
#include "scenario/report.hpp"
#include "scenario/settings.hpp"
#include "scenario/units.hpp"

#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace brokersim {

struct KeyInfo;

/// What values a key takes, for the JSON Schema and the reference.
struct Shape {
    enum class Kind : std::uint8_t {
        any,
        nothing, ///< null, where that is not the default
        boolean,
        integer, ///< from KeyInfo::low to high
        number,  ///< above 0
        ratio,   ///< a number from 0 to 1
        text,    ///< of the form `pattern`
        word,    ///< one of KeyInfo::words
        object,  ///< with the keys of a table
        list,    ///< of `item`
        map,     ///< any names, with values as `item`
        either,  ///< `item` or `other`
        settings ///< Kafka's, of a place
    };
    Kind kind = Kind::any;
    std::string_view name = {};    ///< "duration", "integer", …; for readers
    std::string_view pattern = {}; ///< of texts, and of the names in a map; "" = any
    const Shape* item = nullptr;
    const Shape* other = nullptr;
    std::size_t least = 0, most = 0; ///< length of a list; most 0 = any
    std::size_t keys = 0;            ///< object: how many
    const KeyInfo& (*key)(std::size_t) = nullptr;
    Place place{};                                      ///< settings
    std::vector<std::string_view> (*words)() = nullptr; ///< word: instead of KeyInfo::words
};

/// What there is to say about a key.
struct KeyInfo {
    std::string_view name = {};
    const Shape* shape = nullptr;
    std::string_view fallback = {}; ///< default as JSON; "" = required or described in `doc`
    std::string_view doc = {};      ///< one line
    std::int64_t low = 0;           ///< of integers; of durations in nanoseconds
    std::int64_t high = std::numeric_limits<std::int64_t>::max();
    std::string_view words = {}; ///< allowed ones, separated by '|'; '~' before what is not built
    bool required = false;
    bool built = true;
};

/// A key of an object that is read into a T.
template <class T>
struct Key {
    KeyInfo info;
    void (*read)(Report&, const Node&, const KeyInfo&, T&) = nullptr;
};

/// The shape of the objects that a table describes.
template <auto& table>
constexpr Shape shape_of(std::string_view name) {
    Shape out;
    out.kind = Shape::Kind::object;
    out.name = name;
    out.keys = std::size(table);
    out.key = [](std::size_t k) -> const KeyInfo& { return table[k].info; };
    return out;
}
constexpr Shape list_of(const Shape& item, std::string_view name, std::size_t least = 0,
                        std::size_t most = 0) {
    Shape out;
    out.kind = Shape::Kind::list;
    out.name = name;
    out.item = &item;
    out.least = least;
    out.most = most;
    return out;
}
constexpr Shape map_of(const Shape& item, std::string_view name, std::string_view pattern = {}) {
    Shape out;
    out.kind = Shape::Kind::map;
    out.name = name;
    out.item = &item;
    out.pattern = pattern;
    return out;
}
constexpr Shape either(const Shape& item, const Shape& other, std::string_view name) {
    Shape out;
    out.kind = Shape::Kind::either;
    out.name = name;
    out.item = &item;
    out.other = &other;
    return out;
}
constexpr Shape settings_shape(Place place) {
    Shape out;
    out.kind = Shape::Kind::settings;
    out.name = "settings";
    out.place = place;
    return out;
}
constexpr Shape words_of_list(std::vector<std::string_view> (*words)(), std::string_view name) {
    Shape out;
    out.kind = Shape::Kind::word;
    out.name = name;
    out.words = words;
    return out;
}
constexpr Shape simple(Shape::Kind kind, std::string_view name, std::string_view pattern = {}) {
    Shape out;
    out.kind = kind;
    out.name = name;
    out.pattern = pattern;
    return out;
}

/// "expected WHAT, not a string".
void wrong_kind(Report& report, const Node& node, std::string_view what);
/// "WHAT is not built yet" at the key (or the value, in a list).
void not_built(Report& report, const Node& node, std::string_view what);

/// Readers of one value: false when it is not what the key wants (reported).
struct AsBoolean {
    static constexpr Shape shape = simple(Shape::Kind::boolean, "true or false");
    static bool read(Report&, const Node&, const KeyInfo&, bool& out);
};
struct AsInteger {
    static constexpr Shape shape = simple(Shape::Kind::integer, "integer");
    static bool read(Report&, const Node&, const KeyInfo&, std::int64_t& out);
    static bool read(Report&, const Node&, const KeyInfo&, std::int32_t& out);
    static bool read(Report&, const Node&, const KeyInfo&, std::uint64_t& out);
};
struct AsText {
    static constexpr Shape shape = simple(Shape::Kind::text, "string");
    static bool read(Report&, const Node&, const KeyInfo&, std::string& out);
};
/// 1 to 249 of a-z A-Z 0-9 . _ -
struct AsName {
    static constexpr Shape shape = simple(Shape::Kind::text, "name", R"(^[a-zA-Z0-9._-]{1,249}$)");
    static bool read(Report&, const Node&, const KeyInfo&, std::string& out);
};
/// One of KeyInfo::words.
struct AsWord {
    static constexpr Shape shape = simple(Shape::Kind::word, "word");
    static bool read(Report&, const Node&, const KeyInfo&, std::string& out);
};
struct AsDuration {
    static constexpr Shape shape =
        simple(Shape::Kind::text, "duration", R"(^[0-9]+(\.[0-9]+)?(ns|us|ms|s|min|h|d)$)");
    static bool read(Report&, const Node&, const KeyInfo&, Duration& out);
    static bool read(Report&, const Node&, const KeyInfo&, Time& out);
};
struct AsSize {
    static constexpr Shape shape =
        simple(Shape::Kind::text, "size", R"(^[0-9]+(\.[0-9]+)?(B|KB|MB|GB|KiB|MiB|GiB)$)");
    static bool read(Report&, const Node&, const KeyInfo&, std::int64_t& out);
};
struct AsBandwidth {
    static constexpr Shape shape =
        simple(Shape::Kind::text, "bandwidth",
               R"(^(unlimited|[0-9]+(\.[0-9]+)?(B|KB|MB|GB|KiB|MiB|GiB|kbit|Mbit|Gbit)/s)$)");
    static bool read(Report&, const Node&, const KeyInfo&, Bandwidth& out);
};
struct AsRate {
    static constexpr Shape shape =
        simple(Shape::Kind::text, "rate", R"(^[0-9]+(\.[0-9]+)?/(s|min|h)$)");
    static bool read(Report&, const Node&, const KeyInfo&, Rate& out);
};
struct AsCost {
    static constexpr Shape shape =
        simple(Shape::Kind::text, "cost per byte", R"(^[0-9]+(\.[0-9]+)?(ns|us|ms|s)$)");
    static bool read(Report&, const Node&, const KeyInfo&, std::int64_t& out);
};
/// "0.1%", or a number from 0 to 1.
struct AsRatio {
    static const Shape shape;
    static bool read(Report&, const Node&, const KeyInfo&, Ratio& out);
};
/// A number above 0 with at most 9 decimals, in billionths: KeyInfo::low to high.
struct AsDecimal {
    static constexpr Shape shape = simple(Shape::Kind::number, "number");
    static bool read(Report&, const Node&, const KeyInfo&, std::int64_t& out);
};
struct AsDistribution {
    static const Shape shape;
    static bool read(Report&, const Node&, const KeyInfo&, Distribution& out);
};
/// The same of sizes: a byte for a nanosecond.
struct AsSizes {
    static const Shape shape;
    static bool read(Report&, const Node&, const KeyInfo&, Distribution& out);
};
struct AsTexts {
    static const Shape shape;
    static bool read(Report&, const Node&, const KeyInfo&, std::vector<std::string>& out);
};
struct AsNames {
    static const Shape shape;
    static bool read(Report&, const Node&, const KeyInfo&, std::vector<std::string>& out);
};
/// Anything: what is looked at elsewhere.
struct AsAny {
    static constexpr Shape shape = simple(Shape::Kind::any, "any");
    static bool read(Report&, const Node&, const KeyInfo&, bool&) { return true; }
};

/// The strings of a list; false if it is none (reported).
bool decode_texts(Report& report, const Node& node, std::string_view what,
                  std::vector<std::string>& out);

/// Whether `name` may name a topic, machine, group, fault, zone or rack.
bool is_name(std::string_view name);
extern const std::string_view name_rule;

/// Builds the lines of a table for objects read into a T.
template <class T>
struct Keys {
    /// A key whose value goes into a member.
    template <auto member, class As>
    static constexpr Key<T> of(KeyInfo info) {
        info.shape = info.shape == nullptr ? &As::shape : info.shape;
        return {info, [](Report& report, const Node& node, const KeyInfo& key, T& out) {
                    store<As>(report, node, key, out.*member);
                }};
    }
    /// A key with a reader of its own: void(Report&, const Node&, const KeyInfo&, T&).
    template <auto reader>
    static constexpr Key<T> by(KeyInfo info) {
        return {info, reader};
    }
    /// A key of the format that is refused, except where it asks for its default. Its value is
    /// looked at all the same: what is wrong stays wrong.
    template <class As, class V>
    static constexpr Key<T> later(KeyInfo info) {
        info.shape = info.shape == nullptr ? &As::shape : info.shape;
        info.built = false;
        return {info, [](Report& report, const Node& node, const KeyInfo& key, T&) {
                    V value{};
                    As::read(report, node, key, value);
                }};
    }
    template <auto reader>
    static constexpr Key<T> later_by(KeyInfo info) {
        info.built = false;
        return {info, reader};
    }

private:
    template <class As, class V>
    static void store(Report& report, const Node& node, const KeyInfo& key, V& out) {
        V value{};
        if (As::read(report, node, key, value)) { out = value; }
    }
    template <class As, class V>
    static void store(Report& report, const Node& node, const KeyInfo& key, std::optional<V>& out) {
        V value{};
        if (As::read(report, node, key, value)) { out = value; }
    }
};

/// What to do with a member: looks its name up in the table, reports unknown ones. Index into
/// `infos`, or nothing when there is nothing to read.
std::optional<std::size_t> find_key(Report& report, const Node& member,
                                    std::span<const KeyInfo* const> infos);
/// After a member was read, with so many errors before it: "not built yet", where it is so.
void refuse_unbuilt(Report& report, const Node& member, const KeyInfo& info, std::size_t before);
void report_missing(Report& report, const Node& object, std::span<const KeyInfo* const> infos);

/// Reads the object `node` by its table; false if it is none.
template <class T, std::size_t N>
bool read_object(Report& report, const Node& node, const Key<T> (&table)[N], std::string_view what,
                 T& out) {
    if (!node.is(Node::Kind::object)) {
        wrong_kind(report, node, what);
        return false;
    }
    const KeyInfo* infos[N];
    for (std::size_t k = 0; k < N; ++k) {
        infos[k] = &table[k].info;
    }
    for (const Node& member : node.children) {
        if (const auto k = find_key(report, member, infos)) {
            const std::size_t before = report.errors();
            table[*k].read(report, member, table[*k].info, out);
            refuse_unbuilt(report, member, table[*k].info, before);
        }
    }
    report_missing(report, node, infos);
    return true;
}

} // namespace brokersim
