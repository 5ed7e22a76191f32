// Reads the states of partitions, decides, writes what has changed, and gathers what the brokers
// have to hear of it. Kafka: PartitionStateMachine.doElectLeaderForPartitions,
// ReplicaStateMachine.removeReplicasFromIsr, KafkaController.processAlterPartition.
#include "controller/zookeeper/kafka_controller.hpp"

#include <algorithm>
#include <utility>

namespace brokersim {

namespace {

ZnodePath path_of(PartitionId tp) {
    return {ZnodePath::Kind::partition, tp.value};
}

MetadataRecord record_of(PartitionId tp, const Znode& node) {
    MetadataRecord record;
    record.kind = MetadataRecord::Kind::partition_change;
    record.tp = tp;
    record.leader = node.data.machine;
    record.epoch = node.data.number;
    record.partition_epoch = node.version;
    record.recovering = node.data.recovering;
    record.replicas = node.data.replicas;
    record.isr = node.data.isr;
    return record;
}

} // namespace

std::vector<PartitionId> KafkaController::partitions_of(const Task& task) const {
    if (!task.partitions.empty()) return task.partitions;
    std::vector<PartitionId> found;
    for (std::size_t k = 0; k < image_.partition_count(); ++k) {
        const PartitionState& state = image_.partition(PartitionId(k));
        const bool meant = task.kind == Task::Kind::leave_isrs
                               ? contains(state.replicas, task.broker.value)
                               : !state.has_leader() || !present(MachineId(state.leader));
        if (meant) found.emplace_back(k);
    }
    return found;
}

void KafkaController::begin_changes(Effects& out) {
    ask_states(partitions_of(tasks_.front()), out);
    if (outstanding_ == 0) {
        replies_.clear();
        send(out);
        finish();
    }
}

void KafkaController::ask_states(const std::vector<PartitionId>& partitions, Effects& out) {
    tasks_.front().partitions = partitions;
    for (const PartitionId tp : partitions)
        ask_one(ZkOperation::Kind::get, path_of(tp), false, out);
}

/// What ZooKeeper holds is what counts.
void KafkaController::take_states() {
    const std::vector<PartitionId>& partitions = tasks_.front().partitions;
    for (std::size_t k = 0; k < partitions.size(); ++k)
        image_.apply(record_of(partitions[k], replies_[k].nodes.front()));
}

/// A leader that has registered since its partition was last written has begun anew with what it
/// had on disk, and nobody has seen it go. Not Kafka's: there it goes on in its old epoch, in which
/// the records that it has lost are written a second time, differently.
void KafkaController::reloaded() {
    take_states();
    loaded_ = true;
    Task renew{Task::Kind::renew};
    renew.why = PartWhy::registered;
    const std::vector<PartitionId>& all = tasks_.front().partitions;
    for (std::size_t k = 0; k < all.size(); ++k) {
        const PartitionState& state = image_.partition(all[k]);
        const bool led = state.has_leader() && online(state.leader);
        if (!led ||
            image_.broker(MachineId(state.leader)).epoch < replies_[k].nodes.front().modified)
            continue;
        renew.partitions.push_back(all[k]);
    }
    std::vector<Task> next;
    if (!renew.partitions.empty()) next.push_back(std::move(renew));
    finish(std::move(next));
}

std::optional<PartitionChange> KafkaController::decide(PartitionId tp) const {
    const Task& task = tasks_.front();
    const PartitionState& state = image_.partition(tp);
    switch (task.kind) {
    case Task::Kind::leave_isrs: return leave_isr(state, task.broker.value);
    case Task::Kind::renew: {
        if (!state.has_leader()) return {};
        PartitionChange change{state, true};
        ++change.after.leader_epoch;
        ++change.after.partition_epoch;
        return change;
    }
    case Task::Kind::reorder: {
        PartitionChange change{state, true};
        BrokerList& replicas = change.after.replicas;
        const auto at = std::find(replicas.begin(), replicas.end(), task.broker.value);
        if (at == replicas.end() || at == replicas.begin()) return {};
        std::rotate(replicas.begin(), at, at + 1);
        ++change.after.partition_epoch;
        return change;
    }
    default:
        return elect_leader(state, task.election,
                            layout_->topic(tp).config.unclean_leader_election_enable,
                            [&](std::int32_t broker) { return online(broker); });
    }
}

void KafkaController::decide_changes(Effects& out) {
    const std::vector<PartitionId> partitions = std::move(tasks_.front().partitions);
    replies_.clear();
    writing_.clear();
    for (const PartitionId tp : partitions) {
        const auto change = decide(tp);
        if (!change) continue;
        write(partition_record(tp, change->after, tasks_.front().why, change->clean),
              image_.partition(tp).partition_epoch, out);
    }
}

/// The write fails if there is a newer controller, or somebody else has written meanwhile.
void KafkaController::write(const MetadataRecord& record, PartitionEpoch version, Effects& out) {
    ZkOperation check;
    check.kind = ZkOperation::Kind::check;
    check.path = {ZnodePath::Kind::controller_epoch, 0};
    check.version = epoch_version_;
    ZkOperation set;
    set.kind = ZkOperation::Kind::set;
    set.path = path_of(record.tp);
    set.version = version;
    set.data.machine = record.leader;
    set.data.number = record.epoch;
    set.data.replicas = record.replicas;
    set.data.isr = record.isr;
    set.data.recovering = record.recovering;
    set.data.clean = record.clean;
    set.data.why = record.why;
    ask({std::move(check), std::move(set)}, out);
    writing_.push_back(record);
}

KafkaController::Written KafkaController::take_written(std::size_t k) {
    const ZookeeperClient::Reply& reply = replies_[k];
    if (reply.error == ZkError::none) {
        writing_[k].cause = reply.cause.n;
        image_.apply(writing_[k]);
        return Written::done;
    }
    return reply.allowed == 0 ? Written::replaced : Written::overtaken;
}

void KafkaController::changes_written(In in, Effects& out) {
    again_.clear();
    for (std::size_t k = 0; k < writing_.size(); ++k) {
        const PartitionId tp = writing_[k].tp;
        switch (take_written(k)) {
        case Written::done: order_changed(tp, writing_[k].cause); break;
        case Written::overtaken: again_.push_back(tp); break;
        case Written::replaced:
            resign(in, "replaced", out);
            queue({Task::Kind::elect});
            return;
        }
    }
    if (!again_.empty()) {
        stage_ = 0;
        ask_states(again_, out);
        return;
    }
    send(out);
    finish();
}

/// A partition's new state, for one broker that has a replica of it.
void KafkaController::order(MachineId broker, PartitionId tp, std::uint64_t cause) {
    if (!present(broker)) return;
    const MetadataRecord record =
        partition_record(tp, image_.partition(tp), PartWhy::created, true);
    orders_[broker].push_back({tp, record.leader, record.epoch, record.partition_epoch,
                               record.recovering, record.replicas, record.isr, cause});
}

/// And for all of them but one that is made to leave; everybody hears who leads.
void KafkaController::order_changed(PartitionId tp, std::uint64_t cause) {
    const Task& task = tasks_.front();
    const BrokerList replicas = image_.partition(tp).replicas;
    for (const std::int32_t replica : replicas) {
        const bool leaves = task.kind == Task::Kind::leave_isrs && task.broker.value == replica;
        if (!leaves) order(MachineId(replica), tp, cause);
    }
    updates_.push_back(tp);
}

void KafkaController::begin_alter(Effects& out) {
    Asked& asked = *tasks_.front().asked;
    replies_.clear();
    writing_.clear();
    if (image_.broker(asked.alter.broker).epoch != asked.alter.broker_epoch) {
        asked.answer.error = Error::stale_broker_epoch;
        done_.push_back(std::move(tasks_.front().asked));
        finish();
        return;
    }
    for (const AlterPartitionRequest::Part& part : asked.alter.parts) {
        Records change;
        const Error error = alter_partition(image_, asked.alter.broker, asked.alter, part, change);
        if (error == Error::none && !change.empty()) {
            write(change.front(), image_.partition(part.tp).partition_epoch, out);
        } else {
            add_answer(asked, part.tp, error);
        }
    }
}

void KafkaController::add_answer(Asked& asked, PartitionId tp, Error error) const {
    AlterPartitionResponse::Part part;
    part.tp = tp;
    part.error = error;
    if (error == Error::none) {
        const PartitionState& state = image_.partition(tp);
        part.leader = MachineId(state.leader);
        part.leader_epoch = state.leader_epoch;
        part.partition_epoch = state.partition_epoch;
        part.isr_begin = static_cast<std::uint32_t>(asked.answer.isr.size());
        for (const std::int32_t member : state.isr)
            asked.answer.isr.emplace_back(member);
        part.isr_end = static_cast<std::uint32_t>(asked.answer.isr.size());
    }
    asked.answer.parts.push_back(part);
}

void KafkaController::altered(In in, Effects& out) {
    for (std::size_t k = 0; k < writing_.size(); ++k) {
        const PartitionId tp = writing_[k].tp;
        Asked& asked = *tasks_.front().asked;
        switch (take_written(k)) {
        case Written::done:
            add_answer(asked, tp, Error::none);
            updates_.push_back(tp);
            break;
        case Written::overtaken: add_answer(asked, tp, Error::invalid_update_version); break;
        case Written::replaced:
            asked.answer.clear();
            resign(in, "replaced", out);
            queue({Task::Kind::elect});
            return;
        }
    }
    done_.push_back(std::move(tasks_.front().asked));
    send(out);
    finish();
}

} // namespace brokersim
