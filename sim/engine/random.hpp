// Random numbers by name: each purpose of each entity has its own stream, and none moves another.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace brokersim {

/// One block of Philox4x32-10 (Salmon et al., SC 2011): a pure function of counter and key.
std::array<std::uint32_t, 4> philox_block(std::array<std::uint32_t, 4> counter,
                                          std::array<std::uint32_t, 2> key);

/// A stream of random integers: draw number i is a pure function of (seed, name, i). A copy goes
/// on with the same numbers. Sixteen draws are made at a time, when the first of them is asked for.
class Stream {
public:
    /// `name` by parts: {"link", "b1>b2"}. {"a", "bc"} and {"ab", "c"} are different streams.
    Stream(std::uint64_t seed, std::initializer_list<std::string_view> name);

    /// The next 64 bits.
    std::uint64_t next() {
        if (drawn_ % buffer_.size() == 0) fill();
        return buffer_[drawn_++ % buffer_.size()];
    }

    /// Uniform in 0 … n-1, without bias. Requires n > 0.
    std::uint64_t below(std::uint64_t n);

    /// Uniform in lo … hi, both included. Requires lo <= hi.
    std::int64_t between(std::int64_t lo, std::int64_t hi);

    /// True in `num` of `den` cases. Requires num <= den, den > 0.
    bool chance(std::uint64_t num, std::uint64_t den) { return below(den) < num; }

    /// How many draws were taken.
    std::uint64_t drawn() const { return drawn_; }

private:
    void fill();

    std::uint64_t key_;
    std::uint64_t drawn_ = 0;
    std::array<std::uint64_t, 16> buffer_{};
};

/// The 64-bit name of a stream: FNV-1a over the bytes of each part, then its length and the
/// finaliser of splitmix64, starting from the finalised seed.
std::uint64_t stream_key(std::uint64_t seed, std::initializer_list<std::string_view> name);

} // namespace brokersim
