// Fields that have to fit together: names, references, assignments, faults, expectations, limits.
#include "scenario/helpers.hpp"

#include <doctest/doctest.h>

using namespace brokersim;
using namespace brokersim::test;

namespace {

void refused(const std::string& text, const std::string& part) {
    const std::string problems = errors(load(text));
    CAPTURE(text);
    CAPTURE(problems);
    CHECK(contains(problems, part));
}

std::string topic(const std::string& more) {
    return R"({"topics": [{"name": "orders", )" + more + "}]}";
}

std::string fault(const std::string& fields) {
    return R"({"topics": [{"name": "orders", "partitions": 3}], "brokers": {"racks": ["az1", "az2"]},
        "producers": [{"name": "shop", "rate": "1/s"}],
        "consumers": [{"group": "billing", "topics": ["orders"], "members": 2}], "duration": "10s",
        "faults": [{)" +
           fields + "}]}";
}

FaultSpec built(const std::string& fields) {
    const Loaded loaded = load(fault(fields));
    REQUIRE_MESSAGE(loaded.scenario, errors(loaded));
    return loaded.scenario->faults[0];
}

std::string expecting(const std::string& fields) {
    return R"({"topics": [{"name": "orders", "partitions": 3}], "producers": [{"name": "shop", "rate": "1/s"}],
        "duration": "10s", "expect": [{)" +
           fields + "}]}";
}

ExpectSpec expectation(const std::string& fields) {
    const Loaded loaded = load(expecting(fields));
    REQUIRE_MESSAGE(loaded.scenario, errors(loaded));
    return loaded.scenario->expect[0];
}

} // namespace

TEST_CASE("rules: replicas and assignments fit the brokers") {
    refused(topic(R"("replication_factor": 4)"), "needs as many brokers; there are 3");
    refused(topic(R"("assignment": [["b1", "b9"]])"),
            "/topics/0/assignment/0/1 there is no broker \"b9\"");
    refused(topic(R"("assignment": [["b1", "b1"]])"), "stands here twice");
    refused(topic(R"("assignment": [["b1", "b2"], ["b3"]])"), "/topics/0/assignment/1");
    refused(topic(R"("partitions": 2, "assignment": [["b1"]])"), "1 rows, the topic 2 partitions");
    refused(topic(R"("replication_factor": 2, "assignment": [["b1"]])"),
            "a replication factor of 2");
    refused(topic(R"("assignment": [])"), "/topics/0/assignment");
    refused(topic(R"("assignment": [[]])"), "at least one broker");
    const Loaded loaded = load(topic(R"("config": {"min.insync.replicas": 4})"));
    CHECK(loaded.scenario);
    CHECK(contains(warnings(loaded), "min.insync.replicas 4 is above the replication factor 3"));
    const Loaded one = load(R"({"brokers": 1, "topics": ["a"]})");
    REQUIRE(one.scenario);
    CHECK(one.scenario->topics[0].replication_factor == 1);
}

TEST_CASE("rules: names have 1 to 249 letters and mean one machine") {
    for (const std::string name : {"a/b", "a b", "", "a:b", "caf\u00e9"}) {
        refused("{\"topics\": [{\"name\": \"" + name + "\"}]}", "is no name");
        refused(with_producer("\"name\": \"" + name + "\""), "/producers/0/name");
        refused(fault("\"at\": \"1s\", \"do\": \"crash\", \"target\": \"b1\", \"id\": \"" + name +
                      "\""),
                "/faults/0/id");
        refused("{\"brokers\": {\"racks\": [\"" + name + "\"]}}", "/brokers/racks/0");
    }
    refused("{\"topics\": [\"" + std::string(250, 'n') + "\"]}", "/topics/0");
    CHECK(load("{\"topics\": [\"" + std::string(249, 'n') + "\"]}").scenario);
    refused(R"({"topics": [".."]})", "is no name for a topic");
    refused(R"({"topics": ["__consumer_offsets"]})", "internal topic");
    refused(R"({"topics": ["a", "a"]})", "two topics are called \"a\"");
    refused(with_producer(R"("name": "b2")"), "two machines are called \"b2\"");
    refused(R"({"topics": ["a"], "producers": [{"name": "g-2", "rate": "1/s"}],
        "consumers": [{"group": "g", "topics": ["a"], "members": 2}]})",
            "two machines are called \"g-2\"");
    refused(
        R"({"topics": ["a"], "producers": [{"name": "p", "rate": "1/s"}, {"name": "p", "rate": "1/s"}]})",
        "/producers/1/name two producers are called");
    CHECK(load(with_producer(R"("name": "b4")")).scenario);
}

