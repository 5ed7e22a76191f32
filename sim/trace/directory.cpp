// Names to ids, and what a header may declare.
#include "trace/directory.hpp"

#include <charconv>
#include <utility>

namespace brokersim {

namespace {

template <class Names>
bool enter(Names& names, std::string_view name, std::size_t id) {
    return names.emplace(name, static_cast<std::int32_t>(id)).second;
}

template <class Names, class Tag>
bool look_up(const Names& names, std::string_view name, Id<Tag>& out) {
    const auto found = names.find(name);
    if (found == names.end()) { return false; }
    out = Id<Tag>(found->second);
    return true;
}

} // namespace

bool Directory::add_node(std::string_view name) {
    if (!enter(nodes_, name, info.nodes.size())) { return false; }
    info.nodes.emplace_back(name);
    return true;
}

bool Directory::add_topic(TopicInfo topic) {
    const std::size_t have = info.partitions.size();
    if (topic.partitions < 0 ||
        static_cast<std::size_t>(topic.partitions) > partitions_max - have ||
        !enter(topics_, topic.name, info.topics.size())) {
        return false;
    }
    topic.first = PartitionId(have);
    for (std::int32_t k = 0; k < topic.partitions; ++k) {
        info.partitions.push_back(topic.name + "/" + std::to_string(k));
    }
    topic.internal = topic.name.starts_with("__");
    info.topics.push_back(std::move(topic));
    return true;
}

bool Directory::add_producer(ProducerInfo producer) {
    if (!enter(producers_, producer.name, info.producers.size())) { return false; }
    look_up(nodes_, producer.name, producer.machine);
    info.producers.push_back(std::move(producer));
    return true;
}

bool Directory::add_group(GroupInfo group) {
    if (!enter(groups_, group.name, info.groups.size())) { return false; }
    info.groups.push_back(std::move(group));
    return true;
}

bool Directory::find(std::string_view name, MachineId& out) const {
    return look_up(nodes_, name, out);
}
bool Directory::find(std::string_view name, TopicId& out) const {
    return look_up(topics_, name, out);
}
bool Directory::find(std::string_view name, ProducerId& out) const {
    return look_up(producers_, name, out);
}
bool Directory::find(std::string_view name, GroupId& out) const {
    return look_up(groups_, name, out);
}

bool Directory::find(std::string_view name, PartitionId& out) {
    const std::size_t slash = name.rfind('/');
    if (slash == std::string_view::npos) { return false; }
    std::int32_t number = -1;
    const char* end = name.data() + name.size();
    const auto [next, error] = std::from_chars(name.data() + slash + 1, end, number);
    if (error != std::errc() || next != end || number < 0) { return false; }
    const std::string_view topic = name.substr(0, slash);
    if (TopicId id; find(topic, id)) {
        const TopicInfo& known = info.topics[id.index()];
        out = PartitionId(known.first.value + number);
        return number < known.partitions;
    }
    if (topic.substr(0, 2) != "__") { return false; }
    if (look_up(unlisted_, name, out)) { return true; }
    if (info.partitions.size() >= partitions_max) { return false; }
    out = PartitionId(info.partitions.size());
    enter(unlisted_, name, info.partitions.size());
    info.partitions.emplace_back(name);
    info.topics.push_back({std::string(topic), 1, 0, 1, false, true, out});
    return true;
}

bool Directory::find(std::string_view name, FaultId& out) {
    if (!look_up(faults_, name, out)) {
        out = FaultId(info.faults.size());
        enter(faults_, name, info.faults.size());
        info.faults.emplace_back(name);
    }
    return true;
}

} // namespace brokersim
