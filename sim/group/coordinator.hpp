// The groups of one broker: who belongs to them, what they own, what they have committed. Kafka:
// GroupCoordinatorService, GroupMetadataManager, OffsetMetadataManager, CoordinatorRuntime.
// Requests are in coordinator.cpp, members in joining.cpp and membership.cpp, what is written in
// group_log.cpp.
#pragma once

#include "brokersim/config.hpp"
#include "engine/ring.hpp"
#include "group/classic_group.hpp"
#include "protocol/effects.hpp"
#include "protocol/layout.hpp"
#include "replica/replica_manager.hpp"
#include "server/request_path.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace brokersim {

/// Coordinates the groups whose partition of `__consumer_offsets` this broker leads. What it knows
/// is what that log says; everything else is lost with the process or the leadership.
///
/// The owner calls on_high_watermark() for every partition in ReplicaManager::internal_moves, and
/// keeps one timer at next_deadline(), which may change in every call. Nothing has to be told of
/// lost connections: as in Kafka, a member whose request is parked counts as alive.
class GroupCoordinator {
public:
    GroupCoordinator(MachineId self, LayoutRef layout, const ServerConfig& config);

    /// JoinGroup, SyncGroup, Heartbeat, LeaveGroup, OffsetCommit, OffsetFetch: answers or parks.
    void on_request(In in, const Incoming& incoming, ReplicaManager& replicas, RequestPath& path,
                    Effects& out);
    /// This broker has begun or ceased to lead a partition of the offsets topic; to be called after
    /// the replica has changed its role. Called again for a later epoch of the same leader, it
    /// keeps what it has.
    void on_leadership(In in, PartitionId tp, bool leads, LeaderEpoch epoch,
                       ReplicaManager& replicas, RequestPath& path, Effects& out);
    /// More of that partition is committed: what waited for it is answered and takes effect.
    void on_high_watermark(In in, PartitionId tp, ReplicaManager& replicas, RequestPath& path,
                           Effects& out);
    void on_timer(In in, ReplicaManager& replicas, RequestPath& path, Effects& out);
    /// The earliest instant at which on_timer() may have something to do.
    Time next_deadline() const { return std::min(write_deadline_, group_deadline_); }
    /// The process is gone, and with it everything that is not in a log.
    void restart();

private:
    /// What a handler works with.
    struct Turn {
        In in;
        ReplicaManager& replicas;
        RequestPath& path;
        Effects& out;
    };
    /// An answer, or a step of a group, that waits until the writes before it are committed.
    struct Deferred {
        enum class Kind : std::uint8_t {
            heartbeat,
            leave,
            commit,
            offset_fetch,
            assignment,
            rejoin,
            nothing
        };
        Kind kind = Kind::nothing;
        Error error = Error::none;
        GroupId group;
        Generation generation = -1;
        MemberId member = no_member;
        Offset needs = -1; ///< high watermark that releases it; -1: its batch is still gathered
        Time deadline;
        RequestRef request;
        std::vector<PartitionId> partitions;             ///< offset_fetch
        std::shared_ptr<const GroupMetadata> assignment; ///< assignment
    };
    /// One partition of the offsets topic that has groups.
    struct Shard {
        PartitionId tp;
        bool active = false;
        Offset applied = 0; ///< committed, and in effect here
        Offset written = 0; ///< what answers have to wait for
        std::size_t hint = 0;
        std::vector<Content> gathered; ///< the batch that is being put together
        Time linger_deadline = Time::never();
        Cause cause; ///< of the first in it
        Ring<Deferred> waiting;
    };

    // coordinator.cpp
    ClassicGroup& group(GroupId id) { return groups_[id.index()]; }
    Shard& shard_of(GroupId id) { return shards_[shard_of_group_[id.index()]]; }
    Shard* find_shard(PartitionId tp);
    void heartbeat(Turn& turn, const HeartbeatRequest& request, const RequestRef& ref);
    void commit(Turn& turn, const OffsetCommitRequest& request, MachineId from,
                const RequestRef& ref);
    void offset_fetch(Turn& turn, const OffsetFetchRequest& request, const RequestRef& ref);
    void refuse(Turn& turn, const RequestRef& ref, Error error);
    void note_group_deadline(Time deadline) {
        group_deadline_ = std::min(group_deadline_, deadline);
    }
    void extend_session(Turn& turn, ClassicMember& member);

    // joining.cpp
    MemberId next_member_id();
    void join(Turn& turn, const JoinGroupRequest& request, const RequestRef& ref);
    void join_static(Turn& turn, ClassicGroup& g, const JoinGroupRequest& request,
                     const RequestRef& ref);
    void join_known(Turn& turn, ClassicGroup& g, ClassicMember& m, const JoinGroupRequest& request,
                    const RequestRef& ref);
    void add_member(Turn& turn, ClassicGroup& g, MemberId id, const JoinGroupRequest& request,
                    const RequestRef& ref);
    void park_join(Turn& turn, ClassicMember& m, const JoinGroupRequest& request,
                   const RequestRef& ref);
    void answer_join(Turn& turn, ClassicGroup& g, const ClassicMember& m, const RequestRef& ref);
    void refuse_join(Turn& turn, ClassicGroup& g, const RequestRef& ref, Error error,
                     MemberId member);
    void rebalance_or_complete(Turn& turn, ClassicGroup& g);
    void prepare_rebalance(Turn& turn, ClassicGroup& g);
    void complete_join_if_all_here(Turn& turn, ClassicGroup& g);
    void complete_join(Turn& turn, ClassicGroup& g);
    // membership.cpp
    void sync(Turn& turn, const SyncGroupRequest& request, const RequestRef& ref);
    void store_assignment(Turn& turn, ClassicGroup& g, const SyncGroupRequest& request);
    void assignment_stored(Turn& turn, const Deferred& step);
    void answer_sync(Turn& turn, ClassicMember& m, Error error);
    void leave(Turn& turn, const LeaveGroupRequest& request, const RequestRef& ref);
    void remove_member(Turn& turn, ClassicGroup& g, MemberId id, MemberState how,
                       std::string_view why);
    void drop_member(Turn& turn, ClassicGroup& g, MemberId id, MemberState how,
                     std::string_view why);
    void expire(Turn& turn, ClassicGroup& g);
    void expire_initial_wait(Turn& turn, ClassicGroup& g);
    void expire_sync(Turn& turn, ClassicGroup& g);
    Time next_expiry(const ClassicGroup& g) const;

    // group_log.cpp
    void load(Turn& turn, Shard& shard);
    void unload(Turn& turn, Shard& shard);
    void write(Turn& turn, Content content, Deferred step);
    void defer(Turn& turn, Shard& shard, Deferred step);
    void flush(Turn& turn, Shard& shard);
    void fail_gathered(Turn& turn, Shard& shard, Error error);
    void advance(Turn& turn, Shard& shard);
    void apply(Turn& turn, const Batch& batch);
    void note_generation(Turn& turn, const Content& content) const;
    void release(Turn& turn, Deferred step, Error error);
    void expire_writes(Turn& turn, Shard& shard);

    MachineId self_;
    LayoutRef layout_;
    ServerConfig config_;
    std::vector<ClassicGroup> groups_;        ///< by GroupId
    std::vector<std::size_t> shard_of_group_; ///< by GroupId
    std::vector<Shard> shards_;
    Time write_deadline_ = Time::never(), group_deadline_ = Time::never();
    std::int64_t members_named_ = 0; ///< goes on over restarts: ids are never used twice
};

} // namespace brokersim
