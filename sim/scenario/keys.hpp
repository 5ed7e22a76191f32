// The descriptor tables: what an object of a scenario may hold. One line per key says its name, its
// kind of value, range, default and meaning, and how it is read; error texts, the decoder and the
// help work from the same lines.
#pragma once

#include "scenario/document.hpp"
#include "scenario/report.hpp"
#include "scenario/units.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace brokersim {

/// What there is to say about a key.
struct KeyInfo {
    std::string_view name = {};
    std::string_view type = {};     ///< "duration", "integer", …; for readers
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
    void (*read)(Report&, const Node&, const KeyInfo&, T&) = nullptr; ///< none: not built yet
};

/// "expected WHAT, not a string".
void wrong_kind(Report& report, const Node& node, std::string_view what);
/// "WHAT is not built yet" at the key (or the value, in a list).
void not_built(Report& report, const Node& node, std::string_view what);

/// Readers of one value: false when it is not what the key wants (reported).
struct AsBoolean {
    static constexpr std::string_view type = "true or false";
    static bool read(Report&, const Node&, const KeyInfo&, bool& out);
};
struct AsInteger {
    static constexpr std::string_view type = "integer";
    static bool read(Report&, const Node&, const KeyInfo&, std::int64_t& out);
    static bool read(Report&, const Node&, const KeyInfo&, std::int32_t& out);
    static bool read(Report&, const Node&, const KeyInfo&, std::uint64_t& out);
};
struct AsText {
    static constexpr std::string_view type = "string";
    static bool read(Report&, const Node&, const KeyInfo&, std::string& out);
};
/// 1 to 249 of a-z A-Z 0-9 . _ -
struct AsName {
    static constexpr std::string_view type = "name";
    static bool read(Report&, const Node&, const KeyInfo&, std::string& out);
};
/// One of KeyInfo::words.
struct AsWord {
    static constexpr std::string_view type = "word";
    static bool read(Report&, const Node&, const KeyInfo&, std::string& out);
};
struct AsDuration {
    static constexpr std::string_view type = "duration";
    static bool read(Report&, const Node&, const KeyInfo&, Duration& out);
    static bool read(Report&, const Node&, const KeyInfo&, Time& out);
};
struct AsSize {
    static constexpr std::string_view type = "size";
    static bool read(Report&, const Node&, const KeyInfo&, std::int64_t& out);
};
struct AsBandwidth {
    static constexpr std::string_view type = "bandwidth";
    static bool read(Report&, const Node&, const KeyInfo&, Bandwidth& out);
};
struct AsRate {
    static constexpr std::string_view type = "rate";
    static bool read(Report&, const Node&, const KeyInfo&, Rate& out);
};
struct AsCost {
    static constexpr std::string_view type = "cost per byte";
    static bool read(Report&, const Node&, const KeyInfo&, std::int64_t& out);
};
struct AsDistribution {
    static constexpr std::string_view type = "duration or distribution";
    static bool read(Report&, const Node&, const KeyInfo&, Distribution& out);
};

/// Whether `name` may name a topic, machine, group, fault, zone or rack.
bool is_name(std::string_view name);
extern const std::string_view name_rule;

/// Builds the lines of a table for objects read into a T.
template <class T>
struct Keys {
    /// A key whose value goes into a member.
    template <auto member, class As>
    static constexpr Key<T> of(KeyInfo info) {
        info.type = info.type.empty() ? As::type : info.type;
        return {info, [](Report& report, const Node& node, const KeyInfo& key, T& out) {
                    store<As>(report, node, key, out.*member);
                }};
    }
    /// A key with a reader of its own: void(Report&, const Node&, const KeyInfo&, T&).
    template <auto reader>
    static constexpr Key<T> by(KeyInfo info) {
        return {info, reader};
    }
    /// A key of the format that is refused, except where it asks for its default.
    static constexpr Key<T> later(KeyInfo info) {
        info.built = false;
        return {info, nullptr};
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

/// What to do with a member: looks its name up in the table, reports unknown and unbuilt ones.
/// Index into `infos`, or nothing when there is nothing to read.
std::optional<std::size_t> find_key(Report& report, const Node& member,
                                    std::span<const KeyInfo* const> infos);
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
            table[*k].read(report, member, table[*k].info, out);
        }
    }
    report_missing(report, node, infos);
    return true;
}

} // namespace brokersim
