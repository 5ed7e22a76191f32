// ZooKeeper mode in scenarios: its keys, its release, its settings.
#include "scenario/helpers.hpp"

#include <doctest/doctest.h>

using namespace brokersim;
using namespace brokersim::test;

namespace {

Loaded with_plane(const std::string& plane, const std::string& more = "") {
    return load(
        smallest(R"("control_plane": {)" + plane + "}" + (more.empty() ? "" : ", " + more)));
}

} // namespace

TEST_CASE("zookeeper: the mode selects 3.9 by itself, with its defaults") {
    const Loaded loaded = with_plane(R"("mode": "zookeeper", "servers": 5)");
    REQUIRE_MESSAGE(loaded.scenario, errors(loaded));
    const Scenario& s = *loaded.scenario;
    CHECK(s.kafka_version == Release::v3_9);
    CHECK(s.control_plane.mode == ControlPlaneMode::zookeeper);
    CHECK(s.control_plane.servers == 5);
    CHECK(s.producers[0].config.linger == Duration{});
    CHECK(s.brokers[0].config.zookeeper_session_timeout == seconds(18));
    CHECK(s.brokers[0].config.zookeeper_max_in_flight_requests == 10);
    CHECK(with_plane(R"("mode": "zookeeper")").scenario->control_plane.servers == 3);
}

TEST_CASE("zookeeper: settings count wherever they stand, and the canonical form keeps the mode") {
    const Loaded loaded = with_plane(R"("mode": "zookeeper", "config": {
        "zookeeper.session.timeout.ms": 6000, "zookeeper.max.in.flight.requests": 3,
        "controlled.shutdown.max.retries": 1, "controlled.shutdown.retry.backoff.ms": 100,
        "leader.imbalance.per.broker.percentage": 0})");
    REQUIRE_MESSAGE(loaded.scenario, errors(loaded));
    CHECK(warnings(loaded) == "");
    const ServerConfig& c = loaded.scenario->brokers[0].config;
    CHECK(c.zookeeper_session_timeout == seconds(6));
    CHECK(c.zookeeper_max_in_flight_requests == 3);
    CHECK(c.controlled_shutdown_max_retries == 1);
    CHECK(c.controlled_shutdown_retry_backoff == milliseconds(100));
    CHECK(c.leader_imbalance_per_broker_percentage == 0);
    const Loaded again = load(loaded.canonical);
    REQUIRE_MESSAGE(again.scenario, errors(again));
    CHECK(again.canonical == loaded.canonical);
    CHECK(again.scenario->control_plane.mode == ControlPlaneMode::zookeeper);
    CHECK(again.scenario->brokers[0].config.zookeeper_session_timeout == seconds(6));
}

TEST_CASE("zookeeper: later releases do not have it") {
    for (const char* release : {"4.0", "4.1"}) {
        const Loaded loaded = with_plane(R"("mode": "zookeeper")",
                                         R"("kafka_version": ")" + std::string(release) + "\"");
        CHECK(!loaded.scenario);
        CHECK(contains(errors(loaded), "/kafka_version ZooKeeper mode is gone"));
    }
    CHECK(with_plane(R"("mode": "zookeeper")", R"("kafka_version": "3.9")").scenario);
    CHECK(contains(errors(with_plane(R"("config": {"zookeeper.session.timeout.ms": 6000})")),
                   "zookeeper.session.timeout.ms"));
}

TEST_CASE("zookeeper: keys of the other mode are refused") {
    for (const char* key : {R"("controllers": 3)", R"("combined": true)", R"("features": {})"}) {
        const Loaded loaded = with_plane(R"("mode": "zookeeper", )" + std::string(key));
        CHECK(!loaded.scenario);
        CHECK(contains(errors(loaded), "is for KRaft"));
    }
    CHECK(contains(errors(with_plane(R"("servers": 3)")), "/control_plane/servers"));
    CHECK(contains(errors(with_plane(R"("mode": "zookeeper", "servers": 0)")),
                   "/control_plane/servers"));
}

TEST_CASE("zookeeper: its machines are z1, z2, …, and a broker is the controller") {
    const auto with_fault = [](const std::string& fault) {
        return with_plane(R"("mode": "zookeeper")",
                          R"("faults": [{"do": "crash", )" + fault + "}]");
    };
    CHECK(with_fault(R"("at": "1s", "target": "z3")").scenario);
    CHECK(with_fault(R"("at": "1s", "target": "controller")").scenario);
    CHECK(with_fault(R"("when": {"elected": {"controller": "b2"}}, "target": "b1")").scenario);
    CHECK(contains(errors(with_fault(R"("at": "1s", "target": "z4")")), "/faults/0/target"));
    CHECK(contains(errors(with_fault(R"("at": "1s", "target": "c1")")), "/faults/0/target"));
    CHECK(
        contains(errors(with_fault(R"("when": {"elected": {"controller": "c1"}}, "target": "b1")")),
                 "there is no controller \"c1\""));
}
