// The log of one replica.
#include "log/partition_log.hpp"

#include "engine/assert.hpp"

#include <algorithm>
#include <limits>

namespace brokersim {

/// Kafka's time index holds more than a segment of the usual size; the offsets of one fit 31 bits.
bool PartitionLog::rolls(const Batch& batch) const {
    const Segment& active = segments_.back();
    if (active.bytes == 0) return false;
    return active.bytes + batch.bytes > segment_bytes_ ||
           batch.stamp - active.first > segment_time_ ||
           batch.end() - 1 - active.base > std::numeric_limits<std::int32_t>::max();
}

bool PartitionLog::append(const Batch& batch, Time now) {
    BS_ASSERT(batch.base == end_ && batch.count > 0);
    BS_ASSERT(batches_.empty() || batch.epoch >= batches_.back().epoch);
    if (batch.epoch != epochs_.latest()) epochs_.assign(batch.epoch, batch.base);
    if (batch.has_sequence()) producers_.update(batch, now);
    const bool new_segment = rolls(batch);
    if (new_segment) segments_.push_back({end_, 0, {}, {}});
    Segment& active = segments_.back();
    if (active.bytes == 0) active.first = active.newest = batch.stamp;
    active.bytes += batch.bytes;
    active.newest = std::max(active.newest, batch.stamp);
    batches_.push_back(batch);
    end_ = batch.end();
    return new_segment;
}

Offset PartitionLog::truncate(Offset to) {
    while (!batches_.empty() && batches_.back().end() > to) {
        while (segments_.back().base > batches_.back().base)
            segments_.pop_back();
        segments_.back().bytes -= batches_.back().bytes;
        batches_.pop_back();
    }
    end_ = batches_.empty() ? start_ : batches_.back().end();
    epochs_.truncate_from_end(end_);
    flushed_ = std::min(flushed_, end_);
    recovery_point_ = std::min(recovery_point_, end_);
    Segment& active = segments_.back();
    if (active.base >= start_) active.newest = active.first;
    for (std::size_t k = find(active.base, batches_.size()); k < batches_.size(); ++k)
        active.newest = std::max(active.newest, batches_[k].stamp);
    if (producers_.reaches(end_)) {
        producers_.clear();
        // Rebuilt from what is left; when it was written no longer matters to sequence checks.
        for (const Batch& batch : batches_) {
            if (batch.has_sequence()) producers_.update(batch, Time{});
        }
    }
    return end_;
}

void PartitionLog::restart_at(Offset at) {
    batches_.clear();
    producers_.clear();
    epochs_.clear();
    segments_.assign(1, {at, 0, {}, {}});
    start_ = end_ = flushed_ = recovery_point_ = at;
}

void PartitionLog::advance_start(Offset to) {
    BS_ASSERT(to >= start_ && to <= end_);
    start_ = to;
    flushed_ = std::max(flushed_, to);
    recovery_point_ = std::max(recovery_point_, to);
    epochs_.truncate_from_start(to);
    const auto kept = std::upper_bound(batches_.begin(), batches_.end(), to,
                                       [](Offset o, const Batch& b) { return o < b.end(); });
    batches_.erase(batches_.begin(), kept);
    if (batches_.capacity() > 1024 && batches_.capacity() / 4 > batches_.size()) {
        batches_.shrink_to_fit();
    }
}

/// From the oldest on, as long as `gone` says so, but nothing that is not committed and never the
/// last segment while it is empty. If all go, a new one is begun.
template <class Gone>
bool PartitionLog::delete_segments(Offset high_watermark, Gone gone) {
    std::size_t count = 0;
    for (; count < segments_.size(); ++count) {
        const bool last = count + 1 == segments_.size();
        const Offset bound = last ? end_ : segments_[count + 1].base;
        if (last && segments_[count].bytes == 0) break;
        if (high_watermark < bound || !gone(count)) break;
    }
    if (count == 0) return false;
    if (count == segments_.size()) segments_.push_back({end_, 0, {}, {}});
    segments_.erase(segments_.begin(), segments_.begin() + static_cast<std::ptrdiff_t>(count));
    const Offset to = segments_.front().base;
    if (to <= start_) return false;
    advance_start(to);
    return true;
}

void PartitionLog::delete_before_start() {
    delete_segments(start_, [&](std::size_t k) {
        return k + 1 < segments_.size() && segments_[k + 1].base <= start_;
    });
}

bool PartitionLog::delete_by_size(std::int64_t retention_bytes, Offset high_watermark) {
    if (retention_bytes < 0) return false;
    std::int64_t surplus = -retention_bytes;
    for (const Segment& segment : segments_)
        surplus += segment.bytes;
    return delete_segments(high_watermark, [&](std::size_t k) {
        if (surplus - segments_[k].bytes < 0) return false;
        surplus -= segments_[k].bytes;
        return true;
    });
}

bool PartitionLog::delete_by_age(Time now, Duration retention, Offset high_watermark) {
    if (retention == Duration::max()) return false;
    return delete_segments(high_watermark,
                           [&](std::size_t k) { return now - segments_[k].newest > retention; });
}

std::size_t PartitionLog::search(Offset offset) const {
    if (offset >= end_) return batches_.size();
    const auto at = std::upper_bound(batches_.begin(), batches_.end(), offset,
                                     [](Offset o, const Batch& b) { return o < b.end(); });
    return static_cast<std::size_t>(at - batches_.begin());
}

std::int64_t PartitionLog::bytes_from(Offset offset, Offset to, std::size_t hint,
                                      std::int64_t enough) const {
    std::int64_t bytes = 0;
    for (std::size_t k = find(offset, hint);
         k < batches_.size() && batches_[k].base < to && bytes < enough; ++k) {
        bytes += batches_[k].bytes;
    }
    return bytes;
}

} // namespace brokersim
