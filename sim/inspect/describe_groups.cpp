// Groups as kafka-consumer-groups describes them (Kafka: ConsumerGroupCommand.printOffsets,
// printMembers, printStates).
#include "inspect/describe.hpp"
#include "inspect/text_table.hpp"
#include "trace/utf8.hpp"

#include <algorithm>
#include <set>

namespace brokersim {
namespace {

/// Where the group's offsets are kept: Utils.abs(groupId.hashCode) % partitions.
std::int32_t offsets_partition(std::string_view group, std::int32_t partitions) {
    std::uint32_t hash = 0;
    for (const char c : group) {
        hash = 31 * hash + static_cast<unsigned char>(c);
    }
    return static_cast<std::int32_t>(hash & 0x7fffffffU) % std::max(partitions, 1);
}

/// offsets.topic.num.partitions, as the header tells it.
std::int32_t offsets_partitions(const RunInfo& info) {
    for (const auto& [name, value] : info.config) {
        if (name != "offsets.topic.num.partitions" || value.size() > 9) { continue; }
        std::int32_t number = 0;
        for (const char c : value) {
            if (c < '0' || c > '9') { return 50; }
            number = number * 10 + (c - '0');
        }
        return number;
    }
    return 50;
}

std::string coordinator(const RunInfo& info, const ClusterView& view, const GroupInfo& group) {
    const std::string name =
        "__consumer_offsets/" +
        std::to_string(offsets_partition(group.name, offsets_partitions(info)));
    const auto found = std::find(info.partitions.begin(), info.partitions.end(), name);
    if (found == info.partitions.end()) { return "-"; }
    const auto* partition =
        view.partition(PartitionId(static_cast<std::size_t>(found - info.partitions.begin())));
    return partition != nullptr && partition->leader ? visible(info.name(*partition->leader)) : "-";
}

/// The offset behind the last record that consumers may see.
std::optional<Offset> log_end(const ClusterView& view, PartitionId tp) {
    const TracedPartition* partition = view.partition(tp);
    if (partition == nullptr || !partition->leader) { return std::nullopt; }
    const auto log = partition->logs.find(*partition->leader);
    return log == partition->logs.end() ? Offset{0} : log->second.high_watermark;
}

std::string number_or_dash(std::optional<Offset> number) {
    return number ? std::to_string(*number) : "-";
}

/// "orders/0" as topic and number.
std::pair<std::string, std::int32_t> parts_of(const RunInfo& info, PartitionId tp) {
    const TopicInfo& topic = info.topics[info.topic_of(tp).index()];
    return {topic.name, tp.value - topic.first.value};
}

std::string state_of(const TracedGroup& group) {
    if (group.members.empty()) { return "Empty"; }
    return group.rebalancing ? "PreparingRebalance" : "Stable";
}

/// Groups in the order of their names, with what a trace told of them.
std::vector<std::pair<GroupId, const TracedGroup*>> groups_of(const RunInfo& info,
                                                              const ClusterView& view) {
    std::vector<std::pair<GroupId, const TracedGroup*>> out;
    for (const auto& [id, group] : view.groups()) {
        out.emplace_back(id, &group);
    }
    std::sort(out.begin(), out.end(), [&](const auto& a, const auto& b) {
        return info.name(a.first) < info.name(b.first);
    });
    return out;
}

std::string offsets_of(const RunInfo& info, const ClusterView& view, GroupId id,
                       const TracedGroup& group) {
    std::set<std::pair<std::pair<std::string, std::int32_t>, PartitionId>> partitions;
    for (const auto& [tp, member] : group.owners) {
        partitions.emplace(parts_of(info, tp), tp);
    }
    for (const auto& [tp, offset] : group.committed) {
        partitions.emplace(parts_of(info, tp), tp);
    }
    const std::string name = visible(info.name(id));
    TextTable table({{"GROUP", 15},
                     {"TOPIC", 15},
                     {"PARTITION", 10},
                     {"CURRENT-OFFSET", 15},
                     {"LOG-END-OFFSET", 15},
                     {"LAG", 15},
                     {"CONSUMER-ID", 15},
                     {"HOST", 15},
                     {"CLIENT-ID", 0}});
    for (const auto& [topic, tp] : partitions) {
        const auto committed = group.committed.find(tp);
        std::optional<Offset> current;
        if (committed != group.committed.end()) { current = committed->second; }
        const std::optional<Offset> end = log_end(view, tp);
        std::optional<Offset> lag;
        if (current && end) { lag = *end - *current; }
        const auto owner = group.owners.find(tp);
        const std::string member =
            owner == group.owners.end() ? "-" : visible(info.name(owner->second));
        table.add({name, visible(topic.first), std::to_string(topic.second),
                   number_or_dash(current), number_or_dash(end), number_or_dash(lag), member,
                   member == "-" ? "-" : "/" + member, member});
    }
    std::string text = "\n";
    if (group.members.empty()) {
        text += "Consumer group '" + name + "' has no active members.\n\n";
    } else if (group.rebalancing) {
        text += "Warning: Consumer group '" + name + "' is rebalancing.\n\n";
    }
    return text + table.text();
}

std::string members_of(const RunInfo& info, GroupId id, const TracedGroup& group) {
    TextTable table({{"GROUP", 15},
                     {"CONSUMER-ID", 15},
                     {"HOST", 15},
                     {"CLIENT-ID", 15},
                     {"#PARTITIONS", 15},
                     {"ASSIGNMENT", 0}});
    for (const MachineId member : group.members) {
        std::map<std::string, std::vector<std::int32_t>> topics;
        std::size_t count = 0;
        for (const auto& [tp, owner] : group.owners) {
            if (owner != member) { continue; }
            const auto [topic, number] = parts_of(info, tp);
            topics[topic].push_back(number);
            ++count;
        }
        std::string assignment;
        for (auto& [topic, numbers] : topics) {
            std::sort(numbers.begin(), numbers.end());
            assignment += (assignment.empty() ? "" : ", ") + visible(topic) + "(";
            for (std::size_t k = 0; k < numbers.size(); ++k) {
                assignment += (k > 0 ? "," : "") + std::to_string(numbers[k]);
            }
            assignment += ")";
        }
        const std::string name = visible(info.name(member));
        table.add({visible(info.name(id)), name, "/" + name, name, std::to_string(count),
                   assignment.empty() ? "-" : assignment});
    }
    return "\n" + table.text();
}

} // namespace

std::string describe_groups(const RunInfo& info, const ClusterView& view, GroupTable what) {
    std::string text;
    if (what == GroupTable::states) {
        TextTable table({{"GROUP", 15},
                         {"COORDINATOR (ID)", 25},
                         {"ASSIGNMENT-STRATEGY", 20},
                         {"STATE", 20},
                         {"#MEMBERS", 0}});
        for (const auto& [id, group] : groups_of(info, view)) {
            const GroupInfo& about = info.groups[id.index()];
            table.add({visible(about.name), coordinator(info, view, about),
                       group->members.empty() ? "-" : visible(about.assignor), state_of(*group),
                       std::to_string(group->members.size())});
        }
        return "\n" + table.text();
    }
    for (const auto& [id, group] : groups_of(info, view)) {
        text += what == GroupTable::offsets ? offsets_of(info, view, id, *group)
                                            : members_of(info, id, *group);
    }
    return text;
}

} // namespace brokersim
