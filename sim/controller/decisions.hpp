// What the controller decides: pure functions from the image and an event to records. Kafka:
// ReplicationControlManager, BrokerHeartbeatManager.calculateNextBrokerState (semantics §3.4–3.7).
// KRaft and ZooKeeper share them; they differ in how they find out, agree and tell.
#pragma once

#include "controller/cluster_image.hpp"
#include "protocol/controller_apis.hpp"

#include <string_view>
#include <vector>

namespace brokersim {

using Records = std::vector<MetadataRecord>;

/// The broker is no longer heard of, or has asked for it: out of every ISR, its leaderships moved.
void fence_broker(const ClusterImage& image, MachineId broker, std::string_view why, PartWhy part,
                  Records& records);
/// The broker may serve: partitions without leader that it may lead get it.
void unfence_broker(const ClusterImage& image, MachineId broker, Records& records);
/// It wants to stop: as fencing, but it lives on.
void begin_controlled_shutdown(const ClusterImage& image, MachineId broker, Records& records);
/// A new incarnation registers, in the record at `epoch`: first the old one is taken out (from 4.0
/// on). With eligible leader replicas it leaves those too, and ISRs even as last member, unless the
/// old one has ended cleanly: nobody knows what its log has lost.
void register_broker(const ClusterImage& image, MachineId broker, std::int32_t incarnation,
                     bool clean_stop, BrokerEpoch epoch, Records& records);

/// What a heartbeat leads to (the table of §3.4).
enum class BrokerNext : std::uint8_t { fenced, unfenced, controlled_shutdown, shut_down };
struct HeartbeatFacts {
    bool fenced = true, stopping = false;
    bool want_fence = false, want_shutdown = false;
    bool caught_up = false; ///< has applied its own registration
    bool leads_anything = false;
    bool others_caught_up = false; ///< every active broker has applied what moved its leaderships
};
BrokerNext next_broker_state(const HeartbeatFacts& facts);

/// One partition of an AlterPartition request: refused with the first rule that fails (§3.6), or
/// `records` gets the change. NONE without a record: nothing has changed.
Error alter_partition(const ClusterImage& image, MachineId sender,
                      const AlterPartitionRequest& request, const AlterPartitionRequest::Part& part,
                      Records& records);

/// The periodic elections; at most `most` changes. True if there may be more to do.
bool elect_preferred(const ClusterImage& image, std::size_t most, Records& records);
bool elect_unclean(const ClusterImage& image, std::size_t most, Records& records);
/// The replicas of `tp` become `target`: at once if nobody has to be added, else when everybody is
/// in the ISR (KIP-455). An empty list cancels what is under way. Nothing happens where Kafka would
/// refuse it: a broker that is not registered, nothing to cancel, nobody left in the ISR.
void reassign(const ClusterImage& image, PartitionId tp, const BrokerList& target,
              Records& records);
/// `to`, a replica of `tp`, becomes the preferred one, and leads from now on if it may.
void move_leader(const ClusterImage& image, PartitionId tp, MachineId to, Records& records);

} // namespace brokersim
