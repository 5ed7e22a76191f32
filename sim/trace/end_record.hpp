// What the last line of a trace says about the whole run.
#pragma once

#include "brokersim/run_info.hpp"
#include "brokersim/time.hpp"
#include "brokersim/words.hpp"

#include <cstdint>
#include <string>

namespace brokersim {

template <>
inline constexpr std::string_view words_of<Level>[] = {"state", "records", "all"};

enum class RunStatus : std::uint8_t { completed, interrupted, invariant_violated };
template <>
inline constexpr std::string_view words_of<RunStatus>[] = {"completed", "interrupted",
                                                           "invariant_violated"};

/// Counts of records. `acked` includes acks=0 sends; `acked_lost` are acknowledged records that a
/// failure took and that are still missing at the end; `duplicates` sums the `dup` lines.
struct Totals {
    std::int64_t created = 0; ///< spelled `new`
    std::int64_t acked = 0;
    std::int64_t failed = 0;
    std::int64_t pending = 0;
    std::int64_t acked_lost = 0;
    std::int64_t duplicates = 0;

    friend bool operator==(const Totals&, const Totals&) = default;
};

struct EndRecord {
    std::uint64_t events = 0; ///< lines between header and end
    Time t;                   ///< the clock's last value
    RunStatus status{};
    Totals totals;
    std::string digest; ///< "xxh3:LEVEL:" + 32 hexadecimal digits
};

} // namespace brokersim
