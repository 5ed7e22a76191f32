// The fate of a write.
#include "disk/disk.hpp"

namespace brokersim {

Duration Disk::time_for(std::int64_t bytes, Bandwidth per_second) {
    if (per_second <= 0) return {};
    const std::int64_t whole = bytes / per_second;
    // The rest is less than a second; 2^63 leaves room for rates up to 9 GB/s in one product.
    const std::int64_t rest = bytes % per_second;
    const std::int64_t scale = per_second > 9'000'000'000 ? 1'000 : 1;
    return seconds(whole) + Duration{rest / scale * 1'000'000'000 / (per_second / scale)};
}

Time Disk::append(Time now, std::uint32_t log, Offset end, std::int64_t bytes) {
    if (log >= logs_.size()) logs_.resize(log + 1);
    Log& l = logs_[log];
    if (!l.listed) {
        l.listed = true;
        dirty_logs_.push_back(log);
    }
    const std::int64_t number = now.ns / period().ns;
    if (l.periods.empty() || l.periods.back().number != number) {
        l.periods.push_back({number, end, bytes});
    } else {
        l.periods.back().end = end;
        l.periods.back().bytes += bytes;
    }
    dirty_bytes_ += bytes;
    if (dirty_bytes_ <= spec_.page_cache / 5) return now;
    // The device writes as fast as it can, and the writer waits for the room it needs.
    free_at_ = std::max(free_at_, now) + time_for(bytes, spec_.write);
    return free_at_;
}

void Disk::truncate(std::uint32_t log, Offset end) {
    if (log >= logs_.size()) return;
    for (Period& p : logs_[log].periods)
        p.end = std::min(p.end, end);
}

Time Disk::next_tick(Time now) const {
    if (dirty_logs_.empty()) return Time::never();
    return Time{(now.ns / period().ns + 1) * period().ns};
}

Time Disk::tick(Time now) {
    const bool crowded = dirty_bytes_ > spec_.page_cache / 5;
    const std::int64_t old_enough = now.ns / period().ns - (crowded ? 1 : 6);
    std::int64_t bytes = 0;
    std::size_t kept = 0;
    for (const std::uint32_t log : dirty_logs_) {
        Log& l = logs_[log];
        std::size_t gone = 0;
        Offset to = -1;
        while (gone < l.periods.size() && l.periods[gone].number <= old_enough) {
            to = l.periods[gone].end;
            bytes += l.periods[gone].bytes;
            ++gone;
        }
        if (to >= 0) writing_.push_back({log, to});
        l.periods.erase(l.periods.begin(), l.periods.begin() + static_cast<std::ptrdiff_t>(gone));
        l.listed = !l.periods.empty();
        if (l.listed) dirty_logs_[kept++] = log;
    }
    dirty_logs_.resize(kept);
    dirty_bytes_ -= bytes;
    return writing_.empty() ? Time::never() : now + time_for(bytes, spec_.write);
}

const std::vector<Disk::Flushed>& Disk::finish() {
    flushed_.swap(writing_);
    writing_.clear();
    return flushed_;
}

void Disk::forget() {
    for (Log& l : logs_)
        l = Log{};
    dirty_logs_.clear();
    writing_.clear();
    dirty_bytes_ = 0;
    free_at_ = {};
}

} // namespace brokersim
