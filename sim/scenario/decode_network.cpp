// `network`.
#include "scenario/draft.hpp"
#include "scenario/keys.hpp"

#include <utility>

namespace brokersim {
namespace {

using L = Keys<LinkDraft>;
constexpr Key<LinkDraft> link_keys[] = {
    L::of<&LinkDraft::from, AsText>(
        {.name = "from", .shape = &machine_shape, .doc = "the sending machine", .required = true}),
    L::of<&LinkDraft::to, AsText>(
        {.name = "to", .shape = &machine_shape, .doc = "the receiving machine", .required = true}),
    L::of<&LinkDraft::latency, AsDistribution>(
        {.name = "latency", .fallback = "null", .doc = "of this link"}),
    L::of<&LinkDraft::bandwidth, AsBandwidth>(
        {.name = "bandwidth", .fallback = "null", .doc = "of this link"}),
    L::of<&LinkDraft::loss, AsRatio>(
        {.name = "loss", .fallback = "null", .doc = "of messages on this link"}),
    L::of<&LinkDraft::both_ways, AsBoolean>(
        {.name = "both_ways", .fallback = "false", .doc = "the same from `to` to `from`"}),
    L::later<AsRatio, Ratio>(
        {.name = "duplicate", .fallback = "0", .doc = "datagrams that come twice"}),
    L::later<AsWord, std::string>({.name = "transport",
                                   .fallback = "\"stream\"",
                                   .doc = "\"datagram\": raw loss and reordering",
                                   .words = "stream|datagram"}),
};
constexpr Shape link_shape = shape_of<link_keys>("link");
constexpr Shape links_shape = list_of(link_shape, "list of links");

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

constexpr Shape zone_shape = list_of(machine_shape, "list of machines");
constexpr Shape zones_shape =
    map_of(zone_shape, "object: zone - list of machines", R"(^[a-zA-Z0-9._-]{1,249}$)");

void read_zones(Report& report, const Node& node, const KeyInfo&, NetworkDraft& out) {
    if (!node.is(Node::Kind::object)) {
        wrong_kind(report, node, "an object: zone - list of machines");
        return;
    }
    for (const Node& member : node.children) {
        if (member.key.starts_with("x-") || member.is(Node::Kind::null)) { continue; }
        if (!is_name(member.key)) {
            report.error_at_key(member,
                                in_quotes(member.key) + " is no name: " + std::string(name_rule));
        }
        ZoneDraft zone;
        zone.node = &member;
        decode_texts(report, member, "a list of machines", zone.machines);
        out.zones.push_back(std::move(zone));
    }
}

using Z = Keys<BetweenZones>;
constexpr Key<BetweenZones> between_keys[] = {
    Z::of<&BetweenZones::latency, AsDistribution>(
        {.name = "latency", .fallback = "null", .doc = "instead of the network's, one way"}),
    Z::of<&BetweenZones::bandwidth, AsBandwidth>(
        {.name = "bandwidth", .fallback = "null", .doc = "of each pair and direction"}),
    Z::of<&BetweenZones::loss, AsRatio>(
        {.name = "loss", .fallback = "null", .doc = "instead of the network's"}),
};
constexpr Shape between_shape = shape_of<between_keys>("object");

using N = Keys<NetworkDraft>;
constexpr Key<NetworkDraft> network_keys[] = {
    N::of<&NetworkDraft::latency, AsDistribution>(
        {.name = "latency", .fallback = "\"250us\"", .doc = "one way, between any two machines"}),
    N::of<&NetworkDraft::bandwidth, AsBandwidth>({.name = "bandwidth",
                                                  .fallback = "\"10Gbit/s\"",
                                                  .doc = "of a machine, in each direction"}),
    N::of<&NetworkDraft::loss, AsRatio>(
        {.name = "loss", .fallback = "\"0%\"", .doc = "of messages: they are sent again"}),
    N::by<read_zones>(
        {.name = "zones",
         .shape = &zones_shape,
         .fallback = "{}",
         .doc = "machines by zone; brokers not listed are in the zone of their rack"}),
    N::by<[](Report& report, const Node& node, const KeyInfo&, NetworkDraft& out) {
        read_object(report, node, between_keys, "an object with latency, bandwidth or loss",
                    out.between_zones);
    }>({.name = "between_zones",
        .shape = &between_shape,
        .fallback = "{}",
        .doc = "what links between zones have of their own"}),
    N::by<read_links>({.name = "links",
                       .shape = &links_shape,
                       .fallback = "[]",
                       .doc = "what single links have of their own"}),
};

} // namespace

constexpr Shape network_shape = shape_of<network_keys>("object");

void decode_network(Report& report, const Node& node, NetworkDraft& out) {
    read_object(report, node, network_keys, "an object with the network", out);
}

} // namespace brokersim
