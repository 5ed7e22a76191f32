// The future event list against the simplest one there is.
#include "engine/event_queue.hpp"
#include "engine/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

using namespace brokersim;

namespace {

using Queue = EventQueue<std::uint64_t>;

// Delays that queues have stumbled over.
enum class Delays { ties, dense, zero_often, powers, any_size, one_burst, far_timers, clusters };
constexpr Delays all_delays[] = {Delays::ties,       Delays::dense,    Delays::zero_often,
                                 Delays::powers,     Delays::any_size, Delays::one_burst,
                                 Delays::far_timers, Delays::clusters};

std::uint64_t delay(Delays kind, bool in_burst, Stream& random) {
    switch (kind) {
    case Delays::ties: return random.below(3);
    case Delays::dense: return random.below(1000);
    case Delays::zero_often: return random.below(4) == 0 ? 0 : random.below(100'000);
    case Delays::powers: return std::uint64_t{1} << random.below(50);
    case Delays::any_size: return random.next() >> (random.below(56) + 8);
    case Delays::one_burst: return in_burst ? 7 : random.below(100);
    case Delays::far_timers:
        return random.below(100) == 0 ? 30'000'000'000 : 50'000 + random.below(750'000);
    case Delays::clusters: return 1'000'000 * (1 + random.below(3)) + random.below(5);
    }
    return 0;
}

// The queue and its model: a multimap keeps equal keys in the order of their insertion.
struct Pair {
    Queue queue;
    std::multimap<std::int64_t, std::uint64_t> model;
    std::uint64_t pushed = 0;

    void push(std::uint64_t wait) {
        const auto room = static_cast<std::uint64_t>(Time::never().ns - queue.now().ns);
        const Time at = queue.now() + Duration{static_cast<std::int64_t>(std::min(wait, room))};
        queue.push(at, pushed);
        model.emplace(at.ns, pushed);
        ++pushed;
    }

    bool pop_agrees() {
        const auto entry = queue.pop();
        const auto expected = model.begin();
        const bool agrees = entry.at.ns == expected->first && entry.payload == expected->second &&
                            queue.now() == entry.at && queue.size() == model.size() - 1;
        model.erase(expected);
        return agrees;
    }

    bool drain_agrees() {
        while (!model.empty()) {
            if (queue.empty() || !pop_agrees()) return false;
        }
        return queue.empty() && queue.next_time() == Time::never();
    }
};

// Grows and shrinks past every change of form. Now and then it only looks at the next time, which
// may sort what later pushes must still precede.
bool random_run_agrees(Delays kind, std::uint64_t seed, int steps) {
    Stream random(seed, {"test", "event queue"});
    Pair pair;
    const int turn = 2'000 + static_cast<int>(random.below(20'000));
    const std::uint64_t bursts = 20 + random.below(300);
    for (int step = 0; step < steps; ++step) {
        const std::uint64_t push_percent = step / turn % 2 == 0 ? 54 : 44;
        if (pair.model.empty() || random.below(100) < push_percent) {
            const bool burst = random.below(bursts) == 0;
            for (std::uint64_t k = burst ? 1 + random.below(1200) : 1; k > 0; --k) {
                pair.push(delay(kind, burst, random));
            }
        } else if (random.below(8) == 0) {
            if (pair.queue.next_time().ns != pair.model.begin()->first) return false;
        } else if (!pair.pop_agrees()) {
            return false;
        }
        if (random.below(20'000) == 0) {
            Pair fork = pair;
            fork.push(delay(kind, false, random));
            if (!fork.drain_agrees()) return false;
        }
    }
    return pair.drain_agrees();
}

} // namespace

TEST_CASE("random runs of every kind agree with a multimap, forks included") {
    for (const Delays kind : all_delays) {
        for (std::uint64_t seed = 1; seed <= 3; ++seed) {
            CAPTURE(static_cast<int>(kind));
            CAPTURE(seed);
            CHECK(random_run_agrees(kind, seed, 40'000));
        }
    }
}

TEST_CASE("a burst of equal times keeps its order, also when it grows while it is played") {
    for (const int burst : {10, 64, 65, 129, 240, 241, 513, 5000}) {
        Pair pair;
        for (int k = 0; k < 300; ++k)
            pair.push(static_cast<std::uint64_t>(k) * 977 % 5000);
        for (int k = 0; k < burst; ++k)
            pair.push(2500);
        bool agrees = true;
        for (int k = 0; k < burst; ++k) {
            agrees = agrees && pair.pop_agrees();
            pair.push(0);
            if (k % 3 == 0) pair.push(1);
        }
        CAPTURE(burst);
        CHECK(agrees);
        CHECK(pair.drain_agrees());
    }
}

TEST_CASE("what is pushed after a look ahead still comes before what was seen") {
    Pair pair;
    for (int k = 0; k < 3000; ++k)
        pair.push(1'000'000); // Ties, taken in parts.
    for (int k = 0; k < 3000; ++k)
        pair.push(50'000'000 + static_cast<std::uint64_t>(k % 700));
    CHECK(pair.queue.next_time() == Time{1'000'000});
    for (int k = 0; k < 2000; ++k)
        pair.push(static_cast<std::uint64_t>(k) * 7919 % 1'100'000);
    CHECK(pair.queue.next_time() == Time{0});
    CHECK(pair.drain_agrees());
}

TEST_CASE("bursts into the part that is already sorted do not overtake") {
    Pair pair;
    for (int k = 0; k < 20'000; ++k)
        pair.push(static_cast<std::uint64_t>(k) * 7919 % 1'000'000);
    bool agrees = true;
    for (int round = 0; round < 20; ++round) {
        agrees = agrees && pair.pop_agrees();
        for (int k = 0; k < 900; ++k)
            pair.push(static_cast<std::uint64_t>(k % 37));
    }
    CHECK(agrees);
    CHECK(pair.drain_agrees());
}

TEST_CASE("the last instant that there is can be scheduled") {
    Pair pair;
    for (std::uint64_t k = 0; k < 600; ++k) {
        pair.push(std::uint64_t{1} << 63);
        pair.push((std::uint64_t{1} << 63) - 2 - k);
        pair.push(k);
    }
    CHECK(pair.drain_agrees());
    CHECK(pair.queue.now() == Time::never());
}

TEST_CASE("pop_until takes what is due up to and including its bound") {
    Queue queue;
    Queue::Entry entry{};
    CHECK_FALSE(queue.pop_until(Time::never(), entry));
    queue.push(Time{10}, 1);
    CHECK_FALSE(queue.pop_until(Time{9}, entry));
    CHECK(queue.now() == Time{0});
    CHECK(queue.pop_until(Time{10}, entry));
    CHECK(entry.payload == 1);
    CHECK(queue.now() == Time{10});
}

TEST_CASE("peek names the entries that the next pops return") {
    Queue queue;
    Stream random(3, {"peek"});
    for (std::uint64_t k = 0; k < 5000; ++k) {
        queue.push(Time{static_cast<std::int64_t>(random.below(100'000))}, k);
    }
    queue.pop();
    int known = 0;
    while (queue.size() > 20) {
        const Queue::Entry* ahead = queue.peek(5);
        if (ahead == nullptr) {
            queue.pop();
            continue;
        }
        ++known;
        const std::uint64_t expected = ahead->payload;
        for (int k = 0; k < 5; ++k)
            queue.pop();
        CHECK(queue.pop().payload == expected);
    }
    CHECK(known > 700);
}

TEST_CASE("pop_tied reorders ties and nothing else") {
    Queue queue;
    for (std::uint64_t k = 0; k < 90; ++k)
        queue.push(Time{static_cast<std::int64_t>(k / 30)}, k);
    std::vector<std::uint64_t> order;
    while (!queue.empty()) {
        order.push_back(queue.pop_tied([](std::uint64_t ties) { return ties - 1; }).payload);
    }
    for (std::uint64_t k = 0; k < 90; ++k)
        CHECK(order[k] == k / 30 * 30 + 29 - k % 30);
}

TEST_CASE("a pending event costs at most 32 bytes of queue, and a small queue no blocks at all") {
    Queue queue;
    Stream random(5, {"bytes"});
    for (std::uint64_t k = 0; k < 60; ++k)
        queue.push(Time{1}, k);
    CHECK(queue.bytes() == sizeof queue);
    CHECK(sizeof queue <= 20'000);
    for (std::size_t pending = 60; pending < 400'000; ++pending) {
        queue.push(Time{static_cast<std::int64_t>(random.below(std::uint64_t{1} << 40))}, 0);
    }
    CHECK(queue.bytes() <= 32 * queue.size());
    while (queue.size() > 1000)
        queue.pop();
}
