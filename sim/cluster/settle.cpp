// The settled cluster at t = 0: what every process of the control plane and every broker knows.
#include "cluster/world.hpp"

#include <memory>
#include <utility>
#include <vector>

namespace brokersim {

namespace {

Settled settled_of(const Records& records, const Layout& layout) {
    Settled cluster;
    cluster.partitions.resize(layout.partitions);
    cluster.replicas.resize(layout.brokers);
    cluster.brokers.resize(layout.brokers, BrokerView{.fenced = true});
    std::vector<PartitionView> views(layout.partitions);
    for (const MetadataRecord& record : records) {
        if (record.kind == MetadataRecord::Kind::register_broker) {
            cluster.brokers[record.broker.index()] = {false, false, record.broker_epoch};
        }
        if (record.kind != MetadataRecord::Kind::partition_change) continue;
        cluster.partitions[record.tp.index()] = {record.leader,          record.epoch,
                                                 record.partition_epoch, false,
                                                 record.replicas,        record.isr};
        for (const MachineId replica : record.replicas)
            cluster.replicas[replica.index()].push_back(record.tp);
        views[record.tp.index()] = {record.leader, record.epoch};
    }
    cluster.views = std::make_shared<const std::vector<PartitionView>>(std::move(views));
    return cluster;
}

} // namespace

void World::settle_kraft(const Records& records) {
    ClusterImage image(layout_);
    for (const MetadataRecord& record : records)
        image.apply(record);
    const Settled cluster = settled_of(records, *layout_);
    const auto end = static_cast<Offset>(records.size());
    for (std::size_t k = 0; k < controllers_.size(); ++k) {
        const MachineId id = layout_->controller(k);
        out_.begin(in_at(id), Cause{}, sink_);
        controllers_[k].settle(in_at(id), image, end, out_);
        if (layout_->later_brokers > 0) controllers_[k].keep_history(records);
        carry_out(machines_[id.index()], id);
    }
    for (std::size_t k = 0; k < layout_->first_brokers(); ++k) {
        const MachineId id(k);
        out_.begin(in_at(id), Cause{}, sink_);
        brokers_[k].broker().settle(in_at(id), cluster.brokers[k].epoch, end, cluster, out_);
        brokers_[k].settle_event(in_at(id), out_);
        carry_out(machines_[id.index()], id);
    }
}

/// As if each record had been a transaction. The first broker is the controller.
void World::settle_zookeeper(const Records& records) {
    const MachineId controller(0);
    const auto zxid = static_cast<Zxid>(records.size());
    ClusterImage image(layout_);
    for (const MetadataRecord& record : records)
        image.apply(record);
    const Settled cluster = settled_of(records, *layout_);
    contents_.elected(1);
    for (std::size_t k = 0; k < brokers_.size(); ++k) {
        const MachineId id(k);
        const In in = in_at(id);
        contents_.tell_broker(1, id, image.broker(id).epoch, BrokerState::unfenced);
        out_.begin(in, Cause{}, sink_);
        BrokerProcess& broker = brokers_[k];
        broker.broker().settle(in, image.broker(id).epoch, controller, cluster, out_);
        broker.controller().settle(in, image, controller, zxid, out_);
        broker.settle_event(in, out_);
        carry_out(machines_[id.index()], id);
    }
    const DataTree tree = settled_tree(records, image);
    for (std::size_t k = 0; k < servers_.size(); ++k) {
        const MachineId id = layout_->server(k);
        const In in = in_at(id);
        out_.begin(in, Cause{}, sink_);
        servers_[k].settle(in, tree, zxid, out_);
        for (BrokerProcess& broker : brokers_) {
            const ZookeeperClient& client = broker.controller().client();
            servers_[k].settle_session(in, client.session(), client.server(), client.heard());
        }
        carry_out(machines_[id.index()], id);
    }
}

/// A broker's session has the number of its registration.
DataTree World::settled_tree(const Records& records, const ClusterImage& image) {
    DataTree tree(layout_->brokers, layout_->partitions);
    Znode node;
    node.exists = true;
    for (const MetadataRecord& record : records) {
        node.data = {};
        ++node.modified;
        if (record.kind == MetadataRecord::Kind::register_broker) {
            node.created = node.owner = record.broker_epoch;
            node.data.number = record.incarnation;
            tree.settle({ZnodePath::Kind::broker_id, record.broker.value}, node);
            const BrokerProcess& broker = brokers_[record.broker.index()];
            tree.settle(record.broker_epoch,
                        {record.broker, broker.controller().client().timeout()});
        } else if (record.kind == MetadataRecord::Kind::partition_change) {
            node.created = node.owner = 0;
            node.data.machine = record.leader;
            node.data.number = record.epoch;
            node.data.replicas = record.replicas;
            node.data.isr = record.isr;
            tree.settle({ZnodePath::Kind::partition, record.tp.value}, node);
        }
    }
    node.data = {};
    node.data.machine = MachineId(0);
    node.owner = image.broker(MachineId(0)).epoch;
    tree.settle({ZnodePath::Kind::controller, 0}, node);
    node.owner = 0;
    node.version = 1;
    node.data.number = 1;
    tree.settle({ZnodePath::Kind::controller_epoch, 0}, node);
    return tree;
}

} // namespace brokersim
