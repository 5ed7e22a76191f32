// The summary for people.
#include "observe/bounds.hpp"
#include "observe/decimal.hpp"
#include "observe/expect.hpp"
#include "observe/failover_table.hpp"
#include "observe/summary.hpp"
#include "observe/table.hpp"
#include "observe/wide.hpp"
#include "trace/utf8.hpp"

#include <algorithm>

namespace brokersim {

namespace {

constexpr std::size_t width = 100;
constexpr std::size_t rows_max = 60; ///< partitions of a topic that are listed
constexpr std::size_t failovers_max = 20;
constexpr std::size_t hit_max = 6; ///< partitions of a failover that are listed

std::string milliseconds_text(std::int64_t ns) {
    return decimal(ns, 1'000'000, 2) + " ms";
}

/// Three decimals are enough to see; the exact values are in the trace.
std::string rough(Duration d) {
    return d.ns < 1'000'000'000 ? decimal(d.ns, 1'000'000, 1) + " ms"
                                : decimal(d.ns, 1'000'000'000, 3) + " s";
}

std::string counted(std::int64_t n, const std::string& one, const std::string& many) {
    return std::to_string(n) + " " + (n == 1 ? one : many);
}

/// Puts the parts into lines, the first after `begin`, the others indented.
std::string flow(const std::string& begin, const std::vector<std::string>& parts,
                 const std::string& end) {
    std::string out;
    std::string line = begin;
    for (std::size_t k = 0; k < parts.size(); ++k) {
        const std::string part = parts[k] + (k + 1 < parts.size() ? "," : end);
        if (columns(line) + 1 + columns(part) > width && k > 0) {
            out += line + "\n";
            line = "     ";
        }
        line += " " + part;
    }
    return out + line + "\n";
}

class TextWriter {
public:
    TextWriter(const SummarySource& source, bool colours) : source_(source), colours_(colours) {}

    std::string text() {
        heading_line();
        producers();
        topics();
        groups();
        faults();
        failovers();
        losses();
        expectations();
        totals();
        return std::move(out_);
    }

private:
    std::string painted(const std::string& text, const char* code) const {
        return colours_ ? std::string("\x1b[") + code + "m" + text + "\x1b[0m" : text;
    }
    void title(const std::string& text) {
        out_ += '\n';
        out_ += painted(text, "1");
        out_ += '\n';
    }
    std::string name(MachineId id) const { return visible(source_.info.name(id)); }
    std::string names(const std::vector<MachineId>& ids) const {
        std::string text;
        for (const MachineId id : ids) {
            text += text.empty() ? "" : ",";
            text += name(id);
        }
        return text.empty() ? "-" : text;
    }

    void heading_line() {
        out_ += flow(painted(visible(source_.scenario.name, 60), "1") + ":",
                     {"seed " + std::to_string(source_.info.seed), time_text(source_.end.end, 3),
                      counted(static_cast<std::int64_t>(source_.end.events), "event", "events"),
                      std::string(word(source_.end.status))},
                     "");
        if (source_.metrics.measured_from() > Time{}) {
            out_ += "  measured from " + time_text(source_.metrics.measured_from()) + " on\n";
        }
    }

    void producers() {
        if (source_.info.producers.empty()) { return; }
        title("Producers");
        for (std::size_t p = 0; p < source_.info.producers.size(); ++p) {
            producer(p);
        }
    }

    // Kafka: ProducerPerformance's line.
    void producer(std::size_t p) {
        const ProducerStats& stats = source_.metrics.producers()[p];
        std::vector<std::string> parts = {std::to_string(stats.counts[Count::acked]) +
                                          " records sent"};
        if (!stats.latency.empty()) {
            const auto at = [&](std::int64_t per_mille) {
                return milliseconds_text(stats.latency.quantile(per_mille));
            };
            parts.push_back(decimal(rate_of(stats), 1'000'000, 1) + " records/sec (" +
                            decimal(byte_rate_of(stats), 1048576, 2) + " MB/sec)");
            parts.push_back(milliseconds_text(stats.latency.mean()) + " avg latency");
            parts.push_back(milliseconds_text(stats.latency.max()) + " max latency");
            parts.push_back(at(500) + " 50th");
            parts.push_back(at(950) + " 95th");
            parts.push_back(at(990) + " 99th");
            parts.push_back(at(999) + " 99.9th");
        }
        out_ += flow("  " + visible(source_.info.producers[p].name, 40) + ":", parts, ".");
        std::vector<std::string> more;
        const auto tell = [&](Count what, const char* one, const char* many) {
            if (stats.counts[what] != 0) { more.push_back(counted(stats.counts[what], one, many)); }
        };
        tell(Count::failed, "record failed", "records failed");
        tell(Count::refused, "record refused", "records refused");
        tell(Count::retries, "batch retried", "batches retried");
        if (stats.blocked_total > Duration{}) {
            more.push_back("send() blocked for " + rough(stats.blocked_total) + " (longest " +
                           rough(stats.blocked_max) + ")");
        }
        if (!more.empty()) { out_ += flow("     ", more, "."); }
    }

    void topics() {
        title("Topics");
        const std::vector<Outages> windows = outages(source_);
        Table table({"partition", "leader", "isr", "replicas", ">log end", ">elections",
                     ">down: state", ">producers", ">consumers"});
        std::vector<std::string> left_out;
        for (const TopicInfo& topic : source_.info.topics) {
            if (topic.internal) { continue; }
            for (std::int32_t k = 0; k < topic.partitions; ++k) {
                if (static_cast<std::size_t>(k) == rows_max) {
                    left_out.push_back("  " + visible(topic.name, 60) + ": " +
                                       std::to_string(topic.partitions - k) + " more partitions\n");
                    break;
                }
                partition(table, PartitionId(topic.first.value + k), windows);
            }
        }
        out_ += table.text(width);
        for (const std::string& line : left_out) {
            out_ += line;
        }
    }

    void partition(Table& table, PartitionId tp, const std::vector<Outages>& windows) const {
        const PartitionStats& stats = source_.metrics.partitions()[tp.index()];
        const auto down = [&](Side side) -> std::string {
            const auto& of = windows[tp.index()].sides[static_cast<std::size_t>(side)];
            if (of.count == 0) { return "-"; }
            return (of.count > 1 ? std::to_string(of.count) + " x, " : "") + rough(of.total);
        };
        table.add({visible(source_.info.name(tp)),
                   stats.leader.valid() ? name(stats.leader) : "none", names(stats.isr),
                   names(stats.replicas), std::to_string(stats.end),
                   std::to_string(stats.counts[Count::elections]), down(Side::metadata),
                   down(Side::produce), down(Side::consume)});
    }

    void groups() {
        if (source_.info.groups.empty()) { return; }
        title("Groups");
        for (std::size_t g = 0; g < source_.info.groups.size(); ++g) {
            const GroupStats& stats = source_.metrics.groups()[g];
            std::vector<std::string> parts = {
                counted(stats.counts[Count::consumed], "record processed", "records processed"),
                "lag " + std::to_string(stats.lag.now()) + " (highest " +
                    std::to_string(stats.lag.max()) + ")",
                std::to_string(stats.counts[Count::redelivered]) + " redelivered"};
            const auto if_any = [&](Count what, const char* word) {
                if (stats.counts[what] == 0) { return; }
                parts.push_back(std::to_string(stats.counts[what]) + word);
            };
            if_any(Count::discarded, " discarded");
            if_any(Count::dead_lettered, " dead-lettered");
            if_any(Count::skipped, " skipped");
            parts.push_back(counted(stats.counts[Count::rebalances], "rebalance", "rebalances"));
            if (!stats.latency.empty()) {
                parts.push_back("end to end " + milliseconds_text(stats.latency.mean()) + " avg");
                parts.push_back(milliseconds_text(stats.latency.max()) + " max");
                parts.push_back(milliseconds_text(stats.latency.quantile(500)) + " 50th");
                parts.push_back(milliseconds_text(stats.latency.quantile(990)) + " 99th");
            }
            out_ += flow("  " + visible(source_.info.groups[g].name, 40) + ":", parts, ".");
        }
    }

    void faults() {
        if (source_.metrics.faults().empty()) { return; }
        title("Faults");
        Table table({"fault", "does", "target", "from", "to"});
        for (const FaultStats& fault : source_.metrics.faults()) {
            table.add({visible(source_.info.name(fault.id)), std::string(word(fault.action)),
                       names(fault.targets), time_text(fault.begin, 3),
                       fault.end == Time::never() ? "-" : time_text(fault.end, 3)});
        }
        out_ += table.text(width);
    }

    void failovers() {
        const auto rows = failover_table(source_.failovers, source_.metrics.measured_from());
        if (rows.empty()) { return; }
        title("Failovers");
        for (std::size_t k = 0; k < std::min(rows.size(), failovers_max); ++k) {
            failover(rows[k]);
        }
        if (rows.size() > failovers_max) {
            out_ += "  " + std::to_string(rows.size() - failovers_max) + " more in the JSON\n";
        }
    }

    void failover(const FailoverRow& row) {
        const Failover& of = row.example;
        std::string who = "election";
        if (of.machine.valid()) { who = fitted(name(of.machine)) + " by itself"; }
        if (of.fault.valid()) {
            who = fitted(visible(source_.info.name(of.fault))) + " (" + fitted(name(of.machine)) +
                  ")";
        }
        std::vector<std::string> parts = {std::string(word(of.window.side))};
        if (of.window.g.present) {
            parts[0] += " by " + fitted(visible(source_.info.name(of.window.g.value)));
        }
        for (std::size_t k = 0; k < std::min(row.partitions.size(), hit_max); ++k) {
            parts.push_back(fitted(visible(source_.info.name(row.partitions[k]))));
        }
        if (row.partitions.size() > hit_max) {
            parts.push_back(std::to_string(row.partitions.size() - hit_max) + " more partitions");
        }
        if (row.windows > static_cast<std::int64_t>(row.partitions.size())) {
            parts.push_back(counted(row.windows, "window", "windows"));
        }
        parts.push_back(range(row.shortest, row.longest));
        out_ += flow("  " + who + ":", parts, ".");
        for (std::size_t k = 0; k < phase_count; ++k) {
            if (row.phases[k].longest == Duration{}) { continue; }
            std::string line = "    " + std::string(phase_fields[k].name);
            line.resize(22, ' ');
            const std::string time = range(row.phases[k].shortest, row.phases[k].longest);
            line += std::string(24 - std::min<std::size_t>(24, time.size()), ' ') + time;
            const std::string bound = bound_text(of, k, source_.scenario, source_.info);
            out_ += line + (bound.empty() ? "" : "  " + bound) + "\n";
        }
    }

    static std::string range(Duration shortest, Duration longest) {
        const std::string low = rough(shortest);
        const std::string high = rough(longest);
        return low == high ? high : low + " to " + high;
    }
    /// Names as short as a line of several has room for.
    static std::string fitted(const std::string& name) { return visible(name, 30); }

    void losses() {
        const Metrics& metrics = source_.metrics;
        title("Losses and duplicates");
        Table table({"topic", "what", "by", ">records"});
        const auto topic = [&](TopicId id) { return visible(source_.info.name(id)); };
        for (const auto& tally : metrics.losses()) {
            table.add({topic(tally.topic), "acknowledged, then lost", std::string(word(tally.why)),
                       std::to_string(tally.count)});
        }
        for (const auto& tally : metrics.duplicates()) {
            table.add({topic(tally.topic),
                       tally.g ? "again to " + visible(source_.info.name(*tally.g))
                               : std::string("again in the log"),
                       std::string(word(tally.why)), std::to_string(tally.count)});
        }
        out_ += table.empty() ? "  none\n" : table.text(width);
    }

    void expectations() {
        if (source_.verdicts.empty()) { return; }
        title("Expectations");
        for (const Verdict& verdict : source_.verdicts) {
            const std::string result =
                verdict.passed ? painted("pass", "32") : painted("FAIL", "1;31");
            bool first = true;
            for (const std::string& line : wrapped(visible(verdict.expected), width - 8)) {
                out_ += (first ? "  " + result + "  " : "        ") + line + "\n";
                first = false;
            }
            for (const std::string& line : wrapped("seen: " + visible(verdict.seen), width - 8)) {
                out_ += "        " + line + "\n";
            }
        }
    }

    void totals() {
        const Totals& of = source_.totals;
        out_ +=
            "\n" +
            flow("Totals:",
                 {std::to_string(of.created) + " new", std::to_string(of.acked) + " acked",
                  std::to_string(of.failed) + " failed", std::to_string(of.pending) + " pending",
                  std::to_string(of.acked_lost) + " acked and lost",
                  counted(of.duplicates, "duplicate", "duplicates")},
                 "");
        out_ += "Fingerprint: " + source_.end.fingerprint + "\n";
    }

    const SummarySource& source_;
    bool colours_;
    std::string out_;
};

} // namespace

std::string summary_text(const SummarySource& source, bool colours) {
    return TextWriter(source, colours).text();
}

std::vector<Outages> outages(const SummarySource& source) {
    std::vector<Outages> list(source.info.partitions.size());
    for (const Unavailable& window : source.metrics.windows()) {
        const Time from = std::max(window.from, source.metrics.measured_from());
        if (from >= window.to) { continue; }
        auto& side = list[window.tp.index()].sides[static_cast<std::size_t>(window.side)];
        ++side.count;
        side.total += window.to - from;
        side.longest = std::max(side.longest, window.to - from);
    }
    return list;
}

namespace {

std::int64_t per_second(const ProducerStats& producer, std::int64_t amount, std::int64_t scale) {
    const Duration took = producer.last_ack - producer.first_due;
    return producer.latency.empty() || took <= Duration{} ? 0 : scaled(amount, scale, took.ns);
}

} // namespace

std::int64_t rate_of(const ProducerStats& producer) {
    return per_second(producer, producer.counts[Count::acked], 1'000'000'000'000'000);
}

std::int64_t byte_rate_of(const ProducerStats& producer) {
    return per_second(producer, producer.acked_bytes, 1'000'000'000);
}

} // namespace brokersim
