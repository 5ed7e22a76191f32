// A small cluster without a clock or a network, for histories that are correct and wild: random
// crashes, elections, retries, rebalances. It keeps every record by itself and so knows the truth.
#pragma once

#include "brokersim/facts.hpp"
#include "brokersim/run_info.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace brokersim::test {

class ToyCluster {
public:
    explicit ToyCluster(std::uint64_t seed) : random_(seed * 2 + 1) {
        for (int k = 0; k < 8; ++k) {
            draw(2);
        }
        info_.program = "toy";
        info_.scenario = "toy";
        info_.seed = seed;
        info_.nodes = {"b1", "b2", "b3", "p0", "p1", "p2", "p3", "g-1", "g-2"};
        for (int t = 0; t < 2; ++t) {
            TopicInfo topic;
            topic.name = t == 0 ? "careful" : "loose";
            topic.partitions = 1;
            topic.replication_factor = 3;
            topic.unclean = t == 1;
            topic.first = PartitionId(t);
            info_.topics.push_back(topic);
            info_.partitions.push_back(topic.name + "/0");
        }
        const char* acks[] = {"0", "1", "all", "all"};
        for (int p = 0; p < producers; ++p) {
            info_.producers.push_back(
                {"p" + std::to_string(p), MachineId(3 + p), acks[p], p == 3, false});
        }
        GroupInfo group;
        group.name = "g";
        group.topics = {"careful", "loose"};
        info_.groups.push_back(group);
        brokers_.resize(3);
        members_.resize(2);
        parts_.resize(2);
        for (Part& part : parts_) {
            part.replicas.resize(3);
            part.next_i.resize(producers);
        }
    }

    const RunInfo& info() const { return info_; }
    Time now() const { return now_; }

    void run(FactSink& sink, int steps) {
        sink_ = &sink;
        begin();
        for (int k = 0; k < steps; ++k) {
            step();
        }
        settle();
    }

    // The truth, counted record by record.
    std::int64_t created = 0, acked = 0, failed = 0, stored_again = 0, read_again = 0;
    std::int64_t acked_missing() const {
        std::int64_t missing = 0;
        for (const Part& part : parts_) {
            std::set<std::pair<int, std::int64_t>> held;
            for (const Batch& batch : part.replicas[at(part.last_leader)].log) {
                for (int k = 0; k < batch.count; ++k) {
                    held.insert({batch.p, batch.i + k});
                }
            }
            for (const auto& record : part.acked) {
                missing += held.count(record) == 0 ? 1 : 0;
            }
        }
        return missing;
    }

private:
    static constexpr int producers = 4;

    struct Batch {
        LeaderEpoch epoch = 0;
        Offset base = 0;
        int p = 0;
        std::int64_t i = 0;
        int count = 0, seq = -1, pepoch = -1;
        Offset end() const { return base + count; }
    };
    struct Replica {
        std::vector<Batch> log;
        Offset flushed = 0, hw = 0;
        LeaderEpoch epoch = -1, hw_epoch = -1; ///< acts in; of its high watermark
        LeaderEpoch synced = -1;               ///< has fetched from the leader of that epoch
        Offset end() const { return log.empty() ? 0 : log.back().end(); }
    };
    struct Broker {
        bool up = true, fenced = false;
        int inc = 1;
        DownHow how = DownHow::clean;
        std::int64_t bepoch = 0;
    };
    struct Sent { ///< a batch on its way through a producer
        int tp = 0, p = 0;
        std::int64_t i = 0;
        int count = 0, attempt = 0;
        int seq = -1, pepoch = -1;
        bool stored = false; ///< by some leader, perhaps
        int node = -1;       ///< who stored it last
        LeaderEpoch epoch = -1;
        Offset base = -1;
        bool ready = false; ///< the acknowledgement is on its way
    };
    struct Part {
        int leader = 0, last_leader = 0;
        LeaderEpoch epoch = 0;
        PartitionEpoch pepoch = 0;
        std::vector<int> isr = {0, 1, 2};
        std::vector<Replica> replicas;
        std::vector<std::int64_t> next_i;
        std::set<std::pair<int, std::int64_t>> acked;
        std::set<std::pair<LeaderEpoch, Offset>> read;
        std::optional<Offset> committed;
        bool lossy = false;
    };
    struct Place {
        Offset pos = 0, done = 0, commit = 0;
    };
    struct Member {
        bool up = true;
        int inc = 1;
        std::map<int, Place> places; ///< by partition
        Generation gen = -1;
    };

