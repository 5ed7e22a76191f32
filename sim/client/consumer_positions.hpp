// The partitions that a member owns and where it stands in each. Kafka: SubscriptionState,
// OffsetFetcher (semantics §5.2).
#pragma once

#include "client/consumer_core.hpp"
#include "protocol/content.hpp"
#include "protocol/fetch.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace brokersim {

struct PartitionPosition {
    enum class State : std::uint8_t {
        initializing, ///< the committed offset is being asked for
        resetting,    ///< has none: the reset policy decides
        validating,   ///< a new leader epoch: was the log truncated below the position?
        fetching,
    };
    static constexpr std::uint32_t no_chunk = 0xffffffff;

    PartitionId tp;
    State state = State::initializing;
    bool revoking = false;  ///< about to be given up: neither fetched nor returned
    Offset offset = -1;     ///< next to return
    LeaderEpoch epoch = -1; ///< of the last record returned; -1: none yet
    MachineId leader;       ///< as the position knows it
    LeaderEpoch leader_epoch = -1;
    MachineId asked; ///< a look-up is under way there
    Time retry_at;   ///< the next look-up not before

    // The fetcher's.
    MachineId node;           ///< counted as one of its readers
    bool in_session = false;  ///< part of that broker's fetch session
    bool fresh = false;       ///< has to be named in the next request
    bool changed = false;     ///< listed in ConsumerPositions::changed
    Offset asked_offset = -1; ///< as the session has it
    std::uint32_t chunk = no_chunk;

    // What is due and not served, for cons.wait.
    Time due = Time::never();
    bool waiting = false;

    bool fetchable() const { return state == State::fetching && !revoking; }
};

class ConsumerPositions {
public:
    std::size_t size() const { return all_.size(); }
    bool empty() const { return all_.empty(); }
    PartitionPosition& operator[](std::size_t k) { return all_[k]; }
    const PartitionPosition& operator[](std::size_t k) const { return all_[k]; }
    PartitionPosition* find(PartitionId tp);
    const PartitionPosition* find(PartitionId tp) const;
    Generation generation() const { return generation_; }

    /// What the generation gives; sorted here.
    void assign(Generation generation, std::vector<PartitionId> partitions, ConsumerCore& core,
                Effects& out);
    /// Everything is given up; whoever waits for these partitions, waits.
    void clear(In in, ConsumerCore& core, Effects& out);
    /// They will be given up: nothing of them is returned any more.
    void mark_revoking();
    /// All positions that a commit of "what was returned" covers.
    void consumed(std::vector<CommittedOffset>& offsets) const;

    /// Some positions have to be asked of the coordinator.
    bool need_committed() const { return initializing_ > 0; }
    void uninitialized(std::vector<PartitionId>& partitions) const;
    void on_committed(In in, const OffsetFetchResponse& response, ConsumerCore& core, Effects& out);
    /// auto.offset.reset=none, and there is no offset: the application gets an exception.
    bool failed() const { return failed_; }

    /// Sends the look-ups that are due. Returns when to look again.
    Time look_up(In in, ConsumerCore& core, Effects& out) {
        return looking_up_ == 0 ? Time::never() : look_up_all(in, core, out);
    }
    void on_list_offsets(In in, MachineId node, const ListOffsetsResponse& response,
                         ConsumerCore& core, Effects& out);
    void on_epochs(In in, MachineId node, const OffsetsForLeaderEpochResponse& response,
                   ConsumerCore& core, Effects& out);
    /// A look-up at `node` was lost.
    void on_lost_look_up(In in, MachineId node, Api api, ConsumerCore& core, Effects& out);

    /// The metadata may name other leaders.
    void take_leaders(In in, ConsumerCore& core);
    void take_leader(In in, std::size_t k, ConsumerCore& core);
    /// The position is outside the log.
    void reset(In in, std::size_t k, ConsumerCore& core);

    /// The fetcher has to look at it again.
    void touch(std::size_t k) {
        if (all_[k].changed) return;
        all_[k].changed = true;
        changed.push_back(static_cast<std::uint32_t>(k));
    }
    std::vector<std::uint32_t> changed;

    // ---- cons.wait, cons.served ----
    bool any_unserved() const { return unserved_ > 0; }
    void set_due(std::size_t k, Time since) {
        if (all_[k].due != Time::never()) return;
        all_[k].due = since;
        ++unserved_;
    }
    /// What is due since `since` (or longer) cannot be served.
    void note_wait(In in, std::size_t k, Time since, const ConsumerCore& core, Effects& out);
    void note_served(std::size_t k, const ConsumerCore& core, Effects& out);

private:
    using State = PartitionPosition::State;

    std::size_t index_of(const PartitionPosition& p) const {
        return static_cast<std::size_t>(&p - all_.data());
    }
    void set_state(std::size_t k, State state);
    void start(std::size_t k, StartWhy why, const ConsumerCore& core, Effects& out);
    void validate_or_fetch(In in, std::size_t k);
    void forget_due(std::size_t k);
    void retry_look_up(In in, std::size_t k, const ConsumerCore& core, Effects& out);
    bool look_up_at(In in, std::size_t k, ConsumerCore& core, Effects& out);
    template <class M>
    void ask(In in, std::size_t first, ConsumerCore& core, Effects& out);
    Time look_up_all(In in, ConsumerCore& core, Effects& out);
    bool due_for_look_up(In in, const PartitionPosition& p) const {
        return (p.state == State::resetting || p.state == State::validating) && !p.asked.valid() &&
               !p.revoking && p.retry_at <= in.now;
    }

    std::vector<PartitionPosition> all_; ///< by partition
    Generation generation_ = -1;
    std::size_t initializing_ = 0, looking_up_ = 0, unserved_ = 0;
    bool failed_ = false;
};

} // namespace brokersim
