// How a run ended, and what was found about one expectation.
#pragma once

#include "brokersim/time.hpp"
#include "trace/end_record.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace brokersim {

struct RunEnd {
    Time end; ///< the clock's last value
    RunStatus status = RunStatus::completed;
    std::uint64_t events = 0;      ///< that the engine executed
    std::string fingerprint;       ///< "model:…"
    std::optional<bool> converged; ///< at the end; none: the run did not get there
};

/// Whether an expectation held. (Not to be confused with the verdict facts of a trace.)
struct Verdict {
    bool passed = false;
    std::string expected; ///< the expectation as written
    std::string seen;     ///< what was found, or why nothing was
};

} // namespace brokersim