    static std::size_t at(int k) { return static_cast<std::size_t>(k); }
    int draw(int n) {
        random_ = random_ * 6364136223846793005u + 1442695040888963407u;
        return static_cast<int>((random_ >> 33) % static_cast<std::uint64_t>(n));
    }
    bool chance(int percent) { return draw(100) < percent; }
    template <class F>
    void note(const F& fact) {
        sink_->note(now_, Cause{}, {F::kind, &fact});
    }
    Part& part(int tp) { return parts_[at(tp)]; }
    Replica& replica(int tp, int b) { return part(tp).replicas[at(b)]; }
    bool acts(int tp, int b) {
        const Replica& r = replica(tp, b);
        return brokers_[at(b)].up && r.epoch >= 0 && leaders_[{tp, r.epoch}] == b;
    }

    void begin() {
        for (std::size_t k = 0; k < info_.nodes.size(); ++k) {
            note(NodeUp{MachineId(k), 1});
        }
        for (int b = 0; b < 3; ++b) {
            brokers_[at(b)].bepoch = ++bepochs_;
            note(CtlBroker{MachineId(b), BrokerState::registered, bepochs_, ""});
            note(CtlBroker{MachineId(b), BrokerState::unfenced, bepochs_, ""});
        }
        for (int tp = 0; tp < 2; ++tp) {
            leaders_[{tp, 0}] = 0;
            tell_part(tp, true, PartWhy::created);
        }
    }

    void tell_part(int tp, bool clean, PartWhy why) {
        const Part& p = part(tp);
        std::vector<MachineId> isr;
        for (const int b : p.isr) {
            isr.push_back(MachineId(b));
        }
        const std::vector<MachineId> all = {MachineId(0), MachineId(1), MachineId(2)};
        CtlPart fact;
        fact.tp = PartitionId(tp);
        if (p.leader >= 0) { fact.leader = MachineId(p.leader); }
        fact.epoch = p.epoch;
        fact.pepoch = p.pepoch;
        fact.isr = isr;
        fact.repl = all;
        fact.clean = clean;
        fact.why = why;
        note(fact);
    }
    void decide(int tp, int leader, std::vector<int> isr, bool clean, PartWhy why) {
        Part& p = part(tp);
        if (leader != p.leader) {
            ++p.epoch;
            leaders_[{tp, p.epoch}] = leader;
        }
        p.leader = leader;
        if (leader >= 0) { p.last_leader = leader; }
        p.isr = std::move(isr);
        ++p.pepoch;
        p.lossy = p.lossy || !clean;
        tell_part(tp, clean, why);
    }
    bool in_isr(int tp, int b) {
        const auto& isr = part(tp).isr;
        return std::find(isr.begin(), isr.end(), b) != isr.end();
    }

    void step() {
        now_ += milliseconds(1 + draw(40));
        const int tp = draw(2);
        const int b = draw(3);
        switch (draw(24)) {
        case 0:
        case 1:
        case 2: produce(tp); break;
        case 3:
        case 4:
        case 5:
        case 6: send(); break;
        case 7:
        case 8:
        case 9:
        case 10:
        case 11:
        case 12: fetch(tp, b); break;
        case 13:
        case 14:
            see(tp, b);
            advance(tp, b);
            break;
        case 15:
        case 16:
            advance(tp, b);
            answer();
            break;
        case 17: change_isr(tp, b); break;
        case 18:
            if (chance(25)) { crash(b); }
            break;
        case 19: control(b); break;
        case 20:
            if (chance(60)) { flush(tp, b); }
            break;
        case 21: rebalance(); break;
        default: consume(draw(2)); break;
        }
    }

    void settle() {
        for (int round = 0; round < 60; ++round) {
            now_ += milliseconds(20);
            for (int b = 0; b < 3; ++b) {
                control(b);
                for (int tp = 0; tp < 2; ++tp) {
                    see(tp, b);
                    fetch(tp, b);
                    advance(tp, b);
                }
            }
            answer();
        }
    }

