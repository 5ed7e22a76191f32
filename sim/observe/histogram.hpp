// How often which value occurred, in integers: small, exact at the ends, and the same everywhere.
#pragma once

#include "observe/wide.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace brokersim {

/// A log-linear histogram of values >= 0 (negative ones count as 0). Values below 1024 are kept
/// exactly, others in 512 buckets for each power of two: a quantile differs from the true value by
/// at most 1/1024 of it (0.1 %). Count, minimum, maximum and mean are exact.
class Histogram {
public:
    void add(std::int64_t value, std::int64_t count = 1);

    std::int64_t count() const { return count_; }
    bool empty() const { return count_ == 0; }
    /// Of these, requires !empty().
    std::int64_t min() const { return min_; }
    std::int64_t max() const { return max_; }
    std::int64_t mean() const; ///< rounded down
    /// The smallest value that at least `per_mille` thousandths of the values do not exceed.
    std::int64_t quantile(std::int64_t per_mille) const;

private:
    static constexpr int sub_bits = 9; ///< 512 buckets per power of two
    /// Octaves after the first have their upper half only: the lower one belongs to those before.
    static constexpr std::size_t lowest_bucket(std::size_t octave) {
        return octave == 0 ? 0 : std::size_t{1} << sub_bits;
    }

    std::vector<std::vector<std::uint64_t>> octaves_; ///< [0]: below 1024, [k]: below 1024 × 2^k
    std::int64_t count_ = 0;
    std::int64_t min_ = 0;
    std::int64_t max_ = 0;
    WideSum sum_;
};

} // namespace brokersim
