// Quantile tables: the exponential's is shipped, a lognormal's is made from the normal's at set-up.
#include "engine/distribution.hpp"

#include "engine/assert.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <iterator>
#include <limits>
#include <utility>

namespace brokersim {

namespace {

using Layout = QuantileLayout;

// Mean 1, Q32.32.
constexpr std::uint64_t exponential_nodes[] = {
#include "engine/exponential_quantiles.inc"
};
static_assert(std::size(exponential_nodes) == Layout::nodes);

// The standard normal above its median, in units of its 99th percentile, Q4.60: the main nodes
// from the middle one on, then the upper tail. The lower half is its mirror image.
constexpr std::uint64_t normal_nodes[] = {
#include "engine/normal_quantiles.inc"
};
static_assert(std::size(normal_nodes) == Layout::cells / 2 + 1 + Layout::nodes - Layout::upper);

// 2^f = sum of (f ln 2)^n / n!, Q2.62.
constexpr std::array<std::uint64_t, 20> exp2_terms = {
    0x4000000000000000, 0x2c5c85fdf473de6a, 0x0f5fdeffc162c754, 0x038d611ae09417f1,
    0x009d955b7dd273b9, 0x0015d87fe78a6731, 0x0002861225f0d8f0, 0x00003ff97f8b1161,
    0x0000058b0088e972, 0x0000006d494f4e57, 0x00000007933d4562, 0x000000007a32b1cd,
    0x00000000070ef594, 0x0000000000605864, 0x000000000004c525, 0x000000000000386d,
    0x0000000000000271, 0x0000000000000019, 0x0000000000000000, 0x0000000000000000,
};

constexpr std::uint32_t exponent_bits = 48;

// 2^f for f in [0, 1) as Q0.64; Q2.62, below 2, never falling as f grows.
std::uint64_t exp2_fraction(std::uint64_t f) {
    std::uint64_t sum = 0;
    for (auto term = exp2_terms.rbegin(); term != exp2_terms.rend(); ++term) {
        sum = *term + multiply_high(f, sum);
    }
    return sum;
}

// log2 of x > 0 as Q6.57, a bit at a time: squaring a number doubles its logarithm.
std::uint64_t log2_fixed(std::uint64_t x) {
    const auto whole = static_cast<std::uint32_t>(std::bit_width(x)) - 1;
    std::uint64_t mantissa = x << (63 - whole); // In [1, 2) as Q1.63.
    std::uint64_t result = std::uint64_t{whole} << 57;
    for (std::uint32_t bit = 57; bit-- > 0;) {
        const Wide square = Wide{mantissa} * mantissa; // Q2.126
        const bool doubled = (square >> 127) != 0;
        mantissa = static_cast<std::uint64_t>(square >> (doubled ? 64 : 63));
        if (doubled) result |= std::uint64_t{1} << bit;
    }
    return result;
}

// Node `index` of the layout for the normal distribution: its magnitude, and whether it is below 0.
struct NormalNode {
    std::uint64_t magnitude;
    bool below;
};
NormalNode normal_node(std::size_t index) {
    constexpr std::size_t middle = Layout::cells / 2;
    constexpr std::size_t tail_nodes = Layout::tail_cells + 1;
    if (index < middle) return {normal_nodes[middle - index], true};
    if (index < Layout::lower) return {normal_nodes[index - middle], false};
    const bool below = index < Layout::upper;
    const std::size_t in_tail = index - (below ? Layout::lower : Layout::upper);
    const std::size_t level = in_tail / tail_nodes;
    const std::size_t node = in_tail % tail_nodes;
    return {
        normal_nodes[middle + 1 + level * tail_nodes + (below ? Layout::tail_cells - node : node)],
        below};
}

// median × 2^exponent × 2^shift, ending at 2^62; the exponent has `exponent_bits` after the point.
std::uint64_t scaled_power(std::uint64_t median, std::int64_t exponent, std::uint32_t shift) {
    constexpr std::uint64_t end = std::uint64_t{1} << 62;
    const std::int64_t whole = exponent >> exponent_bits;
    const auto fraction = static_cast<std::uint64_t>(exponent) << (64 - exponent_bits);
    const Wide product = Wide{median} * exp2_fraction(fraction);
    const std::int64_t down = 62 - whole - static_cast<std::int64_t>(shift);
    if (down < 0) return end; // The product is 2^62 at least.
    if (down > 127) return 0;
    return static_cast<std::uint64_t>(std::min(product >> down, Wide{end}));
}

} // namespace

Sampler::Sampler(const Distribution& distribution)
    : min_(distribution.min ? std::max(distribution.min->ns, std::int64_t{0}) : 0),
      max_(distribution.max ? distribution.max->ns : std::numeric_limits<std::int64_t>::max()) {
    const Duration a = distribution.a;
    const Duration b = distribution.b;
    BS_ASSERT(a.ns >= 0 && max_ >= min_);
    switch (distribution.kind) {
    case Distribution::Kind::constant: low_ = std::clamp(a.ns, min_, max_); return;
    case Distribution::Kind::uniform:
        BS_ASSERT(b >= a);
        low_ = a.ns;
        span_ = static_cast<std::uint64_t>(b.ns - a.ns);
        if (span_ == 0) low_ = std::clamp(low_, min_, max_);
        return;
    case Distribution::Kind::exponential:
        nodes_ = exponential_nodes;
        // The largest quantile is below 32 means.
        scale_ = static_cast<std::uint64_t>(
            std::min(a.ns, std::numeric_limits<std::int64_t>::max() / 32));
        shift_ = 32;
        half_ = std::uint64_t{1} << 31;
        return;
    case Distribution::Kind::lognormal: use_lognormal(a, b); return;
    case Distribution::Kind::pareto:
    case Distribution::Kind::quantiles: break;
    }
    BS_UNREACHABLE("a distribution of no kind");
}

// The p-th quantile is median × (p99 / median)^(z(p) / z(0.99)).
void Sampler::use_lognormal(Duration median, Duration p99) {
    if (median.ns == 0 || p99 <= median) {
        low_ = std::clamp(median.ns, min_, max_);
        return;
    }
    const auto middle = static_cast<std::uint64_t>(median.ns);
    const std::uint64_t ratio = log2_fixed(static_cast<std::uint64_t>(p99.ns)) - log2_fixed(middle);
    const auto exponent = [ratio](std::size_t index) {
        const NormalNode node = normal_node(index);
        const auto size =
            static_cast<std::int64_t>((Wide{ratio} * node.magnitude) >> (57 + 60 - exponent_bits));
        return node.below ? -size : size;
    };
    // As many bits after the point as the largest value leaves room for.
    const std::int64_t top_bits = (exponent(Layout::nodes - 1) >> exponent_bits) + 1 +
                                  static_cast<std::int64_t>(std::bit_width(middle));
    shift_ = static_cast<std::uint32_t>(std::clamp<std::int64_t>(62 - top_bits, 0, 32));
    half_ = shift_ == 0 ? 0 : std::uint64_t{1} << (shift_ - 1);
    std::vector<std::uint64_t> nodes(Layout::nodes);
    for (std::size_t k = 0; k < nodes.size(); ++k) {
        nodes[k] = scaled_power(middle, exponent(k), shift_);
    }
    own_ = std::make_shared<const std::vector<std::uint64_t>>(std::move(nodes));
    nodes_ = own_->data();
}

std::uint64_t Sampler::tail_quantile(std::uint64_t r) const {
    const bool is_upper = (r >> 63) != 0;
    const std::uint64_t outermost = is_upper ? 15 : 0;
    const std::uint64_t* level = nodes_ + (is_upper ? Layout::upper : Layout::lower);
    r <<= 8;
    for (std::size_t k = 1; k < Layout::tail_levels && (r >> 60) == outermost; ++k) {
        level += Layout::tail_cells + 1;
        r <<= 4;
    }
    const std::uint64_t node = level[r >> 56];
    return node + multiply_high(r << 8, level[(r >> 56) + 1] - node);
}

} // namespace brokersim
