// The façade: a scenario becomes a cluster, and the cluster runs.
#pragma once

#include "brokersim/fact_sink.hpp"
#include "brokersim/run_info.hpp"
#include "brokersim/scenario.hpp"

#include <cstdint>
#include <memory>

namespace brokersim {

/// One run of one scenario. A value: copying it forks the run, and both halves go on alike.
///
///     Simulation run(scenario, scenario.seed);
///     run.start(sink);
///     while (run.advance(sink, 100'000)) {}
///
/// Observers are arguments: a copy reports to whoever its own calls name.
class Simulation {
public:
    /// Requires a scenario that sim/scenario accepted (or one as consistent as those).
    Simulation(const Scenario& scenario, std::uint64_t seed);
    Simulation(const Simulation&);
    Simulation(Simulation&&) noexcept;
    Simulation& operator=(const Simulation&);
    Simulation& operator=(Simulation&&) noexcept;
    ~Simulation();

    /// Names and settings for the header of a trace (`level` and `program` are the caller's).
    const RunInfo& info() const;

    /// Notes the settled cluster at t = 0. Call once, first.
    void start(FactSink& sink);

    /// Executes up to `events_max` events; false when the run is over (its end reached, drained).
    bool advance(FactSink& sink, std::uint64_t events_max);

    Time now() const;
    /// The last instant that can still happen: duration + drain.
    Time end() const;
    std::uint64_t events() const;
    /// After the run: nothing was pending at its end, no lag, no fault active, every ISR full.
    bool converged() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace brokersim