TEST_CASE("rules: producers") {
    refused(with_producer(R"("partition": 3)"), "there is no partition 3: the topic has 3");
    refused(with_producer(R"("start": "5s", "stop": "4s")"), "\"stop\" is before \"start\"");
    refused(with_producer(R"("closed_loop": 3)"), "exclude each other");
    refused(R"({"topics": ["a"], "producers": [{}]})",
            "one of \"rate\", \"closed_loop\" is needed");
    refused(R"({"topics": ["a", "b"], "producers": [{"rate": "1/s"}]})", "\"topic\" is needed");
    refused(R"({"producers": [{"rate": "1/s"}]})", "there is no topic to write to");
    refused(with_producer(R"("keys": {"list": []})"), "the list of keys is empty");
    refused(with_producer(R"("keys": {"uniform": 3, "sequence": 3})"), "this has 2");
    refused(with_producer(R"("keys": {})"), "this has 0");
    refused(with_producer(R"("instances": 0)"), "out of range: 1 to 2147483647");
}

TEST_CASE("rules: consumers") {
    refused(with_group(R"("stop": "1s", "start": "2s")"), "\"stop\" is before \"start\"");
    refused(R"({"topics": ["a"], "consumers": [{"topics": ["a"]}]})", "\"group\" is needed here");
    refused(R"({"topics": ["a"], "consumers": [{"group": "g"}]})", "\"topics\" is needed here");
    refused(R"({"topics": ["a"], "consumers": [{"group": "g", "topics": ["a", "a"]}]})",
            "stands here twice");
    refused(R"({"topics": ["payments"], "consumers": [{"group": "g", "topics": ["payment"]}]})",
            "did you mean \"payments\"?");
}

TEST_CASE("rules: links join two machines that exist") {
    refused(R"({"network": {"links": [{"from": "b1", "to": "b8"}]}})",
            "/network/links/0/to there is no machine");
    refused(R"({"network": {"links": [{"from": "b1", "to": "b1"}]}})", "a link joins two machines");
    refused(R"({"network": {"links": [{"from": "b1"}]}})", "\"to\" is needed here");
    const Loaded loaded = load(
        R"({"network": {"links": [{"from": "b1", "to": "c2", "latency": "5ms", "both_ways": true}]}})");
    REQUIRE(loaded.scenario);
    REQUIRE(loaded.scenario->network.links.size() == 2);
    CHECK(loaded.scenario->network.links[1].from == "c2");
}

