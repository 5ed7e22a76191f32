// What a replica's log consists of, without its records: by log matching, leader epochs and where
// they begin say it all (Kafka: LeaderEpochFileCache).
#pragma once

#include "brokersim/ids.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace brokersim {

class Lineage {
public:
    struct Segment {
        LeaderEpoch epoch = 0;
        Offset first = 0;
    };

    Offset end() const { return end_; }
    const std::vector<Segment>& segments() const { return segments_; }
    /// Where segment `k` ends.
    Offset end_of(std::size_t k) const {
        return k + 1 < segments_.size() ? segments_[k + 1].first : end_;
    }

    void append(LeaderEpoch epoch, Offset base, std::int32_t count) {
        if (segments_.empty() || segments_.back().epoch != epoch) {
            segments_.push_back({epoch, base});
        }
        end_ = base + count;
    }

    /// Nothing from `to` on is left.
    void cut(Offset to) {
        end_ = to;
        while (!segments_.empty() && segments_.back().first >= to) {
            segments_.pop_back();
        }
    }

    /// This log up to `to` becomes the same as `other` up to there.
    void follow(const Lineage& other, Offset to) {
        if (segments_.size() != other.segments_.size() || segments_.empty() ||
            segments_.back().epoch != other.segments_.back().epoch ||
            segments_.back().first != other.segments_.back().first) {
            segments_ = other.segments_;
        }
        cut(to);
    }

    /// The epoch of the record at this offset, -1 if there is none.
    LeaderEpoch epoch_at(Offset offset) const {
        if (offset >= end_) { return -1; }
        std::size_t k = segments_.size();
        while (k > 0 && segments_[k - 1].first > offset) {
            --k;
        }
        return k > 0 ? segments_[k - 1].epoch : -1;
    }

    /// Is the record that the leader of `epoch` put at this offset in the log?
    bool holds(LeaderEpoch epoch, Offset offset) const { return epoch_at(offset) == epoch; }

    /// The first offset below `this->end()` that `other` has not got, or end().
    Offset divergence(const Lineage& other) const {
        Offset at = 0;
        while (at < end_) {
            if (at >= other.end_ || epoch_at(at) != other.epoch_at(at)) { return at; }
            at = std::min(next_boundary(at), other.next_boundary(at));
        }
        return end_;
    }

    /// The next offset after `at` where an epoch begins or the log ends; far away if there is none.
    Offset next_boundary(Offset at) const {
        for (const Segment& segment : segments_) {
            if (segment.first > at) { return segment.first; }
        }
        return end_ > at ? end_ : far_away;
    }

    static constexpr Offset far_away = std::int64_t{1} << 62;

private:
    std::vector<Segment> segments_;
    Offset end_ = 0;
};

} // namespace brokersim
