// The table of Kafka's settings and the reading of `config` objects.
#include "scenario/settings.hpp"

#include "scenario/modelled.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>
#include <vector>

namespace brokersim {
namespace {

constexpr std::int64_t int64_min = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();

constexpr auto unset = Setting::unset;
constexpr auto any_case = Setting::any_case;
constexpr auto not_empty = Setting::not_empty;
constexpr auto internal = Setting::internal;
constexpr auto dynamic = Setting::dynamic;

#define BS_SETTING(name_, kind_, default_, min_, max_, either_, words_, releases_, flags_, topic_, \
                   times_)                                                                         \
    Setting{name_,    Setting::Kind::kind_,                                                        \
            default_, min_,                                                                        \
            max_,     either_,                                                                     \
            words_,   releases_,                                                                   \
            (flags_), topic_,                                                                      \
            times_},
constexpr Setting server_settings[] = {
#define BS_SETTINGS_SERVER
#include "scenario/kafka_settings.inc"
#undef BS_SETTINGS_SERVER
};
constexpr Setting topic_settings[] = {
#define BS_SETTINGS_TOPIC
#include "scenario/kafka_settings.inc"
#undef BS_SETTINGS_TOPIC
};
constexpr Setting producer_settings[] = {
#define BS_SETTINGS_PRODUCER
#include "scenario/kafka_settings.inc"
#undef BS_SETTINGS_PRODUCER
};
constexpr Setting consumer_settings[] = {
#define BS_SETTINGS_CONSUMER
#include "scenario/kafka_settings.inc"
#undef BS_SETTINGS_CONSUMER
};

/// Settings that one release defines otherwise than 4.0.
struct OfRelease {
    Release release;
    Place place;
    Setting setting;
};
#define BS_SETTING_IN(release_, place_, name_, kind_, default_, min_, max_, either_, words_,       \
                      releases_, flags_, topic_, times_)                                           \
    OfRelease{Release::release_, Place::place_,                                                    \
              BS_SETTING(name_, kind_, default_, min_, max_, either_, words_, releases_, flags_,   \
                         topic_, times_)},
constexpr OfRelease settings_of_releases[] = {
#define BS_SETTINGS_OF_RELEASES
#include "scenario/kafka_settings.inc"
#undef BS_SETTINGS_OF_RELEASES
};
#undef BS_SETTING_IN
#undef BS_SETTING

constexpr Place all_places[] = {Place::server, Place::topic, Place::producer, Place::consumer};
constexpr Release all_releases[] = {Release::v3_9, Release::v4_0, Release::v4_1};

bool has(const Setting& setting, Release release) {
    return (setting.releases >> static_cast<unsigned>(release) & 1U) != 0;
}

std::string_view trimmed(std::string_view text) {
    // String.trim(): everything up to the blank.
    while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ')
        text.remove_prefix(1);
    while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ')
        text.remove_suffix(1);
    return text;
}

std::string upper(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return out;
}

/// Integer.parseInt and its brothers: digits with an optional sign.
std::optional<std::int64_t> integer_of(std::string_view text) {
    if (text.size() > 1 && text.front() == '+' && text[1] != '-') { text.remove_prefix(1); }
    std::int64_t value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc{} || end != text.data() + text.size()) { return std::nullopt; }
    return value;
}

