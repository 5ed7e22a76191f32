// `brokersim grep`: the lines of a trace that are about something.
#include "cli/commands.hpp"
#include "cli/files.hpp"
#include "cli/terminal.hpp"
#include "cli/trace_input.hpp"
#include "inspect/fault_trail.hpp"
#include "inspect/mentions.hpp"
#include "scenario/report.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

namespace brokersim {
namespace {

constexpr std::size_t output_bytes = std::size_t{1} << 16;

/// Decides for each event, while the trace is read for the first time.
class Matcher final : public TraceListener {
public:
    explicit Matcher(const GrepOptions& options) : options_(options), trail_(options.faults) {}

    /// By the number of the line in the file, from 0: whether it is wanted.
    std::vector<bool> wanted;
    std::uint64_t matches = 0;

    void on(const RunInfo& info, Time t, std::uint64_t n, Cause cause, FactRef fact) override {
        const bool of_fault = options_.faults.empty() || trail_.follows(info, t, n, cause, fact);
        const bool match =
            (!options_.from || t >= *options_.from) && (!options_.to || t <= *options_.to) &&
            is_asked(options_.events, [&](const std::string& e) { return is_event(e, fact); }) &&
            is_asked(options_.nodes,
                     [&](const std::string& node) { return mentions_node(info, fact, node); }) &&
            is_asked(options_.partitions,
                     [&](const std::string& tp) { return mentions_partition(info, fact, tp); }) &&
            of_fault;
        if (!match) { return; }
        if (wanted.size() <= n) { wanted.resize(n + 1); }
        wanted[n] = true;
        ++matches;
    }

private:
    template <class Test>
    static bool is_asked(const std::vector<std::string>& any, Test test) {
        return any.empty() || std::any_of(any.begin(), any.end(), test);
    }

    /// "prod.ack", or "prod.*".
    static bool is_event(std::string_view pattern, FactRef fact) {
        std::string_view name;
        visit(fact, [&](const auto& typed) { name = typed.name; });
        if (!pattern.ends_with(".*")) { return name == pattern; }
        return name.starts_with(pattern.substr(0, pattern.size() - 1));
    }

    const GrepOptions& options_;
    FaultTrail trail_;
};

template <class... Facts>
std::vector<std::string_view> event_names(const std::tuple<Facts...>*) {
    return {Facts::name...};
}

int refuse(const std::string& text) {
    complain(text);
    return Exit::bad_input;
}

/// Something that the trace does not know: which, and what may have been meant.
std::string unknown(std::string_view what, const std::vector<std::string>& asked,
                    const std::vector<std::string>& known) {
    constexpr std::size_t candidates_max = 1000;
    for (const std::string& name : asked) {
        if (std::find(known.begin(), known.end(), name) != known.end()) { continue; }
        const std::size_t some = std::min(known.size(), candidates_max);
        return "the trace has no " + std::string(what) + " " + in_quotes(name) +
               did_you_mean(name,
                            {known.begin(), known.begin() + static_cast<std::ptrdiff_t>(some)});
    }
    return {};
}

std::string unknown_event(const GrepOptions& options) {
    const auto known = event_names(static_cast<const AllFacts*>(nullptr));
    for (const std::string& pattern : options.events) {
        const std::string_view prefix =
            std::string_view(pattern).substr(0, pattern.size() - (pattern.ends_with(".*") ? 1 : 0));
        const bool any = std::any_of(known.begin(), known.end(), [&](std::string_view name) {
            return pattern.ends_with(".*") ? name.starts_with(prefix) : name == pattern;
        });
        if (!any) { return "unknown event " + in_quotes(pattern) + did_you_mean(pattern, known); }
    }
    return {};
}

std::string unknown_names(const GrepOptions& options, const RunInfo& info) {
    for (const std::string& problem : {unknown("machine", options.nodes, info.nodes),
                                       unknown("partition", options.partitions, info.partitions),
                                       unknown("fault", options.faults, info.faults)}) {
        if (!problem.empty()) { return problem; }
    }
    return {};
}

/// Writes in pieces; quiet when the reader has gone.
class Output {
public:
    Output() { file_.create("-"); }
    bool add(std::string_view line) {
        text_ += line;
        return text_.size() < output_bytes || flush();
    }
    bool flush() {
        const bool fine = file_.write(text_);
        text_.clear();
        return fine;
    }
    int status() const {
        if (file_.error().empty() || file_.reader_left()) { return Exit::fine; }
        complain(file_.error());
        return Exit::broken;
    }

private:
    OutputFile file_;
    std::string text_;
};

bool is_wanted(const Matcher& matcher, std::uint64_t n) {
    return n < matcher.wanted.size() && matcher.wanted[n];
}

} // namespace

int grep_command(const GrepOptions& options) {
    if (const std::string problem = unknown_event(options); !problem.empty()) {
        return refuse(problem);
    }
    Matcher matcher(options);
    TraceReader reader(matcher);
    // Nothing is shown before the digest was looked at: a file is read again for its lines, what
    // comes through a pipe is kept.
    const bool again = options.trace != "-";
    std::string kept;
    const std::string problem =
        again ? read_trace(options.trace, options.partial, reader)
              : read_trace_lines("-", options.partial, reader, [&](std::string_view line) {
                    const std::uint64_t n = reader.events();
                    if (!is_wanted(matcher, n)) { return; }
                    kept += line;
                    matcher.wanted[n] = false; // The end record has no number of its own.
                });
    if (!problem.empty()) { return refuse(problem); }
    if (const std::string name = unknown_names(options, reader.info()); !name.empty()) {
        return refuse(name);
    }
    if (!options.quiet) { tell_of_unknown(reader); }
    Output out;
    if (!again) {
        out.add(kept);
        out.flush();
        return out.status();
    }
    std::uint64_t n = 0;
    std::uint64_t left = matcher.matches;
    const std::string failed = read_lines(options.trace, [&](std::string_view line) {
        if (is_wanted(matcher, n++)) {
            --left;
            if (!out.add(line)) { return false; }
        }
        return left > 0;
    });
    if (!failed.empty()) { return refuse(failed); }
    out.flush();
    return out.status();
}

} // namespace brokersim
