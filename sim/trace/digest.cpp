// XXH3-128, piece by piece.
#include "trace/digest.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstring>
#include <new>

namespace brokersim {

namespace {

XXH3_state_t& state(std::byte* bytes) {
    return *std::launder(reinterpret_cast<XXH3_state_t*>(bytes));
}

} // namespace

Digest::Digest() {
    static_assert(sizeof(XXH3_state_t) == state_bytes && alignof(XXH3_state_t) <= 64);
    XXH3_128bits_reset(new (state_) XXH3_state_t);
}

void Digest::add(std::string_view bytes) {
    XXH3_128bits_update(&state(state_), bytes.data(), bytes.size());
}

std::string Digest::hex() const {
    // Reading a digest finishes a copy: the stream itself goes on.
    alignas(64) std::byte copy[state_bytes];
    std::memcpy(copy, state_, state_bytes);
    const XXH128_hash_t hash = XXH3_128bits_digest(&state(copy));
    std::string text;
    for (const XXH64_hash_t half : {hash.high64, hash.low64}) {
        for (int shift = 60; shift >= 0; shift -= 4) {
            text += "0123456789abcdef"[(half >> shift) & 15];
        }
    }
    return text;
}

} // namespace brokersim
