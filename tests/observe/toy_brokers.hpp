// The brokers and the controller of the toy cluster.
#pragma once

#include "observe/toy_cluster.hpp"

namespace brokersim::test {

inline void ToyCluster::see(int tp, int b) {
    Replica& r = replica(tp, b);
    const Part& p = part(tp);
    if (!brokers_[at(b)].up || r.epoch == p.epoch) { return; }
    r.epoch = p.epoch;
    MetaSeen fact{MachineId(b), PartitionId(tp), {}, p.epoch, p.pepoch};
    if (p.leader >= 0) { fact.leader = MachineId(p.leader); }
    note(fact);
}

inline void ToyCluster::fetch(int tp, int b) {
    Replica& r = replica(tp, b);
    const int from = r.epoch >= 0 ? leaders_[{tp, r.epoch}] : -1;
    if (!brokers_[at(b)].up || from < 0 || from == b || !acts(tp, from)) { return; }
    const Replica& leader = replica(tp, from);
    if (leader.epoch != r.epoch) { return; }
    std::size_t same = 0;
    while (same < r.log.size() && same < leader.log.size() &&
           r.log[same].epoch == leader.log[same].epoch &&
           r.log[same].base == leader.log[same].base) {
        ++same;
    }
    if (same < r.log.size()) {
        const Offset to = same == 0 ? 0 : r.log[same - 1].end();
        r.log.resize(same);
        r.hw = std::min(r.hw, to);
        r.flushed = std::min(r.flushed, to);
        note(LogTrunc{MachineId(b), PartitionId(tp), to, TruncWhy::divergence});
    }
    for (int k = draw(3); k >= 0 && same < leader.log.size(); --k, ++same) {
        append(tp, b, leader.log[same]);
    }
    r.synced = r.epoch;
    move_hw(tp, b, std::min(leader.hw, r.end()));
}

inline void ToyCluster::move_hw(int tp, int b, Offset hw) {
    Replica& r = replica(tp, b);
    if (hw == r.hw || (hw < r.hw && r.hw_epoch == r.epoch)) { return; }
    r.hw = hw;
    r.hw_epoch = r.epoch;
    note(Hw{MachineId(b), PartitionId(tp), r.epoch, hw});
}

inline void ToyCluster::advance(int tp, int b) {
    const Part& p = part(tp);
    Replica& r = replica(tp, b);
    if (!acts(tp, b) || r.epoch != p.epoch) { return; }
    Offset hw = r.end();
    for (const int other : p.isr) {
        const Replica& o = replica(tp, other);
        if (other != b && o.synced != r.epoch) { return; }
        hw = std::min(hw, o.end());
    }
    if (hw > r.hw) { move_hw(tp, b, hw); }
    for (Sent& sent : sent_) {
        if (sent.tp == tp && sent.node == b && sent.epoch == r.epoch && sent.base >= 0 &&
            r.hw_epoch == r.epoch && sent.base + sent.count <= r.hw) {
            sent.ready = true;
        }
    }
}

inline void ToyCluster::append(int tp, int b, const Batch& batch) {
    Replica& r = replica(tp, b);
    LogAppend fact;
    fact.node = MachineId(b);
    fact.tp = PartitionId(tp);
    fact.epoch = batch.epoch;
    fact.base = batch.base;
    fact.p = ProducerId(batch.p);
    fact.i = batch.i;
    fact.count = batch.count;
    if (batch.seq >= 0) {
        fact.seq = batch.seq;
        fact.pid = 100 + batch.p;
        fact.pepoch = batch.pepoch;
    }
    fact.bytes = batch.count * 10;
    note(fact);
    r.log.push_back(batch);
}

inline void ToyCluster::change_isr(int tp, int b) {
    Part& p = part(tp);
    const int leader = p.leader;
    if (leader < 0 || !acts(tp, leader) || replica(tp, leader).epoch != p.epoch) { return; }
    std::vector<int> isr = p.isr;
    if (in_isr(tp, b)) {
        if (b != leader && chance(50)) {
            isr.erase(std::find(isr.begin(), isr.end(), b));
            decide(tp, leader, isr, true, PartWhy::isr_change);
        } else if (b != leader && chance(30) && !brokers_[at(b)].fenced) {
            decide(tp, b, isr, true, PartWhy::preferred_election);
        }
        return;
    }
    const Replica& r = replica(tp, b);
    const bool caught_up =
        brokers_[at(b)].up && r.synced == p.epoch && r.end() >= replica(tp, leader).end();
    if (caught_up && !brokers_[at(b)].fenced) {
        isr.push_back(b);
        decide(tp, leader, isr, true, PartWhy::isr_change);
    }
}

inline void ToyCluster::flush(int tp, int b) {
    Replica& r = replica(tp, b);
    if (!brokers_[at(b)].up || r.flushed == r.end()) { return; }
    r.flushed = r.end();
    note(LogFlush{MachineId(b), PartitionId(tp), r.flushed});
}

inline void ToyCluster::crash(int b) {
    Broker& broker = brokers_[at(b)];
    if (!broker.up) { return; }
    const DownHow hows[] = {DownHow::kill, DownHow::power, DownHow::power, DownHow::disk,
                            DownHow::clean};
    broker.how = hows[draw(5)];
    broker.up = false;
    note(NodeDown{MachineId(b), broker.inc, broker.how});
    for (int tp = 0; tp < 2; ++tp) {
        Replica& r = replica(tp, b);
        if (broker.how == DownHow::clean) { r.flushed = r.end(); }
        r.epoch = r.synced = r.hw_epoch = -1;
    }
}

inline void ToyCluster::control(int b) {
    Broker& broker = brokers_[at(b)];
    if (!broker.up && !broker.fenced) {
        fence(b);
    } else if (!broker.up) {
        restart(b);
    } else if (broker.fenced) {
        broker.fenced = false;
        note(CtlBroker{MachineId(b), BrokerState::unfenced, broker.bepoch, ""});
        for (int tp = 0; tp < 2; ++tp) {
            if (part(tp).leader >= 0) { continue; }
            if (in_isr(tp, b)) {
                decide(tp, b, part(tp).isr, true, PartWhy::unfenced);
            } else if (info_.topics[at(tp)].unclean) {
                decide(tp, b, {b}, false, PartWhy::unclean_election);
            }
        }
    }
}

inline void ToyCluster::fence(int b) {
    brokers_[at(b)].fenced = true;
    note(CtlBroker{MachineId(b), BrokerState::fenced, brokers_[at(b)].bepoch, "session"});
    for (int tp = 0; tp < 2; ++tp) {
        Part& p = part(tp);
        std::vector<int> isr = p.isr;
        if (isr.size() > 1) {
            isr.erase(std::remove(isr.begin(), isr.end(), b), isr.end());
            int leader = p.leader;
            if (leader == b) { leader = unfenced(isr); }
            if (isr != p.isr || leader != p.leader) {
                decide(tp, leader, isr, true, PartWhy::fenced);
            }
        } else if (p.leader == b) {
            const int other = info_.topics[at(tp)].unclean ? unfenced({0, 1, 2}) : -1;
            if (other >= 0) {
                decide(tp, other, {other}, false, PartWhy::unclean_election);
            } else {
                decide(tp, -1, isr, true, PartWhy::fenced);
            }
        }
    }
}

inline int ToyCluster::unfenced(const std::vector<int>& from) {
    for (const int b : from) {
        if (!brokers_[at(b)].fenced) { return b; }
    }
    return -1;
}

inline void ToyCluster::restart(int b) {
    Broker& broker = brokers_[at(b)];
    broker.up = true;
    note(NodeUp{MachineId(b), ++broker.inc});
    for (int tp = 0; tp < 2; ++tp) {
        Replica& r = replica(tp, b);
        if (broker.how != DownHow::power && broker.how != DownHow::disk) { continue; }
        const Offset keep = broker.how == DownHow::disk ? 0 : r.flushed;
        const TruncWhy why =
            broker.how == DownHow::disk ? TruncWhy::disk_loss : TruncWhy::power_loss;
        while (!r.log.empty() && r.log.back().base >= keep) {
            r.log.pop_back();
        }
        r.hw = std::min(r.hw, r.end());
        r.flushed = r.end();
        note(LogTrunc{MachineId(b), PartitionId(tp), keep, why});
    }
    broker.bepoch = ++bepochs_;
    note(CtlBroker{MachineId(b), BrokerState::registered, broker.bepoch, ""});
}
} // namespace brokersim::test
