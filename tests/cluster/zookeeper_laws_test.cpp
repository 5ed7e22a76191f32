// The laws of time of ZooKeeper mode, over many seeds (semantics §3.9, §3.10).
#include "small_cluster.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <vector>

using namespace brokersim;

namespace {

constexpr std::uint64_t seeds = 200;

Time at(std::int64_t milli) {
    return Time{} + milliseconds(milli);
}

/// When what is of interest after a crash has happened.
class Failover final : public test::Watcher {
public:
    explicit Failover(MachineId dead) : dead_(dead) {}
    std::optional<Time> expired, gone, elected, written, led;

private:
    void on_fact(Time now, FactRef fact) override {
        const auto first = [&](std::optional<Time>& at) {
            if (!at && now > Time{}) at = now;
        };
        if (const auto* session = fact.as<ZkSession>()) {
            if (session->node == dead_ && session->state == SessionState::expired) first(expired);
        } else if (const auto* broker = fact.as<CtlBroker>()) {
            if (broker->node == dead_ && broker->state == BrokerState::fenced) first(gone);
        } else if (const auto* part = fact.as<CtlPart>()) {
            if (part->why == PartWhy::fenced && part->leader && part->leader != dead_)
                first(written);
        } else if (const auto* seen = fact.as<MetaSeen>()) {
            if (seen->epoch > 0 && seen->leader == seen->node) first(led);
        } else if (fact.as<CtlElected>() != nullptr) {
            first(elected);
        }
    }
    MachineId dead_;
};

/// Milliseconds from one instant to another, over all seeds.
struct Range {
    std::int64_t low = kafka_forever, high = -1, sum = 0, count = 0;
    void add(Time from, std::optional<Time> to) {
        REQUIRE(to);
        const std::int64_t ms = (*to - from).ns / 1'000'000;
        low = std::min(low, ms);
        high = std::max(high, ms);
        sum += ms;
        ++count;
    }
    std::int64_t mean() const { return sum / count; }
};

Failover crash_of(std::int32_t broker, Time crash, std::uint64_t seed) {
    Scenario s = test::in_zookeeper_mode(test::small_scenario(3, 3, 3));
    s.faults.push_back(test::small_fault(FaultAction::crash, crash,
                                         s.brokers[static_cast<std::size_t>(broker)].name));
    Failover facts{MachineId(broker)};
    test::run_to(s, crash + seconds(24), facts, seed);
    return facts;
}

Time crash_time(std::uint64_t seed) {
    return at(20'000 + static_cast<std::int64_t>(seed * 137 % 5000));
}

} // namespace

TEST_CASE("zookeeper: a dead broker's session expires 13 to 21 s later, 16.8 s on average") {
    Range session;
    Range found;
    Range written;
    Range led;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        const Time crash = crash_time(seed);
        const Failover facts = crash_of(1, crash, seed);
        session.add(crash, facts.expired);
        found.add(*facts.expired, facts.gone);
        written.add(*facts.gone, facts.written);
        led.add(*facts.written, facts.led);
        CHECK(!facts.elected);
    }
    CHECK(session.low >= 13'000);
    CHECK(session.low < 13'900);
    CHECK(session.high <= 21'010); // And the ensemble's commit.
    CHECK(session.high > 19'700);
    CHECK(session.mean() > 16'400);
    CHECK(session.mean() < 17'200);
    CHECK(found.high <= 10);
    CHECK(written.high <= 33);
    CHECK(led.low >= 1);
    CHECK(led.high <= 9);
}

TEST_CASE("zookeeper: another controller is elected when the old one's session has expired") {
    Range elected;
    Range written;
    for (std::uint64_t seed = 1; seed <= seeds / 4; ++seed) {
        const Time crash = crash_time(seed);
        const Failover facts = crash_of(0, crash, seed);
        elected.add(*facts.expired, facts.elected);
        written.add(*facts.elected, facts.written);
    }
    CHECK(elected.low >= 0);
    CHECK(elected.high <= 20);
    CHECK(written.low >= 1); // It reads everything first.
    CHECK(written.high <= 60);
}

TEST_CASE("zookeeper: taking over takes a time linear in partitions, 140 us for each") {
    std::int64_t times[2] = {};
    for (int k = 0; k < 2; ++k) {
        Scenario s = test::in_zookeeper_mode(test::small_scenario(3, 2000 * (k + 1), 3));
        s.faults.push_back(test::small_fault(FaultAction::stop, at(5'000), "b1"));
        Failover facts{MachineId(0)};
        test::run_to(s, at(20'000), facts, 1);
        REQUIRE(facts.elected);
        REQUIRE(facts.gone);
        times[k] = (*facts.gone - *facts.elected).ns / 1000;
    }
    CHECK(times[0] > 2000 * 126);
    CHECK(times[0] < 2000 * 154);
    CHECK(times[1] > times[0] * 19 / 10);
    CHECK(times[1] < times[0] * 21 / 10);
}
