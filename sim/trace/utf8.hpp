// UTF-8: is it valid, and how does text from a file look on a terminal?
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace brokersim {

/// One code point from `text` at `at`, which moves behind it. 0xFFFFFFFF: invalid (`at` moves by
/// one byte). Requires at < text.size().
char32_t next_code_point(std::string_view text, std::size_t& at);

bool is_utf8(std::string_view text);

/// `text` for people: control, bidirectional, invisible and line-separator characters and bytes
/// that are no UTF-8 appear as `\u{…}`, so that a name can neither forge output nor drive a
/// terminal. At most `length_max` bytes of `text` are shown, then `…`.
std::string visible(std::string_view text, std::size_t length_max = std::string_view::npos);

} // namespace brokersim
