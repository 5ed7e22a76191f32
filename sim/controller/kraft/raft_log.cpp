// The metadata log on one disk.
#include "controller/kraft/raft_log.hpp"

#include "engine/assert.hpp"

#include <utility>

namespace brokersim {

void RaftLog::settle(Offset end, QuorumEpoch epoch) {
    start_ = end;
    records_.clear();
    epochs_.clear();
    epochs_.assign(epoch, 0);
}

void RaftLog::fill(const std::vector<MetadataRecord>& records, QuorumEpoch epoch) {
    BS_ASSERT(records_.empty() && start_ == static_cast<Offset>(records.size()));
    start_ = 0;
    records_.assign(records.begin(), records.end());
    for (MetadataRecord& record : records_)
        record.term = epoch;
}

void RaftLog::append(MetadataRecord record) {
    epochs_.assign(record.term, end());
    records_.push_back(std::move(record));
}

void RaftLog::truncate(Offset end) {
    BS_ASSERT(end >= start_ && end <= this->end());
    records_.erase(records_.begin() + (end - start_), records_.end());
    epochs_.truncate_from_end(end);
}

void RaftLog::read(Offset from, std::vector<MetadataRecord>& out) const {
    BS_ASSERT(from >= start_);
    for (Offset offset = from; offset < end(); ++offset)
        out.push_back(at(offset));
}

} // namespace brokersim
