// What each section of the format becomes, and what is refused in it.
#include "scenario/helpers.hpp"

#include <doctest/doctest.h>

using namespace brokersim;
using namespace brokersim::test;

namespace {

Scenario accepted(const std::string& text) {
    const Loaded loaded = load(text);
    CAPTURE(text);
    CHECK(errors(loaded) == "");
    REQUIRE(loaded.scenario);
    return *loaded.scenario;
}

void refused(const std::string& text, const std::string& words) {
    const std::string problems = errors(load(text));
    CAPTURE(text);
    CAPTURE(problems);
    CHECK(contains(problems, words));
}

std::string latency(const std::string& value) {
    return R"({"network": {"latency": )" + value + "}}";
}

std::string fault(const std::string& members, const std::string& top = "") {
    return R"({"topics": ["orders"], "producers": [{"name": "p", "rate": "1/s"}],
               "consumers": [{"group": "g", "topics": ["orders"]}],
               "faults": [{"id": "first", "at": "1s", "do": "crash", "target": "b1"}, {)" +
           members + "}]" + top + "}";
}

} // namespace

TEST_CASE("contract: pareto and quantiles") {
    const Distribution pareto =
        accepted(latency(R"({"pareto": {"min": "1ms", "alpha": 1.5, "max": "10s"}})"))
            .network.latency;
    CHECK(pareto.kind == Distribution::Kind::pareto);
    CHECK(pareto.a == milliseconds(1));
    CHECK(pareto.b == seconds(10));
    CHECK(pareto.alpha_ppb == 1'500'000'000);
    const Distribution quantiles =
        accepted(
            latency(
                R"({"quantiles": {"100": "20ms", "0": "100us", "99.9": "2ms", "50": "200us"}})"))
            .network.latency;
    REQUIRE(quantiles.points.size() == 4);
    CHECK(quantiles.points[0].value == microseconds(100));
    CHECK(quantiles.points[2].share.ppb == 999'000'000);
    CHECK(quantiles.points[2].value == milliseconds(2));
    refused(latency(R"({"quantiles": {"0": "1ms", "50": "2ms"}})"), "end with \"100\"");
    refused(latency(R"({"quantiles": {"0": "1ms", "100": "2ms", "100.0": "3ms"}})"), "twice");
    refused(latency(R"({"quantiles": {"0": "2ms", "50": "1ms", "100": "3ms"}})"), "below the one");
    refused(latency(R"({"quantiles": {"p50": "1ms"}})"), "no percentage");
    refused(latency(R"({"pareto": {"min": "1ms", "alpha": 0, "max": "1s"}})"), "alpha");
    refused(latency(R"({"pareto": {"min": "2s", "alpha": 1.5, "max": "1s"}})"), "max is below min");
    refused(latency(R"({"pareto": {"min": "1ms", "alpha": "1.5", "max": "1s"}})"), "a number");
}

TEST_CASE("contract: loss, zones and links") {
    const NetworkSpec net = accepted(R"({"brokers": {"count": 3, "racks": ["r1", "r2"]},
        "topics": ["orders"], "producers": [{"name": "shop", "rate": "1/s"}],
        "network": {"loss": "0.1%", "zones": {"az": ["b1", "shop"]},
                    "between_zones": {"latency": "3ms", "loss": 0.5},
                    "links": [{"from": "b1", "to": "c1", "loss": "1%", "bandwidth": "1MB/s"}]}})")
                                .network;
    CHECK(net.loss.ppb == 1'000'000);
    CHECK(net.zones == std::map<std::string, std::vector<std::string>>{
                           {"az", {"b1", "shop"}}, {"r1", {"b3"}}, {"r2", {"b2"}}});
    CHECK(net.between_zones.latency->a == milliseconds(3));
    CHECK(net.between_zones.loss->ppb == 500'000'000);
    CHECK(net.links[0].loss->ppb == 10'000'000);
    CHECK(net.links[0].bandwidth == 1'000'000);
    refused(R"({"network": {"zones": {"a": ["b7"]}}})", "/network/zones/a/0 there is no machine");
    refused(R"({"network": {"zones": {"a": ["b1"], "b": ["b1"]}}})", "in a zone already");
    refused(R"({"network": {"zones": {"a b": ["b1"]}}})", "no name");
    refused(R"({"network": {"loss": "101%"}})", "out of range");
}

TEST_CASE("contract: overrides of single brokers") {
    const Scenario s = accepted(R"({"brokers": {"overrides": {
        "b2": {"disk": {"write": "20MB/s"}, "config": {"num.io.threads": 1}}},
        "disk": {"read": "7MB/s"}, "config": {"num.io.threads": 5}}})");
    CHECK(s.brokers[0].disk.write == 500'000'000);
    CHECK(s.brokers[1].disk.write == 20'000'000);
    CHECK(s.brokers[1].disk.read == 7'000'000);
    CHECK(s.brokers[0].config.num_io_threads == 5);
    CHECK(s.brokers[1].config.num_io_threads == 1);
    refused(R"({"brokers": {"overrides": {"b7": {}}}})",
            "/brokers/overrides/b7 there is no broker");
    refused(R"({"brokers": {"overrides": {"b1": {"racks": []}}}})", "unknown key");
}

