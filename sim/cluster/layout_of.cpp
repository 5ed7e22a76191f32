// From a scenario to what every process is told.
#include "cluster/layout_of.hpp"

#include "engine/assert.hpp"
#include "engine/random.hpp"
#include "protocol/java_hash.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace brokersim {

namespace {

class StreamDraws final : public PlacementDraws {
public:
    explicit StreamDraws(Stream stream) : stream_(stream) {}
    std::int32_t below(std::int32_t n) override {
        return static_cast<std::int32_t>(stream_.below(static_cast<std::uint64_t>(n)));
    }

private:
    Stream stream_;
};

std::size_t brokers_at_start(const Scenario& scenario) {
    return scenario.brokers.size() - static_cast<std::size_t>(scenario.added_brokers);
}

std::vector<std::vector<std::int32_t>> place(const Scenario& scenario, const TopicSpec& topic,
                                             std::uint64_t seed, PlacementDraws* draws) {
    if (!topic.assignment.empty()) return topic.assignment;
    std::vector<PlacementBroker> brokers;
    for (std::size_t k = 0; k < brokers_at_start(scenario); ++k) {
        brokers.push_back({static_cast<std::int32_t>(k), scenario.brokers[k].rack, false});
    }
    StreamDraws own(Stream(seed, {"placement", topic.name}));
    PlacementDraws& used = draws == nullptr ? own : *draws;
    const bool zookeeper = scenario.control_plane.mode == ControlPlaneMode::zookeeper;
    Placement placement =
        zookeeper ? place_round_robin(brokers, {topic.partitions, topic.replication_factor}, used)
                  : place_striped(brokers, topic.partitions, topic.replication_factor, used);
    BS_ASSERT(placement.error == PlacementError::none);
    return std::move(placement.replicas);
}

void add_topic(Plan& plan, Layout& layout, const Scenario& scenario, const TopicSpec& spec,
               bool internal, std::uint64_t seed, PlacementDraws* draws) {
    Layout::Topic topic;
    topic.name = spec.name;
    topic.first = PartitionId(layout.partitions);
    topic.partitions = spec.partitions;
    topic.internal = internal;
    topic.config = spec.config;
    topic.own = spec.own_settings;
    const auto number = static_cast<std::int32_t>(layout.topics.size());
    for (std::int32_t k = 0; k < spec.partitions; ++k) {
        layout.topic_of.push_back(number);
        plan.info.partitions.push_back(spec.name + "/" + std::to_string(k));
    }
    layout.partitions += static_cast<std::size_t>(spec.partitions);
    layout.topics.push_back(topic);
    for (auto& replicas : place(scenario, spec, seed, draws)) {
        plan.assignment.push_back(std::move(replicas));
    }
    plan.info.topics.push_back({spec.name, spec.partitions, spec.replication_factor,
                                spec.config.min_insync_replicas,
                                spec.config.unclean_leader_election_enable, internal, topic.first});
}

TopicSpec offsets_topic(const Scenario& scenario) {
    const ServerConfig& config = scenario.brokers.front().config;
    TopicSpec spec;
    spec.name = "__consumer_offsets";
    spec.partitions = config.offsets_topic_num_partitions;
    spec.replication_factor = std::min(config.offsets_topic_replication_factor,
                                       static_cast<std::int32_t>(brokers_at_start(scenario)));
    spec.config.min_insync_replicas = config.min_insync_replicas;
    spec.config.unclean_leader_election_enable = config.unclean_leader_election_enable;
    spec.config.delete_policy = false; // It is compacted, which is not modelled.
    return spec;
}

const char* acks_word(Acks acks) {
    switch (acks) {
    case Acks::none: return "0";
    case Acks::leader: return "1";
    case Acks::all: break;
    }
    return "all";
}

const char* commit_word(CommitMode mode) {
    switch (mode) {
    case CommitMode::automatic: break;
    case CommitMode::after_processing: return "after_processing";
    case CommitMode::before_processing: return "before_processing";
    }
    return "auto";
}

void add_clients(Plan& plan, Layout& layout, const Scenario& scenario) {
    RunInfo& info = plan.info;
    for (const ProducerSpec& spec : scenario.producers) {
        info.producers.push_back({spec.name, MachineId(info.nodes.size()),
                                  acks_word(spec.config.acks), spec.config.enable_idempotence,
                                  false});
        info.nodes.push_back(spec.name);
    }
    for (const ConsumerGroupSpec& spec : scenario.consumers) {
        const bool letters = writes_dead_letters(spec);
        GroupInfo group;
        group.name = spec.group;
        group.assignor = spec.config.partition_assignment_strategy.front();
        group.isolation = spec.config.read_committed ? "read_committed" : "read_uncommitted";
        group.commit = commit_word(spec.commit);
        std::vector<TopicId> topics;
        for (const std::int32_t topic : spec.topics) {
            topics.emplace_back(topic);
            group.topics.push_back(scenario.topics[static_cast<std::size_t>(topic)].name);
        }
        info.groups.push_back(std::move(group));
        plan.group_topics.push_back(std::move(topics));
        const Layout::Topic& offsets = layout.topics.back();
        layout.groups.push_back(
            {spec.group, PartitionId(offsets.first.value +
                                     coordinator_partition(spec.group, offsets.partitions))});
        for (std::int32_t k = 1; k <= most_members(scenario, spec); ++k) {
            const std::string name = spec.group + "-" + std::to_string(k);
            if (letters) {
                info.producers.push_back({name, MachineId(info.nodes.size()),
                                          acks_word(spec.producer_config.acks),
                                          spec.producer_config.enable_idempotence, false});
            }
            info.nodes.push_back(name);
        }
    }
}

} // namespace

