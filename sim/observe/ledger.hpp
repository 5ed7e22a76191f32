// The ledger of a run: what became of every record. It finds lost and duplicated records, names
// the causes, and counts; all on ranges, so a batch costs as much as a record.
#pragma once

#include "brokersim/facts.hpp"
#include "brokersim/run_info.hpp"
#include "observe/history.hpp"
#include "observe/pair_index.hpp"
#include "observe/ranges.hpp"
#include "observe/rereads.hpp"
#include "trace/end_record.hpp"
#include "trace/recorder.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace brokersim {

/// Was it a failure that took the record, or did somebody ask for its removal?
constexpr bool is_failure(LossWhy why) {
    return why <= LossWhy::disk_loss;
}

/// A range of one producer's records in one partition.
struct RecordRange {
    ProducerId p;
    std::int64_t i = 0, end = 0;
};

class Ledger final : public Observer {
public:
    explicit Ledger(const RunInfo& info);

    FactKinds wants() const override;
    void on(Time now, Cause cause, FactRef fact, Verdicts& verdicts) override;
    void at_end(Time end, Verdicts& verdicts) override;

    /// Counts of records so far. `acked_lost` costs a walk through the logs that have lost any.
    Totals totals() const;

    /// Acknowledged records that a failure took and that are still missing, of this producer and
    /// these partitions (none: of all).
    std::int64_t acked_lost(std::optional<ProducerId> p = {}, std::optional<PartitionId> first = {},
                            std::optional<PartitionId> last = {}) const;

    /// Appends the committed records at the offsets [from, to) of a partition, in order.
    void records(PartitionId tp, Offset from, Offset to, std::vector<RecordRange>& out) const;

    /// Where the log of this replica ends.
    Offset log_end(PartitionId tp, MachineId node) const;

private:
    /// The records of one producer in one partition.
    struct Account {
        ProducerId p;
        PartitionId tp;
        Ranges<> acked;
        Ranges<LossWhy> lost;          ///< told so
        Ranges<> stored;               ///< by a leader, at least once
        Ranges<> copied;               ///< by leaders, more than once
        std::int32_t session = -1;     ///< its newest in the partition's history
        LeaderEpoch last_epoch = -1;   ///< of its last stored batch
        LeaderEpoch newest_epoch = -1; ///< the highest of any
        std::int64_t last_end = 0;
    };
    struct Span {
        std::int64_t first = 0, end = 0;
    };
    /// A copy that may be lost.
    struct Copy {
        std::int64_t i = 0, end = 0;
        LeaderEpoch epoch = 0;
        Offset base = 0;
    };

    void on(const ProdAck& fact, Verdicts& verdicts);
    void on(const LogAppend& fact, Verdicts& verdicts);
    void on(const LogTrunc& fact, Verdicts& verdicts);
    void on(const LogHead& fact, Verdicts& verdicts);
    void on(const Hw& fact, Verdicts& verdicts);
    void on(const MetaSeen& fact, Verdicts& verdicts);
    void on(const ConsRead& fact, Verdicts& verdicts);
    void on(const CtlPart& fact);

    History& history(PartitionId tp) {
        if (tp.index() >= histories_.size()) { histories_.resize(tp.index() + 1); }
        return histories_[tp.index()];
    }
    std::int32_t account(ProducerId p, PartitionId tp) {
        const std::int32_t slot = account_of_.find(p.value, tp);
        return slot < 0 ? open_account(p, tp) : slot;
    }
    std::int32_t open_account(ProducerId p, PartitionId tp);
    std::int32_t session(History& history, const Term& term, const LogAppend& fact,
                         std::int32_t account);

    void act(PartitionId tp, History& history, Term& term, Verdicts& verdicts);
    void store(PartitionId tp, History& history, Term& term, const LogAppend& fact,
               Verdicts& verdicts);
    void tell_copies(const History& history, const LogAppend& fact, std::int32_t session,
                     Verdicts& verdicts);

    void find_copies(const History& history, const Replica& replica, std::int32_t account,
                     Span wanted, Ranges<std::int32_t>& out) const;

    void judge(const History& history, bool everything);
    void judge_expired(const History& history, const Lineage& log, Offset from, Offset to);
    void judge_ack(const History& history, std::int32_t account, const ProdAck& fact);
    void consider(const History& history, std::int32_t account, Copy copy, bool everything);
    void consider_all_copies(const History& history, std::int32_t account, std::int64_t first,
                             std::int64_t end, bool everything);
    void blame(std::int32_t account, std::int64_t i, std::int64_t end, Fate fate, bool everything);
    void tell_losses(Verdicts& verdicts);

    std::vector<History> histories_; ///< by partition
    std::vector<Account> accounts_;
    PairIndex account_of_;
    Rereads rereads_;
    Totals totals_;
    std::vector<Loss> losses_; ///< decided, not told yet
    std::vector<RecordRange> records_;
};

} // namespace brokersim
