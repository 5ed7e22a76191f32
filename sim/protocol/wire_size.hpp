// How many bytes a message takes on the wire: headers and fixed parts by Kafka's schemas, rounded;
// the batches themselves exactly.
#pragma once

#include "protocol/message.hpp"

#include <cstdint>

namespace brokersim {

inline constexpr std::int32_t header_bytes = 44; ///< TCP/IP headers apart: size, header, client id
inline constexpr std::int32_t part_bytes = 32;   ///< a partition in a request or response

template <class M>
constexpr std::int32_t wire_size(const M&) {
    return header_bytes;
}
inline std::int32_t list_size(std::size_t entries) {
    return header_bytes + static_cast<std::int32_t>(entries) * part_bytes;
}
inline std::int32_t wire_size(const MetadataRequest& m) {
    return list_size(m.topics.size());
}
inline std::int32_t wire_size(const MetadataResponse& m) {
    return list_size(m.brokers.size() + m.topics.size() + m.partitions.size());
}
inline std::int32_t wire_size(const ProduceRequest& m) {
    std::int32_t bytes = list_size(m.parts.size());
    for (const ProduceRequest::Part& part : m.parts)
        bytes += part.batch.bytes;
    return bytes;
}
inline std::int32_t wire_size(const ProduceResponse& m) {
    return list_size(m.parts.size());
}
inline std::int32_t wire_size(const FetchRequest& m) {
    return list_size(m.parts.size() + m.forgotten.size());
}
inline std::int32_t wire_size(const FetchResponse& m) {
    return list_size(m.parts.size()) + static_cast<std::int32_t>(m.bytes);
}
inline std::int32_t wire_size(const ListOffsetsRequest& m) {
    return list_size(m.parts.size());
}
inline std::int32_t wire_size(const ListOffsetsResponse& m) {
    return list_size(m.parts.size());
}
inline std::int32_t wire_size(const JoinGroupRequest& m) {
    return list_size(m.protocols.size() + m.topics.size());
}
inline std::int32_t wire_size(const JoinGroupResponse& m) {
    return list_size(m.members.size() + m.topics.size());
}
inline std::int32_t wire_size(const SyncGroupRequest& m) {
    std::size_t entries = m.assignment.entries.size();
    for (const Assignment::Entry& entry : m.assignment.entries)
        entries += entry.partitions.size();
    return list_size(entries);
}
inline std::int32_t wire_size(const SyncGroupResponse& m) {
    return list_size(m.partitions.size());
}
inline std::int32_t wire_size(const OffsetCommitRequest& m) {
    return list_size(m.offsets.size());
}
inline std::int32_t wire_size(const OffsetFetchRequest& m) {
    return list_size(m.partitions.size());
}
inline std::int32_t wire_size(const OffsetFetchResponse& m) {
    return list_size(m.offsets.size());
}
inline std::int32_t wire_size(const AlterPartitionRequest& m) {
    return list_size(m.parts.size() + m.isr.size());
}
inline std::int32_t wire_size(const AlterPartitionResponse& m) {
    return list_size(m.parts.size() + m.isr.size());
}
inline std::int32_t wire_size(const FetchMetadataResponse& m) {
    return list_size(m.records.size() * 2);
}

inline std::int32_t wire_size(const LeaderAndIsrRequest& m) {
    return list_size(m.partitions ? m.partitions->size() * 2 : 0);
}
inline std::int32_t wire_size(const UpdateMetadataRequest& m) {
    return list_size(m.update ? m.update->partitions.size() + m.update->live.size() : 0);
}
inline std::int32_t wire_size(const StopReplicaRequest& m) {
    return list_size(m.partitions ? m.partitions->size() : 0);
}
inline std::int32_t wire_size(const ZkRequest& m) {
    return list_size(m.operations.size() * 4);
}
inline std::int32_t wire_size(const ZkResponse& m) {
    return list_size(m.nodes.size() * 4);
}
inline std::int32_t wire_size(const ZkQuorumRequest& m) {
    return list_size(m.transactions.size() * 8);
}
inline std::int32_t wire_size(const ZkQuorumResponse& m) {
    return list_size(m.touched.size());
}

/// Bytes of the message in `packet`.
std::int32_t wire_size_of(Messages& messages, const Packet& packet);

} // namespace brokersim
