// `brokersim run`: outputs, limits, signals and exit statuses.
#include "cli/program.hpp"

#include <doctest/doctest.h>

#include <csignal>

using namespace brokersim;
using test::Ended;
using test::Folder;
using test::run_program;

namespace {

constexpr const char* small = R"({
  "name": "small", "duration": "2s",
  "brokers": 3, "topics": [{"name": "orders", "partitions": 2, "replication_factor": 2}],
  "producers": [{"name": "shop", "topic": "orders", "rate": "10/s", "keys": {"sequence": 100}}],
  "expect": [{"no_acked_loss": true}]
})";

/// A folder with the small scenario, "s.json".
class Workplace : public Folder {
public:
    Workplace() { test::write_file(file("s.json"), small); }

    Ended run(std::vector<std::string> arguments, const test::Circumstances& how = {}) const {
        arguments.insert(arguments.begin(), {"run", "s.json"});
        return run_program(*this, arguments, how);
    }
    std::string read(const std::string& name) const { return test::read_file(path / name); }
};

using Names = std::vector<std::string>;

/// The last line of a trace.
std::string end_of(const std::string& trace) {
    const std::size_t at = trace.rfind("{\"k\":\"end\"");
    return at == std::string::npos ? "" : trace.substr(at);
}

} // namespace

TEST_CASE("a run prints its summary and writes a whole trace, the same bytes every time") {
    const Workplace here;
    const Ended first = here.run({"--trace", "t.jsonl"});
    INFO(first.err);
    CHECK(first.status == 0);
    CHECK(first.out.find("Fingerprint: model:") != std::string::npos);
    CHECK(first.err.find("next: brokersim show t.jsonl --at 1s topics") != std::string::npos);
    CHECK(here.names() == Names{"s.json", "t.jsonl"});
    const std::string trace = here.read("t.jsonl");
    CHECK(end_of(trace).find("\"status\":\"completed\"") != std::string::npos);
    const Ended again = here.run({"--trace", "t.jsonl", "--quiet"});
    CHECK(again.out == first.out);
    CHECK(again.err.empty());
    CHECK(here.read("t.jsonl") == trace);
    const Ended untraced = here.run({"-q"});
    CHECK(untraced.out == first.out);
}

TEST_CASE("the trace can have standard output, and the summary moves away") {
    const Workplace here;
    here.run({"--trace", "t.jsonl"});
    const Ended ended = here.run({"--trace", "-"});
    CHECK(ended.status == 0);
    CHECK(ended.out == here.read("t.jsonl"));
    CHECK(ended.err.find("Fingerprint: model:") != std::string::npos);
}

TEST_CASE("a packed trace unpacks to the same lines") {
    const Workplace here;
    here.run({"--trace", "t.jsonl"});
    CHECK(here.run({"--trace", "t.jsonl.zst"}).status == 0);
    CHECK(here.read("t.jsonl.zst").size() < here.read("t.jsonl").size() / 2);
    const Ended plain = run_program(here, {"show", "t.jsonl", "log", "orders/0"});
    const Ended packed = run_program(here, {"show", "t.jsonl.zst", "log", "orders/0"});
    CHECK(plain.status == 0);
    CHECK(plain.out == packed.out);
}

TEST_CASE("an expectation that fails is the answer no") {
    const Workplace here;
    const Ended ended = here.run({"--set", "/expect/0/no_acked_loss=false", "--trace", "t.jsonl"});
    CHECK(ended.status == 1);
    CHECK(!ended.out.empty());
    CHECK(!end_of(here.read("t.jsonl")).empty());
}

TEST_CASE("a wrong scenario prints nothing, writes nothing, and leaves the old trace alone") {
    const Workplace here;
    test::write_file(here.file("t.jsonl"), "yesterday\n");
    const Ended ended = here.run({"--set", "/brokers=-1", "--trace", "t.jsonl"});
    CHECK(ended.status == 2);
    CHECK(ended.out.empty());
    CHECK(here.read("t.jsonl") == "yesterday\n");
    CHECK(here.names() == Names{"s.json", "t.jsonl"});
}

TEST_CASE("a trace does not replace its own input, whatever links lead there") {
    const Workplace here;
    std::filesystem::create_symlink("s.json", here.path / "link");
    for (const std::string name : {"s.json", "link", "./s.json"}) {
        const Ended ended = here.run({"--trace", name});
        CHECK(ended.status == 2);
        CHECK(ended.out.empty());
        CHECK(here.read("s.json") == small);
    }
}

TEST_CASE("a disk that is full, or a folder that is not there, is told with the name of the file") {
    const Workplace here;
    test::Circumstances narrow;
    narrow.file_bytes = 2000;
    Ended ended = here.run({"--trace", "t.jsonl"}, narrow);
    CHECK(ended.status == 3);
    CHECK(ended.err.find("t.jsonl") != std::string::npos);
    CHECK(ended.out.empty());
    CHECK(here.names() == Names{"s.json"});
    ended = here.run({"--trace", "nope/t.jsonl"});
    CHECK(ended.status == 3);
    CHECK(ended.err.find("nope/t.jsonl") != std::string::npos);
    test::Circumstances full;
    full.out_to = "/dev/full";
    CHECK(here.run({}, full).status == 3);
    CHECK(here.run({"--narrate"}, full).status == 3);
}

