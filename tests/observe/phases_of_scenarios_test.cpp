// Every window of every bundled scenario: what its phases must be, live and out of a trace.
#include "brokersim/simulation.hpp"
#include "observe/phases.hpp"
#include "observe/run_observers.hpp"
#include "scenario/load.hpp"
#include "trace/reader.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace brokersim;

namespace {

std::string text_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

/// The scenario files, in the order of their names.
std::vector<std::filesystem::path> bundled() {
    std::vector<std::filesystem::path> files;
    const std::filesystem::path top = std::filesystem::path(BROKERSIM_SOURCE) / "scenarios";
    for (const auto& entry : std::filesystem::recursive_directory_iterator(top)) {
        if (entry.path().extension() == ".json") { files.push_back(entry.path()); }
    }
    std::sort(files.begin(), files.end());
    return files;
}

std::optional<Scenario> scenario_of(const std::filesystem::path& path) {
    LoadOptions options;
    options.read_file = [&](const std::string& other) {
        FileText file;
        file.found = true;
        file.text = text_of(path.parent_path() / other);
        return file;
    };
    return load_scenario(text_of(path), path.string(), options).scenario;
}

class Text final : public ByteSink {
public:
    bool write(std::string_view bytes) override {
        text += bytes;
        return true;
    }
    std::string text;
};

/// Observers that see the facts of a trace, verdicts excepted, as if they had been there.
class Replay final : public TraceListener {
public:
    Replay(const Scenario& scenario, const RunInfo& info)
        : watch(scenario, info), recorder(info, nullptr, watch.observers()) {}

    void on(const RunInfo&, Time t, std::uint64_t, Cause cause, FactRef fact) override {
        switch (fact.kind) {
        case FactKind::loss:
        case FactKind::dup:
        case FactKind::unavailable: return;
        default: recorder.note(t, cause, fact); break;
        }
    }
    RunObservers watch;
    Recorder recorder;
};

std::string line(const Failover& one) {
    const Unavailable& window = one.window;
    std::string text = std::to_string(window.tp.value) + " " + std::string(word(window.side)) +
                       " " + std::to_string(window.from.ns) + ".." + std::to_string(window.to.ns);
    if (window.g.present) { text += " g" + std::to_string(window.g.value.value); }
    text +=
        " fault " + std::to_string(one.fault.value) + " at " + std::to_string(one.machine.value);
    for (const auto& phase : phase_fields) {
        if (window.phases) { text += " " + std::to_string(((*window.phases).*phase.member).ns); }
    }
    return text;
}

void check_windows(const std::vector<Failover>& told, Time end) {
    for (const Failover& one : told) {
        const Unavailable& window = one.window;
        if (!window.phases) { continue; }
        CAPTURE(line(one));
        Duration sum;
        Duration after_service;
        for (std::size_t k = 0; k < phase_count; ++k) {
            const Duration lasted = (*window.phases).*phase_fields[k].member;
            CHECK(lasted >= Duration{});
            (k < 6 ? sum : after_service) += lasted;
        }
        CHECK(sum == window.to - window.from);
        CHECK(window.to + after_service <= end);
    }
    for (std::size_t a = 0; a < told.size(); ++a) {
        for (std::size_t b = a + 1; b < told.size(); ++b) {
            const Unavailable& first = told[a].window;
            const Unavailable& second = told[b].window;
            const bool same = first.tp == second.tp && first.side == second.side &&
                              first.g.value == second.g.value;
            CHECK((!same || first.to <= second.from));
        }
    }
}

/// How many windows have phases.
std::size_t run(const Scenario& scenario, std::uint64_t seed) {
    Simulation simulation(scenario, seed);
    RunInfo info = simulation.info();
    info.level = Level::all;
    RunObservers watch(scenario, info);
    Text trace;
    Recorder recorder(info, &trace, watch.observers());
    simulation.start(recorder);
    while (simulation.advance(recorder, 1'000'000)) {}
    recorder.close(simulation.now());
    recorder.finish(RunStatus::completed, watch.totals());
    const std::vector<Failover>& told = watch.windows().told();
    check_windows(told, simulation.now());

    Replay replay(scenario, info);
    TraceReader reader(replay);
    REQUIRE(reader.feed(trace.text));
    REQUIRE(reader.finish());
    replay.recorder.close(simulation.now());
    const std::vector<Failover>& again = replay.watch.windows().told();
    REQUIRE(again.size() == told.size());
    for (std::size_t k = 0; k < told.size(); ++k) {
        CHECK(line(again[k]) == line(told[k]));
    }
    return static_cast<std::size_t>(
        std::count_if(told.begin(), told.end(),
                      [](const Failover& one) { return one.window.phases.has_value(); }));
}

} // namespace

TEST_CASE("phases of scenarios: they add up, stay in order, and a trace gives the same") {
    std::size_t explained = 0;
    for (const auto& path : bundled()) {
        const auto scenario = scenario_of(path);
        CAPTURE(path.string());
        REQUIRE(scenario.has_value());
        if (scenario->faults.empty()) { continue; }
        for (std::uint64_t seed = 1; seed <= 3; ++seed) {
            explained += run(*scenario, seed);
        }
    }
    CHECK(explained > 20);
}
