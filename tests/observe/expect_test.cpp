// Expectations: when they hold, fail, or have no data.
#include "observe/run_observers.hpp"
#include "observe/story.hpp"

#include <doctest/doctest.h>

using namespace brokersim;
using namespace brokersim::test;

namespace {

ExpectSpec state(ExpectSpec::Kind kind, std::int64_t at_ms, std::vector<std::string> wanted) {
    ExpectSpec spec;
    spec.kind = kind;
    spec.text = "expected";
    spec.at = Time{} + milliseconds(at_ms);
    spec.partitions["orders/0"] = std::move(wanted);
    return spec;
}

ExpectSpec lost(ExpectSpec::Kind kind, Comparator comparator = {}, std::int64_t value = 0,
                std::int64_t upper = 0) {
    ExpectSpec spec;
    spec.kind = kind;
    spec.text = "expected";
    spec.comparator = comparator;
    spec.value = value;
    spec.upper = upper;
    return spec;
}

using Kind = ExpectSpec::Kind;

std::vector<Verdict> verdicts(std::vector<ExpectSpec> specs, RunEnd end, void (*tell)(Story&),
                              bool heal = false) {
    const RunInfo info = story_info();
    Scenario scenario;
    scenario.duration = seconds(10);
    scenario.heal = heal;
    scenario.expect = std::move(specs);
    RunObservers watch(scenario, info);
    Story story(info, watch.observers());
    tell(story);
    story.end(10'000);
    return watch.expectations(end);
}

const RunEnd all_of_it = {Time{} + seconds(10), RunStatus::completed, 0, "model:0", {}};

void failover(Story& story) {
    story.part(b1, 0, {b1, b2, b3}).acts(b1, 0).produce(0, 3).append(b1, {0, 0, 0, 3}).ack(0, 3, 0);
    story.at(1000).part(b1, 0, {b1, b2}).part({}, 1, {b2}).part(b2, 2, {b2, b3}).acts(b2, 2);
}

} // namespace

TEST_CASE("expect: leader and ISR are those after all events at that time") {
    const auto found =
        verdicts({state(Kind::leader, 999, {"b1"}), state(Kind::leader, 1000, {"b2"}),
                  state(Kind::isr, 1000, {"b3", "b2"}), state(Kind::isr, 10'000, {"b2"}),
                  state(Kind::leader, 0, {})},
                 all_of_it, failover);
    REQUIRE(found.size() == 5);
    CHECK(found[0].passed);
    CHECK(found[1].passed);
    CHECK(found[1].seen == "orders/0: b2");
    CHECK(found[2].passed);
    CHECK_FALSE(found[3].passed);
    CHECK(found[3].seen == "orders/0: [b2, b3]");
    CHECK_FALSE(found[4].passed);
}

TEST_CASE("expect: no leader can be expected as well") {
    const auto found =
        verdicts({state(Kind::leader, 10, {}), state(Kind::leader, 10, {""})}, all_of_it,
                 [](Story& story) { story.part(b1, 0, {b1}).at(5).part({}, 1, {b1}); });
    CHECK(found[0].passed);
    CHECK(found[0].seen == "orders/0: no leader");
    CHECK(found[1].passed);
}

TEST_CASE("expect: losses are compared with what is missing at the end") {
    ExpectSpec some = lost(Kind::no_acked_loss);
    some.wanted = false;
    const auto found =
        verdicts({lost(Kind::no_acked_loss), some, lost(Kind::acked_lost, Comparator::equals, 3),
                  lost(Kind::acked_lost, Comparator::between, 3, 5),
                  lost(Kind::acked_lost, Comparator::above, 3),
                  lost(Kind::acked_lost, Comparator::below, 4)},
                 all_of_it, failover);
    CHECK_FALSE(found[0].passed);
    CHECK(found[0].seen == "3 records lost");
    CHECK(found[1].passed);
    CHECK(found[2].passed);
    CHECK(found[3].passed);
    CHECK_FALSE(found[4].passed);
    CHECK(found[5].passed);
}

TEST_CASE("expect: a time that the run did not reach fails and says so") {
    RunEnd cut_short = all_of_it;
    cut_short.end = Time{} + milliseconds(4500);
    cut_short.status = RunStatus::interrupted;
    ExpectSpec metric = lost(Kind::metric, Comparator::equals, 0);
    metric.metric = "retries";
    metric.to = Time{} + seconds(5);
    const auto found = verdicts({state(Kind::leader, 5000, {"b2"}), metric}, cut_short, failover);
    CHECK_FALSE(found[0].passed);
    CHECK(found[0].seen == "the run ended at 4.5 s");
    CHECK_FALSE(found[1].passed);
    // A completed run has covered its duration even if nothing happened in its last moments.
    RunEnd quiet = all_of_it;
    quiet.end = Time{} + milliseconds(9900);
    CHECK(verdicts({state(Kind::leader, 10'000, {"b2"})}, quiet, failover)[0].passed);
}

TEST_CASE("expect: healing adds an expectation of its own") {
    RunEnd end = all_of_it;
    CHECK_FALSE(verdicts({}, end, failover, true).at(0).passed);
    end.converged = false;
    CHECK_FALSE(verdicts({}, end, failover, true).at(0).passed);
    end.converged = true;
    CHECK(verdicts({}, end, failover, true).at(0).passed);
    CHECK(verdicts({}, end, failover, false).empty());
}

TEST_CASE("expect: values are told in the unit of their metric") {
    CHECK(value_text(12'345'000, Unit::duration) == "12.345 ms");
    CHECK(value_text(999'500'000, Unit::rate) == "999.5/s");
    CHECK(value_text(7, Unit::number) == "7");
}
