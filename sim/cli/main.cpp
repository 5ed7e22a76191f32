// The program `brokersim`: its command line.
#include "cli/check.hpp"
#include "cli/commands.hpp"
#include "cli/terminal.hpp"
#include "scenario/report.hpp"
#include "trace/end_record.hpp"

#include <CLI/CLI.hpp>

#include <charconv>
#include <functional>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace brokersim {

namespace {

constexpr const char* version_text = "brokersim " BROKERSIM_VERSION;

constexpr std::string_view short_help =
    "brokersim simulates a Kafka-like cluster, event by event and reproducibly.\n"
    "\n"
    "  brokersim run scenarios/replication-table/scenario.json --trace t.jsonl\n"
    "  brokersim show t.jsonl --at 12s topics\n"
    "\n"
    "brokersim --help lists the commands.\n";

/// What the user meant cannot be found out: the message, for exit status 2.
struct UsageError {
    std::string text;
};

/// Options as the words that were given; parsed by us, so that all refusals look alike.
struct Words {
    std::vector<std::string> scenarios, sets;
    std::string seed, duration, trace, trace_level = "records", colour = "auto";
    std::string max_events, max_memory, max_machines, max_partitions, time_limit;
    std::string show_trace, at, scenario, output = "-";
    std::vector<std::string> what;
    bool json = false, narrate = false, quiet = false, partial = false;
};

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
    options.scenario = words.scenario;
    options.load = load_options(app, words);
    options.output = words.output;
    return options;
}

ShowOptions show_options(const CLI::App& app, const Words& words) {
    ShowOptions options;
    static_cast<CommonOptions&>(options) = common_options(words);
    options.trace = words.show_trace;
    options.partial = words.partial;
    if (app.count("--at") > 0) { options.at = Time{} + parsed("--at", words.at, parse_duration); }
    options.what = words.what.empty() ? "topics" : words.what[0];
    if (options.what != "topics" && options.what != "log") {
        throw UsageError{"there is nothing called " + in_quotes(options.what) +
                         " to show, only topics and log" +
                         did_you_mean(options.what, {"topics", "log"})};
    }
    const bool log = options.what == "log";
    if (log && words.what.size() < 2) {
        throw UsageError{"show log wants a partition, as in: brokersim show t.jsonl log orders/0"};
    }
    if (words.what.size() > (log ? 2U : 1U)) {
        throw UsageError{"unexpected " + in_quotes(words.what.back())};
    }
    if (log) { options.partition = words.what[1]; }
    return options;
}

/// The command line as CLI11 knows it.
class CommandLine {
public:
    CommandLine() {
        app_.set_help_flag("-h,--help", "this help");
        app_.set_version_flag("--version", version_text);
        app_.allow_extras();
        add_run();
        add_check();
        add_fmt();
        add_show();
        app_.footer(
            "Exit status: 0 fine, 1 an expectation failed, 2 bad usage or input, 3 internal "
            "error or\nan output that could not be written, 4 a limit ended the run, 130 "
            "and 143 signals.");
    }

    int execute(int argc, char** argv) {
        try {
            app_.parse(argc, argv);
            return command();
        } catch (const CLI::CallForVersion&) {
            return print(std::string(version_text) + "\n", Exit::fine);
        } catch (const CLI::CallForHelp&) {
            const CLI::App* sub = chosen();
            return print(sub != nullptr ? sub->help("brokersim") : app_.help(), Exit::fine);
        } catch (const CLI::ParseError& error) {
            return refuse(std::string(error.what()).substr(0, 500));
        } catch (const UsageError& error) { return refuse(error.text); }
    }

private:
    CLI::App* add(const std::string& name, const std::string& does) {
        CLI::App* sub = app_.add_subcommand(name, does);
        sub->set_help_flag("-h,--help", "this help");
        sub->set_version_flag("--version", version_text);
        sub->allow_extras();
        sub->add_option("--color", words_.colour, "auto, always or never")->type_name("WHEN");
        sub->add_flag("-q,--quiet", words_.quiet, "no progress, no hints");
        return sub;
    }

    static CLI::Option* single(CLI::App* sub, const std::string& name, std::string& to,
                               const std::string& does, const std::string& type) {
        return sub->add_option(name, to, does)->type_name(type)->take_last();
    }

    /// Options that change a scenario, and those that limit it.
    void add_changes(CLI::App* sub) {
        single(sub, "--seed", words_.seed, "another seed than the scenario's", "N");
        sub->add_option("--set", words_.sets, "change a value: /pointer=JSON or text; repeatable")
            ->type_name("/POINTER=VALUE")
            ->take_all()
            ->expected(1)
            ->allow_extra_args(false);
        single(sub, "--duration", words_.duration, "another duration, such as 10s", "D");
        single(sub, "--max-events", words_.max_events, "end the run after so many events", "N");
        single(sub, "--max-memory", words_.max_memory, "such as 4GiB", "SIZE");
        single(sub, "--max-machines", words_.max_machines, "refuse larger scenarios", "N");
        single(sub, "--max-partitions", words_.max_partitions, "refuse larger scenarios", "N");
    }

