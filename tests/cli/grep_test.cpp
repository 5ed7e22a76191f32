// The command grep.
#include "cli/program.hpp"
#include "cli/zstd_stream.hpp"
#include "trace/histories.hpp"
#include "trace/recorder.hpp"

#include <doctest/doctest.h>

#include <sstream>

using namespace brokersim;
using test::Ended;
using test::Folder;
using test::run_program;
using test::write_file;

namespace {

/// A run of the program: a broker dies, a group reads.
std::string traced(const Folder& folder) {
    write_file(folder.file("s.json"),
               R"({"brokers": 3, "topics": [{"name": "orders", "partitions": 2}],
      "producers": [{"name": "shop", "rate": "20/s"}], "duration": "14s",
      "consumers": [{"group": "billing", "topics": ["orders"]}],
      "faults": [{"id": "power", "at": "2s", "do": "crash", "target": "b1"}]})");
    REQUIRE(run_program(folder, {"run", "s.json", "--trace", "t.jsonl"}).status == 0);
    return test::read_file(folder.file("t.jsonl"));
}

/// The lines of a trace that hold a part of text.
std::string lines_with(const std::string& trace, const std::string& part) {
    std::istringstream lines(trace);
    std::string out;
    for (std::string line; std::getline(lines, line);) {
        if (line.find(part) != std::string::npos) { out += line + "\n"; }
    }
    return out;
}

} // namespace

TEST_CASE("grep: lines of the trace as they are") {
    const Folder folder;
    const std::string trace = traced(folder);
    const auto grep = [&](std::vector<std::string> words) {
        words.insert(words.begin(), {"grep", "t.jsonl"});
        const Ended ended = run_program(folder, words);
        CHECK(ended.status == 0);
        CHECK(ended.err.empty());
        return ended.out;
    };
    CHECK(grep({"--event", "ctl.part"}) == lines_with(trace, "\"e\":\"ctl.part\""));
    CHECK(grep({"--event", "prod.*"}) == lines_with(trace, "\"e\":\"prod."));
    const std::string both = grep({"--event", "ctl.part", "--event", "node.down"});
    CHECK(both == grep({"--event", "node.down", "--event", "ctl.part"}));
    CHECK(lines_with(both, "node.down") == lines_with(trace, "\"e\":\"node.down\""));
    CHECK(grep({"--event", "log.append", "--tp", "orders/1", "--node", "b2"}) ==
          lines_with(lines_with(trace, "\"e\":\"log.append\",\"node\":\"b2\""), "\"orders/1\""));
    // A producer's lines are those of its machine.
    CHECK(grep({"--event", "prod.ack", "--node", "shop"}) ==
          lines_with(trace, "\"e\":\"prod.ack\""));
    CHECK(grep({"--event", "cons.gen", "--node", "billing-1"}) ==
          lines_with(trace, "\"e\":\"cons.gen\""));
    CHECK(grep({"--event", "node.up", "--from", "1s"}).empty());
}

TEST_CASE("grep: times include both ends") {
    const Folder folder;
    const std::string trace = traced(folder);
    const std::string down = lines_with(trace, "\"e\":\"node.down\"");
    REQUIRE_FALSE(down.empty());
    const std::vector<std::string> at = {"grep",   "t.jsonl", "--event", "node.down",
                                         "--from", "2s",      "--to",    "2s"};
    CHECK(run_program(folder, at).out == down);
    CHECK(run_program(folder, {"grep", "t.jsonl", "--event", "node.down", "--to", "1999999999ns"})
              .out.empty());
}

TEST_CASE("grep: a fault brings what came of it") {
    const Folder folder;
    const std::string trace = traced(folder);
    const std::string out = run_program(folder, {"grep", "t.jsonl", "--fault", "power"}).out;
    CHECK(out.find("\"e\":\"fault.begin\"") != std::string::npos);
    CHECK(out.find("\"e\":\"node.down\"") != std::string::npos);
    CHECK(out.find("\"t\":0,") == std::string::npos);
    CHECK(out.size() < trace.size());
}

TEST_CASE("grep: packed and piped traces give the same lines") {
    const Folder folder;
    const std::string trace = traced(folder);
    const std::string wanted = run_program(folder, {"grep", "t.jsonl", "--event", "hw"}).out;
    CHECK(run_program(folder, {"grep", "-", "--event", "hw"}, {.in = trace}).out == wanted);
    test::MemorySink sink;
    ZstdSink zstd(sink);
    REQUIRE(zstd.write(trace));
    REQUIRE(zstd.finish());
    write_file(folder.file("t.zst"), sink.bytes);
    CHECK(run_program(folder, {"grep", "t.zst", "--event", "hw"}).out == wanted);
}

TEST_CASE("grep: nothing of a damaged trace is shown") {
    const Folder folder;
    std::string trace = traced(folder);
    const std::size_t at = trace.find("\"count\":1");
    REQUIRE(at != std::string::npos);
    std::string damaged = trace;
    damaged[at + 8] = '2';
    write_file(folder.file("d.jsonl"), damaged);
    Ended ended = run_program(folder, {"grep", "d.jsonl", "--event", "ctl.part"});
    CHECK(ended.status == 2);
    CHECK(ended.out.empty());
    CHECK(run_program(folder, {"grep", "-", "--event", "ctl.part"}, {.in = damaged}).out.empty());

    trace.erase(trace.rfind("{\"k\":\"end\""));
    write_file(folder.file("c.jsonl"), trace);
    ended = run_program(folder, {"grep", "c.jsonl", "--event", "ctl.part"});
    CHECK(ended.status == 2);
    CHECK(ended.out.empty());
    CHECK(ended.err.find("incomplete") != std::string::npos);
    ended = run_program(folder, {"grep", "c.jsonl", "--event", "ctl.part", "--partial"});
    CHECK(ended.status == 0);
    CHECK(ended.out == lines_with(trace, "\"e\":\"ctl.part\""));
}

TEST_CASE("grep: what the trace does not know is said, with what may have been meant") {
    const Folder folder;
    traced(folder);
    const auto refused = [&](std::vector<std::string> words, const std::string& text) {
        words.insert(words.begin(), {"grep", "t.jsonl"});
        const Ended ended = run_program(folder, words);
        CHECK(ended.status == 2);
        CHECK(ended.out.empty());
        CHECK(ended.err.find(text) != std::string::npos);
    };
    refused({"--node", "shpo"}, "did you mean \"shop\"?");
    refused({"--tp", "orders/2"}, "no partition \"orders/2\"");
    refused({"--fault", "powr"}, "did you mean \"power\"?");
    refused({"--event", "ctl.prat"}, "did you mean \"ctl.part\"?");
    refused({"--event", "nothing.*"}, "unknown event");
}
