// The invariants: a small history that keeps them, and the same with one thing wrong.
#include "observe/invariants.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace brokersim;

namespace {

/// Hears what is violated.
class Told final : public Verdicts {
public:
    Told() : info_(make()), invariants(info_) {
        at(0);
        note(NodeUp{b1, 1});
        note(NodeUp{b2, 1});
        part(b1, 0, 0);
    }
    template <class F>
    void note(const F& fact) {
        invariants.on(now_, Cause{}, FactRef{F::kind, &fact}, *this);
    }
    void at(std::int64_t t) { now_ = Time{t}; }
    void part(MachineId leader, LeaderEpoch epoch, PartitionEpoch pepoch, bool clean = true) {
        const MachineId both[] = {b1, b2};
        CtlPart fact;
        fact.tp = tp;
        fact.leader = leader;
        fact.epoch = epoch;
        fact.pepoch = pepoch;
        fact.isr = both;
        fact.repl = both;
        fact.clean = clean;
        note(fact);
    }
    /// `leader` is the only replica that stays: a reassignment ends.
    void moved(MachineId leader, PartitionEpoch pepoch, LeaderEpoch epoch) {
        CtlPart fact;
        fact.tp = tp;
        fact.leader = leader;
        fact.epoch = epoch;
        fact.pepoch = pepoch;
        fact.isr = fact.repl = std::span(&leader, 1);
        fact.clean = true;
        note(fact);
    }
    /// `leader` is the whole ISR.
    void alone(MachineId leader, PartitionEpoch pepoch, LeaderEpoch epoch = 0) {
        const MachineId both[] = {b1, b2};
        CtlPart fact;
        fact.tp = tp;
        fact.leader = leader;
        fact.epoch = epoch;
        fact.pepoch = pepoch;
        fact.isr = std::span(&leader, 1);
        fact.repl = both;
        fact.clean = true;
        note(fact);
    }
    void append(MachineId node, Offset base, std::int64_t i, LeaderEpoch epoch = 0) {
        LogAppend fact;
        fact.node = node;
        fact.tp = tp;
        fact.epoch = epoch;
        fact.base = base;
        fact.p = p;
        fact.i = i;
        fact.count = 2;
        note(fact);
    }
    void ack(std::int64_t i, Offset off) {
        ProdAck fact;
        fact.p = p;
        fact.tp = tp;
        fact.i = i;
        fact.count = 2;
        fact.off = off;
        note(fact);
    }

    std::vector<std::string> violated;
    const MachineId b1{std::int32_t{0}}, b2{std::int32_t{1}};
    const PartitionId tp{std::int32_t{0}};
    const ProducerId p{std::int32_t{0}};

private:
    static RunInfo make() {
        RunInfo info;
        info.nodes = {"b1", "b2"};
        info.partitions = {"orders/0"};
        info.topics.emplace_back();
        info.topics[0].name = "orders";
        info.topics[0].first = PartitionId(std::int32_t{0});
        info.producers.emplace_back();
        info.producers[0].name = "p";
        info.producers[0].acks = "all";
        return info;
    }
    void record(FactRef verdict, Cause) override {
        violated.emplace_back(verdict.as<Violation>()->invariant);
    }

    RunInfo info_;
    Time now_;

public:
    Invariants invariants;
};

using Names = std::vector<std::string>;

} // namespace

TEST_CASE("a clean history violates nothing") {
    Told t;
    t.append(t.b1, 0, 0);
    t.append(t.b2, 0, 0);
    t.note(Hw{t.b1, t.tp, 0, 2});
    t.ack(0, 0);
    t.note(Hw{t.b2, t.tp, 0, 2});
    t.part(t.b2, 1, 1);
    t.append(t.b2, 2, 2, 1);
    t.append(t.b1, 2, 2, 1);
    t.note(Hw{t.b2, t.tp, 1, 4});
    t.ack(2, 2);
    CHECK(t.violated.empty());
}

TEST_CASE("each invariant about logs speaks up") {
    Told t;
    t.append(t.b1, 0, 0);
    SUBCASE("a gap in a log") {
        t.append(t.b1, 3, 2);
        CHECK(t.violated == Names{"L1"});
    }
    SUBCASE("a follower with other records") {
        t.append(t.b2, 0, 7);
        CHECK(t.violated == Names{"L4"});
    }
    SUBCASE("a high watermark beyond the log") {
        t.note(Hw{t.b1, t.tp, 0, 3});
        CHECK(t.violated == Names{"L2", "L6", "L6"});
    }
    SUBCASE("a high watermark that falls") {
        t.append(t.b2, 0, 0);
        t.note(Hw{t.b1, t.tp, 0, 2});
        t.note(Hw{t.b1, t.tp, 0, 1});
        CHECK(t.violated == Names{"L7"});
    }
    SUBCASE("replicas that differ below their high watermarks") {
        t.alone(t.b1, 1);
        t.note(Hw{t.b1, t.tp, 0, 2});
        t.alone(t.b2, 2, 1);
        t.append(t.b2, 0, 5, 1);
        t.note(Hw{t.b2, t.tp, 1, 2});
        CHECK(t.violated == Names{"C4", "L5"});
    }
}

