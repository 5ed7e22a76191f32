// Faults that wait for a state, and those that come at random.
#include "fault_begins.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace brokersim;
using test::at;
using test::begins;
using test::Begins;
using test::facts_of;
using test::fault;

TEST_CASE("a fault that waits for what is true already begins at once, and only once") {
    Scenario s = test::small_scenario(3, 1, 3);
    FaultSpec waits = fault("waits", FaultAction::pause, {});
    waits.when = {{StateSpec::Kind::leader, "orders", 0, "b1", 0},
                  {StateSpec::Kind::isr_size, "orders", 0, "", 3}};
    waits.lasts = milliseconds(10);
    FaultSpec follows = fault("follows", FaultAction::pause, {});
    follows.after = 0;
    follows.delay = seconds(1);
    follows.lasts = milliseconds(10);
    s.faults = {waits, follows};
    CHECK(begins(s, at(9000)) == "0 waits b1\n1000 follows b1\n");
    s.faults[0].when[1].value = 2; // Both have to hold.
    CHECK(begins(s, at(9000)) == "");
}

TEST_CASE("a fault waits for acknowledgements, for lag, for elections") {
    Scenario s = test::small_scenario(3, 1, 3);
    s.producers.push_back(test::small_producer("p", Acks::all, at(4000), milliseconds(100), 100));
    ConsumerGroupSpec group;
    group.group = "g";
    group.topics = {0};
    group.config.auto_offset_reset = OffsetReset::earliest;
    s.consumers.push_back(group);
    FaultSpec acked = fault("acked", FaultAction::pause, {});
    acked.when = {{StateSpec::Kind::acked, "", 0, "p", 21}};
    acked.target.machines = {"g-1"};
    FaultSpec lag = fault("lag", FaultAction::crash, {});
    lag.when = {{StateSpec::Kind::lag_above, "", 0, "g", 10}};
    lag.target.machines = {"b1"};
    FaultSpec elected = fault("elected", FaultAction::resume, {});
    elected.when = {{StateSpec::Kind::elected, "orders", 0, "b2", 0}};
    elected.target.machines = {"g-1"};
    FaultSpec never = fault("never", FaultAction::crash, {});
    never.when = {{StateSpec::Kind::elected, "orders", 0, "b1", 0}};
    s.faults = {acked, lag, elected, never};
    test::Collect<ProdAck> acks;
    test::run_to(s, at(6200), acks, 1);
    REQUIRE(acks.all.size() > 20);
    const std::string when = std::to_string(acks.all[20].at.ns / 1'000'000);
    const std::string text = begins(s, at(20'000));
    CAPTURE(text);
    CHECK(text.starts_with(when + " acked g-1\n"));
    // The member is frozen with what it has taken: the eleventh record after it is one too many.
    CHECK(text.find("\n7100 lag b1\n") != std::string::npos);
    CHECK(text.find(" elected g-1\n") != std::string::npos);
    CHECK(text.find("never") == std::string::npos);
}

TEST_CASE("a random fault begins so often on average, at times that its own stream draws") {
    Scenario s = test::small_scenario(1, 1, 1);
    FaultSpec often = fault("often", FaultAction::pause, {});
    often.rate = Rate{2, seconds(1)};
    often.lasts = milliseconds(1);
    s.faults = {often};
    std::set<std::int64_t> gaps;
    std::int64_t begun = 0;
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        Time before;
        for (const auto& entry : facts_of<FaultBegin>(s, at(100'000), seed)) {
            gaps.insert((entry.at - before).ns / 1'000'000'000);
            before = entry.at;
            ++begun;
        }
    }
    CHECK(begun > 1000 - 4 * 32); // Poisson: 1000 are expected, with a deviation of 32.
    CHECK(begun < 1000 + 4 * 32);
    CHECK(gaps.contains(2)); // Exponential gaps: some are four times the mean.
    const std::string alone = begins(s, at(20'000));
    s.faults.push_back(fault("other", FaultAction::pause, at(30'000)));
    CHECK(begins(s, at(20'000)) == alone);
    s.faults[0].count = 3;
    CHECK(facts_of<FaultBegin>(s, at(25'000)).size() == 3);
}

TEST_CASE("a copy of a world goes on to wait") {
    Scenario s = test::small_scenario(3, 1, 3);
    s.duration = seconds(30);
    FaultSpec crash = fault("crash", FaultAction::crash, at(10'000));
    FaultSpec waits = fault("waits", FaultAction::pause, {});
    waits.when = {{StateSpec::Kind::elected, "orders", 0, "", 0}};
    waits.target.machines = {"b3"};
    s.faults = {crash, waits};
    Simulation first(s, 1);
    Begins one(first.info());
    first.start(one);
    first.advance(one, 500);
    Simulation second(first);
    Begins two(second.info());
    while (first.advance(one, 1'000'000)) {}
    while (second.advance(two, 1'000'000)) {}
    CHECK(one.text.find("waits b3") != std::string::npos);
    CHECK(two.text == one.text);
}
