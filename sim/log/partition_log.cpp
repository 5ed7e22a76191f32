// The log of one replica.
#include "log/partition_log.hpp"

#include "engine/assert.hpp"

#include <algorithm>

namespace brokersim {

void PartitionLog::append(const Batch& batch, Time now) {
    BS_ASSERT(batch.base == end_ && batch.count > 0);
    BS_ASSERT(batches_.empty() || batch.epoch >= batches_.back().epoch);
    if (batch.epoch != epochs_.latest()) epochs_.assign(batch.epoch, batch.base);
    if (batch.has_sequence()) producers_.update(batch, now);
    batches_.push_back(batch);
    end_ = batch.end();
}

Offset PartitionLog::truncate(Offset to) {
    while (!batches_.empty() && batches_.back().end() > to)
        batches_.pop_back();
    end_ = batches_.empty() ? start_ : batches_.back().end();
    epochs_.truncate_from_end(end_);
    flushed_ = std::min(flushed_, end_);
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
    epochs_.truncate_from_end(at);
    start_ = end_ = flushed_ = at;
}

std::size_t PartitionLog::find(Offset offset, std::size_t hint) const {
    // Readers go forward: the batch at the hint, or the one after it, is the usual case.
    for (std::size_t k = hint; k < batches_.size() && k < hint + 2; ++k) {
        if (batches_[k].base > offset) break;
        if (offset < batches_[k].end()) return k;
    }
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