TEST_CASE("faults: targets by name, list, rack and role") {
    const std::string crash = R"("at": "1s", "do": "crash", "target": )";
    CHECK(built(crash + "\"b2\"").target.machines == std::vector<std::string>{"b2"});
    CHECK(built(crash + R"(["b1", "shop", "b1"])").target.machines ==
          std::vector<std::string>{"b1", "shop"});
    CHECK(built(crash + "\"zone:az1\"").target.machines == std::vector<std::string>{"b1", "b3"});
    const FaultSpec leader = built(crash + "\"leader:orders/2\"");
    CHECK(leader.target.kind == TargetSpec::Kind::leader);
    CHECK(leader.target.topic == "orders");
    CHECK(leader.target.partition == 2);
    CHECK(leader.id == "fault-1");
    CHECK(built(crash + "\"isr:orders/0\"").target.kind == TargetSpec::Kind::isr);
    CHECK(built(crash + "\"follower:orders/0\"").target.kind == TargetSpec::Kind::follower);
    CHECK(built(crash + "\"coordinator:billing\"").target.group == "billing");
    CHECK(built(crash + "\"member:billing/2\"").target.member == 2);
    CHECK(built(crash + "\"random:broker\"").target.kind == TargetSpec::Kind::random_broker);
    for (const char* target :
         {"\"b4\"", "[]", "\"\"", "[\"b1\", \"b9\"]", "\"zone:east\"", "\"leader:orders/3\"",
          "\"coordinator:nobody\"", "\"king:orders/0\"", "\"leader:orders\"", "\"b01\"", "\"B1\"",
          "\"member:billing/0\"", "\"member:billing/3\"", "\"coordinator:\"", "\"zone:\"", "\":\"",
          "null", "1", "\"leader:orders/00\""}) {
        refused(fault(crash + target), "/faults/0/target");
    }
    refused(fault(crash + "\"shpo\""), "did you mean \"shop\"?");
    refused(fault(crash + "\"ledaer:orders/0\""), "did you mean \"leader\"?");
    refused(fault(crash + "\"leader:order/0\""), "did you mean \"orders\"?");
    refused(fault(crash + "\"zone:az11\""), "did you mean \"az1\"?");
}

TEST_CASE("faults: parts belong to their actions") {
    const FaultSpec cut =
        built(R"("at": "1s", "do": "cut", "from": "b1", "to": ["b2", "b3"], "for": "2s")");
    CHECK(cut.from.machines.size() == 1);
    CHECK(cut.to.machines.size() == 2);
    CHECK(built(R"("at": "1s", "do": "heal")").all_cuts);
    CHECK_FALSE(built(R"("at": "1s", "do": "heal", "target": "b1")").all_cuts);
    refused(fault(R"("at": "1s", "do": "cut", "from": "b1")"), "\"cut\" needs \"to\"");
    refused(fault(R"("at": "1s", "do": "cut", "from": "b1", "to": "b2", "target": "b1")"),
            "does not belong to \"cut\"");
    refused(fault(R"("at": "1s", "do": "crash", "target": "b1", "from": "b2")"),
            "does not belong to \"crash\"");
    refused(fault(R"("at": "1s", "do": "crash")"), "\"crash\" needs \"target\"");
    refused(fault(R"("at": "1s", "do": "restart", "target": "b1", "for": "1s")"),
            "does not belong to \"restart\"");
    refused(fault(R"("do": "crash", "target": "b1")"), "when does it happen?");
    refused(fault(R"("at": "1s", "after": "f", "do": "crash", "target": "b1")"), "one time");
    refused(fault(R"("at": "1s", "do": "crsh", "target": "b1")"), "did you mean \"crash\"?");
    refused(
        fault(
            R"("id": "f", "at": "1s", "do": "crash", "target": "b1"}, {"id": "f", "at": "1s", "do": "crash", "target": "b1")"),
        "two faults are called");
    const Loaded late = load(fault(R"("at": "11s", "do": "crash", "target": "b1")"));
    CHECK(late.scenario);
    CHECK(contains(warnings(late), "/faults/0/at this fault would begin after the end"));
}

