// Kafka's settings: names, places, spellings, ranges, and the rules between them.
#include "scenario/helpers.hpp"
#include "scenario/modelled.hpp"
#include "scenario/settings.hpp"

#include <doctest/doctest.h>

using namespace brokersim;
using namespace brokersim::test;

namespace {

std::string producer_errors(const std::string& config) {
    return errors(load(with_producer("\"config\": {" + config + "}")));
}
std::string group_errors(const std::string& config, const std::string& top = "") {
    return errors(load(with_group("\"config\": {" + config + "}", top)));
}
std::string topic_errors(const std::string& config) {
    return errors(load(R"({"topics": [{"name": "a", "config": {)" + config + "}}]}"));
}
ProducerConfig producer(const std::string& config) {
    const Loaded loaded = load(with_producer("\"config\": {" + config + "}"));
    REQUIRE_MESSAGE(loaded.scenario, errors(loaded));
    return loaded.scenario->producers[0].config;
}

/// The defaults of the structs are those of Kafka's definitions.
template <class Config>
void check_defaults(std::span<const Modelled<Config>> table, Place place) {
    const Config defaults;
    for (const auto& entry : table) {
        const Setting* setting = find_setting(place, entry.name);
        REQUIRE(setting != nullptr);
        CAPTURE(entry.name);
        Config config;
        if ((setting->flags & Setting::unset) == 0) {
            std::string error;
            const auto value = setting_value(*setting, setting->fallback, error);
            REQUIRE(value);
            entry.set(config, *value);
        }
        CHECK(entry.json(config) == entry.json(defaults));
    }
}

} // namespace

TEST_CASE("settings: the defaults of the model are Kafka's") {
    check_defaults(modelled_server(), Place::server);
    check_defaults(modelled_topic(), Place::topic);
    check_defaults(modelled_producer(), Place::producer);
    check_defaults(modelled_consumer(), Place::consumer);
}

TEST_CASE("settings: the tables are sorted, so that every name is found") {
    for (const Place place : {Place::server, Place::topic, Place::producer, Place::consumer}) {
        for (const Setting& setting : settings_of(place)) {
            CHECK(find_setting(place, setting.name) == &setting);
        }
    }
    CHECK(settings_of(Place::server).size() > 350);
    CHECK(find_setting(Place::producer, "no.such.name") == nullptr);
}

TEST_CASE("settings: numbers, strings and booleans as Kafka reads them") {
    CHECK(producer("\"linger.ms\": 7").linger == milliseconds(7));
    CHECK(producer("\"linger.ms\": \" 7 \"").linger == milliseconds(7));
    CHECK(producer("\"acks\": -1").acks == Acks::all);
    CHECK(producer("\"acks\": 0").acks == Acks::none);
    CHECK(producer("\"enable.idempotence\": \"FALSE\"").enable_idempotence == false);
    CHECK(producer("\"linger.ms\": 9223372036854775807").linger == Duration::max());
    for (const char* value : {"5.5", "5.0", "5e0", "-1", "\"5ms\"", "\"soon\"", "\"\"", "[5]", "{}",
                              "true", "9223372036854775808"}) {
        CAPTURE(value);
        CHECK(contains(producer_errors(std::string("\"linger.ms\": ") + value),
                       "/producers/0/config/linger.ms"));
    }
    CHECK(contains(producer_errors("\"enable.idempotence\": \"yes\""), "true or false"));
    CHECK(contains(producer_errors("\"acks\": 2"), "Kafka knows"));
    CHECK(contains(producer_errors("\"batch.size\": 2147483648"), "32 bits"));
    CHECK(contains(group_errors("\"max.poll.records\": 0"), "at least 1"));
    CHECK(contains(group_errors("\"auto.offset.reset\": \"earlyest\""),
                   "did you mean \"earliest\"?"));
    CHECK(contains(group_errors("\"partition.assignment.strategy\": \"cooperative-stiky\""),
                   "did you mean \"cooperative-sticky\"?"));
    CHECK(contains(topic_errors("\"cleanup.policy\": \"keep\""), "Kafka knows"));
    CHECK(contains(topic_errors("\"min.cleanable.dirty.ratio\": 1.0001"), "0 to 1"));
    CHECK(topic_errors(
              "\"min.cleanable.dirty.ratio\": 1.0000, \"cleanup.policy\": \"compact,delete\"") ==
          "");
}

