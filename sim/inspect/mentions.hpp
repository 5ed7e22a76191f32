// Whether a fact is about a machine, a partition or a fault: what `grep` asks.
#pragma once

#include "brokersim/facts.hpp"
#include "brokersim/run_info.hpp"

#include <string_view>

namespace brokersim {

/// Does any field of the fact name this machine (its producer included), partition or fault?
bool mentions_node(const RunInfo& info, FactRef fact, std::string_view name);
bool mentions_partition(const RunInfo& info, FactRef fact, std::string_view name);
bool mentions_fault(const RunInfo& info, FactRef fact, std::string_view name);

} // namespace brokersim
