// The numbers of told histories.
#include "observe/metrics.hpp"
#include "observe/run_observers.hpp"
#include "observe/story.hpp"

#include <doctest/doctest.h>

using namespace brokersim;
using namespace brokersim::test;

namespace {

ExpectSpec metric(const std::string& name) {
    ExpectSpec spec;
    spec.kind = ExpectSpec::Kind::metric;
    spec.text = "{\"metric\":\"" + name + "\"}";
    spec.metric = name;
    spec.comparator = Comparator::above;
    spec.value = -1;
    return spec;
}

/// A run that is asked for some metrics.
struct Asked {
    explicit Asked(std::vector<ExpectSpec> specs, const std::string& acks = "all")
        : info(story_info(acks)) {
        scenario.duration = seconds(10);
        scenario.expect = std::move(specs);
        watch.emplace(scenario, info);
        story.emplace(info, watch->observers());
        story->part(b1, 0, {b1, b2, b3}).acts(b1, 0);
    }
    std::int64_t value(std::size_t k) {
        const Measured measured = watch->metrics().measure(k, Time{} + seconds(10));
        INFO(measured.why);
        CHECK(measured.known);
        return measured.value;
    }
    Scenario scenario;
    RunInfo info;
    std::optional<RunObservers> watch;
    std::optional<Story> story;
};

ProdNew due_earlier(std::int64_t i, std::int32_t count, std::int64_t due_ms) {
    ProdNew fact;
    fact.p = prod1;
    fact.tp = orders0;
    fact.i = i;
    fact.count = count;
    fact.due = Time{} + milliseconds(due_ms);
    fact.bytes = std::int64_t{50};
    return fact;
}

} // namespace

