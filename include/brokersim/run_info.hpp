// What a reader must know before the first event: names of everything and the settings that the
// lines refer to. It is the trace's header, and the directory from ids to names.
#pragma once

#include "brokersim/ids.hpp"
#include "brokersim/time.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace brokersim {

/// How much a trace tells. Levels filter lines; they never change the run.
enum class Level : std::uint8_t { state, records, all };

struct TopicInfo {
    std::string name;
    std::int32_t partitions = 1;
    std::int32_t replication_factor = 1;
    std::int32_t min_isr = 1; ///< min.insync.replicas
    bool unclean = false;     ///< unclean.leader.election.enable
    bool internal = false;    ///< `__consumer_offsets`: not listed in the header
    PartitionId first;        ///< partition 0; the others follow
};

struct ProducerInfo {
    std::string name; ///< also the name of its machine
    MachineId machine;
    std::string acks; ///< "0", "1", "all"
    bool idempotent = true;
    bool transactional = false;
};

struct GroupInfo {
    std::string name;
    std::string protocol = "classic";
    std::string assignor = "range";
    std::string isolation = "read_uncommitted";
    std::string commit = "auto"; ///< "auto", "after_processing", "before_processing"
    std::vector<std::string> topics;
};

/// Everything in the header of a trace. Ids are positions in these lists.
struct RunInfo {
    std::string program;         ///< "brokersim 0.1.0"
    std::string scenario;        ///< its name
    std::string scenario_digest; ///< of the resolved scenario
    std::uint64_t seed = 1;
    Level level = Level::records;
    Duration outage_threshold = seconds(1);
    /// Broker settings that differ from Kafka's defaults: name, value as JSON (`true`, `5`, `"x"`).
    std::vector<std::pair<std::string, std::string>> config;
    std::vector<std::string> nodes;
    std::vector<MachineId> voters; ///< of the metadata quorum; none without KRaft
    std::vector<TopicInfo> topics;
    std::vector<ProducerInfo> producers;
    std::vector<GroupInfo> groups;
    std::vector<std::string> faults;
    std::vector<std::string> partitions; ///< "orders/0", by PartitionId

    const std::string& name(MachineId id) const { return nodes[id.index()]; }
    const std::string& name(PartitionId id) const { return partitions[id.index()]; }
    const std::string& name(ProducerId id) const { return producers[id.index()].name; }
    const std::string& name(GroupId id) const { return groups[id.index()].name; }
    const std::string& name(FaultId id) const { return faults[id.index()]; }
    const std::string& name(TopicId id) const { return topics[id.index()].name; }
    /// The topic that a partition belongs to.
    TopicId topic_of(PartitionId id) const {
        std::size_t low = 0;
        std::size_t high = topics.size();
        while (high - low > 1) {
            const std::size_t middle = low + (high - low) / 2;
            (topics[middle].first <= id ? low : high) = middle;
        }
        return TopicId(low);
    }
};

} // namespace brokersim
