// Restartable timers that leave the queue alone: a restart moves a deadline, not an entry.
#pragma once

#include "brokersim/time.hpp"
#include "engine/assert.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace brokersim {

/// A timer's place in its table: dense, given by TimerTable::add.
enum class TimerId : std::uint32_t {};

/// Deadlines of many timers, and where their entries in the event queue lie. Time-outs are moved
/// far more often than they fire; so an entry is left where it is when its deadline moves later,
/// and looks again when its turn comes. The owner has the queue, and pushes where told to:
///
///     if (Time at = timers.arm(id, deadline); at != Time::never()) queue.push(at,
///     timer_event(id)); … switch (auto popped = timers.popped(id, now); popped.what) { … }
///
/// A deadline that only moves later keeps one entry in the queue, one that goes to and fro two.
class TimerTable {
public:
    enum class What : std::uint8_t {
        due,   ///< the deadline is here; the timer is disarmed now, and may be armed again
        again, ///< the deadline has moved: push an entry at `at`
        stale, ///< nothing to do
    };
    struct Popped {
        What what;
        Time at; ///< for `again`
    };

    /// A new timer, disarmed.
    TimerId add() {
        timers_.emplace_back();
        return TimerId{static_cast<std::uint32_t>(timers_.size() - 1)};
    }

    /// Sets the deadline, whether armed or not; never() disarms. Returns when an entry for this
    /// timer must be pushed, or never() where none is needed.
    Time arm(TimerId id, Time deadline) {
        Timer& timer = of(id);
        timer.deadline = deadline;
        if (timer.entry <= deadline) return Time::never();
        timer.later_entry = timer.entry;
        timer.entry = deadline;
        return deadline;
    }

    void disarm(TimerId id) { of(id).deadline = Time::never(); }

    /// To be called for every popped entry of the timer.
    Popped popped(TimerId id, Time now) {
        Timer& timer = of(id);
        if (timer.entry != now) return {What::stale, {}};
        timer.entry = timer.later_entry;
        timer.later_entry = Time::never();
        if (timer.deadline <= now) {
            timer.deadline = Time::never();
            return {What::due, {}};
        }
        if (timer.entry <= timer.deadline) return {What::stale, {}};
        timer.later_entry = timer.entry;
        timer.entry = timer.deadline;
        return {What::again, timer.deadline};
    }

    bool is_armed(TimerId id) const { return deadline(id) != Time::never(); }
    /// never() if disarmed.
    Time deadline(TimerId id) const { return timers_[static_cast<std::size_t>(id)].deadline; }
    std::size_t size() const { return timers_.size(); }
    void reserve(std::size_t timers) { timers_.reserve(timers); }

private:
    // Entries are named by their time. One that is pushed aside twice is forgotten, and found
    // stale when it is popped.
    struct Timer {
        Time deadline = Time::never();
        Time entry = Time::never();       // The next entry in the queue: at or before the deadline.
        Time later_entry = Time::never(); // Left over from a deadline that moved forward.
    };
    static_assert(sizeof(Timer) == 24);

    Timer& of(TimerId id) {
        BS_ASSERT(static_cast<std::size_t>(id) < timers_.size());
        return timers_[static_cast<std::size_t>(id)];
    }

    std::vector<Timer> timers_;
};

} // namespace brokersim