/// A decimal in thousandths, rounded away from zero so that limits hold exactly; huge ones are cut.
std::optional<std::int64_t> thousandths_of(std::string_view text) {
    const bool negative = !text.empty() && text.front() == '-';
    if (!text.empty() && (text.front() == '-' || text.front() == '+')) { text.remove_prefix(1); }
    const std::size_t point = std::min(text.find('.'), text.size());
    std::int64_t value = 0;
    std::size_t digits = 0;
    bool rest = false;
    for (std::size_t k = 0; k < text.size(); ++k) {
        if (k == point) { continue; }
        if (text[k] < '0' || text[k] > '9') { return std::nullopt; }
        ++digits;
        if (k > point + 3) {
            rest = rest || text[k] != '0';
        } else {
            value = std::min(value, int64_max / 100'000) * 10 + (text[k] - '0');
        }
    }
    const std::size_t decimals = point == text.size() ? 0 : text.size() - point - 1;
    for (std::size_t k = std::min<std::size_t>(decimals, 3); k < 3; ++k) {
        value *= 10;
    }
    if (digits == 0) { return std::nullopt; }
    value += rest ? 1 : 0;
    return negative ? -value : value;
}

std::string limits_text(const Setting& s) {
    const auto number = [&](std::int64_t v) {
        if (s.kind != Setting::Kind::real) { return std::to_string(v); }
        std::string out = std::to_string(v / 1000);
        if (v % 1000 != 0) { out += '.' + std::to_string(1000 + v % 1000).substr(1); }
        return out;
    };
    std::string out;
    if (s.low != int64_min && s.high != int64_max) {
        out = number(s.low) + " to " + number(s.high);
    } else if (s.low != int64_min) {
        out = "at least " + number(s.low);
    } else {
        out = "at most " + number(s.high);
    }
    return s.either == int64_min ? out : out + ", or " + number(s.either);
}

bool in_range(const Setting& s, std::int64_t value) {
    return (value >= s.low && value <= s.high) || (s.either != int64_min && value == s.either);
}

/// Whether `text` is one of the allowed words ("by_duration:P…" stands for its prefix).
bool is_word(const Setting& s, std::string_view text) {
    const bool any = (s.flags & Setting::any_case) != 0;
    for (const std::string_view word : split(s.words)) {
        if (word == text || (any && upper(word) == upper(text))) { return true; }
        const std::size_t colon = word.find(':');
        if (colon != std::string_view::npos &&
            text.substr(0, colon + 1) == word.substr(0, colon + 1)) {
            return true;
        }
    }
    return false;
}

std::string word_error(const Setting& s, std::string_view text) {
    return in_quotes(text) + " is no value of " + in_quotes(s.name) +
           did_you_mean(text, split(s.words)) + ": Kafka knows " + listed(split(s.words));
}

std::string_view kind_text(Setting::Kind kind) {
    constexpr std::string_view texts[] = {"true or false",
                                          "an integer of 16 bits",
                                          "an integer of 32 bits",
                                          "an integer of 64 bits",
                                          "a number",
                                          "a text",
                                          "a list"};
    return texts[static_cast<std::size_t>(kind)];
}

bool check_integer(const Setting& s, SettingValue& value, std::string& error) {
    const auto number = integer_of(value.text);
    const std::int64_t widest = s.kind == Setting::Kind::int16   ? 32'767
                                : s.kind == Setting::Kind::int32 ? 2'147'483'647
                                                                 : int64_max;
    if (!number || *number > widest || *number < -widest - 1) {
        error = in_quotes(value.text) + " is no value of " + in_quotes(s.name) +
                ": Kafka expects " + std::string(kind_text(s.kind)) + ", without a unit";
        return false;
    }
    value.number = *number;
    if (!in_range(s, *number)) {
        error = in_quotes(s.name) + " must be " + limits_text(s) + ", not " + value.text;
        return false;
    }
    return true;
}

bool check_text(const Setting& s, const SettingValue& value, std::string& error) {
    if ((s.flags & Setting::not_empty) != 0 && value.text.empty()) {
        error = in_quotes(s.name) + " must not be empty";
        return false;
    }
    if (s.words.empty()) { return true; }
    const auto parts = s.kind == Setting::Kind::list ? split(value.text, ',')
                                                     : std::vector<std::string_view>{value.text};
    for (const std::string_view part : parts) {
        if (!is_word(s, trimmed(part))) {
            error = word_error(s, trimmed(part));
            return false;
        }
    }
    return true;
}

/// A name that belongs elsewhere: says where.
std::string misplaced(std::string_view name, Place place) {
    if (place == Place::topic) {
        const Setting* server = find_setting(Place::server, name);
        if (server != nullptr && !server->topic.empty()) {
            return in_quotes(name) +
                   " is the brokers' name, for brokers.config: a topic calls it " +
                   in_quotes(server->topic);
        }
    }
    for (const Place other : all_places) {
        if (find_setting(other, name) == nullptr) { continue; }
        std::string out = in_quotes(name) + " is a setting for " + std::string(path_of(other)) +
                          ", not for " + std::string(path_of(place));
        if (other == Place::topic && place == Place::server) {
            for (const Setting& s : settings_of(Place::server)) {
                if (s.topic == name) {
                    return out + " (brokers call it " + in_quotes(s.name) + ")";
                }
            }
        }
        return out;
    }
    return {};
}

void unknown(const Node& node, Place place, Report& report) {
    if (place == Place::server && node.key.starts_with("listener.name.")) {
        report.warning_at_key(node, in_quotes(node.key) + " is not modelled: it has no effect");
        return;
    }
    std::string text = misplaced(node.key, place);
    if (text.empty()) {
        std::vector<std::string_view> names;
        for (const Setting& s : settings_of(place)) {
            names.push_back(s.name);
        }
        text = "unknown setting " + in_quotes(node.key) + did_you_mean(node.key, names) +
               ": Kafka has none of this name for " + std::string(path_of(place));
    }
    report.error_at_key(node, text);
}

/// A name that only other releases know. Where it would have an effect, a run without it would be
/// another than the one asked for.
void of_other_release(const Node& node, Place place, const Setting& setting, Report& report) {
    const std::string text = in_quotes(node.key) + " is not a setting of Kafka " +
                             std::string(word(report.release())) + ", but of " +
                             releases_of(setting);
    if (has_effect(place, node.key)) {
        report.error_at_key(node, text);
    } else {
        report.warning_at_key(node, text + ": it has no effect");
    }
}

} // namespace

