// Deadlines of parked requests. Few different lengths of waiting, many requests of each: a queue
// per length is in order by itself, and what was completed in time is dropped when it gets to the
// front.
#pragma once

#include "brokersim/time.hpp"
#include "engine/ring.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace brokersim {

class ExpiryQueue {
public:
    /// A parked request: a slot of its owner, and which use of that slot.
    struct Ticket {
        std::uint32_t slot = 0;
        std::uint64_t use = 0;
    };

    void add(Time now, Duration wait, Ticket ticket) {
        for (Lane& lane : lanes_) {
            if (lane.wait != wait) continue;
            lane.waiting.push_back({after(now, wait), ticket});
            return;
        }
        lanes_.emplace_back();
        lanes_.back().wait = wait;
        lanes_.back().waiting.push_back({after(now, wait), ticket});
    }
    /// Drops finished tickets from the fronts. Returns the earliest deadline of a live one that
    /// stands at a front: no live ticket is due before it.
    template <class IsLive>
    Time next(IsLive is_live) {
        Time earliest = Time::never();
        for (Lane& lane : lanes_) {
            while (!lane.waiting.empty() && !is_live(lane.waiting.front().ticket)) {
                lane.waiting.pop_front();
            }
            if (!lane.waiting.empty()) earliest = std::min(earliest, lane.waiting.front().deadline);
        }
        return earliest;
    }
    /// Takes one live ticket that is due at `now`; false if there is none.
    template <class IsLive>
    bool take_due(Time now, IsLive is_live, Ticket& ticket) {
        for (Lane& lane : lanes_) {
            while (!lane.waiting.empty() && lane.waiting.front().deadline <= now) {
                ticket = lane.waiting.pop_front().ticket;
                if (is_live(ticket)) return true;
            }
        }
        return false;
    }
    void clear() { lanes_.clear(); }

private:
    struct Entry {
        Time deadline;
        Ticket ticket;
    };
    struct Lane {
        Duration wait{};
        Ring<Entry> waiting;
    };
    std::vector<Lane> lanes_;
};

} // namespace brokersim
