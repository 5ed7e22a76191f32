// Assertions that stay on in every build: a broken invariant of ours ends the run with exit code 3.
#pragma once

namespace brokersim {

/// What was broken, and where. `file` is relative to the source tree.
struct BrokenInvariant {
    const char* what;
    const char* file;
    int line;
};

/// Called once when an invariant breaks, before the process ends. The program sets one that prints
/// the command that reproduces the run.
struct AssertionHandler {
    void (*call)(void* context, const BrokenInvariant& broken) = nullptr;
    void* context = nullptr;
};

/// Replaces the handler of the whole process and returns the one before. Not for use while other
/// threads run simulations.
AssertionHandler set_assertion_handler(AssertionHandler handler);

/// Calls the handler, or prints the broken condition where there is none; then ends the process
/// with exit code 3 and no signal. Only a handler that throws leaves it alive (tests do).
[[noreturn]] void assertion_failed(const char* what, const char* file, int line);

} // namespace brokersim

#define BS_ASSERT(condition)                                                                       \
    ((condition) ? static_cast<void>(0)                                                            \
                 : ::brokersim::assertion_failed(#condition, __FILE__, __LINE__))

#define BS_UNREACHABLE(why) ::brokersim::assertion_failed("unreachable: " why, __FILE__, __LINE__)
