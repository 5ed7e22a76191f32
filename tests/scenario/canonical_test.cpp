// The canonical form: loading it gives the same scenario, and the same form.
#include "scenario/helpers.hpp"

#include <doctest/doctest.h>

using namespace brokersim;
using namespace brokersim::test;

namespace {

/// A scenario with everything that is built.
const std::string everything = R"({
"name": "all", "description": "a", "seed": 9, "duration": "20s", "warmup": "1s", "drain": "5s",
"heal": true, "outage_threshold": "500ms",
"lesson": {"question": "q", "watch": ["w"], "answer": "a", "next": "n"},
"network": {"latency": {"quantiles": {"0": "100us", "33.3": "200us", "100": "20ms"}}, "loss": "0.1%",
  "zones": {"z": ["b1", "p"]}, "between_zones": {"latency": {"exponential": "2ms"}},
  "links": [{"from": "b1", "to": "b2", "latency": {"uniform": ["1ms", "2ms"]}, "both_ways": true}]},
"control_plane": {"config": {"num.io.threads": 2}},
"brokers": {"racks": ["r1", "r2"], "overrides": {"b3": {"cpu": {"per_request": "1ms"}},
  "b2": {"disk": {"write": "20MB/s"}, "config": {"num.io.threads": 1}}, "b1": {}},
  "config": {"log.retention.hours": 1, "log.roll.ms": 1000, "min.insync.replicas": 2}},
"topics": [{"name": "orders", "partitions": 3}, {"name": "t", "assignment": [["b2", "b1"]],
  "config": {"retention.ms": -1, "flush.messages": 1}}],
"producers": [
 {"name": "p", "topic": "orders", "rate": [{"at": "0s", "rate": "100/s"},
  {"at": "10s", "rate": "0.5/h", "ramp": true}], "keys": {"zipf": {"count": 10, "exponent": 1.1}},
  "poison": {"keys": ["k1"], "fails": 3}, "size": {"pareto": {"min": "100B", "alpha": 1.25, "max": "2KiB"}},
  "cpu": {"per_record": "1us", "per_byte": "0.1ns"}, "config": {"acks": 1}},
 {"topic": "t", "closed_loop": 5, "poison": {"at": [40, 17]}, "partition": 0, "instances": 2},
 {"topic": "t", "rate": "7/min", "arrivals": "poisson", "burst": 3, "stop": "9s", "count": 11,
  "poison": {"ratio": "0.25%"}, "partitioner": "round_robin", "keys": {"list": ["a", "b\u0007"]}}],
"consumers": [
 {"group": "g", "topics": ["orders"], "members": 2, "join": "1s",
  "processing": {"time": {"lognormal": {"median": "1ms", "p99": "10ms"}, "max": "1s"}, "concurrency": 4},
  "on_failure": {"retries": 3, "then": "dead_letter"}, "producer_config": {"linger.ms": 7},
  "config": {"auto.offset.reset": "by_duration:PT1H30M", "partition.assignment.strategy": "roundrobin"}},
 {"group": "h", "topics": ["t"], "on_failure": {"then": "crash"}, "restart_after": "3s",
  "commit": "after_processing", "stop": "15s"}],
"faults": [
 {"id": "a", "every": "5s", "count": 3, "do": "pause", "target": ["leader:orders/0", "b1"], "for": "1s"},
 {"after": "a", "delay": "1s", "do": "slow_network", "target": "zone:z", "latency": "5ms", "loss": 0.1},
 {"at": "1s", "do": "partition", "groups": ["zone:r2", ["b3", "c1", "c2", "c3"]], "for": "1s"},
 {"at": "2s", "do": "slow_cpu", "target": "b1", "factor": 2.5},
 {"at": "2s", "do": "set_rate", "producer": "p", "new_rate": "5/s"},
 {"at": "3s", "do": "cut", "from": "b1", "to": ["b2", "b3"], "for": "1s"},
 {"at": "3s", "do": "heal"}, {"at": "2s", "do": "resize_group", "group": "g", "members": 5}],
"expect": [{"event": "cons.done", "where": {"outcome": "dead_lettered"}, "count": {"equals": 3}},
 {"converged": true}, {"metric": "handlers.busy", "broker": "b1", "below": "50%"},
 {"acked_lost": {"between": [0, 5]}}, {"no_acked_loss": true},
 {"leader": {"t/0": null, "orders/1": "b1"}, "at": "5s"}, {"isr": {"t/0": ["b1"]}, "at": "5s"},
 {"metric": "produce.rate", "topic": "orders", "partition": 1, "above": "0.5/s", "from": "1s", "to": "2s"},
 {"metric": "unavailable.max", "side": "consume", "between": ["0s", "1.5s"]}]})";

} // namespace

