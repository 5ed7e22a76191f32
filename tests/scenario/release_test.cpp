// The releases that a scenario may name: their settings, defaults, ranges and features.
#include "scenario/helpers.hpp"
#include "scenario/modelled.hpp"

#include <doctest/doctest.h>

using namespace brokersim;
using namespace brokersim::test;

namespace {

Loaded in_release(const std::string& release, const std::string& more) {
    return load(R"({"kafka_version": ")" + release + R"(", "topics": ["orders"])" +
                (more.empty() ? "" : ", " + more) + "}");
}

Loaded with_config(const std::string& release, const std::string& config) {
    return in_release(release, R"("producers": [{"rate": "1/s", "config": {)" + config + "}}]");
}

constexpr const char* all_clients =
    R"("producers": [{"rate": "1/s"}], "consumers": [{"group": "g", "topics": ["orders"]}])";

} // namespace

TEST_CASE("releases: each has its own defaults") {
    const auto of = [](const std::string& release) {
        const Loaded loaded = in_release(release, all_clients);
        REQUIRE_MESSAGE(loaded.scenario, errors(loaded));
        return *loaded.scenario;
    };
    const Scenario old = of("3.9");
    CHECK(old.kafka_version == Release::v3_9);
    CHECK(old.producers[0].config.linger == Duration{});
    CHECK_FALSE(old.producers[0].config.metadata_recovery_rebootstrap);
    CHECK_FALSE(old.consumers[0].config.metadata_recovery_rebootstrap);
    CHECK(old.brokers[0].config.group_coordinator_append_linger == milliseconds(10));
    CHECK_FALSE(old.brokers[0].config.group_coordinator_new_enable);
    CHECK_FALSE(old.control_plane.config.group_coordinator_new_enable);
    CHECK_FALSE(old.control_plane.eligible_leader_replicas);
    for (const char* release : {"4.0", "4.1"}) {
        const Scenario s = of(release);
        CHECK(word(s.kafka_version) == release);
        CHECK(s.producers[0].config.linger == milliseconds(5));
        CHECK(s.producers[0].config.metadata_recovery_rebootstrap);
        CHECK(s.brokers[0].config.group_coordinator_append_linger == milliseconds(5));
        CHECK(s.brokers[0].config.group_coordinator_new_enable);
    }
    CHECK_FALSE(of("4.0").control_plane.eligible_leader_replicas);
    CHECK(of("4.1").control_plane.eligible_leader_replicas);
}

TEST_CASE("releases: what is written wins over the release's default, wherever it stands") {
    const Loaded loaded = load(R"({"topics": ["orders"],
        "producers": [{"rate": "1/s", "config": {"linger.ms": 3, "metadata.recovery.strategy": "rebootstrap"}}],
        "kafka_version": "3.9"})");
    REQUIRE(loaded.scenario);
    CHECK(loaded.scenario->producers[0].config.linger == milliseconds(3));
    CHECK(loaded.scenario->producers[0].config.metadata_recovery_rebootstrap);
}

TEST_CASE("releases: a setting that would have an effect in another one is refused by name") {
    const std::string trigger = R"("metadata.recovery.rebootstrap.trigger.ms": 1000)";
    CHECK(with_config("4.0", trigger).scenario);
    const std::string text = errors(with_config("3.9", trigger));
    CHECK(contains(text, "/producers/0/config/metadata.recovery.rebootstrap.trigger.ms"));
    CHECK(contains(text, "is not a setting of Kafka 3.9, but of 4.0 and 4.1"));
    // Without an effect anywhere it is a warning: a real file can be pasted.
    const Loaded pasted =
        in_release("4.1", R"("brokers": {"config": {"reserved.broker.max.id": 5}})");
    CHECK(pasted.scenario);
    CHECK(
        contains(warnings(pasted), "is not a setting of Kafka 4.1, but of 3.9: it has no effect"));
    CHECK_FALSE(contains(
        warnings(in_release("3.9", R"("brokers": {"config": {"reserved.broker.max.id": 5}})")),
        "not a setting of"));
    // The new group coordinator can be switched on in 3.9, no longer off in 4.1.
    const std::string coordinator =
        R"("brokers": {"config": {"group.coordinator.new.enable": true}})";
    CHECK(in_release("3.9", coordinator).scenario->brokers[0].config.group_coordinator_new_enable);
    CHECK(contains(errors(in_release("4.1", coordinator)), "is not a setting of Kafka 4.1"));
}

