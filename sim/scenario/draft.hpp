// A scenario while it is read: values are decoded, names are not yet positions, and every part
// remembers where it stands, for messages about what contradicts what.
#pragma once

#include "brokersim/scenario.hpp"
#include "scenario/document.hpp"
#include "scenario/keys.hpp"
#include "scenario/report.hpp"
#include "scenario/settings.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace brokersim {

struct LinkDraft : LinkSpec {
    const Node* node = nullptr;
    bool both_ways = false;
};

struct ZoneDraft {
    const Node* node = nullptr; ///< its key is the name
    std::vector<std::string> machines;
};

struct NetworkDraft {
    Distribution latency = Distribution::constant(microseconds(250));
    Bandwidth bandwidth = 1'250'000'000;
    Ratio loss{};
    std::vector<LinkDraft> links;
    std::vector<ZoneDraft> zones;
    BetweenZones between_zones;
};

struct ControlPlaneDraft {
    const Node* node = nullptr;
    ControlPlaneMode mode = ControlPlaneMode::kraft;
    std::int32_t controllers = 3, servers = 3;
    std::optional<bool> eligible_leader_replicas; ///< `features`; none: as the release has it
    bool combined = false;
    Settings settings;
};

/// What one broker has of its own.
struct OverrideDraft {
    const Node* node = nullptr; ///< its key is the broker
    CpuSpec cpu;
    DiskSpec disk;
    Settings settings;
    ServerConfig config; ///< resolved
};

struct BrokersDraft {
    const Node* node = nullptr;
    std::int32_t count = 3;
    std::vector<std::string> racks;
    Settings settings;
    CpuSpec cpu;
    DiskSpec disk;
    Distribution start_up = BrokerSpec{}.start_up;
    const Node* overrides_node = nullptr;
    std::vector<OverrideDraft> overrides;
};

struct TopicDraft {
    const Node* node = nullptr;
    std::string name;
    std::optional<std::int32_t> partitions, replication_factor;
    std::vector<std::vector<std::string>> assignment;
    Settings settings;
    TopicConfig config; ///< resolved
};

struct ProducerDraft : ProducerSpec {
    const Node* node = nullptr;
    std::string topic_name;
    std::int32_t instances = 1;
    bool has_rate = false; ///< the key is there, right or wrong
    std::string arrivals = "constant";
    std::string partitioner; ///< the readable alias
    Settings settings;
};

struct ConsumerDraft : ConsumerGroupSpec {
    const Node* node = nullptr;
    std::vector<std::string> topic_names;
    std::string commit_word = "auto";
    std::string dead_letter_name;
    Settings settings, producer_settings;
};

struct StateDraft : StateSpec {
    const Node* node = nullptr;
    std::string subject; ///< partition, group or producer as written
};

struct FaultDraft : FaultSpec {
    const Node* node = nullptr;
    std::vector<StateDraft> states;  ///< `when`
    const Node* slot_node = nullptr; ///< `partition` of move_leader
    std::optional<Time> begin;       ///< `at`
    std::optional<std::string> after_name;
    int times = 0; ///< kinds of times that were given, right or wrong
    bool known_action = false;
    const Node* target_node = nullptr;
    const Node* from_node = nullptr;
    const Node* to_node = nullptr;
    const Node* groups_node = nullptr;
    const Node* config_node = nullptr;     ///< set_config
    const Node* assignment_node = nullptr; ///< reassign
    std::string rack;                      ///< add_broker
};

struct ExpectDraft : ExpectSpec {
    const Node* node = nullptr;
    int subjects = 0;                      ///< no_acked_loss, acked_lost, …: one is needed
    int comparators = 0;                   ///< equals, below, …
    const Node* partitions_node = nullptr; ///< leader, isr
    const Node* metric_node = nullptr;
    const Node* event_node = nullptr;
    const Node* where_node = nullptr;
    const Node* count_node = nullptr;
    const Node* value_node = nullptr; ///< of the comparator, still to be read in the metric's unit
};

struct Draft {
    const Node* root = nullptr;
    Scenario scenario; ///< what stands at the top; the rest is below until resolve()
    NetworkDraft network;
    ControlPlaneDraft control_plane;
    BrokersDraft brokers;
    std::vector<TopicDraft> topics;
    std::vector<ProducerDraft> producers;
    std::vector<ConsumerDraft> consumers;
    std::vector<FaultDraft> faults;
    std::vector<ExpectDraft> expect;
    ServerConfig broker_config, controller_config; ///< resolved
    TopicConfig topic_config;                      ///< resolved: what topics begin with
    /// Machines by zone, racks included. Resolved.
    std::map<std::string, std::vector<std::string>> zones;
};

// What the values of the sections look like.
extern const Shape scenario_shape, network_shape, control_plane_shape, brokers_shape, topic_shape,
    producer_shape, consumer_shape, fault_shape, when_shape, expectation_shape;
/// A machine, topic, …: which there are is not known before the file is read.
inline constexpr Shape machine_shape = simple(Shape::Kind::text, "machine");
inline constexpr Shape topic_name_shape = simple(Shape::Kind::text, "topic");
inline constexpr Shape group_name_shape = simple(Shape::Kind::text, "group");
inline constexpr Shape producer_name_shape = simple(Shape::Kind::text, "producer");
inline constexpr Shape partition_name_shape =
    simple(Shape::Kind::text, "partition", "^.+/(0|[1-9][0-9]*)$");

/// The feature of KIP-966, as Kafka calls it: the only one with an effect.
inline constexpr std::string_view elr_feature = "eligible.leader.replicas.version";

/// Reads the document into `draft` by the tables of its objects.
void decode(const Node& root, Draft& draft, Report& report);

// The sections, each in a file of its own.
void decode_network(Report& report, const Node& node, NetworkDraft& out);
void decode_control_plane(Report& report, const Node& node, ControlPlaneDraft& out);
void decode_features(Report& report, const Node& node, ControlPlaneDraft& out);
void decode_brokers(Report& report, const Node& node, BrokersDraft& out);
void decode_topic(Report& report, const Node& node, TopicDraft& out);
void decode_producer(Report& report, const Node& node, ProducerDraft& out);
void decode_consumer(Report& report, const Node& node, ConsumerDraft& out);
void decode_fault(Report& report, const Node& node, FaultDraft& out);
void decode_when(Report& report, const Node& node, const KeyInfo& key, FaultDraft& out);
void decode_expectation(Report& report, const Node& node, ExpectDraft& out);

} // namespace brokersim
