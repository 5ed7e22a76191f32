// What the records of `__consumer_offsets` say. A batch names its content by number; the contents
// of a run are one append-only list, so that replicas copy batches as plain data.
#pragma once

#include "brokersim/ids.hpp"
#include "brokersim/time.hpp"
#include "brokersim/words.hpp"
#include "protocol/record_marks.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace brokersim {

/// A member as its coordinator named it: unique over all coordinators and incarnations.
using MemberId = std::int64_t;
inline constexpr MemberId no_member = -1;

/// A `group.instance.id`, as a number within its group (KIP-345).
using InstanceNumber = std::int32_t;
inline constexpr InstanceNumber no_instance = -1;

/// Client-side assignors by Kafka's protocol names.
enum class AssignorId : std::uint8_t { range, roundrobin, sticky, cooperative_sticky };

struct CommittedOffset {
    PartitionId tp;
    Offset offset = -1;
    LeaderEpoch epoch = -1; ///< leader epoch of the last record consumed
};

/// Who gets what.
struct Assignment {
    struct Entry {
        MemberId member = no_member;
        std::vector<PartitionId> partitions;
    };
    std::vector<Entry> entries; ///< by member id
    void clear() { entries.clear(); }
};

/// GroupMetadataValue: the members of a completed generation and what they own.
struct GroupMetadata {
    struct Member {
        MemberId member = no_member;
        MachineId machine;
        InstanceNumber instance = no_instance;
        std::int64_t session_timeout_ns = 0;
        std::int64_t rebalance_timeout_ns = 0;
        std::vector<AssignorId> protocols;
        std::vector<TopicId> topics;
        std::vector<PartitionId> partitions;
    };
    Generation generation = -1;
    AssignorId protocol = AssignorId::range;
    MemberId leader = no_member;
    std::vector<Member> members; ///< empty: the group is empty
};

/// The content of one batch: commits of a group (OffsetCommitValue), or its metadata.
struct Content {
    GroupId group;
    Generation generation = -1;
    MemberId member = no_member;
    MachineId machine; ///< of the member who commits
    Time taken;        ///< when the coordinator took it in
    std::vector<CommittedOffset> offsets;
    std::shared_ptr<const GroupMetadata> metadata; ///< null: offsets only
    bool renamed = false; ///< metadata of a generation that stands: a static member is back
};

/// All contents of a run by number. Append-only.
class Contents {
public:
    std::uint32_t add(Content content) {
        contents_.push_back(std::make_shared<const Content>(std::move(content)));
        return static_cast<std::uint32_t>(contents_.size() - 1);
    }
    const Content& operator[](std::uint32_t number) const { return *contents_[number]; }
    RecordMarks marks; ///< of the records of all other topics
    /// True for the first who asks. A commit becomes a fact once, wherever it is first seen to be
    /// committed: the old coordinator may be gone before. The model itself never depends on it.
    bool tell_once(std::uint32_t number) {
        if (told_.size() < contents_.size()) told_.resize(contents_.size());
        const bool first = !told_[number];
        told_[number] = true;
        return first;
    }
    /// The same for the record at `offset` of the metadata log, which is asked about in order: two
    /// controllers may come to know of one commit.
    bool tell_metadata_once(Offset offset) {
        if (offset < metadata_told_) return false;
        metadata_told_ = offset + 1;
        return true;
    }

    /// ZooKeeper mode: a controller has been elected; only the newest one tells of brokers.
    void elected(std::int32_t controller_epoch) { controller_epoch_ = controller_epoch; }
    /// True if that is news of this broker, from the newest controller.
    bool tell_broker(std::int32_t controller_epoch, MachineId broker, BrokerEpoch epoch,
                     BrokerState state) {
        if (controller_epoch != controller_epoch_) return false;
        const std::pair now(epoch, life_of(state));
        const auto [at, fresh] = brokers_told_.emplace(broker, now);
        if (!fresh && at->second >= now) return false;
        at->second = now;
        return true;
    }
    /// The epoch in which this broker was last told of; -1: never.
    BrokerEpoch told_epoch(MachineId broker) const {
        const auto found = brokers_told_.find(broker);
        return found == brokers_told_.end() ? -1 : found->second.first;
    }

private:
    /// The states of one incarnation of a broker, in their order.
    static int life_of(BrokerState state) {
        return state == BrokerState::registered ? 0
               : state == BrokerState::unfenced ? 1
               : state == BrokerState::stopping ? 2
                                                : 3;
    }

    std::int32_t controller_epoch_ = 0;
    std::map<MachineId, std::pair<BrokerEpoch, int>> brokers_told_;
    Offset metadata_told_ = 0;
    std::vector<bool> told_;
    std::vector<std::shared_ptr<const Content>> contents_; ///< shared: a fork copies pointers
};

} // namespace brokersim
