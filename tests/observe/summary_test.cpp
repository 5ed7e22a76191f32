// The summary as text and as JSON.
#include "observe/run_observers.hpp"
#include "observe/story.hpp"
#include "observe/table.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <sstream>

using namespace brokersim;
using namespace brokersim::test;

namespace {

/// One lost record, one duplicate, one fault, one expectation that fails.
struct Told {
    Told() : info(story_info()) {
        info.seed = 18446744073709551615u;
        scenario.name = "told";
        scenario.duration = seconds(10);
        ExpectSpec spec;
        spec.text = "{\"no_acked_loss\":true}";
        scenario.expect = {spec};
        watch.emplace(scenario, info);
        Story story(info, watch->observers());
        story.part(b1, 0, {b1, b2, b3}).acts(b1, 0).produce(0, 4);
        story.append(b1, {0, 0, 0, 3}).append(b2, {0, 0, 0, 3}).append(b1, {0, 3, 0, 1});
        story.hw(b1, 0, 3).at(2).ack(0, 3, 0).append(b1, {0, 4, 3, 1}).at(6).ack(3, 1, 4);
        story.generation(1, g1).start(g1, 0, StartWhy::earliest).read(g1, 0, 3).done(g1, 0, 2);
        const std::vector<MachineId> target = {b1};
        story.at(1000).note(FaultBegin{FaultId(0), FaultAction::crash, target});
        story.at(3000).part(b2, 1, {b2, b3}).acts(b2, 1);
        story.at(6000).note(FaultEnd{FaultId(0), FaultAction::crash, target}).end(10'000);
    }
    RunEnd end{Time{} + seconds(10), RunStatus::completed, 123, "model:00", {}};
    RunInfo info;
    Scenario scenario;
    std::optional<RunObservers> watch;
};

bool contains(const std::string& text, const std::string& part) {
    if (text.find(part) != std::string::npos) { return true; }
    MESSAGE(text);
    return false;
}

} // namespace

TEST_CASE("summary: tells each part in Kafka's words") {
    Told told;
    const std::string text = told.watch->summary_text(told.end);
    CHECK(contains(text, "told: seed 18446744073709551615, 10 s, 123 events, completed\n"));
    CHECK(contains(text,
                   "  p1: 4 records sent, 666.7 records/sec (0.06 MB/sec), 3.00 ms avg latency"));
    CHECK(contains(text, "6.00 ms max latency,"));
    CHECK(contains(text, "2.00 ms 50th, 6.00 ms 95th, 6.00 ms 99th, 6.00 ms 99.9th.\n"));
    CHECK(contains(text, "  p2: 0 records sent.\n"));
    CHECK(contains(text, "  orders/0   b2      b2,b3  b1,b2,b3"));
    CHECK(
        contains(text, "  g: 2 records processed, lag 1 (highest 5), 0 redelivered, 0 rebalances"));
    CHECK(contains(text, "  power  crash  b1      1 s   6 s\n"));
    CHECK(contains(text, "acknowledged, then lost  acks_leader_failover"));
    CHECK(contains(text, "again in the log         retry_without_idempotence"));
    CHECK(contains(text, "  FAIL  {\"no_acked_loss\":true}\n        seen: 1 record lost\n"));
    CHECK(contains(text,
                   "Totals: 4 new, 4 acked, 0 failed, 0 pending, 1 acked and lost, 1 duplicate\n"
                   "Fingerprint: model:00\n"));
    CHECK(text.find('\x1b') == std::string::npos);
    CHECK(contains(told.watch->summary_text(told.end, true), "\x1b[1;31mFAIL\x1b[0m"));
}

TEST_CASE("summary: tells failovers by fault, phase and what bounds it") {
    RunInfo info = story_info("all");
    Scenario scenario;
    RunObservers watch(scenario, info);
    Story story(info, watch.observers());
    story.part(b1, 0, {b1, b2, b3}).acts(b1, 0).produce(0, 1).at(100).ack(0, 1, 0).produce(1, 1);
    const MachineId target[] = {b1};
    story.at(200).note(FaultBegin{FaultId(0), FaultAction::crash, target});
    story.note(NodeDown{b1, 1, DownHow::kill});
    story.at(8100).note(CtlBroker{b1, BrokerState::fenced, 1, "session_timeout"});
    story.part(b2, 1, {b2, b3}).at(8400).acts(b2, 1).at(8500).ack(1, 1, 1);
    story.produce(2, 1).at(11'000).ack(2, 1, 2).end(12'000); // belongs to no fault
    const RunEnd end{Time{} + seconds(12), RunStatus::completed, 1, "model:00", {}};
    const std::string text = watch.summary_text(end);
    CHECK(contains(text, "Failovers\n"
                         "  power (b1): produce, orders/0, 8.400 s.\n"
                         "    undetected                         8.000 s  "
                         "broker.session.timeout.ms 9 s\n"
                         "    propagating                       300.0 ms  "
                         "metadata.max.idle.interval.ms 500 ms\n"
                         "    clients_stale                     100.0 ms  "
                         "retry.backoff.max.ms\n"
                         "    under_replicated                   3.500 s  "
                         "the return of a replica\n\n"));
    const auto json = nlohmann::json::parse(watch.summary_json(end));
    REQUIRE(json["windows"].size() == 2);
    CHECK(json["windows"][0]["phases"]["undetected"] == 8'000'000'000);
    CHECK(json["windows"][0]["fault"] == "power");
    CHECK(json["windows"][0]["machine"] == "b1");
    CHECK(json["windows"][1]["phases"].is_null());
    REQUIRE(json["failovers"].size() == 1);
    const auto& failover = json["failovers"][0];
    CHECK(failover["partitions"] == nlohmann::json::array({"orders/0"}));
    CHECK(failover["windows"] == 1);
    CHECK(failover["phases"]["undetected"]["longest"] == 8'000'000'000);
    CHECK(failover["phases"]["undetected"]["bounded_by"] == "broker.session.timeout.ms 9 s");
    CHECK(failover["phases"]["electing"]["bounded_by"].is_null());
}

TEST_CASE("summary: fits into 100 columns and cannot be forged by a name") {
    Told told;
    RunInfo info = story_info();
    info.producers[0].name = std::string(300, 'x') + "\x1b[2J\nTotals: none";
    info.partitions[0] = std::string(200, 'y') + "/0";
    Scenario scenario;
    ExpectSpec spec;
    spec.text = "{\"isr\":{\"" + std::string(400, 'z') + "\":[]}}";
    scenario.expect = {spec};
    RunObservers watch(scenario, info);
    Story story(info, watch.observers());
    story.part(b1, 0, {b1}).end(1000);
    std::istringstream lines(watch.summary_text(told.end));
    for (std::string line; std::getline(lines, line);) {
        CHECK(columns(line) <= 100);
        CHECK(line.find('\x1b') == std::string::npos);
        CHECK(line != "Totals: none");
    }
}

TEST_CASE("summary: the JSON has what the command line promises") {
    Told told;
    const std::string text = told.watch->summary_json(told.end);
    REQUIRE(text.back() == '\n');
    const auto json = nlohmann::json::parse(text);
    CHECK(json["format"] == "brokersim-summary");
    CHECK(json["v"] == 1);
    CHECK(json["scenario"] == "told");
    CHECK(json["seed"] == 18446744073709551615u);
    CHECK(json["totals"] ==
          nlohmann::json::parse(
              R"({"new":4,"acked":4,"failed":0,"pending":0,"acked_lost":1,"duplicates":1})"));
    CHECK(json["fingerprint"] == "model:00");
    CHECK(json["events"] == 123);
    CHECK(json["t"] == 10'000'000'000);
    CHECK(json["status"] == "completed");
    CHECK(json["producers"]["p1"]["latency"]["max"] == 6'000'000);
    CHECK(json["producers"]["p2"]["latency"].is_null());
    CHECK(json["topics"]["orders"]["partitions"][0]["leader"] == "b2");
    CHECK(json["topics"]["orders"]["losses"]["acks_leader_failover"] == 1);
    CHECK(json["groups"]["g"]["partitions"]["orders/0"]["next"] == 2);
    CHECK(json["faults"][0]["to"] == 6'000'000'000);
    CHECK(json["windows"].is_array());
    CHECK(json["expect"][0]["passed"] == false);
}

TEST_CASE("table: columns are as wide as they must be and give way to the width") {
    Table table({"name", ">count"});
    table.add({"short", "7"});
    table.add({std::string(40, 'n'), "12345"});
    CHECK(table.text(100) == "  name" + std::string(38, ' ') + "count\n  short" +
                                 std::string(37, ' ') + "    7\n  " + std::string(40, 'n') +
                                 "  12345\n");
    CHECK(table.text(24) ==
          "  name             count\n  short                7\n  nnnnnnnnnnnnnn…  12345\n");
    CHECK(wrapped("one, two, three", 9) == std::vector<std::string>{"one, two,", "three"});
}