TEST_CASE("canonical: the form of the form is the form, and its digest stays") {
    for (const std::string& text : {everything, smallest(), std::string("{}")}) {
        const Loaded once = load(text);
        REQUIRE(errors(once) == "");
        const Loaded twice = load(once.canonical);
        CHECK(errors(twice) == "");
        CHECK(twice.canonical == once.canonical);
        REQUIRE(twice.scenario);
        CHECK(twice.scenario->digest == once.scenario->digest);
        CHECK(twice.scenario->topics.size() == once.scenario->topics.size());
        CHECK(twice.scenario->changed_settings == once.scenario->changed_settings);
    }
}

TEST_CASE("canonical: what changes the run changes the form") {
    const Loaded base = load(everything);
    for (const char* set : {"/warmup=2s",
                            "/network/loss=0.2%",
                            "/network/zones/z/1=g-5",
                            "/network/between_zones/loss=1%",
                            "/network/latency/quantiles/33.3=201us",
                            "/brokers/overrides/b2/config/num.io.threads=2",
                            "/brokers/config/log.roll.ms=1001",
                            "/producers/0/rate/1/ramp=false",
                            "/producers/0/keys/zipf/exponent=1.2",
                            "/producers/0/poison/fails=4",
                            "/producers/0/size/pareto/alpha=1.26",
                            "/producers/0/cpu/per_record=2us",
                            "/producers/1/closed_loop=6",
                            "/producers/1/poison/at/0=41",
                            "/producers/2/poison/ratio=0.26%",
                            "/consumers/0/processing/concurrency=5",
                            "/consumers/0/on_failure/retries=4",
                            "/consumers/0/on_failure/backoff=2s",
                            "/consumers/0/producer_config/linger.ms=8",
                            "/consumers/0/dead_letter_topic=elsewhere",
                            "/consumers/1/restart_after=4s",
                            "/consumers/0/config/auto.offset.reset=by_duration:PT1H30M1S",
                            "/faults/0/every=6s",
                            "/faults/0/count=4",
                            "/faults/0/target/1=b2",
                            "/faults/1/delay=2s",
                            "/faults/1/latency=6ms",
                            "/faults/2/groups/1/0=b1",
                            "/faults/3/factor=2.6",
                            "/faults/4/new_rate=6/s",
                            "/faults/7/members=6",
                            "/expect/0/where/outcome=discarded",
                            "/expect/0/count/equals=4",
                            "/expect/1/converged=false",
                            "/expect/2/below=51%"}) {
        LoadOptions options;
        options.sets = {set};
        const Loaded changed = load(everything, options);
        CAPTURE(set);
        CHECK(errors(changed) == "");
        CHECK(changed.canonical != base.canonical);
    }
}

TEST_CASE("canonical: different spellings of one meaning are one form") {
    const auto same = [](const std::string& a, const std::string& b) {
        const Loaded one = load(a);
        const Loaded two = load(b);
        CHECK(errors(one) == "");
        CHECK(errors(two) == "");
        CHECK(one.canonical == two.canonical);
    };
    same(R"({"brokers": {"overrides": {"b2": {"config": {"num.io.threads": 8}}}}})", "{}");
    same(R"({"brokers": {"config": {"log.retention.hours": 2}}})",
         R"({"brokers": {"config": {"log.retention.minutes": 120}}})");
    same(with_producer(R"("size": "1KiB", "poison": {"at": [3, 1, 3]})"),
         with_producer(R"("poison": {"at": [1, 3]})"));
    same(with_group(R"("on_failure": {"then": "crash"})"),
         with_group(R"("on_failure": {"then": "crash"}, "restart_after": "10s")"));
    same(with_group(R"("on_failure": {"then": "dead_letter"})"),
         R"({"topics": ["orders", "orders.DLT"], "consumers": [{"group": "g", "topics": ["orders"],
             "on_failure": {"then": "dead_letter"}, "dead_letter_topic": "orders.DLT"}]})");
}
