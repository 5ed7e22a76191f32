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

constexpr Shape server_settings = settings_shape(Place::server);
constexpr Shape topic_settings = settings_shape(Place::topic);

constexpr Shape features_shape = map_of(AsInteger::shape, "object: feature - level");

using P = Keys<ControlPlaneDraft>;
constexpr Key<ControlPlaneDraft> control_plane_keys[] = {
    P::by<[](Report& report, const Node& node, const KeyInfo& key, ControlPlaneDraft& out) {
        std::string mode;
        if (!AsWord::read(report, node, key, mode)) { return; }
        if (mode == "zookeeper") { out.mode = ControlPlaneMode::zookeeper; }
    }>({.name = "mode",
        .shape = &AsWord::shape,
        .fallback = "\"kraft\"",
        .doc = "what decides",
        .words = "kraft|zookeeper"}),
    P::of<&ControlPlaneDraft::controllers, AsInteger>(
        {.name = "controllers", .fallback = "3", .doc = "KRaft controllers c1…cN", .low = 1}),
    P::of<&ControlPlaneDraft::servers, AsInteger>(
        {.name = "servers", .fallback = "3", .doc = "ZooKeeper servers z1…zN", .low = 1}),
    P::of<&ControlPlaneDraft::combined, AsBoolean>(
        {.name = "combined", .fallback = "false", .doc = "controllers on brokers b1…"}),
    P::by<[](Report& report, const Node& node, const KeyInfo&, ControlPlaneDraft& out) {
        decode_features(report, node, out);
    }>({.name = "features",
        .shape = &features_shape,
        .fallback = "{}",
        .doc = "feature levels, by Kafka's names; default: a new cluster's in the release"}),
    P::by<read_config<ControlPlaneDraft, Place::server>>(
        {.name = "config",
         .shape = &server_settings,
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
constexpr Shape cpu_shape = shape_of<cpu_keys>("object");

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

constexpr Shape disk_shape = shape_of<disk_keys>("object");

void read_cpu(Report& report, const Node& node, CpuSpec& out) {
    read_object(report, node, cpu_keys, "an object with per_request and per_byte", out);
}
void read_disk(Report& report, const Node& node, DiskSpec& out) {
    read_object(report, node, disk_keys, "an object with the disk", out);
}

using O = Keys<OverrideDraft>;
constexpr Key<OverrideDraft> override_keys[] = {
    O::by<[](Report& report, const Node& node, const KeyInfo&, OverrideDraft& out) {
        read_cpu(report, node, out.cpu);
    }>({.name = "cpu", .shape = &cpu_shape, .fallback = "{}", .doc = "over that of all"}),
    O::by<[](Report& report, const Node& node, const KeyInfo&, OverrideDraft& out) {
        read_disk(report, node, out.disk);
    }>({.name = "disk", .shape = &disk_shape, .fallback = "{}", .doc = "over that of all"}),
    O::by<read_config<OverrideDraft, Place::server>>({.name = "config",
                                                      .shape = &server_settings,
                                                      .fallback = "{}",
                                                      .doc = "over those of all"}),
};
constexpr Shape override_shape = shape_of<override_keys>("object");
constexpr Shape overrides_shape = map_of(override_shape, "object: broker - object");

using B = Keys<BrokersDraft>;
constexpr Key<BrokersDraft> broker_keys[] = {
    B::of<&BrokersDraft::count, AsInteger>(
        {.name = "count", .fallback = "3", .doc = "how many: b1…bN", .low = 1}),
    B::of<&BrokersDraft::racks, AsNames>(
        {.name = "racks", .fallback = "[]", .doc = "one for each broker, repeated in turn"}),
    B::by<read_config<BrokersDraft, Place::server>>({.name = "config",
                                                     .shape = &server_settings,
                                                     .fallback = "{}",
                                                     .doc = "Kafka's settings of brokers"}),
    B::by<[](Report& report, const Node& node, const KeyInfo&, BrokersDraft& out) {
        read_cpu(report, node, out.cpu);
    }>({.name = "cpu", .shape = &cpu_shape, .fallback = "{}", .doc = "what requests cost"}),
    B::by<[](Report& report, const Node& node, const KeyInfo&, BrokersDraft& out) {
        read_disk(report, node, out.disk);
    }>({.name = "disk", .shape = &disk_shape, .fallback = "{}", .doc = "disk and page cache"}),
    B::of<&BrokersDraft::start_up, AsDistribution>(
        {.name = "start_up",
         .fallback = "{\"uniform\": [\"900ms\", \"1.4s\"]}",
         .doc = "from the start of a process to its first request"}),
    B::by<[](Report&, const Node& node, const KeyInfo&, BrokersDraft& out) {
        out.overrides_node = &node; // Over what the other keys say, wherever they stand.
    }>({.name = "overrides",
        .shape = &overrides_shape,
        .fallback = "{}",
        .doc = "cpu, disk and config of single brokers"}),
};
constexpr Shape brokers_object = shape_of<broker_keys>("object");

void read_overrides(Report& report, BrokersDraft& out) {
    const Node& node = *out.overrides_node;
    if (!node.is(Node::Kind::object)) {
        wrong_kind(report, node, "an object: broker - what it has of its own");
        return;
    }
    for (const Node& member : node.children) {
        if (member.key.starts_with("x-") || member.is(Node::Kind::null)) { continue; }
        OverrideDraft own;
        own.node = &member;
        own.cpu = out.cpu;
        own.disk = out.disk;
        read_object(report, member, override_keys, "an object with cpu, disk or config", own);
        out.overrides.push_back(std::move(own));
    }
}

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

constexpr Shape row_shape = list_of(machine_shape, "list of brokers", 1);
constexpr Shape assignment_shape = list_of(row_shape, "list of lists of brokers", 1);

using T = Keys<TopicDraft>;
constexpr Key<TopicDraft> topic_keys[] = {
    T::of<&TopicDraft::name, AsName>({.name = "name", .doc = "the topic's name", .required = true}),
    T::of<&TopicDraft::partitions, AsInteger>({.name = "partitions",
                                               .fallback = "1",
                                               .doc = "number of partitions",
                                               .low = 1,
                                               .high = 2'147'483'647}),
    T::of<&TopicDraft::replication_factor, AsInteger>(
        {.name = "replication_factor",
         .doc = "replicas of a partition; default: 3, or all brokers",
         .low = 1,
         .high = 32'767}),
    T::by<read_assignment>({.name = "assignment",
                            .shape = &assignment_shape,
                            .fallback = "null",
                            .doc = "replicas by partition; else Kafka's placement"}),
    T::by<read_config<TopicDraft, Place::topic>>({.name = "config",
                                                  .shape = &topic_settings,
                                                  .fallback = "{}",
                                                  .doc = "Kafka's settings of the topic"}),
};
constexpr Shape topic_object = shape_of<topic_keys>("object");
constexpr Shape count_shape = simple(Shape::Kind::integer, "number");

} // namespace

constexpr Shape control_plane_shape = shape_of<control_plane_keys>("object");
constexpr Shape brokers_shape = either(count_shape, brokers_object, "number or object");
constexpr Shape topic_shape = either(AsName::shape, topic_object, "name or object");

void decode_control_plane(Report& report, const Node& node, ControlPlaneDraft& out) {
    read_object(report, node, control_plane_keys, "an object with the control plane", out);
}

void decode_brokers(Report& report, const Node& node, BrokersDraft& out) {
    if (node.is(Node::Kind::number)) {
        AsInteger::read(report, node, broker_keys[0].info, out.count);
        return;
    }
    read_object(report, node, broker_keys, "a number of brokers or an object", out);
    if (out.overrides_node != nullptr) { read_overrides(report, out); }
}

void decode_topic(Report& report, const Node& node, TopicDraft& out) {
    if (node.is(Node::Kind::string)) {
        AsName::read(report, node, topic_keys[0].info, out.name);
    } else {
        read_object(report, node, topic_keys, "a topic: its name or an object", out);
    }
}

} // namespace brokersim
