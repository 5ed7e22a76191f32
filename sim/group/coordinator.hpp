// The groups of one broker: who belongs to them, what they own, what they have committed. Kafka:
// GroupCoordinatorService, GroupMetadataManager, OffsetMetadataManager, CoordinatorRuntime.
#pragma once

#include "brokersim/config.hpp"
#include "protocol/effects.hpp"
#include "protocol/layout.hpp"
#include "replica/replica_manager.hpp"
#include "server/request_path.hpp"

namespace brokersim {

/// Coordinates the groups whose partition of `__consumer_offsets` this broker leads. What it knows
/// is what that log says; everything else is lost with the process or the leadership.
///
/// The owner calls on_high_watermark() for every partition in ReplicaManager::internal_moves, and
/// keeps one timer at next_deadline(), which may change in every call.
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
    Time next_deadline() const;
    /// The process is gone, and with it everything that is not in a log.
    void restart();
};

} // namespace brokersim
