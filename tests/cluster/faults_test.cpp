// Faults in a running cluster: when they begin, whom they hit, what they change.
#include "fault_begins.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

using namespace brokersim;
using test::at;
using test::begins;
using test::Begins;
using test::facts_of;
using test::fault;

TEST_CASE("a fault that follows another begins after each of its begins, none after the end") {
    Scenario s = test::small_scenario(3, 1, 3);
    FaultSpec first = fault("first", FaultAction::pause, at(2000));
    first.every = seconds(3);
    first.count = 3;
    first.lasts = milliseconds(10);
    FaultSpec second = fault("second", FaultAction::pause, {});
    second.after = 0;
    second.delay = milliseconds(500);
    second.lasts = milliseconds(10);
    FaultSpec third = fault("third", FaultAction::pause, {});
    third.after = 1;
    third.delay = milliseconds(250);
    third.lasts = milliseconds(10);
    s.faults = {first, second, third};
    CHECK(begins(s, at(8700)) == "2000 first b1\n2500 second b1\n2750 third b1\n"
                                 "5000 first b1\n5500 second b1\n5750 third b1\n"
                                 "8000 first b1\n8500 second b1\n");
    s.faults[0].count.reset();
    s.faults.resize(1);
    CHECK(begins(s, at(11'000)) == "2000 first b1\n5000 first b1\n8000 first b1\n11000 first b1\n");
}

TEST_CASE("a fault that begins again before it is over holds twice") {
    Scenario s = test::small_scenario(2, 1, 2);
    FaultSpec f = fault("f", FaultAction::pause, at(1000));
    f.every = seconds(1);
    f.count = 3;
    f.lasts = milliseconds(1500);
    s.faults = {f};
    const auto woken = facts_of<NodeResumed>(s, at(10'000));
    REQUIRE(woken.size() == 1);
    CHECK(woken.front().at == at(4500));
}

TEST_CASE("random targets are drawn among running brokers, each once, from the fault's stream") {
    Scenario s = test::small_scenario(4, 1, 3);
    FaultSpec down = fault("down", FaultAction::crash, at(1000));
    down.target.machines = {"b2"};
    FaultSpec f = fault("f", FaultAction::slow_cpu, at(2000));
    f.factor_ppb = 2 * Ratio::one;
    f.target.kind = TargetSpec::Kind::several;
    TargetSpec random;
    random.kind = TargetSpec::Kind::random_broker;
    f.target.parts = {random, random, random, random};
    s.faults = {down, f};
    std::set<std::string> orders;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        const std::string told = begins(s, at(3000), seed);
        orders.insert(told.substr(told.find("f ") + 2));
    }
    CHECK(orders.size() == 6); // Every order of b1, b3 and b4.
    CHECK(*orders.begin() == "b1,b3,b4\n");
    // Another fault with draws of its own moves nothing.
    const std::string alone = begins(s, at(3000), 7);
    FaultSpec other = f;
    other.id = "other";
    other.at = at(1500);
    s.faults.push_back(other);
    const std::string both = begins(s, at(3000), 7);
    CHECK(both.find(alone.substr(alone.find("2000"))) != std::string::npos);
}

TEST_CASE("a role that nobody holds is nobody, and roles and names may stand together") {
    Scenario s = test::small_scenario(3, 1, 1);
    s.faults = {fault("first", FaultAction::crash, at(1000)),
                fault("second", FaultAction::pause, at(15'000))};
    TargetSpec leader;
    leader.kind = TargetSpec::Kind::leader;
    leader.topic = "orders";
    s.faults[1].target = leader;
    CHECK(begins(s, at(16'000)) == "1000 first b1\n15000 second \n");
    TargetSpec named;
    named.machines = {"b3", "b1"};
    s.faults[1].target = {};
    s.faults[1].target.kind = TargetSpec::Kind::several;
    s.faults[1].target.parts = {named, leader};
    s.faults[1].at = at(500);
    CHECK(begins(s, at(16'000)).find("500 second b3,b1\n") != std::string::npos);
}

TEST_CASE("a slow network adds its latency to every link of its targets while it lasts") {
    Scenario s = test::small_scenario(2, 1, 2);
    s.producers.push_back(test::small_producer("p", Acks::leader, at(0), milliseconds(500), 20));
    FaultSpec f = fault("f", FaultAction::slow_network, at(3000));
    f.target.machines = {"p"};
    f.latency = Distribution::constant(milliseconds(40));
    f.lasts = seconds(3);
    s.faults = {f};
    std::vector<Time> sent;
    for (const auto& entry : facts_of<ProdNew>(s, at(10'000)))
        sent.push_back(entry.at);
    const auto acks = facts_of<ProdAck>(s, at(10'000));
    REQUIRE(acks.size() == 20);
    for (std::size_t k = 2; k < acks.size(); ++k) {
        const Duration took = acks[k].at - sent[k];
        const bool slow = sent[k] >= at(3000) && sent[k] < at(6000);
        CHECK(took >= (slow ? milliseconds(80) : Duration{}));
        CHECK(took < (slow ? milliseconds(83) : milliseconds(3)));
    }
}

TEST_CASE("a slow processor makes requests of its broker take longer while it lasts") {
    Scenario s = test::small_scenario(1, 1, 1);
    s.brokers.front().cpu = {milliseconds(1), 0};
    s.producers.push_back(test::small_producer("p", Acks::leader, at(0), milliseconds(500), 20));
    FaultSpec f = fault("f", FaultAction::slow_cpu, at(3000));
    f.factor_ppb = 50 * Ratio::one;
    f.lasts = seconds(3);
    s.faults = {f};
    std::vector<Time> sent;
    for (const auto& entry : facts_of<ProdNew>(s, at(10'000)))
        sent.push_back(entry.at);
    const auto acks = facts_of<ProdAck>(s, at(10'000));
    REQUIRE(acks.size() == 20);
    for (std::size_t k = 2; k < acks.size(); ++k) {
        const Duration took = acks[k].at - sent[k];
        const bool slow = sent[k] >= at(3000) && sent[k] < at(6000);
        CHECK(took >= (slow ? milliseconds(50) : milliseconds(1)));
        CHECK(took < (slow ? milliseconds(52) : milliseconds(3)));
    }
}

TEST_CASE("set_rate changes the load of all instances of a producer, until it is lifted") {
    Scenario s = test::small_scenario(1, 1, 1);
    for (const char* name : {"p-1", "p-2", "other"}) {
        s.producers.push_back(
            test::small_producer(name, Acks::leader, at(0), milliseconds(100), 1'000'000));
    }
    FaultSpec f = fault("f", FaultAction::set_rate, at(2000));
    f.target = {};
    f.producer = "p";
    f.new_rate = {100, seconds(1)};
    f.lasts = seconds(3);
    FaultSpec forever = f;
    forever.id = "forever";
    forever.at = at(8000);
    forever.lasts.reset();
    forever.new_rate = {0, seconds(1)};
    s.faults = {f, forever};
    std::int64_t records[3][3] = {}; // By producer; before, while and after.
    for (const auto& entry : facts_of<ProdNew>(s, at(20'000))) {
        const int when = entry.at < at(2000) ? 0 : entry.at < at(5000) ? 1 : 2;
        records[entry.fact.p.index()][when] += entry.fact.count;
    }
    for (const int p : {0, 1}) {
        CHECK(std::abs(records[p][0] - 20) <= 1);
        CHECK(std::abs(records[p][1] - 300) <= 2);
        CHECK(std::abs(records[p][2] - 30) <= 1); // 5 to 8 s.
    }
    CHECK(records[2][2] == 151);
    const auto over = facts_of<FaultEnd>(s, at(20'000));
    REQUIRE(over.size() == 2);
    CHECK(over.back().at == at(8000)); // There is nothing to lift.
}

TEST_CASE("a group grows by machines that were there before, and shrinks by clean leaves") {
    Scenario s = test::small_scenario(1, 4, 1);
    ConsumerGroupSpec group;
    group.group = "g";
    group.topics = {0};
    group.members = 2;
    s.consumers.push_back(group);
    FaultSpec grow = fault("grow", FaultAction::resize_group, at(10'000));
    grow.target = {};
    grow.group = "g";
    grow.members = 4;
    grow.lasts = seconds(20);
    FaultSpec shrink = grow;
    shrink.id = "shrink";
    shrink.at = at(50'000);
    shrink.members = 1;
    shrink.lasts.reset();
    s.faults = {grow, shrink};
    const RunInfo info = Simulation(s, 1).info();
    CHECK(info.nodes.back() == "g-4");
    std::string story;
    for (const auto& entry : facts_of<NodeUp>(s, at(80'000))) {
        if (info.name(entry.fact.node).starts_with("g-")) {
            story += info.name(entry.fact.node) + "@" +
                     std::to_string(entry.at.ns / 1'000'000'000) + " ";
        }
    }
    CHECK(story == "g-1@0 g-2@0 g-3@10 g-4@10 ");
    story.clear();
    for (const auto& entry : facts_of<NodeDown>(s, at(80'000))) {
        CHECK(entry.fact.how == DownHow::clean);
        story +=
            info.name(entry.fact.node) + "@" + std::to_string(entry.at.ns / 1'000'000'000) + " ";
    }
    CHECK(story == "g-3@30 g-4@30 g-2@50 ");
    std::size_t left = 0;
    for (const auto& entry : facts_of<GroupMember>(s, at(80'000)))
        left += entry.fact.state == MemberState::left ? 1 : 0;
    CHECK(left == 3);
}

TEST_CASE(
    "a client that is held down starts no sooner than it was to start, and not after its end") {
    Scenario s = test::small_scenario(1, 1, 1);
    s.producers = {test::small_producer("p", Acks::all, at(10'000), seconds(1), 5)};
    ConsumerGroupSpec group;
    group.group = "g";
    group.topics = {0};
    group.members = 2;
    group.start = at(10'000);
    group.join_every = seconds(1);
    group.stop = at(40'000);
    s.consumers.push_back(group);
    FaultSpec early = fault("early", FaultAction::crash, at(2000)); // Over before they start.
    early.target.machines = {"p", "g-1"};
    early.lasts = seconds(3);
    FaultSpec across = fault("across", FaultAction::power_loss, at(9000)); // Holds up a start.
    across.target.machines = {"g-2"};
    across.lasts = seconds(10);
    FaultSpec late = fault("late", FaultAction::crash, at(35'000)); // Outlasts the end.
    late.target.machines = {"g-1"};
    late.lasts = seconds(10);
    s.faults = {early, across, late};
    const RunInfo info = Simulation(s, 1).info();
    std::string story;
    for (const auto& entry : facts_of<NodeUp>(s, at(60'000))) {
        if (entry.at == Time{}) continue;
        story +=
            info.name(entry.fact.node) + "@" + std::to_string(entry.at.ns / 1'000'000'000) + " ";
    }
    CHECK(story == "p@10 g-1@10 g-2@19 ");
}

TEST_CASE("healing lifts every fault, also those that would last for ever") {
    Scenario s = test::small_scenario(3, 2, 3);
    s.producers.push_back(
        test::small_producer("p", Acks::all, at(0), milliseconds(100), 1'000'000));
    FaultSpec power = fault("power", FaultAction::power_loss, at(3000));
    FaultSpec slow = fault("slow", FaultAction::slow_network, at(3000));
    slow.target.machines = {"b2"};
    slow.loss = Ratio{Ratio::one / 2};
    FaultSpec cut = fault("cut", FaultAction::partition, at(4000));
    cut.target = {};
    cut.groups.resize(2);
    cut.groups[0].machines = {"b3"};
    cut.groups[1].machines = {"b2", "c1"};
    s.faults = {power, slow, cut};
    s.duration = seconds(20);
    s.drain = seconds(120);
    s.heal = true;
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        Simulation run(s, seed);
        test::Collect<FaultEnd> ends;
        run.start(ends);
        while (run.advance(ends, 1'000'000)) {}
        CHECK(run.converged());
        REQUIRE(ends.all.size() == 3);
        for (const auto& entry : ends.all)
            CHECK(entry.at == at(20'000));
    }
}
