// Parts of random scenarios: the network, and changes of a cluster that runs.
#pragma once

#include "engine/random.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace brokersim::test {

using Names = std::vector<std::string>;

/// What there is to be changed.
struct Changeable {
    Names topics, brokers, groups;
    std::vector<std::int64_t> partitions, factors; ///< of the topics
    std::int64_t min_isr = 1;
    bool zookeeper = false; ///< only clients change their settings
};

/// `network`; empty: the default.
nlohmann::ordered_json random_network(Stream& dice);

/// Fills in a reassign, an add_broker or a set_config; false: it is none of them.
bool add_change(Stream& dice, const Changeable& cluster, nlohmann::ordered_json& fault);

} // namespace brokersim::test
