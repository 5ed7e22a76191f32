// The summary as one object of JSON.
#include "observe/bounds.hpp"
#include "observe/decimal.hpp"
#include "observe/failover_table.hpp"
#include "observe/summary.hpp"
#include "trace/text_buffer.hpp"

#include <string_view>

namespace brokersim {

namespace {

/// Writes JSON as it is told; commas are its business.
class Json {
public:
    Json& key(std::string_view name) {
        comma();
        text_.add_json(name);
        text_.add(':');
        fresh_ = true;
        return *this;
    }
    void open(char bracket) {
        comma();
        text_.add(bracket);
        fresh_ = true;
    }
    void close(char bracket) {
        text_.add(bracket);
        fresh_ = false;
    }
    void string(std::string_view value) {
        comma();
        text_.add_json(value);
    }
    template <std::integral N>
    void number(N value) {
        comma();
        text_.add_number(value);
    }
    void raw(std::string_view value) {
        comma();
        text_.add(value);
    }
    std::string done() { return std::string(text_.view()) + "\n"; }

private:
    void comma() {
        if (!fresh_) { text_.add(','); }
        fresh_ = false;
    }
    TextBuffer text_;
    bool fresh_ = true;
};

class JsonWriter {
public:
    explicit JsonWriter(const SummarySource& source) : source_(source), info_(source.info) {}

    std::string text() {
        json_.open('{');
        head();
        producers();
        topics();
        groups();
        faults();
        windows();
        failovers();
        expectations();
        json_.close('}');
        return json_.done();
    }

private:
    void head() {
        json_.key("format").string("brokersim-summary");
        json_.key("v").number(1);
        json_.key("scenario").string(source_.scenario.name);
        json_.key("seed").number(info_.seed);
        const Totals& totals = source_.totals;
        json_.key("totals").open('{');
        json_.key("new").number(totals.created);
        json_.key("acked").number(totals.acked);
        json_.key("failed").number(totals.failed);
        json_.key("pending").number(totals.pending);
        json_.key("acked_lost").number(totals.acked_lost);
        json_.key("duplicates").number(totals.duplicates);
        json_.close('}');
        json_.key("fingerprint").string(source_.end.fingerprint);
        json_.key("events").number(source_.end.events);
        json_.key("t").number(source_.end.end.ns);
        json_.key("status").string(word(source_.end.status));
    }

    void latency(const Histogram& histogram) {
        json_.key("latency");
        if (histogram.empty()) { return json_.raw("null"); }
        json_.open('{');
        json_.key("avg").number(histogram.mean());
        json_.key("p50").number(histogram.quantile(500));
        json_.key("p95").number(histogram.quantile(950));
        json_.key("p99").number(histogram.quantile(990));
        json_.key("p99.9").number(histogram.quantile(999));
        json_.key("max").number(histogram.max());
        json_.close('}');
    }

    void machines(std::string_view key, const std::vector<MachineId>& list) {
        json_.key(key).open('[');
        for (const MachineId id : list) {
            json_.string(info_.name(id));
        }
        json_.close(']');
    }

    void producers() {
        json_.key("producers").open('{');
        for (std::size_t p = 0; p < info_.producers.size(); ++p) {
            const ProducerStats& stats = source_.metrics.producers()[p];
            json_.key(info_.producers[p].name).open('{');
            json_.key("new").number(stats.counts[Count::produced]);
            json_.key("acked").number(stats.counts[Count::acked]);
            json_.key("failed").number(stats.counts[Count::failed]);
            json_.key("refused").number(stats.counts[Count::refused]);
            json_.key("retries").number(stats.counts[Count::retries]);
            json_.key("records_per_second").raw(decimal(rate_of(stats), 1'000'000, 3));
            json_.key("bytes_per_second").number(byte_rate_of(stats));
            latency(stats.latency);
            json_.key("blocked_total").number(stats.blocked_total.ns);
            json_.key("blocked_max").number(stats.blocked_max.ns);
            json_.close('}');
        }
        json_.close('}');
    }

    void topics() {
        json_.key("topics").open('{');
        for (std::size_t t = 0; t < info_.topics.size(); ++t) {
            const TopicInfo& topic = info_.topics[t];
            if (topic.internal) { continue; }
            json_.key(topic.name).open('{');
            json_.key("partitions").open('[');
            for (std::int32_t k = 0; k < topic.partitions; ++k) {
                partition(source_.metrics.partitions()[PartitionId(topic.first.value + k).index()]);
            }
            json_.close(']');
            tallies("losses", source_.metrics.losses(), TopicId(t), {});
            tallies("duplicates", source_.metrics.duplicates(), TopicId(t), {});
            json_.close('}');
        }
        json_.close('}');
    }

    void partition(const PartitionStats& stats) {
        json_.open('{');
        json_.key("leader");
        stats.leader.valid() ? json_.string(info_.name(stats.leader)) : json_.raw("null");
        json_.key("epoch").number(stats.epoch);
        machines("isr", stats.isr);
        machines("replicas", stats.replicas);
        json_.key("log_end").number(stats.end);
        json_.key("elections").number(stats.counts[Count::elections]);
        json_.key("unclean_elections").number(stats.counts[Count::unclean_elections]);
        json_.key("isr_shrinks").number(stats.counts[Count::isr_shrinks]);
        json_.key("isr_expands").number(stats.counts[Count::isr_expands]);
        json_.close('}');
    }

