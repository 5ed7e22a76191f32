// Fetch, by consumers and followers, with sessions (KIP-227): only changes travel. And the two
// look-ups of consumers: ListOffsets and OffsetsForLeaderEpoch.
#pragma once

#include "brokersim/time.hpp"
#include "brokersim/words.hpp"
#include "protocol/batch.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace brokersim {

struct FetchRequest {
    static constexpr Api api = Api::fetch;
    struct Part {
        PartitionId tp;
        Offset offset = 0;
        LeaderEpoch current_epoch = -1;      ///< the sender's; -1: not checked
        LeaderEpoch last_fetched_epoch = -1; ///< followers: epoch of their last record, -1 none
        std::int32_t max_bytes = 0;
    };
    MachineId replica; ///< the follower; nobody: a consumer
    BrokerEpoch replica_epoch = -1;
    Duration max_wait{};
    std::int32_t min_bytes = 1;
    std::int32_t max_bytes = 0;
    bool read_committed = false;
    std::int32_t session_id = 0;    ///< 0: start a session
    std::int32_t session_epoch = 0; ///< 0: full request
    std::vector<Part> parts;        ///< added or changed since the last request of the session
    std::vector<PartitionId> forgotten;
    void clear() {
        parts.clear();
        forgotten.clear();
    }
};

struct FetchResponse {
    static constexpr Api api = Api::fetch;
    struct Part {
        PartitionId tp;
        Error error = Error::none;
        Offset high_watermark = -1;
        Offset log_start = -1;
        HeadWhy start_why{};              ///< why the log starts there: not Kafka's, for the trace
        LeaderEpoch diverging_epoch = -1; ///< ≥ 0: the logs part; nothing else counts (KIP-595)
        Offset diverging_end = -1;
        MachineId leader; ///< KIP-951 hint
        LeaderEpoch leader_epoch = -1;
        std::uint32_t batches_begin = 0, batches_end = 0; ///< in `batches`
    };
    Error error = Error::none; ///< of the whole session
    std::int32_t session_id = 0;
    std::vector<Part> parts;
    std::vector<Batch> batches;
    std::int64_t bytes = 0; ///< of the batches
    void clear() {
        error = Error::none;
        session_id = 0;
        parts.clear();
        batches.clear();
        bytes = 0;
    }
};

/// Where to start without a committed offset.
struct ListOffsetsRequest {
    static constexpr Api api = Api::list_offsets;
    struct Part {
        PartitionId tp;
        bool earliest = false; ///< else latest
        LeaderEpoch current_epoch = -1;
        /// Instead: the first record that is not older; offset -1 if there is none.
        std::optional<Time> since = {};
    };
    std::vector<Part> parts;
    void clear() { parts.clear(); }
};
struct ListOffsetsResponse {
    static constexpr Api api = Api::list_offsets;
    struct Part {
        PartitionId tp;
        Error error = Error::none;
        Offset offset = -1;
    };
    std::vector<Part> parts;
    void clear() { parts.clear(); }
};

/// Has the log been truncated below my position? (KIP-320)
struct OffsetsForLeaderEpochRequest {
    static constexpr Api api = Api::offsets_for_leader_epoch;
    struct Part {
        PartitionId tp;
        LeaderEpoch current_epoch = -1;
        LeaderEpoch epoch = -1; ///< of the last record consumed
    };
    std::vector<Part> parts;
    void clear() { parts.clear(); }
};
struct OffsetsForLeaderEpochResponse {
    static constexpr Api api = Api::offsets_for_leader_epoch;
    struct Part {
        PartitionId tp;
        Error error = Error::none;
        LeaderEpoch epoch = -1; ///< -1: unknown
        Offset end = -1;
    };
    std::vector<Part> parts;
    void clear() { parts.clear(); }
};

} // namespace brokersim
