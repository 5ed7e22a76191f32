// `brokersim show`: the state of a cluster at a time, out of a trace.
#include "cli/commands.hpp"
#include "cli/files.hpp"
#include "cli/terminal.hpp"
#include "cli/zstd_stream.hpp"
#include "inspect/cluster_view.hpp"
#include "inspect/describe.hpp"
#include "observe/decimal.hpp"
#include "scenario/report.hpp"
#include "trace/reader.hpp"
#include "trace/utf8.hpp"

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
        if (t <= until_) { view.on(fact); }
    }

private:
    Time until_;
};

int refuse(const std::string& text) {
    complain(text);
    return Exit::bad_input;
}

/// Reads everything. An empty text, or what is wrong.
std::string read_trace(const ShowOptions& options, TraceReader& reader) {
    InputFile file;
    if (!file.open(options.trace)) { return file.error(); }
    Unpacker unpacker([&](std::string_view bytes) { return reader.feed(bytes); });
    std::vector<char> buffer(std::size_t{1} << 16);
    bool fine = true;
    while (fine) {
        const std::ptrdiff_t got = file.read(buffer.data(), buffer.size());
        if (got < 0) { return file.error(); }
        if (got == 0) { break; }
        fine = unpacker.feed({buffer.data(), static_cast<std::size_t>(got)});
    }
    fine = fine && unpacker.finish();
    const std::string name = shown_path(options.trace) + ": ";
    if (!unpacker.error().empty()) { return name + unpacker.error(); }
    if (fine && reader.finish() && !unpacker.is_cut_off()) { return {}; }
    const bool incomplete = reader.incomplete() || unpacker.is_cut_off();
    const std::string problem =
        name + (unpacker.is_cut_off() ? "the trace is incomplete: its packed file was cut off"
                                      : reader.error());
    if (!fine || !incomplete) { return name + reader.error(); }
    if (!reader.has_header()) { return problem; }
    if (!options.partial) { return problem + "; --partial shows what is there"; }
    tell("note: " + problem + "\n");
    return {};
}

void tell_about(const ShowOptions& options, const TraceReader& reader) {
    if (options.quiet) { return; }
    if (reader.skipped_events() > 0) {
        tell("note: " + std::to_string(reader.skipped_events()) +
             " events that this version does not know were passed over\n");
    }
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

} // namespace

int show_command(const ShowOptions& options) {
    Viewer viewer(options.at.value_or(Time::never()));
    TraceReader reader(viewer);
    const std::string problem = read_trace(options, reader);
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
    return print(describe_topics(info, viewer.view), Exit::fine);
}

} // namespace brokersim
