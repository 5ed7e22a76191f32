// Samplers: moments, quantiles, shape, tables against the C library, and the same bits everywhere.
#include "engine/distribution.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

using namespace brokersim;
using namespace brokersim::literals;

namespace {

using Kind = Distribution::Kind;

const Distribution exponential{Kind::exponential, 1_ms, {}, {}, {}};
const Distribution lognormal{Kind::lognormal, 250_us, 2_ms, {}, {}};
const Distribution uniform{Kind::uniform, 1_ms, 5_ms, {}, {}};
const double z99 = 2.3263478740408408;
const double sigma = std::log(8.0) / z99; // Of `lognormal`.

// The distribution functions, by the C library.
double below_exponential(double x) {
    return 1 - std::exp(-x / 1e6);
}
double below_lognormal(double x) {
    return std::erfc(-std::log(x / 250e3) / sigma / std::sqrt(2.0)) / 2;
}
double below_uniform(double x) {
    return (x - 1e6) / 4e6;
}

std::vector<double> sample(const Distribution& distribution, std::size_t size) {
    const Sampler sampler(distribution);
    Stream stream(1, {"test", "distribution"});
    std::vector<double> values;
    for (std::size_t k = 0; k < size; ++k) {
        values.push_back(static_cast<double>(sampler.draw(stream).ns));
    }
    return values;
}

struct Moments {
    double mean, variance;
};
Moments moments(const std::vector<double>& values) {
    const auto n = static_cast<double>(values.size());
    double sum = 0, squares = 0;
    for (const double v : values)
        sum += v;
    for (const double v : values)
        squares += (v - sum / n) * (v - sum / n);
    return {sum / n, squares / n};
}

// Kolmogorov's largest distance, times the root of the size: above 1.95 once in a thousand.
double kolmogorov(std::vector<double> values, double (*below)(double)) {
    std::sort(values.begin(), values.end());
    const auto n = static_cast<double>(values.size());
    double worst = 0;
    for (std::size_t k = 0; k < values.size(); ++k) {
        const double expected = below(values[k]);
        const auto rank = static_cast<double>(k);
        worst =
            std::max({worst, std::abs(expected - rank / n), std::abs(expected - (rank + 1) / n)});
    }
    return worst * std::sqrt(n);
}

double quantile(const Sampler& sampler, double p) {
    return static_cast<double>(sampler.at(static_cast<std::uint64_t>(p * 0x1p64)).ns);
}

// FNV-1a over 100,000 draws.
std::uint64_t digest(const Distribution& distribution) {
    const Sampler sampler(distribution);
    Stream stream(99, {"test", "digest"});
    std::uint64_t hash = 0xcbf29ce484222325;
    for (int k = 0; k < 100'000; ++k) {
        auto value = static_cast<std::uint64_t>(sampler.draw(stream).ns);
        for (int byte = 0; byte < 8; ++byte, value >>= 8) {
            hash = (hash ^ (value & 255)) * 0x100000001b3;
        }
    }
    return hash;
}

} // namespace

TEST_CASE("means and variances of a million draws lie within five standard errors") {
    const double n = 1e6;
    const auto check = [n](const Distribution& distribution, double mean, double variance,
                           double excess_kurtosis) {
        const Moments found = moments(sample(distribution, 1'000'000));
        CHECK(std::abs(found.mean - mean) < 5 * std::sqrt(variance / n));
        CHECK(std::abs(found.variance - variance) <
              5 * variance * std::sqrt((excess_kurtosis + 2) / n));
    };
    check(exponential, 1e6, 1e12, 6);
    check(uniform, 3e6, 16e12 / 12, -1.2);
    const double s = std::exp(sigma * sigma);
    const double mean = 250e3 * std::sqrt(s);
    check(lognormal, mean, mean * mean * (s - 1), s * s * s * s + 2 * s * s * s + 3 * s * s - 6);
}