    void add_run() {
        run_ = add("run", "run scenarios and print what happened");
        run_->add_option("SCENARIO", words_.scenarios, "scenario files, - for standard input")
            ->type_name("")
            ->required();
        add_changes(run_);
        single(run_, "--trace", words_.trace,
               "write a trace: FILE.jsonl, FILE.jsonl.zst, - for standard output; of several "
               "scenarios a folder",
               "FILE");
        single(run_, "--trace-level", words_.trace_level, "state, records or all", "LEVEL")
            ->capture_default_str();
        run_->add_flag("--json", words_.json, "the summary as one line of JSON");
        run_->add_flag("--narrate", words_.narrate, "tell what happens, a sentence a line");
        single(run_, "--time-limit", words_.time_limit,
               "end the run after so long by the clock on the wall", "D");
    }

    void add_check() {
        check_ = add("check", "validate scenarios, and tell all problems");
        check_->add_option("SCENARIO", words_.scenarios, "scenario files, - for standard input")
            ->type_name("")
            ->required();
    }

    void add_fmt() {
        fmt_ = add("fmt", "a scenario as it is understood: every default written out, one "
                          "spelling for one meaning");
        fmt_->add_option("SCENARIO", words_.scenario, "a scenario file, - for standard input")
            ->type_name("")
            ->required();
        add_changes(fmt_);
        single(fmt_, "-o,--output", words_.output, "where to; - is standard output", "FILE");
    }

    void add_show() {
        show_ = add("show", "the state of the cluster at a time, out of a trace");
        show_->add_option("TRACE", words_.show_trace, "a trace file, - for standard input")
            ->type_name("")
            ->required();
        show_
            ->add_option("WHAT", words_.what,
                         "topics (as kafka-topics --describe), or: log TOPIC/PARTITION (its table "
                         "of at most 100000 rows)")
            ->type_name("");
        single(show_, "--at", words_.at, "virtual time such as 12.5s; default: the end", "T");
        show_->add_flag("--partial", words_.partial, "a trace without end record will do");
    }

    CLI::App* chosen() const {
        const std::vector<CLI::App*> subs = app_.get_subcommands();
        return subs.empty() ? nullptr : subs.front();
    }

    int command() {
        const CLI::App* sub = chosen();
        check_extras(sub != nullptr ? *sub : app_);
        if (sub == run_) { return run_command(run_options(*sub, words_)); }
        if (sub == fmt_) { return fmt_command(fmt_options(*sub, words_)); }
        if (sub == show_) { return show_command(show_options(*sub, words_)); }
        if (sub == check_) {
            CheckOptions options;
            static_cast<CommonOptions&>(options) = common_options(words_);
            options.scenarios = words_.scenarios;
            return check_command(options);
        }
        return print(short_help, Exit::fine);
    }

    /// What nobody wanted: a misspelt option or command.
    void check_extras(const CLI::App& app) const {
        const std::vector<std::string> extras = app.remaining();
        if (extras.empty()) { return; }
        const auto option = std::find_if(extras.begin(), extras.end(), [](const std::string& word) {
            return word.size() > 1 && word.front() == '-';
        });
        if (option != extras.end()) {
            const std::string name = option->substr(0, option->find('='));
            throw UsageError{"unknown option " + in_quotes(name) + hint(name, app)};
        }
        if (&app != &app_) { throw UsageError{"unexpected " + in_quotes(extras.front())}; }
        throw UsageError{"unknown command " + in_quotes(extras.front()) +
                         did_you_mean(extras.front(), {"run", "check", "fmt", "show"})};
    }

    static std::string hint(const std::string& name, const CLI::App& app) {
        std::vector<std::string> names;
        for (const CLI::Option* option : app.get_options()) {
            for (const std::string& known : option->get_lnames()) {
                names.push_back("--" + known);
            }
        }
        return did_you_mean(name, {names.begin(), names.end()});
    }

    int refuse(const std::string& text) const {
        complain(text);
        const CLI::App* sub = chosen();
        tell("try: brokersim " + (sub != nullptr ? sub->get_name() + " " : "") + "--help\n");
        return Exit::bad_input;
    }

    CLI::App app_{"brokersim simulates a Kafka-like cluster, event by event and reproducibly.",
                  "brokersim"};
    CLI::App* run_ = nullptr;
    CLI::App* check_ = nullptr;
    CLI::App* fmt_ = nullptr;
    CLI::App* show_ = nullptr;
    Words words_;
};

} // namespace

int check_command(const CheckOptions& options) {
    std::ostringstream fine;
    std::ostringstream problems;
    const int status = check_files(options.scenarios, fine, problems);
    tell(problems.str());
    return print(fine.str(), status);
}

} // namespace brokersim

int main(int argc, char** argv) {
    brokersim::prepare_streams();
    return brokersim::CommandLine().execute(argc, argv);
}
