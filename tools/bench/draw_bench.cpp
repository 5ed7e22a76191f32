// draw/KIND: one latency from its own stream, as the network draws it.
#include "engine/distribution.hpp"
#include "engine/random.hpp"

#include <benchmark/benchmark.h>

#include <cstdint>

namespace brokersim::bench {

namespace {

void draw(benchmark::State& state, const Distribution& distribution) {
    const Sampler sampler(distribution);
    Stream stream(1, {"bench", "draw"});
    std::int64_t sum = 0;
    while (state.KeepRunningBatch(1024)) {
        for (int k = 0; k < 1024; ++k)
            sum += sampler.draw(stream).ns;
    }
    benchmark::DoNotOptimize(sum);
    state.SetItemsProcessed(state.iterations());
}

using Kind = Distribution::Kind;
BENCHMARK_CAPTURE(draw, exponential, {Kind::exponential, milliseconds(1), {}, {}, {}});
BENCHMARK_CAPTURE(draw, lognormal, {Kind::lognormal, microseconds(250), milliseconds(2), {}, {}});
BENCHMARK_CAPTURE(draw, uniform, {Kind::uniform, microseconds(50), microseconds(800), {}, {}});
BENCHMARK_CAPTURE(draw, pareto,
                  {Kind::pareto, milliseconds(1), seconds(10), {}, {}, 1'500'000'000});
BENCHMARK_CAPTURE(draw, quantiles,
                  {Kind::quantiles,
                   {},
                   {},
                   {},
                   {},
                   0,
                   {{{0}, microseconds(100)},
                    {{500'000'000}, microseconds(200)},
                    {{990'000'000}, milliseconds(2)},
                    {{1'000'000'000}, milliseconds(20)}}});

} // namespace

} // namespace brokersim::bench
