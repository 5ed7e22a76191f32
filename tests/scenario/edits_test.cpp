// `--set`, options, `extends`, `sweep`, and the canonical form.
#include "scenario/helpers.hpp"

#include <doctest/doctest.h>

using namespace brokersim;
using namespace brokersim::test;

namespace {

Loaded with_sets(const std::vector<std::string>& sets, const std::string& text = smallest()) {
    LoadOptions options;
    options.sets = sets;
    return load(text, options);
}

/// Loads "t.json" among these files.
Loaded among(const std::map<std::string, std::string>& files, const std::string& name = "t.json") {
    LoadOptions options;
    options.read_file = [&files](const std::string& path) {
        FileText out;
        const auto file = files.find(path);
        out.found = file != files.end();
        if (out.found) {
            out.text = file->second;
        } else {
            out.error = "no such file";
        }
        return out;
    };
    return load_scenario(files.at(name), name, options);
}

} // namespace

TEST_CASE("set: values are JSON where they parse, else texts, and are applied in order") {
    const Loaded loaded =
        with_sets({"/seed=5", "/seed=6", "/producers/0/rate=50/s", "/producers/0/config/acks=1",
                   "/topics/-=returns", "/x-note=anything at all", "/name=\"7\"",
                   "/faults/-={\"at\": \"6s\", \"do\": \"pause\", \"target\": \"b3\"}"});
    REQUIRE_MESSAGE(loaded.scenario, errors(loaded));
    const Scenario& s = *loaded.scenario;
    CHECK(s.seed == 6);
    CHECK(s.name == "7");
    CHECK(s.producers[0].rate.per == milliseconds(20));
    CHECK(s.producers[0].config.acks == Acks::leader);
    CHECK(s.topics[1].name == "returns");
    CHECK(s.faults[0].target.machines[0] == "b3");
    CHECK(with_sets({"/brokers=null", "/network/latency=2ms"}).scenario->network.latency.a ==
          milliseconds(2));
    CHECK(with_sets({"/x-deep=" + std::string(10'000, '[')}).scenario);
}

TEST_CASE("set: what is wrong with one is said under its name") {
    const auto problem = [](const std::string& set) {
        const Loaded loaded = with_sets({set});
        CHECK_FALSE(loaded.scenario);
        REQUIRE_FALSE(loaded.problems.empty());
        const Problem& p = loaded.problems.front();
        CHECK(p.line == 0);
        return p.file + ": " + p.text;
    };
    CHECK(problem("/seed=-1") == "--set /seed: \"-1\" is out of range: 0 to 18446744073709551615");
    CHECK(contains(problem("/producers/0/raet=1/s"),
                   "--set /producers/0/raet: unknown key \"raet\" (did you mean"));
    CHECK(contains(problem("/producers/9/rate=1/s"), "there is no item \"9\": the list has 1"));
    CHECK(contains(problem("/producers/first/rate=1/s"), "there is no item \"first\""));
    CHECK(contains(problem("/producers/00/rate=1/s"), "there is no item \"00\""));
    CHECK(contains(problem("/producers/-/rate=1/s"), "there is no item \"-\""));
    CHECK(contains(problem("/duration/first=x"), "nothing below a string"));
    CHECK(contains(problem("seed=5"), "is no JSON pointer"));
    CHECK(contains(problem("/a~2b=5"), "is no JSON pointer"));
    CHECK(contains(problem("/seed"), "write --set /pointer=value"));
    CHECK(contains(problem(""), "write --set /pointer=value"));
    CHECK(contains(problem("=5"), "is no JSON pointer"));
    CHECK(contains(problem("/producers=[{"), "expected a list of producers, not a string"));
    CHECK(contains(problem("/network={\"loss\": 0, \"loss\": 0}"), "duplicate key"));
}

TEST_CASE("options: seed and duration win over the file and over --set") {
    LoadOptions options;
    options.sets = {"/seed=5"};
    options.seed = 18446744073709551615U;
    options.duration = "3s";
    const Loaded loaded = load(smallest(), options);
    REQUIRE(loaded.scenario);
    CHECK(loaded.scenario->seed == 18446744073709551615U);
    CHECK(loaded.scenario->duration == seconds(3));
    options.duration = "3";
    CHECK(load(smallest(), options).problems.front().file == "--duration");
}

TEST_CASE("extends: a file is laid over its base, null removes") {
    const Loaded loaded =
        among({{"t.json",
                R"({"extends": "sub/../sub/base.json", "seed": 2, "network": {"links": null}})"},
               {"sub/base.json", R"({"extends": "deep.json", "seed": 1, "duration": "7s"})"},
               {"sub/deep.json",
                R"({"network": {"latency": "3ms", "links": [{"from": "b1", "to": "b9"}]}})"}});
    REQUIRE_MESSAGE(loaded.scenario, errors(loaded));
    CHECK(loaded.scenario->seed == 2);
    CHECK(loaded.scenario->duration == seconds(7));
    CHECK(loaded.scenario->network.latency.a == milliseconds(3));
    CHECK(loaded.scenario->network.links.empty());
}

TEST_CASE("extends: mistakes in a base have its name and line") {
    const Loaded loaded =
        among({{"t.json", R"({"extends": "base.json"})"}, {"base.json", "{\n \"sede\": 1}"}});
    REQUIRE(loaded.problems.size() == 1);
    CHECK(loaded.problems[0].file == "base.json");
    CHECK(loaded.problems[0].line == 2);
    CHECK(loaded.problems[0].pointer == "/sede");
}

TEST_CASE("extends: only files below the scenario, no circles, 8 at most") {
    const auto refused = [](const std::string& path, const std::string& part) {
        const Loaded loaded = among({{"t.json", "{\"extends\": " + path + "}"},
                                     {"loop.json", "{\"extends\": \"t.json\"}"},
                                     {"list.json", "[]"}});
        CAPTURE(path);
        CHECK_FALSE(loaded.scenario);
        CHECK(contains(errors(loaded), part));
    };
    refused("\"nowhere.json\"", "cannot read \"nowhere.json\": no such file");
    refused("\"../base.json\"", "leads out of the scenario's directory");
    refused("\"a/../../t.json\"", "leads out of the scenario's directory");
    refused("\"/etc/passwd\"", "is no relative path");
    refused("\"file:///etc/passwd\"", "is no relative path");
    refused("\"\"", "is no relative path");
    refused("\"t.json\"", "extend each other");
    refused("\"loop.json\"", "extend each other");
    refused("\"list.json\"", "holds no object");
    refused("3", "expected the relative path");
    std::map<std::string, std::string> chain;
    const auto name = [](int k) {
        return k == 0 ? std::string("t.json") : "f" + std::to_string(k) + ".json";
    };
    for (int k = 0; k < 12; ++k) {
        chain[name(k)] = "{\"extends\": \"" + name(k + 1) + "\"}";
    }
    CHECK(contains(errors(among(chain)), "more than 8 files"));
    chain[name(8)] = "{}";
    CHECK(among(chain).scenario);
    CHECK(contains(errors(load(R"({"extends": "base.json"})")), "not possible here"));
}

TEST_CASE("sweep: its places exist and its values are accepted there") {
    const auto problems = [](const std::string& sweep) {
        return errors(load(smallest("\"sweep\": {" + sweep + "}")));
    };
    CHECK(
        problems(
            R"("/producers/0/config/acks": ["1", "all"], "/seed": {"from": 1, "count": 100}, "x-a": 1)") ==
        "");
    CHECK(load(smallest("\"sweep\": {\"/seed\": [1]}")).has_sweep);
    CHECK_FALSE(load(smallest("\"sweep\": null")).has_sweep);
    CHECK(contains(problems(R"("/topics/9/partitions": [1])"), "there is no item \"9\""));
    CHECK(contains(problems(R"("/producers/0/raet": ["1/s"])"), "unknown key \"raet\""));
    CHECK(contains(problems(R"("/producers/0/burst": [1, 2, -3])"),
                   "/sweep/~1producers~10~1burst/2 with this value"));
    CHECK(contains(problems(R"("/seed": [])"), "the list of values is empty"));
    CHECK(contains(problems(R"("/seed": {"from": 1, "count": 0})"), "at least 1"));
    CHECK(contains(problems(R"("/seed": {"from": 1})"), "\"count\" is needed"));
    CHECK(contains(problems(R"("/seed": "1..3")"), "expected a list of values"));
    CHECK(contains(problems(R"("/seed": {"from": 9223372036854775807, "count": 2})"),
                   "out of range"));
    CHECK(contains(problems(R"("/producers/0/burst": {"from": 0, "count": 2})"),
                   "out of range: 1 to 2147483647"));
    CHECK(contains(problems(R"("seed": [1])"), "is no JSON pointer"));
    CHECK(contains(problems(R"("/seed": {"from": 0, "count": 1000000000000})"),
                   "the limit is 1000000000"));
}

TEST_CASE("canonical: loads again as the same scenario, whatever it holds") {
    const std::string full =
        R"({"name": "n\u0000\"", "lesson": {"question": "q", "watch": ["a"]}, "seed": 3, "drain": "5s", "heal": true,
        "network": {"latency": {"exponential": "2ms", "min": "1ms"}, "bandwidth": "unlimited",
                    "links": [{"from": "b1", "to": "b2", "latency": {"uniform": ["1ms", "2ms"]}, "bandwidth": "1MB/s", "both_ways": true}]},
        "control_plane": {"controllers": 1, "config": {"broker.session.timeout.ms": 20000}},
        "brokers": {"count": 4, "racks": ["r1", "r2"], "cpu": {"per_byte": "0.000125ns"}, "disk": {"write": "8kbit/s"},
                    "config": {"broker.session.timeout.ms": 18000, "unclean.leader.election.enable": true}},
        "topics": [{"name": "a", "assignment": [["b1", "b2"], ["b3", "b4"]]}, "b"],
        "producers": [{"name": "p", "topic": "a", "rate": "7/h", "instances": 2, "arrivals": "poisson", "burst": 3, "size": "1MB",
                       "keys": {"list": ["x", "\u00e9"]}, "start": "1s", "stop": "5s", "count": 10, "partitioner": "round_robin",
                       "config": {"acks": 1, "linger.ms": 9223372036854775807}},
                      {"topic": "b", "rate": "0.5/s", "partition": 0, "partitioner": "explicit", "keys": {"uniform": 5}}],
        "consumers": [{"group": "g", "topics": ["b", "a"], "members": 2, "join": "1s", "stop": "9s", "processing": {"exponential": "1ms"},
                       "commit": "after_processing", "config": {"isolation.level": "read_committed", "group.instance.id": "i"}}],
        "faults": [{"at": "1s", "do": "cut", "from": "zone:r1", "to": "leader:a/1", "for": "1s"}, {"at": "2s", "do": "heal"},
                   {"id": "x", "at": "3s", "do": "stop", "target": "controller", "for": "2s"}],
        "expect": [{"no_acked_loss": false}, {"acked_lost": {"between": [0, 5]}}, {"leader": {"a/0": null, "a/1": "b3"}, "at": "4s"},
                   {"isr": {"b/0": ["b1"]}, "at": "4s"}, {"metric": "consume.rate", "above": "7/h", "group": "g"},
                   {"metric": "unavailable.max", "topic": "a", "partition": 1, "side": "metadata", "between": ["1ms", "2s"], "from": "1s"}]})";
    const Loaded first = load(full);
    CHECK(errors(first) == "");
    REQUIRE(first.scenario);
    const Loaded second = load(first.canonical);
    CHECK(errors(second) == "");
    CHECK(warnings(second) == "");
    CHECK(second.canonical == first.canonical);
    REQUIRE(second.scenario);
    CHECK(second.scenario->digest == first.scenario->digest);
    CHECK(second.scenario->changed_settings == first.scenario->changed_settings);
    CHECK(second.scenario->brokers[3].config.broker_session_timeout == seconds(18));
    CHECK(second.scenario->producers.size() == 3);
}