    /// Records by cause: of a topic's logs, or of what a group got again (any topic).
    template <class Why>
    void tallies(std::string_view key, const std::vector<Tally<Why>>& list, TopicId topic,
                 std::optional<GroupId> g) {
        json_.key(key).open('{');
        for (std::size_t w = 0; w < std::size(words_of<Why>); ++w) {
            std::int64_t sum = 0;
            for (const Tally<Why>& tally : list) {
                if (static_cast<std::size_t>(tally.why) == w && tally.g == g &&
                    (g || tally.topic == topic)) {
                    sum += tally.count;
                }
            }
            if (sum != 0) { json_.key(words_of<Why>[w]).number(sum); }
        }
        json_.close('}');
    }

    void groups() {
        json_.key("groups").open('{');
        for (std::size_t g = 0; g < info_.groups.size(); ++g) {
            const GroupStats& stats = source_.metrics.groups()[g];
            json_.key(info_.groups[g].name).open('{');
            json_.key("processed").number(stats.counts[Count::consumed]);
            json_.key("discarded").number(stats.counts[Count::discarded]);
            json_.key("dead_lettered").number(stats.counts[Count::dead_lettered]);
            json_.key("lag").number(stats.lag.now());
            json_.key("lag_max").number(stats.lag.max());
            json_.key("oldest").number(stats.oldest.ns);
            tallies("redelivered", source_.metrics.duplicates(), {}, GroupId(g));
            json_.key("skipped").number(stats.counts[Count::skipped]);
            json_.key("rebalances").number(stats.counts[Count::rebalances]);
            latency(stats.latency);
            json_.key("partitions").open('{');
            for (const Reading& reading : source_.metrics.readings()) {
                if (reading.g != GroupId(g)) { continue; }
                json_.key(info_.name(reading.tp)).open('{');
                json_.key("member").string(info_.name(reading.mem));
                json_.key("next").number(reading.next);
                json_.key("lag").number(reading.lag);
                json_.close('}');
            }
            json_.close('}');
            json_.close('}');
        }
        json_.close('}');
    }

    void faults() {
        json_.key("faults").open('[');
        for (const FaultStats& fault : source_.metrics.faults()) {
            json_.open('{');
            json_.key("id").string(info_.name(fault.id));
            json_.key("do").string(word(fault.action));
            machines("target", fault.targets);
            json_.key("from").number(fault.begin.ns);
            json_.key("to");
            fault.end == Time::never() ? json_.raw("null") : json_.number(fault.end.ns);
            json_.close('}');
        }
        json_.close(']');
    }

    void windows() {
        json_.key("windows").open('[');
        for (const Failover& failover : source_.failovers) {
            const Unavailable& window = failover.window;
            json_.open('{');
            json_.key("tp").string(info_.name(window.tp));
            json_.key("side").string(word(window.side));
            if (window.g.present) { json_.key("group").string(info_.name(window.g.value)); }
            json_.key("from").number(window.from.ns);
            json_.key("to").number(window.to.ns);
            phases(window);
            if (window.phases) { fault(failover); }
            json_.close('}');
        }
        json_.close(']');
    }

    void phases(const Unavailable& window) {
        json_.key("phases");
        if (!window.phases) { return json_.raw("null"); }
        json_.open('{');
        for (const auto& phase : phase_fields) {
            json_.key(phase.name).number(((*window.phases).*phase.member).ns);
        }
        json_.close('}');
    }

    void fault(const Failover& failover) {
        json_.key("fault");
        failover.fault.valid() ? json_.string(info_.name(failover.fault)) : json_.raw("null");
        json_.key("machine");
        failover.machine.valid() ? json_.string(info_.name(failover.machine)) : json_.raw("null");
    }

    void failovers() {
        json_.key("failovers").open('[');
        for (const FailoverRow& row :
             failover_table(source_.failovers, source_.metrics.measured_from())) {
            const Unavailable& window = row.example.window;
            json_.open('{');
            fault(row.example);
            json_.key("side").string(word(window.side));
            if (window.g.present) { json_.key("group").string(info_.name(window.g.value)); }
            json_.key("partitions").open('[');
            for (const PartitionId tp : row.partitions) {
                json_.string(info_.name(tp));
            }
            json_.close(']');
            json_.key("windows").number(row.windows);
            json_.key("shortest").number(row.shortest.ns);
            json_.key("longest").number(row.longest.ns);
            json_.key("phases").open('{');
            for (std::size_t k = 0; k < phase_count; ++k) {
                phase(row, k);
            }
            json_.close('}');
            json_.close('}');
        }
        json_.close(']');
    }

    void phase(const FailoverRow& row, std::size_t k) {
        json_.key(phase_fields[k].name).open('{');
        json_.key("shortest").number(row.phases[k].shortest.ns);
        json_.key("longest").number(row.phases[k].longest.ns);
        const std::string bound = bound_text(row.example, k, source_.scenario, info_);
        json_.key("bounded_by");
        const bool none = bound.empty() || row.phases[k].longest == Duration{};
        none ? json_.raw("null") : json_.string(bound);
        json_.close('}');
    }

    void expectations() {
        json_.key("expect").open('[');
        for (const Verdict& verdict : source_.verdicts) {
            json_.open('{');
            json_.key("expected").string(verdict.expected);
            json_.key("passed").raw(verdict.passed ? "true" : "false");
            json_.key("seen").string(verdict.seen);
            json_.close('}');
        }
        json_.close(']');
    }

    const SummarySource& source_;
    const RunInfo& info_;
    Json json_;
};

} // namespace

std::string summary_json(const SummarySource& source) {
    return JsonWriter(source).text();
}

} // namespace brokersim
