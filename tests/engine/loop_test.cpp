// The loop: where it stops, what it counts, how it mixes ties.
#include "engine/loop.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

using namespace brokersim;
using namespace brokersim::literals;

namespace {

struct Seen {
    std::int64_t at;
    std::uint32_t what;
    friend bool operator==(const Seen&, const Seen&) = default;
};

// Notes what it is handed; `again` events come back at once, for ever.
struct Model {
    static constexpr std::uint32_t again = 0xffff;
    Loop<std::uint32_t> loop;
    std::vector<Seen> seen;

    void handle(Time now, std::uint32_t what) {
        if (what == again) {
            loop.push(now, what);
        } else {
            seen.push_back({now.ns, what});
        }
    }
    LoopEnd run(Time until, std::uint64_t budget = 1'000'000'000) {
        return loop.run(*this, until, budget);
    }
};

struct Prefetching {
    Loop<std::uint32_t> loop;
    std::set<std::uint32_t> slots, actors, handled;
    bool too_late = false;

    void prefetch(std::uint32_t what) {
        too_late = too_late || handled.contains(what);
        slots.insert(what);
    }
    void prefetch_actor(std::uint32_t what) {
        too_late = too_late || handled.contains(what);
        actors.insert(what);
    }
    void handle(Time, std::uint32_t what) { handled.insert(what); }
};

Model with_ties() {
    Model model;
    for (std::uint32_t k = 0; k < 60; ++k)
        model.loop.push(Time{k / 20}, k);
    return model;
}

} // namespace

TEST_CASE("a loop stops at its bound, which still happens, at its budget, or when all is done") {
    Model model;
    for (std::uint32_t k = 1; k <= 10; ++k)
        model.loop.push(Time{k * 10}, k);
    CHECK(model.run(Time{30}) == LoopEnd::reached);
    CHECK(model.loop.events() == 3);
    CHECK(model.loop.now() == Time{30});
    CHECK(model.run(Time{1000}, 2) == LoopEnd::budget_spent);
    CHECK(model.loop.events() == 5);
    CHECK(model.run(Time{1000}) == LoopEnd::drained);
    CHECK(model.seen.back() == Seen{100, 10});
}

TEST_CASE("more than a million events in one instant are reported, wherever runs are cut") {
    Model model;
    model.loop.push(Time{} + 5_ms, Model::again);
    CHECK(model.run(Time::never(), 600'000) == LoopEnd::budget_spent);
    CHECK(model.run(Time::never(), 600'000) == LoopEnd::endless_instant);
    CHECK(model.loop.events() == 1'000'001);
    CHECK(model.loop.now() == Time{} + 5_ms);
}

TEST_CASE("a million events in different instants are not") {
    Model model;
    for (std::uint32_t k = 0; k < 1'100'000; ++k)
        model.loop.push(Time{k / 2}, k % 100);
    CHECK(model.run(Time::never()) == LoopEnd::drained);
}

TEST_CASE("a copied loop goes on alike") {
    Model model = with_ties();
    model.run(Time::never(), 25);
    Model fork = model;
    model.run(Time::never());
    fork.run(Time::never());
    CHECK(model.seen == fork.seen);
    CHECK(fork.loop.events() == 60);
}

TEST_CASE("shuffled ties stay in their instant, follow their stream, and differ between streams") {
    const auto shuffled = [](std::uint64_t seed) {
        Model model = with_ties();
        model.loop.shuffle_ties(Stream(seed, {"ties"}));
        model.run(Time::never());
        return model.seen;
    };
    Model plain = with_ties();
    plain.run(Time::never());
    const std::vector<Seen> first = shuffled(1);
    CHECK(first == shuffled(1));
    CHECK(first != shuffled(2));
    CHECK(first != plain.seen);
    CHECK(std::is_sorted(first.begin(), first.end(),
                         [](const Seen& a, const Seen& b) { return a.at < b.at; }));
    std::set<std::uint32_t> distinct;
    for (const Seen& seen : first) {
        distinct.insert(seen.what);
        CHECK(seen.at == static_cast<std::int64_t>(seen.what / 20));
    }
    CHECK(distinct.size() == 60);
}

TEST_CASE("prefetches come before their events") {
    Prefetching model;
    Stream random(1, {"prefetch"});
    for (std::uint32_t k = 0; k < 20'000; ++k) {
        model.loop.push(Time{static_cast<std::int64_t>(random.below(1'000'000))}, k);
    }
    model.loop.run(model, Time::never(), 1'000'000);
    CHECK_FALSE(model.too_late);
    CHECK(model.slots.size() > 19'000);
    CHECK(model.actors.size() > 19'000);
}
