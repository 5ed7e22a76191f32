// Finds the slot of a pair of ids (producer and partition, group and partition) in constant time.
#pragma once

#include "brokersim/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace brokersim {

/// A row for each producer or group, holding the span of partitions that it has touched. Partitions
/// of one topic are consecutive, so rows are short for whoever uses few topics.
class PairIndex {
public:
    /// The slot of the pair, -1 if it has none.
    std::int32_t find(std::int32_t row, PartitionId column) const {
        const auto r = static_cast<std::size_t>(row);
        if (r >= rows_.size()) { return -1; }
        const auto at = static_cast<std::size_t>(column.value - rows_[r].first);
        return at < rows_[r].slots.size() ? rows_[r].slots[at] : -1; // negative: wraps, too large
    }

    void set(std::int32_t row, PartitionId column, std::size_t slot) {
        const auto r = static_cast<std::size_t>(row);
        if (r >= rows_.size()) { rows_.resize(r + 1); }
        Row& found = rows_[r];
        if (found.slots.empty()) { found.first = column.value; }
        if (column.value < found.first) {
            found.slots.insert(found.slots.begin(),
                               static_cast<std::size_t>(found.first - column.value), -1);
            found.first = column.value;
        }
        const auto at = static_cast<std::size_t>(column.value - found.first);
        if (at >= found.slots.size()) { found.slots.resize(at + 1, -1); }
        found.slots[at] = static_cast<std::int32_t>(slot);
    }

private:
    struct Row {
        std::int32_t first = 0;
        std::vector<std::int32_t> slots;
    };
    std::vector<Row> rows_;
};

} // namespace brokersim
