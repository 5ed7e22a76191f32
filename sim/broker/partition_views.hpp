// What a broker knows of every partition of the cluster: enough to answer clients. Kafka:
// KRaftMetadataCache.
#pragma once

#include "brokersim/ids.hpp"

#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace brokersim {

struct PartitionView {
    MachineId leader;
    LeaderEpoch leader_epoch = -1;
};

/// All brokers know nearly the same: they share what was so at the start of the run, and each has
/// only what has changed since, as far as it has heard. So memory grows with the partitions and
/// with the changes, not with partitions times brokers.
class PartitionViews {
public:
    using Base = std::shared_ptr<const std::vector<PartitionView>>; ///< by PartitionId

    void settle(Base base) {
        base_ = std::move(base);
        changed_.clear();
    }
    PartitionView find(PartitionId tp) const {
        const auto at = changed_.find(tp);
        if (at != changed_.end()) return at->second;
        return base_ && tp.index() < base_->size() ? (*base_)[tp.index()] : PartitionView{};
    }
    void set(PartitionId tp, PartitionView view) { changed_[tp] = view; }

private:
    Base base_;
    std::map<PartitionId, PartitionView> changed_;
};

} // namespace brokersim
