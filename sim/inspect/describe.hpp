// A cluster view in the layout of Kafka's own tools.
#pragma once

#include "brokersim/run_info.hpp"
#include "inspect/cluster_view.hpp"

#include <cstdint>
#include <string>

namespace brokersim {

/// What `kafka-topics --describe` of Kafka 4.0 prints, without TopicId and with the names of
/// machines for ids; topics by name, internal ones left out (Kafka: TopicCommand).
std::string describe_topics(const RunInfo& info, const ClusterView& view);

/// The brokers, one to a line: process, registration, what they lead; the controller above them.
std::string describe_brokers(const RunInfo& info, const ClusterView& view);

/// What `kafka-metadata-quorum describe` prints of Kafka 4.0, without ClusterId and DirectoryId and
/// with the names of machines for ids: --status, or --replication. `now`: the time of the state.
enum class QuorumTable : std::uint8_t { status, replication };
std::string describe_quorum(const RunInfo& info, const ClusterView& view, Time now,
                            QuorumTable what);

/// The tables of kafka-consumer-groups: --describe, and with --members or --state.
enum class GroupTable : std::uint8_t { offsets, members, states };
std::string describe_groups(const RunInfo& info, const ClusterView& view, GroupTable what);

/// Rows that a table of a log shows at most; a forged batch may claim two thousand million records.
inline constexpr std::int64_t log_rows_max = 100'000;

/// The log of a partition as a table Offset | Message, the message being `key (producer #i)`. It is
/// the leader's log, or without a leader the longest one. A line tells where the committed part
/// ends.
std::string describe_log(const RunInfo& info, const ClusterView& view, PartitionId tp);

} // namespace brokersim
