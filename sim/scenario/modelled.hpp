// Which of Kafka's settings have an effect here: Kafka's name - member of the typed structs of
// brokersim/config.hpp, in both directions.
#pragma once

#include "brokersim/config.hpp"
#include "scenario/settings.hpp"

#include <span>
#include <string>
#include <string_view>

namespace brokersim {

/// One setting with an effect.
template <class Config>
struct Modelled {
    std::string_view name;
    void (*set)(Config&, const SettingValue&);
    std::string (*json)(const Config&); ///< the value as JSON, in Kafka's unit
};

std::span<const Modelled<ServerConfig>> modelled_server();
std::span<const Modelled<TopicConfig>> modelled_topic();
/// What brokers call the same, where their name differs: the defaults of topics.
std::span<const Modelled<TopicConfig>> modelled_topic_defaults();
std::span<const Modelled<ProducerConfig>> modelled_producer();
std::span<const Modelled<ConsumerConfig>> modelled_consumer();

/// Whether a setting of this name has an effect in some release.
bool has_effect(Place place, std::string_view name);

/// What `release` sets otherwise than 4.0, whose defaults the structs begin with.
template <class Config>
void apply_release(Release release, Place place, std::span<const Modelled<Config>> table,
                   Config& config) {
    for (const Modelled<Config>& entry : table) {
        const Setting* const setting = find_setting(place, entry.name, release);
        if (setting == nullptr || setting == find_setting(place, entry.name)) { continue; }
        std::string error;
        if (const auto value = setting_value(*setting, setting->fallback, error)) {
            entry.set(config, *value);
        }
    }
}

/// Puts what has an effect into `config`. A warning for everything else, if `warn`.
template <class Config>
void apply(const Settings& settings, std::span<const Modelled<Config>> table, Config& config,
           Report* warn);

extern template void apply(const Settings&, std::span<const Modelled<ServerConfig>>, ServerConfig&,
                           Report*);
extern template void apply(const Settings&, std::span<const Modelled<TopicConfig>>, TopicConfig&,
                           Report*);
extern template void apply(const Settings&, std::span<const Modelled<ProducerConfig>>,
                           ProducerConfig&, Report*);
extern template void apply(const Settings&, std::span<const Modelled<ConsumerConfig>>,
                           ConsumerConfig&, Report*);

/// Kafka's protocol name of an assignor, given that or its class; "" if there is none.
std::string_view assignor_name(std::string_view text);
std::span<const std::string_view> assignor_names();

} // namespace brokersim