TEST_CASE("draws have the shape of their distribution") {
    CHECK(kolmogorov(sample(exponential, 200'000), below_exponential) < 1.95);
    CHECK(kolmogorov(sample(lognormal, 200'000), below_lognormal) < 1.95);
    CHECK(kolmogorov(sample(uniform, 200'000), below_uniform) < 1.95);
}

TEST_CASE("quantiles are those of the C library, far into both tails") {
    const Sampler exp(exponential), log(lognormal);
    for (const double p : {1e-9, 1e-7, 3e-6, 1e-4, 2e-4, 0.01, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999,
                           0.9997, 0.9999, 0.99999, 1 - 1e-6, 1 - 1e-8, 1 - 1e-9}) {
        CAPTURE(p);
        // A straight line across a sixteenth of the mass beyond is off by 1/2048 at most.
        CHECK(std::abs(quantile(exp, p) + 1e6 * std::log1p(-p)) <= 1e6 / 2000 + 0.51);
        // Where the sampler says p lies, the C library finds p.
        const double found = below_lognormal(quantile(log, p));
        CHECK(std::abs(found - p) <= 2e-3 * std::min(p, 1 - p));
    }
    CHECK(std::abs(quantile(log, 0.99) - 2e6) < 100);
    CHECK(quantile(log, 0.5) == 250e3);
}

TEST_CASE("at grows with its argument, across all borders of cells") {
    for (const Distribution& distribution :
         {exponential, lognormal, uniform, Distribution{Kind::lognormal, 1_ns, 1_s, {}, {}},
          Distribution{Kind::lognormal, 999_us, 1_ms, {}, {}}}) {
        const Sampler sampler(distribution);
        bool grows = true;
        for (int shift = 0; shift <= 40; shift += 2) {
            Duration low{}, high{};
            for (std::uint64_t k = 0; k < 20'000; ++k) {
                const Duration l = sampler.at(k << shift);
                const Duration h = sampler.at(~((20'000 - k) << shift));
                grows = grows && l >= low && (k == 0 || h >= high);
                low = l;
                high = h;
            }
        }
        CHECK(grows);
    }
}

TEST_CASE("constants and clamps hold, and no value is negative") {
    Stream stream(1, {"clamps"});
    CHECK(Sampler(Distribution::constant(5_ms)).draw(stream) == 5_ms);
    CHECK(stream.drawn() == 0);
    CHECK(Sampler({Kind::uniform, 3_ms, 3_ms, {}, {}}).draw(stream) == 3_ms);
    CHECK(Sampler({Kind::lognormal, 3_ms, 3_ms, {}, {}}).draw(stream) == 3_ms);
    CHECK(Sampler({Kind::exponential, 0_ms, {}, {}, {}}).draw(stream) == 0_ms);
    CHECK(Sampler({Kind::constant, 5_ms, 5_ms, 6_ms, {}}).draw(stream) == 6_ms);
    for (Distribution distribution : {exponential, lognormal, uniform}) {
        distribution.min = 2_ms;
        distribution.max = 3_ms;
        const Sampler sampler(distribution);
        bool low = false, high = false, within = true;
        for (int k = 0; k < 5000; ++k) {
            const Duration d = sampler.draw(stream);
            low = low || d == 2_ms;
            high = high || d == 3_ms;
            within = within && d >= 2_ms && d <= 3_ms;
        }
        CHECK((low && high && within));
    }
}

TEST_CASE("both ends of a uniform are drawn, evenly") {
    const Sampler sampler({Kind::uniform, 10_ns, 13_ns, {}, {}});
    Stream stream(1, {"ends"});
    int seen[4] = {};
    for (int k = 0; k < 40'000; ++k)
        ++seen[sampler.draw(stream).ns - 10];
    for (const int count : seen)
        CHECK(std::abs(count - 10'000) < 500);
}

TEST_CASE("extreme settings neither overflow nor trap") {
    const Sampler longest({Kind::exponential, Duration::max(), {}, {}, {}});
    CHECK(longest.at(~std::uint64_t{0}) > seconds(0));
    const Sampler widest({Kind::lognormal, 1_ns, Duration::max(), {}, {}});
    CHECK(widest.at(~std::uint64_t{0}) == Duration{std::int64_t{1} << 62});
    CHECK(widest.at(0) == 0_ns);
    const Sampler late({Kind::lognormal, {Duration::max().ns - 1}, Duration::max(), {}, {}});
    CHECK(late.at(std::uint64_t{1} << 63) == Duration{std::int64_t{1} << 62});
    const Sampler any({Kind::uniform, 0_ns, Duration::max(), {}, {}});
    CHECK(any.at(~std::uint64_t{0}) == Duration::max());
}

TEST_CASE("a sample takes one draw, whatever the value") {
    for (const Distribution& distribution : {exponential, lognormal, uniform}) {
        const Sampler sampler(distribution);
        Stream stream(1, {"one"});
        for (int k = 0; k < 10'000; ++k)
            sampler.draw(stream);
        CHECK(stream.drawn() == 10'000);
    }
}

TEST_CASE("every compiler and every optimisation draws the same bits") {
    CHECK(digest(exponential) == 0x20c5b8bd4ef8a367);
    CHECK(digest(lognormal) == 0xa8927c618677277c);
    CHECK(digest(uniform) == 0x9dfb5456a6c212be);
    CHECK(digest({Kind::lognormal, 3_ns, 5_s, {}, {}}) == 0x949ba68f88faa6a8);
    CHECK(digest(Distribution::constant(7_ms)) == 0x194203fabb432065);
}
