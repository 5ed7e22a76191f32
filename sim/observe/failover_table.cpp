// Puts windows that have the same explanation together.
#include "observe/failover_table.hpp"

#include <algorithm>

namespace brokersim {

namespace {

bool alike(const Failover& a, const Failover& b) {
    return a.fault == b.fault && a.machine == b.machine && a.window.side == b.window.side &&
           a.window.g.value == b.window.g.value && a.bounds == b.bounds;
}

} // namespace

std::vector<FailoverRow> failover_table(const std::vector<Failover>& told, Time measured_from) {
    std::vector<FailoverRow> rows;
    for (const Failover& failover : told) {
        const Unavailable& window = failover.window;
        if (!window.phases || window.to <= measured_from) { continue; }
        auto row = std::find_if(rows.begin(), rows.end(), [&](const FailoverRow& known) {
            return alike(known.example, failover);
        });
        if (row == rows.end()) {
            row = rows.insert(rows.end(), FailoverRow());
            row->example = failover;
        }
        ++row->windows;
        const auto at = std::lower_bound(row->partitions.begin(), row->partitions.end(), window.tp);
        if (at == row->partitions.end() || *at != window.tp) {
            row->partitions.insert(at, window.tp);
        }
        row->shortest = std::min(row->shortest, window.to - window.from);
        row->longest = std::max(row->longest, window.to - window.from);
        for (std::size_t k = 0; k < phase_count; ++k) {
            const Duration lasted = (*window.phases).*phase_fields[k].member;
            row->phases[k].shortest = std::min(row->phases[k].shortest, lasted);
            row->phases[k].longest = std::max(row->phases[k].longest, lasted);
        }
    }
    return rows;
}

} // namespace brokersim