TEST_CASE("each invariant about commits, outcomes and machines speaks up") {
    Told t;
    t.append(t.b1, 0, 0);
    SUBCASE("a leader that truncates what it has committed") {
        t.append(t.b2, 0, 0);
        t.note(Hw{t.b1, t.tp, 0, 2});
        t.note(LogTrunc{t.b1, t.tp, 0, TruncWhy::divergence});
        CHECK(t.violated == Names{"L8", "L9"});
    }
    SUBCASE("an acknowledgement before the commit, and one of something else") {
        t.ack(0, 0);
        CHECK(t.violated == Names{"D1"});
        t.append(t.b2, 0, 0);
        t.note(Hw{t.b1, t.tp, 0, 2});
        t.ack(6, 0);
        CHECK(t.violated == Names{"D1", "D4"});
    }
    SUBCASE("a record with two outcomes") {
        t.append(t.b2, 0, 0);
        t.note(Hw{t.b1, t.tp, 0, 2});
        t.ack(0, 0);
        t.ack(0, 0);
        CHECK(t.violated == Names{"X1"});
    }
    SUBCASE("two leaders in an epoch, epochs that fall") {
        t.part(t.b2, 0, 1);
        CHECK(t.violated == Names{"C1"});
        t.part(t.b1, 0, 1);
        CHECK(t.violated == Names{"C1", "C2"});
    }
    SUBCASE("a dead machine that writes") {
        t.note(NodeDown{t.b2, 1, DownHow::kill});
        t.append(t.b2, 0, 0);
        CHECK(t.violated == Names{"K6"});
    }
    SUBCASE("time that goes back") {
        t.append(t.b2, 0, 0);
        t.at(-1);
        t.note(Hw{t.b1, t.tp, 0, 2});
        CHECK(t.violated == Names{"K1"});
    }
    SUBCASE("after an unclean election the past may be lost") {
        t.alone(t.b1, 1);
        t.note(Hw{t.b1, t.tp, 0, 2});
        t.part(t.b2, 1, 2, false);
        t.append(t.b2, 0, 5, 1);
        t.note(Hw{t.b2, t.tp, 1, 2});
        t.note(LogTrunc{t.b1, t.tp, 0, TruncWhy::divergence});
        CHECK(t.violated.empty());
    }
}

TEST_CASE("each invariant across replicas speaks up, and is counted") {
    Told t;
    t.append(t.b1, 0, 0);
    SUBCASE("a member of the ISR without what is committed") {
        t.note(Hw{t.b1, t.tp, 0, 2});
        CHECK(t.violated == Names{"L6"});
    }
    SUBCASE("a replica that joins the ISR without what is committed") {
        t.alone(t.b1, 1);
        t.note(Hw{t.b1, t.tp, 0, 2});
        t.part(t.b1, 0, 2);
        CHECK(t.violated == Names{"C5"});
        CHECK(t.invariants.looked().at("C5") == 1);
    }
    SUBCASE("a follower that truncates what is committed") {
        t.append(t.b2, 0, 0);
        t.note(Hw{t.b1, t.tp, 0, 2});
        t.note(LogTrunc{t.b2, t.tp, 0, TruncWhy::divergence});
        CHECK(t.violated == Names{"L8"});
    }
    SUBCASE("a power cut that takes what was flushed") {
        t.note(LogFlush{t.b1, t.tp, 2});
        t.note(LogTrunc{t.b1, t.tp, 0, TruncWhy::power_loss});
        CHECK(t.violated == Names{"L11"});
    }
    SUBCASE("a leader from outside the ISR in an election that is called clean") {
        t.alone(t.b1, 1);
        t.alone(t.b2, 2, 1);
        CHECK(t.violated == Names{"C4"});
    }
    SUBCASE("a leader that joins the ISR as a reassignment ends, with what is committed or not") {
        t.alone(t.b1, 1);
        SUBCASE("with") {
            t.append(t.b2, 0, 0);
            t.note(Hw{t.b1, t.tp, 0, 2});
            t.moved(t.b2, 2, 1);
            CHECK(t.violated.empty());
        }
        SUBCASE("without") {
            t.note(Hw{t.b1, t.tp, 0, 2});
            t.moved(t.b2, 2, 1);
            CHECK(t.violated == Names{"C5"});
        }
    }
}

TEST_CASE("each invariant about controllers and producers speaks up") {
    Told t;
    t.append(t.b1, 0, 0);
    SUBCASE("two controllers of one epoch") {
        t.note(CtlElected{t.b1, 1});
        t.note(CtlElected{t.b2, 1});
        CHECK(t.violated == Names{"C8"});
    }
    SUBCASE("what has certainly failed is in a log") {
        ProdFail fail;
        fail.p = t.p;
        fail.tp = t.tp;
        fail.i = 1;
        fail.definite = true;
        t.note(fail);
        CHECK(t.violated == Names{"D5"});
    }
    SUBCASE("acks=all and lost by a failover") {
        t.note(Loss{t.p, t.tp, 0, 1, LossWhy::acks_leader_failover});
        CHECK(t.violated == Names{"D2"});
    }
    SUBCASE("a gap in the sequences, and a record that stands twice") {
        const auto write = [&](Offset base, std::int64_t i, std::int32_t seq) {
            LogAppend fact;
            fact.node = t.b1;
            fact.tp = t.tp;
            fact.base = base;
            fact.p = t.p;
            fact.i = i;
            fact.count = 2;
            fact.pid = 9;
            fact.pepoch = 0;
            fact.seq = seq;
            t.note(fact);
        };
        write(2, 2, 0);
        write(4, 4, 2);
        CHECK(t.violated.empty());
        write(6, 6, 5);
        CHECK(t.violated == Names{"I1"});
        write(8, 6, 7);
        CHECK(t.violated == Names{"I1", "I2"});
    }
}
