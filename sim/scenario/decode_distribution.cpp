// Distributions, of durations and of sizes.
#include "scenario/keys.hpp"

#include <algorithm>
#include <utility>

namespace brokersim {
namespace {

constexpr std::int64_t billion = 1'000'000'000;

/// A size where a distribution has a duration: a byte for a nanosecond.
struct AsBytes {
    static constexpr const Shape& shape = AsSize::shape;
    static bool read(Report& report, const Node& node, const KeyInfo& key, Duration& out) {
        KeyInfo bounded = key;
        bounded.high = std::min<std::int64_t>(key.high, 2'147'483'647);
        return AsSize::read(report, node, bounded, out.ns);
    }
};

struct Pair {
    Duration first{}, second{};
    std::int64_t alpha_ppb = 0;
};

struct DistributionDraft {
    Distribution value;
    int kinds = 0; ///< how many of the keys below were given
};

template <class As>
constexpr Key<Pair> lognormal_keys[] = {
    Keys<Pair>::of<&Pair::first, As>(
        {.name = "median", .doc = "half of all draws are below it", .low = 1, .required = true}),
    Keys<Pair>::of<&Pair::second, As>(
        {.name = "p99", .doc = "99 % of all draws are below it", .low = 1, .required = true}),
};

template <class As>
constexpr Key<Pair> pareto_keys[] = {
    Keys<Pair>::of<&Pair::first, As>(
        {.name = "min", .doc = "the lowest value", .low = 1, .required = true}),
    Keys<Pair>::of<&Pair::alpha_ppb, AsDecimal>({.name = "alpha",
                                                 .doc = "the lower, the heavier is the tail",
                                                 .low = 1,
                                                 .high = 1000 * billion,
                                                 .required = true}),
    Keys<Pair>::of<&Pair::second, As>(
        {.name = "max", .doc = "where the tail is cut off", .low = 1, .required = true}),
};

template <class As>
constexpr Shape two_values = list_of(As::shape, "list of two values", 2, 2);
template <class As>
constexpr Shape quantiles_shape = map_of(As::shape, "object: percentage - value",
                                         R"(^(100(\.0+)?|[0-9]{1,2}(\.[0-9]+)?)$)");
template <class As>
constexpr Shape lognormal_shape = shape_of<lognormal_keys<As>>("object");
template <class As>
constexpr Shape pareto_shape = shape_of<pareto_keys<As>>("object");

template <class As>
void read_uniform(Report& report, const Node& node, const KeyInfo& key, DistributionDraft& out) {
    ++out.kinds;
    if (!node.is(Node::Kind::array) || node.children.size() != 2) {
        report.error(node, "uniform is a list of two values, the lowest and the highest");
        return;
    }
    out.value.kind = Distribution::Kind::uniform;
    const bool low = As::read(report, node.children[0], key, out.value.a);
    const bool high = As::read(report, node.children[1], key, out.value.b);
    if (low && high && out.value.b < out.value.a) {
        report.error(node, "the highest value of uniform is below the lowest");
    }
}

template <class As>
void read_exponential(Report& report, const Node& node, const KeyInfo& key,
                      DistributionDraft& out) {
    ++out.kinds;
    out.value.kind = Distribution::Kind::exponential;
    As::read(report, node, key, out.value.a);
}

template <class As>
void read_lognormal(Report& report, const Node& node, const KeyInfo&, DistributionDraft& out) {
    ++out.kinds;
    const std::size_t before = report.errors();
    Pair pair;
    read_object(report, node, lognormal_keys<As>, "an object with median and p99", pair);
    if (report.errors() == before && pair.second < pair.first) {
        report.error(node.at("p99"), "p99 is below the median");
    }
    out.value.kind = Distribution::Kind::lognormal;
    out.value.a = pair.first;
    out.value.b = pair.second;
}

template <class As>
void read_pareto(Report& report, const Node& node, const KeyInfo&, DistributionDraft& out) {
    ++out.kinds;
    const std::size_t before = report.errors();
    Pair pair;
    read_object(report, node, pareto_keys<As>, "an object with min, alpha and max", pair);
    if (report.errors() == before && pair.second < pair.first) {
        report.error(node.at("max"), "max is below min");
    }
    out.value.kind = Distribution::Kind::pareto;
    out.value.a = pair.first;
    out.value.b = pair.second;
    out.value.alpha_ppb = pair.alpha_ppb;
}

/// The points in ascending order: from 0 to 100 %, and values that do not fall.
void check_points(Report& report, const Node& node,
                  const std::vector<std::pair<Distribution::Point, const Node*>>& points) {
    for (std::size_t k = 1; k < points.size(); ++k) {
        const auto& [point, place] = points[k];
        if (point.share == points[k - 1].first.share) {
            report.error_at_key(*place, "the same percentage stands here twice");
        } else if (point.value < points[k - 1].first.value) {
            report.error(*place, "a quantile must not be below the one before it");
        }
    }
    if (points.size() < 2 || points.front().first.share.ppb != 0 ||
        points.back().first.share.ppb != Ratio::one) {
        report.error(node, "quantiles begin with \"0\" and end with \"100\"");
    }
}

template <class As>
void read_quantiles(Report& report, const Node& node, const KeyInfo& key, DistributionDraft& out) {
    ++out.kinds;
    out.value.kind = Distribution::Kind::quantiles;
    if (!node.is(Node::Kind::object)) {
        wrong_kind(report, node, "an object: percentage - value");
        return;
    }
    std::vector<std::pair<Distribution::Point, const Node*>> points;
    const std::size_t before = report.errors();
    for (const Node& member : node.children) {
        if (member.key.starts_with("x-")) { continue; }
        const auto share = percent_of(member.key + "%");
        if (!share.value) {
            report.error_at_key(member, in_quotes(member.key) +
                                            " is no percentage: write \"0\" to \"100\"");
            continue;
        }
        Distribution::Point point{{*share.value}, {}};
        if (As::read(report, member, key, point.value)) { points.emplace_back(point, &member); }
    }
    if (report.errors() != before) { return; }
    std::stable_sort(points.begin(), points.end(),
                     [](const auto& a, const auto& b) { return a.first.share < b.first.share; });
    check_points(report, node, points);
    for (const auto& [point, place] : points) {
        out.value.points.push_back(point);
    }
}

template <class As, std::optional<Duration> Distribution::*member>
void read_clamp(Report& report, const Node& node, const KeyInfo& key, DistributionDraft& out) {
    Duration value{};
    if (As::read(report, node, key, value)) { out.value.*member = value; }
}

using D = Keys<DistributionDraft>;
template <class As>
constexpr Key<DistributionDraft> distribution_keys[] = {
    D::by<read_uniform<As>>({.name = "uniform",
                             .shape = &two_values<As>,
                             .doc = "any value from the first to the second"}),
    D::by<read_exponential<As>>(
        {.name = "exponential", .shape = &As::shape, .doc = "the mean", .low = 1}),
    D::by<read_lognormal<As>>(
        {.name = "lognormal", .shape = &lognormal_shape<As>, .doc = "median and p99"}),
    D::by<read_pareto<As>>(
        {.name = "pareto", .shape = &pareto_shape<As>, .doc = "a heavy tail between min and max"}),
    D::by<read_quantiles<As>>(
        {.name = "quantiles",
         .shape = &quantiles_shape<As>,
         .doc = "straight lines between these points; \"0\" and \"100\" are needed"}),
    D::by<read_clamp<As, &Distribution::min>>(
        {.name = "min", .shape = &As::shape, .doc = "lower draws become this"}),
    D::by<read_clamp<As, &Distribution::max>>(
        {.name = "max", .shape = &As::shape, .doc = "higher draws become this"}),
};

template <class As>
constexpr Shape distribution_shape = shape_of<distribution_keys<As>>("distribution");

template <class As>
bool read_distribution(Report& report, const Node& node, const KeyInfo& key, Distribution& out) {
    if (!node.is(Node::Kind::object)) {
        Duration value{};
        if (!As::read(report, node, key, value)) { return false; }
        out = Distribution::constant(value);
        return true;
    }
    DistributionDraft draft;
    const std::size_t before = report.errors();
    read_object(report, node, distribution_keys<As>, "a distribution", draft);
    if (report.errors() != before) { return false; }
    if (draft.kinds != 1) {
        report.error(node, "a distribution has one of uniform, exponential, lognormal, pareto, "
                           "quantiles; this has " +
                               std::to_string(draft.kinds));
        return false;
    }
    if (draft.value.min && draft.value.max && *draft.value.max < *draft.value.min) {
        report.error(node.at("max"), "max is below min");
        return false;
    }
    out = std::move(draft.value);
    return true;
}

} // namespace

const Shape AsDistribution::shape =
    either(AsDuration::shape, distribution_shape<AsDuration>, "duration or distribution");

bool AsDistribution::read(Report& report, const Node& node, const KeyInfo& key, Distribution& out) {
    return read_distribution<AsDuration>(report, node, key, out);
}

const Shape AsSizes::shape =
    either(AsSize::shape, distribution_shape<AsBytes>, "size or distribution");

bool AsSizes::read(Report& report, const Node& node, const KeyInfo& key, Distribution& out) {
    return read_distribution<AsBytes>(report, node, key, out);
}

} // namespace brokersim
