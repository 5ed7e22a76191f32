// When faults begin, and whom they hit: for tests of both.
#pragma once

#include "small_cluster.hpp"

#include <set>
#include <string>
#include <vector>

namespace brokersim::test {

inline Time at(std::int64_t milli) {
    return Time{} + milliseconds(milli);
}

template <class F>
std::vector<typename Collect<F>::Entry> facts_of(const Scenario& s, Time until,
                                                 std::uint64_t seed = 1) {
    Collect<F> facts;
    run_to(s, until, facts, seed);
    return facts.all;
}

/// Whom the faults hit that began: `5.0 b1,b2`, one each.
class Begins final : public Watcher {
public:
    explicit Begins(const RunInfo& info) : info_(info) {}
    std::string text;
    std::set<std::string> hit;

private:
    void on_fact(Time now, FactRef fact) override {
        const auto* f = fact.as<FaultBegin>();
        if (f == nullptr) return;
        std::string who;
        for (const MachineId id : f->target)
            who += (who.empty() ? "" : ",") + info_.name(id);
        hit.insert(who);
        text += std::to_string(now.ns / 1'000'000) + " " + info_.name(f->id) + " " + who + "\n";
    }
    RunInfo info_;
};

inline std::string begins(const Scenario& s, Time until, std::uint64_t seed = 1) {
    Begins all(Simulation(s, seed).info());
    run_to(s, until, all, seed);
    return all.text;
}

inline FaultSpec fault(const std::string& id, FaultAction action, Time when) {
    FaultSpec f = small_fault(action, when, "b1");
    f.id = id;
    return f;
}

} // namespace brokersim::test
