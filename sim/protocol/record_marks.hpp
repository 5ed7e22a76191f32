// What records carry that their readers act on: their key and whether processing them fails.
// Batches are ranges and do not say it; a record is found by its identity (producer, partition,
// number), so the marks survive retries, replication and failover as the record itself does.
#pragma once

#include "brokersim/ids.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace brokersim {

/// The marks of a run, written by send(), read by applications. Empty unless somebody needs them
/// (`keep`), so that runs without poison and without concurrency pay nothing.
class RecordMarks {
public:
    static constexpr std::int64_t no_key = -1;
    static constexpr std::int64_t always = -1;

    /// Alike records in a row: numbers [first, first + count) of a producer in a partition.
    struct Run {
        std::int64_t first = 0;
        std::int64_t count = 0;
        std::int64_t key = no_key; ///< equal numbers of one producer: equal keys
        std::int64_t fails = 0;    ///< attempts of a group that fail; `always`
    };

    void keep() { kept_ = true; }
    bool kept() const { return kept_; }

    /// Numbers are handed out in order, so runs only ever go to the end.
    void add(ProducerId producer, PartitionId tp, Run run) {
        if (!kept_) return;
        std::vector<Run>& runs = runs_[{producer, tp}];
        if (!runs.empty() && runs.back().key == run.key && runs.back().fails == run.fails) {
            runs.back().count += run.count;
        } else {
            runs.push_back(run);
        }
    }

    /// The run that record `i` is part of; a plain one when nothing was marked.
    Run of(ProducerId producer, PartitionId tp, std::int64_t i) const {
        const auto found = runs_.find({producer, tp});
        if (found == runs_.end()) return {i, 1, no_key, 0};
        const std::vector<Run>& runs = found->second;
        auto after = std::upper_bound(runs.begin(), runs.end(), i,
                                      [](std::int64_t n, const Run& run) { return n < run.first; });
        if (after == runs.begin()) return {i, 1, no_key, 0};
        return *--after;
    }

    // ---- keys over all producers ----
    /// The keys of a producer that has a list of its own; others have k0, k1, …
    void list_keys(ProducerId producer, const std::vector<std::string>& keys);
    /// The same number for equal keys of all producers. `key`: as in a Run of this one.
    std::int64_t key_of(ProducerId producer, std::int64_t key) const;
    /// The bytes of such a key.
    std::string key_text(std::int64_t key) const;

    // ---- attempts: they belong to the group, whoever makes them ----
    /// How often processing has failed of a record that fails some times only.
    std::int64_t failures(GroupId g, ProducerId producer, PartitionId tp, std::int64_t i) const;
    void count_failure(GroupId g, ProducerId producer, PartitionId tp, std::int64_t i);

private:
    using Attempted = std::tuple<GroupId, ProducerId, PartitionId, std::int64_t>;

    bool kept_ = false;
    std::map<ProducerId, std::vector<std::int64_t>> lists_; ///< key of each entry
    std::vector<std::string> texts_;                        ///< of keys that are no kN: -2, -3, …
    std::map<Attempted, std::int64_t> failures_;
    std::map<std::pair<ProducerId, PartitionId>, std::vector<Run>> runs_;
};

} // namespace brokersim
