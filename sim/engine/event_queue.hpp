// The future event list: what will happen, in the one order in which it will happen.
#pragma once

#include "brokersim/time.hpp"
#include "engine/assert.hpp"
#include "engine/radix_wheel.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace brokersim {

/// Events ordered by (time, insertion): two events due at the same instant come out in the order
/// they went in, so that a run depends on nothing but its inputs. No ticket is stored: every step
/// of the queue is stable instead.
///
/// A sorted run holds what comes next; behind it a radix wheel holds the rest, unsorted. Up to some
/// sixty pending events are all in the run, and the wheel is empty. With more, the run is filled
/// from the earliest slots of the wheel, which are sorted when their turn comes.
///
/// Invariant: the run holds exactly the entries earlier than `bound_` (and, while a burst of equal
/// times is taken in parts, the first of those at `bound_`).
///
/// The queue is a plain value: copying it copies the future. It allocates only when more events
/// are pending than ever before.
template <class Payload>
class EventQueue {
    static_assert(std::is_trivially_copyable_v<Payload>);

public:
    struct Entry {
        Time at;
        Payload payload;
    };

    /// Schedules `payload`. The past is closed: `at` may equal now(), never precede it.
    void push(Time at, Payload payload) {
        BS_ASSERT(at >= now_);
        if (key(at) >= bound_) {
            wheel_.add({at, payload});
        } else {
            insert({at, payload});
        }
    }

    /// Removes the earliest entry and moves the clock to it. Requires !empty().
    Entry pop() {
        if (end_ - head_ <= low_) fill_up();
        const Entry entry = run_[head_++];
        now_ = entry.at;
        return entry;
    }

    /// As pop(), into `out`, unless nothing is due up to and including `until`.
    bool pop_until(Time until, Entry& out) {
        if (end_ - head_ <= low_) {
            if (empty()) return false;
            fill_up();
        }
        if (run_[head_].at > until) return false;
        out = run_[head_++];
        now_ = out.at;
        return true;
    }

    /// As pop(), but among the k sorted entries that tie for the earliest time, takes the one that
    /// `pick(k)` names (0 … k-1). Requires !empty(). For tests that search for a dependence on the
    /// order of ties; bursts of more than some two hundred are mixed a part at a time.
    template <class Pick>
    Entry pop_tied(Pick pick) {
        if (end_ - head_ <= low_) fill_up();
        std::uint32_t tied = 1;
        while (head_ + tied < end_ && run_[head_ + tied].at == run_[head_].at)
            ++tied;
        const auto chosen = head_ + static_cast<std::uint32_t>(pick(tied));
        BS_ASSERT(chosen < head_ + tied);
        const Entry entry = run_[chosen];
        std::copy_backward(run_.begin() + head_, run_.begin() + chosen, run_.begin() + chosen + 1);
        ++head_;
        now_ = entry.at;
        return entry;
    }

    /// When the earliest entry is due; never() if there is none.
    Time next_time() {
        if (empty()) return Time::never();
        if (head_ == end_) fill_up();
        return run_[head_].at;
    }

    /// The entry that `k` more pops lead to if nothing is pushed, or null where that is not known
    /// yet. For prefetching only.
    const Entry* peek(std::uint32_t k) const {
        return head_ + k < end_ ? &run_[head_ + k] : nullptr;
    }

    bool empty() const { return head_ == end_ && wheel_.empty(); }
    std::size_t size() const { return wheel_.size() + (end_ - head_); }
    /// The time of the last entry that was popped.
    Time now() const { return now_; }
    /// All memory that the queue holds.
    std::size_t bytes() const { return sizeof(*this) + wheel_.pool_bytes(); }

private:
    using Wheel = RadixWheel<Entry>;
    static constexpr std::uint32_t alone_max = 64;   // More than this, and the wheel is used;
    static constexpr std::uint32_t alone_again = 32; // fewer, and the run is alone again.
    static constexpr std::uint32_t batch_largest = 240;
    static constexpr std::uint32_t batch_least = 16;
    static constexpr std::uint32_t near = 12;      // So many places are looked through one by one.
    static constexpr std::uint32_t lookahead = 16; // Keep so many sorted: for prefetching.
    static constexpr std::uint32_t room = 512;
    static constexpr std::uint32_t room_in_front = 64;
    static constexpr std::uint32_t run_max = 400; // Beyond, the run goes back to the wheel.
    static constexpr std::uint64_t unbounded = std::numeric_limits<std::uint64_t>::max();

