// The metadata log as one controller has it on its disk.
#pragma once

#include "log/epoch_index.hpp"
#include "protocol/metadata_log.hpp"

#include <cstddef>
#include <deque>
#include <vector>

namespace brokersim {

/// Records from start() to end(), and which leader wrote which of them. Controllers write and sync
/// in no time, so all of it survives a crash.
class RaftLog {
public:
    /// An empty log that begins at `end`: what came before was written by the leader of `epoch`.
    void settle(Offset end, QuorumEpoch epoch);

    /// What came before, all of it, as of an epoch's leader. Requires a log that is empty.
    void fill(const std::vector<MetadataRecord>& records, QuorumEpoch epoch);

    Offset start() const { return start_; }
    Offset end() const { return start_ + static_cast<Offset>(records_.size()); }
    /// Of the last record.
    QuorumEpoch last_epoch() const { return epochs_.latest(); }
    const EpochIndex& epochs() const { return epochs_; }
    const MetadataRecord& at(Offset offset) const {
        return records_[static_cast<std::size_t>(offset - start_)];
    }

    void append(MetadataRecord record);
    /// Forgets everything from `end` on. Requires start() <= end <= end().
    void truncate(Offset end);
    /// Copies what stands from `from` on.
    void read(Offset from, std::vector<MetadataRecord>& out) const;

private:
    Offset start_ = 0;
    std::deque<MetadataRecord> records_;
    EpochIndex epochs_;
};

} // namespace brokersim