std::span<const Setting> settings_of(Place place) {
    switch (place) {
    case Place::server: return server_settings;
    case Place::topic: return topic_settings;
    case Place::producer: return producer_settings;
    case Place::consumer: return consumer_settings;
    }
    return {};
}

const Setting* find_setting(Place place, std::string_view name) {
    const auto all = settings_of(place);
    const auto found =
        std::lower_bound(all.begin(), all.end(), name,
                         [](const Setting& s, std::string_view n) { return s.name < n; });
    return found != all.end() && found->name == name ? &*found : nullptr;
}

const Setting* find_setting(Place place, std::string_view name, Release release) {
    for (const OfRelease& other : settings_of_releases) {
        if (other.release == release && other.place == place && other.setting.name == name) {
            return &other.setting;
        }
    }
    const Setting* const setting = find_setting(place, name);
    return setting != nullptr && has(*setting, release) ? setting : nullptr;
}

std::string releases_of(const Setting& setting) {
    std::string out;
    for (const Release release : all_releases) {
        if (!has(setting, release)) { continue; }
        out += (out.empty() ? "" : " and ") + std::string(word(release));
    }
    return out;
}

std::string_view path_of(Place place) {
    constexpr std::string_view paths[] = {"brokers.config", "topics[].config", "producers[].config",
                                          "consumers[].config"};
    return paths[static_cast<std::size_t>(place)];
}

std::optional<SettingValue> setting_value(const Setting& setting, std::string_view text,
                                          std::string& error) {
    SettingValue value;
    value.text = std::string(trimmed(text));
    switch (setting.kind) {
    case Setting::Kind::boolean: {
        const std::string word = upper(value.text);
        value.truth = word == "TRUE";
        if (word != "TRUE" && word != "FALSE") {
            error = in_quotes(text) + " is no value of " + in_quotes(setting.name) +
                    ": Kafka expects true or false";
            return std::nullopt;
        }
        break;
    }
    case Setting::Kind::int16:
    case Setting::Kind::int32:
    case Setting::Kind::int64:
        if (!check_integer(setting, value, error)) { return std::nullopt; }
        break;
    case Setting::Kind::real: {
        const auto number = thousandths_of(value.text);
        if (!number || !in_range(setting, *number)) {
            error = in_quotes(value.text) + " is no value of " + in_quotes(setting.name) +
                    ": Kafka expects " +
                    (number ? "a number, " + limits_text(setting) : "a number");
            return std::nullopt;
        }
        break;
    }
    case Setting::Kind::text:
    case Setting::Kind::list:
        if (!check_text(setting, value, error)) { return std::nullopt; }
        break;
    }
    return value;
}

Settings read_settings(const Node& node, Place place, Report& report) {
    Settings out;
    if (!node.is(Node::Kind::object)) {
        report.error(node, "expected an object with Kafka's settings, not " +
                               std::string(name_of(node.kind)));
        return out;
    }
    for (const Node& member : node.children) {
        if (member.key.starts_with("x-")) { continue; }
        const Setting* const known = find_setting(place, member.key);
        if (known == nullptr) {
            unknown(member, place, report);
            continue;
        }
        if (member.is(Node::Kind::null)) { continue; }
        if (member.is(Node::Kind::array) || member.is(Node::Kind::object)) {
            report.error(member, in_quotes(member.key) +
                                     " must be a number, a string, true or false, not " +
                                     std::string(name_of(member.kind)));
            continue;
        }
        const Setting* const setting = find_setting(place, member.key, report.release());
        if (setting == nullptr) {
            of_other_release(member, place, *known, report);
            continue;
        }
        const std::string_view text = member.is(Node::Kind::boolean)
                                          ? (member.truth ? "true" : "false")
                                          : std::string_view(member.text);
        std::string error;
        auto value = setting_value(*setting, text, error);
        if (!value) {
            report.error(member, error);
            continue;
        }
        value->node = &member;
        out.emplace(member.key, std::move(*value));
    }
    return out;
}

} // namespace brokersim
