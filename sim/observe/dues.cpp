// Keeps when records fell due, and forgets what nobody needs.
#include "observe/dues.hpp"

#include <limits>

namespace brokersim {

void Dues::add(ProducerId p, PartitionId tp, std::int64_t i, std::int32_t count, Time due,
               std::int32_t bytes, std::size_t readers) {
    Book* book = find(p, tp);
    if (book == nullptr) {
        book_of_.set(p.value, tp, books_.size());
        book = &books_.emplace_back();
        book->processed.resize(readers);
    }
    const std::int64_t each = 1 + static_cast<std::int64_t>(readers);
    if (!book->entries.empty()) {
        Entry& last = book->entries.back();
        if (last.due == due && last.bytes == bytes && last.end() == i &&
            last.open == last.count * each &&
            last.count <= std::numeric_limits<std::int32_t>::max() - count) {
            last.count += count;
            last.open += count * each;
            return;
        }
    }
    book->entries.push_back({i, due, count * each, count, bytes});
}

std::optional<Time> Dues::due(ProducerId p, PartitionId tp, std::int64_t i) {
    const Book* book = find(p, tp);
    if (book == nullptr) { return {}; }
    const std::size_t k = position(*book, 0, i);
    if (k == book->entries.size() || book->entries[k].i > i) { return {}; }
    return book->entries[k].due;
}

/// The first entry that ends after `i`. Mostly the hint or the one after it.
std::size_t Dues::position(const Book& book, std::size_t hint, std::int64_t i) {
    const auto& entries = book.entries;
    for (std::size_t k = hint; k < entries.size() && k < hint + 2; ++k) {
        if (entries[k].i <= i && i < entries[k].end()) { return k; }
    }
    return static_cast<std::size_t>(
        std::upper_bound(entries.begin(), entries.end(), i,
                         [](std::int64_t x, const Entry& entry) { return x < entry.end(); }) -
        entries.begin());
}

void Dues::tidy(Book& book) {
    std::erase_if(book.entries, [](const Entry& entry) { return entry.open == 0; });
    book.closed = 0;
    book.resolved_hint = 0;
    book.processed_hint = 0;
}

} // namespace brokersim
