// Explains a time without service: into which phases it falls, which fault it belongs to, and which
// setting bounds each phase.
#pragma once

#include "brokersim/facts.hpp"
#include "brokersim/run_info.hpp"
#include "observe/failover_facts.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace brokersim {

/// A window without service, as those who find windows know it.
struct Outage {
    PartitionId tp;
    Side side{};
    Time from, to;
    MachineId client{}; ///< whose success ends it, or who waits; not valid: nobody
    bool served = true; ///< it ended with a success; false: cut off, or a state of the partition
    bool all = false;   ///< service needs min.insync.replicas, and every in-sync replica
    GroupId g{};        ///< side consume
    MachineId owner_before{}; ///< side consume: who had the partition when it began
    Time owned_since{};       ///< side consume: since when `client` has it
};

/// What decides how long a phase lasts: a setting, or an event.
enum class Bound : std::uint8_t {
    none,
    session,        ///< broker.session.timeout.ms
    replica_lag,    ///< replica.lag.time.max.ms: the leader shrinks the ISR
    request,        ///< the machine itself says that it goes
    fault_end,      ///< nobody finds out before it is over
    member_session, ///< session.timeout.ms of a consumer
    member_poll,    ///< max.poll.interval.ms
    append_linger,  ///< controller.quorum.append.linger.ms
    controller,     ///< the controller's work
    replica_back,   ///< an in-sync replica comes back
    min_isr,        ///< min.insync.replicas, until a replica has caught up
    preferred,      ///< leader.imbalance.check.interval.seconds
    unclean,        ///< unclean.leader.election.interval.ms
    member_back,    ///< the member itself comes back
    rebalance,      ///< heartbeat.interval.ms: members hear of a rebalance
    metadata_idle,  ///< metadata.max.idle.interval.ms: commits are seen with the next append
    refresh,        ///< retry.backoff.max.ms: metadata is asked for while nothing changes
    client_request, ///< request.timeout.ms: the old leader is silent
    leader_hint,    ///< NOT_LEADER_OR_FOLLOWER by the old leader
    follower_fetch, ///< replica.fetch.backoff.ms: a follower was refused
    reconnect,      ///< reconnect.backoff.ms, a connection and a round trip
    fetch_wait,     ///< fetch.max.wait.ms
    replica_return, ///< a replica comes back and catches up
    group_speed,    ///< how fast the group works
    count_
};

/// The first six phases of a window and why; the others are known later.
struct Explained {
    Phases phases;
    FaultId fault;     ///< not valid: an election without a fault, or a process that died by itself
    MachineId machine; ///< where the trouble was; not valid: an election without a fault
    std::array<Bound, phase_count> bounds{};
};

/// Nothing if no fault and no election belongs to the window: none of their steps lies in it, and
/// none was at work. `facts` must have seen everything up to its end.
std::optional<Explained> explain(const Outage& outage, const FailoverFacts& facts,
                                 const RunInfo& info);

} // namespace brokersim
