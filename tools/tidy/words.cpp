// The list of banned words, and the matcher for it.
#include "words.hpp"

namespace brokersim::tidy {

namespace {

using Places = std::vector<std::string_view>;

/// Words that are banned for one reason, in `where` except in `but`.
struct Ban {
    std::vector<std::string_view> patterns;
    std::string_view reason;
    Places where;
    Places but;
};

const Places all_code = {"include", "sim", "tests", "tools"};

/// What decides what happens in a run, or writes its trace.
const Places integer_only = {
    "include",    "sim/engine",  "sim/net",     "sim/disk",     "sim/protocol",   "sim/rpc",
    "sim/log",    "sim/server",  "sim/replica", "sim/broker",   "sim/controller", "sim/group",
    "sim/client", "sim/cluster", "sim/trace",   "sim/scenario", "sim/inspect"};

const Places no_io = {"include",        "sim/engine", "sim/net",    "sim/disk",    "sim/protocol",
                      "sim/rpc",        "sim/log",    "sim/server", "sim/replica", "sim/broker",
                      "sim/controller", "sim/group",  "sim/client", "sim/cluster", "sim/trace",
                      "sim/inspect",    "sim/observe"};

const std::vector<Ban> bans = {
    {{"unordered_*", "hash_map"},
     "its order of iteration differs between libraries; use a sorted vector or std::map",
     all_code,
     {}},
    {{"random_device", "mt19937*", "default_random_engine", "srand", "rand", "std::shuffle",
      "random_shuffle", "std::sample"},
     "randomness comes from a named Stream (engine/random.hpp)",
     all_code,
     {}},
    {{"std::*_distribution"},
     "standard libraries differ in what they return; use Distribution (engine)",
     all_code,
     {}},
    {{"*_clock::now", "gettimeofday", "clock_gettime", "std::time", "std::clock"},
     "a run knows virtual time only",
     all_code,
     {"sim/cli", "tools/bench"}},
    {{"std::thread", "std::jthread", "std::async", "std::mutex", "std::atomic", "thread_local"},
     "a run has one thread and no state outside its world",
     all_code,
     {"sim/cli"}},
    {{"getenv", "secure_getenv"},
     "what a run depends on stands in its scenario",
     all_code,
     {"sim/cli", "tests"}},
    {{"float", "double"},
     "floating point exists in observe and above only, for people to read",
     integer_only,
     {}},
    {{"<cmath>", "<math.h>", "std::log*", "std::exp*", "std::pow", "std::sqrt", "std::sin",
      "std::cos", "std::floor", "std::ceil", "std::round", "std::llround"},
     "libm differs between platforms in the last bit; use integers or exact tables",
     integer_only,
     {}},
    {{"<iostream>", "<fstream>", "<filesystem>", "std::cout", "std::cerr", "std::system"},
     "the core does no I/O; files and the terminal belong to cli",
     no_io,
     {}},
    {{"<format>", "std::format"}, "GCC 12 has none", all_code, {}},
    {{"<coroutine>", "co_await", "co_yield", "co_return"},
     "a handler returns effects; a copied world cannot copy a coroutine",
     all_code,
     {}},
    {{"<ranges>", "std::ranges", "std::views"},
     "Clang 14 cannot compile libstdc++'s; use the classic algorithms",
     all_code,
     {}},
    {{"assert(", "<cassert>"},
     "vanishes in release builds; use BS_ASSERT (engine/assert.hpp)",
     {"include", "sim"},
     {}},
    {{"using namespace std"}, "names must say where they come from", all_code, {}},
};

/// The end of a match of `pattern` at `at`, or npos.
std::size_t match_at(std::string_view code, std::size_t at, std::string_view pattern) {
    if (pattern.empty()) { return at; }
    if (pattern.front() == '*') {
        std::size_t longest = at;
        while (longest < code.size() && is_word(code[longest])) {
            ++longest;
        }
        for (std::size_t end = longest + 1; end-- > at;) {
            const std::size_t found = match_at(code, end, pattern.substr(1));
            if (found != std::string_view::npos) { return found; }
        }
        return std::string_view::npos;
    }
    if (at >= code.size() || code[at] != pattern.front()) { return std::string_view::npos; }
    return match_at(code, at + 1, pattern.substr(1));
}

} // namespace

std::size_t find_words(std::string_view code, std::string_view pattern) {
    for (std::size_t at = 0; at < code.size(); ++at) {
        const bool inside = at > 0 && is_word(code[at - 1]) && is_word(code[at]);
        if (inside || (code[at] != pattern.front() && pattern.front() != '*')) { continue; }
        const std::size_t end = match_at(code, at, pattern);
        if (end == std::string_view::npos) { continue; }
        const bool cut =
            end < code.size() && end > at && is_word(code[end]) && is_word(code[end - 1]);
        if (!cut) { return at; }
    }
    return std::string_view::npos;
}

void check_words(const SourceFile& file, Findings& out) {
    for (const Ban& ban : bans) {
        if (!lies_in(file.path, ban.where) || lies_in(file.path, ban.but)) { continue; }
        for (std::size_t k = 0; k < file.code.size(); ++k) {
            for (const std::string_view pattern : ban.patterns) {
                if (find_words(file.code[k], pattern) == std::string_view::npos) { continue; }
                out.push_back(
                    {file.path, k + 1, std::string(pattern) + ": " + std::string(ban.reason)});
            }
        }
    }
}

} // namespace brokersim::tidy
