// A world from a scenario: its machines, its settled state at t = 0, its script.
#include "cluster/world.hpp"
#include "controller/decisions.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

namespace brokersim {

namespace {

using ZipfTables =
    std::map<std::pair<std::int64_t, std::int64_t>, std::shared_ptr<const ZipfTable>>;

/// One table for all producers with the same law.
std::shared_ptr<const ZipfTable> zipf_table(const KeySpec& keys, ZipfTables& tables) {
    if (keys.kind != KeySpec::Kind::zipf || keys.count <= 0) return nullptr;
    std::shared_ptr<const ZipfTable>& table = tables[{keys.count, keys.exponent_ppb}];
    if (!table) table = std::make_shared<const ZipfTable>(keys.count, keys.exponent_ppb);
    return table;
}

/// Names of all machines, those of roles last: they are their processes'.
std::vector<std::string> names_of(const Plan& plan) {
    std::vector<std::string> names = plan.info.nodes;
    for (std::size_t k = 0; plan.layout->roles > 0 && k < plan.layout->controllers; ++k)
        names.push_back(names[k]);
    return names;
}

/// Somebody acts on what records carry: their poison, or the order of their keys.
bool needs_marks(const Scenario& scenario) {
    for (const ProducerSpec& producer : scenario.producers) {
        const PoisonSpec& poison = producer.poison;
        if (poison.every > 0 || poison.ratio.ppb > 0 || !poison.at.empty() || !poison.keys.empty())
            return true;
    }
    return std::any_of(scenario.consumers.begin(), scenario.consumers.end(),
                       [](const ConsumerGroupSpec& group) { return group.concurrency > 1; });
}

} // namespace

World::World(const Scenario& scenario, std::uint64_t seed, const Plan& plan)
    : layout_(plan.layout), names_(names_of(plan)), network_(scenario.network, names_, seed),
      group_topics_(plan.group_topics), usual_rates_(scenario.producers.size()),
      last_begin_(Time{} + scenario.duration), out_(messages_, network_, contents_) {
    for (std::size_t k = 0; k < scenario.brokers.size(); ++k) {
        add_machine(Kind::broker, static_cast<std::uint32_t>(k), BrokerProcess::timer_slots);
        brokers_.emplace_back(MachineId(k), names_[k], layout_, scenario.brokers[k], seed);
    }
    if (layout_->roles == 0) add_controllers(scenario, seed);
    if (needs_marks(scenario)) contents_.marks.keep();
    add_clients(scenario, seed);
    if (layout_->roles > 0) add_controllers(scenario, seed);
    add_faults(scenario, seed);
    assignment_ = plan.assignment;
    plan_later_brokers();
}

void World::add_controllers(const Scenario& scenario, std::uint64_t seed) {
    for (std::size_t k = 0; k < layout_->controllers; ++k) {
        const MachineId id(machines_.size());
        add_machine(Kind::controller, static_cast<std::uint32_t>(k), Controller::timer_slots);
        controllers_.emplace_back(id, names_[id.index()], layout_, scenario.control_plane.config,
                                  seed);
    }
    for (std::size_t k = 0; k < layout_->servers; ++k) {
        const MachineId id(machines_.size());
        add_machine(Kind::zookeeper, static_cast<std::uint32_t>(k), ZookeeperServer::timer_slots);
        servers_.emplace_back(id, names_[id.index()], layout_, seed);
    }
}

void World::add_clients(const Scenario& scenario, std::uint64_t seed) {
    ZipfTables tables;
    for (std::size_t k = 0; k < scenario.producers.size(); ++k) {
        const MachineId id(machines_.size());
        add_machine(Kind::producer, static_cast<std::uint32_t>(k), Producer::timer_slots);
        producers_.emplace_back(id, ProducerId(k), layout_, scenario.producers[k], seed,
                                zipf_table(scenario.producers[k].keys, tables));
        if (scenario.producers[k].keys.kind == KeySpec::Kind::list) {
            contents_.marks.list_keys(ProducerId(k), scenario.producers[k].keys.list);
        }
    }
    std::size_t letters = scenario.producers.size(); // Of the next member that writes such.
    for (std::size_t g = 0; g < scenario.consumers.size(); ++g) {
        const ConsumerGroupSpec& group = scenario.consumers[g];
        const std::int32_t members = most_members(scenario, group);
        groups_.push_back(
            {consumers_.size(), static_cast<std::size_t>(members), group.members, group.members});
        for (std::int32_t k = 1; k <= members; ++k) {
            const MachineId id(machines_.size());
            add_machine(Kind::consumer, static_cast<std::uint32_t>(consumers_.size()),
                        Consumer::timer_slots);
            const bool writes = writes_dead_letters(scenario.consumers[g]);
            consumers_.emplace_back(id, GroupId(g), k, layout_, scenario.consumers[g], seed,
                                    writes ? ProducerId(letters++) : ProducerId());
            consumer_group_.push_back(GroupId(g));
            consumer_machine_.push_back(id);
        }
    }
}

void World::add_faults(const Scenario& scenario, std::uint64_t seed) {
    for (const FaultSpec& fault : scenario.faults) {
        FaultPlan& made = faults_.emplace_back(FaultPlan{fault,
                                                         Stream(seed, {"fault", fault.id}),
                                                         Stream(seed, {"fault times", fault.id}),
                                                         std::nullopt,
                                                         0,
                                                         {}});
        if (!fault.rate || fault.rate->count <= 0) continue;
        Distribution gap;
        gap.kind = Distribution::Kind::exponential;
        gap.a.ns = std::max<std::int64_t>(fault.rate->per.ns / fault.rate->count, 1);
        made.gap.emplace(gap);
    }
}

/// Each add_broker has its own, in the order of the file.
void World::plan_later_brokers() {
    std::size_t later = layout_->first_brokers();
    for (FaultPlan& fault : faults_) {
        if (fault.spec.action != FaultAction::add_broker) continue;
        fault.first_broker = MachineId(later);
        later += static_cast<std::size_t>(fault.spec.members);
    }
    for (std::size_t k = layout_->first_brokers(); k < layout_->brokers; ++k)
        machines_[k].starts = Time::never();
}

/// The records that a controller would have written to get here, in the order of its log.
Records World::first_records() const {
    Records records;
    MetadataRecord leader;
    leader.kind = MetadataRecord::Kind::leader_change;
    leader.broker = layout_->controller(0);
    leader.epoch = 1;
    records.push_back(leader);
    for (std::size_t k = 0; k < layout_->first_brokers(); ++k) {
        MetadataRecord record;
        record.kind = MetadataRecord::Kind::register_broker;
        record.broker = MachineId(k);
        record.broker_epoch = static_cast<BrokerEpoch>(records.size());
        record.incarnation = 1;
        record.reason = "started";
        records.push_back(record);
    }
    for (std::size_t k = 0; k < layout_->first_brokers(); ++k) {
        MetadataRecord record;
        record.kind = MetadataRecord::Kind::unfence_broker;
        record.broker = MachineId(k);
        record.broker_epoch = static_cast<BrokerEpoch>(k + 1);
        record.reason = "caught_up";
        records.push_back(record);
    }
    for (std::size_t k = 0; k < assignment_.size(); ++k) {
        const auto state = created_partition(assignment_[k], [](std::int32_t) { return true; });
        records.push_back(partition_record(PartitionId(k), *state, PartWhy::created, true));
    }
    return records;
}

void World::settle(const Scenario& scenario, FactSink* sink) {
    watch(sink);
    if (scenario.cold_start) {
        start_cold();
    } else {
        start_settled();
    }
    write_script(scenario);
    if (!waiting_.empty()) look_at_states();
    sink_ = nullptr;
}

/// Nothing but processes: controllers have to elect, brokers to register, and the topics come when
/// all of these brokers are unfenced.
void World::start_cold() {
    const auto wanted = std::make_shared<const std::vector<BrokerList>>(assignment_);
    for (Controller& controller : controllers_)
        controller.create_when_formed(wanted);
    for (std::size_t k = 0; layout_->roles == 0 && k < layout_->controllers; ++k)
        start_machine(layout_->controller(k), Cause{});
    for (std::size_t k = 0; k < layout_->first_brokers(); ++k)
        start_machine(MachineId(k), Cause{});
}

void World::start_settled() {
    for (std::size_t k = 0; k < machines_.size(); ++k) {
        const bool client =
            machines_[k].kind == Kind::producer || machines_[k].kind == Kind::consumer;
        if (client || machines_[k].starts == Time::never()) continue;
        machines_[k].up = true;
        machines_[k].incarnation = 1;
        network_.set_up(MachineId(k), true);
        if (process_of(MachineId(k)) == MachineId(k)) note(Cause{}, NodeUp{MachineId(k), 1});
    }
    const bool zookeeper = layout_->zookeeper();
    note(Cause{}, CtlElected{zookeeper ? MachineId(0) : layout_->controller(0), 1});
    const Records records = first_records();
    for (const MetadataRecord& record : records) {
        switch (record.kind) {
        case MetadataRecord::Kind::register_broker:
            note(Cause{}, CtlBroker{record.broker, BrokerState::registered, record.broker_epoch,
                                    record.reason});
            break;
        case MetadataRecord::Kind::unfence_broker:
            note(Cause{}, CtlBroker{record.broker, BrokerState::unfenced, record.broker_epoch,
                                    record.reason});
            break;
        case MetadataRecord::Kind::partition_change: note(Cause{}, partition_fact(record)); break;
        default: break;
        }
    }
    if (zookeeper) {
        settle_zookeeper(records);
    } else {
        settle_kraft(records);
    }
}

/// Clients start cold, at their time; then faults in the order of the file.
void World::write_script(const Scenario& scenario) {
    std::size_t next =
        layout_->brokers + (layout_->roles > 0 ? 0 : layout_->controllers) + layout_->servers;
    for (const ProducerSpec& producer : scenario.producers) {
        machines_[next].starts = producer.start;
        at(producer.start, {ScriptEntry::Kind::start_machine, MachineId(next), 0});
        ++next;
    }
    for (const ConsumerGroupSpec& group : scenario.consumers) {
        for (std::int32_t k = 0; k < most_members(scenario, group); ++k) {
            Machine& machine = machines_[next];
            // Those that only a fault adds come together with it.
            machine.starts = k < group.members ? group.start + group.join_every * k : group.start;
            machine.stops = group.stop.value_or(Time::never());
            at(machine.starts, {ScriptEntry::Kind::start_machine, MachineId(next), 0});
            if (group.stop) at(*group.stop, {ScriptEntry::Kind::stop_machine, MachineId(next), 0});
            ++next;
        }
    }
    for (std::uint32_t k = 0; k < faults_.size(); ++k) {
        FaultPlan& plan = faults_[k];
        if (!plan.spec.when.empty()) {
            await(k);
        } else if (plan.spec.rate) {
            if (plan.gap) fault_at(Time{} + plan.gap->draw(plan.times), k);
        } else if (!plan.spec.after) {
            fault_at(plan.spec.at, k);
        }
    }
}

} // namespace brokersim
