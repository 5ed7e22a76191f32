// When the application wants to send, and with which keys: the load of one producer (scenario
// format §7).
#pragma once

#include "brokersim/scenario.hpp"
#include "engine/distribution.hpp"
#include "engine/random.hpp"

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace brokersim {

/// The instants at which bursts fall due, one after the other. Taken lazily: a producer that is
/// blocked leaves them where they are.
class Arrivals {
public:
    Arrivals(const ProducerSpec& spec, std::uint64_t seed);

    /// When the next burst falls due; never() if there is none left.
    Time next() const { return next_; }
    /// Takes it: how many records. Requires next() != never().
    std::int32_t take();
    /// Passes over what falls due before `now`: nobody was there to send it.
    void skip_to(Time now);
    /// There will be no more.
    void end() { next_ = Time::never(); }

private:
    Time at(std::int64_t burst) const;
    void advance();
    void settle(Time due);

    Time start_, stop_;
    Rate rate_;
    std::int32_t burst_;
    bool poisson_;
    Sampler gap_;
    Stream stream_;
    std::int64_t left_;       ///< records until `count` is reached
    std::int64_t number_ = 0; ///< of the next burst
    Time next_;
};

/// The keys of the records in the order in which they are sent.
class RecordKeys {
public:
    static constexpr std::int64_t none = -1;

    /// Equal keys in a row.
    struct Run {
        std::int64_t key = none;
        std::int32_t count = 0;
    };

    RecordKeys(const ProducerSpec& spec, std::uint64_t seed);

    /// Appends the keys of the next `count` records; equal ones are put together where keys go
    /// round in order.
    void take(std::int32_t count, std::vector<Run>& runs);
    bool has_keys() const { return spec_.kind != KeySpec::Kind::none; }
    /// The bytes of a key; they live until the next call. Requires key != none.
    std::string_view text(std::int64_t key);

private:
    KeySpec spec_;
    Stream stream_;
    std::int64_t next_ = 0;
    std::array<char, 24> text_{};
};

} // namespace brokersim
