// What the controller decides about one partition: its leader, its in-sync and eligible replicas,
// its epochs. Pure: state and request in, next state out.
#pragma once

#include "brokersim/ids.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace brokersim {

/// Broker numbers (values of MachineId).
using BrokerList = std::vector<std::int32_t>;
inline constexpr std::int32_t no_leader = -1;

inline bool contains(const BrokerList& list, std::int32_t broker) {
    return std::find(list.begin(), list.end(), broker) != list.end();
}

/// A partition in the image of the cluster (Kafka: PartitionRegistration). Without ELR the ISR is
/// never empty: the last member stays in it when it dies.
struct PartitionState {
    BrokerList replicas; ///< in the order of assignment; the first is the preferred leader
    BrokerList isr;
    BrokerList elr;              ///< eligible leader replicas (KIP-966), ascending; not in the ISR
    BrokerList last_known_elr;   ///< the last leader of a partition that lost its whole ISR
    BrokerList adding, removing; ///< a reassignment under way (KIP-455)
    std::int32_t leader = no_leader;
    LeaderEpoch leader_epoch = 0;
    PartitionEpoch partition_epoch = 0;
    bool recovering = false; ///< elected uncleanly, and its leader has not reported back yet

    bool has_leader() const { return leader >= 0; }
    std::int32_t preferred() const { return replicas.front(); }
    friend bool operator==(const PartitionState&, const PartitionState&) = default;
};

enum class Election : std::uint8_t {
    online,    ///< any replica that may lead; the current leader stays if it may
    preferred, ///< the preferred replica, if it may lead
    unclean,   ///< as online; in need any live replica (unclean.leader.election.enable)
};

/// Whether a broker is active (registered, unfenced, not in controlled shutdown) with the
/// replica's directory online, as it will be after the event that asks.
using AcceptableLeader = std::function<bool(std::int32_t broker)>;

struct PartitionChangeRequest {
    Election election = Election::online;
    std::optional<BrokerList> target_isr;  ///< none: the ISR stays; empty: its last member goes
    std::optional<bool> target_recovering; ///< AlterPartition: what the leader reports
    BrokerList unclean_shutdown;           ///< replicas that must not be eligible (KIP-966)
    std::int32_t min_insync_replicas = 1;
    bool elr_enabled = false;
    /// Elect a remembered last leader without looking whether it lives: what 3.9 and 4.0 do,
    /// against KIP-966.
    bool elect_dead_last_leader = false;
};

struct PartitionChange {
    PartitionState after;
    bool clean = true; ///< false: the new leader comes from outside ISR and ELR
};

/// The change that `request` brings about, or nothing. The leader epoch goes up if the leader
/// changes or a replica is removed, the partition epoch with every change.
/// Kafka: PartitionChangeBuilder, PartitionRegistration.merge.
std::optional<PartitionChange> decide_partition_change(const PartitionState& before,
                                                       const PartitionChangeRequest& request,
                                                       const AcceptableLeader& acceptable);

/// A new partition: its ISR are the active ones among `replicas`, the first of them leads.
/// Nothing if none is active (Kafka: ReplicationControlManager.buildPartitionRegistration).
std::optional<PartitionState> created_partition(BrokerList replicas,
                                                const AcceptableLeader& acceptable);

} // namespace brokersim
