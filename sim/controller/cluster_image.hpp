// The cluster as the metadata log tells it: changes only by applying records. Kafka: ClusterImage,
// TopicsImage and the timeline state of ReplicationControlManager.
#pragma once

#include "brokersim/facts.hpp"
#include "controller/partition_change.hpp"
#include "protocol/layout.hpp"
#include "protocol/metadata_log.hpp"
#include "protocol/topic_settings.hpp"

#include <cstdint>
#include <set>
#include <vector>

namespace brokersim {

struct BrokerRegistration {
    bool registered = false;
    BrokerEpoch epoch = -1; ///< offset of the registration record
    std::int32_t incarnation = 0;
    bool fenced = true;
    bool stopping = false; ///< in controlled shutdown

    /// May lead and join an ISR.
    bool active() const { return registered && !fenced && !stopping; }
};

class ClusterImage {
public:
    explicit ClusterImage(LayoutRef layout)
        : brokers_(layout->brokers), partitions_(layout->partitions), topics_(layout),
          layout_(std::move(layout)) {}

    void apply(const MetadataRecord& record);

    const BrokerRegistration& broker(MachineId id) const { return brokers_[id.index()]; }
    const std::vector<BrokerRegistration>& brokers() const { return brokers_; }
    const PartitionState& partition(PartitionId tp) const { return partitions_[tp.index()]; }
    std::size_t partition_count() const { return partitions_.size(); }
    const Layout& layout() const { return *layout_; }
    /// Settings of topics as they stand for the controller.
    const TopicSettings& topics() const { return topics_; }
    /// Partitions that another than the preferred replica leads, and those that nobody leads.
    const std::set<PartitionId>& imbalanced() const { return imbalanced_; }
    const std::set<PartitionId>& leaderless() const { return leaderless_; }
    bool leads_anything(MachineId broker) const;

private:
    std::vector<BrokerRegistration> brokers_;
    std::vector<PartitionState> partitions_;
    std::set<PartitionId> imbalanced_, leaderless_;
    TopicSettings topics_;
    LayoutRef layout_;
};

/// A partition's state as a record of the log.
MetadataRecord partition_record(PartitionId tp, const PartitionState& state, PartWhy why,
                                bool clean);
/// What a trace says of such a record; the lists stay the record's.
CtlPart partition_fact(const MetadataRecord& record);

} // namespace brokersim
