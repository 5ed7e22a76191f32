// Kafka's own settings as Kafka defines them: every name with type, range, words and releases, and
// the reading of a `config` object. Which of them have an effect here is in modelled.hpp.
#pragma once

#include "brokersim/release.hpp"
#include "scenario/document.hpp"
#include "scenario/report.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace brokersim {

/// Where a setting belongs: broker, controller and coordinator settings are "server".
enum class Place : std::uint8_t { server, topic, producer, consumer };

/// One of Kafka's settings, as in ConfigDef.
struct Setting {
    enum class Kind : std::uint8_t { boolean, int16, int32, int64, real, text, list };
    /// `dynamic`: of a server, may be changed while it runs (KIP-226).
    enum Flag : std::uint8_t { unset = 1, any_case = 2, not_empty = 4, internal = 8, dynamic = 16 };
    std::string_view name;
    Kind kind = Kind::text;
    std::string_view fallback; ///< default as a property file spells it; "" with flag `unset`
    std::int64_t low = 0, high = 0, either = 0; ///< of reals in thousandths
    std::string_view words;                     ///< allowed ones, separated by '|'; "" = any
    std::uint8_t releases = 7;                  ///< bits: 3.9, 4.0, 4.1
    std::uint8_t flags = 0;
    std::string_view topic; ///< the topic setting that it gives the default of
    std::int64_t times = 1; ///< from its unit to that one's
};

/// All settings of a place in any release, sorted by name, as 4.0 defines them; those that it does
/// not have as another does.
std::span<const Setting> settings_of(Place place);
const Setting* find_setting(Place place, std::string_view name);
/// The setting as `release` defines it; null if it has none of this name.
const Setting* find_setting(Place place, std::string_view name, Release release);
/// "3.9", "4.0 and 4.1": those that have the setting.
std::string releases_of(const Setting& setting);

/// The value of a setting that a `config` object gives.
struct SettingValue {
    const Node* node = nullptr; ///< where it stands
    std::string text;           ///< without blanks around, as Kafka reads it
    std::int64_t number = 0;    ///< of integers
    bool truth = false;         ///< of booleans
};

/// What a `config` object sets: names of `place` with legal values. Nulls are left out.
using Settings = std::map<std::string, SettingValue, std::less<>>;

/// Reads a `config` object by the release of `report`. Unknown names, those of another place and
/// values that Kafka would refuse are errors. So are settings of other releases that have an effect
/// there; others of theirs are warnings.
Settings read_settings(const Node& node, Place place, Report& report);

/// The value of `text` for this setting, or why Kafka would refuse it (in `error`).
std::optional<SettingValue> setting_value(const Setting& setting, std::string_view text,
                                          std::string& error);

/// Where scenarios write settings of this place: "brokers.config".
std::string_view path_of(Place place);

} // namespace brokersim
