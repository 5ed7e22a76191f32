// Whole scenarios: defaults, shorthands, positions, all errors at once, suggestions.
#include "scenario/helpers.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

using namespace brokersim;
using namespace brokersim::test;

TEST_CASE("scenario: the smallest one with traffic has the defaults") {
    const Loaded loaded = load(smallest());
    CHECK(errors(loaded) == "");
    CHECK(warnings(loaded) == "");
    REQUIRE(loaded.scenario);
    const Scenario& s = *loaded.scenario;
    CHECK(s.name == "t");
    CHECK(s.seed == 1);
    CHECK(s.duration == seconds(10));
    CHECK(s.outage_threshold == seconds(1));
    CHECK(s.network.latency.a == microseconds(250));
    CHECK(s.network.bandwidth == 1'250'000'000);
    CHECK(s.control_plane.controllers == 3);
    REQUIRE(s.brokers.size() == 3);
    CHECK(s.brokers[2].name == "b3");
    CHECK(s.brokers[0].cpu.per_byte_millionths == 100'000);
    REQUIRE(s.topics.size() == 1);
    CHECK(s.topics[0].partitions == 1);
    CHECK(s.topics[0].replication_factor == 3);
    CHECK(s.topics[0].assignment.empty());
    REQUIRE(s.producers.size() == 1);
    CHECK(s.producers[0].name == "producer-1");
    CHECK(s.producers[0].rate.count == 1);
    CHECK(s.producers[0].rate.per == milliseconds(10));
    CHECK(s.producers[0].size == 1024);
    CHECK(s.producers[0].keys.kind == KeySpec::Kind::none);
    CHECK(s.producers[0].config.acks == Acks::all);
    CHECK(s.producers[0].config.enable_idempotence);
    CHECK_FALSE(s.producers[0].stop);
    CHECK(s.changed_settings.empty());
    CHECK(s.digest.size() == 5 + 32);
}

TEST_CASE("scenario: an empty object is one, and null means the default") {
    const Loaded empty = load("{}");
    REQUIRE(empty.scenario);
    CHECK(empty.scenario->duration == seconds(60));
    CHECK(empty.scenario->brokers.size() == 3);
    const Loaded nulls = load(R"({"brokers": null, "duration": null, "network": {"latency": null},
        "topics": [{"name": "a", "partitions": null, "config": {"min.insync.replicas": null}}],
        "producers": [{"topic": "a", "rate": "1/s", "poison": null, "stop": null, "config": null}]})");
    CHECK(errors(nulls) == "");
    CHECK(nulls.scenario);
}

TEST_CASE("scenario: shorthands mean the same as what they stand for") {
    const Loaded brief = load(R"({"brokers": 2, "topics": ["a"], "network": {"latency": "5ms"},
        "producers": [{"rate": "1/s", "keys": {"sequence": 7}}],
        "consumers": [{"group": "g", "topics": ["a"], "processing": "3ms", "join": "1s"}]})");
    const Loaded full = load(R"({"brokers": {"count": 2}, "topics": [{"name": "a"}],
        "network": {"latency": "5000us"},
        "producers": [{"topic": "a", "rate": "60/min", "keys": {"sequence": {"count": 7}}}],
        "consumers": [{"group": "g", "topics": ["a"], "processing": {"time": "3ms", "concurrency": 1},
                       "join": {"every": "1s"}}]})");
    CHECK(errors(brief) == "");
    CHECK(errors(full) == "");
    CHECK(brief.canonical == full.canonical);
    REQUIRE(brief.scenario);
    CHECK(brief.scenario->digest == full.scenario->digest);
}

TEST_CASE("scenario: comments, notes, order and spelling do not change the digest; meaning does") {
    const Loaded one = load(R"({"x-note": 1, "seed": 7, /* c */ "duration": "60s"})");
    const Loaded two = load("{\"duration\": \"1min\", \"$schema\": \"x\", \"se\\u0065d\": 7}");
    const Loaded three = load(R"({"seed": 8})");
    REQUIRE(one.scenario);
    REQUIRE(two.scenario);
    REQUIRE(three.scenario);
    CHECK(one.scenario->digest == two.scenario->digest);
    CHECK(one.scenario->digest != three.scenario->digest);
}