TEST_CASE("contract: producers") {
    const Scenario s = accepted(R"({"topics": ["orders"], "producers": [
        {"rate": [{"at": "1s", "rate": "100/s"}, {"at": "5s", "rate": "5/s", "ramp": true}],
         "size": {"uniform": ["100B", "2KiB"]}, "keys": {"zipf": {"count": 9, "exponent": 1.1}},
         "poison": {"at": [40, 17, 17], "fails": 3}, "cpu": {"per_record": "3us", "per_byte": "2ns"}},
        {"closed_loop": 10, "poison": {"ratio": "0.1%"}}]})");
    const ProducerSpec& p = s.producers[0];
    REQUIRE(p.profile.size() == 2);
    CHECK(p.profile[1].at == Time{} + seconds(5));
    CHECK(p.profile[1].rate.per == milliseconds(200));
    CHECK(p.profile[1].ramp);
    CHECK_FALSE(p.profile[0].ramp);
    REQUIRE(p.sizes);
    CHECK(p.sizes->b.ns == 2048);
    CHECK(p.keys.kind == KeySpec::Kind::zipf);
    CHECK(p.keys.exponent_ppb == 1'100'000'000);
    CHECK(p.poison.at == std::vector<std::int64_t>{17, 40});
    CHECK(p.poison.fails == 3);
    CHECK(p.cpu.per_record == microseconds(3));
    CHECK(p.cpu.per_byte_millionths == 2'000'000);
    CHECK(s.producers[1].closed_loop == 10);
    CHECK(s.producers[1].poison.ratio.ppb == 1'000'000);
    CHECK_FALSE(s.producers[1].poison.fails);

    const std::string rate = R"({"topics": ["a"], "producers": [{"rate": )";
    refused(rate + R"([{"at": "1s", "rate": "1/s"}, {"at": "1s", "rate": "2/s"}]}]})", "goes on");
    refused(rate + R"([{"at": "1s", "rate": "1/s", "ramp": true}]}]})", "no point before");
    refused(rate + "[]}]}", "the profile is empty");
    refused(with_producer(R"("closed_loop": 5)"), "exclude each other");
    refused(R"({"topics": ["a"], "producers": [{"closed_loop": 5, "burst": 2}]})", "no bursts");
    for (const char* poison : {"{}", R"({"every": 10, "ratio": "1%"})", R"({"every": 0})",
                               R"({"fails": 2})", R"({"at": [-1]})", R"({"keys": []})"}) {
        refused(with_producer(R"("poison": )" + std::string(poison)), "/producers/0/poison");
    }
    CHECK(contains(warnings(load(with_producer(
                       R"("keys": {"sequence": 3}, "poison": {"keys": ["k2", "k3"]})"))),
                   "the key \"k3\" is never sent"));
}

