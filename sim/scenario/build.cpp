// The finished Scenario: entries with counts become one spec for each machine.
#include "scenario/names.hpp"
#include "scenario/resolve.hpp"

#include <utility>

namespace brokersim {
namespace {

void build_network(const NetworkDraft& draft, NetworkSpec& out) {
    out.latency = draft.latency;
    out.bandwidth = draft.bandwidth;
    out.loss = draft.loss;
    out.between_zones = draft.between_zones;
    for (const LinkDraft& link : draft.links) {
        out.links.push_back(link);
        if (!link.both_ways) { continue; }
        LinkSpec back = link;
        std::swap(back.from, back.to);
        out.links.push_back(std::move(back));
    }
}

TopicSpec build_topic(const TopicDraft& draft, std::int32_t brokers) {
    TopicSpec out;
    out.name = draft.name;
    out.partitions = *draft.partitions;
    out.replication_factor = *draft.replication_factor;
    for (const auto& row : draft.assignment) {
        auto& positions = out.assignment.emplace_back();
        for (const std::string& name : row) {
            positions.push_back(*numbered(name, "b", brokers));
        }
    }
    out.config = draft.config;
    for (const auto& [name, value] : draft.settings) {
        out.own_settings.push_back(name);
    }
    return out;
}

/// The racks that add_broker names, for its brokers in order; empty: none named.
std::vector<std::string> racks_of_added(const Draft& draft) {
    std::vector<std::string> racks;
    for (const FaultDraft& fault : draft.faults) {
        if (fault.action != FaultAction::add_broker) { continue; }
        racks.insert(racks.end(), static_cast<std::size_t>(fault.members), fault.rack);
    }
    return racks;
}

} // namespace

Scenario scenario_of(const Draft& draft) {
    Scenario out = draft.scenario;
    build_network(draft.network, out.network);
    out.network.zones = draft.zones;
    out.control_plane.mode = draft.control_plane.mode;
    out.control_plane.controllers = draft.control_plane.controllers;
    out.control_plane.servers = draft.control_plane.servers;
    out.control_plane.config = draft.controller_config;
    out.control_plane.combined = draft.control_plane.combined;
    const auto& racks = draft.brokers.racks;
    const std::vector<std::string> own_racks = racks_of_added(draft);
    for (std::int32_t b = 0; b < draft.brokers.count + out.added_brokers; ++b) {
        BrokerSpec broker;
        broker.name = "b" + std::to_string(b + 1);
        if (!racks.empty()) { broker.rack = racks[static_cast<std::size_t>(b) % racks.size()]; }
        if (b >= draft.brokers.count) {
            const auto& own = own_racks[static_cast<std::size_t>(b - draft.brokers.count)];
            if (!own.empty()) { broker.rack = own; }
        }
        broker.config = draft.broker_config;
        broker.cpu = draft.brokers.cpu;
        broker.disk = draft.brokers.disk;
        broker.start_up = draft.brokers.start_up;
        out.brokers.push_back(std::move(broker));
    }
    for (const OverrideDraft& own : draft.brokers.overrides) {
        const auto b = *numbered(own.node->key, "b", draft.brokers.count + out.added_brokers);
        BrokerSpec& broker = out.brokers[static_cast<std::size_t>(b)];
        broker.config = own.config;
        broker.cpu = own.cpu;
        broker.disk = own.disk;
    }
    for (const TopicDraft& t : draft.topics) {
        out.topics.push_back(build_topic(t, draft.brokers.count));
    }
    for (const ProducerDraft& p : draft.producers) {
        for (std::int32_t i = 1; i <= p.instances; ++i) {
            ProducerSpec producer = p;
            if (p.instances > 1) { producer.name += "-" + std::to_string(i); }
            out.producers.push_back(std::move(producer));
        }
    }
    for (const ConsumerDraft& g : draft.consumers) {
        out.consumers.push_back(g);
    }
    for (const FaultDraft& f : draft.faults) {
        out.faults.push_back(f);
    }
    for (const ExpectDraft& e : draft.expect) {
        out.expect.push_back(e);
    }
    return out;
}

} // namespace brokersim
