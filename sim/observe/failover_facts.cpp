// Keeps the facts that explain times without service.
#include "observe/failover_facts.hpp"

#include <algorithm>
#include <utility>

namespace brokersim {

namespace {

/// Does it hinder its targets? Orders that are carried out at once do not.
bool is_trouble(FaultAction action) {
    switch (action) {
    case FaultAction::resume:
    case FaultAction::heal:
    case FaultAction::set_rate:
    case FaultAction::resize_group:
    case FaultAction::move_leader:
    case FaultAction::set_config:
    case FaultAction::reassign:
    case FaultAction::add_broker: return false;
    default: return true;
    }
}

bool meets(Time begin, Time end, Time from, Time to) {
    return begin <= to && end >= from;
}

} // namespace

FailoverFacts::FailoverFacts(const RunInfo& info)
    : partitions_(info.partitions.size()), machines_(info.nodes.size()) {
    for (const TopicInfo& topic : info.topics)
        min_isr_.push_back(topic.min_isr);
}

FactKinds FailoverFacts::wants() {
    return {FactKind::fault_begin,  FactKind::fault_end,    FactKind::node_up,
            FactKind::node_down,    FactKind::node_paused,  FactKind::node_resumed,
            FactKind::net_cut,      FactKind::net_heal,     FactKind::ctl_elected,
            FactKind::ctl_broker,   FactKind::ctl_part,     FactKind::meta_seen,
            FactKind::timer_fire,   FactKind::group_member, FactKind::zk_session,
            FactKind::topic_changed};
}

void FailoverFacts::on(Time now, FactRef fact) {
    switch (fact.kind) {
    case FactKind::ctl_part: on(now, *fact.as<CtlPart>()); break;
    case FactKind::meta_seen: on(now, *fact.as<MetaSeen>()); break;
    case FactKind::ctl_broker: on(now, *fact.as<CtlBroker>()); break;
    case FactKind::timer_fire: on(now, *fact.as<TimerFire>()); break;
    case FactKind::node_down: {
        const NodeDown& down = *fact.as<NodeDown>();
        stops(now, down.node, true, down.how == DownHow::power); // Else its connections are reset.
        break;
    }
    case FactKind::node_paused: stops(now, fact.as<NodePaused>()->node, false, true); break;
    case FactKind::node_up: runs(now, fact.as<NodeUp>()->node); break;
    case FactKind::node_resumed: runs(now, fact.as<NodeResumed>()->node); break;
    default: on_rare(now, fact); break;
    }
}

void FailoverFacts::on_rare(Time now, FactRef fact) {
    if (const auto* changed = fact.as<TopicChanged>()) {
        min_isr_[changed->topic.index()] = changed->min_isr;
        return;
    }
    if (const auto* begin = fact.as<FaultBegin>()) {
        if (!is_trouble(begin->action)) { return; }
        for (const MachineId node : begin->target) {
            machines_[node.index()].troubles.push_back(
                {begin->id, now, Time::never(), false, false});
        }
    } else if (const auto* end = fact.as<FaultEnd>()) {
        for (const MachineId node : end->target) {
            for (Trouble& trouble : machines_[node.index()].troubles) {
                if (trouble.fault == end->id && trouble.end == Time::never()) {
                    trouble.end = now;
                    break;
                }
            }
        }
    } else if (const auto* cut = fact.as<NetCut>()) {
        machines_[cut->src.index()].cuts.push_back({cut->dst, now, Time::never()});
    } else if (const auto* heal = fact.as<NetHeal>()) {
        for (Cut& cut_off : machines_[heal->src.index()].cuts) {
            if (cut_off.other == heal->dst) { cut_off.end = std::min(cut_off.end, now); }
        }
    } else if (const auto* session = fact.as<ZkSession>()) {
        if (session->state != SessionState::expired) { return; }
        Machine& machine = machines_[session->node.index()];
        machine.expired = std::min(machine.expired, now);
    } else if (fact.kind == FactKind::ctl_elected) {
        for (Found& found : found_) {
            found.of_former_controller = true;
        }
    } else if (const auto* member = fact.as<GroupMember>()) {
        if (member->state == MemberState::joined || member->state == MemberState::refused) {
            return;
        }
        How how = How::asked;
        if (member->state == MemberState::evicted) {
            how = member->why == "session_timeout" ? How::member_session : How::member_late;
        }
        machines_[member->mem.index()].decisions.push_back({now, now, how});
    }
}

void FailoverFacts::on(Time now, const CtlPart& fact) {
    Partition& partition = partitions_[fact.tp.index()];
    State state;
    state.since = now;
    state.leader = fact.leader.value_or(MachineId());
    state.epoch = fact.epoch;
    state.pepoch = fact.pepoch;
    state.why = fact.why;
    state.isr_begin = static_cast<std::uint32_t>(isrs_.size());
    isrs_.insert(isrs_.end(), fact.isr.begin(), fact.isr.end());
    state.isr_end = static_cast<std::uint32_t>(isrs_.size());
    partition.states.push_back(state);
    partition.replicas.assign(fact.repl.begin(), fact.repl.end());
}

/// An expired session is found by a timer of the controller, one at a time, and fenced in that
/// order. What a former controller had found is committed or lost before the next one looks.
void FailoverFacts::on(Time now, const CtlBroker& fact) {
    Decision decision{now, now, How::asked};
    switch (fact.state) {
    case BrokerState::unfenced: return;
    case BrokerState::registered: decision.how = How::registered; break;
    case BrokerState::fenced:
        if (machines_[fact.node.index()].expired != Time::never()) {
            // ZooKeeper: the controller finds the node gone some time after the session was.
            decision.how = How::session;
            decision.found = std::exchange(machines_[fact.node.index()].expired, Time::never());
        } else if (fact.why == "session_timeout") {
            decision.how = How::session;
            if (!found_.empty()) {
                decision.found = found_.front().at;
                found_.pop_front();
            }
        }
        break;
    default: break;
    }
    machines_[fact.node.index()].decisions.push_back(decision);
}

void FailoverFacts::on(Time now, const TimerFire& fact) {
    if (fact.what != "fence_stale_broker") { return; }
    while (!found_.empty() && found_.front().of_former_controller) {
        found_.pop_front();
    }
    found_.push_back({now, false});
}

void FailoverFacts::on(Time now, const MetaSeen& fact) {
    if (!fact.pepoch.present) {
        std::int32_t slot = learnt_of_.find(fact.node.value, fact.tp);
        if (slot < 0) {
            slot = static_cast<std::int32_t>(learnt_.size());
            learnt_of_.set(fact.node.value, fact.tp, learnt_.size());
            learnt_.emplace_back();
        }
        // A client that knows of no leader yet has learnt nothing that helps it.
        if (fact.leader) { learnt_[static_cast<std::size_t>(slot)].push_back({fact.epoch, now}); }
        return;
    }
    if (fact.leader != fact.node) { return; }
    std::vector<State>& states = partitions_[fact.tp.index()].states;
    for (std::size_t k = states.size(); k > 0; --k) {
        State& state = states[k - 1];
        if (state.seen != Time::never()) { return; }
        if (state.leader == fact.node && state.pepoch <= fact.pepoch.value) { state.seen = now; }
    }
}

void FailoverFacts::stops(Time now, MachineId node, bool died, bool silent) {
    Machine& machine = machines_[node.index()];
    machine.outs.push_back({now, Time::never(), silent});
    bool known = false;
    for (Trouble& trouble : machine.troubles) {
        if (trouble.end < now) { continue; }
        known = true;
        trouble.stopped = true;
        trouble.died = trouble.died || died;
    }
    if (!known) { machine.troubles.push_back({FaultId(), now, Time::never(), died, true}); }
}

void FailoverFacts::runs(Time now, MachineId node) {
    Machine& machine = machines_[node.index()];
    for (Out& out : machine.outs) {
        out.end = std::min(out.end, now);
    }
    for (Trouble& trouble : machine.troubles) {
        if (trouble.stopped) { trouble.end = std::min(trouble.end, now); }
    }
}

bool FailoverFacts::full(PartitionId tp) const {
    const Partition& partition = partitions_[tp.index()];
    return !partition.states.empty() &&
           isr(partition.states.back()).size() == partition.replicas.size();
}

const FailoverFacts::Decision* FailoverFacts::decision(MachineId node, Time from, Time to) const {
    for (const Decision& one : machines_[node.index()].decisions) {
        if (one.at >= from && one.at <= to) { return &one; }
    }
    return nullptr;
}

const FailoverFacts::Out* FailoverFacts::out(MachineId node, Time from, Time to) const {
    const std::vector<Out>& outs = machines_[node.index()].outs;
    for (std::size_t k = outs.size(); k > 0; --k) {
        if (meets(outs[k - 1].begin, outs[k - 1].end, from, to)) { return &outs[k - 1]; }
    }
    return nullptr;
}

bool FailoverFacts::cut(MachineId from, MachineId to, Time begin, Time end) const {
    const std::vector<Cut>& cuts = machines_[from.index()].cuts;
    return std::any_of(cuts.begin(), cuts.end(), [&](const Cut& one) {
        return one.other == to && meets(one.begin, one.end, begin, end);
    });
}

bool FailoverFacts::apart(MachineId a, MachineId b, Time from, Time to) const {
    return cut(a, b, from, to) || cut(b, a, from, to);
}

Time FailoverFacts::learnt(MachineId client, PartitionId tp, LeaderEpoch epoch) const {
    const std::int32_t slot = learnt_of_.find(client.value, tp);
    if (slot < 0) { return Time::never(); }
    for (const Learnt& one : learnt_[static_cast<std::size_t>(slot)]) {
        if (one.epoch >= epoch) { return one.at; }
    }
    return Time::never();
}

bool FailoverFacts::knew_older(MachineId client, PartitionId tp, LeaderEpoch epoch) const {
    const std::int32_t slot = learnt_of_.find(client.value, tp);
    if (slot < 0 || learnt_[static_cast<std::size_t>(slot)].empty()) { return false; }
    return learnt_[static_cast<std::size_t>(slot)].front().epoch < epoch;
}

} // namespace brokersim