TEST_CASE("contract: consumers") {
    const Scenario s = accepted(with_group(R"("processing": {"time": "2ms", "concurrency": 4},
        "on_failure": {"retries": 3, "backoff": "100ms", "then": "dead_letter"},
        "producer_config": {"batch.size": 1})"));
    const ConsumerGroupSpec& g = s.consumers[0];
    CHECK(g.concurrency == 4);
    CHECK(g.on_failure.retries == 3);
    CHECK(g.on_failure.backoff == milliseconds(100));
    CHECK(g.on_failure.then == FailurePolicy::dead_letter);
    REQUIRE(s.topics.size() == 2);
    CHECK(s.topics[1].name == "orders.DLT");
    CHECK(g.dead_letter_topic == 1);
    CHECK(g.producer_config.linger == Duration{});
    CHECK(g.producer_config.batch_size == 1);
    CHECK(g.producer_config.acks == Acks::all);

    const ConsumerGroupSpec plain = accepted(with_group(R"("members": 1)")).consumers[0];
    CHECK(plain.on_failure.then == FailurePolicy::block);
    CHECK(plain.on_failure.backoff == seconds(1));
    CHECK_FALSE(plain.dead_letter_topic);
    const ConsumerGroupSpec crash =
        accepted(with_group(R"("on_failure": {"then": "crash"})")).consumers[0];
    CHECK(crash.restart_after == seconds(10));

    const Scenario listed = accepted(R"({"topics": ["a", {"name": "dead", "partitions": 2}],
        "consumers": [{"group": "g", "topics": ["a"], "on_failure": {"then": "dead_letter"},
                       "dead_letter_topic": "dead"}]})");
    CHECK(listed.topics.size() == 2);
    CHECK(listed.consumers[0].dead_letter_topic == 1);
    refused(with_group(R"("on_failure": {"then": "dead_letter"}, "dead_letter_topic": "orders")"),
            "its own dead letters");
    const Scenario two = accepted(R"({"topics": ["a", "b"], "consumers": [{"group": "g",
        "topics": ["b", "a"], "on_failure": {"then": "dead_letter"}}]})");
    CHECK(two.topics.back().name == "b.DLT");
    refused(with_group(R"("dead_letter_topic": "a b")"), "no name");
    refused(with_group(R"("on_failure": {"then": "explode"})"), "unknown then");
    CHECK(contains(warnings(load(with_group(R"("restart_after": "1s")"))), "has no effect"));
}

TEST_CASE("contract: a topic for dead letters does not make a producer's topic ambiguous") {
    CHECK(load(R"({"topics": ["orders"], "producers": [{"rate": "1/s"}],
        "consumers": [{"group": "g", "topics": ["orders"], "on_failure": {"then": "dead_letter"}}]})")
              .scenario);
}

TEST_CASE("contract: when faults begin") {
    const auto second = [](const std::string& when) {
        return accepted(fault(R"("do": "pause", "target": "b2", )" + when)).faults[1];
    };
    CHECK(second(R"("after": "first", "delay": "2s")").after == 0);
    CHECK(second(R"("after": "first", "delay": "2s")").delay == seconds(2));
    CHECK(second(R"("every": "3s", "count": 4)").at == Time{} + seconds(3));
    CHECK(second(R"("every": "3s", "count": 4)").every == seconds(3));
    CHECK(second(R"("every": "3s", "count": 4)").count == 4);
    CHECK(second(R"("at": "1s", "every": "3s")").at == Time{} + seconds(1));
    const auto wrong = [](const std::string& when, const std::string& words) {
        refused(fault(R"("id": "x", "do": "pause", "target": "b2", )" + when), words);
    };
    wrong(R"("after": "frist")", "did you mean \"first\"?");
    wrong(R"("after": "x")", "waits for itself");
    wrong(R"("at": "1s", "after": "first")", "one time");
    wrong(R"("every": "0s")", "/faults/1/every");
    wrong(R"("every": "1s", "count": 0)", "/faults/1/count");
    wrong(R"("at": "1s", "count": 2)", "belongs to \"every\"");
    wrong(R"("at": "1s", "delay": "2s")", "belongs to \"after\"");
    wrong(R"("for": "1s")", "when does it happen?");
    refused(R"({"faults": [{"id": "a", "after": "b", "do": "crash", "target": "b1"},
                           {"id": "b", "after": "a", "do": "crash", "target": "b1"}]})",
            "wait for each other");
}

