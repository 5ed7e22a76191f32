// Reading single values, and the part of reading objects that does not depend on what is read.
#include "scenario/keys.hpp"

#include "scenario/reader.hpp"

#include <algorithm>
#include <charconv>

namespace brokersim {

const std::string_view name_rule = "1 to 249 of a-z A-Z 0-9 . _ -";

void wrong_kind(Report& report, const Node& node, std::string_view what) {
    std::string text = "expected " + std::string(what) + ", not " + std::string(name_of(node.kind));
    report.error(node, std::move(text));
}

void not_built(Report& report, const Node& node, std::string_view what) {
    report.error_at_key(node, std::string(what) + " is not built yet");
}

bool is_name(std::string_view name) {
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-';
    };
    return !name.empty() && name.size() <= 249 && std::all_of(name.begin(), name.end(), fits);
}

bool AsBoolean::read(Report& report, const Node& node, const KeyInfo&, bool& out) {
    if (!node.is(Node::Kind::boolean)) {
        wrong_kind(report, node, "true or false");
        return false;
    }
    out = node.truth;
    return true;
}

namespace {

std::string range_text(const KeyInfo& key) {
    const bool bounded = key.high != std::numeric_limits<std::int64_t>::max();
    return bounded ? std::to_string(key.low) + " to " + std::to_string(key.high)
                   : "at least " + std::to_string(key.low);
}

/// Whether the number is written as an integer; what it is, when it fits.
template <class I>
bool integer_text(Report& report, const Node& node, I& out, bool& fits) {
    if (!node.is(Node::Kind::number)) {
        wrong_kind(report, node, "an integer");
        return false;
    }
    const std::string& text = node.text;
    if (text.find_first_of(".eE") != std::string::npos || text == "-0") {
        report.error(node, in_quotes(text) + " is no integer: write digits only");
        return false;
    }
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), out);
    fits = failure == std::errc{} && end == text.data() + text.size();
    return true;
}

constexpr Shape percent_shape = simple(Shape::Kind::text, "percentage", R"(^[0-9]+(\.[0-9]+)?%$)");
constexpr Shape ratio_number_shape = simple(Shape::Kind::ratio, "number");

template <class T, class Parse>
bool quantity(Report& report, const Node& node, std::string_view what, std::string_view forms,
              Parse parse, T& out) {
    if (!node.is(Node::Kind::string)) {
        wrong_kind(report, node, std::string(what) + " such as " + std::string(forms));
        return false;
    }
    const auto parsed = parse(node.text);
    if (!parsed.value) {
        report.error(node, parsed.error);
        return false;
    }
    out = *parsed.value;
    return true;
}

} // namespace

bool AsInteger::read(Report& report, const Node& node, const KeyInfo& key, std::int64_t& out) {
    std::int64_t value = 0;
    bool fits = false;
    if (!integer_text(report, node, value, fits)) { return false; }
    if (!fits || value < key.low || value > key.high) {
        report.error(node, in_quotes(node.text) + " is out of range: " + range_text(key));
        return false;
    }
    out = value;
    return true;
}

bool AsInteger::read(Report& report, const Node& node, const KeyInfo& key, std::int32_t& out) {
    KeyInfo narrow = key;
    narrow.high = std::min<std::int64_t>(key.high, std::numeric_limits<std::int32_t>::max());
    std::int64_t value = 0;
    if (!read(report, node, narrow, value)) { return false; }
    out = static_cast<std::int32_t>(value);
    return true;
}

bool AsInteger::read(Report& report, const Node& node, const KeyInfo&, std::uint64_t& out) {
    std::uint64_t value = 0;
    bool fits = false;
    if (!integer_text(report, node, value, fits)) { return false; }
    if (!fits) {
        report.error(node, in_quotes(node.text) + " is out of range: 0 to 18446744073709551615");
        return false;
    }
    out = value;
    return true;
}

bool AsText::read(Report& report, const Node& node, const KeyInfo&, std::string& out) {
    if (!node.is(Node::Kind::string)) {
        wrong_kind(report, node, "a string");
        return false;
    }
    out = node.text;
    return true;
}

bool AsName::read(Report& report, const Node& node, const KeyInfo& key, std::string& out) {
    if (!AsText::read(report, node, key, out)) { return false; }
    if (is_name(out)) { return true; }
    report.error(node, in_quotes(out) + " is no name: " + std::string(name_rule));
    return false;
}

bool AsWord::read(Report& report, const Node& node, const KeyInfo& key, std::string& out) {
    if (!AsText::read(report, node, key, out)) { return false; }
    std::vector<std::string_view> words;
    for (std::string_view word : split(key.words)) {
        const bool built = word.front() != '~';
        if (!built) { word.remove_prefix(1); }
        words.push_back(word);
        if (word != out) { continue; }
        if (built) { return true; }
        report.error(node, std::string(key.name) + " " + in_quotes(out) + " is not built yet");
        return false;
    }
    report.error(node, "unknown " + std::string(key.name) + " " + in_quotes(out) +
                           did_you_mean(out, words) + ": expected " + listed(words));
    return false;
}

bool AsDuration::read(Report& report, const Node& node, const KeyInfo& key, Duration& out) {
    Duration value{};
    if (!quantity(report, node, "a duration", R"("250us", "5ms", "1.5s" or "2min")", duration_of,
                  value)) {
        return false;
    }
    if (value.ns < key.low || value.ns > key.high) {
        report.error(node, in_quotes(node.text) + " is out of range: " +
                               (value.ns < key.low ? "at least " + spell(Duration{key.low})
                                                   : "at most " + spell(Duration{key.high})));
        return false;
    }
    out = value;
    return true;
}

