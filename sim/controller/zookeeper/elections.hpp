// What the controller of ZooKeeper mode decides about one partition. Kafka: Election.scala,
// ReplicaStateMachine.doRemoveReplicasFromIsr (semantics §3.9). The rules are those of KRaft where
// they are the same; the leader epoch goes up with every change that the controller makes.
#pragma once

#include "controller/partition_change.hpp"

#include <cstdint>
#include <optional>

namespace brokersim {

enum class ZkElection : std::uint8_t {
    offline,             ///< its leader is gone
    controlled_shutdown, ///< its leader is about to go
    preferred,
};

/// Nothing: nobody may lead, or the leader stays. `live`: alive and not shutting down.
std::optional<PartitionChange> elect_leader(const PartitionState& state, ZkElection election,
                                            bool unclean, const AcceptableLeader& live);
/// Nothing: it is not in the ISR. Its last member stays in it, without a leader.
std::optional<PartitionChange> leave_isr(const PartitionState& state, std::int32_t broker);

} // namespace brokersim