TEST_CASE("faults: what they wait for") {
    const auto waits = [](const std::string& when) {
        return R"("do": "crash", "target": "b1", "when": )" + when;
    };
    const FaultSpec isr = built(waits(R"({"isr_size": {"orders/2": 1, "orders/0": 2}})"));
    REQUIRE(isr.when.size() == 2);
    CHECK(isr.when[0].topic == "orders");
    CHECK(isr.when[0].partition == 0);
    CHECK(isr.when[0].value == 2);
    CHECK(isr.when[1].partition == 2);
    CHECK(built(waits(R"({"leader": {"orders/0": null}})")).when[0].name.empty());
    CHECK(built(waits(R"({"leader": {"orders/0": "b3"}})")).when[0].name == "b3");
    CHECK(built(waits(R"({"lag_above": {"billing": 0}})")).when[0].name == "billing");
    CHECK(built(waits(R"({"acked": 5})")).when[0].value == 5);
    CHECK(built(waits(R"({"acked": {"shop": 5}})")).when[0].name == "shop");
    CHECK(built(waits(R"({"elected": "controller"})")).when[0].topic.empty());
    CHECK(built(waits(R"({"elected": {"controller": "c2"}})")).when[0].name == "c2");
    CHECK(built(waits(R"({"elected": "orders/1"})")).when[0].partition == 1);
    for (const char* when : {"5",
                             "\"isr_size\"",
                             "[]",
                             "{}",
                             R"({"isr_sice": {"orders/0": 1}})",
                             R"({"acked": 5, "elected": "controller"})",
                             R"({"isr_size": {}})",
                             R"({"isr_size": 1})",
                             R"({"isr_size": {"orders/0": 0}})",
                             R"({"isr_size": {"orders/0": 4}})",
                             R"({"isr_size": {"orders/0": "1"}})",
                             R"({"isr_size": {"orders/3": 1}})",
                             R"({"isr_size": {"orders": 1}})",
                             R"({"leader": {"orders/0": "b4"}})",
                             R"({"leader": {"orders/0": 1}})",
                             R"({"leader": "orders/0"})",
                             R"({"lag_above": {"nobody": 1}})",
                             R"({"lag_above": {"billing": -1}})",
                             R"({"lag_above": 5})",
                             R"({"acked": 0})",
                             R"({"acked": "5"})",
                             R"({"acked": {"shoop": 5}})",
                             R"({"elected": "b1"})",
                             R"({"elected": "orders/9"})",
                             R"({"elected": {"controller": "c4"}})",
                             R"({"elected": {"orders/0": "c1"}})"}) {
        refused(fault(waits(when)), "/faults/0/when");
    }
    refused(fault(waits(R"({"acked": 5}, "at": "1s")")), "one time");
    refused(fault(waits(R"({"acked": {"shoop": 5}})")), "did you mean \"shop\"?");
}