bool AsDuration::read(Report& report, const Node& node, const KeyInfo& key, Time& out) {
    Duration value{};
    if (!read(report, node, key, value)) { return false; }
    out = Time{} + value;
    return true;
}

bool AsSize::read(Report& report, const Node& node, const KeyInfo& key, std::int64_t& out) {
    if (!quantity(report, node, "a size", R"("100B", "10KiB" or "1MB")", size_of, out)) {
        return false;
    }
    if (out < key.low || out > key.high) {
        report.error(node, in_quotes(node.text) + " is out of range: " + spell_size(key.low) +
                               " to " + spell_size(key.high));
        return false;
    }
    return true;
}

bool AsBandwidth::read(Report& report, const Node& node, const KeyInfo&, Bandwidth& out) {
    return quantity(report, node, "a bandwidth", R"("100MB/s", "10Gbit/s" or "unlimited")",
                    bandwidth_of, out);
}

bool AsRate::read(Report& report, const Node& node, const KeyInfo&, Rate& out) {
    return quantity(report, node, "a rate", R"("1000/s", "30/min" or "0.5/h")", rate_of, out);
}

bool AsCost::read(Report& report, const Node& node, const KeyInfo&, std::int64_t& out) {
    return quantity(report, node, "a cost per byte", R"("0.1ns")", cost_of, out);
}

const Shape AsRatio::shape = either(percent_shape, ratio_number_shape, "ratio");

bool AsRatio::read(Report& report, const Node& node, const KeyInfo&, Ratio& out) {
    Parsed<std::int64_t> ratio;
    if (node.is(Node::Kind::string)) {
        ratio = percent_of(node.text);
    } else if (node.is(Node::Kind::number)) {
        ratio = ratio_of(node.text);
    } else {
        wrong_kind(report, node, "a ratio such as \"0.1%\" or a number from 0 to 1");
        return false;
    }
    if (!ratio.value) {
        report.error(node, ratio.error);
        return false;
    }
    out = {*ratio.value};
    return true;
}

bool AsDecimal::read(Report& report, const Node& node, const KeyInfo& key, std::int64_t& out) {
    if (!node.is(Node::Kind::number)) {
        wrong_kind(report, node, "a number");
        return false;
    }
    const auto parsed = decimal_billionths(node.text);
    if (!parsed.value) {
        report.error(node, parsed.error);
        return false;
    }
    if (*parsed.value < key.low || *parsed.value > key.high) {
        report.error(node, in_quotes(node.text) + " is out of range: " + spell_billionths(key.low) +
                               " to " + spell_billionths(key.high));
        return false;
    }
    out = *parsed.value;
    return true;
}

const Shape AsTexts::shape = list_of(AsText::shape, "list of strings");

bool AsTexts::read(Report& report, const Node& node, const KeyInfo&,
                   std::vector<std::string>& out) {
    return decode_texts(report, node, "a list of strings", out);
}

const Shape AsNames::shape = list_of(AsName::shape, "list of names");

bool AsNames::read(Report& report, const Node& node, const KeyInfo&,
                   std::vector<std::string>& out) {
    if (!node.is(Node::Kind::array)) {
        wrong_kind(report, node, "a list of names");
        return false;
    }
    const std::size_t before = report.errors();
    for (const Node& item : node.children) {
        AsName::read(report, item, {}, out.emplace_back());
    }
    return report.errors() == before;
}

bool decode_texts(Report& report, const Node& node, std::string_view what,
                  std::vector<std::string>& out) {
    if (!node.is(Node::Kind::array)) {
        wrong_kind(report, node, what);
        return false;
    }
    const std::size_t before = report.errors();
    for (const Node& item : node.children) {
        AsText::read(report, item, {}, out.emplace_back());
    }
    return report.errors() == before;
}

std::optional<std::size_t> find_key(Report& report, const Node& member,
                                    std::span<const KeyInfo* const> infos) {
    if (member.key.starts_with("x-")) { return std::nullopt; }
    for (std::size_t k = 0; k < infos.size(); ++k) {
        if (infos[k]->name != member.key) { continue; }
        if (member.is(Node::Kind::null)) { return std::nullopt; } // The default.
        return k;
    }
    std::vector<std::string_view> names;
    for (const KeyInfo* info : infos) {
        names.push_back(info->name);
    }
    report.error_at_key(member,
                        "unknown key " + in_quotes(member.key) + did_you_mean(member.key, names));
    return std::nullopt;
}

void refuse_unbuilt(Report& report, const Node& member, const KeyInfo& info, std::size_t before) {
    if (info.built || report.errors() != before) { return; }
    const bool asks_for_default = !info.fallback.empty() && compact_json(member) == info.fallback;
    if (!asks_for_default) { not_built(report, member, in_quotes(member.key)); }
}

void report_missing(Report& report, const Node& object, std::span<const KeyInfo* const> infos) {
    for (const KeyInfo* info : infos) {
        if (!info->required) { continue; }
        const Node* member = object.find(info->name);
        if (member == nullptr || member->is(Node::Kind::null)) {
            report.error(member == nullptr ? object : *member,
                         "the key " + in_quotes(info->name) +
                             " is needed here: " + std::string(info->doc));
        }
    }
}

} // namespace brokersim
