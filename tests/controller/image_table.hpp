// A cluster image for tests: four brokers, one topic, partitions as they are given.
#pragma once

#include "controller/cluster_image.hpp"
#include "controller/decisions.hpp"

#include <memory>
#include <string>
#include <vector>

namespace brokersim::test {

/// Brokers b1 … b4 with the broker epochs 1 … 4, unfenced; `partitions` partitions of one topic
/// with the replicas b1, b2, b3, all in sync, led by b1.
class ImageTable {
public:
    explicit ImageTable(std::int32_t partitions = 1, bool unclean = false)
        : ImageTable(layout(partitions, unclean)) {}
    /// The same in a cluster with eligible leader replicas (KIP-966).
    static ImageTable with_elr(std::int32_t min_isr) {
        Layout l = layout(1, false);
        l.eligible_leader_replicas = true;
        l.topics.front().config.min_insync_replicas = min_isr;
        return ImageTable(l);
    }
    static ImageTable of(Release release) {
        Layout l = layout(1, false);
        l.rules = rules_of(release);
        return ImageTable(l);
    }
    explicit ImageTable(const Layout& l) : image(std::make_shared<const Layout>(l)) {
        const auto partitions = static_cast<std::int32_t>(l.partitions);
        for (std::int32_t b = 0; b < 4; ++b) {
            MetadataRecord record;
            record.kind = MetadataRecord::Kind::register_broker;
            record.broker = MachineId(b);
            record.broker_epoch = b + 1;
            record.incarnation = 1;
            image.apply(record);
            record.kind = MetadataRecord::Kind::unfence_broker;
            image.apply(record);
        }
        for (std::int32_t k = 0; k < partitions; ++k) {
            PartitionState state;
            state.replicas = state.isr = {0, 1, 2};
            state.leader = 0;
            set(k, state);
        }
    }

    ClusterImage image;

    void set(std::int32_t partition, const PartitionState& state) {
        image.apply(partition_record(PartitionId(partition), state, PartWhy::created, true));
    }
    void mark(MetadataRecord::Kind kind, std::int32_t broker) {
        MetadataRecord record;
        record.kind = kind;
        record.broker = MachineId(broker);
        image.apply(record);
    }
    /// Applies the records and tells them: `orders/0 leader=2 epoch=1 isr=2,3 (fenced)`.
    std::string take(Records& records) {
        std::string text;
        for (const MetadataRecord& r : records) {
            image.apply(r);
            switch (r.kind) {
            case MetadataRecord::Kind::partition_change:
                text +=
                    "orders/" + std::to_string(r.tp.value) +
                    " leader=" + (r.leader.valid() ? std::to_string(r.leader.value + 1) : "none") +
                    " epoch=" + std::to_string(r.epoch) + " isr=" + list(r.isr) +
                    (r.elr.empty() ? "" : " elr=" + list(r.elr)) + " (" + std::string(word(r.why)) +
                    ")" + (r.clean ? "" : " unclean") +
                    (r.adding.empty() ? "" : " adding " + list(r.adding)) +
                    (r.removing.empty() ? "" : " removing " + list(r.removing)) + "\n";
                break;
            case MetadataRecord::Kind::fence_broker:
                text += "fence " + std::to_string(r.broker.value + 1) + "\n";
                break;
            case MetadataRecord::Kind::unfence_broker:
                text += "unfence " + std::to_string(r.broker.value + 1) + "\n";
                break;
            case MetadataRecord::Kind::controlled_shutdown:
                text += "stopping " + std::to_string(r.broker.value + 1) + "\n";
                break;
            case MetadataRecord::Kind::register_broker:
                text += "register " + std::to_string(r.broker.value + 1) + " as " +
                        std::to_string(r.broker_epoch) + "\n";
                break;
            default: text += "other\n";
            }
        }
        records.clear();
        return text;
    }

private:
    static Layout layout(std::int32_t partitions, bool unclean) {
        Layout l;
        l.brokers = 4;
        l.controllers = 3;
        l.machines = 7;
        l.partitions = static_cast<std::size_t>(partitions);
        l.topics = {{"orders", PartitionId(0), partitions}};
        l.topics[0].config.unclean_leader_election_enable = unclean;
        l.topic_of.assign(l.partitions, 0);
        return l;
    }
    static std::string list(const std::vector<MachineId>& machines) {
        std::string text;
        for (const MachineId id : machines) {
            text += (text.empty() ? "" : ",") + std::to_string(id.value + 1);
        }
        return text;
    }
};

} // namespace brokersim::test
