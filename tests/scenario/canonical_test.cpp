// The canonical form: loading it gives the same scenario, and the same form.
#include "scenario/helpers.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

using namespace brokersim;
using namespace brokersim::test;

namespace {

/// A scenario with everything that is built.
std::string everything() {
    std::ifstream file(BROKERSIM_SOURCE "/tests/scenario/everything.json");
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

} // namespace

TEST_CASE("canonical: the form of the form is the form, and its digest stays") {
    for (const std::string& text : {everything(), smallest(), std::string("{}")}) {
        const Loaded once = load(text);
        REQUIRE(errors(once) == "");
        const Loaded twice = load(once.canonical);
        CHECK(errors(twice) == "");
        CHECK(twice.canonical == once.canonical);
        REQUIRE(twice.scenario);
        CHECK(twice.scenario->digest == once.scenario->digest);
        CHECK(twice.scenario->topics.size() == once.scenario->topics.size());
        CHECK(twice.scenario->changed_settings == once.scenario->changed_settings);
    }
}

TEST_CASE("canonical: what changes the run changes the form") {
    const Loaded base = load(everything());
    for (const char* set : {"/warmup=2s",
                            "/network/loss=0.2%",
                            "/network/zones/z/1=g-5",
                            "/network/between_zones/loss=1%",
                            "/network/latency/quantiles/33.3=201us",
                            "/brokers/overrides/b2/config/num.io.threads=2",
                            "/brokers/config/log.roll.ms=1001",
                            "/producers/0/rate/1/ramp=false",
                            "/producers/0/keys/zipf/exponent=1.2",
                            "/producers/0/poison/fails=4",
                            "/producers/0/size/pareto/alpha=1.26",
                            "/producers/0/cpu/per_record=2us",
                            "/producers/1/closed_loop=6",
                            "/producers/1/poison/at/0=41",
                            "/producers/2/poison/ratio=0.26%",
                            "/consumers/0/processing/concurrency=5",
                            "/consumers/0/on_failure/retries=4",
                            "/consumers/0/on_failure/backoff=2s",
                            "/consumers/0/producer_config/linger.ms=8",
                            "/consumers/0/dead_letter_topic=elsewhere",
                            "/consumers/1/restart_after=4s",
                            "/consumers/0/config/auto.offset.reset=by_duration:PT1H30M1S",
                            "/faults/0/every=6s",
                            "/faults/0/count=4",
                            "/faults/0/target/1=b2",
                            "/faults/1/delay=2s",
                            "/faults/1/latency=6ms",
                            "/faults/2/groups/1/0=b1",
                            "/faults/3/factor=2.6",
                            "/faults/4/new_rate=6/s",
                            "/faults/7/members=6",
                            "/faults/8/when/isr_size/orders~10=1",
                            "/faults/8/gap=6s",
                            "/faults/9/when/leader/orders~10=b1",
                            "/faults/9/api=Fetch",
                            "/faults/10/when/lag_above/g=101",
                            "/faults/10/factor=2.6",
                            "/faults/11/when/acked=501",
                            "/faults/11/write=2MB/s",
                            "/faults/12/when/acked/p=401",
                            "/faults/13/when/elected=orders/0",
                            "/faults/14/when/elected/orders~10=b3",
                            "/faults/14/partition=orders/1",
                            "/faults/14/to=b2",
                            "/faults/15/rate=3/min",
                            "/faults/15/count=4",
                            "/expect/0/where/outcome=discarded",
                            "/expect/0/count/equals=4",
                            "/expect/1/converged=false",
                            "/expect/2/below=51%"}) {
        LoadOptions options;
        options.sets = {set};
        const Loaded changed = load(everything(), options);
        CAPTURE(set);
        CHECK(errors(changed) == "");
        CHECK(changed.canonical != base.canonical);
    }
}

TEST_CASE("canonical: different spellings of one meaning are one form") {
    const auto same = [](const std::string& a, const std::string& b) {
        const Loaded one = load(a);
        const Loaded two = load(b);
        CHECK(errors(one) == "");
        CHECK(errors(two) == "");
        CHECK(one.canonical == two.canonical);
    };
    same(R"({"brokers": {"overrides": {"b2": {"config": {"num.io.threads": 8}}}}})", "{}");
    same(R"({"brokers": {"config": {"log.retention.hours": 2}}})",
         R"({"brokers": {"config": {"log.retention.minutes": 120}}})");
    const auto waits = [](const std::string& when) {
        return R"({"topics": [{"name": "orders", "partitions": 2}], "faults": [{"when": )" + when +
               R"(, "do": "heal"}]})";
    };
    same(waits(R"({"elected": "orders/0"})"), waits(R"({"elected": {"orders/0": null}})"));
    same(waits(R"({"isr_size": {"orders/1": 1, "orders/0": 2}})"),
         waits(R"({"isr_size": {"orders/0": 2, "orders/1": 1, "x-why": 1}})"));
    same(with_producer(R"("size": "1KiB", "poison": {"at": [3, 1, 3]})"),
         with_producer(R"("poison": {"at": [1, 3]})"));
    same(with_group(R"("on_failure": {"then": "crash"})"),
         with_group(R"("on_failure": {"then": "crash"}, "restart_after": "10s")"));
    same(with_group(R"("on_failure": {"then": "dead_letter"})"),
         R"({"topics": ["orders", "orders.DLT"], "consumers": [{"group": "g", "topics": ["orders"],
             "on_failure": {"then": "dead_letter"}, "dead_letter_topic": "orders.DLT"}]})");
}
