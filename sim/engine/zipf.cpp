// Cumulated weights in fixed point, and a guide table into them.
#include "engine/zipf.hpp"

#include "engine/assert.hpp"
#include "engine/fixed_point.hpp"
#include "engine/wide.hpp"

#include <algorithm>
#include <bit>

namespace brokersim {

namespace {

constexpr std::uint32_t weight_bits = 100;

// rank^-exponent as Q0.100.
Wide weight(std::uint64_t rank, std::uint64_t exponent_ppb) {
    const Wide depth = Wide{log2_fixed(rank)} * exponent_ppb / 1'000'000'000; // Q.57
    return power_of_half(depth, weight_bits);
}

} // namespace

ZipfTable::ZipfTable(std::int64_t count, std::int64_t exponent_ppb) {
    BS_ASSERT(count > 0 && exponent_ppb >= 0);
    const auto ranks = static_cast<std::size_t>(count);
    // Sums are kept with their upper bits, so that the largest possible one is a 64-bit number.
    const auto down = static_cast<std::uint32_t>(weight_bits + std::bit_width(ranks) - 64);
    ends_.resize(ranks);
    Wide sum = 0;
    for (std::size_t k = 0; k < ranks; ++k) {
        sum += weight(k + 1, static_cast<std::uint64_t>(exponent_ppb));
        ends_[k] = static_cast<std::uint64_t>(sum >> down);
    }
    constexpr std::uint64_t last = ~std::uint64_t{0};
    const std::uint64_t all = ends_.back();
    for (std::uint64_t& end : ends_) // All of it where the rest is too rare to count.
        end = static_cast<std::uint64_t>(std::min((Wide{end} << 64) / all, Wide{last}));

    const auto guide_bits =
        static_cast<std::uint32_t>(std::min<std::size_t>(std::bit_width(ranks), 16));
    guide_shift_ = 64 - guide_bits;
    guides_.resize((std::size_t{1} << guide_bits) + 1);
    std::size_t rank = 0;
    for (std::size_t g = 0; g + 1 < guides_.size(); ++g) {
        const std::uint64_t lowest = std::uint64_t{g} << guide_shift_;
        while (rank + 1 < ranks && ends_[rank] <= lowest)
            ++rank;
        guides_[g] = static_cast<std::uint32_t>(rank);
    }
    guides_.back() = static_cast<std::uint32_t>(ranks - 1);
}

std::int64_t ZipfTable::at(std::uint64_t r) const {
    const std::size_t guide = r >> guide_shift_;
    const auto first = ends_.begin() + static_cast<std::ptrdiff_t>(guides_[guide]);
    const auto last = ends_.begin() + static_cast<std::ptrdiff_t>(guides_[guide + 1]);
    return std::upper_bound(first, last, r) - ends_.begin();
}

} // namespace brokersim
