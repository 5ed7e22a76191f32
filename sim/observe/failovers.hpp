// Tells windows without service, each with its phases, when everything about it is known.
#pragma once

#include "brokersim/facts.hpp"
#include "brokersim/run_info.hpp"
#include "observe/failover_facts.hpp"
#include "observe/ledger.hpp"
#include "observe/metrics.hpp"
#include "observe/pair_index.hpp"
#include "observe/phases.hpp"
#include "trace/recorder.hpp"

#include <cstdint>
#include <vector>

namespace brokersim {

/// A window that has been told, and what explains it.
struct Failover {
    Unavailable window; ///< `phases` is absent where no fault or election belongs to it
    FaultId fault;      ///< not valid: none of the scenario
    MachineId machine;  ///< where the trouble was; not valid: an election without a fault
    MachineId client;   ///< whose success ended it
    std::array<Bound, phase_count> bounds{};
};

/// A window with phases is told when its partition has its full ISR again and the groups that read
/// it have caught up, or at the end of the run; one without at once. Windows of one partition, side
/// and group are told in the order of time: a later one waits for an earlier one. Its cause is what
/// ended the window.
///
/// Lag is counted whenever a group has processed something, so between two bursts. Its old level is
/// what it was the last time before service was back: while nothing can be read, that does not
/// change.
class Failovers {
public:
    /// `ledger` must see every fact before this does.
    Failovers(const RunInfo& info, const Ledger& ledger);

    static FactKinds wants();
    /// Before anybody finds windows in that fact.
    void on(Time now, Cause cause, FactRef fact, Verdicts& verdicts);
    void ended(const Outage& outage, Verdicts& verdicts);
    /// No facts will come any more; windows that are open may be ended now.
    void no_more_facts() { cause_ = {}; }
    void at_end(Time end, Verdicts& verdicts);

    /// In the order in which they were told.
    const std::vector<Failover>& told() const { return told_; }

private:
    /// What one group reads from one partition.
    struct Reader {
        GroupId g;
        PartitionId tp;
        Reading position;
        std::int64_t lag = 0; ///< when it last had processed something
    };
    struct Level {
        std::int32_t reader = 0;
        std::int64_t lag = 0;
    };
    struct Waiting {
        Failover failover;
        Cause cause;
        bool served = true;
        Time full = Time::never();      ///< the ISR
        Time caught_up = Time::never(); ///< all readers
        std::vector<Level> behind;      ///< readers that have not caught up yet
        bool complete() const { return full != Time::never() && caught_up != Time::never(); }
    };
    struct Partition {
        std::vector<Waiting> waiting; ///< in the order in which they ended
        std::vector<std::int32_t> readers;
    };

    void on(Time now, const CtlPart& fact, Verdicts& verdicts);
    void on(const ConsStart& fact);
    void on(Time now, const ConsDone& fact, Verdicts& verdicts);
    Reader& reader(GroupId g, PartitionId tp);
    std::int64_t lag(const Reader& reader) const;
    void await(Partition& partition, Waiting& waiting, const Outage& outage) const;
    void tell_complete(Partition& partition, Verdicts& verdicts);
    void tell(Waiting& waiting, Verdicts& verdicts);

    const RunInfo& info_;
    const Ledger& ledger_;
    FailoverFacts facts_;
    Cause cause_;
    std::vector<Partition> partitions_;
    std::vector<Reader> readers_;
    PairIndex reader_of_;
    std::vector<Failover> told_;
};

} // namespace brokersim
