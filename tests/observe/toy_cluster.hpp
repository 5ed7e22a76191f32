// A small cluster without a clock or a network, for histories that are correct and wild: random
// crashes, elections, retries, rebalances. It keeps every record by itself and so knows the truth.
#pragma once

#include "brokersim/fact_sink.hpp"
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

    // ---- brokers (toy_brokers.hpp) ----
    void see(int tp, int b);
    void fetch(int tp, int b);
    void move_hw(int tp, int b, Offset hw);
    void advance(int tp, int b);
    void append(int tp, int b, const Batch& batch);
    void change_isr(int tp, int b);
    void flush(int tp, int b);
    void crash(int b);
    /// The controller notices, or the broker comes back.
    void control(int b);
    void fence(int b);
    int unfenced(const std::vector<int>& from);
    void restart(int b);

    // ---- producers (toy_clients.hpp) ----
    void produce(int tp);
    /// Idempotent producers keep one batch in flight: it must be their oldest of the partition.
    bool may_send(const Sent& sent);
    void send();
    void store(Sent& sent, int b);
    /// The leader's check of sequences; false: it has the batch already and says where.
    bool sequence(Sent& sent, Replica& r, Batch& batch);
    int at_node(int tp, const Replica& r);
    void give_up(int which);
    void answer();

    // ---- consumers (toy_clients.hpp) ----
    void rebalance();
    void consume(int m);
    void read(int tp, const Member& member, MachineId node, Place& place);
    void commit(int tp, const Member& member, MachineId node, Place& place);

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

#include "observe/toy_brokers.hpp"
#include "observe/toy_clients.hpp"
