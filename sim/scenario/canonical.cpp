// The resolved scenario as JSON: one spelling for one meaning, so that its digest is an identity.
#include "scenario/canonical_parts.hpp"
#include "scenario/metrics.hpp"
#include "scenario/resolve.hpp"

#include <cstdlib>

namespace brokersim {
namespace {

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
    write_text(w, "kafka_version", std::string(word(s.kafka_version)));
    w.key("seed");
    w.json(std::to_string(s.seed));
    write_time(w, "duration", Time{} + s.duration);
    write_time(w, "warmup", Time{} + s.warmup);
    write_time(w, "drain", Time{} + s.drain);
    w.key("heal");
    w.boolean(s.heal);
    write_time(w, "outage_threshold", Time{} + s.outage_threshold);
    w.key("cold_start");
    w.boolean(s.cold_start);
}

/// A machine or role by itself, else a list of them.
std::vector<std::string> names_of(const TargetSpec& target) {
    if (target.kind == TargetSpec::Kind::machines) { return target.machines; }
    if (target.kind != TargetSpec::Kind::several) { return {target.text}; }
    std::vector<std::string> out;
    for (const TargetSpec& part : target.parts) {
        const std::vector<std::string> names = names_of(part);
        out.insert(out.end(), names.begin(), names.end());
    }
    return out;
}

void write_target(JsonWriter& w, std::string_view key, const Node* node, const TargetSpec& target) {
    if (node == nullptr) { return; }
    const std::vector<std::string> names = names_of(target);
    if (names.size() == 1) {
        write_text(w, key, names.front());
    } else {
        write_texts(w, key, names);
    }
}

void write_times(JsonWriter& w, const FaultDraft& f) {
    if (f.after) {
        write_text(w, "after", f.after_name);
        write_text(w, "delay", spell(f.delay));
    } else if (!f.states.empty()) {
        write_when(w, f);
    } else if (f.rate) {
        write_text(w, "rate", spell(*f.rate));
    } else {
        write_time(w, "at", f.at);
    }
    if (f.every) { write_text(w, "every", spell(*f.every)); }
    if (f.count) {
        w.key("count");
        w.number(*f.count);
    }
}

void write_assignment(JsonWriter& w, const FaultDraft& f) {
    w.key("assignment");
    w.open('[');
    for (const auto& row : f.assignment) {
        if (row.empty()) {
            w.json("null");
            continue;
        }
        w.open('[');
        for (const std::int32_t broker : row) {
            w.text("b" + std::to_string(broker + 1));
        }
        w.close(']');
    }
    w.close(']');
}

/// The values that settings get, under the names that the subject has for them.
template <class Config>
void write_edits(JsonWriter& w, const std::vector<SettingEdit<Config>>& edits,
                 std::span<const Modelled<Config>> table, bool of_brokers) {
    for (const SettingEdit<Config>& edit : edits) {
        Config config;
        edit.set(config);
        for (const auto& setting : table) {
            if (setting.name != edit.name) { continue; }
            std::string_view name = setting.name;
            for (const Setting& server : settings_of(Place::server)) {
                if (of_brokers && server.topic == name && (server.flags & Setting::dynamic) != 0) {
                    name = server.name;
                    break;
                }
            }
            w.key(name);
            w.json(setting.json(config));
        }
    }
}

void write_changes(JsonWriter& w, const FaultDraft& f) {
    if (!f.topic.empty()) { write_text(w, "topic", f.topic); }
    if (!f.group.empty()) { write_text(w, "group", f.group); }
    if (!f.producer.empty()) { write_text(w, "producer", f.producer); }
    w.key("config");
    w.open('{');
    write_edits(w, f.server_edits, modelled_server(), false);
    write_edits(w, f.topic_edits, modelled_topic(), f.topic.empty());
    write_edits(w, f.producer_edits, modelled_producer(), false);
    write_edits(w, f.consumer_edits, modelled_consumer(), false);
    w.close('}');
}

/// What only this kind of fault has.
void write_effect(JsonWriter& w, const FaultDraft& f) {
    if (f.action == FaultAction::partition) {
        w.key("groups");
        w.open('[');
        for (const TargetSpec& group : f.groups) {
            w.open('[');
            for (const std::string& name : names_of(group)) {
                w.text(name);
            }
            w.close(']');
        }
        w.close(']');
    } else if (f.action == FaultAction::slow_network) {
        write_link(w, f.latency, f.bandwidth, f.loss);
    } else if (f.factor_ppb > 0) {
        w.key("factor");
        w.json(spell_billionths(f.factor_ppb));
    } else if (f.write) {
        write_text(w, "write", spell_bandwidth(*f.write));
    } else if (f.api) {
        write_text(w, "api", std::string(word(*f.api)));
    } else if (f.action == FaultAction::rolling_restart) {
        write_text(w, "gap", spell(f.gap));
    } else if (f.action == FaultAction::move_leader) {
        write_text(w, "partition", f.topic + "/" + std::to_string(f.partition));
    } else if (f.action == FaultAction::set_rate) {
        write_text(w, "producer", f.producer);
        write_text(w, "new_rate", spell(f.new_rate));
    } else if (f.action == FaultAction::skew_clock) {
        write_text(w, "by", (f.by.ns < 0 ? "-" : "") + spell(Duration{std::abs(f.by.ns)}));
    } else if (f.action == FaultAction::add_broker) {
        if (!f.rack.empty()) { write_text(w, "rack", f.rack); }
    } else if (f.action == FaultAction::reassign) {
        write_text(w, "topic", f.topic);
        write_assignment(w, f);
    } else if (f.action == FaultAction::set_config) {
        write_changes(w, f);
    } else if (f.action == FaultAction::resize_group) {
        write_text(w, "group", f.group);
        w.key("members");
        w.number(f.members);
    }
}

void write_fault(JsonWriter& w, const FaultDraft& f) {
    w.open('{');
    write_text(w, "id", f.id);
    write_times(w, f);
    write_text(w, "do", std::string(word(f.action)));
    write_target(w, "target", f.target_node, f.target);
    write_target(w, "from", f.from_node, f.from);
    write_target(w, "to", f.to_node, f.to);
    write_effect(w, f);
    if (f.lasts) { write_time(w, "for", Time{} + *f.lasts); }
    w.close('}');
}

void write_value(JsonWriter& w, Metric::Unit unit, std::int64_t value) {
    if (unit == Metric::Unit::count) {
        w.number(value);
    } else if (unit == Metric::Unit::duration) {
        w.duration(Duration{value});
    } else if (unit == Metric::Unit::ratio) {
        w.text(spell_percent(value * 1000));
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

void write_event(JsonWriter& w, const ExpectDraft& e) {
    write_text(w, "event", e.event);
    w.key("where");
    w.open('{');
    for (const auto& [field, value] : e.where) {
        w.key(field);
        w.json(value);
    }
    w.close('}');
    w.key("count");
    w.open('{');
    write_comparison(w, e, Metric::Unit::count);
    w.close('}');
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
    case ExpectSpec::Kind::event: write_event(w, e); break;
    case ExpectSpec::Kind::converged:
        w.key("converged");
        w.boolean(e.wanted);
        break;
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
    write_network(w, draft);
    write_cluster(w, draft);
    list("topics", draft.topics, [&](const TopicDraft& t) { write_topic(w, draft, t); });
    list("producers", draft.producers,
         [&](const ProducerDraft& p) { write_producer(w, draft, p); });
    list("consumers", draft.consumers, [&](const ConsumerDraft& g) { write_group(w, draft, g); });
    list("faults", draft.faults, [&](const FaultDraft& f) { write_fault(w, f); });
    list("expect", draft.expect, [&](const ExpectDraft& e) { write_expectation(w, e); });
    w.close('}');
    return w.take();
}

} // namespace brokersim
