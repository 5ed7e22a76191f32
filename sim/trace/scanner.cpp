// Moves over one line of JSON.
#include "trace/scanner.hpp"

#include <cstdint>
#include <cstring>

namespace brokersim {

namespace {

constexpr int depth_max = 64;

void add_utf8(std::string& out, char32_t c) {
    const auto byte = [&](char32_t bits) { out += static_cast<char>(bits); };
    if (c < 0x80) {
        byte(c);
    } else if (c < 0x800) {
        byte(0xc0 | c >> 6);
        byte(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        byte(0xe0 | c >> 12);
        byte(0x80 | (c >> 6 & 0x3f));
        byte(0x80 | (c & 0x3f));
    } else {
        byte(0xf0 | c >> 18);
        byte(0x80 | (c >> 12 & 0x3f));
        byte(0x80 | (c >> 6 & 0x3f));
        byte(0x80 | (c & 0x3f));
    }
}

} // namespace

void Scanner::begin(std::string_view line) {
    at_ = line.data();
    end_ = line.data() + line.size();
    texts_.clear();
}

bool Scanner::text(std::string_view& out) {
    if (!take('"')) { return false; }
    const char* from = at_;
    for (; at_ != end_; ++at_) {
        if (*at_ == '"') {
            out = {from, static_cast<std::size_t>(at_ - from)};
            ++at_;
            return true;
        }
        if (*at_ == '\\') {
            texts_.emplace_back(from, at_);
            if (!unescape(texts_.back())) { return false; }
            out = texts_.back();
            return true;
        }
        if (static_cast<unsigned char>(*at_) < 0x20) { return false; }
    }
    return false;
}

bool Scanner::unescape(std::string& out) {
    while (at_ != end_) {
        const char c = *at_++;
        if (c == '"') { return true; }
        if (static_cast<unsigned char>(c) < 0x20) { return false; }
        if (c != '\\') {
            out += c;
            continue;
        }
        if (at_ == end_) { return false; }
        static constexpr std::string_view names = "\"\\/bfnrt";
        static constexpr std::string_view meant = "\"\\/\b\f\n\r\t";
        const char name = *at_++;
        if (const std::size_t k = names.find(name); k != std::string_view::npos) {
            out += meant[k];
            continue;
        }
        char32_t high = 0;
        char32_t low = 0;
        if (name != 'u' || !hex4(high) || (high >= 0xdc00 && high <= 0xdfff)) { return false; }
        if (high >= 0xd800 && high <= 0xdbff) {
            if (!take("\\u") || !hex4(low) || low < 0xdc00 || low > 0xdfff) { return false; }
            high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
        }
        add_utf8(out, high);
    }
    return false;
}

bool Scanner::hex4(char32_t& out) {
    if (end_ - at_ < 4) { return false; }
    std::uint32_t value = 0;
    const auto [next, error] = std::from_chars(at_, at_ + 4, value, 16);
    if (error != std::errc() || next != at_ + 4) { return false; }
    at_ = next;
    out = value;
    return true;
}

bool Scanner::scalar() {
    if (at_ == end_) { return false; }
    std::string_view text_value;
    if (*at_ == '"') { return text(text_value); }
    if (take("true") || take("false") || take("null")) { return true; }
    // Numbers of any size: unknown fields need not fit into ours.
    const char* from = at_;
    if (!plain_number()) { return false; }
    if (*at_ == '-') { ++at_; }
    const char* digits = at_;
    while (at_ != end_ && *at_ >= '0' && *at_ <= '9') {
        ++at_;
    }
    return at_ != digits && at_ != from && !goes_on(at_);
}

bool Scanner::skip(std::string_view& raw) {
    const char* from = at_;
    std::uint64_t objects = 0; // a bit for every level: 1 = an object, 0 = a list
    int depth = 0;
    std::string_view name;
    while (true) {
        if (const bool object = take('{'); object || take('[')) {
            if (++depth > depth_max) { return false; }
            objects = objects << 1 | (object ? 1U : 0U);
            if (!take(object ? '}' : ']')) {
                if (object && !key(name)) { return false; }
                continue;
            }
            --depth;
            objects >>= 1;
        } else if (!scalar()) {
            return false;
        }
        while (depth > 0 && take((objects & 1) != 0 ? '}' : ']')) {
            --depth;
            objects >>= 1;
        }
        if (depth == 0) { break; }
        if (!take(',') || ((objects & 1) != 0 && !key(name))) { return false; }
    }
    raw = {from, static_cast<std::size_t>(at_ - from)};
    return true;
}

} // namespace brokersim
