// When the application wants to send: the load of one producer (scenario format §7).
#pragma once

#include "brokersim/scenario.hpp"
#include "client/rate_curve.hpp"
#include "engine/distribution.hpp"
#include "engine/random.hpp"
#include "engine/ring.hpp"

#include <cstdint>
#include <optional>

namespace brokersim {

/// The instants at which records fall due, one after the other. Taken lazily: a producer that is
/// blocked leaves them where they are.
///
/// At a constant rate record n falls due when the integral of the rate since the start reaches n,
/// in bursts; Poisson arrivals when it reaches the sum of n exponential draws. In a closed loop a
/// record falls due when another one completes.
class Arrivals {
public:
    Arrivals(const ProducerSpec& spec, std::uint64_t seed);

    /// When the next records fall due; never() if there are none left.
    Time next() const { return next_; }
    /// Takes them: how many. Requires next() != never().
    std::int32_t take();
    /// The process has started. What fell due before `now` is passed over: nobody was there to send
    /// it.
    void begin(Time now);
    /// Closed loop: records of it have been acknowledged, have failed or were refused.
    void completed(std::int64_t records, Time now);
    bool closed_loop() const { return loop_ > 0; }
    /// Another rate from now on; none: what the load was meant to be by then.
    void change_rate(Time now, const std::optional<Rate>& rate);
    /// There will be no more.
    void end();

private:
    /// Records of a closed loop that fell due at the same instant.
    struct Freed {
        Time at;
        std::int64_t records = 0;
    };
    void advance();
    void settle(Time due);
    SignedWide curve_gap();

    Time start_, stop_;
    std::int32_t burst_;
    std::int64_t loop_; ///< records outstanding at most; 0: not a closed loop
    bool poisson_;
    bool steady_; ///< Poisson at one rate: gaps are drawn as durations, not along the curve
    RateCurve curve_;
    Sampler gap_; ///< steady: a duration; else records, in 2^-32
    Stream stream_;
    std::int64_t left_; ///< records until `count` is reached
    Ring<Freed> freed_;
    Time next_;
};

} // namespace brokersim
