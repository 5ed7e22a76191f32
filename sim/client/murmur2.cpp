// MurmurHash2, 32 bits, with Kafka's seed.
#include "client/murmur2.hpp"

#include <cstddef>

namespace brokersim {

std::int32_t murmur2(std::string_view key) {
    constexpr std::uint32_t seed = 0x9747b28c;
    constexpr std::uint32_t multiplier = 0x5bd1e995;
    // The tail is taken as unsigned bytes, whatever `char` is here.
    const auto byte = [key](std::size_t at) {
        return std::uint32_t{static_cast<unsigned char>(key[at])};
    };

    std::uint32_t h = seed ^ static_cast<std::uint32_t>(key.size());
    std::size_t at = 0;
    for (; at + 4 <= key.size(); at += 4) {
        std::uint32_t k = byte(at) | byte(at + 1) << 8 | byte(at + 2) << 16 | byte(at + 3) << 24;
        k *= multiplier;
        k ^= k >> 24;
        k *= multiplier;
        h *= multiplier;
        h ^= k;
    }
    if (at < key.size()) {
        for (std::size_t shift = 0; at + shift < key.size(); ++shift) {
            h ^= byte(at + shift) << (8 * shift);
        }
        h *= multiplier;
    }
    h ^= h >> 13;
    h *= multiplier;
    h ^= h >> 15;
    return static_cast<std::int32_t>(h);
}

} // namespace brokersim