TEST_CASE("settings: a wrong name is corrected, one of another place is sent there") {
    CHECK(contains(producer_errors("\"linger.mss\": 5"), "did you mean \"linger.ms\"?"));
    CHECK(contains(group_errors("\"max_poll_records\": 5"), "did you mean \"max.poll.records\"?"));
    CHECK(contains(producer_errors("\"session.timeout.ms\": 5"),
                   "is a setting for consumers[].config"));
    CHECK(contains(topic_errors("\"linger.ms\": 5"), "is a setting for producers[].config"));
    CHECK(
        contains(topic_errors("\"log.retention.hours\": 5"), "a topic calls it \"retention.ms\""));
    CHECK(
        contains(errors(load(R"({"brokers": {"config": {"retention.ms": 5}}})")), "log.retention"));
}

TEST_CASE("settings: what is real but without effect is a warning that names it") {
    const Loaded loaded = load(
        R"({"brokers": {"config": {"log.cleaner.threads": 168, "listeners": "PLAINTEXT://:9092",
        "zookeeper.connect": "localhost", "listener.name.x.ssl.keystore.type": "JKS"}}})");
    CHECK(loaded.scenario);
    const std::string text = warnings(loaded);
    CHECK(contains(text,
                   "/brokers/config/log.cleaner.threads \"log.cleaner.threads\" is not modelled"));
    CHECK(contains(text, "\"listeners\" is not modelled"));
    CHECK(contains(text, "\"zookeeper.connect\" is not a setting of Kafka 4.0, but of 3.9: it has "
                         "no effect"));
    CHECK(contains(text, "listener.name.x.ssl.keystore.type"));
}

TEST_CASE("settings: brokers and controllers share names; given in both, each has its own") {
    const Loaded loaded =
        load(R"({"brokers": {"config": {"broker.session.timeout.ms": 18000, "num.io.threads": 4}},
        "control_plane": {"config": {"broker.session.timeout.ms": 20000, "replica.lag.time.max.ms": 10000}}})");
    REQUIRE(loaded.scenario);
    const ServerConfig& broker = loaded.scenario->brokers[0].config;
    const ServerConfig& controller = loaded.scenario->control_plane.config;
    CHECK(broker.broker_session_timeout == seconds(18));
    CHECK(controller.broker_session_timeout == seconds(20));
    CHECK(broker.replica_lag_time_max == seconds(10));
    CHECK(controller.num_io_threads == 4);
    CHECK(loaded.scenario->changed_settings.size() == 3);
}

TEST_CASE("settings: topics take the brokers' values unless they have their own") {
    const Loaded loaded =
        load(R"({"brokers": {"config": {"min.insync.replicas": 2, "message.max.bytes": 5000,
        "unclean.leader.election.enable": true}},
        "topics": ["a", {"name": "b", "config": {"min.insync.replicas": 1, "unclean.leader.election.enable": "false"}}]})");
    REQUIRE(loaded.scenario);
    CHECK(loaded.scenario->topics[0].config.min_insync_replicas == 2);
    CHECK(loaded.scenario->topics[0].config.max_message_bytes == 5000);
    CHECK(loaded.scenario->topics[0].config.unclean_leader_election_enable);
    CHECK(loaded.scenario->topics[1].config.min_insync_replicas == 1);
    CHECK_FALSE(loaded.scenario->topics[1].config.unclean_leader_election_enable);
}

