// The fate of a write: a page cache that is written back in the background (scenario format §5).
#pragma once

#include "brokersim/ids.hpp"
#include "brokersim/scenario.hpp"
#include "brokersim/time.hpp"
#include "engine/ring.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace brokersim {

/// An append goes to the page cache and costs nothing while dirty data stays under 20 % of it;
/// beyond, it waits for the device. Every `writeback`/6 what is older than `writeback` is written
/// at `write`. Age is known to one such period, which is what the kernel's flusher knows, too.
/// An fsync waits for what is being written, then for its own bytes and for `fsync`.
///
/// What was written last is cached, `page_cache` bytes of it, counted in steps of a 64th. Reads of
/// older data wait for the device; they neither push anything out nor are they kept.
///
/// A device that is stalled takes nothing and finishes nothing: what is asked of it waits, without
/// an end that would be known (never()), and goes on behind what was under way.
///
/// The owner arms one timer for next_tick() and one for next_done().
class Disk {
public:
    /// What a finished write made durable.
    struct Flushed {
        std::uint32_t log = 0;
        Offset to = 0;
        bool sync = false; ///< the broker asked for it
    };

    explicit Disk(const DiskSpec& spec)
        : spec_(spec), period_(std::max<std::int64_t>(spec.writeback.ns / 6, 1'000'000)),
          mark_step_(spec.page_cache / 64), dirty_limit_(spec.page_cache / 5) {}

    // ---- faults ----
    /// Everything takes `factor_ppb` billionths as long (0: as usual), writing goes at `write`,
    /// until hurry(by). Of several, factors multiply, and the newest `write` counts.
    void slow_down(std::uint32_t by, std::int64_t factor_ppb, std::optional<Bandwidth> write) {
        slow_.push_back({by, factor_ppb, write});
    }
    void hurry(std::uint32_t by);
    /// There is room for nothing more, until there is again.
    void fill(bool full) { full_ = full; }
    bool full() const { return full_; }
    /// As often as it is stalled it has to go on again.
    void stall(Time now);
    void go_on(Time now);
    bool stalled() const { return stalls_ > 0; }

    /// A log's data grew by `bytes`, up to `end`. Returns when the writer may go on.
    Time append(Time now, std::uint32_t log, Offset end, std::int64_t bytes);
    /// The log was cut: what lay beyond `end` will not be written.
    void truncate(std::uint32_t log, Offset end);

    // ---- write-back and fsync ----
    /// When the flusher next has something to look at; never() if nothing is dirty.
    Time next_tick(Time now) const;
    /// Begins to write what is old enough. Returns when that is done; never() if there was nothing.
    Time tick(Time now);
    /// fsync of a log that ends at `end`. Returns when it is done.
    Time sync(Time now, std::uint32_t log, Offset end);
    /// The device is kept busy by an fsync of what a log has, and of `bytes` that the caller will
    /// append when it is done. Returns when that is.
    Time sync_ahead(Time now, std::uint32_t log, std::int64_t bytes);
    /// When the earliest write that is under way will be done; never() if there is none.
    Time next_done() const {
        return under_way_.empty() || stalled() ? Time::never() : under_way_.front().done;
    }
    /// Writes that are done by now.
    const std::vector<Flushed>& finish(Time now);
    /// Everything that a log has is on the device.
    void clean(std::uint32_t log);
    /// Everything is on the device: a clean stop.
    void clean_all();
    /// What was only in memory is gone, and so is the cache.
    void lose_power();

    // ---- reads ----
    /// From here on the log is cached.
    Offset cached_from(std::uint32_t log) {
        Log& l = log_of(log);
        const bool gone =
            !l.marks.empty() && l.marks.front().position < appended_ - spec_.page_cache;
        if (gone) drop_uncached(l);
        return l.cached_from;
    }
    /// Reads so much from the device, behind earlier reads. Returns when it is there.
    Time read(Time now, std::int64_t bytes);
    /// Time to read `bytes` from the device (after a start, for the check of the logs).
    Duration read_time(std::int64_t bytes) const { return slowed(time_for(bytes, spec_.read)); }
    /// When everything that was to be read is there.
    Time reads_done(Time now) const { return stalled() ? Time::never() : std::max(now, read_at_); }

private:
    struct Period {
        std::int64_t number = 0; ///< of the period in which it was written
        Offset end = 0;
        std::int64_t bytes = 0;
    };
    struct Mark {
        Offset begin = 0;          ///< of a piece of the log
        std::int64_t position = 0; ///< in everything that was ever appended
    };
    struct Log {
        std::vector<Period> periods; ///< oldest first; at most seven or so
        std::vector<Mark> marks;     ///< of what is cached, oldest first
        Offset end = 0;
        Offset cached_from = 0;
        bool listed = false;
    };
    struct Write {
        Time done;
        Flushed what;
    };

    struct Slow {
        std::uint32_t by = 0;
        std::int64_t factor_ppb = 0;
        std::optional<Bandwidth> write;
    };

    std::int64_t period_of(Time now) const { return now.ns / period_; }
    static Duration time_for(std::int64_t bytes, Bandwidth per_second);
    Duration slowed(Duration usual) const;
    Duration write_time(std::int64_t bytes) const;
    /// The device's time: it stands still while that is stalled.
    Time clock(Time now) const { return stalled() ? stalled_at_ : now; }
    Time told(Time done) const { return stalled() ? Time::never() : done; }
    Log& log_of(std::uint32_t log) {
        if (log >= logs_.size()) logs_.resize(log + 1);
        return logs_[log];
    }
    void drop_uncached(Log& log);
    std::int64_t take_dirty(std::uint32_t log);

    DiskSpec spec_;
    std::int64_t period_; ///< of the flusher, in ns
    std::int64_t mark_step_, dirty_limit_;
    std::vector<Log> logs_;
    std::vector<std::uint32_t> dirty_logs_;
    std::int64_t dirty_bytes_ = 0;
    std::int64_t appended_ = 0; ///< bytes, ever
    Time free_at_;              ///< end of the waits of writers beyond the limit
    Time written_at_, read_at_; ///< end of the writes, the reads that were asked for
    std::vector<Slow> slow_;
    std::int32_t stalls_ = 0;
    bool full_ = false;
    Time stalled_at_;
    Ring<Write> under_way_;
    std::vector<Flushed> flushed_;
};

} // namespace brokersim
