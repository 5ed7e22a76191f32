// From the words of a command line to the options of a command.
#include "cli/words.hpp"
#include "scenario/report.hpp"
#include "trace/end_record.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

namespace brokersim {
namespace {

[[noreturn]] void wrong(std::string_view option, const std::string& value,
                        const std::string& wanted) {
    throw UsageError{std::string(option) + ": " + in_quotes(value) + " is not " + wanted};
}

template <class N>
N whole_number(std::string_view option, const std::string& text, const std::string& wanted) {
    N value{};
    const char* end = text.data() + text.size();
    const auto [next, error] = std::from_chars(text.data(), end, value);
    if (text.empty() || error != std::errc() || next != end || text.front() == '-') {
        wrong(option, text, wanted);
    }
    return value;
}

/// Sets `out` if the option was given.
void count(std::string_view option, const CLI::App& app, const std::string& text,
           std::int64_t& out) {
    if (app.count(std::string(option)) > 0) {
        out = whole_number<std::int64_t>(option, text, "a whole number");
    }
}

template <class T>
T parsed(std::string_view option, const std::string& text,
         std::optional<T> (*parse)(std::string_view, std::string&)) {
    std::string error;
    const std::optional<T> value = parse(text, error);
    if (!value) { throw UsageError{std::string(option) + ": " + error}; }
    return *value;
}

std::optional<Time> time_option(const std::string& option, const CLI::App& app,
                                const std::string& text) {
    if (app.count(option) == 0) { return std::nullopt; }
    return Time{} + parsed(option, text, parse_duration);
}

/// What changes a scenario on its way in.
LoadOptions load_options(const CLI::App& app, const Words& words) {
    LoadOptions load;
    load.sets = words.sets;
    if (app.count("--seed") > 0) {
        load.seed =
            whole_number<std::uint64_t>("--seed", words.seed, "a whole number from 0 to 2^64 - 1");
    }
    if (app.count("--duration") > 0) { load.duration = words.duration; }
    Limits& limits = load.limits;
    count("--max-events", app, words.max_events, limits.events);
    count("--max-machines", app, words.max_machines, limits.machines);
    count("--max-partitions", app, words.max_partitions, limits.partitions);
    if (app.count("--max-memory") > 0) {
        limits.memory = parsed("--max-memory", words.max_memory, parse_size);
    }
    return load;
}

} // namespace

CommonOptions common_options(const Words& words) {
    CommonOptions common;
    common.quiet = words.quiet;
    if (words.colour == "always") {
        common.colour = Colour::always;
    } else if (words.colour == "never") {
        common.colour = Colour::never;
    } else if (words.colour != "auto") {
        throw UsageError{"--color: " + in_quotes(words.colour) + " is not auto, always or never" +
                         did_you_mean(words.colour, {"auto", "always", "never"})};
    }
    return common;
}

RunOptions run_options(const CLI::App& app, const Words& words) {
    RunOptions options;
    static_cast<CommonOptions&>(options) = common_options(words);
    options.scenarios = words.scenarios;
    options.load = load_options(app, words);
    options.json = words.json;
    options.narrate = words.narrate;
    if (app.count("--trace") > 0) { options.trace = words.trace; }
    if (!from_word(words.trace_level, options.trace_level)) {
        throw UsageError{"--trace-level: " + in_quotes(words.trace_level) +
                         " is not state, records or all" +
                         did_you_mean(words.trace_level, {"state", "records", "all"})};
    }
    if (app.count("--time-limit") > 0) {
        options.time_limit = parsed("--time-limit", words.time_limit, parse_duration);
    }
    return options;
}

FmtOptions fmt_options(const CLI::App& app, const Words& words) {
    FmtOptions options;
    static_cast<CommonOptions&>(options) = common_options(words);
    options.scenario = words.source;
    options.load = load_options(app, words);
    options.output = words.output;
    return options;
}

ShowOptions show_options(const CLI::App& app, const Words& words) {
    ShowOptions options;
    static_cast<CommonOptions&>(options) = common_options(words);
    options.trace = words.source;
    options.partial = words.partial;
    options.at = time_option("--at", app, words.at);
    options.what = words.what.empty() ? "topics" : words.what[0];
    const std::vector<std::string_view> known = {"topics", "groups", "brokers", "quorum", "log"};
    if (std::find(known.begin(), known.end(), options.what) == known.end()) {
        throw UsageError{"there is nothing called " + in_quotes(options.what) +
                         " to show, only topics, groups, brokers, quorum and log" +
                         did_you_mean(options.what, known)};
    }
    const bool log = options.what == "log";
    if (log && words.what.size() < 2) {
        throw UsageError{"show log wants a partition, as in: brokersim show t.jsonl log orders/0"};
    }
    if (words.what.size() > (log ? 2U : 1U)) {
        throw UsageError{"unexpected " + in_quotes(words.what.back())};
    }
    if (log) { options.partition = words.what[1]; }
    if ((words.members || words.state) && options.what != "groups") {
        throw UsageError{"--members and --state belong to show groups"};
    }
    if (words.members && words.state) {
        throw UsageError{"--members and --state: give one of them"};
    }
    if ((words.status || words.replication) && options.what != "quorum") {
        throw UsageError{"--status and --replication belong to show quorum"};
    }
    if (words.status && words.replication) {
        throw UsageError{"--status and --replication: give one of them"};
    }
    options.replication = words.replication;
    options.members = words.members;
    options.state = words.state;
    return options;
}

GrepOptions grep_options(const CLI::App& app, const Words& words) {
    GrepOptions options;
    static_cast<CommonOptions&>(options) = common_options(words);
    options.trace = words.source;
    options.partial = words.partial;
    options.events = words.events;
    options.nodes = words.nodes;
    options.partitions = words.partitions;
    options.faults = words.faults;
    options.from = time_option("--from", app, words.from);
    options.to = time_option("--to", app, words.to);
    return options;
}

CheckOptions check_options(const CLI::App& app, const Words& words) {
    CheckOptions options;
    static_cast<CommonOptions&>(options) = common_options(words);
    options.scenarios = words.scenarios;
    options.load = load_options(app, words);
    return options;
}

InitOptions init_options(const Words& words) {
    InitOptions options;
    static_cast<CommonOptions&>(options) = common_options(words);
    options.name = words.name;
    options.folder = words.folder;
    options.force = words.force;
    return options;
}

ListOptions list_options(const Words& words) {
    ListOptions options;
    static_cast<CommonOptions&>(options) = common_options(words);
    options.json = words.json;
    return options;
}

} // namespace brokersim