TEST_CASE("contract: what faults do") {
    const auto second = [](const std::string& what) {
        return accepted(fault(R"("at": "1s", )" + what)).faults[1];
    };
    const FaultSpec cut =
        second(R"("do": "partition", "groups": [["b1"], ["b2", "b3", "c1", "c2", "c3"]])");
    REQUIRE(cut.groups.size() == 2);
    CHECK(cut.groups[1].machines.size() == 5);
    const FaultSpec slow = second(
        R"("do": "slow_network", "target": "b1", "latency": "5ms", "loss": "1%", "bandwidth": "1MB/s")");
    CHECK(slow.latency->a == milliseconds(5));
    CHECK(slow.loss->ppb == 10'000'000);
    CHECK(slow.bandwidth == 1'000'000);
    CHECK(second(R"("do": "slow_cpu", "target": "b1", "factor": 2.5)").factor_ppb == 2'500'000'000);
    CHECK(second(R"("do": "set_rate", "producer": "p", "new_rate": "5/s")").new_rate.per ==
          milliseconds(200));
    CHECK(second(R"("do": "resize_group", "group": "g", "members": 3)").members == 3);
    const FaultSpec roles =
        second(R"("do": "crash", "target": ["leader:orders/0", "b2", "member:g/1"])");
    CHECK(roles.target.kind == TargetSpec::Kind::several);
    REQUIRE(roles.target.parts.size() == 3);
    CHECK(roles.target.parts[0].kind == TargetSpec::Kind::leader);
    CHECK(roles.target.parts[1].machines == std::vector<std::string>{"b2"});
    CHECK(roles.target.parts[2].member == 1);
    const auto wrong = [](const std::string& what, const std::string& words) {
        refused(fault(R"("at": "1s", )" + what), words);
    };
    wrong(R"("do": "partition", "groups": [["b1", "b2"]])", "two groups or more");
    wrong(R"("do": "partition", "groups": [["b1", "b2"], ["b2"]])", "stands in two groups");
    wrong(R"("do": "partition", "target": "b1", "groups": [["b1"], ["b2"]])", "does not belong");
    wrong(R"("do": "slow_network", "target": "b1")", "needs \"latency\"");
    wrong(R"("do": "slow_cpu", "target": "b1")", "needs \"factor\"");
    wrong(R"("do": "crash", "target": "b1", "factor": 2)", "does not belong to \"crash\"");
    wrong(R"("do": "set_rate", "producer": "q", "new_rate": "5/s")", "there is no producer");
    wrong(R"("do": "resize_group", "group": "h", "members": 1)", "there is no group");
    wrong(R"("do": "heal", "for": "1s")", "nothing to lift");
}

TEST_CASE("contract: members that join later are machines too") {
    const std::string more = R"("at": "1s", "do": "resize_group", "group": "g", "members": 3}, {)";
    CHECK(load(fault(more + R"("at": "2s", "do": "crash", "target": "member:g/3")")).scenario);
    CHECK(load(fault(more + R"("at": "2s", "do": "crash", "target": "g-2")")).scenario);
    refused(fault(more + R"("at": "2s", "do": "crash", "target": "member:g/4")"), "members 1 to 3");
    refused(fault(R"("at": "1s", "do": "resize_group", "group": "g", "members": 3)",
                  R"(, "x-": 1, "network": {"zones": {"z": ["g-4"]}})"),
            "there is no machine \"g-4\"");
}

TEST_CASE("contract: expectations about events and convergence") {
    const auto expect = [](const std::string& text) { return R"({"expect": [)" + text + "]}"; };
    const ExpectSpec event =
        accepted(
            expect(
                R"({"event": "cons.done", "where": {"attempt": 1, "outcome": "dead_lettered"}, "count": {"equals": 3}})"))
            .expect[0];
    CHECK(event.kind == ExpectSpec::Kind::event);
    CHECK(event.event == "cons.done");
    CHECK(event.where == std::vector<std::pair<std::string, std::string>>{
                             {"attempt", "1"}, {"outcome", "\"dead_lettered\""}});
    CHECK(event.comparator == Comparator::equals);
    CHECK(event.value == 3);
    CHECK(accepted(expect(R"({"converged": false})")).expect[0].wanted == false);
    CHECK(accepted(expect(R"({"metric": "handlers.busy", "below": "50%"})")).expect[0].value ==
          500'000);
    refused(expect(R"({"event": "cons.dne", "count": 1})"), "did you mean \"cons.done\"?");
    refused(expect(R"({"event": "cons.done", "where": {"outcom": "x"}, "count": 1})"),
            "did you mean \"outcome\"?");
    refused(expect(R"({"isr": {"a/0": []}, "at": null})"), "\"at\" is needed");
    refused(expect(R"({"event": "cons.done"})"), "needs \"count\"");
    refused(expect(R"({"event": "cons.done", "equals": 3, "count": 1})"), "stands in \"count\"");
    refused(expect(R"({"no_acked_loss": true, "topic": "orders"})"), "filter of metrics");
    refused(expect(R"({"converged": true, "count": 1})"), "belongs to \"event\"");
}

TEST_CASE("contract: what topics begin with, in Kafka's precedence") {
    const auto topic = [](const std::string& brokers, const std::string& own = "") {
        return accepted(R"({"brokers": {"config": {)" + brokers +
                        R"(}}, "topics": [{"name": "a", "config": {)" + own + "}}]}")
            .topics[0]
            .config;
    };
    CHECK(topic("").retention == seconds(7 * 86400));
    CHECK(topic(R"("log.retention.hours": 2)").retention == seconds(7200));
    CHECK(topic(R"("log.retention.hours": 2, "log.retention.minutes": 3)").retention ==
          seconds(180));
    CHECK(topic(R"("log.retention.hours": 2, "log.retention.minutes": 3, "log.retention.ms": 4)")
              .retention == milliseconds(4));
    CHECK(topic(R"("log.retention.minutes": -1)").retention == Duration::max());
    CHECK(topic(R"("log.retention.ms": 4)", R"("retention.ms": 5)").retention == milliseconds(5));
    CHECK(topic("", R"("retention.ms": -1)").retention == Duration::max());
    CHECK(topic(R"("log.roll.hours": 1)").segment == seconds(3600));
    CHECK(topic(R"("log.roll.hours": 1, "log.roll.ms": 9)").segment == milliseconds(9));
    CHECK(topic(R"("log.flush.scheduler.interval.ms": 7)").flush == milliseconds(7));
    CHECK(topic(R"("log.flush.scheduler.interval.ms": 7, "log.flush.interval.ms": 8)").flush ==
          milliseconds(8));
    CHECK(topic(R"("log.flush.interval.messages": 9)").flush_messages == 9);
    CHECK(topic(R"("log.segment.bytes": 2000000, "log.retention.bytes": 2000)").segment_bytes ==
          2000000);
    CHECK(topic(R"("log.segment.bytes": 2000000, "log.retention.bytes": 2000)").retention_bytes ==
          2000);
    CHECK_FALSE(topic(R"("log.cleanup.policy": "compact")").delete_policy);
    CHECK(topic("", R"("cleanup.policy": "compact,delete")").delete_policy);
    refused(R"({"brokers": {"config": {"log.retention.hours": 0}}})", "at least 1");
    CHECK(warnings(load(R"({"brokers": {"config": {"log.retention.hours": 1}}})")) == "");
    CHECK(contains(
        warnings(load(R"({"topics": [{"name": "a", "config": {"cleanup.policy": "compact"}}]})")),
        "compaction is not modelled"));
}

TEST_CASE("contract: settings of groups") {
    const auto config = [](const std::string& text) {
        return accepted(with_group(R"("config": {)" + text + "}")).consumers[0].config;
    };
    const ConsumerConfig reset = config(R"("auto.offset.reset": "by_duration:P1DT1.5S")");
    CHECK(reset.auto_offset_reset == OffsetReset::by_duration);
    CHECK(reset.auto_offset_reset_by == seconds(86401) + milliseconds(500));
    for (const char* wrong : {"by_duration:", "by_duration:P", "by_duration:PT", "by_duration:1h",
                              "by_duration:PT1S1M", "by_duration:-PT1S", "by_duration:PT1.5M"}) {
        refused(with_group(R"("config": {"auto.offset.reset": ")" + std::string(wrong) + "\"}"),
                "no duration of ISO 8601");
    }
    CHECK(config(R"("partition.assignment.strategy": "roundrobin,range")")
              .partition_assignment_strategy.front() == "roundrobin");
    CHECK(accepted(R"({"brokers": {"config": {"group.max.size": 3}}})")
              .brokers[0]
              .config.group_max_size == 3);
}
