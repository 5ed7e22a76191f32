// Samplers: moments, quantiles, shape, tables against the C library, and the same bits everywhere.
#include "engine/distribution.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

using namespace brokersim;
using namespace brokersim::literals;

namespace {

using Kind = Distribution::Kind;

const Distribution exponential{Kind::exponential, 1_ms, {}, {}, {}};
const Distribution lognormal{Kind::lognormal, 250_us, 2_ms, {}, {}};
const Distribution uniform{Kind::uniform, 1_ms, 5_ms, {}, {}};
Distribution pareto(Duration low, Duration high, std::int64_t alpha_ppb) {
    return {Kind::pareto, low, high, {}, {}, alpha_ppb, {}};
}
Distribution lines(std::vector<Distribution::Point> points) {
    return {Kind::quantiles, {}, {}, {}, {}, 0, std::move(points)};
}
const Distribution heavy = pareto(1_ms, 10_s, 1'500'000'000);
const Distribution measured =
    lines({{{0}, 100_us}, {{500'000'000}, 200_us}, {{990'000'000}, 2_ms}, {{Ratio::one}, 20_ms}});
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

double below_heavy(double x) {
    return (1 - std::pow(1e6 / x, 1.5)) / (1 - std::pow(1e-4, 1.5));
}
double below_measured(double x) {
    if (x < 200e3) return 0.5 * (x - 100e3) / 100e3;
    if (x < 2e6) return 0.5 + 0.49 * (x - 200e3) / 1.8e6;
    return 0.99 + 0.01 * (x - 2e6) / 18e6;
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
    // Bounded Pareto of 1 to 4 ms with exponent 2: moments of order k by integrating.
    const auto raw = [](double k) {
        const double a = 2, l = 1e6, h = 4e6;
        const double part =
            k == a ? std::log(h / l) : (std::pow(h, k - a) - std::pow(l, k - a)) / (k - a);
        return a * std::pow(l, a) / (1 - std::pow(l / h, a)) * part;
    };
    const double m = raw(1), v = raw(2) - m * m;
    const double fourth = raw(4) - 4 * m * raw(3) + 6 * m * m * raw(2) - 3 * m * m * m * m;
    check(pareto(1_ms, 4_ms, 2'000'000'000), m, v, fourth / v / v - 3);
    // Each piece is a uniform: half of 100…200 us, 0.49 of 200 us…2 ms, 0.01 of 2…20 ms.
    const double first = 0.5 * 150e3 + 0.49 * 1.1e6 + 0.01 * 11e6;
    const auto square = [](double l, double h) { return (l * l + l * h + h * h) / 3; };
    const double second =
        0.5 * square(100e3, 200e3) + 0.49 * square(200e3, 2e6) + 0.01 * square(2e6, 20e6);
    check(measured, first, second - first * first, 40);
}

TEST_CASE("draws have the shape of their distribution") {
    CHECK(kolmogorov(sample(exponential, 200'000), below_exponential) < 1.95);
    CHECK(kolmogorov(sample(lognormal, 200'000), below_lognormal) < 1.95);
    CHECK(kolmogorov(sample(uniform, 200'000), below_uniform) < 1.95);
    CHECK(kolmogorov(sample(heavy, 200'000), below_heavy) < 1.95);
    CHECK(kolmogorov(sample(measured, 200'000), below_measured) < 1.95);
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
    // A bounded Pareto, and one with its bound so far away that it makes no difference.
    for (const Distribution& d :
         {heavy, pareto(1_ms, Duration::max(), 1'500'000'000), pareto(7_us, 9_us, 300'000'000),
          pareto(1_ms, 1_s, 40'000'000'000)}) {
        const Sampler sampler(d);
        const double a = static_cast<double>(d.alpha_ppb) / 1e9;
        const auto low = static_cast<double>(d.a.ns);
        const double q = std::pow(low / static_cast<double>(d.b.ns), a);
        for (const double p :
             {0.0, 1e-9, 1e-4, 0.01, 0.3, 0.5, 0.9, 0.99, 0.9999, 1 - 1e-6, 1 - 1e-9}) {
            CAPTURE(p);
            const double right = low * std::pow(1 - p * (1 - q), -1 / a);
            CHECK(std::abs(quantile(sampler, p) - right) <= 1.5e-3 * right + 0.51);
        }
    }
    CHECK(std::abs(quantile(log, 0.99) - 2e6) < 100);
    CHECK(quantile(log, 0.5) == 250e3);
}

TEST_CASE("at grows with its argument, across all borders of cells") {
    for (const Distribution& distribution :
         {exponential, lognormal, uniform, heavy, measured,
          pareto(1_ns, Duration::max(), 100'000'000), pareto(5_ms, 5001_us, 2'000'000'000),
          Distribution{Kind::lognormal, 1_ns, 1_s, {}, {}},
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
    CHECK(Sampler(pareto(3_ms, 3_ms, 1'000'000'000)).draw(stream) == 3_ms);
    for (Distribution distribution : {exponential, lognormal, uniform, heavy}) {
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

TEST_CASE("a Pareto reaches from its minimum to its maximum, with nothing heaped up at either") {
    const Sampler sampler(heavy);
    CHECK(sampler.at(0) == 1_ms);
    CHECK(sampler.at(~std::uint64_t{0}) <= 10_s);
    CHECK(sampler.at(~std::uint64_t{0}) > 9_s);
    CHECK(Sampler(pareto(1_ms, 2_ms, 1'000'000'000)).at(~std::uint64_t{0}) == 2_ms);
    // Half of it lies below 4/3: 2 (1 - 3/4) = 1/2.
    CHECK(std::abs(quantile(Sampler(pareto(3_ms, 6_ms, 1'000'000'000)), 0.5) - 4e6) < 1);
    // Far away bounds do not spoil the mean: 3 ms.
    const double mean =
        moments(sample(pareto(1_ms, Duration::max(), 3'000'000'000), 1'000'000)).mean;
    CHECK(std::abs(mean - 1.5e6) < 5 * std::sqrt(0.75e12 / 1e6));
}

TEST_CASE("quantiles are straight lines between their points, to the nanosecond") {
    const Sampler sampler(measured);
    const auto at = [&](double p) { return static_cast<std::int64_t>(quantile(sampler, p)); };
    CHECK(sampler.at(0) == 100_us);
    CHECK(sampler.at(~std::uint64_t{0}) == 20_ms);
    CHECK(at(0.25) == 150'000);
    CHECK(at(0.5) == 200'000);
    CHECK(at(0.745) == 1'100'000);
    CHECK(at(0.99) == 2'000'000);
    CHECK(at(0.995) == 11'000'000);
    // Flat pieces, steps within a billionth, the whole range.
    const Sampler steps(
        lines({{{0}, 1_ms}, {{300'000'000}, 1_ms}, {{300'000'001}, 5_ms}, {{Ratio::one}, 5_ms}}));
    CHECK(steps.at(std::uint64_t{1} << 62) == 1_ms);
    CHECK(steps.at(std::uint64_t{1} << 63) == 5_ms);
    const Sampler whole(lines({{{0}, 0_ns}, {{Ratio::one}, Duration::max()}}));
    CHECK(whole.at(std::uint64_t{1} << 63) == Duration{std::int64_t{1} << 62});
    CHECK(whole.at(~std::uint64_t{0}) >= Duration{Duration::max().ns - 2});
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
    for (const Distribution& distribution : {exponential, lognormal, uniform, heavy, measured}) {
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
    CHECK(digest(heavy) == 0x1252fef67cfad172);
    CHECK(digest(pareto(3_us, Duration::max(), 1'160'964'047)) == 0x331e9765826be251);
    CHECK(digest(measured) == 0x62f0893cb44112f4);
    CHECK(digest(Distribution::constant(7_ms)) == 0x194203fabb432065);
}
