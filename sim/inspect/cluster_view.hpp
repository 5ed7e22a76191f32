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
    std::vector<MachineId> isr, elr, replicas, adding, removing;
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
    // Its copy of the metadata log, if the trace tells; -1: it does not.
    Offset log_end = -1;
    Offset log_committed = -1; ///< voters: the high watermark that it knows
    Time fetched{-1};          ///< brokers and voters: its last fetch that reached the leader
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
    void on(FactRef fact) { on(now_, fact); }
    void on(Time now, FactRef fact);

    /// Of the last fact.
    Time now() const { return now_; }
    /// When this machine last had all of the metadata log that the leader had; none: not known.
    std::optional<Time> caught_up(MachineId id) const;

    /// None: the partition is not created, or nothing was ever said about it.
    const TracedPartition* partition(PartitionId tp) const;
    /// The key of a record, none if it has none; `known`: the trace has the record.
    std::optional<std::string> key(ProducerId p, PartitionId tp, std::int64_t i, bool& known) const;

    const std::map<PartitionId, TracedPartition>& partitions() const { return partitions_; }
    /// Settings of a topic that were changed; null: those of the header stand.
    const TopicChanged* changed(TopicId topic) const {
        const auto at = changed_.find(topic);
        return at == changed_.end() ? nullptr : &at->second;
    }
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
    bool on_quorum(FactRef fact);
    void metadata_log(MachineId node, Offset end);
    void member(const GroupMember& change);
    void created(const CtlPart& part);
    void append(const LogAppend& append);
    void truncate(const LogTrunc& cut);
    void behead(const LogHead& head);

    std::map<PartitionId, TracedPartition> partitions_;
    std::map<MachineId, TracedMachine> machines_;
    std::map<GroupId, TracedGroup> groups_;
    std::map<TopicId, TopicChanged> changed_;
    std::optional<MachineId> controller_;
    std::int32_t controller_epoch_ = -1;
    Time now_;
    /// Where the metadata log of the present controller ended, from when on.
    std::vector<std::pair<Offset, Time>> leader_ends_;
    std::map<std::uint64_t, MachineId> fetches_; ///< of the metadata log, under way: packet, sender
    std::map<std::pair<ProducerId, PartitionId>, std::vector<Keys>> keys_;
};

} // namespace brokersim