    // Entries without their initialisation, which would cost as much as sorting them.
    union Scratch {
        Scratch() {}
        std::array<Entry, batch_largest + alone_max> entries;
    };

    static std::uint64_t key(Time at) { return static_cast<std::uint64_t>(at.ns); }

    void insert(const Entry& entry) {
        const std::uint32_t pending = end_ - head_;
        Entry* at = run_.data() + head_;
        if (pending <= near || head_ == 0 || at[near].at <= entry.at ||
            pending >= (bound_ == unbounded ? alone_max : run_max)) {
            insert_far(entry);
            return;
        }
        // Most events are due soon: what comes before this one moves up by a place.
        for (; at->at <= entry.at; ++at)
            at[-1] = *at;
        at[-1] = entry;
        --head_;
        ++inserted_;
    }

    [[gnu::noinline]] void insert_far(Entry entry) {
        const std::uint32_t pending = end_ - head_;
        if (pending >= (bound_ == unbounded ? alone_max : run_max)) {
            make_room();
            push(entry.at, entry.payload);
            return;
        }
        if (head_ == 0 || end_ == room) recentre();
        ++inserted_;
        // Behind all entries that are not later, from the nearer side.
        Entry* const first = run_.data() + head_;
        Entry* const last = run_.data() + end_;
        Entry* const at = not_later(first, pending, entry.at);
        if (last - at <= at - first) {
            std::copy_backward(at, last, last + 1);
            *at = entry;
            ++end_;
        } else {
            std::copy(first, at, first - 1);
            at[-1] = entry;
            --head_;
        }
    }

    // The end of the entries at `first` that are not later than `time`: a search without branches.
    static Entry* not_later(Entry* first, std::uint32_t count, Time time) {
        while (count > 1) {
            const std::uint32_t half = count / 2;
            first += first[half - 1].at <= time ? half : 0;
            count -= half;
        }
        return first + (count == 1 && first->at <= time ? 1 : 0);
    }

    void recentre() { slide_to((room - (end_ - head_)) / 2); }

    void slide_to(std::uint32_t begin) {
        const std::uint32_t pending = end_ - head_;
        Entry* const from = run_.data() + head_;
        if (begin < head_) {
            std::copy(from, from + pending, run_.data() + begin);
        } else {
            std::copy_backward(from, from + pending, run_.data() + begin + pending);
        }
        head_ = begin;
        end_ = begin + pending;
    }

    // The run is full: what belongs to the slot that was taken last goes back, to lower levels of
    // the wheel, which have been empty since. They begin at the last popped time, not at the
    // earliest entry: pushes may still come in between.
    void make_room() {
        const std::uint64_t cut = std::max(slot_first_, key(now_));
        std::uint32_t kept = end_;
        while (kept > head_ && key(run_[kept - 1].at) >= cut)
            --kept;
        if (bound_ == cut || kept - head_ >= run_max) {
            // Entries from before that slot fill it, or its ties are partly here: all anew.
            wheel_.restart(key(now_), run_.data() + head_, run_.data() + end_);
            end_ = head_;
            bound_ = slot_first_ = key(now_);
        } else {
            wheel_.set_base(cut);
            for (std::uint32_t k = kept; k < end_; ++k)
                wheel_.add(run_[k]);
            end_ = kept;
            bound_ = slot_first_ = cut;
        }
    }

