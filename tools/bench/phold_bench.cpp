// phold/N/P: N processes with P events each; an event goes to a random process after 0.1 ms + an
// exponential time of mean 0.9 ms. Driven by the loop and the handler interface of the simulator,
// with the process in the payload.
#include "allocations.hpp"
#include "engine/distribution.hpp"
#include "engine/loop.hpp"
#include "engine/wide.hpp"

#include <benchmark/benchmark.h>

#include <array>
#include <bit>
#include <cstdint>
#include <vector>

namespace brokersim::bench {

namespace {

// xoshiro256++ (Blackman, Vigna 2018): small enough for a process of one cache line.
class Xoshiro {
public:
    explicit Xoshiro(std::uint64_t seed) {
        Stream stream(seed, {"bench", "phold"});
        for (std::uint64_t& word : state_)
            word = stream.next();
    }
    std::uint64_t next() {
        auto& s = state_;
        const std::uint64_t result = std::rotl(s[0] + s[3], 23) + s[0];
        const std::uint64_t shifted = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= shifted;
        s[3] = std::rotl(s[3], 45);
        return result;
    }

private:
    std::array<std::uint64_t, 4> state_{};
};

struct alignas(64) Process {
    Xoshiro random;
    std::uint64_t count = 0;
    std::uint64_t hash = 0;
};

struct Event {
    std::uint32_t kind_and_aux;
    std::uint32_t handle;
};

class Phold {
public:
    Phold(std::uint32_t processes, std::uint32_t events_each)
        : delay_({Distribution::Kind::exponential, microseconds(900), {}, {}, {}}) {
        processes_.reserve(processes);
        for (std::uint32_t k = 0; k < processes; ++k)
            processes_.push_back({Xoshiro(k + 1)});
        for (std::uint32_t k = 0; k < processes; ++k) {
            for (std::uint32_t e = 0; e < events_each; ++e) {
                loop_.push(Time{} + delay(processes_[k]), {0, k});
            }
        }
    }

    void run(std::uint64_t events) { loop_.run(*this, Time::never(), events); }

    void prefetch(Event event) const { __builtin_prefetch(&processes_[event.handle], 1); }

    void handle(Time now, Event event) {
        Process& process = processes_[event.handle];
        ++process.count;
        process.hash = process.hash * 0x9E3779B97F4A7C15 + static_cast<std::uint64_t>(now.ns);
        const auto to =
            static_cast<std::uint32_t>(multiply_high(process.random.next(), processes_.size()));
        loop_.push(now + delay(process), {0, to});
    }

    const EventQueue<Event>& queue() const { return loop_.queue(); }

private:
    Duration delay(Process& process) const {
        return microseconds(100) + delay_.at(process.random.next());
    }

    Sampler delay_;
    std::vector<Process> processes_;
    Loop<Event> loop_;
};

void phold(benchmark::State& state) {
    const auto processes = static_cast<std::uint32_t>(state.range(0));
    const auto events_each = static_cast<std::uint32_t>(state.range(1));
    Phold model(processes, events_each);
    model.run(std::uint64_t{2} * processes * events_each); // To the steady state.
    std::uint64_t allocated = 0;
    while (state.KeepRunningBatch(4096)) {
        const std::uint64_t before = allocations();
        model.run(4096);
        allocated += allocations() - before;
    }
    state.SetItemsProcessed(state.iterations());
    state.counters["allocations"] = static_cast<double>(allocated);
    state.counters["bytes_per_pending"] =
        static_cast<double>(model.queue().bytes() - sizeof model.queue()) /
        static_cast<double>(model.queue().size());
}
BENCHMARK(phold)->Args({1000, 16})->Args({100'000, 16})->Args({1'000'000, 1});

} // namespace

} // namespace brokersim::bench
