// What came of a fault: what `grep --fault` asks.
#pragma once

#include "brokersim/facts.hpp"
#include "brokersim/run_info.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace brokersim {

/// Fed with all events of a trace in order. To a fault belong its own lines, whatever has one of
/// them among its causes, and what follows from silence, which no line causes: that a machine that
/// it hit is fenced, leaves ISRs and leaderships, is evicted from its group or is followed by
/// another controller; that machines take up such a change; and the windows without service of the
/// partitions that this befell.
///
/// A machine counts as hit from the begin of the fault to its end; a broker that went down by it
/// until it is unfenced again.
class FaultTrail {
public:
    explicit FaultTrail(std::vector<std::string> ids) : ids_(std::move(ids)) {}

    /// Does the event `n` belong to one of the faults?
    bool follows(const RunInfo& info, Time t, std::uint64_t n, Cause cause, FactRef fact);

private:
    bool of_silence(FactRef fact) const;
    bool caused(Cause cause) const { return cause.n < marked_.size() && marked_[cause.n]; }
    void follow_machines(bool own, Time t, FactRef fact);
    void follow_partitions(bool marked, FactRef fact);
    bool hit(MachineId id) const { return hit_.contains(id); }

    struct Partition {
        std::optional<MachineId> leader;
        std::vector<MachineId> isr;
        std::set<PartitionEpoch> changes; ///< partition epochs that belong to the faults
        LeaderEpoch since = -1;           ///< newest leader epoch that does
        bool befallen = false;
    };

    std::vector<std::string> ids_;
    std::vector<bool> marked_; ///< by number of the event
    std::set<MachineId> hit_;
    std::set<MachineId> lasting_; ///< of these: until they are back
    std::set<MachineId> brokers_;
    std::map<PartitionId, Partition> partitions_;
    std::optional<MachineId> controller_;
    bool controller_lost_ = false;
    std::optional<Time> began_;
};

} // namespace brokersim
