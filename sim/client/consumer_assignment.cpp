// What the leader of a group works out for all members, and how a consumer's settings reach rpc.
#include "client/assignor.hpp"
#include "client/client_settings.hpp"
#include "client/consumer_membership.hpp"
#include "engine/assert.hpp"

#include <algorithm>

namespace brokersim {

NetworkClientSettings consumer_network_settings(const ConsumerConfig& config) {
    return client_network_settings(config, 100); // Kafka: ClientUtils, no setting.
}

void assign_members(const ConsumerCore& core, const JoinGroupResponse& joined,
                    Assignment& assignment) {
    const Assignor assignor =
        joined.protocol == AssignorId::roundrobin ? assign_round_robin : assign_range;
    BS_ASSERT(joined.protocol == AssignorId::roundrobin || joined.protocol == AssignorId::range);
    std::vector<AssignorTopic> topics;
    for (const TopicId id : core.topics)
        topics.push_back({core.layout->topic(id).partitions, {}});
    std::vector<AssignorMember> members;
    for (const JoinedMember& m : joined.members) {
        AssignorMember& member = members.emplace_back();
        member.number = m.member;
        if (m.instance != no_instance) { // The members of a group share their settings.
            member.instance_id = core.config.group_instance_id;
            if (core.numbered) member.instance_id += "-" + std::to_string(m.instance);
        }
        for (std::uint32_t k = m.topics_begin; k < m.topics_end; ++k) {
            const auto at = std::find(core.topics.begin(), core.topics.end(), joined.topics[k]);
            if (at == core.topics.end()) continue;
            member.topics.push_back(static_cast<std::int32_t>(at - core.topics.begin()));
        }
    }
    const Assigned assigned = assignor(topics, members);
    for (std::size_t k = 0; k < members.size(); ++k) {
        Assignment::Entry& entry = assignment.entries.emplace_back();
        entry.member = joined.members[k].member;
        for (const AssignedPartition& p : assigned[k]) {
            const Layout::Topic& topic =
                core.layout->topic(core.topics[static_cast<std::size_t>(p.topic)]);
            entry.partitions.emplace_back(topic.first.value + p.partition);
        }
    }
}

} // namespace brokersim
