// hold/N: with N events pending, take the earliest and put it back an exponential time later.
#include "allocations.hpp"
#include "engine/distribution.hpp"
#include "engine/event_queue.hpp"
#include "engine/random.hpp"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

namespace brokersim::bench {

namespace {

constexpr std::size_t increments_size = 8192;

// A table, so that drawing costs nothing: exponential, mean 1 ms, at least 1 ns.
std::vector<Duration> increments() {
    const Sampler sampler({Distribution::Kind::exponential, milliseconds(1), {}, {}, {}});
    Stream stream(42, {"bench", "hold"});
    std::vector<Duration> result;
    for (std::size_t k = 0; k < increments_size; ++k) {
        result.push_back(sampler.draw(stream) + nanoseconds(1));
    }
    return result;
}

void hold(benchmark::State& state) {
    const std::vector<Duration> increment = increments();
    const auto pending = static_cast<std::uint64_t>(state.range(0));
    EventQueue<std::uint64_t> queue;
    std::uint64_t turn = 0;
    Stream stream(7, {"bench", "hold"});
    for (std::uint64_t k = 0; k < pending; ++k) {
        queue.push(Time{} + increment[stream.below(increments_size)], k);
    }
    std::uint64_t check = 0;
    const auto turns = [&](std::uint64_t count) {
        for (; count > 0; --count) {
            const auto entry = queue.pop();
            check = check * 31 + static_cast<std::uint64_t>(entry.at.ns) + entry.payload;
            queue.push(entry.at + increment[turn++ % increments_size], entry.payload);
        }
    };
    turns(3 * pending); // To the steady state.
    std::uint64_t allocated = 0;
    while (state.KeepRunningBatch(1024)) {
        const std::uint64_t before = allocations();
        turns(1024);
        allocated += allocations() - before;
    }
    benchmark::DoNotOptimize(check);
    state.SetItemsProcessed(state.iterations());
    state.counters["allocations"] = static_cast<double>(allocated);
    state.counters["bytes_per_pending"] =
        static_cast<double>(queue.bytes() - sizeof queue) / static_cast<double>(pending);
}
BENCHMARK(hold)->Arg(100)->Arg(10'000)->Arg(1'000'000);

} // namespace

} // namespace brokersim::bench
