// Philox4x32-10 and the names of streams.
#include "engine/random.hpp"

#include "engine/assert.hpp"
#include "engine/wide.hpp"

#include <cstddef>

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

} // namespace

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
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

// Eight blocks side by side, word by word, so that a compiler can use vectors. The counter of a
// block is its number; the even draw of a block is its words 0 and 1, the odd one its words 2, 3.
void Stream::fill() {
    constexpr std::size_t blocks = 8;
    const std::uint64_t first = drawn_ / 2;
    std::array<std::uint32_t, blocks> c0{}, c1{}, c2{}, c3{};
    for (std::size_t b = 0; b < blocks; ++b) {
        c0[b] = low(first + b);
        c1[b] = high(first + b);
    }
    std::uint32_t k0 = low(key_);
    std::uint32_t k1 = high(key_);
    for (int round = 0; round < 10; ++round) {
        for (std::size_t b = 0; b < blocks; ++b) {
            const std::uint64_t p0 = multiplier_0 * c0[b];
            const std::uint64_t p1 = multiplier_1 * c2[b];
            c0[b] = high(p1) ^ c1[b] ^ k0;
            c1[b] = low(p1);
            c2[b] = high(p0) ^ c3[b] ^ k1;
            c3[b] = low(p0);
        }
        k0 += weyl_0;
        k1 += weyl_1;
    }
    for (std::size_t b = 0; b < blocks; ++b) {
        buffer_[2 * b] = std::uint64_t{c1[b]} << 32 | c0[b];
        buffer_[2 * b + 1] = std::uint64_t{c3[b]} << 32 | c2[b];
    }
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
