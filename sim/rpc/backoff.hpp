// Kafka's exponential back-off with jitter.
#pragma once

#include "brokersim/time.hpp"
#include "engine/random.hpp"

#include <algorithm>
#include <cstdint>

namespace brokersim {

/// Settings may ask for no back-off at all. A client that tries again and again without any would
/// do so millions of times while nothing else can happen, so some is always made.
inline constexpr Duration least_backoff = microseconds(100);

/// `min(max, floor(jitter · initial · 2^n))` in whole milliseconds, n capped where it reaches max,
/// jitter uniform in [0.8, 1.2); constant where initial ≥ max. Kafka: ExponentialBackoff, with the
/// multiplier 2 and the jitter 0.2 of CommonClientConfigs.
inline Duration exponential_backoff(std::int32_t n, Duration initial, Duration max,
                                    Stream& stream) {
    if (max <= initial) return std::max(std::min(initial, max), least_backoff);
    std::int64_t base = std::max<std::int64_t>(initial.ns, 1'000'000);
    for (std::int32_t k = 0; k < n && base < max.ns; ++k)
        base *= 2;
    base = std::min(base, max.ns);
    const auto jitter = static_cast<std::int64_t>(800'000 + stream.below(400'000)); // millionths
    const std::int64_t ns = base / 1'000'000 * jitter + base % 1'000'000 * jitter / 1'000'000;
    return Duration{std::min(max.ns, ns / 1'000'000 * 1'000'000)};
}

} // namespace brokersim
