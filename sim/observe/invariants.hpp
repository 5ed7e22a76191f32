// What must hold at every moment of every run: checked fact by fact, told as violations.
#pragma once

#include "observe/invariant_observer.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace brokersim {

/// Rebuilds logs, commits and partition states from the facts alone and looks at every change of
/// them. Costs memory for every batch, so it is for tests and swarms, not for each run.
///
/// K1 time never goes back · K6 what is down does nothing · C1 C2 one leader for each epoch, epochs
/// rise · C3 the leader is in the ISR, ISR and ELR among the replicas and apart · L1 logs are dense
/// · L2 a high watermark lies in its log · L3 epochs rise along a log · L4 followers hold the
/// batches of the leader of that epoch · L5 below their high watermarks all replicas agree · L7 a
/// high watermark never falls within an epoch and a life of its process · L9 a leader never
/// truncates what it has committed · D1 what was acknowledged by all is committed · D4 at the
/// offset that was told · X1 a record has one outcome. In replica_invariants.cpp: L6 every member
/// of the ISR has what the leader has committed (that is also L10) · L8 nobody truncates what is
/// committed · L11 a power cut takes nothing that was flushed · L12 a log starts within itself · I1
/// the sequences of a producer have no gap in a log · I2 I3 its records stand there once and in
/// order · D2 what is lost is lost by what its acks allow · D5 what has certainly failed is in no
/// log. The controller's: C4 a leader was in the ISR or eligible, or the election is called
/// unclean; it is not fenced · C5 who joins the ISR has what is committed · C8 an epoch has one
/// controller, and epochs rise.
class Invariants final : public InvariantObserver {
public:
    explicit Invariants(const RunInfo& info);

    FactKinds wants() const override;
    void on(Time now, Cause cause, FactRef fact, Verdicts& verdicts) override;

private:
    struct Entry {
        Offset base = 0;
        std::int32_t count = 0;
        LeaderEpoch epoch = 0;
        ProducerId p;
        std::int64_t i = 0;
        std::int64_t pid = -1; ///< -1: not idempotent
        std::int32_t pepoch = -1, seq = -1;
        friend bool operator==(const Entry&, const Entry&) = default;
    };
    struct Replica {
        std::vector<Entry> log;
        Offset start = 0, end = 0, hw = 0;
        Offset flushed = 0; ///< durable up to here
        LeaderEpoch hw_epoch = -1;
    };
    struct Partition {
        std::map<MachineId, Replica> replicas;
        std::map<LeaderEpoch, MachineId> leaders;
        std::vector<Entry> committed; ///< in order of offsets; what any leader has committed
        LeaderEpoch epoch = -1;
        PartitionEpoch partition_epoch = -1;
        std::vector<MachineId> repl, isr, elr;
        std::optional<MachineId> leader;
        /// An unclean election or a power cut may take committed records away.
        bool lossy = false;
    };

    void on(const CtlPart& fact);
    void on(const TopicChanged& fact);
    void on(const LogAppend& fact);
    void on(const LogTrunc& fact);
    void on(const LogHead& fact);
    void on(const Hw& fact);
    void on(const ProdAck& fact);
    void outcome(ProducerId p, PartitionId tp, std::int64_t i, std::int64_t count);
    void commit(Partition& partition, PartitionId tp, Replica& replica, Offset from, Offset to);
    void alive(MachineId node, std::string_view what);

    // replica_invariants.cpp
    void elected(const Partition& partition, const CtlPart& fact);
    void joined(const Partition& partition, const CtlPart& fact);
    void elected(const CtlElected& fact);
    void committed_by_all(const Partition& partition, const Hw& fact);
    void in_order(PartitionId tp, MachineId node, const Replica& replica);
    void truncated(const Partition& partition, const Replica& replica, const LogTrunc& fact);
    void failed(const ProdFail& fact);
    void lost(const Loss& fact);
    std::string at(MachineId node, PartitionId tp) const;

    const RunInfo& info_;
    std::vector<Partition> partitions_;
    std::vector<bool> up_;     ///< by machine
    std::vector<bool> fenced_; ///< by machine
    std::int32_t controller_epoch_ = 0;
    bool elr_ = false; ///< ISRs may be empty (KIP-966)
    /// Records with an outcome, by producer and partition: [begin, end) ranges, joined.
    std::map<std::pair<ProducerId, PartitionId>, std::map<std::int64_t, std::int64_t>> outcomes_;
    Time now_;
};

} // namespace brokersim
