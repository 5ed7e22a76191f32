// The numbers of a run: rates, latencies, lag, elections; for the summary and for expectations.
#pragma once

#include "brokersim/facts.hpp"
#include "brokersim/run_info.hpp"
#include "brokersim/scenario.hpp"
#include "observe/dues.hpp"
#include "observe/histogram.hpp"
#include "observe/ledger.hpp"
#include "observe/pair_index.hpp"
#include "observe/probe.hpp"
#include "observe/ranges.hpp"
#include "observe/request_load.hpp"
#include "trace/recorder.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace brokersim {

/// Counts of things within the measured part of a run.
struct Counts {
    std::array<std::int64_t, static_cast<std::size_t>(Count::count_)> values{};

    std::int64_t operator[](Count what) const { return values[static_cast<std::size_t>(what)]; }
    std::int64_t& operator[](Count what) { return values[static_cast<std::size_t>(what)]; }
};

struct ProducerStats {
    Counts counts;
    std::int64_t acked_bytes = 0; ///< keys and values
    Duration blocked_total, blocked_max;
    Time first_due = Time::never(); ///< of what was acknowledged
    Time last_ack;
    Histogram latency; ///< from due to acknowledgement
    std::array<Time, 2> blocked_since{Time::never(), Time::never()}; ///< by BlockedWhy
};

struct PartitionStats {
    MachineId leader; ///< not valid: none
    LeaderEpoch epoch = -1;
    std::vector<MachineId> isr, replicas;
    Counts counts;
    Offset end = 0; ///< of the leader's log
};

struct GroupStats {
    Counts counts;
    Gauge lag;
    Histogram latency; ///< from due to the end of its first processing
    Duration oldest;   ///< highest age of a record that was processed, or is still to be
};

/// Lost or duplicated records of one topic by cause; `g`: of what a group got again.
template <class Why>
struct Tally {
    TopicId topic;
    Why why{};
    std::optional<GroupId> g;
    std::int64_t count = 0;
};

/// What a group has still to process of a partition.
struct Reading {
    GroupId g;
    PartitionId tp;
    MachineId mem;   ///< who reads
    Offset next = 0; ///< to be processed
    std::int64_t lag = 0;
    Ranges<> ahead; ///< done beyond it: several workers

    /// Offsets [from, to) are done. True: `next` has moved.
    bool finish(Offset from, Offset to);
};

struct FaultStats {
    FaultId id;
    FaultAction action{};
    Time begin;
    Time end = Time::never();
    std::vector<MachineId> targets;
};

/// Everything counts from the scenario's `warmup` on, by the time at which it happens. Lag is the
/// end of the leader's log minus the next offset to be processed, from a group's first position in
/// a partition on.
class Metrics final : public Observer {
public:
    /// `ledger` must see every fact before this does.
    Metrics(const Scenario& scenario, const RunInfo& info, const Ledger& ledger);

    FactKinds wants() const override;
    void on(Time now, Cause cause, FactRef fact, Verdicts& verdicts) override;
    void at_end(Time end, Verdicts& verdicts) override;

    const std::vector<ProducerStats>& producers() const { return producers_; }
    const std::vector<PartitionStats>& partitions() const { return partitions_; }
    const std::vector<GroupStats>& groups() const { return groups_; }
    const std::vector<Reading>& readings() const { return readings_; }
    const std::vector<FaultStats>& faults() const { return faults_; }
    const std::vector<Unavailable>& windows() const { return windows_; }
    const std::vector<Tally<LossWhy>>& losses() const { return losses_; }
    const std::vector<Tally<DupWhy>>& duplicates() const { return duplicates_; }
    const Counts& counts() const { return counts_; }
    Time measured_from() const { return warmup_; }

    /// The answer to the expectation at this position of the scenario (one about a metric).
    Measured measure(std::size_t expectation, Time end) const;

private:
    void on(Time now, const CtlPart& fact);
    void on(Time now, const LogAppend& fact);
    void on(Time now, const ProdNew& fact);
    void on(Time now, const ProdAck& fact);
    void on(Time now, const ProdFail& fact);
    void on(Time now, const ConsStart& fact);
    void on(Time now, const ConsDone& fact);
    void on(Time now, const Loss& fact);
    void on(Time now, const Dup& fact);
    bool asks_for_load() const;
    Measured measure_load(std::size_t probe, Time end) const;
    void on_rare(Time now, FactRef fact);
    void on(Time now, const Unavailable& window);

    void count(Time now, Count what, const Subject& subject, std::int64_t n);
    void sample(Time now, Source source, const Subject& subject, std::int64_t value,
                std::int64_t n);
    void blocked(Time now, ProducerId p, BlockedWhy why, bool begins);
    void unblock(Time now, ProducerId p, Time& since);
    void set_end(Time now, PartitionId tp, Offset end);
    void update_lag(Time now, Reading& reading);
    Reading& reading(GroupId g, PartitionId tp);
    std::size_t reader_of(GroupId g, TopicId topic) const;
    Subject subject(ProducerId p, PartitionId tp, GroupId g = {}, MachineId node = {}) const {
        return {p, tp, tp.valid() ? topic_of_[tp.index()] : TopicId(), g, node};
    }

    const RunInfo& info_;
    const Ledger& ledger_;
    Time warmup_;
    Time end_;
    std::vector<TopicId> topic_of_;             ///< by partition
    std::vector<std::vector<GroupId>> readers_; ///< by topic
    std::vector<ProducerStats> producers_;
    std::vector<PartitionStats> partitions_;
    std::vector<GroupStats> groups_;
    std::vector<Reading> readings_;
    std::vector<std::vector<std::int32_t>> readings_of_; ///< by partition
    PairIndex reading_of_;
    Dues dues_;
    std::vector<FaultStats> faults_;
    std::vector<Unavailable> windows_;
    std::vector<Tally<LossWhy>> losses_;
    std::vector<Tally<DupWhy>> duplicates_;
    Counts counts_;
    std::vector<Probe> probes_;
    std::vector<std::int32_t> probe_of_; ///< by expectation, -1: it is not about a metric
    std::array<std::vector<std::int32_t>, static_cast<std::size_t>(Source::count_)> by_source_;
    std::array<std::vector<std::int32_t>, static_cast<std::size_t>(Count::count_)> by_count_;
    RequestLoad load_;
    std::vector<std::size_t> load_question_; ///< of a probe about the request path
    std::vector<RecordRange> records_;
};

} // namespace brokersim
