// Loading scenarios in tests, and looking for problems.
#pragma once

#include "scenario/load.hpp"

#include <map>
#include <string>

namespace brokersim::test {

inline Loaded load(const std::string& text, const LoadOptions& options = {}) {
    return load_scenario(text, "t.json", options);
}

/// "LINE:COLUMN POINTER TEXT" of every error, one to a line.
inline std::string errors(const Loaded& loaded,
                          Problem::Severity severity = Problem::Severity::error) {
    std::string out;
    for (const Problem& p : loaded.problems) {
        if (p.severity != severity) { continue; }
        out += std::to_string(p.line) + ":" + std::to_string(p.column) + " " + p.pointer + " " +
               p.text + "\n";
    }
    return out;
}

inline std::string warnings(const Loaded& loaded) {
    return errors(loaded, Problem::Severity::warning);
}

inline bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// The smallest scenario with traffic, with more members at its top.
inline std::string smallest(const std::string& more = "") {
    return R"({"brokers": 3, "topics": ["orders"], "producers": [{"topic": "orders", "rate": "100/s"}], "duration": "10s")" +
           (more.empty() ? "" : ", " + more) + "}";
}

/// A scenario whose producer has more members.
inline std::string with_producer(const std::string& more) {
    return R"({"topics": [{"name": "orders", "partitions": 3}], "producers": [{"rate": "100/s", )" +
           more + "}]}";
}

inline std::string with_group(const std::string& more, const std::string& top = "") {
    return R"({"topics": ["orders"], "consumers": [{"group": "g", "topics": ["orders"], )" + more +
           "}]" + (top.empty() ? "" : ", " + top) + "}";
}

} // namespace brokersim::test
