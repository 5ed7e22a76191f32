// From the draft to the Scenario: names become positions, entries become machines.
#pragma once

#include "scenario/draft.hpp"
#include "scenario/load.hpp"

namespace brokersim {

/// Checks the draft across its fields and fills in what depends on other parts. Whatever is too
/// large for `limits` is refused before anything of its size is built.
void resolve(Draft& draft, const Limits& limits, Report& report);

/// The finished scenario. Requires a resolved draft without errors.
Scenario scenario_of(const Draft& draft);

/// The resolved scenario as JSON that loads as the same scenario, every default written out.
std::string canonical_json(const Draft& draft);

/// Whether the run would need more events or memory than `limits` allow, by a low estimate.
void check_budget(const Draft& draft, const Limits& limits, Report& report);

} // namespace brokersim
