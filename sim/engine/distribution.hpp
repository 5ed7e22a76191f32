// Distributions of durations, sampled in integers: the same bits on every platform.
#pragma once

#include "brokersim/scenario.hpp"
#include "brokersim/time.hpp"
#include "engine/random.hpp"
#include "engine/wide.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace brokersim {

/// A quantile function of 64-bit uniform numbers as nodes with straight lines between them. 4096
/// cells, and tails that are opened again: the first and the last 1/256 of the mass into 256 cells
/// each, of those the outermost sixteenth once more, and so on down to cells of 2^-36. So a cell
/// is never wider than a sixteenth of the mass beyond it, and the curve is followed everywhere.
/// Layout: main nodes, then per level the nodes of the lower tail, then of the upper one.
struct QuantileLayout {
    static constexpr std::size_t cells = 4096;
    static constexpr std::size_t opened = 16; // Main cells at either end that are a tail.
    static constexpr std::size_t tail_cells = 256;
    static constexpr std::size_t tail_levels = 6;
    static constexpr std::size_t lower = cells + 1;
    static constexpr std::size_t upper = lower + tail_levels * (tail_cells + 1);
    static constexpr std::size_t nodes = upper + tail_levels * (tail_cells + 1);
};

/// Draws durations of a Distribution, in whole nanoseconds, never negative, within its clamps.
/// Every sample takes exactly one draw of its stream, a constant takes none. Copies share tables.
///
/// exponential: the mean is right to 0.0002 %; means beyond 9 years count as 9 years.
/// lognormal: values end at 2^62 ns. Requires median >= 0; p99 <= median gives a constant.
class Sampler {
public:
    explicit Sampler(const Distribution& distribution);

    Duration draw(Stream& stream) const {
        if (nodes_ == nullptr && span_ == 0) return {low_};
        return at(stream.next());
    }

    /// The duration that the uniform number r / 2^64 stands for: grows with r.
    Duration at(std::uint64_t r) const {
        std::int64_t value = 0;
        if (nodes_ == nullptr) {
            value = low_ + static_cast<std::int64_t>(multiply_high(r, span_ + 1));
        } else {
            const Wide scaled = Wide{quantile(r)} * scale_ + half_;
            value = static_cast<std::int64_t>(scaled >> shift_);
        }
        if (value < min_) return {min_};
        return {value < max_ ? value : max_};
    }

private:
    using Layout = QuantileLayout;

    std::uint64_t quantile(std::uint64_t r) const {
        const std::size_t cell = r >> 52;
        if (cell - Layout::opened >= Layout::cells - 2 * Layout::opened) return tail_quantile(r);
        const std::uint64_t node = nodes_[cell];
        return node + multiply_high(r << 12, nodes_[cell + 1] - node);
    }
    std::uint64_t tail_quantile(std::uint64_t r) const;
    void use_lognormal(Duration median, Duration p99);

    const std::uint64_t* nodes_ = nullptr; // Of the exponential, or of `own_`.
    std::uint64_t scale_ = 1;
    std::uint64_t half_ = 0; // Half of 2^shift_, to round.
    std::uint32_t shift_ = 0;
    std::int64_t low_ = 0;   // Constant, uniform.
    std::uint64_t span_ = 0; // Uniform: high - low.
    std::int64_t min_ = 0;
    std::int64_t max_ = 0;
    std::shared_ptr<const std::vector<std::uint64_t>> own_;
};

} // namespace brokersim
