// The rules of tidy: each catches what it is for, and nothing else.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "layers.hpp"
#include "leftovers.hpp"
#include "shape.hpp"
#include "words.hpp"

#include <doctest/doctest.h>

#include <string>

namespace brokersim::tidy {

namespace {

using Rule = void (*)(const SourceFile&, Findings&);

Findings found(Rule rule, const std::string& path, const std::string& text) {
    Findings findings;
    rule(source_file(path, text), findings);
    return findings;
}

std::string lines(std::size_t count, const std::string& line) {
    std::string text;
    for (std::size_t k = 0; k < count; ++k) {
        text += line + "\n";
    }
    return text;
}

} // namespace

TEST_CASE("a layer includes itself and what lies below it, never siblings or what lies above") {
    const auto count = [](const char* path, const char* header) {
        return found(check_layers, path, "#include \"" + std::string(header) + "\"\n").size();
    };
    CHECK(count("sim/log/partition_log.cpp", "log/partition_log.hpp") == 0);
    CHECK(count("sim/log/partition_log.cpp", "brokersim/ids.hpp") == 0);
    CHECK(count("sim/log/partition_log.cpp", "protocol/batch.hpp") == 0);
    CHECK(count("sim/protocol/batch.cpp", "log/partition_log.hpp") == 1);
    CHECK(count("sim/client/producer.cpp", "broker/broker.hpp") == 1);
    CHECK(count("sim/cluster/world.cpp", "broker/broker.hpp") == 0);
    CHECK(count("sim/net/network.cpp", "disk/disk.hpp") == 1);
    CHECK(count("sim/replica/partition.cpp", "disk/disk.hpp") == 0);
    CHECK(count("sim/observe/ledger.cpp", "trace/reader.hpp") == 0);
    CHECK(count("sim/observe/ledger.cpp", "cluster/world.hpp") == 1);
    CHECK(count("sim/cluster/world.cpp", "observe/ledger.hpp") == 1);
    CHECK(count("sim/trace/writer.cpp", "engine/assert.hpp") == 1);
    CHECK(count("sim/cli/run.cpp", "cluster/world.hpp") == 0);
    CHECK(count("include/brokersim/ids.hpp", "engine/ring.hpp") == 1);
    CHECK(count("sim/somewhere/new.cpp", "engine/ring.hpp") == 1);
}

TEST_CASE("a package is included only where it belongs") {
    CHECK(found(check_layers, "sim/scenario/load.cpp", "#include <nlohmann/json.hpp>\n").empty());
    CHECK(found(check_layers, "sim/cluster/build.cpp", "#include <nlohmann/json.hpp>\n").size() ==
          1);
    CHECK(found(check_layers, "sim/cli/run.cpp", "#include <boost/program_options.hpp>\n").size() ==
          1);
}

TEST_CASE("patterns match whole words, and a star stands for the rest of a word") {
    const std::size_t nowhere = std::string_view::npos;
    CHECK(find_words("std::unordered_map<int, int> m;", "unordered_*") == 5);
    CHECK(find_words("double x", "double") == 0);
    CHECK(find_words("doubled x", "double") == nowhere);
    CHECK(find_words("my_double x", "double") == nowhere);
    CHECK(find_words("std::exponential_distribution<>", "std::*_distribution") == 0);
    CHECK(find_words("gap_distribution(spec)", "std::*_distribution") == nowhere);
    CHECK(find_words("std::chrono::steady_clock::now()", "*_clock::now") == 13);
    CHECK(find_words("", "double") == nowhere);
}

TEST_CASE("banned words count in code, not in comments, strings and characters") {
    CHECK(found(check_words, "sim/net/network.cpp", "double x = 1;\n").size() == 1);
    CHECK(found(check_words, "sim/net/network.cpp", "// a double\n").empty());
    CHECK(found(check_words, "sim/net/network.cpp", "f(\"double \\\" float\"); /* float */\n")
              .empty());
    CHECK(found(check_words, "sim/net/network.cpp", "f(R\"(float \" )\"); int64 a = 1'000;\n")
              .empty());
    CHECK(found(check_words, "sim/net/network.cpp", "a = 1'000; float b = 2'000;\n").size() == 1);
    CHECK(found(check_words, "sim/net/network.cpp", "/* a\n float\n */ float b;\n")[0].line == 3);
}

TEST_CASE("a word may be allowed in some folders") {
    CHECK(found(check_words, "sim/observe/metrics.cpp", "double x = 1;\n").empty());
    CHECK(found(check_words, "sim/cli/terminal.cpp", "std::getenv(name);\n").empty());
    CHECK(found(check_words, "sim/observe/metrics.cpp", "std::getenv(name);\n").size() == 1);
    CHECK(found(check_words, "sim/net/a.cpp", "#include \"engine/assert.hpp\"\n").empty());
    CHECK(found(check_words, "sim/net/a.cpp", "static_assert(a); BS_ASSERT(b);\n").empty());
    CHECK(found(check_words, "sim/net/a.cpp", "assert(b);\n").size() == 1);
}

TEST_CASE("lines have at most 100 columns, counted in characters") {
    const auto count = [](const std::string& line) {
        return found(check_shape, "sim/net/a.cpp", "// For tests.\n" + line + "\n").size();
    };
    CHECK(count("//" + std::string(98, 'x')) == 0);
    CHECK(count("//" + std::string(99, 'x')) == 1);
    std::string dashes = "//";
    for (int k = 0; k < 98; ++k) {
        dashes += "\u2014";
    }
    CHECK(count(dashes) == 0);
    CHECK(count("int a; ") == 1);
    const std::string quote = "R\"(" + std::string(100, 'x') + ")\"";
    CHECK(count(quote) == 1);
    CHECK(found(check_shape, "tests/net/a_test.cpp", "// For tests.\n" + quote + "\n").empty());
}

TEST_CASE("files have at most 400 lines and begin with a comment") {
    CHECK(found(check_shape, "sim/net/a.cpp", lines(400, "// x")).empty());
    CHECK(found(check_shape, "sim/net/a.cpp", lines(401, "// x")).size() == 1);
    CHECK(found(check_shape, "sim/net/a.inc", lines(401, "// x")).empty());
    CHECK(found(check_shape, "sim/net/a.cpp", "#pragma once\n").size() == 1);
    CHECK(found(check_shape, "sim/net/a.cpp", "").size() == 1);
    CHECK(
        found(check_shape, "tools/a.py", "#!/usr/bin/env python3\n\"\"\"Does it.\"\"\"\n").empty());
    CHECK(found(check_shape, "tools/a.py", "#!/usr/bin/env python3\nimport os\n").size() == 1);
}

TEST_CASE("functions have at most 60 lines from their head to their last brace") {
    const auto count = [](const std::string& text) {
        return found(check_shape, "sim/net/a.cpp", "// For tests.\n" + text).size();
    };
    const auto body = [](std::size_t many) { return lines(many, "    if (a) { b(); }"); };
    CHECK(count("void f(int a) {\n" + body(58) + "}\n") == 0);
    CHECK(count("void f(int a) {\n" + body(59) + "}\n") == 1);
    CHECK(count("namespace n {\nclass C {\n    void f() {\n" + body(59) + "    }\n};\n}\n") == 1);
    CHECK(count("namespace n {\nclass C {\n" + lines(80, "    int a() { return 1; }") +
                "};\n}\n") == 0);
    CHECK(count("const int table[] = {\n" + lines(80, "    1,") + "};\n") == 0);
    CHECK(count("enum class E : int {\n" + lines(80, "    one,") + "};\n") == 0);
    CHECK(count("C::C(int a) : a_{a}, b_{1}\n{\n" + body(59) + "}\n") == 1);
    CHECK(count("#define M(a) do { \\\n  a\nvoid f(int a) {\n" + body(58) + "}\n") == 0);
}

TEST_CASE("left-over notes and paths of one machine are found in every text") {
    CHECK(found(check_leftovers, "docs/a.md",
                "a TO"
                "DO b\n")
              .size() == 1);
    CHECK(found(check_leftovers, "docs/a.md",
                "TO"
                "DOs\n")
              .empty());
    CHECK(found(check_leftovers, "README.md",
                "cd /wo"
                "rk/main\n")
              .size() == 1);
}

} // namespace brokersim::tidy
