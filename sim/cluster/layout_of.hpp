// From a scenario to what every process is told: machines, topics, assignments, names.
#pragma once

#include "brokersim/run_info.hpp"
#include "brokersim/scenario.hpp"
#include "controller/placement.hpp"
#include "protocol/layout.hpp"

#include <cstdint>
#include <vector>

namespace brokersim {

struct Plan {
    LayoutRef layout;
    RunInfo info;
    std::vector<std::vector<std::int32_t>> assignment; ///< brokers of each partition, leader first
    std::vector<std::vector<TopicId>> group_topics;    ///< by group
};

/// Its members are producers too, listed behind those of the scenario, in the order of machines.
bool writes_dead_letters(const ConsumerGroupSpec& group);

/// So many machines does a group need: as many as it ever has members.
std::int32_t most_members(const Scenario& scenario, const ConsumerGroupSpec& group);

/// Names every machine and partition, creates internal topics, places replicas where the scenario
/// does not (Kafka: StripedReplicaPlacer, drawing from the stream "placement", or from `draws`).
Plan make_plan(const Scenario& scenario, std::uint64_t seed, PlacementDraws* draws = nullptr);

} // namespace brokersim
