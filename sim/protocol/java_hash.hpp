// Java's hash of a string, by which Kafka spreads groups over coordinators and partitions over
// fetcher threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

namespace brokersim {

/// Takes the next character off the front of `utf8`, which is not empty. What is no valid UTF-8
/// counts as U+FFFD, byte by byte.
constexpr char32_t take_character(std::string_view& utf8) {
    const auto byte = [&utf8](std::size_t at) {
        return std::uint32_t{static_cast<unsigned char>(utf8[at])};
    };
    const std::uint32_t lead = byte(0);
    const std::size_t length = lead < 0x80             ? 1
                               : (lead & 0xe0) == 0xc0 ? 2
                               : (lead & 0xf0) == 0xe0 ? 3
                               : (lead & 0xf8) == 0xf0 ? 4
                                                       : 0;
    bool valid = length >= 1 && length <= utf8.size();
    std::uint32_t character = length == 1 ? lead : lead & (0x7fu >> length);
    for (std::size_t at = 1; valid && at < length; ++at) {
        valid = (byte(at) & 0xc0) == 0x80;
        character = character << 6 | (byte(at) & 0x3f);
    }
    utf8.remove_prefix(valid ? length : 1);
    return valid ? static_cast<char32_t>(character) : U'\ufffd';
}

/// Java's String.hashCode: over UTF-16 units, so a character beyond U+FFFF counts twice.
constexpr std::int32_t java_hash(std::string_view utf8) {
    std::uint32_t hash = 0;
    while (!utf8.empty()) {
        const std::uint32_t character = take_character(utf8);
        if (character > 0xffff) {
            hash = 31 * hash + (0xd800 + ((character - 0x10000) >> 10));
            hash = 31 * hash + (0xdc00 + (character & 0x3ff));
        } else {
            hash = 31 * hash + character;
        }
    }
    return static_cast<std::int32_t>(hash);
}

/// Absolute value; -2^31, which has none, becomes 0 (Kafka: Utils.abs).
constexpr std::int32_t kafka_abs(std::int32_t n) {
    if (n == std::numeric_limits<std::int32_t>::min()) { return 0; }
    return n < 0 ? -n : n;
}

/// The partition of the internal topic whose leader coordinates group (or transactional id) `id`;
/// `partitions` > 0 (Kafka: GroupMetadataManager.partitionFor).
constexpr std::int32_t coordinator_partition(std::string_view id, std::int32_t partitions) {
    return kafka_abs(java_hash(id)) % partitions;
}

/// Which of the `fetchers` threads for one leader fetches this partition; `fetchers` > 0
/// (Kafka: AbstractFetcherManager.getFetcherId).
constexpr std::int32_t fetcher_index(std::string_view topic, std::int32_t partition,
                                     std::int32_t fetchers) {
    const std::uint32_t hash =
        31 * static_cast<std::uint32_t>(java_hash(topic)) + static_cast<std::uint32_t>(partition);
    return kafka_abs(static_cast<std::int32_t>(hash)) % fetchers;
}

} // namespace brokersim
