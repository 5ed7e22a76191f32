// The resolved scenario as JSON: one spelling for one meaning, so that its digest is an identity.
#include "scenario/json_writer.hpp"
#include "scenario/metrics.hpp"
#include "scenario/modelled.hpp"
#include "scenario/resolve.hpp"
#include "scenario/units.hpp"

#include <span>
#include <string>
#include <utility>

namespace brokersim {
namespace {

void write(JsonWriter& w, const Distribution& d) {
    if (d.kind == Distribution::Kind::constant) {
        w.duration(d.a);
        return;
    }
    w.open('{');
    if (d.kind == Distribution::Kind::exponential) {
        w.key("exponential");
        w.duration(d.a);
    } else if (d.kind == Distribution::Kind::uniform) {
        w.key("uniform");
        w.open('[');
        w.duration(d.a);
        w.duration(d.b);
        w.close(']');
    } else {
        w.key("lognormal");
        w.open('{');
        w.key("median");
        w.duration(d.a);
        w.key("p99");
        w.duration(d.b);
        w.close('}');
    }
    for (const auto& [name, clamp] : {std::pair("min", d.min), std::pair("max", d.max)}) {
        if (!clamp) { continue; }
        w.key(name);
        w.duration(*clamp);
    }
    w.close('}');
}

template <class Config>
void write_config(JsonWriter& w, std::span<const Modelled<Config>> table, const Config& config) {
    w.key("config");
    w.open('{');
    for (const auto& setting : table) {
        w.key(setting.name);
        w.json(setting.json(config));
    }
    w.close('}');
}

void write_texts(JsonWriter& w, std::string_view key, const std::vector<std::string>& texts) {
    w.key(key);
    w.open('[');
    for (const std::string& text : texts) {
        w.text(text);
    }
    w.close(']');
}

void write_time(JsonWriter& w, std::string_view key, const std::optional<Time>& time) {
    if (!time) { return; }
    w.key(key);
    w.duration(*time - Time{});
}

void write_text(JsonWriter& w, std::string_view key, const std::optional<std::string>& text) {
    if (!text) { return; }
    w.key(key);
    w.text(*text);
}

void write_head(JsonWriter& w, const Scenario& s) {
    w.key("format");
    w.number(1);
    w.key("name");
    w.text(s.name);
    w.key("description");
    w.text(s.description);
    if (s.lesson) {
        w.key("lesson");
        w.open('{');
        write_text(w, "question", s.lesson->question);
        write_texts(w, "watch", s.lesson->watch);
        write_text(w, "answer", s.lesson->answer);
        write_text(w, "next", s.lesson->next);
        w.close('}');
    }
    write_text(w, "kafka_version", s.kafka_version);
    w.key("seed");
    w.json(std::to_string(s.seed));
    write_time(w, "duration", Time{} + s.duration);
    write_time(w, "drain", Time{} + s.drain);
    w.key("heal");
    w.boolean(s.heal);
    write_time(w, "outage_threshold", Time{} + s.outage_threshold);
}

void write_network(JsonWriter& w, const NetworkDraft& n) {
    w.key("network");
    w.open('{');
    w.key("latency");
    write(w, n.latency);
    w.key("bandwidth");
    w.text(spell_bandwidth(n.bandwidth));
    w.key("links");
    w.open('[');
    for (const LinkDraft& link : n.links) {
        w.open('{');
        write_text(w, "from", link.from);
        write_text(w, "to", link.to);
        if (link.latency) {
            w.key("latency");
            write(w, *link.latency);
        }
        if (link.bandwidth) { write_text(w, "bandwidth", spell_bandwidth(*link.bandwidth)); }
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
    write_text(w, "mode", "kraft");
    w.key("controllers");
    w.number(d.control_plane.controllers);
    write_config(w, modelled_server(), d.controller_config);
    w.close('}');
    w.key("brokers");
    w.open('{');
    w.key("count");
    w.number(d.brokers.count);
    write_texts(w, "racks", d.brokers.racks);
    w.key("cpu");
    w.open('{');
    write_text(w, "per_request", spell(d.brokers.cpu.per_request));
    write_text(w, "per_byte", spell_cost(d.brokers.cpu.per_byte_millionths));
    w.close('}');
    w.key("disk");
    w.open('{');
    write_text(w, "write", spell_bandwidth(d.brokers.disk.write));
    write_text(w, "read", spell_bandwidth(d.brokers.disk.read));
    write_text(w, "fsync", spell(d.brokers.disk.fsync));
    write_text(w, "page_cache", spell_size(d.brokers.disk.page_cache));
    write_text(w, "writeback", spell(d.brokers.disk.writeback));
    w.close('}');
    write_config(w, modelled_server(), d.broker_config);
    w.close('}');
}

void write_topic(JsonWriter& w, const TopicDraft& t) {
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
    write_config(w, modelled_topic(), t.config);
    w.close('}');
}

void write_keys(JsonWriter& w, const KeySpec& keys) {
    w.key("keys");
    if (keys.kind == KeySpec::Kind::none) {
        w.json("null");
        return;
    }
    w.open('{');
    if (keys.kind == KeySpec::Kind::list) {
        write_texts(w, "list", keys.list);
    } else {
        w.key(keys.kind == KeySpec::Kind::uniform ? "uniform" : "sequence");
        w.open('{');
        w.key("count");
        w.number(keys.count);
        w.close('}');
    }
    w.close('}');
}

void write_producer(JsonWriter& w, const Draft& d, const ProducerDraft& p) {
    w.open('{');
    write_text(w, "name", p.name);
    write_text(w, "topic", d.topics[static_cast<std::size_t>(p.topic)].name);
    w.key("instances");
    w.number(p.instances);
    write_text(w, "rate", spell(p.rate));
    write_text(w, "arrivals", p.arrivals);
    w.key("burst");
    w.number(p.burst);
    write_text(w, "size", spell_size(p.size));
    write_keys(w, p.keys);
    w.key("partition");
    w.json(p.partition ? std::to_string(*p.partition) : "null");
    write_time(w, "start", p.start);
    write_time(w, "stop", p.stop);
    w.key("count");
    w.json(p.count ? std::to_string(*p.count) : "null");
    write_config(w, modelled_producer(), p.config);
    w.close('}');
}

void write_group(JsonWriter& w, const ConsumerDraft& g) {
    w.open('{');
    write_text(w, "group", g.group);
    write_texts(w, "topics", g.topic_names);
    w.key("members");
    w.number(g.members);
    w.key("join");
    w.open('{');
    write_time(w, "every", Time{} + g.join_every);
    w.close('}');
    write_time(w, "start", g.start);
    write_time(w, "stop", g.stop);
    w.key("processing");
    w.open('{');
    w.key("time");
    write(w, g.processing);
    w.key("concurrency");
    w.number(1);
    w.close('}');
    write_text(w, "commit", g.commit_word);
    write_text(w, "protocol", "classic");
    write_config(w, modelled_consumer(), g.config);
    w.close('}');
}

void write_target(JsonWriter& w, std::string_view key, const Node* node, const TargetSpec& target) {
    if (node == nullptr) { return; }
    if (target.kind != TargetSpec::Kind::machines) {
        write_text(w, key, target.text);
    } else if (target.machines.size() == 1) {
        write_text(w, key, target.machines.front());
    } else {
        write_texts(w, key, target.machines);
    }
}

void write_fault(JsonWriter& w, const FaultDraft& f) {
    w.open('{');
    write_text(w, "id", f.id);
    write_time(w, "at", f.at);
    write_text(w, "do", std::string(word(f.action)));
    write_target(w, "target", f.target_node, f.target);
    write_target(w, "from", f.from_node, f.from);
    write_target(w, "to", f.to_node, f.to);
    if (f.lasts) { write_time(w, "for", Time{} + *f.lasts); }
    w.close('}');
}

void write_value(JsonWriter& w, Metric::Unit unit, std::int64_t value) {
    if (unit == Metric::Unit::count) {
        w.number(value);
    } else if (unit == Metric::Unit::duration) {
        w.duration(Duration{value});
    } else {
        w.text(spell(Rate{value, seconds(1'000'000)})); // Millionths per second.
    }
}

void write_comparison(JsonWriter& w, const ExpectDraft& e, Metric::Unit unit) {
    constexpr std::string_view names[] = {"equals", "below", "above", "between"};
    w.key(names[static_cast<std::size_t>(e.comparator)]);
    if (e.comparator != Comparator::between) {
        write_value(w, unit, e.value);
        return;
    }
    w.open('[');
    write_value(w, unit, e.value);
    write_value(w, unit, e.upper);
    w.close(']');
}

void write_states(JsonWriter& w, const ExpectDraft& e) {
    const bool leader = e.kind == ExpectSpec::Kind::leader;
    w.key(leader ? "leader" : "isr");
    w.open('{');
    for (const auto& [partition, brokers] : e.partitions) {
        if (!leader) {
            write_texts(w, partition, brokers);
            continue;
        }
        w.key(partition);
        w.json(brokers.front().empty() ? "null" : json_string(brokers.front()));
    }
    w.close('}');
    write_time(w, "at", e.at);
}

void write_metric(JsonWriter& w, const ExpectDraft& e) {
    write_text(w, "metric", e.metric);
    write_comparison(w, e, find_metric(e.metric)->unit);
    write_text(w, "topic", e.topic);
    write_text(w, "partition",
               e.partition && e.partition->find('/') == std::string::npos
                   ? std::optional(*e.topic + "/" + *e.partition)
                   : e.partition);
    write_text(w, "producer", e.producer);
    write_text(w, "group", e.group);
    write_text(w, "broker", e.broker);
    if (e.side) { write_text(w, "side", std::string(word(*e.side))); }
    write_time(w, "from", e.from);
    write_time(w, "to", e.to);
}

void write_expectation(JsonWriter& w, const ExpectDraft& e) {
    w.open('{');
    switch (e.kind) {
    case ExpectSpec::Kind::no_acked_loss:
        w.key("no_acked_loss");
        w.boolean(e.wanted);
        break;
    case ExpectSpec::Kind::acked_lost:
        w.key("acked_lost");
        w.open('{');
        write_comparison(w, e, Metric::Unit::count);
        w.close('}');
        break;
    case ExpectSpec::Kind::leader:
    case ExpectSpec::Kind::isr: write_states(w, e); break;
    case ExpectSpec::Kind::metric: write_metric(w, e); break;
    case ExpectSpec::Kind::event:
    case ExpectSpec::Kind::converged: break;
    }
    w.close('}');
}

} // namespace

std::string canonical_json(const Draft& draft) {
    JsonWriter w;
    const auto list = [&](std::string_view key, const auto& items, const auto& write_item) {
        w.key(key);
        w.open('[');
        for (const auto& item : items) {
            write_item(item);
        }
        w.close(']');
    };
    w.open('{');
    write_head(w, draft.scenario);
    write_network(w, draft.network);
    write_cluster(w, draft);
    list("topics", draft.topics, [&](const TopicDraft& t) { write_topic(w, t); });
    list("producers", draft.producers,
         [&](const ProducerDraft& p) { write_producer(w, draft, p); });
    list("consumers", draft.consumers, [&](const ConsumerDraft& g) { write_group(w, g); });
    list("faults", draft.faults, [&](const FaultDraft& f) { write_fault(w, f); });
    list("expect", draft.expect, [&](const ExpectDraft& e) { write_expectation(w, e); });
    w.close('}');
    return w.take();
}

} // namespace brokersim