TEST_CASE("rules: idempotence, acks, retries and requests in flight") {
    CHECK(producer("\"acks\": 1").enable_idempotence == false);
    CHECK(producer("\"retries\": 0").enable_idempotence == false);
    CHECK(producer("\"retries\": 3").enable_idempotence == true);
    CHECK(contains(producer_errors("\"acks\": 1, \"enable.idempotence\": true"),
                   "/producers/0/config/acks"));
    CHECK(contains(producer_errors("\"retries\": 0, \"enable.idempotence\": true"),
                   "/producers/0/config/retries"));
    CHECK(contains(producer_errors("\"max.in.flight.requests.per.connection\": 6"), "at most 5"));
    CHECK(contains(producer_errors("\"max.in.flight.requests.per.connection\": 6, \"acks\": 1"),
                   "at most 5"));
    CHECK(producer("\"max.in.flight.requests.per.connection\": 6, \"enable.idempotence\": false")
              .max_in_flight_requests_per_connection == 6);
}

TEST_CASE("rules: delivery time-out is raised, unless it was written down") {
    CHECK(producer("\"linger.ms\": 200000").delivery_timeout == seconds(230));
    CHECK(producer("\"linger.ms\": 9223372036854775807").delivery_timeout ==
          milliseconds(2147483647));
    CHECK(contains(
        producer_errors(
            "\"linger.ms\": 50, \"request.timeout.ms\": 1000, \"delivery.timeout.ms\": 1049"),
        "/producers/0/config/delivery.timeout.ms"));
    CHECK(producer("\"linger.ms\": 50, \"request.timeout.ms\": 1000, \"delivery.timeout.ms\": 1050")
              .delivery_timeout == milliseconds(1050));
}

TEST_CASE("rules: partitioners") {
    CHECK(producer(
              "\"partitioner.class\": \"org.apache.kafka.clients.producer.RoundRobinPartitioner\"")
              .partitioner == PartitionerKind::round_robin);
    CHECK(contains(producer_errors("\"partitioner.class\": \"my.Own\""), "is not known"));
    const Loaded sticky = load(with_producer("\"partitioner\": \"sticky\""));
    REQUIRE(sticky.scenario);
    CHECK(sticky.scenario->producers[0].config.partitioner_ignore_keys);
    CHECK(
        contains(errors(load(with_producer("\"partitioner\": \"explicit\""))), "need each other"));
    CHECK(load(with_producer("\"partitioner\": \"explicit\", \"partition\": 2")).scenario);
}

TEST_CASE("rules: sessions, heartbeats and the limits of the brokers") {
    CHECK(contains(group_errors("\"heartbeat.interval.ms\": 45000"),
                   "/consumers/0/config/heartbeat.interval.ms"));
    CHECK(contains(group_errors("\"session.timeout.ms\": 5999"), "outside what brokers allow"));
    CHECK(group_errors("\"session.timeout.ms\": 6000") == "");
    CHECK(group_errors("\"session.timeout.ms\": 2, \"heartbeat.interval.ms\": 1",
                       R"("brokers": {"config": {"group.min.session.timeout.ms": 1}})") == "");
    CHECK(contains(errors(load(R"({"brokers": {"config": {"replica.fetch.wait.max.ms": 30001}}})")),
                   "/brokers/config/replica.fetch.wait.max.ms"));
}

TEST_CASE("rules: commit and enable.auto.commit do not contradict each other") {
    CHECK(contains(errors(load(with_group(
                       R"("commit": "after_processing", "config": {"enable.auto.commit": true})"))),
                   "contradicts"));
    CHECK(contains(group_errors("\"enable.auto.commit\": false"), "contradicts"));
    const Loaded loaded = load(with_group(R"("commit": "before_processing")"));
    REQUIRE(loaded.scenario);
    CHECK(loaded.scenario->consumers[0].commit == CommitMode::before_processing);
    CHECK_FALSE(loaded.scenario->consumers[0].config.enable_auto_commit);
    CHECK(contains(group_errors("\"group.id\": \"other\""), "contradicts the key \"group\""));
}
