// The end of a run whose invariants broke.
#include "engine/assert.hpp"

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace brokersim {

namespace {

// The one mutable static of the library: an assertion has no other way to reach its caller.
AssertionHandler current_handler;

// Where the sources were built is nobody's business: from the last "sim/" or "include/" on.
const char* within_tree(const char* file) {
    const std::string_view path = file;
    for (const std::string_view root : {"/sim/", "/include/", "/tests/"}) {
        const std::size_t at = path.rfind(root);
        if (at != std::string_view::npos) return file + at + 1;
    }
    return file;
}

} // namespace

AssertionHandler set_assertion_handler(AssertionHandler handler) {
    const AssertionHandler before = current_handler;
    current_handler = handler;
    return before;
}

void assertion_failed(const char* what, const char* file, int line) {
    const BrokenInvariant broken{what, within_tree(file), line};
    if (current_handler.call != nullptr) {
        current_handler.call(current_handler.context, broken);
    } else {
        std::fprintf(stderr, "broken invariant: %s (%s:%d)\n", broken.what, broken.file,
                     broken.line);
    }
    std::_Exit(3);
}

} // namespace brokersim
