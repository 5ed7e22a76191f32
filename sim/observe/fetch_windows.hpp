// Times in which a group wants to read a partition and nobody answers it.
#pragma once

#include "brokersim/facts.hpp"
#include "brokersim/run_info.hpp"
#include "brokersim/scenario.hpp"
#include "observe/failovers.hpp"
#include "observe/pair_index.hpp"
#include "trace/recorder.hpp"

#include <cstdint>
#include <vector>

namespace brokersim {

/// From a group's first generation on, all partitions of its topics are to be read. A wait begins
/// when the partition has no owner, when the owner's process ends or freezes, or with the due fetch
/// that a `cons.wait` tells of. It ends with `cons.served`; or when an owner takes a position
/// (`cons.start`) or thaws, for then its fetch is on the way, and what a leader holds until data
/// come is served. Should that fetch fail after all, a `cons.wait` says so, and the wait goes on.
/// What a leader held when its process ended or froze is unserved from then on, not since it was
/// due. A group whose scenario stops it waits no more from then on.
class FetchWindows {
public:
    /// Windows that end are handed to `failovers`.
    FetchWindows(const Scenario& scenario, const RunInfo& info, Failovers& failovers);

    /// The kinds that on() acts on.
    static FactKinds wants();
    void on(Time now, FactRef fact, Verdicts& verdicts);
    void at_end(Time end, Verdicts& verdicts);

private:
    /// What one group reads from one partition.
    struct Reading {
        GroupId g;
        PartitionId tp;
        MachineId owner;
        MachineId next_owner;        ///< while a generation is being read
        MachineId owner_before;      ///< when the wait began
        Time owned_since;            ///< by the owner
        Time since = Time::never();  ///< never: is served
        Time served = Time::never(); ///< its next fetch was sent then, the answer is not known
        Time last_end;               ///< of the last wait or answer: windows do not overlap
    };

    /// Who leads a partition, and who did before.
    struct Lead {
        MachineId now, before;
        Time since;
    };

    void on(Time now, const ConsGen& fact, Verdicts& verdicts);
    void on(Time now, const CtlPart& fact);
    void on(Time now, const ConsWait& fact, Verdicts& verdicts);
    void first_generation(Time now, GroupId g, Verdicts& verdicts);
    void stops(Time now, MachineId node, Verdicts& verdicts);
    void thaws(Time now, MachineId node);

    Reading& reading(GroupId g, PartitionId tp);
    void wait(Reading& reading, Time since, Verdicts& verdicts);
    void close(Reading& reading, Time until, bool served, Verdicts& verdicts);

    const RunInfo& info_;
    Failovers& failovers_;
    std::vector<Time> stop_;    ///< by group, never: it goes on to the end
    std::vector<bool> started_; ///< by group: has had a generation
    std::vector<Lead> leads_;   ///< by partition
    std::vector<Time> stopped_; ///< by machine: when it last went down or froze
    std::vector<Reading> readings_;
    std::vector<std::vector<std::int32_t>> of_group_;
    PairIndex reading_of_;
};

} // namespace brokersim
