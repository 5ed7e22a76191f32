// The subcommands: their options as plain data, one function and one file for each.
#pragma once

#include "brokersim/run_info.hpp"
#include "brokersim/time.hpp"
#include "scenario/load.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace brokersim {

/// Exit statuses of the program (besides 128 + signal).
struct Exit {
    static constexpr int fine = 0;
    static constexpr int no = 1;        ///< the answer is "no": an expectation failed
    static constexpr int bad_input = 2; ///< usage, scenario, trace
    static constexpr int broken = 3;    ///< internal error, or an output that cannot be written
    static constexpr int limit = 4;     ///< a budget ended the run after it had begun
};

enum class Colour : std::uint8_t { automatic, always, never };

struct CommonOptions {
    Colour colour = Colour::automatic;
    bool quiet = false; ///< no progress, no hints
};

struct RunOptions : CommonOptions {
    std::vector<std::string> scenarios; ///< paths; "-" = standard input
    LoadOptions load;                   ///< --set, --seed, --duration, --max-…
    std::optional<std::string> trace;   ///< file, directory for several scenarios, "-"
    Level trace_level = Level::records;
    bool json = false;
    bool narrate = false;
    std::optional<Duration> time_limit; ///< of the wall clock
};

struct CheckOptions : CommonOptions {
    std::vector<std::string> scenarios;
    LoadOptions load;
};

struct FmtOptions : CommonOptions {
    std::string scenario;
    LoadOptions load;
    std::string output = "-";
};

struct ShowOptions : CommonOptions {
    std::string trace;
    std::optional<Time> at;   ///< none = the end
    std::string what;         ///< "topics", "groups", "brokers", "quorum" or "log"
    std::string partition;    ///< of `log`: "orders/0"
    bool members = false;     ///< of `groups`
    bool state = false;       ///< of `groups`
    bool replication = false; ///< of `quorum`
    bool partial = false;     ///< a trace without end record will do
};

/// What a line has to be about; of several for one question any will do.
struct GrepOptions : CommonOptions {
    std::string trace;
    std::vector<std::string> events, nodes, partitions, faults;
    std::optional<Time> from, to; ///< both included
    bool partial = false;
};

struct ListOptions : CommonOptions {
    bool json = false;
};

struct InitOptions : CommonOptions {
    std::string name;
    std::string folder = ".";
    bool force = false; ///< replace files that exist
};

/// Each does its work and returns the exit status; errors are told on standard error.
int run_command(const RunOptions& options);
int check_command(const CheckOptions& options);
int fmt_command(const FmtOptions& options);
int show_command(const ShowOptions& options);
int grep_command(const GrepOptions& options);
int list_command(const ListOptions& options);
int init_command(const InitOptions& options);

} // namespace brokersim
