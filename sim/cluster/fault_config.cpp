// set_config: settings that change while the cluster runs. Those of topics and brokers go through
// the metadata log, as an operator's tool would have it; clients have them from one moment to the
// next.
#include "cluster/world.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace brokersim {

namespace {

/// Of the machines in both lists, in the order of the first.
std::vector<MachineId> both(const std::vector<MachineId>& a, const std::vector<MachineId>& b) {
    std::vector<MachineId> common;
    std::copy_if(a.begin(), a.end(), std::back_inserter(common),
                 [&](MachineId id) { return std::find(b.begin(), b.end(), id) != b.end(); });
    return common;
}

template <class Config>
void add_edits(const std::vector<SettingEdit<Config>>& edits, bool lift,
               std::vector<NewSetting<Config>>& out) {
    for (const SettingEdit<Config>& edit : edits)
        out.push_back({edit.name, lift ? edit.reset : edit.set, !lift});
}

/// What a client's settings become: `lifted` undone, then what others still hold.
template <class Config>
void edit(Config& config, const std::vector<SettingEdit<Config>>& edits, bool lift) {
    for (const SettingEdit<Config>& setting : edits)
        (lift ? setting.reset : setting.set)(config);
}

} // namespace

/// A topic's own settings are those that the scenario or somebody since has given it.
void World::change_config(const FaultSpec& spec, const std::vector<MachineId>& targets, bool lift,
                          Cause cause) {
    if (!spec.producer.empty() || !spec.group.empty()) {
        for (const MachineId id : targets)
            configure_client(id, spec, lift, cause);
        return;
    }
    auto change = std::make_shared<ConfigChange>();
    add_edits(spec.server_edits, lift, change->server);
    add_edits(spec.topic_edits, lift, change->topics);
    if (!spec.topic.empty()) {
        for (std::size_t k = 0; k < layout_->topics.size(); ++k) {
            if (layout_->topics[k].name == spec.topic) change->topic = TopicId(k);
        }
        const std::vector<std::string>& own = layout_->topic(change->topic).own;
        for (NewSetting<TopicConfig>& setting : change->topics) {
            setting.own = !lift || std::find(own.begin(), own.end(), setting.name) != own.end();
        }
    } else {
        change->brokers = targets;
        const auto first = std::count_if(targets.begin(), targets.end(), [&](MachineId id) {
            return id.index() < layout_->first_brokers();
        });
        change->of_all_brokers = static_cast<std::size_t>(first) == layout_->first_brokers();
        if (targets.empty()) return;
    }
    ask_controller(cause, [&](Controller& controller, In in) {
        controller.set_config(in, std::move(change), out_);
    });
}

void World::configure_client(MachineId id, const FaultSpec& spec, bool lift, Cause cause) {
    const Machine& machine = machines_[id.index()];
    out_.begin(in_at(id), cause, sink_);
    if (machine.kind == Kind::producer) {
        Producer& producer = producers_[machine.index];
        ProducerConfig config = producer.config();
        edit(config, spec.producer_edits, lift);
        producer.configure(in_at(id), config, out_);
    } else {
        Consumer& consumer = consumers_[machine.index];
        ConsumerConfig config = consumer.config();
        edit(config, spec.consumer_edits, lift);
        consumer.configure(config);
    }
    carry_out(machines_[id.index()], id);
}

void World::set_config(std::uint32_t number, const Occurrence& o, Cause cause) {
    configs_.push_back({number, o.fault, o.targets});
    change_config(spec_of(o), o.targets, false, cause);
}

/// Back to what the scenario says; but what others have set, and has not been lifted, is so again.
void World::lift_config(std::uint32_t number, const Occurrence& o, Cause cause) {
    std::erase_if(configs_, [&](const ConfigInForce& c) { return c.number == number; });
    const FaultSpec& spec = spec_of(o);
    change_config(spec, o.targets, true, cause);
    for (const ConfigInForce& other : configs_) {
        const FaultSpec& own = faults_[other.fault].spec;
        if (own.topic != spec.topic || own.group != spec.group || own.producer != spec.producer) {
            continue;
        }
        const std::vector<MachineId> common = both(other.targets, o.targets);
        if (!common.empty() || !spec.topic.empty()) change_config(own, common, false, cause);
    }
}

/// Other replicas for a topic's partitions, as kafka-reassign-partitions asks for them.
void World::reassign(const Occurrence& o, bool cancel, Cause cause) {
    const FaultSpec& spec = spec_of(o);
    TargetSpec partition;
    partition.topic = spec.topic;
    const PartitionId first = partition_named(partition);
    ask_controller(cause, [&](Controller& controller, In in) {
        for (std::size_t k = 0; k < spec.assignment.size(); ++k) {
            if (spec.assignment[k].empty()) continue;
            const PartitionId tp(first.value + static_cast<std::int32_t>(k));
            controller.reassign(in, tp, cancel ? BrokerList{} : spec.assignment[k], out_);
        }
    });
}

} // namespace brokersim