    // ---- brokers ----
    void see(int tp, int b) {
        Replica& r = replica(tp, b);
        const Part& p = part(tp);
        if (!brokers_[at(b)].up || r.epoch == p.epoch) { return; }
        r.epoch = p.epoch;
        MetaSeen fact{MachineId(b), PartitionId(tp), {}, p.epoch, p.pepoch};
        if (p.leader >= 0) { fact.leader = MachineId(p.leader); }
        note(fact);
    }

    void fetch(int tp, int b) {
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

    void move_hw(int tp, int b, Offset hw) {
        Replica& r = replica(tp, b);
        if (hw == r.hw || (hw < r.hw && r.hw_epoch == r.epoch)) { return; }
        r.hw = hw;
        r.hw_epoch = r.epoch;
        note(Hw{MachineId(b), PartitionId(tp), r.epoch, hw});
    }

    void advance(int tp, int b) {
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

    void append(int tp, int b, const Batch& batch) {
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

    void change_isr(int tp, int b) {
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

    void flush(int tp, int b) {
        Replica& r = replica(tp, b);
        if (!brokers_[at(b)].up || r.flushed == r.end()) { return; }
        r.flushed = r.end();
        note(LogFlush{MachineId(b), PartitionId(tp), r.flushed});
    }

    void crash(int b) {
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

    /// The controller notices, or the broker comes back.
    void control(int b) {
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

    void fence(int b) {
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
    int unfenced(const std::vector<int>& from) {
        for (const int b : from) {
            if (!brokers_[at(b)].fenced) { return b; }
        }
        return -1;
    }

    void restart(int b) {
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

    // ---- producers ----
    void produce(int tp) {
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

    /// Idempotent producers keep one batch in flight: it must be their oldest of the partition.
    bool may_send(const Sent& sent) {
        if (sent.p != 3) { return true; }
        for (const Sent& other : sent_) {
            if (&other == &sent) { return true; }
            if (other.p == 3 && other.tp == sent.tp) { return false; }
        }
        return true;
    }

    void send() {
        if (sent_.empty()) { return; }
        const int which = draw(std::min<int>(5, static_cast<int>(sent_.size())));
        Sent& sent = sent_[at(which)];
        const int b = draw(3);
        if (sent.ready || !may_send(sent)) { return; }
        if (sent.p != 0 && chance(4)) { return give_up(which); }
        if (!acts(sent.tp, b)) { return; }
        if (sent.stored && sent.p != 0) {
            note(ProdRetry{ProducerId(sent.p), PartitionId(sent.tp), sent.i, sent.count,
                           ++sent.attempt, Error::request_timed_out});
        }
        store(sent, b);
        if (sent.p == 0) { sent_.erase(sent_.begin() + which); }
    }

    void store(Sent& sent, int b) {
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

    /// The leader's check of sequences; false: it has the batch already and says where.
    bool sequence(Sent& sent, Replica& r, Batch& batch) {
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
    int at_node(int tp, const Replica& r) {
        return static_cast<int>(&r - part(tp).replicas.data());
    }

    void give_up(int which) {
        const Sent sent = sent_[at(which)];
        note(ProdFail{ProducerId(sent.p), PartitionId(sent.tp), sent.i, sent.count, Error::timeout,
                      !sent.stored});
        failed += sent.count;
        sent_.erase(sent_.begin() + which);
    }

    void answer() {
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

    // ---- consumers ----
    void rebalance() {
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

    void consume(int m) {
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
                note(ConsDone{GroupId(0), node, PartitionId(tp), place.done, 1, Outcome::ok,
                              place.pos});
                place.done = place.pos;
            }
            if (chance(40)) { commit(tp, member, node, place); }
        }
    }

    void read(int tp, const Member& member, MachineId node, Place& place) {
        Part& p = part(tp);
        if (p.leader < 0 || !acts(tp, p.leader) || replica(tp, p.leader).epoch != p.epoch) {
            return;
        }
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

    void commit(int tp, const Member& member, MachineId node, Place& place) {
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

    std::uint64_t random_;
    RunInfo info_;
    FactSink* sink_ = nullptr;
    Time now_;
    std::vector<Broker> brokers_;
    std::vector<Part> parts_;
    std::vector<Member> members_;
    std::vector<Sent> sent_;
    std::map<std::pair<int, LeaderEpoch>, int> leaders_;
    std::map<int, int> pepoch_, next_seq_; ///< of the idempotent producer, by partition
    std::int64_t bepochs_ = 0;
    Generation gen_ = -1;
    int owner_ = -1;
};

} // namespace brokersim::test
