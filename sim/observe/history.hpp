// One partition as its facts tell it: terms of its leaders, the batches they created, what each
// replica holds, and what counts as committed.
#pragma once

#include "brokersim/facts.hpp"
#include "observe/lineage.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace brokersim {

/// Consecutive records of one producer session in the log of the leader that created them.
/// Batches are cut at batch boundaries only, so a run of batches may be kept as one.
struct Run {
    Offset base = 0;
    std::int64_t i = 0; ///< of the first record
    std::int32_t count = 0;
    std::int32_t session = 0; ///< position in History::sessions

    Offset end() const { return base + count; }
};

/// Who wrote a run: a producer instance under one producer id and epoch.
struct Session {
    std::int32_t account = -1; ///< position in the ledger's accounts; -1: internal records
    std::int64_t pid = -1;     ///< -1 = without idempotence
    std::int32_t pepoch = -1;

    friend bool operator==(const Session&, const Session&) = default;
};

/// One leader epoch.
struct Term {
    LeaderEpoch epoch = 0;
    MachineId leader; ///< not valid: nobody
    bool clean = true;
    bool acted = false;   ///< its leader has done something; `lineage` is its log at that moment
    bool reigned = false; ///< … while it was the newest leader: its log became the history
    bool ordered = true;  ///< nobody's records went backwards in it
    Lineage lineage;
    std::vector<Run> runs; ///< created in this term, by offset

    Offset end() const { return runs.empty() ? 0 : runs.back().end(); }
    /// The first run that ends after `offset`. Fast near the end.
    std::size_t find(Offset offset) const;
};

/// Records from `to` on (a wound) or before `to` (a head that moved) left a log, which was
/// `before` then.
struct Removal {
    Offset to = 0;
    Lineage before;
    LossWhy why{};
};

struct Replica {
    MachineId node;
    Lineage log;
    Offset start = 0;
    Offset hw = 0;
    std::vector<Removal> wounds; ///< tails that a power cut or a lost disk took
    std::vector<Removal> heads;
};

/// What became of one copy of a record.
struct Fate {
    std::uint32_t causes = 0; ///< bits of LossWhy
    bool certain = false;     ///< gone for good: a later leader acted without it

    bool may_be(LossWhy why) const { return (causes >> static_cast<unsigned>(why) & 1U) != 0; }
    friend bool operator==(const Fate&, const Fate&) = default;
};

/// Invariant: terms are sorted by epoch.
class History {
public:
    std::vector<Term> terms;
    std::vector<Session> sessions;
    bool gaps = false; ///< some copies may be missing in the newest reign's log

    /// A committed change of leader or ISR.
    void decide(MachineId leader, LeaderEpoch epoch, bool clean);
    /// The leader of `term` acts. True: it is the newest and acts for the first time, so its log is
    /// the history from here on; `lost_from` is where committed records end that it lacks, or
    /// nothing().
    bool act(Term& term, Offset& lost_from);
    static constexpr Offset nothing() { return Lineage::far_away; }

    /// The term of this epoch, null if it was never decided.
    Term* term_of(LeaderEpoch epoch) {
        const std::size_t k = place(epoch);
        return k < terms.size() ? &terms[k] : nullptr;
    }
    const Term* term_of(LeaderEpoch epoch) const {
        const std::size_t k = place(epoch);
        return k < terms.size() ? &terms[k] : nullptr;
    }
    Replica& replica(MachineId node) {
        for (Replica& known : replicas_) {
            if (known.node == node) { return known; }
        }
        replicas_.emplace_back().node = node;
        return replicas_.back();
    }
    const Replica* find_replica(MachineId node) const;
    /// The newest term with a leader, null before the first.
    const Term* newest() const { return last_ < 0 ? nullptr : &terms[index(last_)]; }
    Term* newest() { return last_ < 0 ? nullptr : &terms[index(last_)]; }
    /// The newest term whose log became the history.
    const Term* reign() const { return reign_ < 0 ? nullptr : &terms[index(reign_)]; }

    void trim(Replica& replica, const LogTrunc& fact);
    void behead(Replica& replica, const LogHead& fact);
    /// Everything below the high watermark of `leader`, acting in `term`, is committed.
    void advance(const Replica& leader, const Term& term);

    const Lineage& committed() const { return committed_; }
    /// An acknowledged or committed record was lost at least once: offsets were used again.
    bool was_lossy() const { return lossy_ >= 0; }

    Fate fate(LeaderEpoch epoch, Offset offset) const;
    /// The next offset after `offset` at which fate() may differ.
    Offset next_boundary(Offset offset) const;

    /// f(epoch, run, from, to) for every part of a run in [from, to) of a log.
    template <class F>
    void runs(const Lineage& log, Offset from, Offset to, F&& f) const {
        for (std::size_t k = first_segment(log, from); k < log.segments().size(); ++k) {
            const Offset low = std::max(from, log.segments()[k].first);
            const Offset high = std::min(to, log.end_of(k));
            if (low >= to) { return; }
            const Term* term = term_of(log.segments()[k].epoch);
            if (term == nullptr || low >= high) { continue; }
            for (std::size_t r = term->find(low); r < term->runs.size(); ++r) {
                const Run& run = term->runs[r];
                if (run.base >= high) { break; }
                f(term->epoch, run, std::max(low, run.base), std::min(high, run.end()));
            }
        }
    }

private:
    static std::size_t index(std::int32_t k) { return static_cast<std::size_t>(k); }
    static std::size_t first_segment(const Lineage& log, Offset from);
    std::size_t place(LeaderEpoch epoch) const {
        if (!terms.empty() && terms.back().epoch == epoch) { return terms.size() - 1; }
        return search(epoch);
    }
    std::size_t search(LeaderEpoch epoch) const;
    bool lacks_something(const Term& reign) const;

    std::vector<Replica> replicas_;
    std::vector<Removal> expired_; ///< heads that leaders moved
    Lineage committed_;
    std::int32_t last_ = -1;
    std::int32_t reign_ = -1;
    LeaderEpoch lossy_ = -1; ///< newest epoch whose leader lacked committed records
};

} // namespace brokersim
