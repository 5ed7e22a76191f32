// When records fell due, for as long as somebody still needs to know: until their fate is known
// and every group that reads them has processed them.
#pragma once

#include "brokersim/ids.hpp"
#include "brokersim/time.hpp"
#include "observe/pair_index.hpp"
#include "observe/ranges.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace brokersim {

class Dues {
public:
    /// `readers`: how many groups read the partition. Requires that i goes on where the last call
    /// for this producer and partition ended.
    void add(ProducerId p, PartitionId tp, std::int64_t i, std::int32_t count, Time due,
             std::int32_t bytes, std::size_t readers);

    /// The fate of these records is known: f(due, bytes of one, count) for each part.
    template <class F>
    void resolve(ProducerId p, PartitionId tp, std::int64_t i, std::int64_t end, F&& f) {
        if (Book* book = find(p, tp)) { take(*book, book->resolved_hint, i, end, f); }
    }

    /// Reader number `reader` of the partition has processed these records: f(due, bytes, count)
    /// for what it had not processed before.
    template <class F>
    void process(std::size_t reader, ProducerId p, PartitionId tp, std::int64_t i, std::int64_t end,
                 F&& f) {
        Book* book = find(p, tp);
        if (book == nullptr || reader >= book->processed.size()) { return; }
        Ranges<>& done = book->processed[reader];
        if (!done.hits(i, end)) {
            done.put(i, end);
            return take(*book, book->processed_hint, i, end, f);
        }
        fresh_.clear();
        done.pieces(i, end, [&](std::int64_t x, std::int64_t y, const Present* before) {
            if (before == nullptr) { fresh_.push_back({x, y, {}}); }
        });
        done.put(i, end);
        for (const auto& part : fresh_) {
            take(*book, book->processed_hint, part.first, part.end, f);
        }
    }

    /// Nothing if it is not known any more.
    std::optional<Time> due(ProducerId p, PartitionId tp, std::int64_t i);

private:
    struct Entry {
        std::int64_t i = 0;
        Time due;
        std::int64_t open = 0; ///< resolutions and processings still to come
        std::int32_t count = 0;
        std::int32_t bytes = 0;

        std::int64_t end() const { return i + count; }
    };
    struct Book {
        std::vector<Entry> entries;
        std::size_t closed = 0; ///< entries with nothing open
        std::size_t resolved_hint = 0;
        std::size_t processed_hint = 0;
        std::vector<Ranges<>> processed;
    };

    Book* find(ProducerId p, PartitionId tp) {
        const std::int32_t slot = book_of_.find(p.value, tp);
        return slot < 0 ? nullptr : &books_[static_cast<std::size_t>(slot)];
    }
    static std::size_t position(const Book& book, std::size_t hint, std::int64_t i);
    static void tidy(Book& book);

    template <class F>
    static void take(Book& book, std::size_t& hint, std::int64_t i, std::int64_t end, F&& f) {
        std::size_t k = position(book, hint, i);
        for (; k < book.entries.size() && book.entries[k].i < end; ++k) {
            Entry& entry = book.entries[k];
            const std::int64_t count = std::min(end, entry.end()) - std::max(i, entry.i);
            f(entry.due, entry.bytes, count);
            entry.open -= count;
            if (entry.open == 0) { ++book.closed; }
            hint = k;
        }
        if (book.closed > 64 && book.closed * 2 > book.entries.size()) { tidy(book); }
    }

    std::vector<Book> books_;
    PairIndex book_of_;
    std::vector<Ranges<>::Range> fresh_;
};

} // namespace brokersim
