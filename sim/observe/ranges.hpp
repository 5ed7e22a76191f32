// Sorted, disjoint half-open ranges of integers, each with a value: what became of records without
// a line for every record. Appending at the end and taking from the front are fast.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace brokersim {

/// Value of ranges that are only there or not.
struct Present {
    friend constexpr bool operator==(Present, Present) = default;
};

/// Invariant: ranges are sorted, not empty, do not overlap; neighbours that touch differ in value.
template <class V = Present>
class Ranges {
public:
    struct Range {
        std::int64_t first = 0, end = 0;
        [[no_unique_address]] V value{};
    };

    bool empty() const { return head_ == ranges_.size(); }
    const Range* begin() const { return ranges_.data() + head_; }
    const Range* end() const { return ranges_.data() + ranges_.size(); }
    const Range& front() const { return ranges_[head_]; }
    const Range& back() const { return ranges_.back(); }

    /// Everything in [first, end) gets this value. Requires first < end.
    void put(std::int64_t first, std::int64_t end, V value = {}) {
        if (empty() || first > back().end || (first == back().end && !(back().value == value))) {
            ranges_.push_back({first, end, value});
        } else if (first == back().end) {
            ranges_.back().end = end;
        } else {
            replace(first, end, &value);
        }
    }

    /// Nothing is left in [first, end). Requires first < end.
    void erase(std::int64_t first, std::int64_t end) {
        if (empty() || end <= front().first || first >= back().end) { return; }
        Range& lowest = ranges_[head_];
        if (first <= lowest.first && end <= lowest.end) { // the usual case: from the front
            lowest.first = end;
            if (lowest.first == lowest.end) { pop_front(); }
            return;
        }
        replace(first, end, nullptr);
    }

    /// Is anything of [first, end) there?
    bool hits(std::int64_t first, std::int64_t end) const {
        if (empty() || first >= back().end) { return false; }
        return find(first)->first < end;
    }

    /// Cuts [first, end) into pieces: f(first, end, value), with value null where nothing is.
    template <class F>
    void pieces(std::int64_t first, std::int64_t end, F&& f) const {
        for (const Range* at = find(first); first < end; ++at) {
            const bool none = at == this->end();
            const std::int64_t gap = none ? end : std::min(end, at->first);
            if (first < gap) { f(first, gap, static_cast<const V*>(nullptr)); }
            first = std::max(first, gap);
            if (none || first >= end) { return; }
            f(first, std::min(end, at->end), &at->value);
            first = std::min(end, at->end);
        }
    }

    /// How many integers are covered.
    std::int64_t size() const {
        std::int64_t sum = 0;
        for (const Range& range : *this) {
            sum += range.end - range.first;
        }
        return sum;
    }

private:
    /// The first range that ends after `at`.
    const Range* find(std::int64_t at) const {
        return std::upper_bound(begin(), end(), at,
                                [](std::int64_t x, const Range& range) { return x < range.end; });
    }

    void pop_front() {
        ++head_;
        if (head_ > 32 && head_ * 2 > ranges_.size()) {
            ranges_.erase(ranges_.begin(), ranges_.begin() + static_cast<std::ptrdiff_t>(head_));
            head_ = 0;
        }
    }

    /// Puts `value` (null: nothing) in place of [first, end), melting equal neighbours that touch.
    void replace(std::int64_t first, std::int64_t end, const V* value) {
        const auto from = std::lower_bound(
            ranges_.begin() + static_cast<std::ptrdiff_t>(head_), ranges_.end(), first,
            [](const Range& range, std::int64_t x) { return range.end < x; });
        const auto to =
            std::upper_bound(from, ranges_.end(), end,
                             [](std::int64_t x, const Range& range) { return x < range.first; });
        std::array<Range, 3> out;
        std::size_t count = 0;
        const auto add = [&](std::int64_t a, std::int64_t b, const V& v) {
            if (a >= b) { return; }
            if (count > 0 && out[count - 1].end == a && out[count - 1].value == v) {
                out[count - 1].end = b;
            } else {
                out[count++] = {a, b, v};
            }
        };
        if (from != to) { add(from->first, std::min(first, from->end), from->value); }
        if (value != nullptr) { add(first, end, *value); }
        if (from != to) {
            const Range& last = *(to - 1);
            add(std::max(end, last.first), last.end, last.value);
        }
        const auto gone = static_cast<std::size_t>(to - from);
        const std::size_t kept = std::min(gone, count);
        const auto next = std::copy_n(out.begin(), kept, from);
        if (gone > count) {
            ranges_.erase(next, next + static_cast<std::ptrdiff_t>(gone - count));
        } else {
            ranges_.insert(next, out.begin() + static_cast<std::ptrdiff_t>(kept),
                           out.begin() + static_cast<std::ptrdiff_t>(count));
        }
    }

    std::vector<Range> ranges_;
    std::size_t head_ = 0; ///< ranges before it have been taken from the front
};

} // namespace brokersim
