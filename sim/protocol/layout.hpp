// What every process of a cluster is told before it starts and that never changes in a run: who
// the machines are, which topics exist, where a group's coordinator is to be found.
#pragma once

#include "brokersim/config.hpp"
#include "brokersim/ids.hpp"
#include "brokersim/release.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace brokersim {

/// Brokers are machines 0 … brokers-1, controllers follow, clients come after them.
struct Layout {
    struct Topic {
        std::string name;
        PartitionId first;
        std::int32_t partitions = 1;
        std::int32_t min_isr = 1;
        std::int32_t max_message_bytes = 1048588;
        bool unclean = false;
        bool internal = false;
        TopicConfig config{}; ///< of its logs
    };
    struct Group {
        std::string name;
        PartitionId coordinator; ///< its partition of __consumer_offsets
    };

    ReleaseRules rules{};
    bool eligible_leader_replicas = false; ///< KIP-966
    std::size_t machines = 0;
    std::size_t brokers = 0;
    std::size_t controllers = 0;
    std::size_t partitions = 0;
    std::vector<Topic> topics;
    std::vector<std::int32_t> topic_of; ///< by partition
    std::vector<Group> groups;

    MachineId controller(std::size_t k) const { return MachineId(brokers + k); }
    const Topic& topic(TopicId id) const { return topics[id.index()]; }
    const Topic& topic(PartitionId tp) const {
        return topics[static_cast<std::size_t>(topic_of[tp.index()])];
    }
};

using LayoutRef = std::shared_ptr<const Layout>;

} // namespace brokersim
