// JSON Schema from the descriptor tables and from Kafka's settings.
#include "scenario/schema.hpp"

#include "scenario/draft.hpp"
#include "scenario/json_writer.hpp"
#include "scenario/modelled.hpp"

#include <algorithm>
#include <limits>

namespace brokersim {
namespace {

constexpr std::int64_t int64_min = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();

constexpr std::string_view place_names[] = {"server", "topic", "producer", "consumer"};

/// `text` as a part of a regular expression.
std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (std::string_view(".+*?^$()[]{}|\\").find(c) != std::string_view::npos) { out += '\\'; }
        out += c;
    }
    return out;
}

class SchemaWriter {
public:
    std::string write() {
        w_.open('{');
        member("$schema", "http://json-schema.org/draft-07/schema#");
        member("title", "A scenario of brokersim, format 1");
        object(scenario_shape, false);
        w_.key("definitions");
        w_.open('{');
        for (const Place place : {Place::server, Place::topic, Place::producer, Place::consumer}) {
            w_.key(place_names[static_cast<std::size_t>(place)]);
            settings(place);
        }
        w_.key("distribution");
        w_.open('{');
        either(AsDistribution::shape, {}, false);
        w_.close('}');
        w_.key("sizes");
        w_.open('{');
        either(AsSizes::shape, {}, false);
        w_.close('}');
        w_.close('}');
        w_.close('}');
        return w_.take();
    }

private:
    void member(std::string_view key, std::string_view text) {
        w_.key(key);
        w_.text(text);
    }
    void type(std::string_view name, bool nullable) {
        w_.key("type");
        if (!nullable) {
            w_.text(name);
            return;
        }
        w_.open('[');
        w_.text(name);
        w_.text("null");
        w_.close(']');
    }
    void null_type() {
        w_.open('{');
        type("null", false);
        w_.close('}');
    }

    /// The words of a shape in braces of its own.
    void whole(const Shape& shape, const KeyInfo& info, bool nullable) {
        w_.open('{');
        shape_words(shape, info, nullable);
        w_.close('}');
    }

    void reference(std::string_view name, bool nullable) {
        w_.key("anyOf");
        w_.open('[');
        w_.open('{');
        member("$ref", "#/definitions/" + std::string(name));
        w_.close('}');
        if (nullable) { null_type(); }
        w_.close(']');
    }

    void shape_words(const Shape& shape, const KeyInfo& info, bool nullable) {
        using Kind = Shape::Kind;
        if (&shape == &AsDistribution::shape) { return reference("distribution", nullable); }
        if (&shape == &AsSizes::shape) { return reference("sizes", nullable); }
        switch (shape.kind) {
        case Kind::any: break;
        case Kind::nothing: type("null", false); break;
        case Kind::boolean: type("boolean", nullable); break;
        case Kind::integer: integer(info, nullable); break;
        case Kind::number:
            type("number", nullable);
            w_.key(info.low > 0 ? "exclusiveMinimum" : "minimum");
            w_.number(0);
            break;
        case Kind::ratio:
            type("number", nullable);
            w_.key("minimum");
            w_.number(0);
            w_.key("maximum");
            w_.number(1);
            break;
        case Kind::text:
            type("string", nullable);
            if (!shape.pattern.empty()) { member("pattern", shape.pattern); }
            break;
        case Kind::word: words(shape, info, nullable); break;
        case Kind::object: object(shape, nullable); break;
        case Kind::list: list(shape, info, nullable); break;
        case Kind::map: map(shape, info, nullable); break;
        case Kind::either: either(shape, info, nullable); break;
        case Kind::settings:
            reference(place_names[static_cast<std::size_t>(shape.place)], nullable);
            break;
        }
    }

    void integer(const KeyInfo& info, bool nullable) {
        type("integer", nullable);
        if (info.low != int64_min) {
            w_.key("minimum");
            w_.number(info.low);
        }
        if (info.high != int64_max) {
            w_.key("maximum");
            w_.number(info.high);
        }
    }

    void words(const Shape& shape, const KeyInfo& info, bool nullable) {
        w_.key("enum");
        w_.open('[');
        for (std::string_view word : shape.words != nullptr ? shape.words() : split(info.words)) {
            if (word.starts_with('~')) { word.remove_prefix(1); }
            w_.text(word);
        }
        if (nullable) { w_.json("null"); }
        w_.close(']');
    }

    void list(const Shape& shape, const KeyInfo& info, bool nullable) {
        type("array", nullable);
        w_.key("items");
        whole(*shape.item, info, false);
        if (shape.least > 0) {
            w_.key("minItems");
            w_.number(static_cast<std::int64_t>(shape.least));
        }
        if (shape.most > 0) {
            w_.key("maxItems");
            w_.number(static_cast<std::int64_t>(shape.most));
        }
    }

    void map(const Shape& shape, const KeyInfo& info, bool nullable) {
        type("object", nullable);
        notes();
        if (!shape.pattern.empty()) {
            w_.key("propertyNames");
            w_.open('{');
            member("pattern", std::string(shape.pattern) + "|^x-");
            w_.close('}');
        }
        w_.key("additionalProperties");
        whole(*shape.item, info, true);
    }

    /// Keys that are free for notes.
    void notes() {
        w_.key("patternProperties");
        w_.open('{');
        w_.key("^x-");
        w_.open('{');
        w_.close('}');
        w_.close('}');
    }

