// What the controller of ZooKeeper mode tells brokers, and what they ask of it besides
// AlterPartition (Kafka: ControllerChannelManager).
#pragma once

#include "brokersim/ids.hpp"
#include "brokersim/words.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace brokersim {

/// Every request of a controller says whose it is and to which incarnation of a broker it goes.
struct ControllerStamp {
    MachineId controller;
    std::int32_t controller_epoch = -1;
    BrokerEpoch broker_epoch = -1; ///< of the receiver
};

/// The state of a partition for a broker that has a replica of it.
struct PartitionOrder {
    PartitionId tp;
    MachineId leader;
    LeaderEpoch leader_epoch = -1;
    PartitionEpoch partition_epoch = -1;
    bool recovering = false;
    std::vector<MachineId> replicas, isr;
    std::uint64_t cause = 0; ///< the number of the event behind it; the model does not read it
};
using PartitionOrders = std::vector<PartitionOrder>;

struct LeaderAndIsrRequest {
    static constexpr Api api = Api::leader_and_isr;
    ControllerStamp stamp;
    std::shared_ptr<const PartitionOrders> partitions; ///< never changed once sent
    void clear() { partitions.reset(); }
};
struct LeaderAndIsrResponse {
    static constexpr Api api = Api::leader_and_isr;
    Error error = Error::none;
    void clear() { error = Error::none; }
};

/// What every broker tells clients: leaders, and who is alive.
struct MetadataUpdate {
    struct Partition {
        PartitionId tp;
        MachineId leader;
        LeaderEpoch leader_epoch = -1;
    };
    std::vector<Partition> partitions; ///< those that have changed
    std::vector<MachineId> live;       ///< all live brokers
};
struct UpdateMetadataRequest {
    static constexpr Api api = Api::update_metadata;
    ControllerStamp stamp;
    std::shared_ptr<const MetadataUpdate> update;
    void clear() { update.reset(); }
};
struct UpdateMetadataResponse {
    static constexpr Api api = Api::update_metadata;
    Error error = Error::none;
    void clear() { error = Error::none; }
};

/// Stop following these partitions: the receiver is about to go.
struct StopReplicaRequest {
    static constexpr Api api = Api::stop_replica;
    ControllerStamp stamp;
    std::shared_ptr<const std::vector<PartitionId>> partitions;
    void clear() { partitions.reset(); }
};
struct StopReplicaResponse {
    static constexpr Api api = Api::stop_replica;
    Error error = Error::none;
    void clear() { error = Error::none; }
};

struct ControlledShutdownRequest {
    static constexpr Api api = Api::controlled_shutdown;
    MachineId broker;
    BrokerEpoch broker_epoch = -1;
    void clear() {}
};
struct ControlledShutdownResponse {
    static constexpr Api api = Api::controlled_shutdown;
    Error error = Error::none;
    std::int32_t remaining = 0; ///< partitions that it still leads
    void clear() { *this = {}; }
};

} // namespace brokersim
