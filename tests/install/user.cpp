// Runs a scenario that is written in C++, with nothing but the installed headers and library.
#include <brokersim/simulation.hpp>
#include <cstdio>

namespace {

struct Counter final : brokersim::FactSink {
    brokersim::Cause note(brokersim::Time, brokersim::Cause cause, brokersim::FactRef) override {
        ++facts;
        return cause;
    }
    unsigned long long facts = 0;
};

} // namespace

int main() {
    brokersim::Scenario scenario;
    scenario.duration = brokersim::seconds(10);
    for (const char* name : {"b1", "b2", "b3"}) {
        scenario.brokers.emplace_back().name = name;
    }
    brokersim::Simulation run(scenario, scenario.seed);
    Counter counter;
    run.start(counter);
    while (run.advance(counter, 100'000)) {}
    std::printf("%llu facts in %llu events\n", counter.facts,
                static_cast<unsigned long long>(run.events()));
    return run.now() == run.end() && counter.facts > 0 ? 0 : 1;
}
