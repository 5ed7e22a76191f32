// Virtual time: integer nanoseconds, so that no rounding and no platform can reorder a run.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>

namespace brokersim {

/// A length of virtual time in nanoseconds. May be negative in arithmetic; settings never are.
struct Duration {
    std::int64_t ns = 0;

    friend constexpr auto operator<=>(Duration, Duration) = default;
    friend constexpr Duration operator+(Duration a, Duration b) { return {a.ns + b.ns}; }
    friend constexpr Duration operator-(Duration a, Duration b) { return {a.ns - b.ns}; }
    friend constexpr Duration operator*(Duration a, std::int64_t n) { return {a.ns * n}; }
    friend constexpr Duration operator/(Duration a, std::int64_t n) { return {a.ns / n}; }
    constexpr Duration& operator+=(Duration b) {
        ns += b.ns;
        return *this;
    }
    constexpr Duration& operator-=(Duration b) {
        ns -= b.ns;
        return *this;
    }

    static constexpr Duration max() { return {std::numeric_limits<std::int64_t>::max()}; }
};

/// An instant: nanoseconds since the run began. int64 lasts 292 years.
struct Time {
    std::int64_t ns = 0;

    friend constexpr auto operator<=>(Time, Time) = default;
    friend constexpr Time operator+(Time t, Duration d) { return {t.ns + d.ns}; }
    friend constexpr Time operator-(Time t, Duration d) { return {t.ns - d.ns}; }
    friend constexpr Duration operator-(Time a, Time b) { return {a.ns - b.ns}; }
    constexpr Time& operator+=(Duration d) {
        ns += d.ns;
        return *this;
    }

    /// Later than every instant of a run: "not scheduled".
    static constexpr Time never() { return {std::numeric_limits<std::int64_t>::max()}; }
};

constexpr Duration nanoseconds(std::int64_t n) {
    return {n};
}
constexpr Duration microseconds(std::int64_t n) {
    return {n * 1'000};
}
constexpr Duration milliseconds(std::int64_t n) {
    return {n * 1'000'000};
}
constexpr Duration seconds(std::int64_t n) {
    return {n * 1'000'000'000};
}

/// `t + d`, or `Time::never()` where that would overflow (time-outs may be 2^63-1 ms).
constexpr Time after(Time t, Duration d) {
    return d.ns > Time::never().ns - t.ns ? Time::never() : t + d;
}

namespace literals {
constexpr Duration operator""_ns(unsigned long long n) {
    return {static_cast<std::int64_t>(n)};
}
constexpr Duration operator""_us(unsigned long long n) {
    return microseconds(static_cast<std::int64_t>(n));
}
constexpr Duration operator""_ms(unsigned long long n) {
    return milliseconds(static_cast<std::int64_t>(n));
}
constexpr Duration operator""_s(unsigned long long n) {
    return seconds(static_cast<std::int64_t>(n));
}
} // namespace literals

} // namespace brokersim
