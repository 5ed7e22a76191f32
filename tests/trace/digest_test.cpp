// The digest against known answers.
#include "trace/digest.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace brokersim;

TEST_CASE("a digest prints what xxh128sum prints") {
    Digest digest;
    CHECK(digest.hex() == "99aa06d3014798d86001c324468d497f");
    digest.add("brokersim");
    CHECK(digest.hex() == "28f49bbfaac26eca50ad12ed94cfd3f2");
}

TEST_CASE("a digest does not depend on how the bytes are cut into pieces") {
    std::string bytes;
    for (int k = 0; k < 5000; ++k) {
        bytes += static_cast<char>(k * 7);
    }
    Digest whole;
    whole.add(bytes);
    Digest pieces;
    for (std::size_t at = 0; at < bytes.size(); at += 37) {
        pieces.add(std::string_view(bytes).substr(at, 37));
        pieces.hex(); // looking disturbs nothing
    }
    CHECK(pieces.hex() == whole.hex());
    Digest copy = pieces;
    copy.add("more");
    CHECK(copy.hex() != whole.hex());
    CHECK(pieces.hex() == whole.hex());
}