TEST_CASE("releases: ranges and words") {
    const auto segments = [](const std::string& release, int bytes) {
        const std::string n = std::to_string(bytes);
        return errors(
            in_release(release, R"("brokers": {"config": {"log.segment.bytes": )" + n + "}}"));
    };
    CHECK(segments("3.9", 14).empty());
    CHECK(contains(segments("3.9", 13), "at least 14"));
    CHECK(contains(segments("4.0", 14), "at least 1048576"));
    const auto topic = [](const std::string& release) {
        return errors(load(R"({"kafka_version": ")" + release +
                           R"(", "topics": [{"name": "a", "config": {"segment.bytes": 14}}]})"));
    };
    CHECK(topic("4.0").empty());
    CHECK(contains(topic("4.1"), "at least 1048576"));
    const auto reset = [](const std::string& release) {
        return errors(in_release(release, R"("consumers": [{"group": "g", "topics": ["orders"],
            "config": {"auto.offset.reset": "by_duration:PT1H"}}])"));
    };
    CHECK(reset("4.0").empty());
    CHECK(contains(reset("3.9"), "Kafka knows"));
}

TEST_CASE("releases: more than five requests in flight") {
    const std::string many = R"("max.in.flight.requests.per.connection": 6)";
    const Loaded old = with_config("3.9", many);
    REQUIRE(old.scenario);
    CHECK_FALSE(old.scenario->producers[0].config.enable_idempotence);
    CHECK(contains(warnings(old), "idempotence is switched off, as Kafka 3.9 does"));
    CHECK(contains(errors(with_config("4.0", many)), "Kafka 4.0 asks for"));
    CHECK(contains(errors(with_config("3.9", many + R"(, "enable.idempotence": true)")),
                   "at most 5"));
}

TEST_CASE("releases: features") {
    const auto elr = [](const std::string& release, const std::string& level) {
        return in_release(release, R"("control_plane": {"features":
            {"eligible.leader.replicas.version": )" +
                                       level + "}}");
    };
    CHECK(elr("4.0", "1").scenario->control_plane.eligible_leader_replicas);
    CHECK_FALSE(elr("4.1", "0").scenario->control_plane.eligible_leader_replicas);
    CHECK(elr("4.0", "1").scenario->changed_settings ==
          std::vector<std::pair<std::string, std::string>>{
              {"eligible.leader.replicas.version", "1"}});
    const std::string refused = errors(elr("3.9", "1"));
    CHECK(contains(refused, "/control_plane/features/eligible.leader.replicas.version"));
    CHECK(contains(refused, "is no feature of Kafka 3.9, but from 4.0 on"));
    const Loaded other =
        in_release("4.0", R"("control_plane": {"features": {"group.version": 0}})");
    CHECK(other.scenario);
    CHECK(contains(warnings(other), "\"group.version\" is not modelled"));
    CHECK(contains(
        errors(in_release("4.0", R"("control_plane": {"features": {"share.version": 1}})")),
        "is no feature of Kafka 4.0, but from 4.1 on"));
}

TEST_CASE("releases: the canonical form says what the release has, and loads as the same") {
    for (const char* release : {"3.9", "4.0", "4.1"}) {
        CAPTURE(release);
        const Loaded once = in_release(release, all_clients);
        REQUIRE(once.scenario);
        const Loaded twice = load(once.canonical);
        REQUIRE_MESSAGE(twice.scenario, errors(twice));
        CHECK(twice.canonical == once.canonical);
        CHECK(warnings(twice) == "");
    }
    const std::string old = in_release("3.9", all_clients).canonical;
    CHECK_FALSE(contains(old, "metadata.recovery.rebootstrap.trigger.ms"));
    CHECK(contains(old, "\"group.coordinator.new.enable\": false"));
}
