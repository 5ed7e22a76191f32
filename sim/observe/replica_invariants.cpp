// Invariants across replicas, of elections and of what producers were told.
#include "observe/invariants.hpp"

#include <algorithm>
#include <span>

namespace brokersim {

namespace {

template <class List>
bool contains(const List& list, MachineId node) {
    return std::find(list.begin(), list.end(), node) != list.end();
}

bool moved(const std::vector<MachineId>& before, std::span<const MachineId> now) {
    return !std::equal(before.begin(), before.end(), now.begin(), now.end());
}

} // namespace

/// A new leader comes from the ISR or is eligible (KIP-966), or the election is called unclean.
/// With the end of a reassignment it may join the ISR in the same change (joined() looks at it).
void Invariants::elected(const Partition& partition, const CtlPart& fact) {
    if (!fact.leader || fact.leader == partition.leader || partition.partition_epoch < 0) return;
    const bool known = contains(partition.isr, *fact.leader) ||
                       contains(partition.elr, *fact.leader) || moved(partition.repl, fact.repl);
    check("C4", known || !fact.clean, [&] {
        return info_.name(fact.tp) + ": " + info_.name(*fact.leader) +
               " comes from outside the ISR, and the election is called clean";
    });
    if (fenced_[fact.leader->index()] && fact.why != PartWhy::unfenced) {
        broken("C4", info_.name(fact.tp) + ": a fenced broker is elected");
    }
}

/// Who joins the ISR has everything that is committed (semantics §2.9).
void Invariants::joined(const Partition& partition, const CtlPart& fact) {
    if (partition.lossy || !partition.leader) return;
    if (fact.leader != partition.leader && !moved(partition.repl, fact.repl)) return;
    const auto leads = partition.replicas.find(*partition.leader);
    if (leads == partition.replicas.end() || leads->second.hw_epoch != partition.epoch) return;
    for (const MachineId member : fact.isr) {
        if (contains(partition.isr, member)) continue;
        const auto replica = partition.replicas.find(member);
        const Offset end = replica == partition.replicas.end() ? 0 : replica->second.end;
        check("C5", end >= leads->second.hw,
              [&] { return at(member, fact.tp) + ": joins the ISR without what is committed"; });
    }
}

void Invariants::elected(const CtlElected& fact) {
    check("C8", fact.epoch > controller_epoch_, [&] {
        return info_.name(fact.node) + " is elected controller in an epoch that is not new";
    });
    controller_epoch_ = fact.epoch;
}

/// A leader commits what every member of the ISR has, as the controller knows it: the leader itself
/// may count more, never fewer (PartitionState.maximalIsr).
void Invariants::committed_by_all(const Partition& partition, const Hw& fact) {
    const auto leader = partition.leaders.find(fact.epoch);
    if (partition.lossy || leader == partition.leaders.end() || leader->second != fact.node ||
        fact.epoch != partition.epoch || !contains(partition.isr, fact.node)) {
        return;
    }
    for (const MachineId member : partition.isr) {
        const auto replica = partition.replicas.find(member);
        const Offset end = replica == partition.replicas.end() ? 0 : replica->second.end;
        check("L6", end >= fact.hw, [&] {
            return at(member, fact.tp) + ": in the ISR, and without what its leader commits";
        });
    }
}

/// The newest batch of a log against the one before it of the same producer and process.
void Invariants::in_order(PartitionId tp, MachineId node, const Replica& replica) {
    const Entry& last = replica.log.back();
    if (last.pid < 0) return;
    for (auto before = std::next(replica.log.rbegin()); before != replica.log.rend(); ++before) {
        if (before->pid != last.pid) continue;
        if (before->pepoch == last.pepoch) {
            const std::int64_t next = (std::int64_t{before->seq} + before->count) & 0x7fffffff;
            check("I1", next == last.seq,
                  [&] { return at(node, tp) + ": a gap in the sequences of a producer"; });
        }
        check("I2", before->i + before->count <= last.i, [&] {
            return at(node, tp) + ": a record of an idempotent producer stands twice, or too late";
        });
        return;
    }
}

void Invariants::truncated(const Partition& partition, const Replica& replica,
                           const LogTrunc& fact) {
    if (fact.why == TruncWhy::power_loss) {
        check("L11", fact.to >= replica.flushed,
              [&] { return at(fact.node, fact.tp) + ": a power cut takes what was flushed"; });
    }
    if (fact.why != TruncWhy::divergence || partition.lossy || replica.log.empty()) return;
    // What goes is no record that is committed there; it may well be another one.
    const auto first = std::lower_bound(replica.log.begin(), replica.log.end(), fact.to,
                                        [](const Entry& e, Offset o) { return e.base < o; });
    if (first == replica.log.end()) return;
    const std::vector<Entry>& committed = partition.committed;
    const auto same = std::lower_bound(committed.begin(), committed.end(), first->base,
                                       [](const Entry& e, Offset o) { return e.base < o; });
    check("L8", same == committed.end() || !(*same == *first),
          [&] { return at(fact.node, fact.tp) + ": truncates what is committed"; });
}

void Invariants::failed(const ProdFail& fact) {
    if (!fact.definite) return;
    bool found = false;
    for (const auto& [node, replica] : partitions_[fact.tp.index()].replicas) {
        found = found || std::any_of(replica.log.begin(), replica.log.end(), [&](const Entry& e) {
                    return e.p == fact.p && e.i < fact.i + fact.count && fact.i < e.i + e.count;
                });
    }
    check("D5", !found, [&] {
        return info_.name(fact.p) + ", " + info_.name(fact.tp) +
               ": what has certainly failed is in a log";
    });
}

/// Without unclean elections, power cuts and lost disks only a producer without acks=all loses
/// anything, by a failover.
void Invariants::lost(const Loss& fact) {
    if (partitions_[fact.tp.index()].lossy) return;
    const std::string& acks = info_.producers[fact.p.index()].acks;
    check("D2", acks != "all" || fact.why != LossWhy::acks_leader_failover, [&] {
        return info_.name(fact.p) + ", " + info_.name(fact.tp) +
               ": acks=all and lost by a failover";
    });
}

} // namespace brokersim
