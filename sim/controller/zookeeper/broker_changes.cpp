// Brokers come, go and ask to go; a new controller takes over; leaders are balanced. Kafka:
// KafkaController.processBrokerChange, onBrokerFailure, onBrokerStartup, doControlledShutdown,
// checkAndTriggerAutoLeaderRebalance.
#include "controller/zookeeper/kafka_controller.hpp"

#include <algorithm>
#include <utility>

namespace brokersim {

namespace {

constexpr Duration first_balance = seconds(5);

MetadataRecord broker_record(MetadataRecord::Kind kind, MachineId broker) {
    MetadataRecord record;
    record.kind = kind;
    record.broker = broker;
    return record;
}

} // namespace

/// Told once, by the newest controller: an old one may not know better.
void KafkaController::tell(MachineId broker, BrokerState state, std::string_view why,
                           Effects& out) const {
    const BrokerEpoch epoch = image_.broker(broker).epoch;
    if (out.contents().tell_broker(epoch_, broker, epoch, state)) {
        out.note(CtlBroker{broker, state, epoch, why});
    }
}

void KafkaController::brokers_read(Effects& out, In in) {
    const Cause cause = out.cause();
    ZookeeperClient::Reply& reply = replies_.front();
    std::vector<const Znode*> nodes(layout_->brokers, nullptr);
    for (std::size_t k = 0; k < reply.indices.size(); ++k)
        nodes[static_cast<std::size_t>(reply.indices[k])] = &reply.nodes[k];
    std::vector<Task> tasks;
    std::vector<MachineId> fresh;
    for (std::size_t k = 0; k < nodes.size(); ++k) {
        const MachineId broker(k);
        const bool was = present(broker);
        const bool same = nodes[k] != nullptr && image_.broker(broker).epoch == nodes[k]->created;
        if (was && same) continue;
        out.because(cause);
        if (was) broker_gone(in, broker, tasks, out);
        if (nodes[k] == nullptr) continue;
        broker_came(broker, *nodes[k], out);
        fresh.push_back(broker);
    }
    if (!loaded_) { // A new controller: it takes over when it has read everything.
        finish();
        return;
    }
    if (!fresh.empty()) {
        // The others hear of them, and they of everything; then they get their replicas.
        update_all_ = true;
        full_for_ = fresh;
        for (std::size_t k = 0; k < image_.partition_count(); ++k) {
            for (const MachineId broker : fresh) {
                if (contains(image_.partition(PartitionId(k)).replicas, broker.value)) {
                    order(broker, PartitionId(k));
                }
            }
        }
        Task retry{Task::Kind::elect_offline};
        retry.why = PartWhy::unfenced;
        tasks.push_back(std::move(retry));
    }
    // Of those that are gone everybody hears together with what it leads to.
    if (!tasks.empty()) update_all_ = true;
    if (!fresh.empty()) send(out);
    finish(std::move(tasks));
}

/// KafkaController.onBrokerFailure: new leaders first, then the ISRs.
void KafkaController::broker_gone(In in, MachineId broker, std::vector<Task>& tasks, Effects& out) {
    image_.apply(broker_record(MetadataRecord::Kind::fence_broker, broker));
    const bool asked = image_.broker(broker).stopping;
    tell(broker, BrokerState::fenced, asked ? "shut_down" : "node_gone", out);
    senders_.remove(in, broker, out);
    Task elect{Task::Kind::elect_offline};
    elect.cause = out.cause();
    tasks.push_back(std::move(elect));
    Task leave{Task::Kind::leave_isrs};
    leave.broker = broker;
    leave.cause = out.cause();
    tasks.push_back(std::move(leave));
}

void KafkaController::broker_came(MachineId broker, const Znode& node, Effects& out) {
    MetadataRecord record = broker_record(MetadataRecord::Kind::register_broker, broker);
    record.broker_epoch = node.created;
    record.incarnation = node.data.number;
    image_.apply(record);
    tell(broker, BrokerState::registered, "started", out);
    image_.apply(broker_record(MetadataRecord::Kind::unfence_broker, broker));
    tell(broker, BrokerState::unfenced, "started", out);
}

/// Everybody hears of everything; who is gone leaves the ISRs; whoever has no leader gets one.
void KafkaController::take_over(In in, Effects& out) {
    std::vector<Task> tasks;
    for (std::size_t k = 0; k < layout_->brokers; ++k) {
        const MachineId broker(k);
        if (present(broker)) {
            full_for_.push_back(broker);
            continue;
        }
        // What it has not seen going it has found gone.
        const BrokerEpoch known = out.contents().told_epoch(broker);
        if (known >= 0 && out.contents().tell_broker(epoch_, broker, known, BrokerState::fenced)) {
            out.note(CtlBroker{broker, BrokerState::fenced, known, "node_gone"});
        }
        Task leave{Task::Kind::leave_isrs};
        leave.broker = broker;
        tasks.push_back(std::move(leave));
    }
    for (std::size_t k = 0; k < image_.partition_count(); ++k) {
        const BrokerList replicas = image_.partition(PartitionId(k)).replicas;
        for (const std::int32_t replica : replicas)
            order(MachineId(replica), PartitionId(k));
    }
    tasks.push_back({Task::Kind::elect_offline});
    send(out);
    finish(std::move(tasks));
    if (config_.auto_leader_rebalance_enable) {
        out.arm(slot(balance_timer), in.now + first_balance);
    }
}

void KafkaController::begin_shutdown(Effects& out) {
    const MachineId broker = tasks_.front().broker;
    std::shared_ptr<Asked> asked = std::move(tasks_.front().asked);
    if (image_.broker(broker).epoch != asked->broker_epoch || !present(broker)) {
        asked->answer.error = Error::stale_broker_epoch;
        done_.push_back(std::move(asked));
        finish();
        return;
    }
    image_.apply(broker_record(MetadataRecord::Kind::controlled_shutdown, broker));
    tell(broker, BrokerState::stopping, "controlled_shutdown", out);
    Task lead{Task::Kind::elect_leaders};
    lead.election = ZkElection::controlled_shutdown;
    lead.why = PartWhy::controlled_shutdown;
    Task follow{Task::Kind::leave_isrs};
    follow.why = PartWhy::controlled_shutdown;
    follow.broker = broker;
    for (std::size_t k = 0; k < image_.partition_count(); ++k) {
        const PartitionState& state = image_.partition(PartitionId(k));
        if (state.replicas.size() < 2 || !contains(state.replicas, broker.value)) continue;
        if (state.leader == broker.value) {
            lead.partitions.emplace_back(k);
        } else {
            follow.partitions.emplace_back(k);
            stops_[broker].emplace_back(k);
        }
    }
    std::vector<Task> tasks;
    if (!lead.partitions.empty()) tasks.push_back(std::move(lead));
    if (!follow.partitions.empty()) tasks.push_back(std::move(follow));
    Task reply{Task::Kind::answer_shutdown};
    reply.broker = broker;
    reply.asked = std::move(asked);
    tasks.push_back(std::move(reply));
    finish(std::move(tasks));
}

void KafkaController::answer_shutdown() {
    const MachineId broker = tasks_.front().broker;
    std::shared_ptr<Asked> asked = std::move(tasks_.front().asked);
    for (std::size_t k = 0; k < image_.partition_count(); ++k) {
        const PartitionState& state = image_.partition(PartitionId(k));
        if (state.leader == broker.value && state.replicas.size() > 1) ++asked->remaining;
    }
    done_.push_back(std::move(asked));
    finish();
}

/// For each broker that has lost more than leader.imbalance.per.broker.percentage of what it should
/// lead.
void KafkaController::balance(In, Effects& out) {
    std::vector<std::int64_t> preferred(layout_->brokers, 0), lost(layout_->brokers, 0);
    for (std::size_t k = 0; k < image_.partition_count(); ++k) {
        const PartitionState& state = image_.partition(PartitionId(k));
        const auto at = static_cast<std::size_t>(state.preferred());
        ++preferred[at];
        if (state.leader != state.preferred()) ++lost[at];
    }
    Task elect{Task::Kind::elect_leaders};
    elect.election = ZkElection::preferred;
    elect.why = PartWhy::preferred_election;
    for (const PartitionId tp : image_.imbalanced()) {
        const PartitionState& state = image_.partition(tp);
        const auto at = static_cast<std::size_t>(state.preferred());
        if (lost[at] * 100 <= config_.leader_imbalance_per_broker_percentage * preferred[at])
            continue;
        if (!online(state.preferred()) || !contains(state.isr, state.preferred())) continue;
        elect.partitions.push_back(tp);
    }
    if (elect.partitions.empty()) {
        finish();
        return;
    }
    elect.cause = out.note(TimerFire{self_, "elect_preferred"});
    std::vector<Task> tasks;
    tasks.push_back(std::move(elect));
    finish(std::move(tasks));
}

/// ControllerBrokerRequestBatch.sendRequestsToBrokers.
void KafkaController::send(Effects& out) {
    const auto update = [&](const std::vector<PartitionId>& partitions) {
        auto made = std::make_shared<MetadataUpdate>();
        for (const PartitionId tp : partitions) {
            const PartitionState& state = image_.partition(tp);
            made->partitions.push_back({tp, MachineId(state.leader), state.leader_epoch});
        }
        for (std::size_t k = 0; k < layout_->brokers; ++k) {
            if (present(MachineId(k))) made->live.emplace_back(k);
        }
        return made;
    };
    std::shared_ptr<const MetadataUpdate> full, changed;
    if (!full_for_.empty()) {
        std::vector<PartitionId> all;
        for (std::size_t k = 0; k < image_.partition_count(); ++k)
            all.emplace_back(k);
        full = update(all);
    }
    if (!updates_.empty() || update_all_) changed = update(updates_);
    for (std::size_t k = 0; k < layout_->brokers; ++k) {
        const MachineId broker(k);
        if (!present(broker)) continue;
        BrokerOrder one;
        one.stamp = {self_, epoch_, image_.broker(broker).epoch};
        one.cause = out.cause();
        const bool is_new =
            std::find(full_for_.begin(), full_for_.end(), broker) != full_for_.end();
        // A new one hears first who there is.
        if (is_new) {
            BrokerOrder metadata = one;
            metadata.metadata = full;
            senders_.push(broker, std::move(metadata));
        }
        if (const auto found = orders_.find(broker); found != orders_.end()) {
            BrokerOrder leader_and_isr = one;
            leader_and_isr.leader_and_isr =
                std::make_shared<const PartitionOrders>(std::move(found->second));
            senders_.push(broker, std::move(leader_and_isr));
        }
        if (!is_new && changed) {
            BrokerOrder metadata = one;
            metadata.metadata = changed;
            senders_.push(broker, std::move(metadata));
        }
        if (const auto found = stops_.find(broker); found != stops_.end()) {
            BrokerOrder stop = one;
            stop.stop = std::make_shared<const std::vector<PartitionId>>(std::move(found->second));
            senders_.push(broker, std::move(stop));
        }
    }
    orders_.clear();
    stops_.clear();
    updates_.clear();
    full_for_.clear();
    update_all_ = false;
}

} // namespace brokersim
