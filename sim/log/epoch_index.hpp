// Which leader wrote which part of a log: epochs and where they start (KIP-101, KIP-279), and the
// rules by which a follower finds out where its log and its leader's part (KIP-595).
#pragma once

#include "brokersim/ids.hpp"

#include <cstdint>
#include <vector>

namespace brokersim {

/// The end of an epoch: its number and the first offset that is no longer its own; -1, -1 if
/// nothing is known.
struct EpochEnd {
    LeaderEpoch epoch = -1;
    Offset end = -1;

    bool known() const { return epoch >= 0 && end >= 0; }
    friend bool operator==(EpochEnd, EpochEnd) = default;
};

/// One log's history (Kafka: LeaderEpochFileCache). Invariant: ascending in epoch and in start.
class EpochIndex {
public:
    struct Entry {
        LeaderEpoch epoch = -1;
        Offset start = -1;
        friend bool operator==(Entry, Entry) = default;
    };

    /// Epoch `epoch` starts at `start`: at the log end of a new leader, at the base of the first
    /// batch on a follower. What contradicts it is forgotten; a repetition changes nothing.
    void assign(LeaderEpoch epoch, Offset start);

    /// Where `epoch` ends in a log that ends at `log_end`; the answer names the largest known
    /// epoch that is not above it. Unknown if the history is empty or `epoch` is beyond it.
    EpochEnd end_offset_for(LeaderEpoch epoch, Offset log_end) const;

    /// Forgets the epochs that start at or after `end`: the log was truncated to it.
    void truncate_from_end(Offset end);
    /// Moves the start of the history to `start`: the log now begins there.
    void truncate_from_start(Offset start);
    void clear() { entries_.clear(); }

    /// The epoch of the last entry; -1 if there is none.
    LeaderEpoch latest() const { return entries_.empty() ? -1 : entries_.back().epoch; }
    const std::vector<Entry>& entries() const { return entries_; }

private:
    std::vector<Entry> entries_;
};

/// What a leader finds out about a fetch from `fetch_offset` by a replica whose last record is of
/// `last_fetched_epoch`.
struct FetchCheck {
    enum class Verdict : std::uint8_t { agrees, diverges, out_of_range };
    Verdict verdict = Verdict::agrees;
    EpochEnd diverging; ///< known only if it diverges: the leader's end of that epoch
};

/// `last_fetched_epoch` -1: the replica has no history, and nothing is compared
/// (Kafka: Partition.readRecords).
FetchCheck check_fetch(const EpochIndex& leader, Offset log_start, Offset log_end,
                       Offset fetch_offset, LeaderEpoch last_fetched_epoch);

/// Whether that agrees. Most fetches go on in the newest epoch, which takes no search.
inline bool fetch_agrees(const EpochIndex& leader, Offset log_start, Offset log_end,
                         Offset fetch_offset, LeaderEpoch last_fetched_epoch) {
    if (fetch_offset >= log_start && fetch_offset <= log_end && last_fetched_epoch >= 0 &&
        last_fetched_epoch == leader.latest()) {
        return true;
    }
    return check_fetch(leader, log_start, log_end, fetch_offset, last_fetched_epoch).verdict ==
           FetchCheck::Verdict::agrees;
}

/// Where a follower truncates to that is told `diverging`; never beyond `log_end`, its own. This
/// may lie below its high watermark: after an unclean election even committed records go
/// (Kafka: AbstractFetcherThread.getOffsetTruncationState).
Offset truncation_offset(const EpochIndex& follower, Offset log_end, EpochEnd diverging);

/// What a follower does whose fetch offset is out of range.
struct RangeRepair {
    enum class Action : std::uint8_t {
        truncate,  ///< the leader's log is shorter: to `offset`
        resume,    ///< fetch from `offset`, the own log end
        start_over ///< nothing of the own log is in the leader's: delete it, begin at `offset`
    };
    Action action = Action::resume;
    Offset offset = -1;
};

/// `log_end`: the follower's; the others are the leader's answers
/// (Kafka: AbstractFetcherThread.fetchOffsetAndTruncate).
RangeRepair repair_out_of_range(Offset log_end, Offset leader_start, Offset leader_end);

} // namespace brokersim
