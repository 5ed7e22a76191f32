// Produce: batches for the partitions that one broker leads, and what became of each.
#pragma once

#include "brokersim/config.hpp"
#include "brokersim/time.hpp"
#include "brokersim/words.hpp"
#include "protocol/batch.hpp"

#include <cstdint>
#include <vector>

namespace brokersim {

struct ProduceRequest {
    static constexpr Api api = Api::produce;
    struct Part {
        PartitionId tp;
        Batch batch;
    };
    Acks acks = Acks::all;
    Duration timeout{}; ///< how long the broker may park it: the producer's request.timeout.ms
    std::vector<Part> parts;
    void clear() { parts.clear(); }
};

struct ProduceResponse {
    static constexpr Api api = Api::produce;
    struct Part {
        PartitionId tp;
        Error error = Error::none;
        Offset base = -1;
        MachineId leader;              ///< KIP-951: the new leader, with NOT_LEADER_OR_FOLLOWER
        LeaderEpoch leader_epoch = -1; ///< of that hint
    };
    std::vector<Part> parts;
    void clear() { parts.clear(); }
};

} // namespace brokersim
