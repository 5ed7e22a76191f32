// `brokersim run`: scenarios in, summaries and traces out.
#include "cli/commands.hpp"
#include "cli/files.hpp"
#include "cli/one_run.hpp"
#include "cli/problems.hpp"
#include "cli/scenario_file.hpp"
#include "cli/signals.hpp"
#include "cli/terminal.hpp"
#include "cli/trace_output.hpp"
#include "trace/utf8.hpp"

#include <algorithm>
#include <cerrno>
#include <map>
#include <sstream>
#include <sys/stat.h>
#include <utility>

namespace brokersim {

namespace {

int refuse(const std::string& text) {
    complain(text);
    return Exit::bad_input;
}

/// Loads all scenarios and tells about all their problems. False: one of them is wrong.
bool load_all(const RunOptions& options, std::vector<Loaded>& out) {
    bool fine = true;
    for (const std::string& path : options.scenarios) {
        Loaded loaded = load_scenario_file(path, options.load);
        std::ostringstream text;
        print_problems(text, loaded.problems);
        tell(text.str());
        fine = fine && loaded.scenario.has_value();
        if (loaded.has_sweep && !options.quiet) {
            tell("note: " + visible(shown_name(path)) + ": `run` ignores \"sweep\"\n");
        }
        out.push_back(std::move(loaded));
    }
    return fine;
}

/// The trace file of each scenario, "" = none.
std::vector<std::string> trace_files(const RunOptions& options, const std::vector<Loaded>& loaded) {
    std::vector<std::string> files(loaded.size());
    if (!options.trace) { return files; }
    if (loaded.size() == 1) {
        files[0] = *options.trace;
        return files;
    }
    std::map<std::string, std::size_t> namesakes;
    for (std::size_t k = 0; k < loaded.size(); ++k) {
        const std::string& name = loaded[k].scenario->name;
        files[k] = trace_name(*options.trace, name, ++namesakes[name]);
    }
    return files;
}

/// An output must not replace an input, whatever links lead to it.
bool overwrites_input(const RunOptions& options, const std::vector<std::string>& files) {
    for (const std::string& file : files) {
        for (const std::string& scenario : options.scenarios) {
            if (!file.empty() && file != "-" && scenario != "-" && is_same_file(file, scenario)) {
                complain("--trace would replace its own input " + shown_path(file));
                return true;
            }
        }
    }
    return false;
}

/// What weighs more when several scenarios end differently.
int worse(int a, int b) {
    const auto weight = [](int status) {
        static constexpr int order[] = {Exit::fine, Exit::no, Exit::limit, Exit::broken};
        const auto* found = std::find(std::begin(order), std::end(order), status);
        return found - std::begin(order); // a signal stands behind all of them
    };
    return weight(a) >= weight(b) ? a : b;
}

} // namespace

int run_command(const RunOptions& options) {
    if (options.trace == "-" && options.scenarios.size() > 1) {
        return refuse("--trace - takes the trace of one scenario only");
    }
    if (options.trace == "-" && options.narrate) {
        return refuse("--trace - and --narrate both want standard output");
    }
    if (options.json && options.narrate) {
        return refuse("--json and --narrate both want standard output");
    }
    std::vector<Loaded> loaded;
    if (!load_all(options, loaded)) { return Exit::bad_input; }
    const std::vector<std::string> files = trace_files(options, loaded);
    if (overwrites_input(options, files)) { return Exit::bad_input; }
    if (options.trace && loaded.size() > 1 && ::mkdir(options.trace->c_str(), 0777) != 0 &&
        errno != EEXIST) {
        complain("cannot make the folder " + shown_path(*options.trace) + ": " + os_error(errno));
        return Exit::broken;
    }
    watch_signals();
    int status = Exit::fine;
    for (std::size_t k = 0; k < loaded.size() && signal_received() == 0; ++k) {
        OneRun run(options, options.scenarios[k], *loaded[k].scenario, files[k]);
        status = worse(status, run.execute());
        if (run.reader_left()) { return Exit::fine; }
    }
    return status;
}

} // namespace brokersim
