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

/// Brokers are machines 0 … brokers-1, controllers or ZooKeeper servers follow, clients come after
/// them. The last of the brokers may come only later.
struct Layout {
    struct Topic {
        std::string name;
        PartitionId first;
        std::int32_t partitions = 1;
        bool internal = false;
        TopicConfig config{};           ///< at the start: topic_settings.hpp
        std::vector<std::string> own{}; ///< settings that are its own, not the brokers' defaults
    };
    struct Group {
        std::string name;
        PartitionId coordinator; ///< its partition of __consumer_offsets
    };

    ReleaseRules rules{};
    bool eligible_leader_replicas = false; ///< KIP-966
    std::size_t machines = 0;
    std::size_t brokers = 0;
    std::size_t later_brokers = 0; ///< the last so many of them
    std::size_t controllers = 0;   ///< none in ZooKeeper mode
    std::size_t servers = 0;       ///< of the ZooKeeper ensemble; none with KRaft
    std::size_t partitions = 0;
    std::vector<Topic> topics;
    std::vector<std::int32_t> topic_of; ///< by partition
    std::vector<Group> groups;

    bool zookeeper() const { return servers > 0; }
    MachineId server(std::size_t k) const { return MachineId(brokers + k); }
    /// Brokers that are there at the start, and known to clients.
    std::size_t first_brokers() const { return brokers - later_brokers; }
    /// Combined: the controllers are roles of the processes of the first brokers. As such they are
    /// numbered behind all machines, from here on; 0: they are machines of their own.
    std::size_t roles = 0;

    std::size_t first_controller() const { return roles > 0 ? roles : brokers; }
    MachineId controller(std::size_t k) const { return MachineId(first_controller() + k); }
    std::size_t voter_number(MachineId id) const { return id.index() - first_controller(); }
    /// Larger than the number of any broker or controller.
    std::size_t addresses() const { return first_controller() + controllers; }
    const Topic& topic(TopicId id) const { return topics[id.index()]; }
    const Topic& topic(PartitionId tp) const {
        return topics[static_cast<std::size_t>(topic_of[tp.index()])];
    }
};

using LayoutRef = std::shared_ptr<const Layout>;

} // namespace brokersim
