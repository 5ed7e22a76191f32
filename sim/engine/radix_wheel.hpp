// The far part of the future event list: entries filed by the digits of their time, unsorted.
#pragma once

#include "engine/assert.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace brokersim {

/// A radix wheel: times are read as numbers of base 64, and an entry lies at the level of the
/// highest digit in which its time differs from the base, in the slot of that digit. So the first
/// slot of the lowest level in use holds the earliest entries, and nothing else does.
///
/// Slots are append-only lists of 16-entry chunks from a pool that never shrinks; equal times are
/// always in the same slot, in the order they were added, and no operation changes that order.
///
/// Invariant: no entry is earlier than the base.
template <class Entry>
class RadixWheel {
public:
    static constexpr std::uint32_t chunk_entries = 16;

    /// One slot: the times first() … last() that agree with the base above `level`.
    struct Slot {
        std::uint32_t level;
        std::uint32_t digit;
        std::uint32_t count;
        std::uint64_t first;

        std::uint64_t last() const { return first + ((std::uint64_t{1} << (6 * level)) - 1); }
    };

    bool empty() const { return count_ == 0; }
    std::size_t size() const { return count_; }

    /// Files `entry`, behind all entries of the same time. Requires time >= the base.
    void add(const Entry& entry) {
        const auto time = static_cast<std::uint64_t>(entry.at.ns);
        const std::uint32_t level = level_of(time ^ base_);
        const auto digit = static_cast<std::uint32_t>(time >> (6 * level)) & 63U;
        List& list = lists_[level * 64 + digit];
        const std::uint32_t within = list.count % chunk_entries;
        if (within == 0) append_chunk(list, level, digit);
        chunk(list.tail)[within] = entry;
        ++list.count;
        ++count_;
    }

    /// The slot with the earliest entries. Requires !empty().
    Slot earliest() const {
        const auto level = static_cast<std::uint32_t>(std::countr_zero(levels_));
        const auto digit = static_cast<std::uint32_t>(std::countr_zero(used_[level]));
        const std::uint64_t above =
            level == top_level ? 0 : base_ >> (6 * level + 6) << (6 * level + 6);
        return {level, digit, lists_[level * 64 + digit].count,
                above | (std::uint64_t{digit} << (6 * level))};
    }

    /// Moves up to `most` entries of `slot` to `out`, whole chunks at a time, in order; returns how
    /// many. All of them if most >= slot.count.
    std::uint32_t take(const Slot& slot, Entry* out, std::uint32_t most) {
        List& list = lists_[slot.level * 64 + slot.digit];
        std::uint32_t taken = 0;
        while (list.count != 0) {
            const std::uint32_t here = std::min(list.count, chunk_entries);
            if (taken + here > most) break;
            const Entry* from = chunk(list.head);
            if (here == chunk_entries) {
                std::copy_n(from, chunk_entries, out + taken);
            } else {
                for (std::uint32_t k = 0; k < here; ++k)
                    out[taken + k] = from[k];
            }
            taken += here;
            list.count -= here;
            list.head = release(list.head);
        }
        count_ -= taken;
        if (list.count == 0) mark_empty(slot.level, slot.digit);
        return taken;
    }

    /// Files the entries of `slot` (the earliest; not of level 0) anew, at lower levels.
    void spread(const Slot& slot) {
        List list = lists_[slot.level * 64 + slot.digit];
        lists_[slot.level * 64 + slot.digit] = {};
        mark_empty(slot.level, slot.digit);
        base_ = slot.first;
        file_again(list);
    }

    /// Moves the base within the earliest slot or past its emptied levels: every digit in use stays
    /// right as long as no level below the highest differing digit is in use.
    void set_base(std::uint64_t base) { base_ = base; }

    /// Starts again from an earlier `base`: `earlier` are filed before what is here.
    void restart(std::uint64_t base, const Entry* earlier, const Entry* earlier_end) {
        const std::array<List, levels* 64> lists = lists_;
        lists_ = {};
        used_ = {};
        levels_ = 0;
        base_ = base;
        for (; earlier != earlier_end; ++earlier)
            add(*earlier);
        for (const List& list : lists)
            file_again(list);
    }

    /// What the pool holds, used or not: the memory of the wheel beside the object itself.
    std::size_t pool_bytes() const {
        return blocks_.size() * block_chunks * sizeof(Chunk) +
               next_.capacity() * sizeof(std::uint32_t);
    }

private:
    static constexpr std::uint32_t top_level = 10; // 11 digits of 6 bits hold any 63-bit time.
    static constexpr std::uint32_t levels = top_level + 1;
    static constexpr std::uint32_t block_chunks = 128;

    struct List {
        std::uint32_t head = 0, tail = 0; // Every chunk but the tail is full.
        std::uint32_t count = 0;
    };
    using Chunk = std::array<Entry, chunk_entries>;

    static std::uint32_t level_of(std::uint64_t difference) {
        // 43/256 is a sixth, exactly enough for 0 … 63.
        return (63U - static_cast<std::uint32_t>(std::countl_zero(difference | 1))) * 43U >> 8;
    }

    Entry* chunk(std::uint32_t index) {
        return blocks_[index / block_chunks][index % block_chunks].data();
    }

    void append_chunk(List& list, std::uint32_t level, std::uint32_t digit) {
        if (free_ == none) add_block();
        const std::uint32_t fresh = free_;
        free_ = next_[fresh];
        next_[fresh] = none;
        if (list.count == 0) {
            list.head = fresh;
            used_[level] |= std::uint64_t{1} << digit;
            levels_ |= 1U << level;
        } else {
            next_[list.tail] = fresh;
        }
        list.tail = fresh;
    }

    // Gives a chunk back and returns the one that followed it.
    std::uint32_t release(std::uint32_t index) {
        const std::uint32_t following = next_[index];
        next_[index] = free_;
        free_ = index;
        return following;
    }

    void add_block() {
        const auto first = static_cast<std::uint32_t>(next_.size());
        blocks_.emplace_back(block_chunks);
        for (std::uint32_t k = 1; k < block_chunks; ++k)
            next_.push_back(first + k);
        next_.push_back(none);
        free_ = first;
    }

    void mark_empty(std::uint32_t level, std::uint32_t digit) {
        used_[level] &= ~(std::uint64_t{1} << digit);
        if (used_[level] == 0) levels_ &= ~(1U << level);
    }

    void file_again(List list) {
        count_ -= list.count;
        while (list.count != 0) {
            const std::uint32_t here = std::min(list.count, chunk_entries);
            const Entry* from = chunk(list.head); // Stable: blocks never move.
            const std::uint32_t following = next_[list.head];
            if (list.count > chunk_entries) {
                const auto* line = reinterpret_cast<const char*>(chunk(following));
                for (int k = 0; k < 4; ++k)
                    __builtin_prefetch(line + 64 * k);
            }
            for (std::uint32_t k = 0; k < here; ++k)
                add(from[k]);
            release(list.head);
            list.head = following;
            list.count -= here;
        }
    }

    static constexpr std::uint32_t none = 0xffff'ffff;

    std::uint64_t base_ = 0;
    std::size_t count_ = 0;
    std::uint32_t levels_ = 0; // Bit per level in use.
    std::uint32_t free_ = none;
    std::array<std::uint64_t, levels> used_{}; // Bit per slot in use.
    std::array<List, levels * 64> lists_{};
    std::vector<std::vector<Chunk>> blocks_;
    std::vector<std::uint32_t> next_; // Per chunk: the next of its list, or of the free ones.
};

} // namespace brokersim
