// The canonical form of network, machines and topics.
#include "scenario/canonical_parts.hpp"
#include "scenario/names.hpp"

#include <map>

namespace brokersim {
namespace {

void write_cpu(JsonWriter& w, const CpuSpec& cpu) {
    w.key("cpu");
    w.open('{');
    write_text(w, "per_request", spell(cpu.per_request));
    write_text(w, "per_byte", spell_cost(cpu.per_byte_millionths));
    w.close('}');
}

void write_disk(JsonWriter& w, const DiskSpec& disk) {
    w.key("disk");
    w.open('{');
    write_text(w, "write", spell_bandwidth(disk.write));
    write_text(w, "read", spell_bandwidth(disk.read));
    write_text(w, "fsync", spell(disk.fsync));
    write_text(w, "page_cache", spell_size(disk.page_cache));
    write_text(w, "writeback", spell(disk.writeback));
    w.close('}');
}

/// Levels of the features that have an effect and that the release has.
void write_features(JsonWriter& w, const Draft& d) {
    w.key("features");
    w.open('{');
    if (rules_of(d.scenario.kafka_version).elr_level >= 0) {
        w.key(elr_feature);
        w.number(d.scenario.control_plane.eligible_leader_replicas ? 1 : 0);
    }
    w.close('}');
}

bool same(const CpuSpec& a, const CpuSpec& b) {
    return a.per_request == b.per_request && a.per_byte_millionths == b.per_byte_millionths;
}
bool same(const DiskSpec& a, const DiskSpec& b) {
    return a.write == b.write && a.read == b.read && a.fsync == b.fsync &&
           a.page_cache == b.page_cache && a.writeback == b.writeback;
}

/// Only where a broker differs from the others, so that one meaning has one spelling.
void write_overrides(JsonWriter& w, const Draft& d) {
    std::map<std::int32_t, const OverrideDraft*> overrides;
    for (const OverrideDraft& own : d.brokers.overrides) {
        overrides[*numbered(own.node->key, "b", d.brokers.count + d.scenario.added_brokers)] = &own;
    }
    const auto config_of = [](const ServerConfig& config) {
        std::vector<std::string> out;
        for (const auto& setting : modelled_server()) {
            out.push_back(setting.json(config));
        }
        return out;
    };
    const std::vector<std::string> general = config_of(d.broker_config);
    w.key("overrides");
    w.open('{');
    for (const auto& [number, own] : overrides) {
        const bool cpu = !same(own->cpu, d.brokers.cpu);
        const bool disk = !same(own->disk, d.brokers.disk);
        const std::vector<std::string> config = config_of(own->config);
        if (!cpu && !disk && config == general) { continue; }
        w.key(own->node->key);
        w.open('{');
        if (cpu) { write_cpu(w, own->cpu); }
        if (disk) { write_disk(w, own->disk); }
        w.key("config");
        w.open('{');
        for (std::size_t k = 0; k < config.size(); ++k) {
            if (config[k] == general[k]) { continue; }
            w.key(modelled_server()[k].name);
            w.json(config[k]);
        }
        w.close('}');
        w.close('}');
    }
    w.close('}');
}

} // namespace

void write_network(JsonWriter& w, const Draft& d) {
    const NetworkDraft& n = d.network;
    w.key("network");
    w.open('{');
    write_link(w, n.latency, n.bandwidth, n.loss);
    w.key("zones");
    w.open('{');
    for (const auto& [zone, machines] : d.zones) {
        write_texts(w, zone, machines);
    }
    w.close('}');
    w.key("between_zones");
    w.open('{');
    write_link(w, n.between_zones.latency, n.between_zones.bandwidth, n.between_zones.loss);
    w.close('}');
    w.key("links");
    w.open('[');
    for (const LinkDraft& link : n.links) {
        w.open('{');
        write_text(w, "from", link.from);
        write_text(w, "to", link.to);
        write_link(w, link.latency, link.bandwidth, link.loss);
        w.key("both_ways");
        w.boolean(link.both_ways);
        w.close('}');
    }
    w.close(']');
    w.close('}');
}

void write_cluster(JsonWriter& w, const Draft& d) {
    w.key("control_plane");
    w.open('{');
    const bool zookeeper = d.control_plane.mode == ControlPlaneMode::zookeeper;
    write_text(w, "mode", zookeeper ? "zookeeper" : "kraft");
    w.key(zookeeper ? "servers" : "controllers");
    w.number(zookeeper ? d.control_plane.servers : d.control_plane.controllers);
    if (!zookeeper) {
        w.key("combined");
        w.boolean(d.control_plane.combined);
        write_features(w, d);
    }
    write_config(w, d, Place::server, modelled_server(), d.controller_config);
    w.close('}');
    w.key("brokers");
    w.open('{');
    w.key("count");
    w.number(d.brokers.count);
    write_texts(w, "racks", d.brokers.racks);
    write_cpu(w, d.brokers.cpu);
    write_disk(w, d.brokers.disk);
    w.key("start_up");
    write(w, d.brokers.start_up);
    w.key("config");
    w.open('{');
    write_settings(w, d, Place::server, modelled_server(), d.broker_config);
    write_settings(w, d, Place::server, modelled_topic_defaults(), d.topic_config);
    w.close('}');
    write_overrides(w, d);
    w.close('}');
}

void write_topic(JsonWriter& w, const Draft& d, const TopicDraft& t) {
    w.open('{');
    write_text(w, "name", t.name);
    w.key("partitions");
    w.number(*t.partitions);
    w.key("replication_factor");
    w.number(*t.replication_factor);
    w.key("assignment");
    if (t.assignment.empty()) {
        w.json("null");
    } else {
        w.open('[');
        for (const auto& row : t.assignment) {
            w.open('[');
            for (const std::string& broker : row) {
                w.text(broker);
            }
            w.close(']');
        }
        w.close(']');
    }
    write_config(w, d, Place::topic, modelled_topic(), t.config);
    w.close('}');
}

} // namespace brokersim
