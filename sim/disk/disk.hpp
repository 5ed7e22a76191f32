// The fate of a write: a page cache that is written back in the background (scenario format §5).
#pragma once

#include "brokersim/ids.hpp"
#include "brokersim/scenario.hpp"
#include "brokersim/time.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace brokersim {

/// An append goes to the page cache and costs nothing while dirty data stays under 20 % of it;
/// beyond, it waits for the device. Every `writeback`/6 what is older than `writeback` is written
/// at `write`. Age is known to one such period, which is what the kernel's flusher knows, too.
///
/// The owner arms one timer for next_tick() and one for the end of a write that tick() began.
class Disk {
public:
    /// What a finished write made durable.
    struct Flushed {
        std::uint32_t log = 0;
        Offset to = 0;
    };

    explicit Disk(const DiskSpec& spec) : spec_(spec) {}

    /// A log's data grew by `bytes`, up to `end`. Returns when the writer may go on.
    Time append(Time now, std::uint32_t log, Offset end, std::int64_t bytes);
    /// The log was cut: what lay beyond `end` will not be written.
    void truncate(std::uint32_t log, Offset end);
    /// When the flusher next has something to look at; never() if nothing is dirty.
    Time next_tick(Time now) const;
    /// Begins to write what is old enough. Returns when that is done; never() if there was nothing.
    Time tick(Time now);
    /// The write that tick() began is done.
    const std::vector<Flushed>& finish();
    /// Everything is on the device: a clean stop, or the loss of what was only in memory.
    void forget();
    /// Time to read `bytes` from the device (after a start, for the check of the logs).
    Duration read_time(std::int64_t bytes) const { return time_for(bytes, spec_.read); }

private:
    struct Period {
        std::int64_t number = 0; ///< of the period in which it was written
        Offset end = 0;
        std::int64_t bytes = 0;
    };
    struct Log {
        std::vector<Period> periods; ///< oldest first; at most seven or so
        bool listed = false;
    };

    Duration period() const {
        return Duration{std::max<std::int64_t>(spec_.writeback.ns / 6, 1'000'000)};
    }
    static Duration time_for(std::int64_t bytes, Bandwidth per_second);

    DiskSpec spec_;
    std::vector<Log> logs_;
    std::vector<std::uint32_t> dirty_logs_;
    std::int64_t dirty_bytes_ = 0;
    Time free_at_; ///< end of the waits of writers beyond the limit
    std::vector<Flushed> writing_, flushed_;
};

} // namespace brokersim
