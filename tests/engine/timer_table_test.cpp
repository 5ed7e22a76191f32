// Timers against deadlines that are simply looked at, and the entries they leave in the queue.
#include "engine/event_queue.hpp"
#include "engine/random.hpp"
#include "engine/timer_table.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

using namespace brokersim;
using namespace brokersim::literals;

namespace {

// A table with its queue, as an owner drives them.
struct Timers {
    TimerTable table;
    EventQueue<TimerId> queue;
    std::uint64_t popped = 0;

    void arm(TimerId id, Time deadline) {
        const Time at = table.arm(id, deadline);
        if (at != Time::never()) queue.push(at, id);
    }

    // Pops one entry; the timer that is due, if it is one.
    bool step(TimerId& due) {
        const auto entry = queue.pop();
        ++popped;
        const auto result = table.popped(entry.payload, entry.at);
        if (result.what == TimerTable::What::again) queue.push(result.at, entry.payload);
        due = entry.payload;
        return result.what == TimerTable::What::due;
    }
};

} // namespace

TEST_CASE("a timer fires once, at its deadline, and is disarmed then") {
    Timers timers;
    const TimerId id = timers.table.add();
    CHECK_FALSE(timers.table.is_armed(id));
    timers.arm(id, Time{100});
    CHECK(timers.table.deadline(id) == Time{100});
    TimerId due{};
    CHECK(timers.step(due));
    CHECK(timers.queue.now() == Time{100});
    CHECK_FALSE(timers.table.is_armed(id));
    CHECK(timers.queue.empty());
}

TEST_CASE("a time-out that is moved a thousand times leaves one entry and fires once") {
    Timers timers;
    const TimerId id = timers.table.add();
    for (int k = 0; k < 1000; ++k) {
        timers.arm(id, Time{} + 30_s + nanoseconds(k));
        CHECK(timers.queue.size() == 1);
    }
    TimerId due{};
    CHECK_FALSE(timers.step(due));
    CHECK(timers.queue.size() == 1);
    CHECK(timers.step(due));
    CHECK(timers.queue.now() == Time{} + 30_s + 999_ns);
}

TEST_CASE("a deadline that moves forward and back leaves two entries at most") {
    Timers timers;
    const TimerId id = timers.table.add();
    TimerId due{};
    std::int64_t fired = 0;
    for (int k = 0; k < 1000; ++k) {
        const Time now = timers.queue.now();
        timers.arm(id, now + 30_s);
        timers.arm(id, now + 1_ms);
        CHECK(timers.queue.size() <= 2);
        while (!timers.step(due)) {}
        ++fired;
        CHECK(timers.queue.now() == now + 1_ms);
    }
    CHECK(fired == 1000);
}

TEST_CASE("a disarmed timer does not fire, and can be armed again through its old entry") {
    Timers timers;
    const TimerId id = timers.table.add();
    TimerId due{};
    timers.arm(id, Time{50});
    timers.table.disarm(id);
    timers.arm(id, Time{80});
    CHECK(timers.queue.size() == 1);
    timers.arm(id, Time::never());
    CHECK_FALSE(timers.table.is_armed(id));
    CHECK_FALSE(timers.step(due));
    CHECK(timers.queue.empty());
}

TEST_CASE("an infinite deadline is no deadline") {
    Timers timers;
    const TimerId id = timers.table.add();
    timers.arm(id, after(Time{5}, Duration::max()));
    CHECK(timers.queue.empty());
}

TEST_CASE("random arming, moving and disarming fires exactly what deadlines say") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Stream random(seed, {"test", "timers"});
        Timers timers;
        std::vector<Time> deadlines(8, Time::never());
        for (std::size_t k = 0; k < deadlines.size(); ++k)
            timers.table.add();
        bool agrees = true;
        std::uint64_t fired = 0;
        for (int step = 0; step < 20'000; ++step) {
            const auto which = random.below(deadlines.size());
            const TimerId id{static_cast<std::uint32_t>(which)};
            const std::uint64_t choice = random.below(10);
            if (choice < 4) {
                const Time deadline =
                    timers.queue.now() + Duration{random.between(0, choice == 0 ? 1000 : 40)};
                timers.arm(id, deadline);
                deadlines[which] = deadline;
            } else if (choice == 4) {
                timers.table.disarm(id);
                deadlines[which] = Time::never();
            } else if (!timers.queue.empty()) {
                const Time earliest = *std::min_element(deadlines.begin(), deadlines.end());
                TimerId due{};
                if (timers.step(due)) {
                    Time& deadline = deadlines[static_cast<std::size_t>(due)];
                    agrees = agrees && deadline == timers.queue.now() && deadline == earliest;
                    deadline = Time::never();
                    ++fired;
                }
                // Nothing that was due before now is left.
                for (const Time deadline : deadlines) {
                    agrees = agrees && deadline >= timers.queue.now();
                }
            }
        }
        CAPTURE(seed);
        CHECK(agrees);
        CHECK(fired > 1000);
    }
}
