// What bounds a phase of a failover, in words: Kafka's name of the setting, and its value.
#pragma once

#include "brokersim/run_info.hpp"
#include "brokersim/scenario.hpp"
#include "observe/failovers.hpp"

#include <cstddef>
#include <string>

namespace brokersim {

/// "broker.session.timeout.ms 9 s"; the value is left out where machines differ in it. Empty if
/// nothing bounds the phase.
std::string bound_text(const Failover& failover, std::size_t phase, const Scenario& scenario,
                       const RunInfo& info);

} // namespace brokersim