bool writes_dead_letters(const ConsumerGroupSpec& group) {
    return group.on_failure.then == FailurePolicy::dead_letter &&
           group.dead_letter_topic.has_value();
}

std::int32_t most_members(const Scenario& scenario, const ConsumerGroupSpec& group) {
    std::int32_t most = group.members;
    for (const FaultSpec& fault : scenario.faults) {
        if (fault.action != FaultAction::resize_group || fault.group != group.group) continue;
        most = std::max(most, fault.members);
    }
    return most;
}

Plan make_plan(const Scenario& scenario, std::uint64_t seed, PlacementDraws* draws) {
    Plan plan;
    auto layout = std::make_shared<Layout>();
    RunInfo& info = plan.info;
    info.scenario = scenario.name;
    info.scenario_digest = scenario.digest;
    info.seed = seed;
    info.outage_threshold = scenario.outage_threshold;
    info.config = scenario.changed_settings;
    for (const BrokerSpec& broker : scenario.brokers)
        info.nodes.push_back(broker.name);
    layout->rules = rules_of(scenario.kafka_version);
    layout->eligible_leader_replicas = scenario.control_plane.eligible_leader_replicas;
    layout->brokers = scenario.brokers.size();
    layout->later_brokers = static_cast<std::size_t>(scenario.added_brokers);
    const bool zookeeper = scenario.control_plane.mode == ControlPlaneMode::zookeeper;
    const std::int32_t servers =
        zookeeper ? scenario.control_plane.servers : scenario.control_plane.controllers;
    (zookeeper ? layout->servers : layout->controllers) = static_cast<std::size_t>(servers);
    const bool combined = scenario.control_plane.combined;
    for (std::int32_t k = 1; k <= servers; ++k) {
        if (!zookeeper) {
            info.voters.emplace_back(combined ? static_cast<std::size_t>(k - 1)
                                              : info.nodes.size());
        }
        if (!combined) info.nodes.push_back((zookeeper ? "z" : "c") + std::to_string(k));
    }
    for (const TopicSpec& topic : scenario.topics) {
        add_topic(plan, *layout, scenario, topic, false, seed, draws);
    }
    if (!scenario.consumers.empty()) {
        add_topic(plan, *layout, scenario, offsets_topic(scenario), true, seed, draws);
    }
    add_clients(plan, *layout, scenario);
    layout->machines = info.nodes.size();
    if (combined) {
        layout->roles = layout->machines;
        layout->machines += layout->controllers;
    }
    for (const FaultSpec& fault : scenario.faults)
        info.faults.push_back(fault.id);
    plan.layout = std::move(layout);
    return plan;
}

} // namespace brokersim
