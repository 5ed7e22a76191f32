// Faults that change settings and replicas: what they take, and what is refused where.
#include "scenario/helpers.hpp"

#include <doctest/doctest.h>

using namespace brokersim;
using namespace brokersim::test;

namespace {

std::string faults(const std::string& list) {
    return R"({"topics": [{"name": "orders", "partitions": 2, "replication_factor": 2},)"
           R"( {"name": "logs", "config": {"retention.ms": 5000}}], "producers": [{"name": "p",)"
           R"( "topic": "orders", "rate": "1/s"}], "consumers": [{"group": "g", "topics": ["logs"]}],)"
           R"( "faults": [)" +
           list + "]}";
}
std::string change(const std::string& subject, const std::string& config) {
    return faults(R"({"at": "1s", "do": "set_config", )" + subject + R"(, "config": {)" + config +
                  "}}");
}
void refuses(const std::string& text, const std::string& words) {
    const std::string problems = errors(load(text));
    CAPTURE(text);
    CAPTURE(problems);
    CHECK(contains(problems, words));
}

} // namespace

TEST_CASE("set_config: a topic's settings, and back to what the scenario says") {
    const auto loaded = load(change(R"("topic": "logs")", R"("retention.ms": 100)"));
    REQUIRE(loaded.scenario);
    const FaultSpec& fault = loaded.scenario->faults.at(0);
    REQUIRE(fault.topic_edits.size() == 1);
    CHECK(fault.topic_edits[0].name == "retention.ms");
    TopicConfig config = loaded.scenario->topics.at(1).config;
    fault.topic_edits[0].set(config);
    CHECK(config.retention == milliseconds(100));
    fault.topic_edits[0].reset(config);
    CHECK(config.retention == milliseconds(5000));
    CHECK(loaded.scenario->topics.at(1).own_settings == std::vector<std::string>{"retention.ms"});
}

TEST_CASE("set_config: what brokers change while they run, and what not") {
    const auto loaded =
        load(change(R"("target": "b1")", R"("log.retention.ms": 100, "num.io.threads": 2)"));
    REQUIRE(loaded.scenario);
    const FaultSpec& fault = loaded.scenario->faults.at(0);
    REQUIRE(fault.server_edits.size() == 1);
    REQUIRE(fault.topic_edits.size() == 1);
    CHECK(fault.topic_edits[0].name == "retention.ms");
    ServerConfig config;
    fault.server_edits[0].set(config);
    CHECK(config.num_io_threads == 2);
    fault.server_edits[0].reset(config);
    CHECK(config.num_io_threads == 8);
    refuses(change(R"("target": "b1")", R"("broker.session.timeout.ms": 100)"),
            "/faults/0/config/broker.session.timeout.ms \"broker.session.timeout.ms\" is "
            "read-only at run time");
    refuses(change(R"("target": "b1")", R"("num.replica.fetchers": 2)"), "not built yet");
    refuses(change(R"("target": "c1")", R"("num.io.threads": 2)"), "only brokers");
    refuses(change(R"("target": "b1")", R"("retention.ms": 2)"), "brokers call it");
}

TEST_CASE("set_config: clients take up some settings and are made with the others") {
    CHECK(load(change(R"("producer": "p")", R"("linger.ms": 7)")).scenario);
    CHECK(load(change(R"("group": "g")", R"("max.poll.records": 7)")).scenario);
    refuses(change(R"("producer": "p")", R"("acks": "1")"), "\"acks\" is read-only at run time");
    refuses(change(R"("group": "g")", R"("session.timeout.ms": 7000)"), "read-only at run time");
    refuses(change(R"("producer": "p")", R"("request.timeout.ms": 200000)"),
            "delivery.timeout.ms must be at least");
    refuses(change(R"("producer": "q")", R"("linger.ms": 7)"), "there is no producer \"q\"");
    refuses(change(R"("group": "h")", R"("max.poll.records": 7)"), "there is no group \"h\"");
}

TEST_CASE("set_config: one subject, legal values") {
    refuses(change(R"("topic": "logs", "target": "b1")", ""), "has one subject");
    refuses(faults(R"({"at": "1s", "do": "set_config", "topic": "logs"})"), "needs \"config\"");
    refuses(change(R"("topic": "log")", ""), "did you mean \"logs\"?");
    refuses(change(R"("topic": "logs")", R"("retention.ms": "soon")"), "without a unit");
    CHECK(contains(warnings(load(change(R"("topic": "logs")", R"("min.insync.replicas": 9)"))),
                   "no record with acks=all"));
}

TEST_CASE("reassign: a row for each partition, null for one that stays") {
    const auto move = [](const std::string& rows) {
        return faults(R"({"at": "1s", "do": "reassign", "topic": "orders", "assignment": )" + rows +
                      "}");
    };
    const auto loaded = load(move(R"([["b3", "b1"], null])"));
    REQUIRE(loaded.scenario);
    CHECK(loaded.scenario->faults.at(0).assignment ==
          std::vector<std::vector<std::int32_t>>{{2, 0}, {}});
    refuses(move(R"([["b3", "b1"]])"), "/faults/0/assignment the assignment has 1 rows");
    refuses(move(R"([["b3", "b3"], null])"), "/faults/0/assignment/0/1 \"b3\" stands here twice");
    refuses(move(R"([["b3", "b9"], null])"), "there is no broker \"b9\"");
    refuses(move(R"([[], null])"), "expected a list of brokers");
}

TEST_CASE("add_broker: the brokers that come have names and racks from the start") {
    const auto loaded = load(R"({"brokers": {"count": 2, "racks": ["x", "y", "z"]}, "faults": [
        {"id": "more", "every": "1s", "count": 2, "do": "add_broker"},
        {"after": "more", "do": "crash", "target": "b4"},
        {"at": "9s", "do": "add_broker", "rack": "w"}]})");
    CAPTURE(errors(loaded));
    REQUIRE(loaded.scenario);
    CHECK(loaded.scenario->added_brokers == 3);
    REQUIRE(loaded.scenario->brokers.size() == 5);
    CHECK(loaded.scenario->brokers[2].rack == "z");
    CHECK(loaded.scenario->brokers[3].rack == "x");
    CHECK(loaded.scenario->brokers[4].rack == "w");
    refuses(R"({"faults": [{"rate": "1/s", "do": "add_broker"}]})", "needs a \"count\"");
    refuses(R"({"faults": [{"at": "1s", "do": "add_broker", "for": "1s"}]})", "nothing to lift");
    refuses(R"({"brokers": 2, "topics": [{"name": "t", "assignment": [["b3"]]}],
        "faults": [{"at": "1s", "do": "add_broker"}]})",
            "there is no broker \"b3\"");
}

TEST_CASE("skew_clock: ahead, or behind with a sign") {
    const auto skew = [](const std::string& by) {
        return R"({"faults": [{"at": "1s", "do": "skew_clock", "target": "b1", "by": )" + by +
               "}]}";
    };
    CHECK(load(skew(R"("-5s")")).scenario->faults.at(0).by == Duration{} - seconds(5));
    CHECK(load(skew(R"("5s")")).scenario->faults.at(0).by == seconds(5));
    refuses(skew(R"("--5s")"), "/faults/0/by");
    refuses(skew("-5"), "/faults/0/by expected a duration");
}
