// A cursor over one line of a trace: JSON without blanks and without fractions, nothing built.
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

namespace brokersim {

/// Every function says whether the text was there; after false the line is of no further use.
class Scanner {
public:
    /// Starts on a new line, which must outlive what is read from it.
    void begin(std::string_view line);

    bool at_end() const { return at_ == end_; }
    bool take(char c) {
        if (at_ == end_ || *at_ != c) { return false; }
        ++at_;
        return true;
    }
    bool take(std::string_view literal) {
        if (static_cast<std::size_t>(end_ - at_) < literal.size() ||
            std::string_view(at_, literal.size()) != literal) {
            return false;
        }
        at_ += literal.size();
        return true;
    }
    /// An integer in the range of N.
    template <std::integral N>
    bool number(N& out) {
        if (!plain_number()) { return false; }
        const auto [next, error] = std::from_chars(at_, end_, out);
        if (error != std::errc() || goes_on(next)) { return false; }
        at_ = next;
        return true;
    }
    bool boolean(bool& out) {
        out = take("true");
        return out || take("false");
    }
    /// A string; valid until the next line begins.
    bool text(std::string_view& out);
    bool key(std::string_view& out) { return text(out) && take(':'); }
    /// Any value, nested up to 64 deep; `raw` is its text.
    bool skip(std::string_view& raw);
    bool skip() {
        std::string_view raw;
        return skip(raw);
    }

private:
    bool plain_number() const {
        const char* digit = at_ != end_ && *at_ == '-' ? at_ + 1 : at_;
        const bool zero = digit != end_ && *digit == '0';
        return digit != end_ && !(zero && digit + 1 != end_ && digit[1] >= '0' && digit[1] <= '9');
    }
    bool goes_on(const char* at) const {
        return at != end_ && (*at == '.' || *at == 'e' || *at == 'E');
    }
    bool scalar();
    bool unescape(std::string& out);
    bool hex4(char32_t& out);

    const char* at_ = nullptr;
    const char* end_ = nullptr;
    std::deque<std::string> texts_; ///< strings with escapes
};

} // namespace brokersim
