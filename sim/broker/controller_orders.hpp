// What the controller of ZooKeeper mode orders a broker to do, until it is done. Kafka: KafkaApis,
// ReplicaManager.becomeLeaderOrFollower, maybeUpdateMetadataCache, stopReplicas (semantics §3.9).
#pragma once

#include "engine/random.hpp"
#include "protocol/effects.hpp"
#include "server/request_path.hpp"

#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace brokersim {

/// Orders of an older controller, or for an earlier incarnation of the broker, are refused. Others
/// take a broker some milliseconds, and more in its first seconds; the answer follows then.
class ControllerOrders {
public:
    struct Order {
        Api api{};
        std::shared_ptr<const PartitionOrders> leader_and_isr;
        std::shared_ptr<const MetadataUpdate> metadata;
        std::shared_ptr<const std::vector<PartitionId>> stop;
        bool own = false; ///< by the controller in this very process
        RequestRef ref;
        Time due;
    };

    ControllerOrders(std::uint64_t seed, const std::string& name)
        : delays_(seed, {"orders apply", name}) {}

    void settle(MachineId controller, std::int32_t controller_epoch) {
        controller_ = controller;
        controller_epoch_ = controller_epoch;
    }
    void start(Time now);
    void crash() { waiting_.clear(); }

    /// Takes a request: refuses it, or keeps it until its time has come.
    void on_request(In in, const Incoming& request, BrokerEpoch broker_epoch, RequestPath& path,
                    Effects& out);
    /// The next one that is due; it is to be answered when it is done.
    bool take(Time now, Order& order);
    void answer(In in, const Order& order, Error error, RequestPath& path, Effects& out) const;
    Time wake_at() const { return waiting_.empty() ? Time::never() : waiting_.front().due; }

    /// As far as this broker has been told; nobody: not yet.
    MachineId controller() const { return controller_; }

private:
    Stream delays_;
    MachineId controller_;
    std::int32_t controller_epoch_ = 0; ///< the newest heard of
    Time started_ = Time{-(std::int64_t{1} << 60)};
    Time last_due_;
    std::deque<Order> waiting_;
};

} // namespace brokersim
