// One group of the classic protocol: who is in it, in which phase, and the choices that depend on
// nothing else. Kafka: ClassicGroup, ClassicGroupMember.
#pragma once

#include "brokersim/time.hpp"
#include "protocol/content.hpp"
#include "protocol/group_apis.hpp"
#include "server/request_path.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace brokersim {

struct ClassicMember {
    MemberId id = no_member;
    MachineId machine;
    InstanceNumber instance = no_instance;
    bool is_new = false;       ///< has not been through a join yet
    bool joining = false;      ///< its JoinGroup is parked
    bool syncing = false;      ///< its SyncGroup is parked
    bool sync_pending = false; ///< has been told the generation, has not synced
    RequestRef join, sync;
    Duration session_timeout{}, rebalance_timeout{};
    Time session_deadline = Time::never();
    std::vector<AssignorId> protocols; ///< in order of preference
    std::vector<TopicId> topics;
    std::vector<PartitionId> partitions;

    bool is_static() const { return instance != no_instance; }
    bool matches(const JoinGroupRequest& request) const {
        return protocols == request.protocols && topics == request.topics;
    }
};

struct ClassicGroup {
    enum class State : std::uint8_t { empty, preparing, completing, stable };
    /// A member id that was given away and has not joined yet (KIP-394).
    struct Pending {
        MemberId id = no_member;
        Time deadline;
    };

    GroupId id;
    State state = State::empty;
    Generation generation = 0;
    AssignorId protocol = AssignorId::range;
    MemberId leader = no_member;
    std::vector<ClassicMember> members; ///< by id
    std::vector<Pending> pending;
    bool initial = false;      ///< preparing, from empty: waits for more members
    bool member_added = false; ///< during that wait
    Duration initial_left{};   ///< by how much the wait may still be prolonged
    Time join_deadline = Time::never(), sync_deadline = Time::never();
    std::vector<CommittedOffset> offsets; ///< committed, by partition

    ClassicMember* find(MemberId member);
    ClassicMember* find_static(InstanceNumber instance);
    /// Whether a request that names this member may speak for it: another process may have its
    /// place (Kafka: ClassicGroup.validateMember).
    Error check(MemberId member, InstanceNumber instance);
    /// Room for one who wants to join (Kafka: GroupMetadataManager.acceptJoiningMember).
    bool accepts(MemberId member, std::int32_t max_size);
    ClassicMember& add(ClassicMember member);
    /// Removes a member; another one leads if it did.
    void remove(MemberId member);
    bool take_pending(MemberId member);

    bool all_joined() const;
    bool all_synced() const;
    Duration rebalance_timeout() const;
    bool supports_any(const std::vector<AssignorId>& choices) const;
    /// The assignor that all support with most votes.
    AssignorId choose_protocol() const;
    /// Keeps the leader if it has joined, else takes one that has. False if nobody has.
    bool elect_joined_leader();

    const CommittedOffset* committed(PartitionId tp) const;
    void commit(const CommittedOffset& offset);

    /// What the log keeps of it.
    std::shared_ptr<GroupMetadata> metadata() const;
    /// The state that the log tells of (fresh sessions, nothing under way).
    void load(Time now, const GroupMetadata& metadata);
    /// Forgets everything.
    void reset();
};

} // namespace brokersim