TEST_CASE("metrics: produce latency runs from due to acknowledgement, for successes only") {
    ExpectSpec late = metric("produce.latency.max");
    late.from = Time{} + milliseconds(150);
    late.to = Time{} + milliseconds(250);
    Asked asked({metric("produce.latency.max"), metric("produce.latency.avg"), late,
                 metric("produce.latency.p50"), metric("failed")});
    asked.story->at(40).note(due_earlier(0, 3, 10)).note(due_earlier(3, 2, 20));
    asked.story->append(b1, {0, 0, 0, 5, prod1, 7, 0, 0}).at(100).ack(0, 3, 0);
    asked.story->at(200).ack(3, 1, 3).at(5000);
    asked.story->note(ProdFail{prod1, orders0, 4, 1, Error::timeout, false}).end(10'000);
    CHECK(asked.value(0) == 180'000'000);
    CHECK(asked.value(1) == (3 * 90'000'000 + 180'000'000) / 4);
    CHECK(asked.value(2) == 180'000'000);
    CHECK(asked.value(3) / 1'000'000 == 90);
    CHECK(asked.value(4) == 1);
}

TEST_CASE("metrics: end to end runs to the first processing, copies do not count again") {
    Asked asked({metric("end_to_end.latency.max"), metric("end_to_end.latency.avg"),
                 metric("consume.rate"), metric("redelivered"), metric("lag.seconds.max")});
    asked.story->at(0).produce(0, 4).append(b1, {0, 0, 0, 4, prod1, 7, 0, 0}).hw(b1, 0, 4);
    asked.story->at(10).ack(0, 4, 0).generation(1, g1).start(g1, 0, StartWhy::earliest);
    asked.story->read(g1, 0, 4).at(100).done(g1, 0, 2).at(300).done(g1, 2, 3);
    asked.story->at(400).generation(2, g2).start(g2, 0).read(g2, 0, 3).at(900).done(g2, 0, 3);
    asked.story->end(10'000);
    CHECK(asked.value(0) == 300'000'000);
    CHECK(asked.value(1) == 500'000'000 / 3);
    CHECK(asked.value(2) == 600'000); // six in ten seconds, in millionths per second
    CHECK(asked.value(3) == 3);
    CHECK(asked.value(4) == 10'000'000'000); // the fourth record is still to be processed
}

TEST_CASE("metrics: lag is the leader's log end minus what is next to be processed") {
    ExpectSpec later = metric("lag.max");
    later.from = Time{} + milliseconds(250);
    ExpectSpec early = metric("lag.end");
    early.to = Time{} + milliseconds(250);
    Asked asked({metric("lag.max"), metric("lag.end"), later, early, metric("skipped")});
    asked.story->at(10).produce(0, 10).append(b1, {0, 0, 0, 6, prod1, 7, 0, 0}).hw(b1, 0, 6);
    asked.story->at(100).generation(1, g1).start(g1, 0, StartWhy::earliest).read(g1, 0, 6);
    asked.story->at(200).done(g1, 0, 5).append(b1, {0, 6, 6, 4, prod1, 7, 0, 6});
    asked.story->append(b2, {0, 0, 0, 6, prod1, 7, 0, 0}); // a follower: no new record
    asked.story->at(300).done(g1, 5, 6).at(400).start(g1, 8, StartWhy::latest).end(10'000);
    CHECK(asked.value(0) == 6);
    CHECK(asked.value(1) == 2);
    CHECK(asked.value(2) == 5);
    CHECK(asked.value(3) == 5);
    CHECK(asked.value(4) == 2);
}

TEST_CASE("metrics: with several workers lag counts from the first record that is not done") {
    ExpectSpec early = metric("lag.end");
    early.to = Time{} + milliseconds(250);
    Asked asked({early, metric("lag.end"), metric("end_to_end.latency.max")});
    asked.story->at(10).produce(0, 6).append(b1, {0, 0, 0, 6, prod1, 7, 0, 0}).hw(b1, 0, 6);
    asked.story->at(100).generation(1, g1).start(g1, 0, StartWhy::earliest).read(g1, 0, 6);
    asked.story->at(200).done(g1, 0, 1).done(g1, 3, 4).done(g1, 2, 3);
    asked.story->at(300).done(g1, 1, 2).at(400).done(g1, 5, 6).end(10'000);
    CHECK(asked.value(0) == 5);
    CHECK(asked.value(1) == 2);
    CHECK(asked.value(2) == 390'000'000);
}

TEST_CASE("metrics: what is given up is done with, but was not processed") {
    Asked asked({metric("consume.rate"), metric("lag.end"), metric("end_to_end.latency.max"),
                 metric("lag.seconds.max")});
    asked.story->at(0).produce(0, 4).append(b1, {0, 0, 0, 4, prod1, 7, 0, 0}).hw(b1, 0, 4);
    asked.story->at(10).generation(1, g1).start(g1, 0, StartWhy::earliest).read(g1, 0, 4);
    asked.story->at(100).done(g1, 0, 1);
    const auto ends = [&](Offset off, Outcome outcome) {
        asked.story->note(ConsDone{group, g1, orders0, off, 1, outcome, {}});
    };
    asked.story->at(500);
    ends(1, Outcome::failed);
    asked.story->at(600);
    ends(1, Outcome::discarded);
    ends(2, Outcome::dead_lettered);
    asked.story->at(700).done(g1, 3, 4).end(10'000);
    CHECK(asked.value(0) == 200'000); // two in ten seconds, in millionths per second
    CHECK(asked.value(1) == 0);
    CHECK(asked.value(2) == 700'000'000);
    CHECK(asked.value(3) == 700'000'000);
    const GroupStats& g = asked.watch->metrics().groups()[0];
    CHECK(g.counts[Count::discarded] == 1);
    CHECK(g.counts[Count::dead_lettered] == 1);
}

TEST_CASE("metrics: elections and ISR changes count, a creation does not") {
    ExpectSpec other = metric("elections");
    other.broker = "b3";
    Asked asked({metric("elections"), metric("unclean_elections"), metric("isr_shrinks"),
                 metric("isr_expands"), other, metric("fencings"), metric("controller_elections"),
                 metric("rebalances")});
    asked.story->note(CtlElected{b1, 1}).at(10).part(b2, 1, {b2, b3}).part(b2, 1, {b2, b3, b1});
    asked.story->part({}, 2, {b2}).part(b3, 3, {b3}, false).note(CtlElected{b2, 2});
    asked.story->note(CtlBroker{b1, BrokerState::fenced, 5, "session"});
    asked.story->note(GroupRebalance{group, RebalanceState::begin, 1});
    asked.story->note(GroupRebalance{group, RebalanceState::end, 1}).end(10'000);
    const std::int64_t expected[] = {2, 1, 3, 2, 1, 1, 1, 1};
    for (std::size_t k = 0; k < std::size(expected); ++k) {
        CAPTURE(k);
        CHECK(asked.value(k) == expected[k]);
    }
}

TEST_CASE("metrics: blocked time is cut to the interval and runs on to the end") {
    ExpectSpec inside = metric("blocked.total");
    inside.from = Time{} + milliseconds(1500);
    inside.to = Time{} + milliseconds(3000);
    Asked asked({metric("blocked.total"), metric("blocked.max"), inside, metric("refused"),
                 metric("retries")});
    asked.story->at(1000).note(ProdBlocked{prod1, BlockedWhy::buffer});
    asked.story->at(2000).note(ProdUnblocked{prod1, BlockedWhy::buffer});
    asked.story->note(ProdRefused{prod1, TopicId(0), 3, Error::buffer_exhausted});
    asked.story->note(ProdRetry{prod1, orders0, 0, 5, 1, Error::network_exception});
    asked.story->at(9500).note(ProdBlocked{prod1, BlockedWhy::metadata}).end(10'000);
    CHECK(asked.value(0) == 1'500'000'000);
    CHECK(asked.value(1) == 1'000'000'000);
    CHECK(asked.value(2) == 500'000'000);
    CHECK(asked.value(3) == 3);
    CHECK(asked.value(4) == 1);
}

TEST_CASE("metrics: windows are those of the trace, also the open ones, by side") {
    ExpectSpec state = metric("unavailable.total");
    state.side = Side::metadata;
    ExpectSpec cut = metric("unavailable.max");
    cut.to = Time{} + milliseconds(3000);
    Asked asked({metric("unavailable.count"), metric("unavailable.max"), state, cut});
    asked.story->at(1000).produce(0, 2).append(b1, {0, 0, 0, 2, prod1, 7, 0, 0});
    asked.story->at(2500).ack(0, 1, 0).at(4000).part({}, 1, {b1}).end(10'000);
    CHECK(asked.value(0) == 2);
    CHECK(asked.value(1) == 7'500'000'000);
    CHECK(asked.value(2) == 6'000'000'000);
    CHECK(asked.value(3) == 1'500'000'000);
}

TEST_CASE("metrics: rates are records per second of the interval; filters pick") {
    ExpectSpec second = metric("produce.rate");
    second.producer = "p2";
    second.from = Time{};
    second.to = Time{} + seconds(2);
    ExpectSpec part = metric("acked");
    part.topic = "orders";
    part.partition = "0";
    Asked asked({metric("produce.rate"), second, part}, "0");
    asked.story->produce(0, 5).ack(0, 5, {}).produce(0, 3, prod2).ack(0, 3, {}, prod2);
    asked.story->end(10'000);
    CHECK(asked.value(0) == 800'000);
    CHECK(asked.value(1) == 1'500'000);
    CHECK(asked.value(2) == 8);
}

TEST_CASE("metrics: a measurement without data or with a filter that fits nothing is not known") {
    ExpectSpec nobody = metric("acked");
    nobody.producer = "nobody";
    Asked asked({metric("produce.latency.p99"), nobody, metric("lag.end")});
    asked.story->end(10'000);
    for (const Verdict& verdict :
         asked.watch->expectations({Time{} + seconds(10), RunStatus::completed, 0, "", {}})) {
        CHECK_FALSE(verdict.passed);
        CHECK_FALSE(verdict.seen.empty());
    }
}

TEST_CASE("metrics: nothing before the warm-up counts") {
    RunInfo info = story_info("0");
    Scenario scenario;
    scenario.warmup = seconds(1);
    scenario.duration = seconds(10);
    scenario.expect = {metric("acked")};
    RunObservers watch(scenario, info);
    Story story(info, watch.observers());
    story.part(b1, 0, {b1}).at(500).produce(0, 5).ack(0, 5, {});
    story.at(1500).produce(5, 2).ack(5, 2, {}).end(10'000);
    CHECK(watch.metrics().measure(0, Time{} + seconds(10)).value == 2);
    CHECK(watch.metrics().counts()[Count::acked] == 2);
    CHECK(watch.totals().acked == 7); // the ledger does not care
}
