// Who is meant: dense small integers for machines, partitions, producers and groups. Names are for
// people and live in RunInfo (run_info.hpp).
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

namespace brokersim {

/// A dense index with its own type: ids of different things do not mix. -1 = nobody.
template <class Tag>
struct Id {
    std::int32_t value = -1;

    constexpr Id() = default;
    constexpr explicit Id(std::int32_t v) : value(v) {}
    constexpr explicit Id(std::size_t v) : value(static_cast<std::int32_t>(v)) {}

    constexpr bool valid() const { return value >= 0; }
    /// For indexing a vector. Requires valid().
    constexpr std::size_t index() const { return static_cast<std::size_t>(value); }

    friend constexpr auto operator<=>(Id, Id) = default;
};

/// A machine: one process of the cluster or one client, in the order of RunInfo::nodes.
using MachineId = Id<struct MachineTag>;
using TopicId = Id<struct TopicTag>;
/// A partition of any topic: partitions of one topic are consecutive, topics in order.
using PartitionId = Id<struct PartitionTag>;
/// Who a record comes from: the name `p` of the trace, one per producer instance.
using ProducerId = Id<struct ProducerTag>;
using GroupId = Id<struct GroupTag>;
using FaultId = Id<struct FaultTag>;

/// Offset in a partition's log. As a bound it is exclusive, everywhere: a high watermark of 5
/// means that offsets 0..4 are committed.
using Offset = std::int64_t;
/// Kafka's leader epoch (per partition), partition epoch, broker epoch (offset of the registration
/// record) and group generation. -1 = none yet.
using LeaderEpoch = std::int32_t;
using PartitionEpoch = std::int32_t;
using BrokerEpoch = std::int64_t;
using Generation = std::int32_t;

} // namespace brokersim
