// What must hold at every moment of every run: checked fact by fact, told as violations.
#pragma once

#include "brokersim/facts.hpp"
#include "brokersim/run_info.hpp"
#include "trace/recorder.hpp"

#include <cstdint>
#include <map>
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
/// offset that was told · X1 a record has one outcome.
class Invariants final : public Observer {
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
        friend bool operator==(const Entry&, const Entry&) = default;
    };
    struct Replica {
        std::vector<Entry> log;
        Offset start = 0, end = 0, hw = 0;
        LeaderEpoch hw_epoch = -1;
    };
    struct Partition {
        std::map<MachineId, Replica> replicas;
        std::map<LeaderEpoch, MachineId> leaders;
        std::vector<Entry> committed; ///< in order of offsets; what any leader has committed
        LeaderEpoch epoch = -1;
        PartitionEpoch partition_epoch = -1;
        /// An unclean election or a power cut may take committed records away.
        bool lossy = false;
    };

    void on(const CtlPart& fact);
    void on(const LogAppend& fact);
    void on(const LogTrunc& fact);
    void on(const LogHead& fact);
    void on(const Hw& fact);
    void on(const ProdAck& fact);
    void outcome(ProducerId p, PartitionId tp, std::int64_t i, std::int64_t count);
    void commit(Partition& partition, PartitionId tp, Replica& replica, Offset from, Offset to);
    void alive(MachineId node, std::string_view what);
    void broken(std::string_view invariant, std::string text);
    std::string at(MachineId node, PartitionId tp) const;

    const RunInfo& info_;
    std::vector<Partition> partitions_;
    std::vector<bool> up_; ///< by machine
    bool elr_ = false;     ///< ISRs may be empty (KIP-966)
    /// Records with an outcome, by producer and partition: [begin, end) ranges, joined.
    std::map<std::pair<ProducerId, PartitionId>, std::map<std::int64_t, std::int64_t>> outcomes_;
    Time now_;
    Verdicts* verdicts_ = nullptr;
};

} // namespace brokersim
