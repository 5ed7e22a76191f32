// Client-side assignors: which member of a group gets which partitions. Pure functions of the
// topics and the members; names and racks are numbers by the time they come here.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace brokersim {

/// One topic of the subscription. Topics come in ascending order of names.
struct AssignorTopic {
    std::int32_t partitions = 0;
    /// For each partition the racks of its replicas, without repetition; no list: not known.
    std::vector<std::vector<std::int32_t>> replica_racks;
};

/// One member. Assignors go through members in the order of sorts_before().
struct AssignorMember {
    std::string instance_id;          ///< group.instance.id; empty: a dynamic member
    std::string id;                   ///< member id; may be empty if `number` tells members apart
    std::int64_t number = 0;          ///< orders members of equal id
    std::int32_t rack = -1;           ///< client.rack; -1: none
    std::vector<std::int32_t> topics; ///< indices of existing topics, without repetition
};

/// Static members first, by instance id, then dynamic ones by member id (Kafka:
/// AbstractPartitionAssignor.MemberInfo).
bool sorts_before(const AssignorMember& a, const AssignorMember& b);
/// Positions of `members` in that order.
std::vector<std::size_t> assignor_order(const std::vector<AssignorMember>& members);

struct AssignedPartition {
    std::int32_t topic = -1; ///< index
    std::int32_t partition = -1;

    friend auto operator<=>(const AssignedPartition&, const AssignedPartition&) = default;
};

/// For each member, in the order of the argument, what it gets: by topic, then partition.
using Assigned = std::vector<std::vector<AssignedPartition>>;

using Assignor = Assigned (*)(const std::vector<AssignorTopic>&,
                              const std::vector<AssignorMember>&);

/// Per topic, consecutive partitions to each member, the first members getting one more; what a
/// member finds in its own rack comes first (Kafka: RangeAssignor, KIP-881).
Assigned assign_range(const std::vector<AssignorTopic>& topics,
                      const std::vector<AssignorMember>& members);

/// All partitions, by topic and number, to the members in a circle; who does not want the topic is
/// passed over (Kafka: RoundRobinAssignor).
Assigned assign_round_robin(const std::vector<AssignorTopic>& topics,
                            const std::vector<AssignorMember>& members);

} // namespace brokersim