TEST_CASE("a limit that is met ends the run with status 4 and a marked trace") {
    const Workplace here;
    const Ended ended =
        here.run({"--duration", "3650d", "--set", "/producers/0/rate=1000/s", "--max-events",
                  "1000000000000000", "--max-memory", "1000000GiB", "--time-limit", "100ms",
                  "--trace", "t.jsonl", "--trace-level", "state"});
    INFO(ended.err);
    CHECK(ended.status == 4);
    CHECK(ended.err.find("--time-limit") != std::string::npos);
    CHECK(ended.out.find("interrupted") != std::string::npos);
    CHECK(end_of(here.read("t.jsonl")).find("\"status\":\"interrupted\"") != std::string::npos);
    CHECK(run_program(here, {"show", "t.jsonl"}).status == 0);
}

TEST_CASE("several scenarios have a folder for their traces") {
    const Workplace here;
    test::write_file(here.file("other.json"), small);
    const Ended ended = here.run({"other.json", "--trace", "traces", "--json", "--set", "/seed=7"});
    CHECK(ended.status == 0);
    CHECK(std::count(ended.out.begin(), ended.out.end(), '\n') == 2);
    CHECK(here.read("traces/small.jsonl") == here.read("traces/small-2.jsonl"));
    CHECK(!end_of(here.read("traces/small.jsonl")).empty());
}

TEST_CASE("--seed is the seed of the run, exactly") {
    const Workplace here;
    const Ended ended = here.run({"--seed", "18446744073709551615", "--trace", "t.jsonl"});
    CHECK(ended.status == 0);
    CHECK(here.read("t.jsonl").find("\"seed\":18446744073709551615,") != std::string::npos);
}

TEST_CASE("--narrate tells the run before its summary") {
    const Workplace here;
    const Ended ended = here.run({"--narrate", "-q"});
    CHECK(ended.status == 0);
    CHECK(ended.out.find("the partitioner says orders/") != std::string::npos);
    CHECK(ended.out.find("has the acknowledgement of orders/") != std::string::npos);
    CHECK(ended.out.ends_with(here.run({"-q"}).out));
}

TEST_CASE("a first signal ends a run in order, with a marked trace and its status") {
    for (const int number : {SIGINT, SIGTERM}) {
        const Workplace here;
        const pid_t child = ::fork();
        if (child == 0) {
            if (::chdir(here.path.c_str()) != 0) { ::_exit(99); }
            const int null = ::open("/dev/null", O_RDWR);
            ::dup2(null, 1);
            ::dup2(null, 2);
            ::execl(BROKERSIM_PROGRAM, "brokersim", "run", "s.json", "--duration", "3650d",
                    "--max-events", "1000000000000000", "--max-memory", "1000000GiB",
                    "--time-limit", "20s", "--trace", "t.jsonl", "--trace-level", "state",
                    static_cast<char*>(nullptr));
            ::_exit(98);
        }
        // Its temporary file tells that it runs.
        for (int k = 0; k < 1000 && here.names().size() < 2; ++k) {
            ::usleep(10'000);
        }
        ::usleep(100'000);
        ::kill(child, number);
        int status = 0;
        ::waitpid(child, &status, 0);
        REQUIRE(WIFEXITED(status));
        CHECK(WEXITSTATUS(status) == 128 + number);
        CHECK(here.names() == Names{"s.json", "t.jsonl"});
        CHECK(end_of(here.read("t.jsonl")).find("\"status\":\"interrupted\"") != std::string::npos);
    }
}

TEST_CASE("retries that cost nothing do not stop the clock") {
    const Workplace here;
    test::write_file(here.file("still.json"), R"({
      "name": "still", "duration": "10s", "network": {"latency": "0s", "bandwidth": "unlimited"},
      "brokers": {"count": 3, "cpu": {"per_request": "0s", "per_byte": "0ns"}},
      "topics": [{"name": "orders", "partitions": 3, "replication_factor": 3}],
      "producers": [{"name": "shop", "topic": "orders", "rate": "100/s", "size": "200B",
                     "config": {"retry.backoff.ms": 0, "retry.backoff.max.ms": 0,
                                "reconnect.backoff.ms": 0, "reconnect.backoff.max.ms": 0}}],
      "faults": [{"at": "1ms", "do": "crash", "target": ["b1", "b2", "b3"]}]
    })");
    const Ended ended = run_program(
        here, {"run", "still.json", "-q", "--trace", "t.jsonl", "--max-events", "2000000"});
    INFO(ended.err);
    CHECK(ended.status == 0);
    CHECK(end_of(here.read("t.jsonl")).find("\"completed\"") != std::string::npos);
}
