// Entry point of the benchmarks, and the operator new that counts their allocations.
#include "allocations.hpp"

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <new>

namespace {
std::uint64_t allocation_count = 0;
}

std::uint64_t brokersim::bench::allocations() {
    return allocation_count;
}

void* operator new(std::size_t bytes) {
    ++allocation_count;
    if (void* memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

BENCHMARK_MAIN();
