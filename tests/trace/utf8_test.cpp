// Valid and invalid UTF-8, and what a terminal sees.
#include "trace/utf8.hpp"

#include <doctest/doctest.h>

using namespace brokersim;

TEST_CASE("text for people shows what could do harm as \\u{…}") {
    CHECK(visible("plain, with spaces") == "plain, with spaces");
    CHECK(visible("日本 é 🙂") == "日本 é 🙂");
    CHECK(visible("\x1b[2J\n\t") == "\\u{1B}[2J\\u{A}\\u{9}");
    CHECK(visible("\xc2\x9b"
                  "31m") == "\\u{9B}31m");
    CHECK(visible("a\u202eb\u2066c\u2028d\u200be\ufefff") ==
          "a\\u{202E}b\\u{2066}c\\u{2028}d\\u{200B}e\\u{FEFF}f");
    CHECK(visible("\xff\xc0\xaf") == "\\u{FF}\\u{C0}\\u{AF}");
    CHECK(visible(std::string(100, 'x'), 10) == std::string(10, 'x') + "…");
}

TEST_CASE("UTF-8 is what RFC 3629 says, no more") {
    CHECK(is_utf8(""));
    CHECK(is_utf8("ascii that is longer than eight bytes"));
    CHECK(is_utf8("\xf4\x8f\xbf\xbf")); // U+10FFFF
    for (const std::string bad :
         {"\x80", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
          "\xf8\x88\x80\x80\x80", "\xe6\x97", "12345678\xff"}) {
        CHECK_MESSAGE(!is_utf8(bad), visible(bad));
        CHECK(!is_utf8("some text before it " + bad));
    }
}
