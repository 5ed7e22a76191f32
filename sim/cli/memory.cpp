// The operator new that counts, and its limit.
#include "cli/memory.hpp"

#include "cli/commands.hpp"
#include "cli/terminal.hpp"

#include <cstddef>
#include <cstdlib>
#include <malloc.h>
#include <new>
#include <unistd.h>

namespace {

std::int64_t in_use = 0; // the program has one thread

void* counted(void* block) noexcept {
    if (block != nullptr) { in_use += static_cast<std::int64_t>(malloc_usable_size(block)); }
    return block;
}

void give_back(void* block) noexcept {
    if (block != nullptr) { in_use -= static_cast<std::int64_t>(malloc_usable_size(block)); }
    std::free(block);
}

[[noreturn]] void no_memory_left() {
    brokersim::complain("out of memory");
    ::_exit(brokersim::Exit::broken);
}

void* take(std::size_t size) {
    void* block = counted(std::malloc(size != 0 ? size : 1));
    if (block == nullptr) { no_memory_left(); }
    return block;
}

void* take(std::size_t size, std::align_val_t alignment) {
    const auto align = static_cast<std::size_t>(alignment);
    void* block = counted(std::aligned_alloc(align, (size + align - 1) / align * align));
    if (block == nullptr) { no_memory_left(); }
    return block;
}

} // namespace

// Replacing these functions is the way the standard gives a program to count its memory.
void* operator new(std::size_t size) {
    return take(size);
}
void* operator new[](std::size_t size) {
    return take(size);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
    return take(size, alignment);
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
    return take(size, alignment);
}
void operator delete(void* block) noexcept {
    give_back(block);
}
void operator delete[](void* block) noexcept {
    give_back(block);
}
void operator delete(void* block, std::size_t) noexcept {
    give_back(block);
}
void operator delete[](void* block, std::size_t) noexcept {
    give_back(block);
}
void operator delete(void* block, std::align_val_t) noexcept {
    give_back(block);
}
void operator delete[](void* block, std::align_val_t) noexcept {
    give_back(block);
}
void operator delete(void* block, std::size_t, std::align_val_t) noexcept {
    give_back(block);
}
void operator delete[](void* block, std::size_t, std::align_val_t) noexcept {
    give_back(block);
}

namespace brokersim {

std::int64_t memory_in_use() {
    return in_use;
}

} // namespace brokersim
