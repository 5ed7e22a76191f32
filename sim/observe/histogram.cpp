// Buckets of an integer histogram, and its percentiles.
#include "observe/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>

namespace brokersim {

void Histogram::add(std::int64_t value, std::int64_t count) {
    value = std::max<std::int64_t>(value, 0);
    const auto v = static_cast<std::uint64_t>(value);
    const int octave = std::max(0, static_cast<int>(std::bit_width(v)) - (sub_bits + 1));
    const auto k = static_cast<std::size_t>(octave);
    const std::size_t bucket = (v >> octave) - lowest_bucket(k);
    if (k >= octaves_.size()) { octaves_.resize(k + 1); }
    if (octaves_[k].empty()) {
        octaves_[k].resize((std::size_t{2} << sub_bits) - lowest_bucket(k));
    }
    octaves_[k][bucket] += static_cast<std::uint64_t>(count);
    min_ = count_ == 0 ? value : std::min(min_, value);
    max_ = std::max(max_, value);
    count_ += count;
    sum_.add(v, static_cast<std::uint64_t>(count));
}

std::int64_t Histogram::mean() const {
    return static_cast<std::int64_t>(sum_.divided_by(static_cast<std::uint64_t>(count_)));
}

std::int64_t Histogram::quantile(std::int64_t per_mille) const {
    const std::int64_t wanted = std::max<std::int64_t>(
        1, scaled(count_, per_mille, 1000) + (count_ % 1000 * per_mille % 1000 != 0 ? 1 : 0));
    std::uint64_t seen = 0;
    for (std::size_t octave = 0; octave < octaves_.size(); ++octave) {
        for (std::size_t bucket = 0; bucket < octaves_[octave].size(); ++bucket) {
            seen += octaves_[octave][bucket];
            if (seen < static_cast<std::uint64_t>(wanted)) { continue; }
            const auto low = static_cast<std::int64_t>(bucket + lowest_bucket(octave)) << octave;
            const std::int64_t middle = low + ((std::int64_t{1} << octave) >> 1);
            return std::clamp(octave == 0 ? low : middle, min_, max_);
        }
    }
    return max_;
}

} // namespace brokersim