    [[gnu::noinline]] void fill_up() {
        if (wheel_.empty()) {
            BS_ASSERT(head_ != end_);
            low_ = 0;
            return;
        }
        slide_to(room_in_front);
        adapt();
        const std::size_t pending = size();
        Scratch scratch;
        Entry* const batch = scratch.entries.data();
        std::uint32_t count = 0;
        if (pending <= alone_again) {
            while (!wheel_.empty()) {
                const auto slot = wheel_.earliest();
                count += wheel_.take(slot, batch + count, slot.count);
                wheel_.set_base(slot.last());
            }
            bound_ = unbounded;
            slot_first_ = 0;
            low_ = 0;
        } else {
            count = take_batch(batch, pending);
            low_ = pending >= 512 ? lookahead : 0;
        }
        sort(batch, count, run_.data() + end_);
        end_ += count;
        taken_ += count;
    }

    // Pushes that fall into the run are dear when it is long: then take less at a time.
    void adapt() {
        if (taken_ < 256) return;
        batch_max_ = inserted_ * 4 > taken_ ? std::max(batch_max_ / 2, batch_least)
                                            : std::min(batch_max_ * 2, batch_largest);
        taken_ = inserted_ = 0;
    }

    // Takes the earliest slot, and a few more where slots hold little.
    std::uint32_t take_batch(Entry* batch, std::size_t pending) {
        auto slot = wheel_.earliest();
        while (slot.level > 0 && (slot.count > batch_max_ ||
                                  (slot.count > 32 && std::size_t{slot.count} * 8 > pending))) {
            wheel_.spread(slot);
            slot = wheel_.earliest();
        }
        slot_first_ = slot.first;
        if (slot.count > batch_largest) { // Equal times: the first of them; more may still follow.
            wheel_.set_base(slot.first);
            bound_ = slot.first;
            return wheel_.take(slot, batch, batch_largest);
        }
        std::uint32_t count = wheel_.take(slot, batch, slot.count);
        while (!wheel_.empty() && count < 32 && count * std::size_t{8} < pending) {
            wheel_.set_base(slot.last());
            const auto next = wheel_.earliest();
            if (count + next.count > 64) break;
            slot = next;
            count += wheel_.take(slot, batch + count, slot.count);
        }
        slot_first_ = slot.first;
        wheel_.set_base(slot.last());
        bound_ = slot.last() + 1;
        return count;
    }

    // Orders `count` entries by time, stably: a counting pass over the highest six bits in which
    // they differ, then insertion for what lower bits leave.
    static void sort(const Entry* in, std::uint32_t count, Entry* out) {
        std::uint64_t difference = 0;
        for (std::uint32_t k = 1; k < count; ++k)
            difference |= key(in[k].at) ^ key(in[0].at);
        const auto width = static_cast<std::uint32_t>(std::bit_width(difference));
        if (count <= 8 || width == 0) {
            std::copy(in, in + count, out);
        } else {
            const std::uint32_t shift = width > 6 ? width - 6 : 0;
            std::array<std::uint16_t, 64> place{};
            for (std::uint32_t k = 0; k < count; ++k)
                ++place[key(in[k].at) >> shift & 63];
            std::uint16_t before = 0;
            for (std::uint16_t& p : place) {
                const std::uint16_t here = p;
                p = before;
                before = static_cast<std::uint16_t>(before + here);
            }
            for (std::uint32_t k = 0; k < count; ++k) {
                out[place[key(in[k].at) >> shift & 63]++] = in[k];
            }
            if (shift == 0) return;
        }
        for (std::uint32_t k = 1; k < count; ++k) {
            const Entry entry = out[k];
            std::uint32_t at = k;
            for (; at > 0 && entry.at < out[at - 1].at; --at)
                out[at] = out[at - 1];
            out[at] = entry;
        }
    }

    Time now_;
    std::uint64_t bound_ = unbounded;
    std::uint64_t slot_first_ = 0; // Of the slot that was taken last.
    std::uint32_t head_ = room / 2, end_ = room / 2;
    std::uint32_t low_ = 0;
    std::uint32_t batch_max_ = batch_largest;
    std::uint32_t taken_ = 0, inserted_ = 0; // Since the last adaptation.
    std::array<Entry, room> run_{};
    Wheel wheel_;
};

} // namespace brokersim
