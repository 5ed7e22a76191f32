// Growing buffers that a recorder fills and empties all the time: one of text, one of bytes.
#pragma once

#include <algorithm>
#include <bit>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <vector>

namespace brokersim {

/// Text under construction. Keeps its memory when cleared.
class TextBuffer {
public:
    std::string_view view() const { return {memory_.data(), size_}; }
    std::size_t size() const { return size_; }
    void clear() { size_ = 0; }
    /// Forgets everything behind the first `size` bytes.
    void shrink(std::size_t size) { size_ = size; }

    void add(char c) {
        *room(1) = c;
        ++size_;
    }
    void add(std::string_view text) {
        char* at = room(text.size());
        if (!text.empty()) { std::memcpy(at, text.data(), text.size()); }
        size_ += text.size();
    }
    template <std::integral N>
    void add_number(N value) {
        char* at = room(digits_max);
        size_ += static_cast<std::size_t>(std::to_chars(at, at + digits_max, value).ptr - at);
    }
    /// A JSON string: quotes, and escapes where JSON asks for them.
    void add_json(std::string_view text);

    /// For writers that count for themselves: a place for `bytes` more, and then where they ended.
    char* room(std::size_t bytes) {
        if (memory_.size() - size_ < bytes) {
            memory_.resize(std::max(memory_.size() * 2, size_ + bytes + 256));
        }
        return memory_.data() + size_;
    }
    char* end_of_memory() { return memory_.data() + memory_.size(); }
    void end_at(const char* end) { size_ = static_cast<std::size_t>(end - memory_.data()); }

    static constexpr std::size_t digits_max = 24;

private:
    std::vector<char> memory_;
    std::size_t size_ = 0;
};

/// Numbers of fixed width, little endian on every machine.
class BinaryBuffer {
public:
    std::string_view view() const { return bytes_.view(); }
    std::size_t size() const { return bytes_.size(); }
    void clear() { bytes_.clear(); }

    template <std::integral N>
    void add(N value) {
        end_at(put(room(sizeof value), value));
    }
    void add_text(std::string_view text) {
        add(static_cast<std::uint32_t>(text.size()));
        bytes_.add(text);
    }
    /// The width of an integer does not depend on the machine.
    template <std::integral N>
    static char* put(char* at, N value) {
        using U = std::make_unsigned_t<std::conditional_t<std::same_as<N, bool>, char, N>>;
        U bits = static_cast<U>(value);
        if constexpr (std::endian::native == std::endian::little) {
            std::memcpy(at, &bits, sizeof bits);
        } else {
            for (std::size_t k = 0; k < sizeof bits; ++k) {
                at[k] = static_cast<char>(bits & 255);
                bits = static_cast<U>(bits >> (sizeof(U) > 1 ? 8 : 0));
            }
        }
        return at + sizeof bits;
    }
    char* room(std::size_t bytes) { return bytes_.room(bytes); }
    void end_at(const char* end) { bytes_.end_at(end); }

private:
    TextBuffer bytes_;
};

} // namespace brokersim
