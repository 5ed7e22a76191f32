// A batch of records: the unit of append, of replication and of sequence checking. Records are
// ranges: a batch says whose records it holds and how many, never which one by one.
#pragma once

#include "brokersim/ids.hpp"
#include "brokersim/time.hpp"

#include <cstdint>
#include <limits>

namespace brokersim {

inline constexpr std::int64_t no_producer_id = -1;
inline constexpr std::int32_t no_sequence = -1;
inline constexpr std::uint32_t no_content = 0xffffffff;
/// Fixed part of a batch on the wire and on disk (Kafka: DefaultRecordBatch).
inline constexpr std::int32_t batch_overhead = 61;

/// Clocks may be wrong, so any time is a time stamp but this.
inline constexpr Time no_stamp{std::numeric_limits<std::int64_t>::min()};

/// Kafka's record batch v2 without the payload. In internal topics `producer` is nobody and
/// `content` names what the records say (protocol/content.hpp).
struct Batch {
    Offset base = -1;       ///< given by the leader
    std::int64_t first = 0; ///< record number `i` of the first, for its producer
    std::int64_t producer_id = no_producer_id;
    std::int32_t count = 0;
    std::int32_t bytes = 0;              ///< with overhead
    std::int32_t sequence = no_sequence; ///< base sequence
    LeaderEpoch epoch = -1;              ///< stamped by the leader
    ProducerId producer;
    std::uint32_t content = no_content;
    std::int16_t producer_epoch = -1;
    Time stamp = no_stamp; ///< largest timestamp of its records; the leader gives one where none is

    Offset end() const { return base + count; }
    bool has_sequence() const { return producer_id != no_producer_id; }
    /// Last sequence number, wrapping 2^31-1 → 0.
    std::int32_t last_sequence() const {
        return static_cast<std::int32_t>((std::int64_t{sequence} + count - 1) & 0x7fffffff);
    }
};

} // namespace brokersim
