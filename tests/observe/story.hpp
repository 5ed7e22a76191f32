// A history told fact by fact, and the verdicts that observers gave on it, as text.
#pragma once

#include "brokersim/facts.hpp"
#include "brokersim/run_info.hpp"
#include "trace/recorder.hpp"

#include <string>
#include <utility>
#include <vector>

namespace brokersim::test {

inline constexpr MachineId b1(0), b2(1), b3(2), p1(3), p2(4), g1(5), g2(6);
inline constexpr PartitionId orders0(0);
inline constexpr ProducerId prod1(0), prod2(1);
inline constexpr GroupId group(0);

/// Three brokers, topic "orders" with one partition, producers p1 and p2, group "g" of g-1, g-2.
inline RunInfo story_info(const std::string& acks = "1") {
    RunInfo info;
    info.nodes = {"b1", "b2", "b3", "p1", "p2", "g-1", "g-2"};
    TopicInfo topic;
    topic.name = "orders";
    topic.replication_factor = 3;
    topic.min_isr = 2;
    topic.first = orders0;
    info.topics = {topic};
    info.partitions = {"orders/0"};
    info.producers = {{"p1", p1, acks, acks == "all", false}, {"p2", p2, acks, false, false}};
    GroupInfo g;
    g.name = "g";
    g.topics = {"orders"};
    info.groups = {g};
    info.faults = {"power"};
    return info;
}

class Story : private Observer {
public:
    Story(const RunInfo& info, std::vector<Observer*> observers)
        : info_(info), recorder_(info, nullptr, with_me(std::move(observers))) {}

    Story& at(std::int64_t milliseconds_) {
        now_ = Time{} + milliseconds(milliseconds_);
        return *this;
    }
    template <class F>
    Story& note(const F& fact) {
        recorder_.note(now_, Cause{}, {F::kind, &fact});
        return *this;
    }

    Story& part(MachineId leader, LeaderEpoch epoch, std::vector<MachineId> isr,
                bool clean = true) {
        const std::vector<MachineId> replicas = {b1, b2, b3};
        CtlPart fact;
        fact.tp = orders0;
        if (leader.valid()) { fact.leader = leader; }
        fact.epoch = epoch;
        fact.pepoch = ++pepoch_;
        fact.isr = isr;
        fact.repl = replicas;
        fact.clean = clean;
        return note(fact);
    }
    /// The leader learns that it leads.
    Story& acts(MachineId node, LeaderEpoch epoch) {
        return note(MetaSeen{node, orders0, node, epoch, pepoch_});
    }
    Story& produce(std::int64_t i, std::int32_t count, ProducerId p = prod1) {
        ProdNew fact;
        fact.p = p;
        fact.tp = orders0;
        fact.i = i;
        fact.count = count;
        fact.bytes = std::int64_t{100};
        return note(fact);
    }
    struct Batch {
        LeaderEpoch epoch = 0;
        Offset base = 0;
        std::int64_t i = 0;
        std::int32_t count = 1;
        ProducerId p = prod1;
        int pid = -1, pepoch = 0, seq = 0;
    };
    Story& append(MachineId node, const Batch& batch) {
        LogAppend fact;
        fact.node = node;
        fact.tp = orders0;
        fact.epoch = batch.epoch;
        fact.base = batch.base;
        fact.p = batch.p;
        fact.i = batch.i;
        fact.count = batch.count;
        if (batch.pid >= 0) {
            fact.pid = batch.pid;
            fact.pepoch = batch.pepoch;
            fact.seq = batch.seq;
        }
        return note(fact);
    }
    Story& hw(MachineId node, LeaderEpoch epoch, Offset hw) {
        return note(Hw{node, orders0, epoch, hw});
    }
    Story& ack(std::int64_t i, std::int32_t count, std::optional<Offset> off,
               ProducerId p = prod1) {
        return note(ProdAck{p, orders0, i, count, off});
    }
    Story& trunc(MachineId node, Offset to, TruncWhy why) {
        return note(LogTrunc{node, orders0, to, why});
    }
    Story& generation(Generation gen, MachineId owner) {
        const std::vector<PartitionId> owned = {orders0};
        const MemberAssignment assign[] = {{owner, owned}};
        if (!owner.valid()) { return note(ConsGen{group, gen, {}}); }
        return note(ConsGen{group, gen, assign});
    }
    Story& start(MachineId mem, Offset pos, StartWhy why = StartWhy::committed) {
        return note(ConsStart{group, 1, mem, orders0, pos, why});
    }
    Story& read(MachineId mem, Offset from, Offset to) {
        return note(
            ConsRead{group, 1, mem, orders0, from, to, static_cast<std::int32_t>(to - from)});
    }
    Story& done(MachineId mem, Offset from, Offset to) {
        return note(ConsDone{group, mem, orders0, from, 1, Outcome::ok, to});
    }
    Story& commit(MachineId mem, Offset off, bool ok = true) {
        return note(ConsCommit{group, 1, mem, orders0, off, ok, {}, {}});
    }
    Story& end(std::int64_t milliseconds_) {
        at(milliseconds_);
        recorder_.close(now_);
        return *this;
    }

    /// Since the last call, one a line.
    std::string verdicts() { return std::exchange(text_, ""); }

private:
    std::vector<Observer*> with_me(std::vector<Observer*> observers) {
        observers.push_back(this);
        return observers;
    }
    static std::string span(std::int64_t i, std::int64_t count) {
        return std::to_string(i) + ".." + std::to_string(i + count);
    }
    static std::string ms(Time t) { return std::to_string(t.ns / 1'000'000); }

    FactKinds wants() const override { return FactKinds::all(); }
    void on(Time, Cause, FactRef fact, Verdicts&) override {
        if (const Loss* loss = fact.as<Loss>()) {
            text_ += "loss " + info_.name(loss->p) + " " + span(loss->i, loss->count) + " " +
                     std::string(word(loss->why)) + "\n";
        } else if (const Dup* dup = fact.as<Dup>()) {
            text_ += "dup " + info_.name(dup->p) + " " + span(dup->i, dup->count) + " " +
                     std::string(word(dup->why)) +
                     (dup->g ? " to " + info_.name(*dup->g) : std::string()) + "\n";
        } else if (const Unavailable* window = fact.as<Unavailable>()) {
            text_ += std::string(word(window->side)) + " " + ms(window->from) + ".." +
                     ms(window->to) + "\n";
        }
    }

    const RunInfo& info_;
    Recorder recorder_;
    Time now_;
    PartitionEpoch pepoch_ = -1;
    std::string text_;
};

} // namespace brokersim::test
