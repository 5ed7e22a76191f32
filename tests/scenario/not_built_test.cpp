// Every key and value of the format that is not built: refused at its place, with these words.
#include "scenario/helpers.hpp"

#include <doctest/doctest.h>

#include <sstream>

using namespace brokersim;
using namespace brokersim::test;

namespace {

void refuses(const std::string& text, const std::string& pointer) {
    const std::string problems = errors(load(text));
    CAPTURE(text);
    CAPTURE(problems);
    std::istringstream lines(problems);
    bool found = false;
    for (std::string line; std::getline(lines, line);) {
        found = found || (contains(line, " " + pointer + " ") && contains(line, "not built yet"));
    }
    CHECK(found);
}

} // namespace

TEST_CASE("not built yet: at the top") {
    refuses(R"({"warmup": "1s"})", "/warmup");
    refuses(R"({"cold_start": true})", "/cold_start");
    refuses(R"({"kafka_version": "3.9"})", "/kafka_version");
    refuses(R"({"kafka_version": "4.1"})", "/kafka_version");
    CHECK(load(R"({"warmup": "0s", "cold_start": false})").scenario);
    CHECK(contains(errors(load(R"({"kafka_version": "2.8"})")), "unknown kafka_version"));
}

TEST_CASE("not built yet: network, control plane, brokers") {
    refuses(R"({"network": {"loss": "1%"}})", "/network/loss");
    refuses(R"({"network": {"loss": 0.5}})", "/network/loss");
    refuses(R"({"network": {"zones": {"a": ["b1"]}}})", "/network/zones");
    refuses(R"({"network": {"between_zones": {"latency": "1ms"}}})", "/network/between_zones");
    refuses(R"({"network": {"links": [{"from": "b1", "to": "b2", "transport": "datagram"}]}})",
            "/network/links/0/transport");
    refuses(R"({"network": {"links": [{"from": "b1", "to": "b2", "loss": "1%"}]}})",
            "/network/links/0/loss");
    refuses(R"({"network": {"latency": {"pareto": {"min": "1ms", "alpha": 1.5, "max": "1s"}}}})",
            "/network/latency/pareto");
    refuses(R"({"network": {"latency": {"quantiles": {"0": "1ms", "100": "2ms"}}}})",
            "/network/latency/quantiles");
    refuses(R"({"control_plane": {"mode": "zookeeper"}})", "/control_plane/mode");
    refuses(R"({"control_plane": {"servers": 3}})", "/control_plane/servers");
    refuses(R"({"control_plane": {"combined": true}})", "/control_plane/combined");
    refuses(R"({"control_plane": {"features": {"eligible.leader.replicas.version": 1}}})",
            "/control_plane/features");
    refuses(R"({"brokers": {"overrides": {"b1": {}}}})", "/brokers/overrides");
    CHECK(load(R"({"network": {"loss": "0%"}, "control_plane": {"combined": false}})").scenario);
}

TEST_CASE("not built yet: producers") {
    refuses(with_producer(R"("closed_loop": 5)"), "/producers/0/closed_loop");
    refuses(R"({"topics": ["a"], "producers": [{"rate": [{"at": "0s", "rate": "1/s"}]}]})",
            "/producers/0/rate");
    refuses(with_producer(R"("size": {"uniform": ["1B", "2B"]})"), "/producers/0/size");
    refuses(with_producer(R"("keys": {"zipf": {"count": 10, "exponent": 1.1}})"),
            "/producers/0/keys/zipf");
    refuses(with_producer(R"("poison": {"every": 3})"), "/producers/0/poison");
    refuses(with_producer(R"("transaction": {"records": 10})"), "/producers/0/transaction");
    refuses(with_producer(R"("cpu": {"per_record": "1us"})"), "/producers/0/cpu");
    refuses(with_producer(R"("config": {"transactional.id": "t"})"),
            "/producers/0/config/transactional.id");
}

TEST_CASE("not built yet: consumers") {
    refuses(with_group(R"("processing": {"concurrency": 2})"),
            "/consumers/0/processing/concurrency");
    refuses(with_group(R"("on_failure": {"then": "discard"})"), "/consumers/0/on_failure");
    refuses(with_group(R"("retry": "retry_topic")"), "/consumers/0/retry");
    refuses(with_group(R"("dead_letter_topic": "d")"), "/consumers/0/dead_letter_topic");
    refuses(with_group(R"("producer_config": {"acks": "1"})"), "/consumers/0/producer_config");
    refuses(with_group(R"("restart_after": "1s")"), "/consumers/0/restart_after");
    refuses(with_group(R"("protocol": "consumer")"), "/consumers/0/protocol");
    refuses(with_group(R"("protocol": "share")"), "/consumers/0/protocol");
    refuses(with_group(R"("config": {"group.protocol": "consumer"})"),
            "/consumers/0/config/group.protocol");
    for (const char* name : {"roundrobin", "sticky", "cooperative-sticky",
                             "org.apache.kafka.clients.consumer.StickyAssignor"}) {
        refuses(with_group(std::string(R"("config": {"partition.assignment.strategy": ")") + name +
                           "\"}"),
                "/consumers/0/config/partition.assignment.strategy");
    }
    CHECK(load(with_group(
                   R"("retry": "in_place", "processing": {"concurrency": 1}, "protocol": "classic",
        "config": {"partition.assignment.strategy": "range, cooperative-sticky"})"))
              .scenario);
}

TEST_CASE("not built yet: faults and expectations") {
    for (const char* action :
         {"power_loss", "lose_disk", "partition", "slow_network", "slow_disk", "stall_disk",
          "fill_disk", "slow_cpu", "skew_clock", "drop_requests", "rolling_restart", "add_broker",
          "move_leader", "reassign", "set_config", "set_rate", "resize_group"}) {
        refuses(std::string(R"({"faults": [{"at": "1s", "target": "b1", "do": ")") + action +
                    "\"}]}",
                "/faults/0/do");
    }
    const auto fault = [](const std::string& time) {
        return R"({"faults": [{"do": "crash", "target": "b1", )" + time + "}]}";
    };
    refuses(fault(R"("after": "x")"), "/faults/0/after");
    refuses(fault(R"("when": {"acked": 5})"), "/faults/0/when");
    refuses(fault(R"("every": "1s")"), "/faults/0/every");
    refuses(fault(R"("rate": "1/s")"), "/faults/0/rate");
    const auto target = [](const std::string& who, const std::string& top = "") {
        return R"({"faults": [{"do": "crash", "at": "1s", "target": )" + who + "}]" + top + "}";
    };
    refuses(target("\"c1\""), "/faults/0/target");
    refuses(target("[\"b1\", \"c3\"]"), "/faults/0/target");
    refuses(target("\"controller\""), "/faults/0/target");
    refuses(target("\"random:producer\""), "/faults/0/target");
    CHECK(load(target("\"controller\"", R"(, "control_plane": {"controllers": 1})")).scenario);
    refuses(R"({"expect": [{"converged": true}]})", "/expect/0/converged");
    refuses(R"({"expect": [{"event": "cons.done", "count": {"equals": 3}}]})", "/expect/0/event");
    refuses(R"({"expect": [{"metric": "lag.seconds.max", "below": "1s"}]})", "/expect/0/metric");
    refuses(R"({"expect": [{"metric": "request_queue.max", "below": 1}]})", "/expect/0/metric");
    refuses(R"({"expect": [{"metric": "handlers.busy", "below": "1%"}]})", "/expect/0/metric");
}
