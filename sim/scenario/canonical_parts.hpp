// The parts of the canonical form: one function for each kind of thing.
#pragma once

#include "scenario/draft.hpp"
#include "scenario/json_writer.hpp"
#include "scenario/modelled.hpp"
#include "scenario/units.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace brokersim {

std::string spell_bytes(Duration d);
/// `spelled`: as a duration or as a size.
void write(JsonWriter& w, const Distribution& d, std::string (*spelled)(Duration) = spell);
void write_texts(JsonWriter& w, std::string_view key, const std::vector<std::string>& texts);
void write_time(JsonWriter& w, std::string_view key, const std::optional<Time>& time);
void write_text(JsonWriter& w, std::string_view key, const std::optional<std::string>& text);
/// What a link, zones or a fault change: only what they say.
void write_link(JsonWriter& w, const std::optional<Distribution>& latency,
                const std::optional<Bandwidth>& bandwidth, const std::optional<Ratio>& loss);

void write_network(JsonWriter& w, const Draft& d);
void write_cluster(JsonWriter& w, const Draft& d);
void write_topic(JsonWriter& w, const Draft& d, const TopicDraft& t);
void write_producer(JsonWriter& w, const Draft& d, const ProducerDraft& p);
void write_when(JsonWriter& w, const FaultDraft& fault);
void write_group(JsonWriter& w, const Draft& d, const ConsumerDraft& g);

/// Those that the release of `d` has: of others there is nothing to say.
template <class Config>
void write_settings(JsonWriter& w, const Draft& d, Place place,
                    std::span<const Modelled<Config>> table, const Config& config) {
    for (const auto& setting : table) {
        if (!find_setting(place, setting.name, d.scenario.kafka_version)) { continue; }
        w.key(setting.name);
        w.json(setting.json(config));
    }
}

template <class Config>
void write_config(JsonWriter& w, const Draft& d, Place place,
                  std::span<const Modelled<Config>> table, const Config& config,
                  std::string_view key = "config") {
    w.key(key);
    w.open('{');
    write_settings(w, d, place, table, config);
    w.close('}');
}

} // namespace brokersim
