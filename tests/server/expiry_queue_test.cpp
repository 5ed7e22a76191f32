// Deadlines of parked requests.
#include "server/expiry_queue.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <utility>

using namespace brokersim;

namespace {

Time at(std::int64_t ms) {
    return Time{} + milliseconds(ms);
}
bool everyone(const ExpiryQueue::Ticket&) {
    return true;
}

} // namespace

TEST_CASE("the next deadline is the earliest over all lengths of waiting") {
    ExpiryQueue queue;
    CHECK(queue.next(everyone) == Time::never());
    queue.add(at(0), seconds(30), {1, 1});
    queue.add(at(10), milliseconds(500), {2, 1});
    CHECK(queue.next(everyone) == at(510));
    queue.add(at(20), milliseconds(100), {3, 1});
    CHECK(queue.next(everyone) == at(120));
}

TEST_CASE("what was completed in time is dropped when it gets to the front") {
    ExpiryQueue queue;
    for (std::uint32_t slot = 0; slot < 5; ++slot)
        queue.add(at(slot), seconds(1), {slot, 9});
    const auto live = [](const ExpiryQueue::Ticket& t) { return t.slot >= 3; };
    CHECK(queue.next(live) == at(1003));
    ExpiryQueue::Ticket ticket;
    CHECK_FALSE(queue.take_due(at(1002), live, ticket));
    CHECK(queue.take_due(at(1003), live, ticket));
    CHECK(ticket.slot == 3);
    CHECK_FALSE(queue.take_due(at(1003), live, ticket));
    CHECK(queue.next(live) == at(1004));
}

TEST_CASE("a slot that was used again is another request") {
    ExpiryQueue queue;
    queue.add(at(0), seconds(1), {7, 1});
    queue.add(at(5), seconds(1), {7, 2});
    const auto live = [](const ExpiryQueue::Ticket& t) { return t.use == 2; };
    CHECK(queue.next(live) == at(1005));
}

TEST_CASE("waiting for ever never ends") {
    ExpiryQueue queue;
    queue.add(at(5), Duration::max(), {1, 1});
    CHECK(queue.next(everyone) == Time::never());
    ExpiryQueue::Ticket ticket;
    CHECK_FALSE(queue.take_due(at(1'000'000), everyone, ticket));
}

TEST_CASE("every live ticket is taken exactly once, at its deadline") {
    ExpiryQueue queue;
    std::set<std::pair<std::int64_t, std::uint32_t>> expected; // Deadline in ms, slot.
    const std::int64_t waits[] = {500, 100, 30'000, 100, 0, 500};
    for (std::uint32_t slot = 0; slot < 600; ++slot) {
        const std::int64_t now = slot / 2;
        const std::int64_t wait = waits[slot % 6];
        queue.add(at(now), milliseconds(wait), {slot, 1});
        if (slot % 7 != 0) expected.emplace(now + wait, slot);
    }
    const auto live = [&](const ExpiryQueue::Ticket& t) {
        return std::any_of(expected.begin(), expected.end(),
                           [&](const auto& e) { return e.second == t.slot; });
    };
    while (!expected.empty()) {
        const Time due = queue.next(live);
        CHECK(due == at(expected.begin()->first));
        ExpiryQueue::Ticket ticket;
        REQUIRE(queue.take_due(due, live, ticket));
        REQUIRE(expected.erase({due.ns / 1'000'000, ticket.slot}) == 1);
    }
    CHECK(queue.next(live) == Time::never());
}
