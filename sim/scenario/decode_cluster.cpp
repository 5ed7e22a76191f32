// `control_plane`, `brokers` and `topics`.
#include "scenario/draft.hpp"
#include "scenario/keys.hpp"

#include <utility>

namespace brokersim {
namespace {

/// Reads `config` into a member of type Settings.
template <class T, Place place>
void read_config(Report& report, const Node& node, const KeyInfo&, T& out) {
    out.settings = read_settings(node, place, report);
}

using P = Keys<ControlPlaneDraft>;
constexpr Key<ControlPlaneDraft> control_plane_keys[] = {
    P::by<[](Report& report, const Node& node, const KeyInfo& key, ControlPlaneDraft&) {
        std::string mode;
        AsWord::read(report, node, key, mode);
    }>({.name = "mode",
        .type = "word",
        .fallback = "\"kraft\"",
        .doc = "what decides",
        .words = "kraft|~zookeeper"}),
    P::of<&ControlPlaneDraft::controllers, AsInteger>(
        {.name = "controllers", .fallback = "3", .doc = "KRaft controllers c1…cN", .low = 1}),
    P::later({.name = "servers", .type = "integer", .fallback = "", .doc = "ZooKeeper servers"}),
    P::later({.name = "combined",
              .type = "true or false",
              .fallback = "false",
              .doc = "controllers on brokers b1…"}),
    P::later({.name = "features",
              .type = "object",
              .fallback = "{}",
              .doc = "feature levels, by Kafka's names"}),
    P::by<read_config<ControlPlaneDraft, Place::server>>(
        {.name = "config",
         .type = "settings",
         .fallback = "{}",
         .doc = "Kafka's settings of controllers"}),
};

using C = Keys<CpuSpec>;
constexpr Key<CpuSpec> cpu_keys[] = {
    C::of<&CpuSpec::per_request, AsDuration>(
        {.name = "per_request", .fallback = "\"20us\"", .doc = "a handler's time for a request"}),
    C::of<&CpuSpec::per_byte_millionths, AsCost>(
        {.name = "per_byte", .fallback = "\"0.1ns\"", .doc = "and for each of its bytes"}),
};

using D = Keys<DiskSpec>;
constexpr Key<DiskSpec> disk_keys[] = {
    D::of<&DiskSpec::write, AsBandwidth>(
        {.name = "write", .fallback = "\"500MB/s\"", .doc = "bandwidth of writing"}),
    D::of<&DiskSpec::read, AsBandwidth>(
        {.name = "read", .fallback = "\"500MB/s\"", .doc = "bandwidth of uncached reads"}),
    D::of<&DiskSpec::fsync, AsDuration>(
        {.name = "fsync", .fallback = "\"2ms\"", .doc = "of a flush"}),
    D::of<&DiskSpec::page_cache, AsSize>(
        {.name = "page_cache", .fallback = "\"8GiB\"", .doc = "memory for cached data"}),
    D::of<&DiskSpec::writeback, AsDuration>({.name = "writeback",
                                             .fallback = "\"30s\"",
                                             .doc = "age at which dirty data is written",
                                             .low = 6}),
};

void read_racks(Report& report, const Node& node, const KeyInfo&, BrokersDraft& out) {
    if (!node.is(Node::Kind::array)) {
        wrong_kind(report, node, "a list of racks");
        return;
    }
    for (const Node& item : node.children) {
        std::string rack;
        AsName::read(report, item, {}, rack);
        out.racks.push_back(std::move(rack));
    }
}

using B = Keys<BrokersDraft>;
constexpr Key<BrokersDraft> broker_keys[] = {
    B::of<&BrokersDraft::count, AsInteger>(
        {.name = "count", .fallback = "3", .doc = "how many: b1…bN", .low = 1}),
    B::by<read_racks>({.name = "racks",
                       .type = "list of names",
                       .fallback = "[]",
                       .doc = "one for each broker, repeated in turn"}),
    B::by<read_config<BrokersDraft, Place::server>>({.name = "config",
                                                     .type = "settings",
                                                     .fallback = "{}",
                                                     .doc = "Kafka's settings of brokers"}),
    B::by<[](Report& report, const Node& node, const KeyInfo&, BrokersDraft& out) {
        read_object(report, node, cpu_keys, "an object with per_request and per_byte", out.cpu);
    }>({.name = "cpu", .type = "object", .fallback = "{}", .doc = "what requests cost"}),
    B::by<[](Report& report, const Node& node, const KeyInfo&, BrokersDraft& out) {
        read_object(report, node, disk_keys, "an object with the disk", out.disk);
    }>({.name = "disk", .type = "object", .fallback = "{}", .doc = "disk and page cache"}),
    B::later({.name = "overrides",
              .type = "object",
              .fallback = "{}",
              .doc = "cpu, disk and config of single brokers"}),
};

void read_assignment(Report& report, const Node& node, const KeyInfo&, TopicDraft& out) {
    if (!node.is(Node::Kind::array) || node.children.empty()) {
        report.error(node, "expected a list with the brokers of each partition");
        return;
    }
    for (const Node& row : node.children) {
        std::vector<std::string> brokers;
        if (decode_texts(report, row, "a list of brokers", brokers) && brokers.empty()) {
            report.error(row, "a partition needs at least one broker");
        }
        out.assignment.push_back(std::move(brokers));
    }
}

using T = Keys<TopicDraft>;
constexpr Key<TopicDraft> topic_keys[] = {
    T::of<&TopicDraft::name, AsName>({.name = "name", .doc = "the topic's name", .required = true}),
    T::of<&TopicDraft::partitions, AsInteger>(
        {.name = "partitions", .fallback = "1", .doc = "number of partitions", .low = 1}),
    T::of<&TopicDraft::replication_factor, AsInteger>(
        {.name = "replication_factor",
         .doc = "replicas of a partition; default: 3, or all brokers",
         .low = 1,
         .high = 32'767}),
    T::by<read_assignment>({.name = "assignment",
                            .type = "list of lists of brokers",
                            .fallback = "null",
                            .doc = "replicas by partition; else Kafka's placement"}),
    T::by<read_config<TopicDraft, Place::topic>>({.name = "config",
                                                  .type = "settings",
                                                  .fallback = "{}",
                                                  .doc = "Kafka's settings of the topic"}),
};

} // namespace

void decode_control_plane(Report& report, const Node& node, ControlPlaneDraft& out) {
    read_object(report, node, control_plane_keys, "an object with the control plane", out);
}

void decode_brokers(Report& report, const Node& node, BrokersDraft& out) {
    if (node.is(Node::Kind::number)) {
        AsInteger::read(report, node, broker_keys[0].info, out.count);
        return;
    }
    read_object(report, node, broker_keys, "a number of brokers or an object", out);
}

void decode_topic(Report& report, const Node& node, TopicDraft& out) {
    if (node.is(Node::Kind::string)) {
        AsName::read(report, node, topic_keys[0].info, out.name);
    } else {
        read_object(report, node, topic_keys, "a topic: its name or an object", out);
    }
}

} // namespace brokersim
