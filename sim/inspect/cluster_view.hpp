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
    std::map<MachineId, TracedReplica> logs;
};

/// Fed with the facts of a trace in order; shows the state behind the last one.
class ClusterView {
public:
    void on(FactRef fact);

    /// None: the partition is not created, or nothing was ever said about it.
    const TracedPartition* partition(PartitionId tp) const;
    /// The key of a record, none if it has none; `known`: the trace has the record.
    std::optional<std::string> key(ProducerId p, PartitionId tp, std::int64_t i, bool& known) const;

private:
    struct Keys {
        std::int64_t first = 0;
        std::int64_t end = 0;
        std::optional<std::string> key;
    };

    TracedPartition& at(PartitionId tp);
    void created(const CtlPart& part);
    void append(const LogAppend& append);
    void truncate(const LogTrunc& cut);
    void behead(const LogHead& head);

    std::map<PartitionId, TracedPartition> partitions_;
    std::map<std::pair<ProducerId, PartitionId>, std::vector<Keys>> keys_;
};

} // namespace brokersim