TEST_CASE("scenario: all mistakes are reported, each at its place, in the order of the file") {
    const Loaded loaded =
        load("{\"seed\": -1,\n"
             " \"network\": {\"latency\": \"fast\"},\n"
             " \"topics\": [{\"name\": \"orders\",\n"
             "   \"partitions\": 0, \"replication_facter\": 2}],\n"
             " \"producers\": [{\"topic\": \"ordres\", \"rate\": 5}],\n"
             " \"faults\": [{\"at\": \"1s\", \"do\": \"explode\", \"target\": \"b1\"}]}");
    CHECK_FALSE(loaded.scenario);
    const std::string text = errors(loaded);
    CHECK(contains(text, "1:10 /seed \"-1\" is out of range: 0 to 18446744073709551615"));
    CHECK(contains(text, "2:25 /network/latency \"fast\" is no duration"));
    CHECK(contains(text, "4:18 /topics/0/partitions \"0\" is out of range: 1 to 2147483647"));
    CHECK(contains(text,
                   "4:21 /topics/0/replication_facter unknown key \"replication_facter\" (did you "
                   "mean \"replication_factor\"?)"));
    CHECK(contains(
        text, "5:26 /producers/0/topic there is no topic \"ordres\" (did you mean \"orders\"?)"));
    CHECK(contains(text, "5:44 /producers/0/rate expected a rate such as \"1000/s\""));
    CHECK(contains(text, "6:32 /faults/0/do unknown do \"explode\""));
    CHECK(std::count(text.begin(), text.end(), '\n') == 7);
}

TEST_CASE("scenario: a problem shows its source line, a part of a very long one") {
    const Loaded loaded = load("{\n  \"sede\": 1}");
    REQUIRE(loaded.problems.size() == 1);
    CHECK(loaded.problems[0].source == "  \"sede\": 1}");
    CHECK(loaded.problems[0].caret == 3);
    CHECK(loaded.problems[0].file == "t.json");
    const Loaded far = load("{\"x-pad\": \"" + std::string(1 << 20, 'P') + "\", \"sede\": 1}");
    REQUIRE(far.problems.size() == 1);
    const Problem& p = far.problems[0];
    CHECK(p.source.size() <= 160);
    CHECK(p.source.substr(static_cast<std::size_t>(p.caret - 1), 6) == "\"sede\"");
}

TEST_CASE("scenario: integers are written as integers, and the largest seed fits") {
    for (const char* text : {"1.0", "1e0", "-0", "true", "\"1\"", "18446744073709551616", "[1]"}) {
        CAPTURE(text);
        CHECK(contains(errors(load(std::string("{\"seed\": ") + text + "}")), "/seed"));
    }
    const Loaded loaded = load("{\"seed\": 18446744073709551615}");
    REQUIRE(loaded.scenario);
    CHECK(loaded.scenario->seed == 18446744073709551615U);
}

TEST_CASE("scenario: distributions") {
    const auto latency = [](const std::string& text) {
        return load("{\"network\": {\"latency\": " + text + "}}");
    };
    const Loaded loaded =
        latency(R"({"lognormal": {"median": "250us", "p99": "1ms"}, "max": "5ms"})");
    REQUIRE(loaded.scenario);
    CHECK(loaded.scenario->network.latency.kind == Distribution::Kind::lognormal);
    CHECK(loaded.scenario->network.latency.b == milliseconds(1));
    CHECK(loaded.scenario->network.latency.max == milliseconds(5));
    CHECK(latency(R"({"uniform": ["1ms", "1ms"]})").scenario);
    CHECK(latency(R"({"exponential": "2ms", "min": "1ms"})").scenario);
    for (const char* text :
         {"{}", R"({"uniform": ["5ms", "1ms"]})", R"({"uniform": ["1ms"]})",
          R"({"exponential": "0s"})", R"({"exponential": "2ms", "min": "5ms", "max": "1ms"})",
          R"(["1ms", "2ms"])", R"({"lognormal": {"median": "0s", "p99": "1ms"}})",
          R"({"lognormal": {"median": "2ms", "p99": "1ms"}})",
          R"({"lognormal": {"median": "2ms"}})",
          R"({"uniform": ["1ms", "2ms"], "exponential": "2ms"})"}) {
        CAPTURE(text);
        CHECK(contains(errors(latency(text)), "/network/latency"));
    }
}

