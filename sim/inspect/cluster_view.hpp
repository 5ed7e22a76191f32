// The cluster as a trace tells it: what the controllers have decided, and every replica's log.
#pragma once

#include "brokersim/facts.hpp"
#include "brokersim/run_info.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace brokersim {

/// A batch as a replica holds it. `p` is none in internal topics and for control batches.
struct TracedBatch {
    Offset base = 0;
    Offset end = 0;
    LeaderEpoch epoch = 0;
    std::optional<ProducerId> p;
    std::int64_t i = 0; ///< the first record's number at its producer
};

struct TracedReplica {
    Offset start = 0; ///< first retained offset
    Offset end = 0;
    Offset high_watermark = 0;
    std::vector<TracedBatch> batches;
};

struct TracedPartition {
    bool created = false;
    std::optional<MachineId> leader;
    LeaderEpoch epoch = -1;
    PartitionEpoch partition_epoch = -1;
    std::vector<MachineId> isr, elr, replicas;
    /// Who led when the ISR became empty (KIP-966); none while somebody leads.
    std::optional<MachineId> last_known_leader;
    std::map<MachineId, TracedReplica> logs;
};

struct TracedMachine {
    bool seen = false; ///< it has been up
    bool up = false;
    bool paused = false;
    std::int32_t incarnation = 0;
    std::optional<BrokerState> state; ///< brokers
    BrokerEpoch epoch = -1;           ///< of its registration
};

struct TracedGroup {
    std::vector<MachineId> members; ///< in the order of joining
    bool rebalancing = false;
    Generation generation = -1;
    std::map<PartitionId, MachineId> owners; ///< of that generation
    std::map<PartitionId, Offset> committed;
};

/// Fed with the facts of a trace in order; shows the state behind the last one.
class ClusterView {
public:
    void on(FactRef fact);

    /// None: the partition is not created, or nothing was ever said about it.
    const TracedPartition* partition(PartitionId tp) const;
    /// The key of a record, none if it has none; `known`: the trace has the record.
    std::optional<std::string> key(ProducerId p, PartitionId tp, std::int64_t i, bool& known) const;

    const std::map<PartitionId, TracedPartition>& partitions() const { return partitions_; }
    const std::map<MachineId, TracedMachine>& machines() const { return machines_; }
    const std::map<GroupId, TracedGroup>& groups() const { return groups_; }
    std::optional<MachineId> controller() const { return controller_; }
    std::int32_t controller_epoch() const { return controller_epoch_; }

private:
    struct Keys {
        std::int64_t first = 0;
        std::int64_t end = 0;
        std::optional<std::string> key;
    };

    TracedPartition& at(PartitionId tp);
    bool on_machine(FactRef fact);
    bool on_group(FactRef fact);
    void member(const GroupMember& change);
    void created(const CtlPart& part);
    void append(const LogAppend& append);
    void truncate(const LogTrunc& cut);
    void behead(const LogHead& head);

    std::map<PartitionId, TracedPartition> partitions_;
    std::map<MachineId, TracedMachine> machines_;
    std::map<GroupId, TracedGroup> groups_;
    std::optional<MachineId> controller_;
    std::int32_t controller_epoch_ = -1;
    std::map<std::pair<ProducerId, PartitionId>, std::vector<Keys>> keys_;
};

} // namespace brokersim
