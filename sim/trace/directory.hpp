// From the names of a trace to ids: the header's RunInfo as it is being read, and its look-ups.
#pragma once

#include "brokersim/run_info.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace brokersim {

class Directory {
public:
    RunInfo info;

    /// Each adds one entry to `info`; false: the name is there already (or too much is announced).
    bool add_node(std::string_view name);
    bool add_topic(TopicInfo topic);
    bool add_producer(ProducerInfo producer);
    bool add_group(GroupInfo group);

    /// Each finds the id of a name; false: there is none.
    bool find(std::string_view name, MachineId& out) const;
    bool find(std::string_view name, TopicId& out) const;
    bool find(std::string_view name, ProducerId& out) const;
    bool find(std::string_view name, GroupId& out) const;
    /// Partitions of internal topics (`__…`), which a header need not list, are added at their
    /// first mention, each with a TopicInfo of its own.
    bool find(std::string_view name, PartitionId& out);
    /// Faults are added at their first mention.
    bool find(std::string_view name, FaultId& out);

    /// More partitions than this are not read (a header of a hundred bytes could announce 2^31).
    static constexpr std::size_t partitions_max = 2'000'000;

private:
    using Names = std::map<std::string, std::int32_t, std::less<>>;

    Names nodes_, topics_, producers_, groups_, faults_, unlisted_;
};

} // namespace brokersim
