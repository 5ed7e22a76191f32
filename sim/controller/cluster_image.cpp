// The cluster as the metadata log tells it.
#include "controller/cluster_image.hpp"

#include <algorithm>

namespace brokersim {

namespace {

std::vector<MachineId> machines(const BrokerList& brokers) {
    std::vector<MachineId> list;
    list.reserve(brokers.size());
    for (const std::int32_t broker : brokers)
        list.emplace_back(broker);
    return list;
}

BrokerList numbers(const std::vector<MachineId>& list) {
    BrokerList brokers;
    brokers.reserve(list.size());
    for (const MachineId machine : list)
        brokers.push_back(machine.value);
    return brokers;
}

} // namespace

MetadataRecord partition_record(PartitionId tp, const PartitionState& state, PartWhy why,
                                bool clean) {
    MetadataRecord record;
    record.kind = MetadataRecord::Kind::partition_change;
    record.tp = tp;
    record.leader = MachineId(state.leader);
    record.epoch = state.leader_epoch;
    record.partition_epoch = state.partition_epoch;
    record.clean = clean;
    record.recovering = state.recovering;
    record.why = why;
    record.replicas = machines(state.replicas);
    record.isr = machines(state.isr);
    record.elr = machines(state.elr);
    record.last_known_elr = machines(state.last_known_elr);
    record.adding = machines(state.adding);
    record.removing = machines(state.removing);
    return record;
}

CtlPart partition_fact(const MetadataRecord& record) {
    CtlPart fact;
    fact.tp = record.tp;
    if (record.leader.valid()) fact.leader = record.leader;
    fact.epoch = record.epoch;
    fact.pepoch = record.partition_epoch;
    fact.isr = record.isr;
    fact.elr = record.elr;
    fact.repl = record.replicas;
    fact.clean = record.clean;
    fact.why = record.why;
    if (!record.adding.empty()) fact.adding = std::span<const MachineId>(record.adding);
    if (!record.removing.empty()) fact.removing = std::span<const MachineId>(record.removing);
    return fact;
}

void ClusterImage::apply(const MetadataRecord& record) {
    switch (record.kind) {
    case MetadataRecord::Kind::no_op:
    case MetadataRecord::Kind::leader_change: return;
    case MetadataRecord::Kind::register_broker:
        brokers_[record.broker.index()] = {true, record.broker_epoch, record.incarnation, true,
                                           false};
        return;
    case MetadataRecord::Kind::fence_broker: {
        BrokerRegistration& broker = brokers_[record.broker.index()];
        broker.fenced = true;
        return;
    }
    case MetadataRecord::Kind::unfence_broker:
        brokers_[record.broker.index()].fenced = false;
        return;
    case MetadataRecord::Kind::controlled_shutdown:
        brokers_[record.broker.index()].stopping = true;
        return;
    case MetadataRecord::Kind::config: // What one broker has of its own is no matter here.
        if (record.config->topic.valid() || record.config->of_all_brokers) {
            topics_.apply(*record.config);
        }
        return;
    case MetadataRecord::Kind::partition_change: break;
    }
    PartitionState& state = partitions_[record.tp.index()];
    state.replicas = numbers(record.replicas);
    state.isr = numbers(record.isr);
    state.elr = numbers(record.elr);
    state.last_known_elr = numbers(record.last_known_elr);
    state.adding = numbers(record.adding);
    state.removing = numbers(record.removing);
    state.leader = record.leader.value;
    state.leader_epoch = record.epoch;
    state.partition_epoch = record.partition_epoch;
    state.recovering = record.recovering;
    if (state.has_leader()) {
        leaderless_.erase(record.tp);
    } else {
        leaderless_.insert(record.tp);
    }
    if (state.leader == state.preferred()) {
        imbalanced_.erase(record.tp);
    } else {
        imbalanced_.insert(record.tp);
    }
}

bool ClusterImage::leads_anything(MachineId broker) const {
    return std::any_of(partitions_.begin(), partitions_.end(),
                       [&](const PartitionState& state) { return state.leader == broker.value; });
}

} // namespace brokersim
