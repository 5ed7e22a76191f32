// Sizes of records inside a batch, as Kafka writes and estimates them. All in bytes.
#pragma once

#include "protocol/batch.hpp"

#include <bit>
#include <cstdint>

namespace brokersim {

/// What decides the size of a record. Headers are not modelled.
struct RecordShape {
    std::int32_t key_bytes = -1; ///< -1: null key
    std::int32_t value_bytes = 0;
    friend constexpr bool operator==(RecordShape, RecordShape) = default;
};

/// A zig-zag varint (Kafka: ByteUtils.sizeOfVarint, sizeOfVarlong).
constexpr std::int32_t varint_size(std::int64_t value) {
    const auto folded =
        (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
    if (folded < 0x80) return 1; // Most are.
    const auto bits = static_cast<std::int32_t>(std::bit_width(folded));
    return (bits + 6) / 7;
}

/// A key or value with its length; -1 is null.
constexpr std::int32_t field_size(std::int32_t bytes) {
    return varint_size(bytes) + (bytes > 0 ? bytes : 0);
}

/// A record at `offset_delta` in its batch, `time_delta` ms after the first (Kafka:
/// DefaultRecord.sizeInBytes).
constexpr std::int32_t record_size(RecordShape shape, std::int32_t offset_delta,
                                   std::int64_t time_delta) {
    const std::int32_t body = 1 + varint_size(time_delta) + varint_size(offset_delta) +
                              field_size(shape.key_bytes) + field_size(shape.value_bytes) + 1;
    return body + varint_size(body);
}

/// A batch of one such record is never larger; what send() checks and new buffers are sized by
/// (Kafka: AbstractRecords.estimateSizeInBytesUpperBound).
constexpr std::int64_t batch_upper_bound(RecordShape shape) {
    constexpr std::int32_t record_overhead_max = 21;
    return std::int64_t{batch_overhead} + record_overhead_max + field_size(shape.key_bytes) +
           field_size(shape.value_bytes) + 1;
}

/// Some records of a run, and their bytes.
struct Fill {
    std::int32_t count = 0;
    std::int64_t bytes = 0;
};

/// How many of `count` equal records, the first at `offset_delta`, fit into `room` bytes; not more
/// than it takes to reach `enough` bytes.
Fill fill(RecordShape shape, std::int32_t offset_delta, std::int64_t time_delta, std::int64_t room,
          std::int64_t enough, std::int32_t count);

} // namespace brokersim
