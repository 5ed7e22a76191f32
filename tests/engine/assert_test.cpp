// What happens when an invariant of ours breaks.
#include "engine/assert.hpp"

#include <doctest/doctest.h>

#include <cstdio>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

using namespace brokersim;

namespace {

struct Broken {
    std::string what, file;
};

[[noreturn]] void throw_it(void* context, const BrokenInvariant& broken) {
    ++*static_cast<int*>(context);
    throw Broken{broken.what, broken.file};
}

// The exit code of a child that runs `act`, or -1 if a signal ended it.
template <class Act>
int exit_code(Act act) {
    const pid_t child = fork();
    if (child == 0) {
        close(STDERR_FILENO);
        act();
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

} // namespace

TEST_CASE("a true assertion costs nothing and says nothing") {
    CHECK(exit_code([] { BS_ASSERT(2 + 2 == 4); }) == 0);
}

TEST_CASE("a broken invariant reaches the handler with its condition and place") {
    int calls = 0;
    const AssertionHandler before = set_assertion_handler({throw_it, &calls});
    Broken broken;
    try {
        BS_ASSERT(2 + 2 == 5);
    } catch (const Broken& caught) { broken = caught; }
    CHECK(broken.what == "2 + 2 == 5");
    CHECK(broken.file == "tests/engine/assert_test.cpp");
    try {
        BS_UNREACHABLE("no such thing");
    } catch (const Broken& caught) { broken = caught; }
    CHECK(broken.what == "unreachable: no such thing");
    CHECK(calls == 2);
    set_assertion_handler(before);
}

TEST_CASE("without a handler, or when it returns, the process ends with 3 and no signal") {
    CHECK(exit_code([] { BS_ASSERT(2 + 2 == 5); }) == 3);
    CHECK(exit_code([] {
              set_assertion_handler({[](void*, const BrokenInvariant&) {}, nullptr});
              BS_UNREACHABLE("again");
          }) == 3);
}
