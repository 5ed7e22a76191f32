// Fields of lines, and events that are counted by them.
#include "observe/event_count.hpp"

#include <doctest/doctest.h>

using namespace brokersim;

TEST_CASE("a field of a line is found by its name, whatever texts and lists stand before it") {
    const std::string_view line =
        R"({"n":1,"t":2,"c":0,"e":"x \"tp\":1,","a":[1,{"tp":3}],"tp":"orders/0","last":null})";
    CHECK(field_of_line(line, "n") == "1");
    CHECK(field_of_line(line, "a") == R"([1,{"tp":3}])");
    CHECK(field_of_line(line, "tp") == R"("orders/0")");
    CHECK(field_of_line(line, "last") == "null");
    CHECK_FALSE(field_of_line(line, "missing").has_value());
}

TEST_CASE("an event counts when all fields that are asked for fit") {
    RunInfo info;
    info.nodes = {"b1", "b2"};
    Scenario scenario;
    const auto ask = [&](std::string event, std::vector<std::pair<std::string, std::string>> w) {
        ExpectSpec spec;
        spec.kind = ExpectSpec::Kind::event;
        spec.event = std::move(event);
        spec.where = std::move(w);
        scenario.expect.push_back(spec);
    };
    ask("node.down", {});
    ask("node.down", {{"how", "\"kill\""}, {"node", "\"b2\""}});
    ask("node.up", {{"inc", "1"}});
    EventCount events(scenario, info);
    CHECK(events.wants().has(FactKind::node_up));
    CHECK_FALSE(events.wants().has(FactKind::hw));
    const auto note = [&](const auto& fact) {
        events.on(Time{5}, FactRef{std::decay_t<decltype(fact)>::kind, &fact});
    };
    note(NodeUp{MachineId(0), 1});
    note(NodeUp{MachineId(1), 2});
    note(NodeDown{MachineId(0), 1, DownHow::kill});
    note(NodeDown{MachineId(1), 1, DownHow::kill});
    note(NodeDown{MachineId(1), 1, DownHow::clean});
    CHECK(events.of(0) == 3);
    CHECK(events.of(1) == 1);
    CHECK(events.of(2) == 1);
}
