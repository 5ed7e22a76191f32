// The laws of time of a cluster, over many seeds: between which bounds things happen, and that the
// bounds are used.
#include "small_cluster.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

using namespace brokersim;

namespace {

constexpr std::uint64_t seeds = 40;

std::int64_t ms(Duration d) {
    return d.ns / 1'000'000;
}
Time at(std::int64_t milli) {
    return Time{} + milliseconds(milli);
}

/// Extremes of what was measured.
struct Range {
    std::int64_t low = kafka_forever, high = -1, sum = 0, count = 0;
    void add(std::int64_t value) {
        low = std::min(low, value);
        high = std::max(high, value);
        sum += value;
        ++count;
    }
    std::int64_t mean() const { return sum / count; }
};

template <class F>
struct Facts {
    std::vector<typename test::Collect<F>::Entry> all;
};

template <class F>
Facts<F> facts_of(const Scenario& s, Time until, std::uint64_t seed) {
    test::Collect<F> facts;
    test::run_to(s, until, facts, seed);
    return {std::move(facts.all)};
}

} // namespace

TEST_CASE("a crashed broker is fenced 7.0 to 10.1 s later, 8.56 s on average") {
    Range range;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        Scenario s = test::small_scenario(3, 1, 3);
        const Time crash = at(20'000 + static_cast<std::int64_t>(seed) * 137);
        s.faults.push_back(test::small_fault(FaultAction::crash, crash, "b1"));
        for (const auto& entry : facts_of<CtlBroker>(s, at(40'000), seed).all) {
            if (entry.fact.state == BrokerState::fenced) range.add(ms(entry.at - crash));
        }
    }
    CHECK(range.count == seeds);
    CHECK(range.low >= 7000);
    CHECK(range.low < 7600);
    CHECK(range.high > 9500);
    CHECK(range.high <= 10'160); // And the commit.
    CHECK(range.mean() > 8250);
    CHECK(range.mean() < 8900);
}

TEST_CASE("3.9: a crashed broker is fenced 7 to 9 s later, 8 s on average") {
    Range range;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        Scenario s = test::small_scenario(3, 1, 3);
        s.kafka_version = Release::v3_9;
        const Time crash = at(20'000 + static_cast<std::int64_t>(seed) * 137);
        s.faults.push_back(test::small_fault(FaultAction::crash, crash, "b1"));
        for (const auto& entry : facts_of<CtlPart>(s, at(40'000), seed).all) {
            // Its session is looked at when it ends: the new leader stands there a commit later.
            if (entry.fact.why == PartWhy::fenced) range.add(ms(entry.at - crash));
        }
    }
    CHECK(range.count == seeds);
    CHECK(range.low >= 7000);
    CHECK(range.low < 7200);
    CHECK(range.high > 8800);
    CHECK(range.high <= 9'035); // And the commit.
    CHECK(range.mean() > 7800);
    CHECK(range.mean() < 8250);
}

TEST_CASE("brokers act on a commit 25 to 550 ms later, all within 15 ms of each other") {
    Range first;
    Range apart;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        Scenario s = test::small_scenario(3, 1, 3);
        s.faults.push_back(test::small_fault(FaultAction::crash, at(20'000), "b1"));
        Time committed;
        for (const auto& entry : facts_of<CtlPart>(s, at(40'000), seed).all) {
            if (entry.fact.why == PartWhy::fenced) committed = entry.at;
        }
        std::vector<Time> seen;
        for (const auto& entry : facts_of<MetaSeen>(s, at(40'000), seed).all) {
            if (entry.fact.epoch == 1) seen.push_back(entry.at);
        }
        REQUIRE(seen.size() == 2);
        first.add(ms(seen.front() - committed));
        apart.add(ms(seen.back() - seen.front()));
    }
    CHECK(first.low >= 25);
    CHECK(first.low < 100);
    CHECK(first.high <= 550);
    CHECK(first.high > 430);
    CHECK(apart.high <= 15);
    CHECK(apart.high > 0);
}

TEST_CASE("4.1: brokers act on a commit within a round trip and what applying it takes") {
    Range first;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        Scenario s = test::small_scenario(3, 1, 3);
        s.kafka_version = Release::v4_1;
        s.faults.push_back(test::small_fault(FaultAction::crash, at(20'000), "b1"));
        Time committed;
        for (const auto& entry : facts_of<CtlPart>(s, at(40'000), seed).all) {
            if (entry.fact.why == PartWhy::fenced) committed = entry.at;
        }
        for (const auto& entry : facts_of<MetaSeen>(s, at(40'000), seed).all) {
            if (entry.fact.epoch == 1) {
                first.add(ms(entry.at - committed));
                break;
            }
        }
    }
    CHECK(first.count == seeds);
    CHECK(first.high <= 17);
}

TEST_CASE("a lagging member leaves the ISR between 1.0 and 1.5 times the limit") {
    Range range;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        Scenario s = test::small_scenario(3, 1, 3);
        test::configure(s, [](ServerConfig& c) { c.replica_lag_time_max = seconds(10); });
        s.producers.push_back(
            test::small_producer("p", Acks::leader, at(1000), milliseconds(100), 1000));
        FaultSpec cut = test::small_fault(FaultAction::cut, at(20'000), "");
        cut.from.machines = {"b3"};
        cut.to.machines = {"b1"};
        s.faults.push_back(cut);
        for (const auto& entry : facts_of<CtlPart>(s, at(40'000), seed).all) {
            if (entry.fact.why == PartWhy::isr_change) {
                range.add(ms(entry.at - at(20'000)));
                CHECK(entry.isr.size() == 2);
                break;
            }
        }
    }
    CHECK(range.count == seeds);
    CHECK(range.low >= 9800); // It was last caught up up to a fetch before the cut.
    CHECK(range.high <= 15'060);
    CHECK(range.high - range.low > 3500);
}

TEST_CASE("a controlled stop ends after 2.1 s, or 4.1 s, and at once where nothing is led") {
    int early = 0;
    int late = 0;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        for (const bool leads : {true, false}) {
            Scenario s = test::small_scenario(3, 1, 3);
            s.faults.push_back(
                test::small_fault(FaultAction::stop, at(20'000), leads ? "b1" : "b3"));
            for (const auto& entry : facts_of<NodeDown>(s, at(40'000), seed).all) {
                const std::int64_t took = ms(entry.at - at(20'000));
                CHECK(entry.fact.how == DownHow::clean);
                if (!leads) {
                    CHECK(took <= 60);
                } else if (took < 3000) {
                    CHECK(took >= 2050);
                    CHECK(took <= 2200);
                    ++early;
                } else {
                    CHECK(took >= 4050);
                    CHECK(took <= 4250);
                    ++late;
                }
            }
        }
    }
    CHECK(early + late == seeds);
    CHECK(early > 5 * static_cast<int>(seeds) / 8);
    CHECK(late > 0);
}

TEST_CASE("a restarted broker is registered after its old session, within one heartbeat interval") {
    Range range;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        Scenario s = test::small_scenario(3, 1, 3);
        FaultSpec crash = test::small_fault(FaultAction::crash, at(20'000), "b3");
        crash.lasts = milliseconds(1000 + static_cast<std::int64_t>(seed) * 41);
        s.faults.push_back(crash);
        for (const auto& entry : facts_of<CtlBroker>(s, at(40'000), seed).all) {
            if (entry.fact.state == BrokerState::registered && entry.at > Time{}) {
                range.add(ms(entry.at - at(20'000)));
            }
        }
    }
    CHECK(range.count == seeds);
    CHECK(range.low >= 7000); // 9 s after a heartbeat that came up to 2 s before the crash.
    CHECK(range.high <= 11'100);
    CHECK(range.high - range.low > 1500);
}

TEST_CASE("a frozen broker is unfenced within 60 ms of waking") {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        Scenario s = test::small_scenario(3, 1, 3);
        FaultSpec pause = test::small_fault(FaultAction::pause, at(20'000), "b1");
        pause.lasts = seconds(20);
        s.faults.push_back(pause);
        Time unfenced;
        for (const auto& entry : facts_of<CtlBroker>(s, at(50'000), seed).all) {
            if (entry.fact.state == BrokerState::unfenced) unfenced = entry.at;
        }
        CHECK(unfenced >= at(40'000));
        CHECK(unfenced <= at(40'060));
    }
}

TEST_CASE(
    "two brokers that die together are fenced one after the other, and the leader is left alone") {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        Scenario s = test::small_scenario(3, 1, 3);
        s.faults.push_back(test::small_fault(FaultAction::crash, at(20'000), "b2"));
        s.faults.push_back(test::small_fault(FaultAction::crash, at(20'000), "b3"));
        std::vector<Time> fenced;
        for (const auto& entry : facts_of<CtlBroker>(s, at(40'000), seed).all) {
            if (entry.fact.state == BrokerState::fenced) fenced.push_back(entry.at);
        }
        REQUIRE(fenced.size() == 2);
        // Found in the same look, they go into one batch; else a look (1.125 s) or two lie between.
        CHECK(fenced[1] - fenced[0] <= milliseconds(2260));
        const auto parts = facts_of<CtlPart>(s, at(40'000), seed).all;
        CHECK(parts.back().isr == std::vector<MachineId>{MachineId(0)});
    }
}
