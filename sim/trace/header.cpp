// The first and the last line of a trace, written.
#include "trace/encode.hpp"

namespace brokersim {

namespace {

void add_bool(TextBuffer& out, bool yes) {
    out.add(yes ? std::string_view("true") : std::string_view("false"));
}

void add_list(TextBuffer& out, const std::vector<std::string>& names) {
    out.add('[');
    for (std::size_t k = 0; k < names.size(); ++k) {
        if (k > 0) { out.add(','); }
        out.add_json(names[k]);
    }
    out.add(']');
}

void add_config(TextBuffer& out, const RunInfo& info) {
    out.add(",\"config\":{");
    for (std::size_t k = 0; k < info.config.size(); ++k) {
        if (k > 0) { out.add(','); }
        out.add_json(info.config[k].first);
        out.add(':');
        out.add(info.config[k].second);
    }
    out.add('}');
}

void add_topics(TextBuffer& out, const RunInfo& info) {
    out.add(",\"topics\":{");
    bool first = true;
    for (const TopicInfo& topic : info.topics) {
        // Internal topics need not be listed; one with other settings than readers assume must be.
        if (topic.internal && topic.min_isr <= 1 && !topic.unclean) { continue; }
        if (!first) { out.add(','); }
        first = false;
        out.add_json(topic.name);
        out.add(":{\"partitions\":"), out.add_number(topic.partitions);
        out.add(",\"rf\":"), out.add_number(topic.replication_factor);
        out.add(",\"min_isr\":"), out.add_number(topic.min_isr);
        out.add(",\"unclean\":"), add_bool(out, topic.unclean);
        out.add('}');
    }
    out.add('}');
}

void add_producers(TextBuffer& out, const RunInfo& info) {
    out.add(",\"producers\":{");
    for (std::size_t k = 0; k < info.producers.size(); ++k) {
        const ProducerInfo& producer = info.producers[k];
        if (k > 0) { out.add(','); }
        out.add_json(producer.name);
        out.add(":{\"acks\":"), out.add_json(producer.acks);
        out.add(",\"idempotent\":"), add_bool(out, producer.idempotent);
        out.add(",\"transactional\":"), add_bool(out, producer.transactional);
        out.add('}');
    }
    out.add('}');
}

void add_groups(TextBuffer& out, const RunInfo& info) {
    out.add(",\"groups\":{");
    for (std::size_t k = 0; k < info.groups.size(); ++k) {
        const GroupInfo& group = info.groups[k];
        if (k > 0) { out.add(','); }
        out.add_json(group.name);
        out.add(":{\"protocol\":"), out.add_json(group.protocol);
        out.add(",\"assignor\":");
        if (group.assignor.empty()) {
            out.add("null");
        } else {
            out.add_json(group.assignor);
        }
        out.add(",\"isolation\":"), out.add_json(group.isolation);
        out.add(",\"commit\":"), out.add_json(group.commit);
        out.add(",\"topics\":"), add_list(out, group.topics);
        out.add('}');
    }
    out.add('}');
}

} // namespace

void write_header(TextBuffer& out, const RunInfo& info) {
    out.add("{\"k\":\"header\",\"format\":\"brokersim-trace\",\"v\":1,\"program\":");
    out.add_json(info.program);
    out.add(",\"scenario\":"), out.add_json(info.scenario);
    out.add(",\"scenario_digest\":"), out.add_json(info.scenario_digest);
    out.add(",\"seed\":"), out.add_number(info.seed);
    out.add(",\"level\":"), out.add_json(word(info.level));
    out.add(",\"outage_threshold\":"), out.add_number(info.outage_threshold.ns);
    add_config(out, info);
    out.add(",\"nodes\":"), add_list(out, info.nodes);
    if (!info.voters.empty()) {
        std::vector<std::string> voters;
        for (const MachineId voter : info.voters) {
            voters.push_back(info.name(voter));
        }
        out.add(",\"voters\":"), add_list(out, voters);
    }
    add_topics(out, info);
    add_producers(out, info);
    add_groups(out, info);
    out.add("}\n");
}

void write_end(TextBuffer& out, const EndRecord& end) {
    const Totals& totals = end.totals;
    out.add("{\"k\":\"end\",\"events\":"), out.add_number(end.events);
    out.add(",\"t\":"), out.add_number(end.t.ns);
    out.add(",\"status\":"), out.add_json(word(end.status));
    out.add(",\"totals\":{\"new\":"), out.add_number(totals.created);
    out.add(",\"acked\":"), out.add_number(totals.acked);
    out.add(",\"failed\":"), out.add_number(totals.failed);
    out.add(",\"pending\":"), out.add_number(totals.pending);
    out.add(",\"acked_lost\":"), out.add_number(totals.acked_lost);
    out.add(",\"duplicates\":"), out.add_number(totals.duplicates);
    out.add("},\"digest\":"), out.add_json(end.digest);
    out.add("}\n");
}

} // namespace brokersim
