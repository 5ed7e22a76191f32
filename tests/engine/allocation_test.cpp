// The steady state allocates nothing: counted by this program's own operator new.
#include "engine/distribution.hpp"
#include "engine/loop.hpp"
#include "engine/timer_table.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <cstdlib>
#include <new>

using namespace brokersim;

namespace {
std::uint64_t allocations = 0;
}

void* operator new(std::size_t bytes) {
    ++allocations;
    if (void* memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

namespace {

// Every event schedules its successor and moves a time-out of its own.
struct Model {
    Loop<std::uint64_t> loop;
    TimerTable timers;
    Stream random{1, {"test", "allocation"}};
    Sampler delay{{Distribution::Kind::exponential, milliseconds(1), {}, {}, {}}};
    static constexpr std::uint64_t timer_bit = std::uint64_t{1} << 32;

    explicit Model(std::uint64_t population) {
        for (std::uint64_t k = 0; k < population; ++k) {
            timers.add();
            loop.push(Time{} + delay.draw(random), k);
        }
    }

    void handle(Time now, std::uint64_t payload) {
        const TimerId timer{static_cast<std::uint32_t>(payload)};
        if ((payload & timer_bit) != 0) {
            const auto popped = timers.popped(timer, now);
            if (popped.what == TimerTable::What::again) loop.push(popped.at, payload);
            return;
        }
        loop.push(now + delay.draw(random), payload);
        const Time at = timers.arm(timer, now + milliseconds(30));
        if (at != Time::never()) loop.push(at, payload | timer_bit);
    }
};

} // namespace

TEST_CASE("events, draws and timers allocate nothing in the steady state") {
    for (const std::uint64_t population : {20U, 300U, 20'000U}) {
        Model model(population);
        model.loop.run(model, Time::never(), 80 * population);
        const std::uint64_t before = allocations;
        model.loop.run(model, Time::never(), 300'000);
        const std::uint64_t during = allocations - before; // Checks allocate, too.
        CAPTURE(population);
        CHECK(during == 0);
        CHECK(model.loop.queue().size() == 2 * population);
    }
}

TEST_CASE("the counter counts") {
    const std::uint64_t before = allocations;
    EventQueue<std::uint64_t> queue;
    for (std::uint64_t k = 0; k < 1000; ++k)
        queue.push(Time{static_cast<std::int64_t>(k)}, k);
    CHECK(allocations > before);
}
