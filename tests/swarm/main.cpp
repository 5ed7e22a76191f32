// Runs random scenarios: every invariant is looked at after every fact, then all faults are lifted
// and the cluster has to come to rest.
#include "brokersim/simulation.hpp"
#include "engine/assert.hpp"
#include "observe/invariants.hpp"
#include "observe/network_invariants.hpp"
#include "observe/run_observers.hpp"
#include "scenario/load.hpp"
#include "swarm/generate.hpp"
#include "trace/recorder.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace brokersim;

constexpr std::uint64_t events_max = 400'000'000;

struct Found {
    std::string problem; ///< empty: all is well
    std::string fingerprint;
    std::uint64_t events = 0;
};

/// Remembers the first violation.
class Ears final : public Observer {
public:
    FactKinds wants() const override { return {FactKind::violation}; }
    void on(Time now, Cause, FactRef fact, Verdicts&) override {
        const auto* violation = fact.as<Violation>();
        if (violation == nullptr || !first.empty()) { return; }
        first = "at " + std::to_string(now.ns) + " ns: " + std::string(violation->invariant) +
                ": " + std::string(violation->text);
    }
    std::string first;
};

/// How often each invariant could have been violated, over all seeds.
using Looked = std::map<std::string, std::uint64_t>;

void add(Looked& counts, const InvariantObserver& observer) {
    for (const auto& [name, looked] : observer.looked())
        counts[std::string(name)] += looked;
}

Found run(const Scenario& scenario, Looked& counts) {
    Simulation simulation(scenario, scenario.seed);
    RunObservers watch(scenario, simulation.info());
    Invariants invariants(simulation.info());
    NetworkInvariants network(simulation.info());
    Ears ears;
    std::vector<Observer*> observers = watch.observers();
    observers.push_back(&invariants);
    observers.push_back(&network);
    observers.push_back(&ears);
    Recorder recorder(simulation.info(), nullptr, observers);
    simulation.start(recorder);
    bool more = true;
    while (more && ears.first.empty() && simulation.events() < events_max) {
        more = simulation.advance(recorder, 1'000'000);
    }
    recorder.close(simulation.now());
    add(counts, invariants);
    add(counts, network);
    Found outcome{ears.first, recorder.fingerprint(), simulation.events()};
    if (outcome.problem.empty() && more) { outcome.problem = "more events than there should be"; }
    if (outcome.problem.empty() && !simulation.converged()) {
        outcome.problem = "it does not come to rest after all faults are lifted";
    }
    return outcome;
}

Found try_scenario(const std::string& text, const std::string& name, Looked& counts) {
    const Loaded loaded = load_scenario(text, name);
    if (!loaded.scenario) {
        std::string what = "it is refused";
        for (const Problem& problem : loaded.problems) {
            what += "\n    " + problem.pointer + ": " + problem.text;
        }
        return {what, {}, 0};
    }
    Found first;
    try {
        first = run(*loaded.scenario, counts);
    } catch (const std::logic_error& broken) { first.problem = broken.what(); }
    if (!first.problem.empty()) { return first; }
    if (loaded.scenario->seed % 8 == 0 &&
        run(*loaded.scenario, counts).fingerprint != first.fingerprint) {
        first.problem = "a second run differs";
    }
    return first;
}

/// An assertion ends its run, not the swarm.
void on_assertion(void*, const BrokenInvariant& broken) {
    throw std::logic_error(std::string(broken.what) + " does not hold (" + broken.file + ":" +
                           std::to_string(broken.line) + ")");
}

std::string read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

/// Returns whether one was never looked at.
bool report(const Looked& counts) {
    bool idle = false;
    std::string line = "looked at:";
    for (const auto& [name, looked] : counts) {
        idle = idle || looked == 0;
        const std::string word = " " + name + " " + std::to_string(looked);
        if (line.size() + word.size() > 100) {
            std::puts(line.c_str());
            line = "   ";
        }
        line += word;
    }
    std::puts(line.c_str());
    return idle;
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app("Random scenarios and faults, with every invariant checked after every fact.\n"
                 "Exit status 1 if a seed fails; what repeats it is printed.");
    std::uint64_t from = 1;
    std::uint64_t count = 100;
    std::string keep;
    std::vector<std::string> files;
    bool print = false;
    bool all = false;
    app.add_option("--from", from, "the first seed");
    app.add_option("--count", count, "how many");
    app.add_option("--keep", keep, "an existing folder for the scenarios of seeds that fail");
    app.add_flag("--print", print, "only print the scenario of the first seed");
    app.add_flag("--all", all, "fail if an invariant was never looked at");
    app.add_option("files", files, "scenario files to run instead");
    CLI11_PARSE(app, argc, argv);

    set_assertion_handler({on_assertion, nullptr});
    if (print) {
        std::fputs(test::random_scenario(from).c_str(), stdout);
        return 0;
    }
    std::uint64_t failed = 0;
    std::uint64_t events = 0;
    Looked counts;
    for (const std::string& file : files) {
        const Found outcome = try_scenario(read(file), file, counts);
        events += outcome.events;
        if (outcome.problem.empty()) { continue; }
        ++failed;
        std::printf("%s: %s\n", file.c_str(), outcome.problem.c_str());
    }
    for (std::uint64_t seed = from; files.empty() && seed < from + count; ++seed) {
        const std::string text = test::random_scenario(seed);
        std::fprintf(stderr, "\rseed %llu ", static_cast<unsigned long long>(seed));
        const Found outcome = try_scenario(text, "swarm.json", counts);
        events += outcome.events;
        if (outcome.problem.empty()) { continue; }
        ++failed;
        std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed),
                    outcome.problem.c_str());
        std::printf("  again: %s --from %llu --count 1\n", argv[0],
                    static_cast<unsigned long long>(seed));
        if (!keep.empty()) {
            const std::string path = keep + "/" + std::to_string(seed) + ".json";
            std::ofstream(path, std::ios::binary) << text;
            std::printf("  trace: brokersim run %s --trace t.jsonl\n", path.c_str());
        }
        std::fflush(stdout);
    }
    std::fputs("\r", stderr);
    std::printf("%llu of %llu failed, %llu events\n", static_cast<unsigned long long>(failed),
                static_cast<unsigned long long>(files.empty() ? count : files.size()),
                static_cast<unsigned long long>(events));
    const bool idle = report(counts);
    if (idle && all) { std::puts("some invariant was never looked at"); }
    return failed == 0 && !(idle && all) ? 0 : 1;
}
