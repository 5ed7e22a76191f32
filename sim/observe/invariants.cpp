// Looks at every change of logs, commits and partition states.
#include "observe/invariants.hpp"

#include <algorithm>
#include <iterator>

namespace brokersim {

Invariants::Invariants(const RunInfo& info)
    : InvariantObserver({"K1",  "K6", "C1", "C2", "C3", "C4", "C5", "C8", "L1",
                         "L2",  "L3", "L4", "L5", "L6", "L7", "L8", "L9", "L11",
                         "L12", "D1", "D2", "D4", "D5", "I1", "I2", "X1"}),
      info_(info), partitions_(info.partitions.size()), up_(info.nodes.size()),
      fenced_(info.nodes.size()) {
    for (const auto& [name, value] : info.config) {
        elr_ = elr_ || (name == "eligible.leader.replicas.version" && value != "0");
    }
    for (std::size_t k = 0; k < partitions_.size(); ++k) {
        partitions_[k].lossy = info.topics[info.topic_of(PartitionId(k)).index()].unclean;
    }
}

FactKinds Invariants::wants() const {
    return {FactKind::node_up,     FactKind::node_down,    FactKind::ctl_part, FactKind::log_append,
            FactKind::log_trunc,   FactKind::log_head,     FactKind::hw,       FactKind::prod_ack,
            FactKind::prod_fail,   FactKind::log_flush,    FactKind::loss,     FactKind::ctl_broker,
            FactKind::ctl_elected, FactKind::topic_changed};
}

void Invariants::on(Time now, Cause, FactRef fact, Verdicts& verdicts) {
    verdicts_ = &verdicts;
    check("K1", now >= now_, [] { return std::string("time went back"); });
    now_ = now;
    switch (fact.kind) {
    case FactKind::node_up: up_[fact.as<NodeUp>()->node.index()] = true; break;
    case FactKind::node_down: {
        const NodeDown& down = *fact.as<NodeDown>();
        up_[down.node.index()] = false;
        for (Partition& partition : partitions_) {
            const auto replica = partition.replicas.find(down.node);
            if (replica == partition.replicas.end()) { continue; }
            replica->second.hw_epoch = -1; // It restarts from a checkpoint.
            partition.lossy = partition.lossy || down.how == DownHow::power;
        }
        break;
    }
    case FactKind::ctl_part: on(*fact.as<CtlPart>()); break;
    case FactKind::topic_changed: on(*fact.as<TopicChanged>()); break;
    case FactKind::log_append: on(*fact.as<LogAppend>()); break;
    case FactKind::log_trunc: on(*fact.as<LogTrunc>()); break;
    case FactKind::log_head: on(*fact.as<LogHead>()); break;
    case FactKind::hw: on(*fact.as<Hw>()); break;
    case FactKind::prod_ack: on(*fact.as<ProdAck>()); break;
    case FactKind::prod_fail: {
        const ProdFail& fail = *fact.as<ProdFail>();
        outcome(fail.p, fail.tp, fail.i, fail.count);
        failed(fail);
        break;
    }
    case FactKind::log_flush: {
        const LogFlush& flush = *fact.as<LogFlush>();
        partitions_[flush.tp.index()].replicas[flush.node].flushed = flush.to;
        break;
    }
    case FactKind::loss: lost(*fact.as<Loss>()); break;
    case FactKind::ctl_elected: elected(*fact.as<CtlElected>()); break;
    case FactKind::ctl_broker: {
        const CtlBroker& broker = *fact.as<CtlBroker>();
        fenced_[broker.node.index()] = broker.state == BrokerState::fenced ||
                                       broker.state == BrokerState::registered ||
                                       broker.state == BrokerState::removed;
        break;
    }
    default: break;
    }
}

void Invariants::on(const TopicChanged& fact) {
    const TopicInfo& topic = info_.topics[fact.topic.index()];
    for (std::int32_t k = 0; k < topic.partitions && fact.unclean; ++k)
        partitions_[PartitionId(topic.first.value + k).index()].lossy = true;
}

void Invariants::on(const CtlPart& fact) {
    Partition& partition = partitions_[fact.tp.index()];
    const std::string& name = info_.name(fact.tp);
    const auto has = [](std::span<const MachineId> list, MachineId node) {
        return std::find(list.begin(), list.end(), node) != list.end();
    };
    look("C3");
    look("C2");
    elected(partition, fact);
    joined(partition, fact);
    partition.repl.assign(fact.repl.begin(), fact.repl.end());
    partition.isr.assign(fact.isr.begin(), fact.isr.end());
    partition.elr.assign(fact.elr.begin(), fact.elr.end());
    partition.leader = fact.leader;
    for (const MachineId member : fact.isr) {
        if (!has(fact.repl, member)) { broken("C3", name + ": in the ISR and no replica"); }
    }
    if (fact.leader && !has(fact.isr, *fact.leader)) {
        broken("C3", name + ": its leader is not in its ISR");
    }
    for (const MachineId member : fact.elr) {
        if (!has(fact.repl, member) || has(fact.isr, member)) {
            broken("C3", name + ": an eligible replica is in the ISR, or no replica");
        }
    }
    if (fact.isr.empty() && !elr_) { broken("C3", name + ": an empty ISR"); }
    if (!fact.elr.empty() && !elr_) { broken("C3", name + ": eligible replicas without KIP-966"); }
    if (fact.pepoch <= partition.partition_epoch) {
        broken("C2", name + ": the partition epoch does not rise");
    }
    if (fact.epoch < partition.epoch) { broken("C2", name + ": the leader epoch falls"); }
    partition.epoch = fact.epoch;
    partition.partition_epoch = fact.pepoch;
    if (!fact.clean) { partition.lossy = true; }
    if (!fact.leader) { return; }
    look("C1");
    const auto [known, added] = partition.leaders.emplace(fact.epoch, *fact.leader);
    if (!added && known->second != *fact.leader) {
        broken("C1", name + ": two leaders in one epoch");
    }
}

void Invariants::on(const LogAppend& fact) {
    alive(fact.node, "appends");
    Partition& partition = partitions_[fact.tp.index()];
    Replica& replica = partition.replicas[fact.node];
    look("L1");
    look("L3");
    if (fact.base != replica.end) { broken("L1", at(fact.node, fact.tp) + ": a gap in the log"); }
    if (!replica.log.empty() && replica.log.back().epoch > fact.epoch) {
        broken("L3", at(fact.node, fact.tp) + ": an epoch falls along the log");
    }
    const Entry entry{fact.base,
                      fact.count,
                      fact.epoch,
                      fact.p.value_or(ProducerId()),
                      fact.i.value_or(0),
                      fact.pid.value_or(-1),
                      fact.pepoch.value_or(-1),
                      fact.seq.value_or(-1)};
    replica.log.push_back(entry);
    in_order(fact.tp, fact.node, replica);
    replica.end = fact.base + fact.count;
    look("L4");
    const auto leader = partition.leaders.find(fact.epoch);
    if (leader == partition.leaders.end()) {
        broken("L4", at(fact.node, fact.tp) + ": a batch of an epoch without leader");
        return;
    }
    if (leader->second == fact.node) { return; }
    const std::vector<Entry>& origin = partition.replicas[leader->second].log;
    const auto same = std::lower_bound(origin.begin(), origin.end(), fact.base,
                                       [](const Entry& e, Offset base) { return e.base < base; });
    // The leader may have lost it meanwhile, as leader no longer.
    if (same != origin.end() && same->base == fact.base && same->epoch == fact.epoch &&
        !(*same == entry)) {
        broken("L4", at(fact.node, fact.tp) + ": a batch that its leader does not have");
    }
}

void Invariants::on(const LogTrunc& fact) {
    Partition& partition = partitions_[fact.tp.index()];
    Replica& replica = partition.replicas[fact.node];
    if (fact.why == TruncWhy::power_loss || fact.why == TruncWhy::disk_loss) {
        partition.lossy = true;
    }
    truncated(partition, replica, fact);
    look("L9");
    if (fact.to > replica.end) { broken("L1", at(fact.node, fact.tp) + ": truncated upwards"); }
    const auto leader = partition.leaders.find(partition.epoch);
    if (!partition.lossy && leader != partition.leaders.end() && leader->second == fact.node &&
        replica.hw_epoch == partition.epoch && fact.to < replica.hw) {
        broken("L9", at(fact.node, fact.tp) + ": a leader truncates what it has committed");
    }
    while (!replica.log.empty() && replica.log.back().base >= fact.to) {
        replica.log.pop_back();
    }
    replica.end = fact.to;
    replica.flushed = std::min(replica.flushed, fact.to);
    if (fact.to < replica.hw) { replica.hw = fact.to; }
    if (partition.lossy) {
        while (!partition.committed.empty() && partition.committed.back().base >= fact.to) {
            partition.committed.pop_back();
        }
    }
}

void Invariants::on(const LogHead& fact) {
    Replica& replica = partitions_[fact.tp.index()].replicas[fact.node];
    look("L12");
    if (fact.why != HeadWhy::reset && (fact.to < replica.start || fact.to > replica.end)) {
        broken("L12", at(fact.node, fact.tp) + ": a log start outside of the log");
    }
    if (fact.why == HeadWhy::reset) {
        replica.log.clear();
        replica.flushed = replica.end = fact.to;
        replica.hw = std::min(replica.hw, fact.to);
    }
    replica.start = fact.to;
    const auto first = std::find_if(replica.log.begin(), replica.log.end(),
                                    [&](const Entry& e) { return e.base + e.count > fact.to; });
    replica.log.erase(replica.log.begin(), first);
}

void Invariants::on(const Hw& fact) {
    alive(fact.node, "moves a high watermark");
    Partition& partition = partitions_[fact.tp.index()];
    Replica& replica = partition.replicas[fact.node];
    look("L2");
    look("L7");
    if (fact.hw < replica.start || fact.hw > replica.end) {
        broken("L2", at(fact.node, fact.tp) + ": a high watermark outside of the log");
    }
    if (fact.epoch == replica.hw_epoch && fact.hw < replica.hw && !partition.lossy) {
        broken("L7", at(fact.node, fact.tp) + ": a high watermark falls");
    }
    const Offset from = fact.epoch == replica.hw_epoch ? std::min(replica.hw, fact.hw) : 0;
    replica.hw_epoch = fact.epoch;
    replica.hw = fact.hw;
    committed_by_all(partition, fact);
    if (!partition.lossy) { commit(partition, fact.tp, replica, from, fact.hw); }
}

/// The replica takes [from, to) for committed: as others have, or as the first to know.
void Invariants::commit(Partition& partition, PartitionId tp, Replica& replica, Offset from,
                        Offset to) {
    std::vector<Entry>& committed = partition.committed;
    auto mine = std::lower_bound(replica.log.begin(), replica.log.end(), from,
                                 [](const Entry& e, Offset o) { return e.base + e.count <= o; });
    auto theirs = std::lower_bound(committed.begin(), committed.end(),
                                   mine == replica.log.end() ? to : mine->base,
                                   [](const Entry& e, Offset o) { return e.base < o; });
    for (; mine != replica.log.end() && mine->base + mine->count <= to; ++mine) {
        if (theirs != committed.end()) {
            look("L5");
            if (!(*theirs == *mine)) {
                broken("L5", info_.name(tp) + ": replicas differ below their high watermarks");
                return;
            }
            ++theirs;
        } else {
            committed.push_back(*mine);
            theirs = committed.end();
        }
    }
}

void Invariants::on(const ProdAck& fact) {
    outcome(fact.p, fact.tp, fact.i, fact.count);
    if (!fact.off || info_.producers[fact.p.index()].acks != "all") { return; }
    const Partition& partition = partitions_[fact.tp.index()];
    if (partition.lossy) { return; }
    look("D1");
    look("D4");
    const std::vector<Entry>& committed = partition.committed;
    const auto found =
        std::lower_bound(committed.begin(), committed.end(), *fact.off,
                         [](const Entry& e, Offset o) { return e.base + e.count <= o; });
    if (found == committed.end()) {
        broken("D1", info_.name(fact.tp) + ": acknowledged by all and not committed");
    } else if (found->p != fact.p || found->i + (*fact.off - found->base) != fact.i) {
        broken("D4", info_.name(fact.tp) + ": acknowledged at the offset of something else");
    }
}

void Invariants::outcome(ProducerId p, PartitionId tp, std::int64_t i, std::int64_t count) {
    look("X1");
    auto& known = outcomes_[{p, tp}];
    auto next = known.upper_bound(i);
    const bool overlaps = (next != known.end() && next->first < i + count) ||
                          (next != known.begin() && std::prev(next)->second > i);
    if (overlaps) {
        broken("X1", info_.name(p) + " in " + info_.name(tp) + ": a record with two outcomes");
        return;
    }
    auto mine = known.emplace(i, i + count).first;
    if (mine != known.begin() && std::prev(mine)->second == i) {
        const auto before = std::prev(mine);
        before->second = i + count;
        known.erase(mine);
        mine = before;
    }
    next = std::next(mine);
    if (next != known.end() && next->first == mine->second) {
        mine->second = next->second;
        known.erase(next);
    }
}

void Invariants::alive(MachineId node, std::string_view what) {
    check("K6", up_[node.index()],
          [&] { return info_.name(node) + " is down and " + std::string(what); });
}

std::string Invariants::at(MachineId node, PartitionId tp) const {
    return info_.name(node) + ", " + info_.name(tp);
}

} // namespace brokersim
