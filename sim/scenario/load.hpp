// From the text of a scenario file to a checked, resolved Scenario, or to the list of everything
// that is wrong with it. Opens no file and throws nothing.
#pragma once

#include "brokersim/problem.hpp"
#include "brokersim/scenario.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace brokersim {

/// What a scenario may ask for; beyond it, it is refused before anything is built.
struct Limits {
    std::int64_t machines = 100'000;
    std::int64_t partitions = 2'000'000;
    std::int64_t events = 10'000'000'000;        ///< --max-events, against the estimate
    std::int64_t memory = std::int64_t{4} << 30; ///< --max-memory in bytes, likewise
};

/// The answer to a request for the file that `extends` names.
struct FileText {
    bool found = false;
    std::string text;  ///< its bytes
    std::string error; ///< why it cannot be read, when not found: "no such file"
};

struct LoadOptions {
    /// Arguments of `--set`, applied in order: "/pointer=value".
    std::vector<std::string> sets;
    std::optional<std::uint64_t> seed;   ///< --seed
    std::optional<std::string> duration; ///< --duration as written, "10s"
    Limits limits;
    /// The file at a path relative to the scenario's directory ("sub/base.json", no ".." in it).
    /// It must follow no link out of that directory. Empty: `extends` is refused.
    std::function<FileText(const std::string& path)> read_file;
};

struct Loaded {
    std::optional<Scenario> scenario; ///< when there is no error
    Problems problems;                ///< errors and warnings, in the order of the file
    bool has_sweep = false;           ///< `run` ignores it and says so
    std::string canonical;            ///< the resolved scenario as JSON; its digest is the identity
};

/// The largest scenario file, in bytes; a reader of files need not read further.
inline constexpr std::size_t scenario_bytes_max = std::size_t{64} << 20;

/// Reads the scenario in `text`. `file_name` is what messages call it, and its stem the default
/// name of the scenario ("<stdin>": "scenario").
Loaded load_scenario(std::string_view text, const std::string& file_name,
                     const LoadOptions& options = {});

/// Whether there is an error (not only warnings) among the problems.
bool has_errors(const Problems& problems);

/// A duration as scenarios and command lines write it ("1.5s"): nothing and a sentence in `error`
/// when it is none. For the options of commands.
std::optional<Duration> parse_duration(std::string_view text, std::string& error);
/// The same for sizes ("10KiB"), in bytes.
std::optional<std::int64_t> parse_size(std::string_view text, std::string& error);

} // namespace brokersim
