// Quantile tables: the exponential's is shipped, a lognormal's is made from the normal's at set-up,
// a Pareto's from its formula.
#include "engine/distribution.hpp"

#include "engine/assert.hpp"
#include "engine/fixed_point.hpp"

#include <algorithm>
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

constexpr std::uint32_t exponent_bits = 48;

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

// Of the mass, in units of 2^-36, what lies beyond node `index` of the layout.
constexpr std::uint32_t tail_bits = 36;
std::uint64_t mass_beyond(std::size_t index) {
    constexpr std::uint64_t all = std::uint64_t{1} << tail_bits;
    constexpr std::size_t tail_nodes = Layout::tail_cells + 1;
    if (index < Layout::lower) return all - all / Layout::cells * index;
    const bool below = index < Layout::upper;
    const std::size_t in_tail = index - (below ? Layout::lower : Layout::upper);
    const std::uint64_t width = all >> (8 + 4 * (in_tail / tail_nodes));
    const std::uint64_t part = width / Layout::tail_cells * (in_tail % tail_nodes);
    return below ? all - part : width - part;
}

constexpr std::uint32_t mass_bits = 80;
// -log2 of a mass in (0, 1] as Q0.80; Q.57. Of nothing: as of the least mass.
Wide minus_log2(Wide mass) {
    std::uint32_t down = 0;
    while ((mass >> down) >> 64 != 0)
        ++down;
    const auto upper = std::max<std::uint64_t>(static_cast<std::uint64_t>(mass >> down), 1);
    return (Wide{mass_bits - down} << 57) - log2_fixed(upper);
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
    case Distribution::Kind::pareto: use_pareto(a, b, distribution.alpha_ppb); return;
    case Distribution::Kind::quantiles: use_points(distribution.points); return;
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
    scale_for((exponent(Layout::nodes - 1) >> exponent_bits) + 1 +
              static_cast<std::int64_t>(std::bit_width(middle)));
    std::vector<std::uint64_t> nodes(Layout::nodes);
    for (std::size_t k = 0; k < nodes.size(); ++k) {
        nodes[k] = scaled_power(middle, exponent(k), shift_);
    }
    own(std::move(nodes));
}

void Sampler::scale_for(std::int64_t whole_bits) {
    shift_ = static_cast<std::uint32_t>(std::clamp<std::int64_t>(62 - whole_bits, 0, 32));
    half_ = shift_ == 0 ? 0 : std::uint64_t{1} << (shift_ - 1);
}

void Sampler::own(std::vector<std::uint64_t> nodes) {
    own_ = std::make_shared<const std::vector<std::uint64_t>>(std::move(nodes));
    nodes_ = own_->data();
}

// Of the mass beyond x a bounded Pareto has w(x) = (low / x)^alpha, down to q = w(high), so where
// a share u lies below, w = (1 - u) + u q and x = low × 2^(-log2(w) / alpha).
void Sampler::use_pareto(Duration low, Duration high, std::int64_t alpha_ppb) {
    if (low.ns <= 0 || high <= low || alpha_ppb <= 0) {
        low_ = std::clamp(low.ns, min_, max_);
        return;
    }
    const auto bottom = static_cast<std::uint64_t>(low.ns);
    const std::uint64_t top =
        std::min<std::uint64_t>(static_cast<std::uint64_t>(high.ns), std::uint64_t{1} << 62);
    const auto alpha = static_cast<std::uint64_t>(alpha_ppb);
    scale_for(static_cast<std::int64_t>(std::bit_width(top)));
    // -log2(q), Q.57, and q itself, Q0.80.
    const Wide depth = Wide{log2_fixed(top) - log2_fixed(bottom)} * alpha / Ratio::one;
    const Wide beyond = power_of_half(depth, mass_bits);
    std::vector<std::uint64_t> nodes(Layout::nodes);
    for (std::size_t k = 0; k < nodes.size(); ++k) {
        const std::uint64_t left = mass_beyond(k);
        const Wide mass = (Wide{left} << (mass_bits - tail_bits)) +
                          ((beyond * ((std::uint64_t{1} << tail_bits) - left)) >> tail_bits);
        const Wide exponent = minus_log2(mass) * Ratio::one / alpha >> (57 - exponent_bits);
        const bool far = left == 0 || exponent >= (Wide{64} << exponent_bits);
        nodes[k] = std::min(
            top << shift_, far ? top << shift_
                               : scaled_power(bottom, static_cast<std::int64_t>(exponent), shift_));
    }
    // Nobody sees the shape of the last cell, of 2^-36, but the mean does when `high` is far away:
    // beyond x the mean is x alpha / (alpha - 1), the middle of x and x (alpha + 1) / (alpha - 1).
    if (alpha > Ratio::one) {
        const Wide end = Wide{nodes[Layout::nodes - 2]} * (alpha + Ratio::one) /
                         (alpha - static_cast<std::uint64_t>(Ratio::one));
        nodes.back() = static_cast<std::uint64_t>(std::min(Wide{nodes.back()}, end));
    }
    own(std::move(nodes));
}

void Sampler::use_points(const std::vector<Distribution::Point>& points) {
    BS_ASSERT(points.size() >= 2 && points.front().share.ppb == 0 &&
              points.back().share.ppb == Ratio::one);
    const auto number = [](Ratio share) {
        return (Wide{static_cast<std::uint64_t>(share.ppb)} << 64) /
               static_cast<std::uint64_t>(Ratio::one);
    };
    auto made = std::make_shared<Lines>();
    for (std::size_t k = 0; k + 1 < points.size(); ++k) {
        const Wide first = number(points[k].share);
        const Wide width = number(points[k + 1].share) - first;
        if (width == 0) continue;
        BS_ASSERT(points[k + 1].value >= points[k].value);
        std::uint32_t shift = 0;
        while ((width << shift) <= (Wide{1} << 63))
            ++shift;
        made->lines.push_back(
            {static_cast<std::uint64_t>(first),
             static_cast<std::uint64_t>((Wide{1} << 127) / (width << shift)), shift,
             points[k].value.ns,
             static_cast<std::uint64_t>(points[k + 1].value.ns - points[k].value.ns)});
    }
    for (std::size_t byte = 0, line = 0; byte < made->line_of.size(); ++byte) {
        const std::uint64_t lowest = std::uint64_t{byte} << 56;
        while (line + 1 < made->lines.size() && made->lines[line + 1].first <= lowest)
            ++line;
        made->line_of[byte] = static_cast<std::uint32_t>(line);
    }
    lines_ = std::move(made);
    span_ = 1; // Not a constant.
}

std::int64_t Sampler::Lines::at(std::uint64_t r) const {
    std::size_t k = line_of[r >> 56];
    while (k + 1 < lines.size() && lines[k + 1].first <= r)
        ++k;
    const Line& line = lines[k];
    const std::uint64_t share = multiply_high((r - line.first) << line.shift, line.inverse) << 1;
    const Wide rise = Wide{share} * line.rise + (Wide{1} << 63);
    return line.value + static_cast<std::int64_t>(rise >> 64);
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
