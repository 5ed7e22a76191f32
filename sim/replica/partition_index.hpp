// Which number a partition has on this broker. A cluster has many more partitions than one broker
// has replicas, so there is no table of all of them.
#pragma once

#include "brokersim/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace brokersim {

/// A hash table with open addresses that only grows; nobody walks through it.
class PartitionIndex {
public:
    /// -1: it has none.
    std::int32_t find(PartitionId tp) const {
        if (slots_.empty()) return -1;
        for (std::size_t at = first(tp);; at = (at + 1) & (slots_.size() - 1)) {
            const Slot& slot = slots_[at];
            if (slot.tp == tp || slot.number < 0) return slot.number;
        }
    }
    /// Requires that it has none yet, and number >= 0.
    void add(PartitionId tp, std::int32_t number) {
        if (2 * (used_ + 1) > slots_.size()) grow();
        insert({tp, number});
        ++used_;
    }

private:
    struct Slot {
        PartitionId tp;
        std::int32_t number = -1; ///< free
    };

    std::size_t first(PartitionId tp) const {
        // Fibonacci hashing: neighbours are spread.
        const auto hash = static_cast<std::uint64_t>(tp.value) * 0x9E3779B97F4A7C15U;
        return (hash >> 32) & (slots_.size() - 1);
    }
    void insert(Slot slot) {
        std::size_t at = first(slot.tp);
        while (slots_[at].number >= 0)
            at = (at + 1) & (slots_.size() - 1);
        slots_[at] = slot;
    }
    void grow() {
        std::vector<Slot> before(slots_.empty() ? 16 : 2 * slots_.size());
        before.swap(slots_);
        for (const Slot& slot : before) {
            if (slot.number >= 0) insert(slot);
        }
    }

    std::vector<Slot> slots_; ///< a power of two
    std::size_t used_ = 0;
};

} // namespace brokersim
