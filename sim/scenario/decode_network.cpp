// `network`, and the distributions of durations.
#include "scenario/draft.hpp"
#include "scenario/keys.hpp"

#include <utility>

namespace brokersim {
namespace {

struct Lognormal {
    Duration median{}, p99{};
};
constexpr Key<Lognormal> lognormal_keys[] = {
    Keys<Lognormal>::of<&Lognormal::median, AsDuration>(
        {.name = "median", .doc = "the median", .low = 1, .required = true}),
    Keys<Lognormal>::of<&Lognormal::p99, AsDuration>(
        {.name = "p99", .doc = "the 99th percentile", .low = 1, .required = true}),
};

struct DistributionDraft {
    Distribution value;
    int kinds = 0; ///< how many of the keys below were given
    bool fine = true;
};

void read_uniform(Report& report, const Node& node, const KeyInfo& key, DistributionDraft& out) {
    ++out.kinds;
    out.fine = false;
    if (!node.is(Node::Kind::array) || node.children.size() != 2) {
        report.error(node, "uniform is a list of two durations, the lowest and the highest");
        return;
    }
    out.value.kind = Distribution::Kind::uniform;
    const bool low = AsDuration::read(report, node.children[0], key, out.value.a);
    const bool high = AsDuration::read(report, node.children[1], key, out.value.b);
    if (!low || !high) { return; }
    if (out.value.b < out.value.a) {
        report.error(node, "the highest value of uniform is below the lowest");
        return;
    }
    out.fine = true;
}

void read_exponential(Report& report, const Node& node, const KeyInfo& key,
                      DistributionDraft& out) {
    ++out.kinds;
    out.value.kind = Distribution::Kind::exponential;
    out.fine = AsDuration::read(report, node, key, out.value.a);
}

void read_lognormal(Report& report, const Node& node, const KeyInfo&, DistributionDraft& out) {
    ++out.kinds;
    const std::size_t before = report.errors();
    Lognormal lognormal;
    read_object(report, node, lognormal_keys, "an object with median and p99", lognormal);
    out.fine = report.errors() == before;
    if (out.fine && lognormal.p99 < lognormal.median) {
        report.error(node.at("p99"), "p99 is below the median");
        out.fine = false;
    }
    out.value.kind = Distribution::Kind::lognormal;
    out.value.a = lognormal.median;
    out.value.b = lognormal.p99;
}

template <std::optional<Duration> Distribution::*member>
void read_clamp(Report& report, const Node& node, const KeyInfo& key, DistributionDraft& out) {
    Duration value{};
    if (AsDuration::read(report, node, key, value)) {
        out.value.*member = value;
    } else {
        out.fine = false;
    }
}

using D = Keys<DistributionDraft>;
constexpr Key<DistributionDraft> distribution_keys[] = {
    D::by<read_uniform>({.name = "uniform",
                         .type = "list of two durations",
                         .doc = "any value from the first to the second"}),
    D::by<read_exponential>(
        {.name = "exponential", .type = "duration", .doc = "the mean", .low = 1}),
    D::by<read_lognormal>({.name = "lognormal", .type = "object", .doc = "median and p99"}),
    D::later({.name = "pareto", .type = "object", .doc = "min, alpha and max"}),
    D::later({.name = "quantiles", .type = "object", .doc = "linear between the points"}),
    D::by<read_clamp<&Distribution::min>>(
        {.name = "min", .type = "duration", .doc = "lower values become this"}),
    D::by<read_clamp<&Distribution::max>>(
        {.name = "max", .type = "duration", .doc = "higher values become this"}),
};

void read_loss(Report& report, const Node& node, const KeyInfo&) {
    Parsed<std::int64_t> ratio;
    if (node.is(Node::Kind::string)) {
        ratio = percent_of(node.text);
    } else if (node.is(Node::Kind::number)) {
        ratio = ratio_of(node.text);
    } else {
        wrong_kind(report, node, "a ratio such as \"0.1%\" or a number from 0 to 1");
        return;
    }
    if (!ratio.value) {
        report.error(node, ratio.error);
    } else if (*ratio.value != 0) {
        report.error(node, "a loss other than 0 is not built yet");
    }
}

using L = Keys<LinkDraft>;
constexpr Key<LinkDraft> link_keys[] = {
    L::of<&LinkDraft::from, AsText>(
        {.name = "from", .type = "machine", .doc = "the sending machine", .required = true}),
    L::of<&LinkDraft::to, AsText>(
        {.name = "to", .type = "machine", .doc = "the receiving machine", .required = true}),
    L::of<&LinkDraft::latency, AsDistribution>({.name = "latency", .doc = "of this link"}),
    L::of<&LinkDraft::bandwidth, AsBandwidth>({.name = "bandwidth", .doc = "of this link"}),
    L::of<&LinkDraft::both_ways, AsBoolean>(
        {.name = "both_ways", .fallback = "false", .doc = "the same from `to` to `from`"}),
    L::by<[](Report& report, const Node& node, const KeyInfo& key, LinkDraft&) {
        read_loss(report, node, key);
    }>({.name = "loss", .type = "ratio", .fallback = "0", .doc = "of messages; only 0 is built"}),
    L::later({.name = "duplicate",
              .type = "ratio",
              .fallback = "0",
              .doc = "datagrams that come twice"}),
    L::later({.name = "transport",
              .type = "word",
              .fallback = "\"stream\"",
              .doc = "\"datagram\": raw loss and reordering"}),
};

void read_links(Report& report, const Node& node, const KeyInfo&, NetworkDraft& out) {
    if (!node.is(Node::Kind::array)) {
        wrong_kind(report, node, "a list of links");
        return;
    }
    for (const Node& item : node.children) {
        LinkDraft link;
        link.node = &item;
        if (read_object(report, item, link_keys, "an object with from and to", link)) {
            out.links.push_back(std::move(link));
        }
    }
}

using N = Keys<NetworkDraft>;
constexpr Key<NetworkDraft> network_keys[] = {
    N::of<&NetworkDraft::latency, AsDistribution>(
        {.name = "latency", .fallback = "\"250us\"", .doc = "one way, between any two machines"}),
    N::of<&NetworkDraft::bandwidth, AsBandwidth>({.name = "bandwidth",
                                                  .fallback = "\"10Gbit/s\"",
                                                  .doc = "of a machine, in each direction"}),
    N::by<[](Report& report, const Node& node, const KeyInfo& key, NetworkDraft&) {
        read_loss(report, node, key);
    }>({.name = "loss", .type = "ratio", .fallback = "0", .doc = "of messages; only 0 is built"}),
    N::later({.name = "zones", .type = "object", .fallback = "{}", .doc = "machines by zone"}),
    N::later({.name = "between_zones",
              .type = "object",
              .fallback = "{}",
              .doc = "latency between zones"}),
    N::by<read_links>({.name = "links",
                       .type = "list",
                       .fallback = "[]",
                       .doc = "what single links have of their own"}),
};

} // namespace

bool AsDistribution::read(Report& report, const Node& node, const KeyInfo& key, Distribution& out) {
    if (!node.is(Node::Kind::object)) {
        Duration value{};
        if (!AsDuration::read(report, node, key, value)) { return false; }
        out = Distribution::constant(value);
        return true;
    }
    DistributionDraft draft;
    const std::size_t before = report.errors();
    read_object(report, node, distribution_keys, "a distribution", draft);
    if (report.errors() != before || !draft.fine) { return false; }
    if (draft.kinds != 1) {
        report.error(node, "a distribution has one of uniform, exponential, lognormal; this has " +
                               std::to_string(draft.kinds));
        return false;
    }
    if (draft.value.min && draft.value.max && *draft.value.max < *draft.value.min) {
        report.error(node.at("max"), "max is below min");
        return false;
    }
    out = draft.value;
    return true;
}

void decode_network(Report& report, const Node& node, NetworkDraft& out) {
    read_object(report, node, network_keys, "an object with the network", out);
}

} // namespace brokersim
