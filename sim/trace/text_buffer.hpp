// Growing buffers that a recorder fills and empties all the time: one of text, one of bytes.
#pragma once

#include "brokersim/fact_sink.hpp"

#include <algorithm>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
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

/// Facts in binary, all of them: for whoever wants to compare.
class BinaryBuffer final : public FactBytes {
public:
    BinaryBuffer() = default;
    BinaryBuffer(const BinaryBuffer&) = delete;
    BinaryBuffer& operator=(const BinaryBuffer&) = delete;

    std::string_view view() const { return {memory_.data(), size()}; }
    std::size_t size() const { return static_cast<std::size_t>(at_ - memory_.data()); }
    void clear() { at_ = memory_.data(); }

private:
    void refill(std::size_t bytes) override {
        const std::size_t used = size();
        memory_.resize(std::max(memory_.size() * 2, used + bytes));
        at_ = memory_.data() + used;
        end_ = memory_.data() + memory_.size();
    }

    std::vector<char> memory_;
};

} // namespace brokersim
