// Distributions of durations, sampled in integers: the same bits on every platform.
#pragma once

#include "brokersim/scenario.hpp"
#include "brokersim/time.hpp"
#include "engine/random.hpp"
#include "engine/wide.hpp"

#include <array>
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
/// pareto: bounded, that is cut off at `max`, with nothing heaped up there; values end at 2^62 ns.
/// max <= min, or a min of 0, gives a constant.
/// quantiles: straight lines between the points, to the nanosecond. Requires two points at least,
/// the first with share 0, the last with share 1, both growing.
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
        if (nodes_ == nullptr && lines_ != nullptr) {
            value = lines_->at(r);
        } else if (nodes_ == nullptr) {
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

    /// A quantile function of straight lines, each from its first uniform number on.
    struct Lines {
        struct Line {
            std::uint64_t first;
            std::uint64_t inverse; ///< of its width, scaled so that the product is a share, Q0.63
            std::uint32_t shift;   ///< brings its width to more than 2^63
            std::int64_t value;    ///< at `first`
            std::uint64_t rise;
        };
        std::array<std::uint32_t, 256> line_of{}; ///< by the upper byte: the line of its lowest
        std::vector<Line> lines;

        std::int64_t at(std::uint64_t r) const;
    };

    std::uint64_t quantile(std::uint64_t r) const {
        const std::size_t cell = r >> 52;
        if (cell - Layout::opened >= Layout::cells - 2 * Layout::opened) return tail_quantile(r);
        const std::uint64_t node = nodes_[cell];
        return node + multiply_high(r << 12, nodes_[cell + 1] - node);
    }
    std::uint64_t tail_quantile(std::uint64_t r) const;
    void use_lognormal(Duration median, Duration p99);
    void use_pareto(Duration low, Duration high, std::int64_t alpha_ppb);
    void use_points(const std::vector<Distribution::Point>& points);
    /// As many bits after the point as the largest value leaves room for.
    void scale_for(std::int64_t whole_bits);
    void own(std::vector<std::uint64_t> nodes);

    const std::uint64_t* nodes_ = nullptr; // Of the exponential, or of `own_`.
    std::uint64_t scale_ = 1;
    std::uint64_t half_ = 0; // Half of 2^shift_, to round.
    std::uint32_t shift_ = 0;
    std::int64_t low_ = 0;   // Constant, uniform.
    std::uint64_t span_ = 0; // Uniform: high - low.
    std::int64_t min_ = 0;
    std::int64_t max_ = 0;
    std::shared_ptr<const std::vector<std::uint64_t>> own_;
    std::shared_ptr<const Lines> lines_;
};

} // namespace brokersim
