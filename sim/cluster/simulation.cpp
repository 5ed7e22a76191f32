// Behind the façade: one world, its plan, and how far its scenario has come.
#include "brokersim/simulation.hpp"

#include "cluster/layout_of.hpp"
#include "cluster/world.hpp"
#include "engine/assert.hpp"

#include <algorithm>
#include <utility>

namespace brokersim {

struct Simulation::State {
    Plan plan;
    Scenario scenario;
    World world;
    bool load_over = false;
    bool over = false;
    bool converged = false;
    Time look_at; ///< drain: when quiet is looked for next

    State(const Scenario& s, std::uint64_t seed)
        : plan(make_plan(s, seed)), scenario(s), world(scenario, seed, plan) {}
};

namespace {

/// Whether a draining cluster has come to rest is looked at on this grid: the clock of the end is
/// the same whatever the budget of advance().
constexpr Duration quiet_grid = milliseconds(10);

} // namespace

Simulation::Simulation(const Scenario& scenario, std::uint64_t seed)
    : state_(std::make_unique<State>(scenario, seed)) {}
Simulation::Simulation(const Simulation& other) : state_(std::make_unique<State>(*other.state_)) {}
Simulation::Simulation(Simulation&&) noexcept = default;
Simulation& Simulation::operator=(const Simulation& other) {
    Simulation copy(other);
    *this = std::move(copy);
    return *this;
}
Simulation& Simulation::operator=(Simulation&&) noexcept = default;
Simulation::~Simulation() = default;

const RunInfo& Simulation::info() const {
    return state_->plan.info;
}
Time Simulation::now() const {
    return state_->world.now();
}
Time Simulation::end() const {
    return Time{} + state_->scenario.duration + state_->scenario.drain;
}
std::uint64_t Simulation::events() const {
    return state_->world.events();
}
bool Simulation::converged() const {
    return state_->converged;
}

void Simulation::start(FactSink& sink) {
    state_->world.settle(state_->scenario, &sink);
}

bool Simulation::advance(FactSink& sink, std::uint64_t events_max) {
    State& s = *state_;
    if (s.over) return false;
    const Time duration = Time{} + s.scenario.duration;
    std::uint64_t budget = events_max;
    while (budget > 0) {
        const Time until = s.load_over ? std::min(s.look_at, end()) : duration;
        const std::uint64_t before = s.world.events();
        const LoopEnd why = s.world.run(until, budget, &sink);
        budget -= std::min(budget, s.world.events() - before);
        if (why == LoopEnd::endless_instant) { // A fault of the model, not of the scenario.
            s.world.report_livelock(&sink);
            s.over = true;
            return false;
        }
        if (why == LoopEnd::budget_spent) return true;
        s.world.pass_to(until);
        if (!s.load_over) {
            s.load_over = true;
            if (s.scenario.drain <= Duration{}) {
                s.converged = s.world.quiet();
                break;
            }
            s.world.end_load(&sink);
            if (s.scenario.heal) s.world.heal_all(&sink);
        }
        s.converged = s.world.quiet();
        if (s.converged || s.world.now() >= end()) break;
        s.look_at = s.world.now() + quiet_grid;
    }
    if (budget == 0) return true;
    s.over = true;
    return false;
}

} // namespace brokersim
