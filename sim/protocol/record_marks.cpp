// Keys by their text, and the attempts of groups.
#include "protocol/record_marks.hpp"

#include <cstdlib>

namespace brokersim {

namespace {

/// kN without leading zeros: N; else -1.
std::int64_t number_of(const std::string& text) {
    constexpr std::size_t longest = 16;
    if (text.size() < 2 || text.size() > longest || text[0] != 'k') return -1;
    std::int64_t number = 0;
    for (const char c : text.substr(1)) {
        if (c < '0' || c > '9') return -1;
        number = number * 10 + (c - '0');
    }
    return "k" + std::to_string(number) == text ? number : -1;
}

} // namespace

void RecordMarks::list_keys(ProducerId producer, const std::vector<std::string>& keys) {
    std::vector<std::int64_t>& list = lists_[producer];
    for (const std::string& text : keys) {
        std::int64_t key = number_of(text);
        if (key < 0) {
            const auto at = std::find(texts_.begin(), texts_.end(), text);
            key = -2 - (at - texts_.begin());
            if (at == texts_.end()) texts_.push_back(text);
        }
        list.push_back(key);
    }
}

std::int64_t RecordMarks::key_of(ProducerId producer, std::int64_t key) const {
    const auto list = lists_.find(producer);
    if (key < 0 || list == lists_.end()) return key;
    return list->second[static_cast<std::size_t>(key)];
}

std::string RecordMarks::key_text(std::int64_t key) const {
    return key >= 0 ? "k" + std::to_string(key) : texts_[static_cast<std::size_t>(-2 - key)];
}

std::int64_t RecordMarks::failures(GroupId g, ProducerId producer, PartitionId tp,
                                   std::int64_t i) const {
    const auto found = failures_.find({g, producer, tp, i});
    return found == failures_.end() ? 0 : found->second;
}

void RecordMarks::count_failure(GroupId g, ProducerId producer, PartitionId tp, std::int64_t i) {
    ++failures_[{g, producer, tp, i}];
}

} // namespace brokersim
