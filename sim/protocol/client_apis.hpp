// Requests of clients to any broker: versions, metadata, producer ids. Plain data; field names are
// Kafka's (clients/src/main/resources/common/message).
#pragma once

#include "brokersim/ids.hpp"
#include "brokersim/words.hpp"

#include <cstdint>
#include <vector>

namespace brokersim {

struct ApiVersionsRequest {
    static constexpr Api api = Api::api_versions;
    void clear() {}
};
struct ApiVersionsResponse {
    static constexpr Api api = Api::api_versions;
    void clear() {}
};

struct MetadataRequest {
    static constexpr Api api = Api::metadata;
    std::vector<TopicId> topics;
    void clear() { topics.clear(); }
};

/// What a broker knows of a partition. Leader nobody: LEADER_NOT_AVAILABLE.
struct PartitionMetadata {
    PartitionId tp;
    MachineId leader;
    LeaderEpoch leader_epoch = -1;
    Error error = Error::none;
};

struct MetadataResponse {
    static constexpr Api api = Api::metadata;
    std::vector<MachineId> brokers; ///< unfenced, by id
    std::vector<TopicId> topics;    ///< those that exist
    std::vector<PartitionMetadata> partitions;
    void clear() {
        brokers.clear();
        topics.clear();
        partitions.clear();
    }
};

struct InitProducerIdRequest {
    static constexpr Api api = Api::init_producer_id;
    void clear() {}
};
struct InitProducerIdResponse {
    static constexpr Api api = Api::init_producer_id;
    Error error = Error::none;
    std::int64_t producer_id = -1;
    std::int16_t producer_epoch = 0;
    void clear() { *this = {}; }
};

} // namespace brokersim
