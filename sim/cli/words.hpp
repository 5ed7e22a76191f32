// The command line as words, and the options of the commands that are made of them.
#pragma once

#include "cli/commands.hpp"

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace brokersim {

/// What the user meant cannot be found out: the message, for exit status 2.
struct UsageError {
    std::string text;
};

/// Options as the words that were given; parsed by us, so that all refusals look alike.
struct Words {
    std::vector<std::string> scenarios, sets;
    std::string seed, duration, trace, trace_level = "records", colour = "auto";
    std::string max_events, max_memory, max_machines, max_partitions, time_limit;
    std::string source, at, output = "-"; ///< source: the one file that a command reads
    std::vector<std::string> what;        ///< show
    std::vector<std::string> events, nodes, partitions, faults;
    std::string from, to;           ///< grep
    std::string name, folder = "."; ///< init
    bool json = false, narrate = false, quiet = false, partial = false;
    bool members = false, state = false, status = false, replication = false, force = false;
};

/// Each throws a UsageError when a word does not say what it should.
CommonOptions common_options(const Words& words);
RunOptions run_options(const CLI::App& app, const Words& words);
CheckOptions check_options(const CLI::App& app, const Words& words);
FmtOptions fmt_options(const CLI::App& app, const Words& words);
ShowOptions show_options(const CLI::App& app, const Words& words);
GrepOptions grep_options(const CLI::App& app, const Words& words);
InitOptions init_options(const Words& words);
ListOptions list_options(const Words& words);

} // namespace brokersim
