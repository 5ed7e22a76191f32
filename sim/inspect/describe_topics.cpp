// Topics and partitions as kafka-topics describes them.
#include "inspect/describe.hpp"
#include "trace/utf8.hpp"

#include <algorithm>
#include <vector>

namespace brokersim {

namespace {

std::string joined(const RunInfo& info, const std::vector<MachineId>& machines) {
    std::string text;
    for (const MachineId machine : machines) {
        if (!text.empty()) { text += ','; }
        text += visible(info.name(machine));
    }
    return text;
}

std::string topic_line(const TopicInfo& topic, const TopicChanged* changed) {
    const std::int32_t min_isr = changed == nullptr ? topic.min_isr : changed->min_isr;
    const bool unclean = changed == nullptr ? topic.unclean : changed->unclean;
    std::string text = "Topic: " + visible(topic.name) +
                       "\tPartitionCount: " + std::to_string(topic.partitions) +
                       "\tReplicationFactor: " + std::to_string(topic.replication_factor) +
                       "\tConfigs: min.insync.replicas=" + std::to_string(min_isr);
    if (unclean) { text += ",unclean.leader.election.enable=true"; }
    return text + "\n";
}

std::string partition_line(const RunInfo& info, const TopicInfo& topic, std::int32_t number,
                           const TracedPartition& view) {
    return "\tTopic: " + visible(topic.name) + "\tPartition: " + std::to_string(number) +
           "\tLeader: " + (view.leader ? visible(info.name(*view.leader)) : "none") +
           "\tReplicas: " + joined(info, view.replicas) + "\tIsr: " + joined(info, view.isr) +
           "\tElr: " + joined(info, view.elr) + "\tLastKnownElr: " +
           (view.last_known_leader ? visible(info.name(*view.last_known_leader)) : "") +
           (view.adding.empty() ? "" : "\tAdding Replicas: " + joined(info, view.adding)) +
           (view.removing.empty() ? "" : "\tRemoving Replicas: " + joined(info, view.removing)) +
           "\n";
}

} // namespace

std::string describe_topics(const RunInfo& info, const ClusterView& view) {
    std::vector<const TopicInfo*> topics;
    for (const TopicInfo& topic : info.topics) {
        if (!topic.internal) { topics.push_back(&topic); }
    }
    std::sort(topics.begin(), topics.end(),
              [](const TopicInfo* a, const TopicInfo* b) { return a->name < b->name; });
    std::string text;
    for (const TopicInfo* topic : topics) {
        text += topic_line(*topic, view.changed(info.topic_of(topic->first)));
        for (std::int32_t k = 0; k < topic->partitions; ++k) {
            const TracedPartition* partition = view.partition(PartitionId(topic->first.value + k));
            if (partition != nullptr) { text += partition_line(info, *topic, k, *partition); }
        }
    }
    return text;
}

} // namespace brokersim
