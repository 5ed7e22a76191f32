// Follows the facts of a trace up to a time.
#include "inspect/cluster_view.hpp"

#include <algorithm>
#include <limits>

namespace brokersim {

namespace {

/// Traces may be forged: no sum of theirs may overflow.
std::int64_t sum(std::int64_t from, std::int64_t count) {
    constexpr std::int64_t top = std::numeric_limits<std::int64_t>::max();
    return count > 0 && from > top - count ? top : from + std::max<std::int64_t>(count, 0);
}

} // namespace

TracedPartition& ClusterView::at(PartitionId tp) {
    return partitions_[tp];
}

const TracedPartition* ClusterView::partition(PartitionId tp) const {
    const auto found = partitions_.find(tp);
    return found != partitions_.end() && found->second.created ? &found->second : nullptr;
}

void ClusterView::on(Time now, FactRef fact) {
    now_ = now;
    if (on_machine(fact) || on_group(fact) || on_quorum(fact)) { return; }
    if (const auto* changed = fact.as<TopicChanged>()) {
        changed_[changed->topic] = *changed;
    } else if (const auto* part = fact.as<CtlPart>()) {
        created(*part);
    } else if (const auto* appended = fact.as<LogAppend>()) {
        append(*appended);
    } else if (const auto* cut = fact.as<LogTrunc>()) {
        truncate(*cut);
    } else if (const auto* head = fact.as<LogHead>()) {
        behead(*head);
    } else if (const auto* moved = fact.as<Hw>()) {
        at(moved->tp).logs[moved->node].high_watermark = moved->hw;
    } else if (const auto* made = fact.as<ProdNew>()) {
        Keys keys{made->i, sum(made->i, made->count), std::nullopt};
        if (made->key) { keys.key = std::string(*made->key); }
        keys_[{made->p, made->tp}].push_back(std::move(keys));
    }
}

bool ClusterView::on_machine(FactRef fact) {
    if (const auto* up = fact.as<NodeUp>()) {
        TracedMachine& machine = machines_[up->node];
        machine.seen = machine.up = true;
        machine.paused = false;
        machine.incarnation = up->inc;
    } else if (const auto* down = fact.as<NodeDown>()) {
        machines_[down->node].up = false;
    } else if (const auto* paused = fact.as<NodePaused>()) {
        machines_[paused->node].paused = true;
    } else if (const auto* resumed = fact.as<NodeResumed>()) {
        machines_[resumed->node].paused = false;
    } else if (const auto* broker = fact.as<CtlBroker>()) {
        machines_[broker->node].state = broker->state;
        machines_[broker->node].epoch = broker->bepoch;
    } else if (const auto* elected = fact.as<CtlElected>()) {
        controller_ = elected->node;
        controller_epoch_ = elected->epoch;
        leader_ends_.clear();
        if (const Offset end = machines_[elected->node].log_end; end >= 0) {
            leader_ends_.emplace_back(end, now_);
        }
    } else if (const auto* resigned = fact.as<CtlResigned>()) {
        if (controller_ == resigned->node) { controller_.reset(); }
    } else {
        return false;
    }
    return true;
}

bool ClusterView::on_quorum(FactRef fact) {
    if (const auto* voter = fact.as<CtlLog>()) {
        machines_[voter->node].log_committed = voter->hw;
        metadata_log(voter->node, voter->end);
    } else if (const auto* observer = fact.as<MetaLog>()) {
        metadata_log(observer->node, observer->end);
    } else if (const auto* sent = fact.as<NetSend>()) {
        if (sent->api == Api::fetch_metadata && sent->what == PacketWhat::request &&
            sent->dst == controller_) {
            fetches_[sent->id] = sent->src;
        }
    } else if (const auto* received = fact.as<NetRecv>()) {
        const auto fetch = fetches_.find(received->id);
        if (fetch == fetches_.end()) { return true; }
        machines_[fetch->second].fetched = now_;
        fetches_.erase(fetch);
    } else if (const auto* dropped = fact.as<NetDrop>()) {
        fetches_.erase(dropped->id);
    } else {
        return false;
    }
    return true;
}

void ClusterView::metadata_log(MachineId node, Offset end) {
    machines_[node].log_end = end;
    if (node != controller_ || (!leader_ends_.empty() && leader_ends_.back().first >= end)) {
        return;
    }
    leader_ends_.emplace_back(end, now_);
}

std::optional<Time> ClusterView::caught_up(MachineId id) const {
    const auto machine = machines_.find(id);
    if (machine == machines_.end() || machine->second.log_end < 0) { return std::nullopt; }
    // It had everything until the leader's log grew beyond its own.
    const auto beyond = std::upper_bound(
        leader_ends_.begin(), leader_ends_.end(), machine->second.log_end,
        [](Offset end, const std::pair<Offset, Time>& grown) { return end < grown.first; });
    if (beyond == leader_ends_.end()) { return now_; }
    if (beyond == leader_ends_.begin()) { return std::nullopt; } // Not under this leader.
    return beyond->second;
}

bool ClusterView::on_group(FactRef fact) {
    if (const auto* change = fact.as<GroupMember>()) {
        member(*change);
    } else if (const auto* rebalance = fact.as<GroupRebalance>()) {
        groups_[rebalance->g].rebalancing = rebalance->state == RebalanceState::begin;
    } else if (const auto* generation = fact.as<ConsGen>()) {
        TracedGroup& group = groups_[generation->g];
        group.generation = generation->gen;
        group.owners.clear();
        for (const MemberAssignment& entry : generation->assign) {
            for (const PartitionId tp : entry.partitions) {
                group.owners[tp] = entry.member;
            }
        }
    } else if (const auto* commit = fact.as<ConsCommit>()) {
        if (commit->ok) { groups_[commit->g].committed[commit->tp] = commit->off; }
    } else {
        return false;
    }
    return true;
}

void ClusterView::member(const GroupMember& change) {
    TracedGroup& group = groups_[change.g];
    std::erase(group.members, change.mem);
    if (change.state == MemberState::joined) {
        group.members.push_back(change.mem);
        return;
    }
    std::erase_if(group.owners, [&](const auto& entry) { return entry.second == change.mem; });
}

void ClusterView::created(const CtlPart& part) {
    TracedPartition& view = at(part.tp);
    view.created = true;
    if (part.leader || !part.isr.empty()) {
        view.last_known_leader.reset();
    } else if (!view.isr.empty() && view.leader) {
        view.last_known_leader = view.leader;
    }
    view.leader = part.leader;
    view.epoch = part.epoch;
    view.partition_epoch = part.pepoch;
    view.isr.assign(part.isr.begin(), part.isr.end());
    view.elr.assign(part.elr.begin(), part.elr.end());
    view.replicas.assign(part.repl.begin(), part.repl.end());
    view.adding.assign(part.adding.value.begin(), part.adding.value.end());
    view.removing.assign(part.removing.value.begin(), part.removing.value.end());
}

void ClusterView::append(const LogAppend& append) {
    TracedReplica& log = at(append.tp).logs[append.node];
    log.end = sum(append.base, append.count);
    log.start = std::min(log.start, append.base);
    log.batches.push_back({append.base, log.end, append.epoch, append.p, append.i.value_or(0)});
    if (!append.i || sum(*append.i, append.count) == std::numeric_limits<std::int64_t>::max()) {
        log.batches.back().p.reset(); // no number, or none that can be counted on from
    }
}

void ClusterView::truncate(const LogTrunc& cut) {
    TracedReplica& log = at(cut.tp).logs[cut.node];
    while (!log.batches.empty() && log.batches.back().base >= cut.to) {
        log.batches.pop_back();
    }
    log.end = cut.to;
    log.start = std::min(log.start, cut.to);
    log.high_watermark = std::min(log.high_watermark, cut.to);
}

void ClusterView::behead(const LogHead& head) {
    TracedReplica& log = at(head.tp).logs[head.node];
    log.start = head.to;
    log.end = std::max(log.end, head.to);
    if (head.why == HeadWhy::reset) { // the log starts afresh there
        log.batches.clear();
        log.end = log.high_watermark = head.to;
        return;
    }
    const auto kept = std::find_if(log.batches.begin(), log.batches.end(),
                                   [&](const TracedBatch& batch) { return batch.end > head.to; });
    log.batches.erase(log.batches.begin(), kept);
}

std::optional<std::string> ClusterView::key(ProducerId p, PartitionId tp, std::int64_t i,
                                            bool& known) const {
    known = false;
    const auto found = keys_.find({p, tp});
    if (found == keys_.end()) { return std::nullopt; }
    const std::vector<Keys>& ranges = found->second; // ascending: records are numbered in order
    const auto range = std::upper_bound(ranges.begin(), ranges.end(), i,
                                        [](std::int64_t n, const Keys& k) { return n < k.end; });
    known = range != ranges.end() && range->first <= i;
    return known ? range->key : std::nullopt;
}

} // namespace brokersim
