// What a run was like: for people on a terminal, and as JSON for programs.
#pragma once

#include "brokersim/run_info.hpp"
#include "brokersim/scenario.hpp"
#include "observe/failovers.hpp"
#include "observe/metrics.hpp"
#include "observe/run_end.hpp"
#include "trace/end_record.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace brokersim {

struct SummarySource {
    const Scenario& scenario;
    const RunInfo& info;
    const Metrics& metrics;
    const std::vector<Failover>& failovers; ///< all windows without service
    Totals totals;
    std::vector<Verdict> verdicts;
    RunEnd end;
};

/// At most 100 columns wide; the same bytes for the same run. `colours`: with ANSI sequences.
std::string summary_text(const SummarySource& source, bool colours);

/// One object ("brokersim-summary" version 1) and an LF. Times are nanoseconds.
std::string summary_json(const SummarySource& source);

/// The windows of one partition, per side.
struct Outages {
    struct Side {
        std::int64_t count = 0;
        Duration total, longest;
    };
    std::array<Side, 3> sides;
};

/// By partition, within the measured part of the run.
std::vector<Outages> outages(const SummarySource& source);

/// Records acknowledged per second, in millionths, from the first due to the last acknowledgement.
std::int64_t rate_of(const ProducerStats& producer);
/// The same in bytes per second.
std::int64_t byte_rate_of(const ProducerStats& producer);

} // namespace brokersim
