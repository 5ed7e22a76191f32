// Checks UTF-8 and makes text from files harmless on a terminal.
#include "trace/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace brokersim {

namespace {

constexpr char32_t invalid = 0xFFFFFFFF;

bool is_unsafe(char32_t c) {
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0xad || c == 0x61c || c == 0x180e ||
           (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff0 && c <= 0xfffb) ||
           (c >= 0xfe00 && c <= 0xfe0f) || (c >= 0xe0000 && c <= 0xe0fff) || c >= 0xf0000 ||
           (c >= 0xe000 && c <= 0xf8ff);
}

void add_escape(std::string& out, char32_t c) {
    char digits[8];
    int count = 0;
    do {
        digits[count++] = "0123456789ABCDEF"[c & 15];
        c >>= 4;
    } while (c != 0);
    out += "\\u{";
    while (count > 0) {
        out += digits[--count];
    }
    out += '}';
}

} // namespace

char32_t next_code_point(std::string_view text, std::size_t& at) {
    const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(text[k]); };
    const unsigned char lead = byte(at++);
    if (lead < 0x80) { return lead; }
    const int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    if (lead < 0xc2 || lead > 0xf4 || at + static_cast<std::size_t>(more) > text.size()) {
        return invalid;
    }
    char32_t c = lead & (0x3f >> more);
    for (int k = 0; k < more; ++k) {
        const unsigned char next = byte(at + static_cast<std::size_t>(k));
        if ((next & 0xc0) != 0x80) { return invalid; }
        c = c << 6 | (next & 0x3f);
    }
    constexpr char32_t least[] = {0, 0x80, 0x800, 0x10000};
    if (c < least[more] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) { return invalid; }
    at += static_cast<std::size_t>(more);
    return c;
}

bool is_utf8(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
        std::uint64_t eight = 0;
        while (at + sizeof eight <= text.size()) { // ASCII, the usual case
            std::memcpy(&eight, text.data() + at, sizeof eight);
            if ((eight & 0x8080808080808080) != 0) { break; }
            at += sizeof eight;
        }
        if (at < text.size() && next_code_point(text, at) == invalid) { return false; }
    }
    return true;
}

std::string visible(std::string_view text, std::size_t length_max) {
    std::string out;
    std::size_t at = 0;
    while (at < text.size()) {
        if (at >= length_max) { return out + "…"; }
        const std::size_t from = at;
        const char32_t c = next_code_point(text, at);
        if (c == invalid) {
            add_escape(out, static_cast<unsigned char>(text[from]));
        } else if (is_unsafe(c)) {
            add_escape(out, c);
        } else {
            out.append(text.substr(from, at - from));
        }
    }
    return out;
}

} // namespace brokersim
