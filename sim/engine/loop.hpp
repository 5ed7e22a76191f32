// The loop: pop the next event, hand it over. Simulator and benchmarks drive the same one.
#pragma once

#include "brokersim/time.hpp"
#include "engine/event_queue.hpp"
#include "engine/random.hpp"

#include <cstdint>
#include <optional>

namespace brokersim {

/// Why a loop came back.
enum class LoopEnd : std::uint8_t {
    drained,         ///< nothing is pending
    reached,         ///< nothing more is due up to the time that was asked for
    budget_spent,    ///< so many events were asked for
    endless_instant, ///< more events in one instant than any model means to have
};

/// The future and the count of what happened. A plain value; its owner hands itself to run():
///
///     void handle(Time now, Payload payload);      // required; may push()
///     void prefetch(Payload payload);              // optional: touch what the event refers to
///     void prefetch_actor(Payload payload);        // optional, nearer: touch who will handle it
///
/// Prefetches come some 14 and 7 events ahead, at most once per event each, and only where the
/// order is known by then. They must change nothing.
template <class Payload>
class Loop {
public:
    static constexpr std::uint32_t prefetch_distance = 14;
    static constexpr std::uint32_t actor_distance = 7;
    /// An instant with more events than this is taken for a loop in the model.
    static constexpr std::uint32_t instant_events_max = 1'000'000;

    void push(Time at, Payload payload) { queue_.push(at, payload); }

    /// Handles events up to and including `until`, at most `budget` of them.
    template <class Handler>
    LoopEnd run(Handler& handler, Time until, std::uint64_t budget) {
        typename EventQueue<Payload>::Entry entry;
        for (; budget > 0; --budget) {
            if (!next(until, entry)) return queue_.empty() ? LoopEnd::drained : LoopEnd::reached;
            if constexpr (requires { handler.prefetch(entry.payload); }) {
                if (const auto* coming = queue_.peek(prefetch_distance))
                    handler.prefetch(coming->payload);
            }
            if constexpr (requires { handler.prefetch_actor(entry.payload); }) {
                if (const auto* coming = queue_.peek(actor_distance))
                    handler.prefetch_actor(coming->payload);
            }
            if (entry.at != instant_) {
                instant_ = entry.at;
                instant_events_ = 0;
            }
            ++events_;
            ++instant_events_;
            handler.handle(entry.at, entry.payload);
            if (instant_events_ > instant_events_max) return LoopEnd::endless_instant;
        }
        return LoopEnd::budget_spent;
    }

    /// From now on events of the same instant happen in an order drawn from `stream`: for tests
    /// that search for a dependence on the order of ties.
    void shuffle_ties(const Stream& stream) { shuffle_ = stream; }

    EventQueue<Payload>& queue() { return queue_; }
    const EventQueue<Payload>& queue() const { return queue_; }
    Time now() const { return queue_.now(); }
    std::uint64_t events() const { return events_; }

private:
    bool next(Time until, typename EventQueue<Payload>::Entry& entry) {
        if (!shuffle_) [[likely]]
            return queue_.pop_until(until, entry);
        if (queue_.next_time() > until || queue_.empty()) return false;
        entry = queue_.pop_tied([this](std::uint64_t ties) { return shuffle_->below(ties); });
        return true;
    }

    EventQueue<Payload> queue_;
    std::uint64_t events_ = 0;
    Time instant_{-1};
    std::uint32_t instant_events_ = 0;
    std::optional<Stream> shuffle_;
};

} // namespace brokersim
