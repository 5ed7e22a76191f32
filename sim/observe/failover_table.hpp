// The failover table of the summary: windows of one fault that have the same explanation, together.
#pragma once

#include "observe/failovers.hpp"

#include <array>
#include <vector>

namespace brokersim {

struct FailoverRow {
    Failover example; ///< the first of them
    std::vector<PartitionId> partitions;
    std::int64_t windows = 0;
    Duration shortest = Duration::max(), longest;
    struct Range {
        Duration shortest = Duration::max(), longest;
    };
    std::array<Range, phase_count> phases;
};

/// In the order in which the first of each was told; windows without phases are left out, and what
/// ended before `measured_from`.
std::vector<FailoverRow> failover_table(const std::vector<Failover>& told, Time measured_from);

} // namespace brokersim
