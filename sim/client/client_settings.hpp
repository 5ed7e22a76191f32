// What producers and consumers have in common: the settings of their connections and metadata, and
// whom they ask first.
#pragma once

#include "protocol/layout.hpp"
#include "rpc/metadata.hpp"
#include "rpc/network_client.hpp"

#include <cstdint>
#include <vector>

namespace brokersim {

/// `Config`: ProducerConfig or ConsumerConfig, which name these settings alike (Kafka:
/// CommonClientConfigs).
template <class Config>
NetworkClientSettings client_network_settings(const Config& config, std::int32_t max_in_flight) {
    NetworkClientSettings settings;
    settings.reconnect_backoff = config.reconnect_backoff;
    settings.reconnect_backoff_max = config.reconnect_backoff_max;
    settings.setup_timeout = config.socket_connection_setup_timeout;
    settings.setup_timeout_max = config.socket_connection_setup_timeout_max;
    settings.max_in_flight = max_in_flight;
    return settings;
}

template <class Config>
MetadataSettings client_metadata_settings(const Config& config, const ReleaseRules& rules) {
    MetadataSettings settings;
    settings.max_age = config.metadata_max_age;
    settings.retry_backoff = config.retry_backoff;
    settings.retry_backoff_max = config.retry_backoff_max;
    settings.request_timeout = config.request_timeout;
    settings.rebootstrap = config.metadata_recovery_rebootstrap;
    settings.rebootstrap_trigger =
        rules.rebootstrap_trigger ? config.metadata_recovery_rebootstrap_trigger : Duration::max();
    return settings;
}

/// The bootstrap list: clients are told of all brokers that are there at the start.
inline std::vector<MachineId> bootstrap_brokers(const Layout& layout) {
    std::vector<MachineId> brokers;
    for (std::size_t k = 0; k < layout.first_brokers(); ++k)
        brokers.emplace_back(k);
    return brokers;
}

} // namespace brokersim
