// Has the cluster come to rest?
#include "cluster/world.hpp"

#include <algorithm>

namespace brokersim {

bool World::quiet() const {
    if (!active_.empty()) return false;
    for (const Producer& producer : producers_) {
        if (producer.pending()) return false;
    }
    for (std::size_t k = 0; k < layout_->partitions; ++k) {
        const Decided state = decided(PartitionId(k));
        if (!state.leader.valid() || state.in_sync != state.replicas) return false;
    }
    for (std::size_t k = 0; k < consumers_.size(); ++k) {
        if (!consumers_[k].idle()) return false;
    }
    return groups_caught_up();
}

/// Every partition that a group with running members reads is read up to its high watermark.
bool World::groups_caught_up() const {
    for (std::size_t g = 0; g < layout_->groups.size(); ++g) {
        for (const TopicId id : group_topics_[g]) {
            const Layout::Topic& topic = layout_->topic(id);
            for (std::int32_t k = 0; k < topic.partitions; ++k) {
                const PartitionId tp(topic.first.value + k);
                const MachineId leader = leader_of(tp);
                const ReplicaManager& replicas =
                    brokers_[machines_[leader.index()].index].broker().replicas();
                const std::int32_t number = replicas.number_of(tp);
                if (number < 0) return false;
                const Offset hw =
                    replicas.partitions()[static_cast<std::size_t>(number)].high_watermark();
                bool running = false;
                Offset furthest = -1;
                for (std::size_t m = 0; m < consumers_.size(); ++m) {
                    if (consumer_group_[m] != GroupId(g)) continue;
                    const Machine& machine = machines_[consumer_machine_[m].index()];
                    running = running || machine.up || machine.restarts != Time::never();
                    furthest = std::max(furthest, consumers_[m].position(tp));
                }
                if (running && furthest < hw) return false;
            }
        }
    }
    return true;
}

} // namespace brokersim
