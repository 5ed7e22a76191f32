// The JSON reader: positions, strictness, limits.
#include "scenario/helpers.hpp"
#include "scenario/reader.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <cstdint>

using namespace brokersim;
using namespace brokersim::test;

namespace {

std::string first_problem(const std::string& text) {
    Report report;
    const auto source = report.add_source("t.json", text);
    const auto root = read_json(text, source, report);
    const Problems problems = report.take();
    if (problems.empty()) { return root ? "" : "nothing"; }
    const Problem& p = problems.front();
    return std::to_string(p.line) + ":" + std::to_string(p.column) + " " + p.pointer + " " + p.text;
}

} // namespace

TEST_CASE("reader: every key and value knows where it stands") {
    const std::string text =
        "{ // note\n  \"a\": /* x */ [1, {\"b\" :\t-2.50e3}],\n  \"c\": \"s\\u0041\"}";
    Report report;
    const auto root = read_json(text, report.add_source("t.json", text), report);
    REQUIRE(root);
    const Node& a = *root->find("a");
    CHECK(text.substr(a.key_offset, 3) == "\"a\"");
    CHECK(text[a.offset] == '[');
    const Node& b = *a.children[1].find("b");
    CHECK(b.text == "-2.50e3");
    CHECK(text.substr(b.offset, 7) == "-2.50e3");
    const Node& c = *root->find("c");
    CHECK(c.text == "sA");
    CHECK(text.substr(c.offset, 4) == "\"s\\u");
}

TEST_CASE("reader: numbers keep their text beyond what a double holds") {
    const std::string text = "[18446744073709551615, 0.1000000000000000055511151231257827]";
    Report report;
    const auto root = read_json(text, report.add_source("t.json", text), report);
    REQUIRE(root);
    CHECK(root->children[0].text == "18446744073709551615");
    CHECK(root->children[1].text == "0.1000000000000000055511151231257827");
}

TEST_CASE("reader: syntax errors have the place and a sentence") {
    CHECK(contains(first_problem("{\"a\": 1,\n}"), "1:8  a comma before the closing bracket"));
    CHECK(
        contains(first_problem("{\"a\": [1,2,]}"), "1:11 /a/2 a comma before the closing bracket"));
    CHECK(contains(first_problem("{\"a\":\n  tru }"), "2:6 /a"));
    CHECK(contains(first_problem("{\"a\": 1} x"), "1:10"));
    CHECK(contains(first_problem(""), "the file holds no JSON value"));
    CHECK(contains(first_problem("// only a comment"), "the file holds no JSON value"));
    CHECK(contains(first_problem("{} /* open"), "1:4  this comment is never closed"));
    CHECK(contains(first_problem("\xEF\xBB\xBF{}"), "byte order mark"));
    CHECK(contains(first_problem("{\"a\": \"\xff\"}"), "1:8  these bytes are not UTF-8"));
    CHECK(contains(first_problem(std::string("{}\0", 3)), "1:3  a NUL byte"));
    CHECK(contains(first_problem("// caf\xe9\n{}"), "1:7  these bytes are not UTF-8"));
    CHECK(first_problem("{\"a\": \"\\ud800\"}") != "");
}

TEST_CASE("reader: the same key twice is an error, also when spelled differently") {
    CHECK(contains(first_problem("{\"a\": 1, \"b\": {\"c\": 1,\n \"\\u0063\": 1}}"),
                   "2:2 /b/c duplicate key \"c\""));
    CHECK(first_problem("{\"a\": {\"a\": 1}}") == "");
}

TEST_CASE("reader: 64 levels are the limit") {
    const auto nested = [](std::size_t depth) {
        return std::string(depth, '[') + std::string(depth, ']');
    };
    CHECK(first_problem(nested(64)) == "");
    CHECK(contains(first_problem(nested(65)), "nested more than 64 levels deep"));
    CHECK(contains(first_problem(std::string(1'000'000, '[')), "nested more than 64 levels deep"));
}

TEST_CASE("reader: accepts what nlohmann accepts, and nothing else, in damaged texts") {
    const std::string good =
        R"({"a": [1, -2.5e3, true, null, "x\n\u00e9é"], "b": {"c": {}, "d": []}, /* c */ "e": "" // x
})";
    std::uint64_t state = 1;
    const auto random = [&](std::size_t below) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        return (state >> 33) % below;
    };
    const std::string bytes = "{}[]\",:/*\\ \n0-1e.tfn\x80\xC3u";
    std::size_t accepted = 0;
    for (int round = 0; round < 20'000; ++round) {
        std::string text = good;
        for (std::size_t k = 0; k <= random(3); ++k) {
            const std::size_t at = random(text.size());
            switch (random(3)) {
            case 0: text[at] = bytes[random(bytes.size())]; break;
            case 1: text.erase(at, 1 + random(4)); break;
            default: text.insert(at, 1, bytes[random(bytes.size())]); break;
            }
        }
        Report report;
        const auto root = read_json(text, report.add_source("t.json", text), report);
        // nlohmann does not look into comments and takes the last of equal keys.
        const bool theirs = nlohmann::json::accept(text, true);
        if (root) {
            CHECK_MESSAGE(theirs, text);
            ++accepted;
            // What was read is what they read, without numbers' spelling.
            if (report.errors() == 0) {
                CHECK(nlohmann::json::parse(compact_json(*root)) ==
                      nlohmann::json::parse(text, nullptr, true, true));
            }
        } else if (theirs) {
            const Problems problems = report.take();
            CHECK_MESSAGE(contains(problems.front().text, "UTF-8"), text);
        }
    }
    CHECK(accepted > 1000);
}
