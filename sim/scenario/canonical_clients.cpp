// The canonical form of producers and groups.
#include "scenario/canonical_parts.hpp"

namespace brokersim {
namespace {

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
        const bool zipf = keys.kind == KeySpec::Kind::zipf;
        w.key(zipf ? "zipf" : keys.kind == KeySpec::Kind::uniform ? "uniform" : "sequence");
        w.open('{');
        w.key("count");
        w.number(keys.count);
        if (zipf) {
            w.key("exponent");
            w.json(spell_billionths(keys.exponent_ppb));
        }
        w.close('}');
    }
    w.close('}');
}

void write_rate(JsonWriter& w, const ProducerDraft& p) {
    if (p.closed_loop) {
        w.key("closed_loop");
        w.number(*p.closed_loop);
        return;
    }
    w.key("rate");
    if (p.profile.empty()) {
        w.text(spell(p.rate));
        return;
    }
    w.open('[');
    for (const RatePoint& point : p.profile) {
        w.open('{');
        write_time(w, "at", point.at);
        write_text(w, "rate", spell(point.rate));
        w.key("ramp");
        w.boolean(point.ramp);
        w.close('}');
    }
    w.close(']');
}

void write_poison(JsonWriter& w, const PoisonSpec& poison) {
    w.key("poison");
    const bool none =
        poison.every == 0 && poison.ratio.ppb == 0 && poison.at.empty() && poison.keys.empty();
    if (none) {
        w.json("null");
        return;
    }
    w.open('{');
    if (poison.every > 0) {
        w.key("every");
        w.number(poison.every);
    } else if (poison.ratio.ppb > 0) {
        write_text(w, "ratio", spell_percent(poison.ratio.ppb));
    } else if (!poison.keys.empty()) {
        write_texts(w, "keys", poison.keys);
    } else {
        w.key("at");
        w.open('[');
        for (const std::int64_t position : poison.at) {
            w.number(position);
        }
        w.close(']');
    }
    w.key("fails");
    w.json(poison.fails ? std::to_string(*poison.fails) : "null");
    w.close('}');
}

void write_failures(JsonWriter& w, const Draft& d, const ConsumerDraft& g) {
    const FailurePolicy then = g.on_failure.then;
    w.key("on_failure");
    w.open('{');
    w.key("retries");
    w.number(then == FailurePolicy::block ? 0 : g.on_failure.retries);
    write_text(w, "backoff", spell(g.on_failure.backoff));
    write_text(w, "then", std::string(word(then)));
    w.close('}');
    write_text(w, "retry", "in_place");
    if (then == FailurePolicy::dead_letter) {
        write_text(w, "dead_letter_topic", g.dead_letter_name);
        write_config(w, d, Place::producer, modelled_producer(), g.producer_config,
                     "producer_config");
    }
    if (then == FailurePolicy::crash) { write_text(w, "restart_after", spell(*g.restart_after)); }
}

} // namespace

void write_producer(JsonWriter& w, const Draft& d, const ProducerDraft& p) {
    w.open('{');
    write_text(w, "name", p.name);
    write_text(w, "topic", d.topics[static_cast<std::size_t>(p.topic)].name);
    w.key("instances");
    w.number(p.instances);
    write_rate(w, p);
    write_text(w, "arrivals", p.arrivals);
    w.key("burst");
    w.number(p.burst);
    w.key("size");
    write(w, p.sizes ? *p.sizes : Distribution::constant({p.size}), spell_bytes);
    write_keys(w, p.keys);
    w.key("partition");
    w.json(p.partition ? std::to_string(*p.partition) : "null");
    write_time(w, "start", p.start);
    write_time(w, "stop", p.stop);
    w.key("count");
    w.json(p.count ? std::to_string(*p.count) : "null");
    write_poison(w, p.poison);
    w.key("cpu");
    w.open('{');
    write_text(w, "per_record", spell(p.cpu.per_record));
    write_text(w, "per_byte", spell_cost(p.cpu.per_byte_millionths));
    w.close('}');
    write_config(w, d, Place::producer, modelled_producer(), p.config);
    w.close('}');
}

void write_group(JsonWriter& w, const Draft& d, const ConsumerDraft& g) {
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
    w.number(g.concurrency);
    w.close('}');
    write_failures(w, d, g);
    write_text(w, "commit", g.commit_word);
    write_text(w, "protocol", "classic");
    write_config(w, d, Place::consumer, modelled_consumer(), g.config);
    w.close('}');
}

} // namespace brokersim
