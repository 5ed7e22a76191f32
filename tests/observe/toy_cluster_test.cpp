// Observers on wild histories, against a naive count.
#include "observe/run_observers.hpp"
#include "observe/toy_cluster.hpp"

#include <doctest/doctest.h>

using namespace brokersim;

TEST_CASE("ledger: agrees with a count of single records on wild histories") {
    std::int64_t lost = 0;
    std::int64_t repeated = 0;
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        CAPTURE(seed);
        test::ToyCluster toy(seed);
        const Scenario scenario;
        RunObservers watch(scenario, toy.info());
        Recorder recorder(toy.info(), nullptr, watch.observers());
        toy.run(recorder, 700);
        recorder.close(toy.now());
        const Totals totals = watch.totals();
        CHECK(totals.created == toy.created);
        CHECK(totals.acked == toy.acked);
        CHECK(totals.failed == toy.failed);
        CHECK(totals.pending == toy.created - toy.acked - toy.failed);
        CHECK(totals.acked_lost == toy.acked_missing());
        CHECK(totals.duplicates == toy.stored_again + toy.read_again);
        lost += totals.acked_lost;
        repeated += totals.duplicates;
    }
    CHECK(lost > 500); // the histories are wild indeed
    CHECK(repeated > 1000);
}
