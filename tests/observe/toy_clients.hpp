// The producers and the consumers of the toy cluster.
#pragma once

#include "observe/toy_cluster.hpp"

namespace brokersim::test {

inline void ToyCluster::produce(int tp) {
    const int p = draw(producers);
    const int count = 1 + draw(4);
    ProdNew fact;
    fact.p = ProducerId(p);
    fact.tp = PartitionId(tp);
    fact.i = part(tp).next_i[at(p)];
    fact.count = count;
    note(fact);
    created += count;
    sent_.push_back({tp, p, fact.i, count, 0, -1, -1, false, -1, -1, -1, false});
    part(tp).next_i[at(p)] += count;
    if (p == 0) { // acknowledged when sent
        note(ProdAck{ProducerId(p), PartitionId(tp), fact.i, count, {}});
        acked += count;
    }
}

inline bool ToyCluster::may_send(const Sent& sent) {
    if (sent.p != 3) { return true; }
    for (const Sent& other : sent_) {
        if (&other == &sent) { return true; }
        if (other.p == 3 && other.tp == sent.tp) { return false; }
    }
    return true;
}

inline void ToyCluster::send() {
    if (sent_.empty()) { return; }
    const int which = draw(std::min<int>(5, static_cast<int>(sent_.size())));
    Sent& sent = sent_[at(which)];
    const int b = draw(3);
    if (sent.ready || !may_send(sent)) { return; }
    if (sent.p != 0 && chance(4)) { return give_up(which); }
    if (!acts(sent.tp, b)) { return; }
    if (sent.stored && sent.p != 0) {
        note(ProdRetry{ProducerId(sent.p), PartitionId(sent.tp), sent.i, sent.count, ++sent.attempt,
                       Error::request_timed_out});
    }
    store(sent, b);
    if (sent.p == 0) { sent_.erase(sent_.begin() + which); }
}

inline void ToyCluster::store(Sent& sent, int b) {
    Replica& r = replica(sent.tp, b);
    Batch batch{r.epoch, r.end(), sent.p, sent.i, sent.count, -1, -1};
    if (sent.p == 3 && !sequence(sent, r, batch)) { return; }
    for (const Batch& other : r.log) {
        const std::int64_t low = std::max(other.i, batch.i);
        const std::int64_t high = std::min(other.i + other.count, batch.i + batch.count);
        if (other.p == batch.p && low < high) {
            stored_again += high - low; // whole batches are repeated, so copies are equal
            break;
        }
    }
    append(sent.tp, b, batch);
    sent.stored = true;
    sent.node = b;
    sent.epoch = r.epoch;
    sent.base = batch.base;
    sent.ready = sent.p == 1 && !chance(20); // else the answer is lost
}

inline bool ToyCluster::sequence(Sent& sent, Replica& r, Batch& batch) {
    int epoch = -1;
    int next = 0;
    for (const Batch& other : r.log) {
        if (other.p != 3) { continue; }
        if (other.i == sent.i && other.seq == sent.seq && other.pepoch == sent.pepoch) {
            sent.node = at_node(sent.tp, r);
            sent.epoch = r.epoch;
            sent.base = other.base;
            return false;
        }
        epoch = other.pepoch;
        next = other.seq + other.count;
    }
    int& mine = pepoch_[sent.tp];
    int& seq = next_seq_[sent.tp];
    const bool retried = sent.seq >= 0;
    const int wanted = retried ? sent.seq : seq;
    const bool fits =
        epoch < 0 || (epoch == mine && wanted == next) || (epoch < mine && wanted == 0);
    if (!fits || (retried && chance(30))) { // a new session, and the batch once more
        mine = std::max(mine, epoch) + 1;
        sent.seq = 0;
        seq = sent.count;
    } else if (!retried) {
        sent.seq = seq;
        seq += sent.count;
    }
    sent.pepoch = mine;
    batch.seq = sent.seq;
    batch.pepoch = mine;
    return true;
}

inline int ToyCluster::at_node(int tp, const Replica& r) {
    return static_cast<int>(&r - part(tp).replicas.data());
}

inline void ToyCluster::give_up(int which) {
    const Sent sent = sent_[at(which)];
    note(ProdFail{ProducerId(sent.p), PartitionId(sent.tp), sent.i, sent.count, Error::timeout,
                  !sent.stored});
    failed += sent.count;
    sent_.erase(sent_.begin() + which);
}

inline void ToyCluster::answer() {
    for (std::size_t k = 0; k < sent_.size(); ++k) {
        const Sent sent = sent_[k];
        if (!sent.ready || chance(50)) { continue; }
        note(ProdAck{ProducerId(sent.p), PartitionId(sent.tp), sent.i, sent.count, sent.base});
        acked += sent.count;
        for (int n = 0; n < sent.count; ++n) {
            part(sent.tp).acked.insert({sent.p, sent.i + n});
        }
        sent_.erase(sent_.begin() + static_cast<std::ptrdiff_t>(k));
        return;
    }
}

inline void ToyCluster::rebalance() {
    for (int m = 0; m < 2; ++m) {
        Member& member = members_[at(m)];
        const MachineId node(7 + m);
        if (member.up && chance(15)) {
            member.up = false;
            note(NodeDown{node, member.inc, DownHow::kill});
        } else if (!member.up && chance(50)) {
            member.up = true;
            member.places.clear();
            note(NodeUp{node, ++member.inc});
        }
    }
    if (!chance(40)) { return; }
    ++gen_;
    const int first = chance(50) ? 0 : 1;
    const std::vector<PartitionId> one = {PartitionId(0), PartitionId(1)};
    const MemberAssignment assign[] = {{MachineId(7 + first), one}};
    note(ConsGen{GroupId(0), gen_, assign});
    owner_ = first;
}

inline void ToyCluster::consume(int m) {
    Member& member = members_[at(m)];
    const MachineId node(7 + m);
    if (!member.up || gen_ < 0) { return; }
    if (m == owner_ && member.gen != gen_) {
        member.gen = gen_;
        for (int tp = 0; tp < 2; ++tp) {
            Part& p = part(tp);
            const Offset pos = p.committed.value_or(0);
            member.places[tp] = {pos, pos, pos};
            note(ConsStart{GroupId(0), gen_, node, PartitionId(tp), pos,
                           p.committed ? StartWhy::committed : StartWhy::earliest});
        }
    }
    for (auto& [tp, place] : member.places) {
        if (chance(70)) { read(tp, member, node, place); }
        if (chance(50) && place.done < place.pos) {
            note(
                ConsDone{GroupId(0), node, PartitionId(tp), place.done, 1, Outcome::ok, place.pos});
            place.done = place.pos;
        }
        if (chance(40)) { commit(tp, member, node, place); }
    }
}

inline void ToyCluster::read(int tp, const Member& member, MachineId node, Place& place) {
    Part& p = part(tp);
    if (p.leader < 0 || !acts(tp, p.leader) || replica(tp, p.leader).epoch != p.epoch) { return; }
    const Replica& leader = replica(tp, p.leader);
    const Offset to = std::min(leader.hw, place.pos + 1 + draw(6));
    if (to <= place.pos) { return; }
    for (const Batch& batch : leader.log) {
        for (Offset o = std::max(place.pos, batch.base); o < std::min(to, batch.end()); ++o) {
            if (!p.read.insert({batch.epoch, o}).second) { ++read_again; }
        }
    }
    note(ConsRead{GroupId(0), member.gen, node, PartitionId(tp), place.pos, to,
                  static_cast<std::int32_t>(to - place.pos)});
    place.pos = to;
}

inline void ToyCluster::commit(int tp, const Member& member, MachineId node, Place& place) {
    const bool current = member.gen == gen_;
    ConsCommit fact{GroupId(0), member.gen, node, PartitionId(tp), place.done, current, {}, {}};
    if (!current) { fact.error = Error::illegal_generation; }
    if (current && place.done < place.commit) { return; }
    note(fact);
    if (current) {
        part(tp).committed = place.done;
        place.commit = place.done;
    }
}
} // namespace brokersim::test