TEST_CASE("faults: at random") {
    const FaultSpec often = built(R"("rate": "2/min", "count": 3, "do": "crash", "target": "b1")");
    REQUIRE(often.rate);
    CHECK(often.rate->count * 30'000'000'000 == often.rate->per.ns);
    CHECK(often.count == 3);
    const std::string crash = R"("do": "crash", "target": "b1", "rate": )";
    for (const char* rate : {"5", "\"2\"", "\"-1/s\"", "\"1/d\"", "\"2000000000/s\""}) {
        refused(fault(crash + rate), "/faults/0/rate");
    }
    refused(fault(R"("at": "1s", "count": 3, "do": "crash", "target": "b1")"),
            "\"count\" belongs to \"every\" or \"rate\"");
    CHECK(contains(warnings(load(fault(crash + "\"0/s\""))), "its rate is 0"));
}

TEST_CASE("faults: rolling restarts, requests, disks, leaders") {
    const auto at = [](const std::string& fields) { return R"("at": "1s", "do": )" + fields; };
    CHECK(built(at(R"("rolling_restart", "target": ["b1", "b2"], "gap": "5s")")).gap == seconds(5));
    refused(fault(at(R"("rolling_restart", "target": "b1")")), "needs \"gap\"");
    refused(fault(at(R"("rolling_restart", "target": "b1", "gap": "5s", "for": "1s")")),
            "there is nothing to lift");
    CHECK(built(at(R"("drop_requests", "target": "b1", "api": "Fetch")")).api == Api::fetch);
    CHECK_FALSE(built(at(R"("drop_requests", "target": "b1")")).api);
    refused(fault(at(R"("drop_requests", "target": "b1", "api": "produce")")),
            "did you mean \"Produce\"?");
    CHECK(built(at(R"("slow_disk", "target": "b1", "factor": 2.5)")).factor_ppb == 2'500'000'000);
    CHECK(built(at(R"("slow_disk", "target": "b1", "write": "1MB/s")")).write == 1'000'000);
    refused(fault(at(R"("slow_disk", "target": "b1")")), "one of \"factor\" and \"write\"");
    refused(fault(at(R"("slow_disk", "target": "b1", "factor": 2, "write": "1MB/s")")),
            "one of \"factor\" and \"write\"");
    for (const char* what : {"slow_disk", "stall_disk", "lose_disk"}) {
        const std::string factor = std::string(what) == "slow_disk" ? R"(, "factor": 2)" : "";
        for (const char* who : {"shop", "controller"}) {
            refused(fault(at("\"" + std::string(what) + R"(", "target": ")" + who + "\"" + factor)),
                    "/faults/0/target");
        }
    }
    const FaultSpec move = built(at(R"("move_leader", "partition": "orders/2", "to": "b1")"));
    CHECK(move.topic == "orders");
    CHECK(move.partition == 2);
    CHECK(
        built(at(R"("move_leader", "partition": "orders/2", "to": "follower:orders/2")")).to.kind ==
        TargetSpec::Kind::follower);
    for (const char* to : {"[\"b1\", \"b2\"]", "\"isr:orders/0\"", "\"c1\"", "\"shop\"",
                           "\"controller\"", "\"zone:az1\""}) {
        refused(fault(at(R"("move_leader", "partition": "orders/2", "to": )" + std::string(to))),
                "/faults/0/to");
    }
    refused(fault(at(R"("move_leader", "partition": "orders/3", "to": "b1")")),
            "/faults/0/partition");
    refused(fault(at(R"("move_leader", "to": "b1")")), "needs \"partition\"");
}

TEST_CASE("expect: kinds, comparators and units") {
    CHECK(expectation(R"("no_acked_loss": true)").wanted);
    const ExpectSpec lost = expectation(R"("acked_lost": {"between": [1, 50]})");
    CHECK(lost.comparator == Comparator::between);
    CHECK(lost.value == 1);
    CHECK(lost.upper == 50);
    const ExpectSpec latency = expectation(
        R"("metric": "produce.latency.p99", "below": "50ms", "from": "1s", "to": "2s")");
    CHECK(latency.value == 50'000'000);
    CHECK(latency.from == Time{} + seconds(1));
    CHECK(expectation(R"("metric": "produce.rate", "above": "90/min")").value == 1'500'000);
    CHECK(expectation(R"("metric": "elections", "equals": 2)").value == 2);
    const ExpectSpec leader =
        expectation(R"("leader": {"orders/0": "b2", "orders/1": null}, "at": "2s")");
    CHECK(leader.partitions.at("orders/0") == std::vector<std::string>{"b2"});
    CHECK(leader.partitions.at("orders/1") == std::vector<std::string>{""});
    CHECK(expectation(R"("isr": {"orders/0": ["b2", "b1"]}, "at": "2s")")
              .partitions.at("orders/0")
              .size() == 2);
    CHECK(
        expectation(
            R"("metric": "unavailable.max", "side": "consume", "partition": "orders/1", "below": "1s")")
            .side == Side::consume);
    CHECK(contains(expectation(R"("no_acked_loss":true)").text, "{\"no_acked_loss\": true}"));
}

TEST_CASE("expect: what cannot be judged is refused") {
    for (const char* fields :
         {"",
          R"("no_acked_loss": 1)",
          R"("leader": {"nope/0": "b1"}, "at": "5s")",
          R"("leader": {"orders/0": "b9"}, "at": "5s")",
          R"("leader": {"orders/0": "b1"})",
          R"("leader": {}, "at": "1s")",
          R"("isr": {"orders/0": ["b1", "b6"]}, "at": "5s")",
          R"("acked_lost": {"between": [50, 1]})",
          R"("acked_lost": {"between": [1]})",
          R"("acked_lost": {})",
          R"("metric": "produce.latency.p99")",
          R"("metric": "produce.latency.p99", "below": 50)",
          R"("metric": "produce.latency.p99", "below": "5ms", "above": "1ms")",
          R"("metric": "produce.latency.p99", "below": "5ms", "from": "6s", "to": "2s")",
          R"("metric": "unavailable.max", "topic": "order", "below": "1s")",
          R"("metric": "acked", "equals": 1, "partition": 0)",
          R"("metric": "acked", "equals": 1, "partition": "orders/3")",
          R"("metric": "acked", "equals": 1, "producer": "shp")",
          R"("metric": "acked", "equals": 1, "group": "g")",
          R"("metric": "acked", "equals": 1, "broker": "b7")",
          R"("metric": "acked", "equals": 1, "at": "1s")",
          R"("no_acked_loss": true, "metric": "acked", "equals": 1)",
          R"("metric": "acked", "equals": 1, "side": "left")",
          R"("no_acked_loss": true, "below": 4)"}) {
        refused(expecting(fields), "/expect/0");
    }
    refused(expecting(R"("no_aked_loss": true)"), "did you mean \"no_acked_loss\"?");
    refused(expecting(R"("metric": "produce.latency.p98", "below": "1s")"),
            "did you mean \"produce.latency.p9");
    CHECK(contains(warnings(load(expecting(R"("leader": {"orders/0": "b1"}, "at": "11s")"))),
                   "the expectation will fail"));
}

TEST_CASE("rules: heal needs drain, and time fits in the clock") {
    refused(R"({"heal": true})", "/heal \"heal\" needs \"drain\"");
    CHECK(load(R"({"heal": true, "drain": "5s"})").scenario);
    refused(R"({"duration": "106751d", "drain": "106751d"})", "do not fit in the clock");
}

TEST_CASE("limits: machines, partitions, events and memory are bounded before anything is built") {
    refused(R"({"brokers": 1000000000})",
            "machines are beyond the limit of 100000 (--max-machines)");
    refused(with_producer(R"("instances": 10000000)"), "/producers/0/instances");
    refused(topic(R"("partitions": 1000000000)"),
            "partitions are beyond the limit of 2000000 (--max-partitions)");
    refused(
        R"({"topics": [{"name": "a", "partitions": 1000000}, {"name": "b", "partitions": 1000001}]})",
        "/topics/1/partitions");
    CHECK(
        load(
            R"({"topics": [{"name": "a", "partitions": 1000000}, {"name": "b", "partitions": 1000000}]})")
            .scenario);
    refused(R"({"topics": ["a"], "producers": [{"rate": "1000000000/s"}], "duration": "1000s"})",
            "--max-events");
    refused(R"({"duration": "1753200h"})", "--max-events");
    refused(R"({"topics": ["a"], "producers": [{"closed_loop": 1000000000000}]})",
            "/producers/0/closed_loop");
    refused(R"({"topics": ["a"], "duration": "1000s", "producers": [{"rate":
        [{"at": "0s", "rate": "0/s"}, {"at": "1s", "rate": "1000000000/s"}]}]})",
            "/producers/0/rate");
    refused(R"({"duration": "100s", "faults": [{"every": "1ns", "do": "pause", "target": "b1"}]})",
            "/faults/0/every");
    refused(R"({"duration": "100s", "faults":
        [{"rate": "1000000000/s", "do": "pause", "target": "b1"}]})",
            "/faults/0/rate");
    CHECK(load(R"({"duration": "100s", "faults":
        [{"every": "1ns", "count": 5, "do": "pause", "target": "b1"}]})")
              .scenario);
    LoadOptions small;
    small.limits.events = 10;
    small.limits.memory = 1024;
    small.limits.machines = 6;
    const std::string problems = errors(load(smallest(), small));
    CHECK(contains(problems, "--max-machines"));
    small.limits.machines = 7;
    CHECK(contains(errors(load(smallest(), small)), "--max-events"));
    CHECK(contains(errors(load(smallest(), small)), "--max-memory"));
}
