// `brokersim show`: the state of a cluster at a time, out of a trace.
#include "cli/commands.hpp"
#include "cli/files.hpp"
#include "cli/terminal.hpp"
#include "cli/trace_input.hpp"
#include "inspect/cluster_view.hpp"
#include "inspect/describe.hpp"
#include "observe/decimal.hpp"
#include "scenario/report.hpp"
#include "trace/reader.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

namespace brokersim {

namespace {

/// Follows a trace up to the asked time; the rest is read all the same, to be checked.
class Viewer final : public TraceListener {
public:
    explicit Viewer(Time until) : until_(until) {}

    ClusterView view;

    void on(const RunInfo&, Time t, std::uint64_t, Cause, FactRef fact) override {
        if (t <= until_) { view.on(t, fact); }
    }

private:
    Time until_;
};

int refuse(const std::string& text) {
    complain(text);
    return Exit::bad_input;
}

void tell_about(const ShowOptions& options, const TraceReader& reader) {
    if (options.quiet) { return; }
    tell_of_unknown(reader);
    const Time end = reader.incomplete() ? reader.last() : reader.end().t;
    if (options.at && *options.at > end) {
        tell("note: the trace ends at " + time_text(end) + "; this is the state then\n");
    }
}

/// "orders/0" as an id; nothing and a message if the trace has no such partition.
bool find_partition(const RunInfo& info, const std::string& name, PartitionId& out) {
    for (std::size_t k = 0; k < info.partitions.size(); ++k) {
        if (info.partitions[k] == name) {
            out = PartitionId(k);
            return true;
        }
    }
    const std::size_t some = std::min<std::size_t>(info.partitions.size(), 1000);
    const std::vector<std::string_view> known(
        info.partitions.begin(), info.partitions.begin() + static_cast<std::ptrdiff_t>(some));
    complain("the trace has no partition " + in_quotes(name) + did_you_mean(name, known));
    return false;
}

int show_groups(const ShowOptions& options, const RunInfo& info, const ClusterView& view) {
    const GroupTable what = options.members ? GroupTable::members
                            : options.state ? GroupTable::states
                                            : GroupTable::offsets;
    if (what == GroupTable::offsets && info.level == Level::state) {
        return refuse(shown_path(options.trace) + ": a trace of level state has no offsets; write "
                                                  "it with --trace-level records");
    }
    return print(describe_groups(info, view, what), Exit::fine);
}

} // namespace

int show_command(const ShowOptions& options) {
    Viewer viewer(options.at.value_or(Time::never()));
    TraceReader reader(viewer);
    const std::string problem = read_trace(options.trace, options.partial, reader);
    if (!problem.empty()) { return refuse(problem); }
    const RunInfo& info = reader.info();
    if (options.what == "log") {
        PartitionId tp;
        if (!find_partition(info, options.partition, tp)) { return Exit::bad_input; }
        if (info.level == Level::state) {
            return refuse(
                shown_path(options.trace) +
                ": a trace of level state has no logs; write it with --trace-level records");
        }
        tell_about(options, reader);
        return print(describe_log(info, viewer.view, tp), Exit::fine);
    }
    tell_about(options, reader);
    if (options.what == "brokers") {
        return print(describe_brokers(info, viewer.view), Exit::fine);
    }
    if (options.what == "quorum") {
        const Time end = reader.incomplete() ? reader.last() : reader.end().t;
        return print(
            describe_quorum(info, viewer.view, std::min(options.at.value_or(end), end),
                            options.replication ? QuorumTable::replication : QuorumTable::status),
            Exit::fine);
    }
    if (options.what == "groups") { return show_groups(options, info, viewer.view); }
    return print(describe_topics(info, viewer.view), Exit::fine);
}

} // namespace brokersim
