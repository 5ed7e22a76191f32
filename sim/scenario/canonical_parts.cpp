// Canonical spellings that several sections share.
#include "scenario/canonical_parts.hpp"

namespace brokersim {

std::string spell_bytes(Duration d) {
    return spell_size(d.ns);
}

void write(JsonWriter& w, const Distribution& d, std::string (*spelled)(Duration)) {
    const auto value = [&](Duration v) { w.text(spelled(v)); };
    const auto member = [&](std::string_view key, Duration v) {
        w.key(key);
        value(v);
    };
    if (d.kind == Distribution::Kind::constant) {
        value(d.a);
        return;
    }
    w.open('{');
    switch (d.kind) {
    case Distribution::Kind::constant:
    case Distribution::Kind::exponential: member("exponential", d.a); break;
    case Distribution::Kind::uniform:
        w.key("uniform");
        w.open('[');
        value(d.a);
        value(d.b);
        w.close(']');
        break;
    case Distribution::Kind::lognormal:
        w.key("lognormal");
        w.open('{');
        member("median", d.a);
        member("p99", d.b);
        w.close('}');
        break;
    case Distribution::Kind::pareto:
        w.key("pareto");
        w.open('{');
        member("min", d.a);
        w.key("alpha");
        w.json(spell_billionths(d.alpha_ppb));
        member("max", d.b);
        w.close('}');
        break;
    case Distribution::Kind::quantiles:
        w.key("quantiles");
        w.open('{');
        for (const Distribution::Point& point : d.points) {
            std::string percent = spell_percent(point.share.ppb);
            percent.pop_back();
            member(percent, point.value);
        }
        w.close('}');
        break;
    }
    if (d.min) { member("min", *d.min); }
    if (d.max) { member("max", *d.max); }
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

void write_link(JsonWriter& w, const std::optional<Distribution>& latency,
                const std::optional<Bandwidth>& bandwidth, const std::optional<Ratio>& loss) {
    if (latency) {
        w.key("latency");
        write(w, *latency);
    }
    if (bandwidth) { write_text(w, "bandwidth", spell_bandwidth(*bandwidth)); }
    if (loss) { write_text(w, "loss", spell_percent(loss->ppb)); }
}

} // namespace brokersim
