// Sticky partitioning: stay for about one batch, then move on, rather to where little is queued.
#include "client/partitioner.hpp"

#include "client/murmur2.hpp"

#include <algorithm>

namespace brokersim {

namespace {

std::int32_t pick(const KnownPartitions& known, std::int32_t number) {
    // Without any leader all are equally bad, and one of them may get a leader in time.
    if (known.available.empty()) { return number % known.count; }
    return known.available[static_cast<std::size_t>(number) % known.available.size()];
}

} // namespace

StickyPartitioner::StickyPartitioner(std::int32_t batch_size)
    : batch_size_(std::max(batch_size, 1)) {}

void StickyPartitioner::configure(std::int32_t batch_size) {
    batch_size_ = std::max(batch_size, 1);
}

void StickyPartitioner::stick_to(std::int32_t partition) {
    current_ = partition;
    produced_ = 0;
}

bool StickyPartitioner::produced(std::int64_t bytes, bool full) {
    produced_ += bytes;
    // Leaving an open batch behind would send it half empty: wait for it, but not for ever.
    return produced_ >= batch_size_ && (full || produced_ >= 2 * batch_size_);
}

std::int32_t StickyPartitioner::choose(const KnownPartitions& known, std::int32_t draw) const {
    if (!has_load()) { return pick(known, draw); }
    const auto above =
        std::upper_bound(running_sums_.begin(), running_sums_.end(), draw % total_weight());
    return weighed_[static_cast<std::size_t>(above - running_sums_.begin())];
}

void StickyPartitioner::weigh(std::span<const std::int32_t> queued,
                              std::span<const std::int32_t> partitions, std::size_t usable) {
    forget_load();
    if (usable < 1 || queued.size() < 2) { return; }
    const auto counted = queued.first(usable);
    const auto [least, most] = std::minmax_element(counted.begin(), counted.end());
    const bool all_equal = *least == *most;
    if (all_equal && usable == queued.size()) { return; }

    std::int32_t sum = 0;
    for (std::size_t k = 0; k < usable; ++k) {
        sum += *most + 1 - counted[k];
        running_sums_.push_back(sum);
        weighed_.push_back(partitions[k]);
    }
}

void StickyPartitioner::forget_load() {
    running_sums_.clear();
    weighed_.clear();
}

std::int32_t RoundRobinPartitioner::next(const KnownPartitions& known) {
    return pick(known, to_positive(static_cast<std::int32_t>(calls_++)));
}

} // namespace brokersim
