// Philox4x32-10 and the names of streams.
#include "engine/random.hpp"

#include "engine/assert.hpp"
#include "engine/wide.hpp"

#include <cstddef>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace brokersim {

namespace {

constexpr std::uint64_t multiplier_0 = 0xD2511F53;
constexpr std::uint64_t multiplier_1 = 0xCD9E8D57;
constexpr std::uint32_t weyl_0 = 0x9E3779B9;
constexpr std::uint32_t weyl_1 = 0xBB67AE85;

constexpr std::uint32_t low(std::uint64_t x) {
    return static_cast<std::uint32_t>(x);
}
constexpr std::uint32_t high(std::uint64_t x) {
    return static_cast<std::uint32_t>(x >> 32);
}

// The finaliser of splitmix64 (Stafford's variant 13).
constexpr std::uint64_t finalised(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
    return x ^ (x >> 31);
}

#if defined(__SSE2__)
__m128i both(std::uint64_t x) {
    return _mm_set1_epi64x(static_cast<long long>(x));
}

// The same blocks as philox_block makes, twice as fast: eight of them, two to a vector, a word to
// each half. The upper 32 bits of a half hold rubbish that the products do not read.
void fill_by_pairs(std::uint64_t key, std::uint64_t first, std::uint64_t* out) {
    constexpr std::size_t pairs = 4;
    __m128i c0[pairs], c1[pairs], c2[pairs], c3[pairs];
    for (std::size_t p = 0; p < pairs; ++p) {
        const std::uint64_t block = first + 2 * p; // Even: the next one has the same upper word.
        c0[p] = _mm_add_epi64(both(low(block)), _mm_set_epi64x(1, 0));
        c1[p] = both(high(block));
        c2[p] = c3[p] = _mm_setzero_si128();
    }
    std::uint32_t k0 = low(key);
    std::uint32_t k1 = high(key);
    for (int round = 0; round < 10; ++round) {
        for (std::size_t p = 0; p < pairs; ++p) {
            const __m128i p0 = _mm_mul_epu32(c0[p], both(multiplier_0));
            const __m128i p1 = _mm_mul_epu32(c2[p], both(multiplier_1));
            c0[p] = _mm_xor_si128(_mm_xor_si128(_mm_srli_epi64(p1, 32), c1[p]), both(k0));
            c1[p] = p1;
            c2[p] = _mm_xor_si128(_mm_xor_si128(_mm_srli_epi64(p0, 32), c3[p]), both(k1));
            c3[p] = p0;
        }
        k0 += weyl_0;
        k1 += weyl_1;
    }
    const __m128i lower_half = both(0xFFFF'FFFF);
    for (std::size_t p = 0; p < pairs; ++p) {
        const __m128i even =
            _mm_or_si128(_mm_slli_epi64(c1[p], 32), _mm_and_si128(c0[p], lower_half));
        const __m128i odd =
            _mm_or_si128(_mm_slli_epi64(c3[p], 32), _mm_and_si128(c2[p], lower_half));
        auto* const to = reinterpret_cast<__m128i*>(out + 4 * p);
        _mm_storeu_si128(to, _mm_unpacklo_epi64(even, odd));
        _mm_storeu_si128(to + 1, _mm_unpackhi_epi64(even, odd));
    }
}
#endif

} // namespace

std::array<std::uint32_t, 4> philox_block(std::array<std::uint32_t, 4> counter,
                                          std::array<std::uint32_t, 2> key) {
    for (int round = 0; round < 10; ++round) {
        const std::uint64_t p0 = multiplier_0 * counter[0];
        const std::uint64_t p1 = multiplier_1 * counter[2];
        counter = {high(p1) ^ counter[1] ^ key[0], low(p1), high(p0) ^ counter[3] ^ key[1],
                   low(p0)};
        key[0] += weyl_0;
        key[1] += weyl_1;
    }
    return counter;
}

std::uint64_t stream_key(std::uint64_t seed, std::initializer_list<std::string_view> name) {
    std::uint64_t hash = finalised(seed + 0x9E3779B97F4A7C15);
    for (const std::string_view part : name) {
        for (const char c : part) {
            hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
        }
        hash = finalised(hash + part.size() + 0x9E3779B97F4A7C15);
    }
    return hash;
}

Stream::Stream(std::uint64_t seed, std::initializer_list<std::string_view> name)
    : key_(stream_key(seed, name)) {}

// The counter of a block is its number; the even draw of a block is its words 0 and 1, the odd one
// its words 2 and 3.
void Stream::fill() {
    const std::uint64_t first = drawn_ / 2;
#if defined(__SSE2__)
    fill_by_pairs(key_, first, buffer_.data());
#else
    for (std::size_t b = 0; b < buffer_.size() / 2; ++b) {
        const auto words =
            philox_block({low(first + b), high(first + b), 0, 0}, {low(key_), high(key_)});
        buffer_[2 * b] = std::uint64_t{words[1]} << 32 | words[0];
        buffer_[2 * b + 1] = std::uint64_t{words[3]} << 32 | words[2];
    }
#endif
}

// Lemire's multiply and shift: the high half of r × n; the few r that would give some results one
// chance more than others are drawn again.
std::uint64_t Stream::below(std::uint64_t n) {
    BS_ASSERT(n > 0);
    Wide product = Wide{next()} * n;
    if (static_cast<std::uint64_t>(product) < n) {
        const std::uint64_t unfair = (0 - n) % n;
        while (static_cast<std::uint64_t>(product) < unfair)
            product = Wide{next()} * n;
    }
    return static_cast<std::uint64_t>(product >> 64);
}

std::int64_t Stream::between(std::int64_t lo, std::int64_t hi) {
    BS_ASSERT(lo <= hi);
    const std::uint64_t last = static_cast<std::uint64_t>(hi) - static_cast<std::uint64_t>(lo);
    const std::uint64_t offset = last + 1 == 0 ? next() : below(last + 1);
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(lo) + offset);
}

} // namespace brokersim
