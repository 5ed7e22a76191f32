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
    CHECK(load(R"({"cold_start": false})").scenario);
    CHECK(contains(errors(load(R"({"kafka_version": "2.8"})")), "unknown kafka_version"));
}

TEST_CASE("not built yet: network, control plane, brokers") {
    refuses(R"({"network": {"links": [{"from": "b1", "to": "b2", "transport": "datagram"}]}})",
            "/network/links/0/transport");
    refuses(R"({"network": {"links": [{"from": "b1", "to": "b2", "duplicate": "1%"}]}})",
            "/network/links/0/duplicate");
    CHECK(load(R"({"control_plane": {"combined": false}})").scenario);
}

TEST_CASE("not built yet: producers") {
    refuses(with_producer(R"("transaction": {"records": 10})"), "/producers/0/transaction");
    refuses(with_producer(R"("config": {"transactional.id": "t"})"),
            "/producers/0/config/transactional.id");
}

TEST_CASE("not built yet: consumers") {
    refuses(with_group(R"("retry": "retry_topic")"), "/consumers/0/retry");
    refuses(with_group(R"("protocol": "consumer")"), "/consumers/0/protocol");
    refuses(with_group(R"("protocol": "share")"), "/consumers/0/protocol");
    refuses(with_group(R"("config": {"group.protocol": "consumer"})"),
            "/consumers/0/config/group.protocol");
    for (const char* name :
         {"sticky", "cooperative-sticky", "org.apache.kafka.clients.consumer.StickyAssignor"}) {
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
    const auto target = [](const std::string& who, const std::string& top = "") {
        return R"({"faults": [{"do": "crash", "at": "1s", "target": )" + who + "}]" + top + "}";
    };
    refuses(target("\"random:producer\""), "/faults/0/target");
    CHECK(load(target("\"controller\"")).scenario);
}

TEST_CASE("not built yet: what is wrong is wrong all the same") {
    const auto wrong = [](const std::string& text, const std::string& words) {
        const std::string problems = errors(load(text));
        CAPTURE(text);
        CAPTURE(problems);
        CHECK(contains(problems, words));
        CHECK_FALSE(contains(problems, "not built yet"));
    };
    wrong(R"({"cold_start": 1})", "/cold_start expected true or false");
    wrong(R"({"control_plane": {"servers": "three"}})", "/control_plane/servers expected");
    wrong(R"({"control_plane": {"combined": "yes"}})", "expected true or false");
    wrong(R"({"control_plane": {"features": {"eligible.leader.replica.version": 1}}})",
          R"(did you mean "eligible.leader.replicas.version"?)");
    wrong(R"({"control_plane": {"features": {"eligible.leader.replicas.version": 7}}})",
          "out of range: 0 to 1");
    wrong(R"({"network": {"links": [{"from": "b1", "to": "b2", "transport": "udp"}]}})",
          "unknown transport");
    wrong(with_producer(R"("transaction": {"records": 0})"), "/producers/0/transaction/records");
    wrong(with_producer(R"("transaction": {})"), "the key \"records\" is needed");
    wrong(with_group(R"("retry": "topic")"), "unknown retry \"topic\"");
    wrong(R"({"faults": [{"when": {"isr_sice": 1}, "do": "crash", "target": "b1"}]})",
          "did you mean \"isr_size\"?");
    const std::string both =
        errors(load(R"({"faults": [{"at": "1s", "do": "skew_clock", "target": "b9", "by": 5}]})"));
    CHECK(contains(both, "/faults/0/target there is no machine \"b9\""));
    CHECK(contains(both, "/faults/0/by expected a duration"));
    wrong(R"({"faults": [{"rate": 5, "do": "crash", "target": "b1"}]})", "expected a rate");
}
