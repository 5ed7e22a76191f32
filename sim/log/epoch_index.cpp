// Epoch history of a log, and where two logs part.
#include "log/epoch_index.hpp"

#include <algorithm>

namespace brokersim {

void EpochIndex::assign(LeaderEpoch epoch, Offset start) {
    if (!entries_.empty() && entries_.back().epoch == epoch && entries_.back().start <= start) {
        return;
    }
    while (!entries_.empty() &&
           (entries_.back().epoch >= epoch || entries_.back().start >= start)) {
        entries_.pop_back();
    }
    entries_.push_back({epoch, start});
}

EpochEnd EpochIndex::end_offset_for(LeaderEpoch epoch, Offset log_end) const {
    if (epoch < 0 || epoch > latest()) { return {}; }
    if (epoch == latest()) { return {epoch, log_end}; }
    const auto next = std::upper_bound(entries_.begin(), entries_.end(), epoch,
                                       [](LeaderEpoch e, Entry entry) { return e < entry.epoch; });
    // Older than everything that is left: it ended where the history begins, if not before.
    if (next == entries_.begin()) { return {epoch, next->start}; }
    return {(next - 1)->epoch, next->start};
}

void EpochIndex::truncate_from_end(Offset end) {
    while (!entries_.empty() && entries_.back().start >= end) {
        entries_.pop_back();
    }
}

void EpochIndex::truncate_from_start(Offset start) {
    const auto first_kept = std::find_if(entries_.begin(), entries_.end(),
                                         [start](Entry entry) { return entry.start > start; });
    if (first_kept == entries_.begin()) { return; }
    // The epoch that holds `start` stays, shortened.
    (first_kept - 1)->start = start;
    entries_.erase(entries_.begin(), first_kept - 1);
}

FetchCheck check_fetch(const EpochIndex& leader, Offset log_start, Offset log_end,
                       Offset fetch_offset, LeaderEpoch last_fetched_epoch) {
    using Verdict = FetchCheck::Verdict;
    if (fetch_offset < log_start) { return {Verdict::out_of_range, {}}; }
    if (last_fetched_epoch < 0) {
        return {fetch_offset > log_end ? Verdict::out_of_range : Verdict::agrees, {}};
    }
    const EpochEnd mine = leader.end_offset_for(last_fetched_epoch, log_end);
    if (!mine.known()) { return {Verdict::out_of_range, {}}; }
    if (mine.epoch < last_fetched_epoch || mine.end < fetch_offset) {
        return {Verdict::diverges, mine};
    }
    return {Verdict::agrees, {}};
}

Offset truncation_offset(const EpochIndex& follower, Offset log_end, EpochEnd diverging) {
    const EpochEnd mine = follower.end_offset_for(diverging.epoch, log_end);
    if (!mine.known()) { return std::min(diverging.end, log_end); }
    // The leader's epoch is one that we never saw: all that we have beyond the last common
    // candidate is in doubt, and the next fetch asks about that one.
    if (mine.epoch != diverging.epoch) { return std::min(mine.end, log_end); }
    return std::min({mine.end, diverging.end, log_end});
}

RangeRepair repair_out_of_range(Offset log_end, Offset leader_start, Offset leader_end) {
    using Action = RangeRepair::Action;
    if (leader_end < log_end) { return {Action::truncate, leader_end}; }
    if (leader_start > log_end) { return {Action::start_over, leader_start}; }
    return {Action::resume, log_end};
}

} // namespace brokersim