TEST_CASE("scenario: instances and members become machines; names fit together") {
    const Loaded loaded = load(R"({"topics": ["a"], "brokers": {"count": 4, "racks": ["x", "y"]},
        "producers": [{"name": "p", "rate": "1/s", "instances": 2}],
        "consumers": [{"group": "g", "topics": ["a"], "members": 3}]})");
    REQUIRE(loaded.scenario);
    REQUIRE(loaded.scenario->producers.size() == 2);
    CHECK(loaded.scenario->producers[1].name == "p-2");
    CHECK(loaded.scenario->brokers[2].rack == "x");
    CHECK(loaded.scenario->brokers[3].rack == "y");
    CHECK(loaded.scenario->consumers[0].members == 3);
}

TEST_CASE("scenario: the clusters that were measured load, or say what is not built yet") {
    // The form of the scenarios that stand beside measurements: everything of a typical one.
    const Loaded loaded =
        load(R"({"format": 1, "name": "s", "description": "d", "kafka_version": "4.0",
        "network": {"latency": "50us", "bandwidth": "10Gbit/s"},
        "control_plane": {"mode": "kraft", "controllers": 3, "config": {"leader.imbalance.check.interval.seconds": 5}},
        "brokers": {"count": 3, "config": {"offsets.topic.num.partitions": 3}},
        "topics": [{"name": "orders", "partitions": 3, "replication_factor": 3,
                    "assignment": [["b1","b2","b3"],["b2","b3","b1"],["b3","b1","b2"]],
                    "config": {"min.insync.replicas": 2}}],
        "producers": [{"name": "q0", "topic": "orders", "rate": "20/s", "size": "200B", "partition": 0,
                       "config": {"acks": "1", "linger.ms": 0, "enable.idempotence": false}}],
        "consumers": [{"group": "watch", "topics": ["orders"], "members": 1, "config": {"auto.offset.reset": "earliest"}}],
        "faults": [{"id": "kill", "at": "18s", "do": "crash", "target": "b1", "for": "15s"}],
        "drain": "10s", "duration": "70s", "sweep": {"/faults/0/at": ["18000ms", "18125ms"]}})");
    CHECK(errors(loaded) == "");
    REQUIRE(loaded.scenario);
    CHECK(loaded.has_sweep);
    const Scenario& s = *loaded.scenario;
    CHECK(s.topics[0].assignment[2] == std::vector<std::int32_t>{2, 0, 1});
    CHECK(s.topics[0].config.min_insync_replicas == 2);
    CHECK(s.producers[0].config.acks == Acks::leader);
    CHECK_FALSE(s.producers[0].config.enable_idempotence);
    CHECK(s.brokers[0].config.leader_imbalance_check_interval == seconds(5));
    CHECK(s.faults[0].lasts == seconds(15));
    const std::vector<std::pair<std::string, std::string>> changed = {
        {"leader.imbalance.check.interval.seconds", "5"}, {"offsets.topic.num.partitions", "3"}};
    CHECK(s.changed_settings == changed);
}

TEST_CASE("scenario: damaged scenarios never crash, and never pass in silence") {
    const std::string good = smallest(
        R"("faults": [{"at": "1s", "do": "cut", "from": ["b1"], "to": "leader:orders/0", "for": "2s"}],
        "expect": [{"metric": "produce.latency.p99", "below": "5ms"}, {"isr": {"orders/0": ["b1"]}, "at": "2s"}],
        "network": {"links": [{"from": "b1", "to": "b2", "latency": {"uniform": ["1ms", "2ms"]}}]})");
    REQUIRE(load(good).scenario);
    std::uint64_t state = 7;
    const auto random = [&](std::size_t below) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        return (state >> 33) % below;
    };
    const std::string bytes = "{}[]\",:/0-1e.sb\\x";
    for (int round = 0; round < 5'000; ++round) {
        std::string text = good;
        for (std::size_t k = 0; k <= random(3); ++k) {
            const std::size_t at = random(text.size());
            const std::size_t from = random(good.size());
            switch (random(3)) {
            case 0: text[at] = bytes[random(bytes.size())]; break;
            case 1: text.erase(at, 1 + random(6)); break;
            default: text.insert(at, good.substr(from, random(12))); break;
            }
        }
        const Loaded loaded = load(text);
        CHECK(loaded.scenario.has_value() != has_errors(loaded.problems));
    }
}