    void either(const Shape& shape, const KeyInfo& info, bool nullable) {
        w_.key("anyOf");
        w_.open('[');
        whole(*shape.item, info, false);
        whole(*shape.other, info, false);
        if (nullable) { null_type(); }
        w_.close(']');
    }

    void object(const Shape& shape, bool nullable) {
        type("object", nullable);
        w_.key("properties");
        w_.open('{');
        bool needed = false;
        for (std::size_t k = 0; k < shape.keys; ++k) {
            key(shape.key(k));
            needed = needed || shape.key(k).required;
        }
        w_.close('}');
        if (needed) {
            w_.key("required");
            w_.open('[');
            for (std::size_t k = 0; k < shape.keys; ++k) {
                if (shape.key(k).required) { w_.text(shape.key(k).name); }
            }
            w_.close(']');
        }
        notes();
        w_.key("additionalProperties");
        w_.boolean(false);
    }

    void key(const KeyInfo& info) {
        w_.key(info.name);
        w_.open('{');
        member("description", std::string(info.doc) + (info.built ? "" : " (not built yet)"));
        if (!info.fallback.empty()) {
            w_.key("default");
            w_.json(info.fallback);
        }
        shape_words(*info.shape, info, !info.required);
        w_.close('}');
    }

    void settings(Place place) {
        w_.open('{');
        type("object", false);
        w_.key("properties");
        w_.open('{');
        for (const Setting& setting : settings_of(place)) {
            w_.key(setting.name);
            this->setting(in_any_release(place, setting));
        }
        w_.close('}');
        w_.key("patternProperties");
        w_.open('{');
        for (const std::string_view pattern : {"^x-", "^listener\\.name\\."}) {
            if (pattern != "^x-" && place != Place::server) { continue; }
            w_.key(pattern);
            w_.open('{');
            w_.close('}');
        }
        w_.close('}');
        w_.key("additionalProperties");
        w_.boolean(false);
        w_.close('}');
    }

    /// As wide as the widest of the releases: which one a file names, a schema does not know.
    static Setting in_any_release(Place place, Setting widest) {
        for (const Release release : {Release::v3_9, Release::v4_1}) {
            const Setting* const there = find_setting(place, widest.name, release);
            if (there == nullptr) { continue; }
            widest.low = std::min(widest.low, there->low);
            widest.high = std::max(widest.high, there->high);
            if (there->words.size() > widest.words.size()) { widest.words = there->words; }
        }
        return widest;
    }

    void types(std::initializer_list<std::string_view> names) {
        w_.key("type");
        w_.open('[');
        for (const std::string_view name : names) {
            w_.text(name);
        }
        w_.close(']');
    }

    /// As Kafka reads it: also from a text, with blanks around.
    void setting(const Setting& s) {
        w_.open('{');
        if ((s.flags & Setting::unset) == 0) {
            member("description", "Kafka's default: " + std::string(s.fallback));
        }
        switch (s.kind) {
        case Setting::Kind::boolean:
            types({"boolean", "string", "null"});
            member("pattern", R"(^\s*([tT][rR][uU][eE]|[fF][aA][lL][sS][eE])\s*$)");
            break;
        case Setting::Kind::int16:
        case Setting::Kind::int32:
        case Setting::Kind::int64:
            types({"integer", "string", "null"});
            setting_range(s);
            member("pattern", R"(^\s*[+-]?[0-9]+\s*$)");
            break;
        case Setting::Kind::real:
            types({"number", "string", "null"});
            member("pattern", R"(^\s*[+-]?[0-9.]+\s*$)");
            break;
        case Setting::Kind::text:
        case Setting::Kind::list: types({"string", "number", "boolean", "null"}); setting_words(s);
        }
        w_.close('}');
    }

    void setting_range(const Setting& s) {
        const std::int64_t low = s.either == int64_min ? s.low : std::min(s.low, s.either);
        const std::int64_t high = s.either == int64_min ? s.high : std::max(s.high, s.either);
        if (low != int64_min) {
            w_.key("minimum");
            w_.number(low);
        }
        if (high != int64_max) {
            w_.key("maximum");
            w_.number(high);
        }
    }

    /// The words of a setting, each as a regular expression.
    static std::vector<std::string> words_of(const Setting& s) {
        std::vector<std::string> out;
        if (s.name == "partition.assignment.strategy") { // Any class, for Kafka.
            for (const std::string_view name : assignor_names()) {
                out.push_back(escaped(name));
            }
            out.emplace_back("org\\.apache\\.kafka\\.clients\\.consumer\\.[a-zA-Z]+");
            return out;
        }
        for (const std::string_view word : split(s.words)) {
            const std::size_t colon = word.find(':');
            out.push_back(colon == std::string_view::npos
                              ? escaped(word)
                              : escaped(word.substr(0, colon + 1)) + ".*");
        }
        return out;
    }

    void setting_words(const Setting& s) {
        if ((s.flags & Setting::any_case) != 0) { return; }
        std::string any;
        for (const std::string& word : words_of(s)) {
            any += (any.empty() ? "" : "|") + word;
        }
        if (any.empty()) { return; }
        any = "(" + any + ")";
        member("pattern", s.kind == Setting::Kind::list
                              ? R"(^\s*()" + any + R"((\s*,\s*)" + any + R"()*)?\s*$)"
                              : R"(^\s*)" + any + R"(\s*$)");
    }

    JsonWriter w_;
};

} // namespace

std::string json_schema() {
    return SchemaWriter().write();
}

} // namespace brokersim
