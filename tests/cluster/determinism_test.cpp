// The same run, however it is run: twice, in pieces, as a copy from the middle, without observers,
// and with ties in any order.
#include "cluster/world.hpp"
#include "observe/run_observers.hpp"
#include "small_cluster.hpp"
#include "trace/recorder.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace brokersim;

namespace {

Time at(std::int64_t milli) {
    return Time{} + milliseconds(milli);
}

/// Three brokers, two producers, a group, and a bit of everything that can go wrong.
Scenario eventful() {
    Scenario s = test::small_scenario(3, 3, 3);
    s.network.latency = {Distribution::Kind::uniform, microseconds(100), milliseconds(2), {}, {}};
    test::configure(s, [](ServerConfig& c) {
        c.replica_lag_time_max = seconds(3);
        c.leader_imbalance_check_interval = seconds(10);
        c.offsets_topic_num_partitions = 2;
    });
    for (const Acks acks : {Acks::all, Acks::leader}) {
        ProducerSpec p = test::small_producer(acks == Acks::all ? "careful" : "quick", acks,
                                              at(500), milliseconds(20), 100'000);
        p.partition.reset();
        p.poisson = true;
        s.producers.push_back(p);
    }
    ConsumerGroupSpec group;
    group.group = "readers";
    group.topics = {0};
    group.members = 2;
    group.start = at(1000);
    group.config.auto_offset_reset = OffsetReset::earliest;
    s.consumers.push_back(group);
    const auto fault = [&](FaultAction action, std::int64_t when, const char* who,
                           std::int64_t lasts) {
        FaultSpec f = test::small_fault(action, at(when), who);
        f.lasts = milliseconds(lasts);
        s.faults.push_back(f);
    };
    fault(FaultAction::crash, 5000, "b1", 8000);
    fault(FaultAction::isolate, 18'000, "b2", 4000);
    fault(FaultAction::pause, 24'000, "b3", 12'000);
    fault(FaultAction::crash, 26'000, "readers-1", 3000);
    fault(FaultAction::stop, 38'000, "b1", 1000);
    s.duration = seconds(45);
    s.drain = seconds(150);
    s.heal = true;
    return s;
}

struct Ran {
    std::string fingerprint;
    std::uint64_t events = 0;
    Time end;
    bool converged = false;
};

Ran finish(Simulation& run, Recorder& recorder, std::uint64_t piece) {
    while (run.advance(recorder, piece)) {}
    recorder.close(run.now());
    return {recorder.fingerprint(), run.events(), run.now(), run.converged()};
}

Ran whole(std::uint64_t seed, std::uint64_t piece) {
    Simulation run(eventful(), seed);
    Recorder recorder(run.info(), nullptr, {});
    run.start(recorder);
    return finish(run, recorder, piece);
}

/// Keeps the facts after a moment as one digest.
class Tail final : public FactSink {
public:
    Cause note(Time now, Cause, FactRef fact) override {
        bytes_.clear();
        write_binary(bytes_, now, fact);
        digest.add(bytes_.view());
        return Cause{1};
    }
    Digest digest;

private:
    BinaryBuffer bytes_;
};

/// Nobody listens.
class Deaf final : public FactSink {
public:
    Cause note(Time, Cause tag, FactRef) override { return tag; }
};

} // namespace

TEST_CASE("a run is a function of its scenario and seed, in one piece or in many") {
    const Ran once = whole(1, 1'000'000);
    CHECK(once.events > 20'000);
    for (const std::uint64_t piece : {1'000'000ULL, 977ULL}) {
        const Ran again = whole(1, piece);
        CHECK(again.fingerprint == once.fingerprint);
        CHECK(again.events == once.events);
        CHECK(again.end == once.end);
    }
    CHECK(whole(2, 1'000'000).fingerprint != once.fingerprint);
}

TEST_CASE("a cluster that is healed comes to rest with full ISRs and nothing pending") {
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
        CAPTURE(seed);
        CHECK(whole(seed, 1'000'000).converged);
    }
}

TEST_CASE("a copy from the middle of a run goes on as the original does") {
    const Scenario s = eventful();
    Simulation run(s, 3);
    Deaf deaf;
    run.start(deaf);
    for (int k = 0; k < 12; ++k) {
        const bool more = run.advance(deaf, 3001);
        REQUIRE(more);
        Simulation copy(run);
        Simulation other(s, 99); // Assigned over something that has another state.
        other = copy;
        Tail of_copy;
        Tail of_other;
        while (copy.advance(of_copy, 1'000'000)) {}
        while (other.advance(of_other, 1'000'000)) {}
        CHECK(of_copy.digest.hex() == of_other.digest.hex());
        CHECK(copy.events() == other.events());
        if (k % 6 != 5) continue;
        Simulation original(run); // The original itself, to its end.
        Tail of_original;
        while (original.advance(of_original, 1'000'000)) {}
        CHECK(of_original.digest.hex() == of_copy.digest.hex());
    }
    Tail rest;
    Simulation last(run);
    while (run.advance(rest, 1'000'000)) {}
    Tail of_last;
    while (last.advance(of_last, 1'000'000)) {}
    CHECK(rest.digest.hex() == of_last.digest.hex()); // The original was not touched by its copies.
}

TEST_CASE("being watched changes nothing") {
    Simulation watched(eventful(), 4);
    Recorder recorder(watched.info(), nullptr, {});
    watched.start(recorder);
    const Ran seen = finish(watched, recorder, 1'000'000);
    Simulation unseen(eventful(), 4);
    Deaf deaf;
    unseen.start(deaf);
    while (unseen.advance(deaf, 1'000'000)) {}
    CHECK(unseen.events() == seen.events);
    CHECK(unseen.now() == seen.end);
}

TEST_CASE("ties in any order break nothing: acknowledged records stay, the cluster comes to rest") {
    Scenario s = eventful();
    s.network.latency = Distribution::constant(microseconds(250)); // So that ties are many.
    for (ProducerSpec& p : s.producers)
        p.poisson = false;
    s.producers.pop_back(); // acks=1 may lose records by right.
    for (std::uint64_t order = 1; order <= 6; ++order) {
        CAPTURE(order);
        const Plan plan = make_plan(s, 1);
        RunObservers observers(s, plan.info);
        Recorder recorder(plan.info, nullptr, observers.observers());
        World world(s, 1, plan);
        world.shuffle_ties(Stream(order, {"ties"}));
        world.settle(s, &recorder);
        CHECK(world.run(Time{} + s.duration, 100'000'000, &recorder) == LoopEnd::reached);
        world.end_load(&recorder);
        world.heal_all(&recorder);
        Time now = Time{} + s.duration;
        while (!world.quiet() && now < at(250'000)) {
            now += milliseconds(100);
            CHECK(world.run(now, 100'000'000, &recorder) == LoopEnd::reached);
        }
        recorder.close(now);
        CHECK(world.quiet());
        CHECK(recorder.violations() == 0);
        CHECK(observers.totals().acked > 1000);
        CHECK(observers.totals().acked_lost == 0);
    }
}
