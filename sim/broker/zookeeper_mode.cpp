// A broker of ZooKeeper mode: what it knows it has been told by the controller, request by request,
// and only in memory. Kafka: KafkaServer, ReplicaManager, ZkMetadataCache.
#include "broker/broker.hpp"

#include <algorithm>

namespace brokersim {

void Broker::settle(In in, BrokerEpoch epoch, MachineId controller, const Settled& cluster,
                    Effects& out) {
    epoch_ = epoch;
    brokers_.assign(brokers_.size(), BrokerView{});
    orders_.settle(controller, 1);
    settle_replicas(in, cluster, out);
}

/// What a start does not find on the disk. Epochs of brokers play no part among them (KIP-903 came
/// with KRaft).
void Broker::forget_metadata() {
    epoch_ = -1;
    local_.clear();
    views_.settle(nullptr);
    for (std::size_t k = 0; k < brokers_.size(); ++k) {
        brokers_[k] = BrokerView{true, false, -1};
        replicas_.broker(MachineId(k)) = brokers_[k];
    }
}

void Broker::registered(BrokerEpoch epoch, Effects& out) {
    epoch_ = epoch;
    published_ = true;
    if (serving_) return;
    serving_ = true;
    out.listen(true);
}

/// What one role of the process has sent to another.
bool Broker::on_own_message(In in, const Incoming& incoming, Effects& out) {
    switch (incoming.kind) {
    case kind_of<AlterPartitionResponse>:
        work_ |= isr_work | requests_work;
        isr_.on_response(in, incoming, replicas_, path_, out);
        return false;
    case kind_of<ControlledShutdownResponse>:
        work_ |= lifecycle_work;
        shutdown_.on_response(in, incoming, out);
        return false;
    case kind_of<LeaderAndIsrRequest>:
    case kind_of<UpdateMetadataRequest>:
    case kind_of<StopReplicaRequest>:
        orders_.on_request(in, incoming, epoch_, path_, out);
        work_ |= lifecycle_work;
        return false;
    default: return true;
    }
}

void Broker::apply_orders(In in, Effects& out) {
    const Cause cause = out.cause();
    ControllerOrders::Order order;
    while (orders_.take(in.now, order)) {
        out.because(order.ref.cause);
        apply_order(in, order, out);
        orders_.answer(in, order, Error::none, path_, out);
        out.because(cause);
    }
    work_ |= all_work;
}

void Broker::apply_order(In in, const ControllerOrders::Order& order, Effects& out) {
    const Cause cause = out.cause();
    if (order.leader_and_isr) {
        for (const PartitionOrder& one : *order.leader_and_isr) {
            PartitionRegistration& state = local_[one.tp];
            state = {one.leader,     one.leader_epoch, one.partition_epoch,
                     one.recovering, one.replicas,     one.isr};
            out.because(one.cause == 0 ? cause : Cause{one.cause});
            apply_partition(in, one.tp, state, out);
        }
        out.because(cause);
        replicas_.applied(in, path_, out);
    } else if (order.metadata) {
        for (std::size_t k = 0; k < brokers_.size(); ++k) {
            const auto& live = order.metadata->live;
            brokers_[k].fenced = std::find(live.begin(), live.end(), MachineId(k)) == live.end();
            replicas_.broker(MachineId(k)) = brokers_[k];
        }
        for (const MetadataUpdate::Partition& one : order.metadata->partitions)
            views_.set(one.tp, {one.leader, one.leader_epoch});
        replicas_.applied(in, path_, out);
    } else {
        for (const PartitionId tp : *order.stop) {
            const std::int32_t number = replicas_.number_of(tp);
            if (number < 0) continue;
            fetchers_.follow(in, static_cast<std::uint32_t>(number), replicas_, false, out);
        }
    }
}

void Broker::run_zookeeper(In in, Effects& out) {
    arm(apply_timer, orders_.wake_at(), out);
    shutdown_.set_controller(orders_.controller());
    shutdown_.run(in, out);
    arm(lifecycle_timer, shutdown_.wake_at(), out);
}

} // namespace brokersim
