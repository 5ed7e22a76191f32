// The classic group protocol: finding the coordinator, joining, heartbeats, offsets.
#pragma once

#include "brokersim/time.hpp"
#include "brokersim/words.hpp"
#include "protocol/content.hpp"

#include <cstdint>
#include <vector>

namespace brokersim {

struct FindCoordinatorRequest {
    static constexpr Api api = Api::find_coordinator;
    GroupId group;
    void clear() {}
};
struct FindCoordinatorResponse {
    static constexpr Api api = Api::find_coordinator;
    Error error = Error::none;
    MachineId coordinator;
    void clear() { *this = {}; }
};

struct JoinGroupRequest {
    static constexpr Api api = Api::join_group;
    GroupId group;
    MemberId member = no_member; ///< no_member: first contact (KIP-394)
    MachineId machine;           ///< whose process this is
    InstanceNumber instance = no_instance;
    Duration session_timeout{};
    Duration rebalance_timeout{};
    std::vector<AssignorId> protocols; ///< in order of preference
    std::vector<TopicId> topics;       ///< subscription
    void clear() {
        protocols.clear();
        topics.clear();
    }
};

/// One member as the leader of the group is told of it.
struct JoinedMember {
    MemberId member = no_member;
    InstanceNumber instance = no_instance;
    std::uint32_t topics_begin = 0, topics_end = 0; ///< in JoinGroupResponse::topics
};

struct JoinGroupResponse {
    static constexpr Api api = Api::join_group;
    Error error = Error::none;
    GroupId group;
    MemberId member = no_member;
    MemberId leader = no_member;
    Generation generation = -1;
    AssignorId protocol = AssignorId::range;
    std::vector<JoinedMember> members; ///< the leader only
    std::vector<TopicId> topics;
    void clear() {
        error = Error::none;
        member = leader = no_member;
        generation = -1;
        members.clear();
        topics.clear();
    }
};

struct SyncGroupRequest {
    static constexpr Api api = Api::sync_group;
    GroupId group;
    MemberId member = no_member;
    InstanceNumber instance = no_instance;
    Generation generation = -1;
    Assignment assignment; ///< the leader's; empty otherwise
    bool from_leader = false;
    void clear() {
        assignment.clear();
        from_leader = false;
    }
};
struct SyncGroupResponse {
    static constexpr Api api = Api::sync_group;
    Error error = Error::none;
    std::vector<PartitionId> partitions;
    void clear() {
        error = Error::none;
        partitions.clear();
    }
};

struct HeartbeatRequest {
    static constexpr Api api = Api::heartbeat;
    GroupId group;
    MemberId member = no_member;
    InstanceNumber instance = no_instance;
    Generation generation = -1;
    void clear() {}
};
struct HeartbeatResponse {
    static constexpr Api api = Api::heartbeat;
    Error error = Error::none;
    void clear() { error = Error::none; }
};

struct LeaveGroupRequest {
    static constexpr Api api = Api::leave_group;
    GroupId group;
    MemberId member = no_member;
    bool poll_timeout = false; ///< why: max.poll.interval.ms passed, or the consumer closes
    void clear() { poll_timeout = false; }
};
struct LeaveGroupResponse {
    static constexpr Api api = Api::leave_group;
    Error error = Error::none;
    void clear() { error = Error::none; }
};

struct OffsetCommitRequest {
    static constexpr Api api = Api::offset_commit;
    GroupId group;
    MemberId member = no_member;
    InstanceNumber instance = no_instance;
    Generation generation = -1;
    std::vector<CommittedOffset> offsets;
    void clear() { offsets.clear(); }
};
struct OffsetCommitResponse {
    static constexpr Api api = Api::offset_commit;
    Error error = Error::none; ///< one for all partitions, as this coordinator answers
    void clear() { error = Error::none; }
};

struct OffsetFetchRequest {
    static constexpr Api api = Api::offset_fetch;
    GroupId group;
    std::vector<PartitionId> partitions;
    void clear() { partitions.clear(); }
};
struct OffsetFetchResponse {
    static constexpr Api api = Api::offset_fetch;
    Error error = Error::none;
    std::vector<CommittedOffset> offsets; ///< offset -1: none committed
    void clear() {
        error = Error::none;
        offsets.clear();
    }
};

} // namespace brokersim
