// The fate of a write.
#include "disk/disk.hpp"

#include "engine/wide.hpp"

namespace brokersim {

Duration Disk::time_for(std::int64_t bytes, Bandwidth per_second) {
    if (per_second <= 0) return {};
    const std::int64_t whole = bytes / per_second;
    // The rest is less than a second; 2^63 leaves room for rates up to 9 GB/s in one product.
    const std::int64_t rest = bytes % per_second;
    const std::int64_t scale = per_second > 9'000'000'000 ? 1'000 : 1;
    return seconds(whole) + Duration{rest / scale * 1'000'000'000 / (per_second / scale)};
}

Duration Disk::slowed(Duration usual) const {
    constexpr std::int64_t limit = std::int64_t{1} << 60; // Decades.
    for (const Slow& slow : slow_) {
        if (slow.factor_ppb == 0) continue;
        const Wide time = Wide(usual.ns) * Wide(slow.factor_ppb) / Wide(Ratio::one);
        usual.ns = time > Wide(limit) ? limit : static_cast<std::int64_t>(time);
    }
    return usual;
}

Duration Disk::write_time(std::int64_t bytes) const {
    Bandwidth write = spec_.write;
    for (const Slow& slow : slow_)
        write = slow.write.value_or(write);
    return slowed(time_for(bytes, write));
}

void Disk::hurry(std::uint32_t by) {
    std::erase_if(slow_, [by](const Slow& slow) { return slow.by == by; });
}

void Disk::stall(Time now) {
    if (stalls_++ == 0) stalled_at_ = now;
}

/// Everything that was under way takes so much longer as it has stood still.
void Disk::go_on(Time now) {
    if (--stalls_ > 0) return;
    const Duration stood = now - stalled_at_;
    const auto move = [&](Time& t) {
        if (t > stalled_at_) t = after(t, stood);
    };
    for (std::size_t k = 0; k < under_way_.size(); ++k) {
        Write write = under_way_.pop_front();
        if (write.done < stalled_at_) write.done = stalled_at_;
        write.done = after(write.done, stood);
        under_way_.push_back(write);
    }
    move(free_at_);
    move(written_at_);
    move(read_at_);
}

Time Disk::append(Time now, std::uint32_t log, Offset end, std::int64_t bytes) {
    Log& l = log_of(log);
    // Where the log stands is noted each time that a 64th of the cache has been written.
    if (l.marks.empty() || appended_ - l.marks.back().position >= mark_step_) {
        if (l.marks.size() > 64) drop_uncached(l);
        l.marks.push_back({l.end, appended_});
    }
    appended_ += bytes;
    l.end = end;
    if (!l.listed) {
        l.listed = true;
        dirty_logs_.push_back(log);
    }
    const std::int64_t number = period_of(now);
    if (l.periods.empty() || l.periods.back().number != number) {
        l.periods.push_back({number, end, bytes});
    } else {
        l.periods.back().end = end;
        l.periods.back().bytes += bytes;
    }
    dirty_bytes_ += bytes;
    if (dirty_bytes_ <= dirty_limit_) return told(now);
    // The device writes as fast as it can, and the writer waits for the room it needs.
    free_at_ = std::max(free_at_, clock(now)) + write_time(bytes);
    return told(free_at_);
}

/// Newer data has pushed the oldest out of the cache.
void Disk::drop_uncached(Log& l) {
    std::size_t gone = 0;
    while (gone < l.marks.size() && l.marks[gone].position < appended_ - spec_.page_cache)
        ++gone;
    if (gone == 0) return;
    l.cached_from = gone < l.marks.size() ? l.marks[gone].begin : l.end;
    l.marks.erase(l.marks.begin(), l.marks.begin() + static_cast<std::ptrdiff_t>(gone));
}

void Disk::truncate(std::uint32_t log, Offset end) {
    if (log >= logs_.size()) return;
    Log& l = logs_[log];
    for (Period& p : l.periods)
        p.end = std::min(p.end, end);
    while (!l.marks.empty() && l.marks.back().begin > end)
        l.marks.pop_back();
    l.end = std::min(l.end, end);
    l.cached_from = std::min(l.cached_from, end);
}

Time Disk::next_tick(Time now) const {
    if (dirty_logs_.empty() || stalled()) return Time::never();
    return Time{(period_of(now) + 1) * period_};
}

Time Disk::tick(Time now) {
    if (stalled()) return Time::never();
    const bool crowded = dirty_bytes_ > dirty_limit_;
    const std::int64_t old_enough = period_of(now) - (crowded ? 1 : 6);
    std::int64_t bytes = 0;
    std::size_t kept = 0;
    flushed_.clear();
    for (const std::uint32_t log : dirty_logs_) {
        Log& l = logs_[log];
        std::size_t gone = 0;
        Offset to = -1;
        while (gone < l.periods.size() && l.periods[gone].number <= old_enough) {
            to = l.periods[gone].end;
            bytes += l.periods[gone].bytes;
            ++gone;
        }
        if (to >= 0) flushed_.push_back({log, to, false});
        l.periods.erase(l.periods.begin(), l.periods.begin() + static_cast<std::ptrdiff_t>(gone));
        l.listed = !l.periods.empty();
        if (l.listed) dirty_logs_[kept++] = log;
    }
    dirty_logs_.resize(kept);
    dirty_bytes_ -= bytes;
    if (flushed_.empty()) return Time::never();
    written_at_ = std::max(written_at_, now) + write_time(bytes);
    for (const Flushed& what : flushed_)
        under_way_.push_back({written_at_, what});
    return written_at_;
}

/// The dirty bytes of a log, which are no longer.
std::int64_t Disk::take_dirty(std::uint32_t log) {
    std::int64_t bytes = 0;
    Log& l = log_of(log);
    for (const Period& p : l.periods)
        bytes += p.bytes;
    l.periods.clear();
    if (l.listed) dirty_logs_.erase(std::find(dirty_logs_.begin(), dirty_logs_.end(), log));
    l.listed = false;
    dirty_bytes_ -= bytes;
    return bytes;
}

Time Disk::sync(Time now, std::uint32_t log, Offset end) {
    const std::int64_t bytes = take_dirty(log);
    written_at_ = std::max(written_at_, clock(now)) + write_time(bytes) + slowed(spec_.fsync);
    under_way_.push_back({written_at_, {log, end, true}});
    return told(written_at_);
}

Time Disk::sync_ahead(Time now, std::uint32_t log, std::int64_t bytes) {
    bytes += take_dirty(log);
    written_at_ = std::max(written_at_, clock(now)) + write_time(bytes) + slowed(spec_.fsync);
    return told(written_at_);
}

const std::vector<Disk::Flushed>& Disk::finish(Time now) {
    flushed_.clear();
    while (!stalled() && !under_way_.empty() && under_way_.front().done <= now)
        flushed_.push_back(under_way_.pop_front().what);
    return flushed_;
}

void Disk::clean(std::uint32_t log) {
    take_dirty(log);
}

void Disk::clean_all() {
    for (Log& l : logs_) {
        l.periods.clear();
        l.listed = false;
    }
    dirty_logs_.clear();
    under_way_.clear();
    dirty_bytes_ = 0;
    free_at_ = written_at_ = read_at_ = {};
}

void Disk::lose_power() {
    clean_all();
    for (Log& l : logs_) {
        l.marks.clear();
        l.cached_from = l.end;
    }
}

Time Disk::read(Time now, std::int64_t bytes) {
    if (bytes <= 0) return now;
    read_at_ = std::max(read_at_, clock(now)) + read_time(bytes);
    return told(read_at_);
}

} // namespace brokersim
