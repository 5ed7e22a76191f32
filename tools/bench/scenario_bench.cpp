// What a record costs in the full model: whole runs of the scenarios beside this file, counted in
// records. `run/NAME` watches as `brokersim run` does (ledger, windows, metrics, fingerprint),
// `model/NAME` runs without anybody listening.
#include "allocations.hpp"
#include "brokersim/simulation.hpp"
#include "observe/run_observers.hpp"
#include "scenario/load.hpp"
#include "trace/recorder.hpp"

#include <benchmark/benchmark.h>

#include <fstream>
#include <sstream>
#include <string>

namespace brokersim {

namespace {

Scenario load(const std::string& name) {
    std::ifstream file(std::string(BROKERSIM_BENCH_SCENARIOS "/") + name + ".json");
    std::stringstream text;
    text << file.rdbuf();
    Loaded loaded = load_scenario(text.str(), name);
    if (!loaded.scenario) { std::abort(); }
    return std::move(*loaded.scenario);
}

class Silence final : public FactSink {
public:
    Cause note(Time, Cause tag, FactRef) override { return tag; }
};

void report(benchmark::State& state, std::int64_t records, const Simulation& run,
            std::uint64_t allocations) {
    const auto count = static_cast<double>(records);
    state.counters["events_per_record"] = static_cast<double>(run.events()) / count;
    state.counters["allocations_per_record"] = static_cast<double>(allocations) / count;
}

/// Records that the scenario's producers hand to send(), by its own arithmetic.
std::int64_t records_of(const Scenario& scenario) {
    std::int64_t records = 0;
    for (const ProducerSpec& producer : scenario.producers) {
        records += scenario.duration.ns / producer.rate.per.ns * producer.rate.count;
    }
    return records;
}

void watched(benchmark::State& state, const std::string& name) {
    const Scenario scenario = load(name);
    for (auto _ : state) {
        const std::uint64_t before = bench::allocations();
        Simulation run(scenario, scenario.seed);
        RunObservers watch(scenario, run.info());
        Recorder recorder(run.info(), nullptr, watch.observers());
        run.start(recorder);
        while (run.advance(recorder, 10'000)) {}
        recorder.close(run.now());
        state.PauseTiming();
        const Totals totals = watch.totals();
        if (totals.acked * 100 < records_of(scenario) * 99) {
            state.SkipWithError("not every record was acknowledged");
        }
        report(state, records_of(scenario), run, bench::allocations() - before);
        state.ResumeTiming();
    }
    state.SetItemsProcessed(records_of(scenario) * state.iterations());
}

void silent(benchmark::State& state, const std::string& name) {
    const Scenario scenario = load(name);
    for (auto _ : state) {
        const std::uint64_t before = bench::allocations();
        Simulation run(scenario, scenario.seed);
        Silence nobody;
        run.start(nobody);
        while (run.advance(nobody, 10'000)) {}
        report(state, records_of(scenario), run, bench::allocations() - before);
    }
    state.SetItemsProcessed(records_of(scenario) * state.iterations());
}

BENCHMARK_CAPTURE(watched, burst100, "rf3-burst100")->Name("run/rf3-burst100");
BENCHMARK_CAPTURE(watched, single, "rf3-single")->Name("run/rf3-single");
BENCHMARK_CAPTURE(silent, burst100, "rf3-burst100")->Name("model/rf3-burst100");
BENCHMARK_CAPTURE(silent, single, "rf3-single")->Name("model/rf3-single");

} // namespace

} // namespace brokersim
