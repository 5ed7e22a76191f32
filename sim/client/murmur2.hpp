// The hash that decides the partition of a keyed record.
#pragma once

#include <cstdint>
#include <string_view>

namespace brokersim {

/// MurmurHash2 of the key's bytes, as a signed number (Kafka: Utils.murmur2).
std::int32_t murmur2(std::string_view key);

/// Clears the sign bit; this is not the absolute value (Kafka: Utils.toPositive).
constexpr std::int32_t to_positive(std::int32_t n) {
    return n & 0x7fffffff;
}

/// `partitions` counts all partitions of the topic, those without a leader too; it is positive
/// (Kafka: BuiltInPartitioner.partitionForKey).
inline std::int32_t partition_for_key(std::string_view key, std::int32_t partitions) {
    return to_positive(murmur2(key)) % partitions;
}

} // namespace brokersim
