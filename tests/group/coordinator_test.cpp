// What the coordinator of a group decides, and when.
#include "group_table.hpp"

#include <doctest/doctest.h>

using namespace brokersim;
using namespace brokersim::test;

namespace {

const std::vector<MachineId> alone{MachineId(0)};
const std::vector<MachineId> both{MachineId(0), MachineId(1)};

/// m1 … mN in generation 1, each with its share of three partitions.
void settle(GroupTable& t, int members) {
    t.lead(alone);
    for (int m = 1; m <= members; ++m) {
        t.join(m);
    }
    t.run_ms(7000);
    t.facts.lines.clear();
    for (int m = 1; m <= members; ++m) {
        t.answers(m);
    }
}

} // namespace

TEST_CASE("a single member waits for group.initial.rebalance.delay.ms, then owns everything") {
    GroupTable t;
    t.lead(alone);
    t.join(1);
    t.run_ms(2999);
    CHECK(t.member(1).owned.empty());
    t.run_ms(3100);
    CHECK(t.member(1).owned.size() == 3);
    CHECK(t.take("group.") == "0 group.member g=billing mem=m1 state=joined why=dynamic\n"
                              "0 group.rebalance g=billing state=begin gen=0\n"
                              "3005 group.rebalance g=billing state=end gen=1\n");
}

TEST_CASE("three members that come within the delay share the first generation") {
    GroupTable t;
    t.lead(alone);
    for (int m = 1; m <= 3; ++m) {
        t.at_ms(400 * m, [&t, m] { t.join(m); });
    }
    t.run_ms(3399); // Nothing is assigned before 3 s have passed since the first.
    CHECK(t.take("cons.gen").empty());
    t.run_ms(20000);
    // The two latecomers prolonged the wait once.
    CHECK(t.take("cons.gen") ==
          "6405 cons.gen g=billing gen=1 assign={m1=[orders/0] m2=[orders/1] m3=[orders/2]\n");
}

TEST_CASE("a join, a sync and the answers behind them: ids first, the write of the assignment") {
    GroupTable t;
    t.lead(alone);
    t.join(1);
    t.run_ms(3100);
    CHECK(t.answers(1) == "0 JoinGroup MEMBER_ID_REQUIRED\n"
                          "3000 JoinGroup NONE\n"
                          "3005 SyncGroup NONE\n");
    CHECK(t.log().end() == 1);
}

TEST_CASE("a member that falls silent is evicted after its session, and the others share") {
    GroupTable t;
    settle(t, 2);
    CHECK(t.member(1).owned.size() == 2);
    t.member(2).beats = false;
    t.run_ms(60000);
    const std::string told = t.take("group.");
    CHECK(told.find("mem=m2 state=evicted why=session_timeout") != std::string::npos);
    CHECK(told.find("state=end gen=2") != std::string::npos);
    CHECK(t.member(1).owned.size() == 3);
    CHECK(t.member(1).generation == 2);
}

TEST_CASE("the session of 45 s runs from the last sign of life") {
    GroupTable t;
    settle(t, 2);
    t.member(2).beats = false;
    t.at_ms(20000, [&t] { t.heartbeat(2); });
    t.run_ms(64999);
    CHECK(t.take("group.member").empty());
    t.run_ms(65001);
    CHECK(t.take("group.member") ==
          "65000 group.member g=billing mem=m2 state=evicted why=session_timeout\n");
}

TEST_CASE("a member that leaves is not waited for") {
    GroupTable t;
    settle(t, 3);
    t.at_ms(8000, [&t] { t.leave(3); });
    t.run_ms(12500);
    CHECK(t.take("cons.gen") == "9005 cons.gen g=billing gen=2 "
                                "assign={m1=[orders/0,orders/2] m2=[orders/1]\n");
}

TEST_CASE("a group whose last member leaves is empty, and says so in its log") {
    GroupTable t;
    settle(t, 1);
    const Offset end = t.log().end();
    t.leave(1);
    t.run_ms(7100);
    CHECK(t.take("cons.gen") == "7005 cons.gen g=billing gen=2 assign={\n");
    CHECK(t.log().end() == end + 1);
    // The answer waits for that write.
    CHECK(t.answers(1) == "7005 LeaveGroup NONE\n");
}

TEST_CASE("heartbeats: the generation must fit, a rebalance is announced, strangers are refused") {
    GroupTable t;
    settle(t, 2);
    t.member(1).generation = 7;
    t.heartbeat(1);
    t.run_ms(7010);
    CHECK(t.answers(1) == "7000 Heartbeat ILLEGAL_GENERATION\n");
    t.member(1).generation = 1;
    t.member(1).beats = false; // It is told, but does not react.
    t.join(3);
    t.heartbeat(1);
    t.run_ms(7020);
    t.heartbeat(1);
    t.run_ms(7030);
    CHECK(t.answers(1) == "7010 Heartbeat NONE\n"
                          "7020 Heartbeat REBALANCE_IN_PROGRESS\n");
    t.member(4).id = 12345;
    t.member(4).generation = 1;
    t.heartbeat(4);
    t.run_ms(7040);
    CHECK(t.answers(4) == "7030 Heartbeat UNKNOWN_MEMBER_ID\n");
}

TEST_CASE("a rebalance waits for all members, those who never come are evicted") {
    GroupTable t;
    t.rebalance_timeout = seconds(20);
    settle(t, 2);
    t.member(2).beats = false;
    t.at_ms(8000, [&t] { t.join(3); });
    for (int k = 9; k < 40; k += 3) {
        t.at_ms(1000 * k, [&t] { t.heartbeat(2); });
    }
    t.run_ms(27999);
    CHECK(t.take("cons.gen").empty());
    t.run_ms(28100);
    CHECK(t.take("cons.gen") == "28005 cons.gen g=billing gen=2 "
                                "assign={m1=[orders/0,orders/2] m3=[orders/1]\n");
}

TEST_CASE("commits are fenced by member and generation") {
    GroupTable t;
    settle(t, 1);
    t.commit(1, PartitionId(0), 5);
    t.run_ms(7100);
    t.member(1).generation = 0;
    t.commit(1, PartitionId(0), 9);
    t.run_ms(7200);
    t.member(2).id = 99;
    t.member(2).generation = 1;
    t.commit(2, PartitionId(0), 9);
    t.run_ms(7300);
    CHECK(t.take("cons.commit") ==
          "7005 cons.commit g=billing gen=1 mem=m1 tp=orders/0 off=5 ok=true error=null "
          "since=7000000000\n"
          "7100 cons.commit g=billing gen=0 mem=m1 tp=orders/0 off=9 ok=false "
          "error=ILLEGAL_GENERATION\n"
          "7200 cons.commit g=billing gen=1 mem=m2 tp=orders/0 off=9 ok=false "
          "error=UNKNOWN_MEMBER_ID\n");
    t.fetch_offsets(1, {PartitionId(0), PartitionId(1)});
    t.run_ms(7400);
    REQUIRE(t.offsets.offsets.size() == 2);
    CHECK(t.offsets.offsets[0].offset == 5);
    CHECK(t.offsets.offsets[1].offset == -1);
}

TEST_CASE("in a rebalance commits of the old generation count until all have joined") {
    GroupTable t;
    settle(t, 2);
    t.member(1).beats = t.member(2).beats = false;
    t.join(3); // PreparingRebalance
    t.run_ms(7100);
    t.commit(1, PartitionId(0), 4);
    t.run_ms(7200);
    CHECK(t.answers(1) == "7105 OffsetCommit NONE\n");
}

TEST_CASE("commits are gathered for 5 ms from the first and written as one batch") {
    GroupTable t;
    settle(t, 3);
    const std::size_t batches = t.log().batches().size();
    t.at_ms(8000, [&t] { t.commit(1, PartitionId(0), 1); });
    t.at_ms(8002, [&t] { t.commit(2, PartitionId(1), 2); });
    t.at_ms(8004, [&t] { t.heartbeat(3); });
    t.run_ms(8020);
    CHECK(t.log().batches().size() == batches + 1);
    CHECK(t.log().batches().back().count == 2);
    CHECK(t.answers(1) == "8005 OffsetCommit NONE\n");
    CHECK(t.answers(2) == "8005 OffsetCommit NONE\n");
    CHECK(t.answers(3) == "8005 Heartbeat NONE\n"); // Behind the writes before it.
}

TEST_CASE("answers wait until the writes before them are on all in-sync replicas") {
    GroupTable t;
    settle(t, 1);
    t.lead(both, 1);
    t.commit(1, PartitionId(0), 5);
    t.run_ms(7100);
    CHECK(t.answers(1).empty());
    t.replicate();
    t.run_ms(7200);
    CHECK(t.answers(1) == "7100 OffsetCommit NONE\n");
    CHECK(t.take("cons.commit").find("off=5 ok=true error=null since=7000000000") !=
          std::string::npos);
}

TEST_CASE("a write that is not replicated in 5 s is answered COORDINATOR_NOT_AVAILABLE") {
    GroupTable t;
    settle(t, 1);
    t.lead(both, 1);
    t.member(1).beats = false;
    t.commit(1, PartitionId(0), 5);
    t.run_ms(13000);
    CHECK(t.answers(1) == "12000 OffsetCommit COORDINATOR_NOT_AVAILABLE\n");
    CHECK(t.take("cons.commit").empty()); // It may still count …
    t.replicate();
    t.run_ms(13100);
    CHECK(t.take("cons.commit").find("off=5 ok=true") != std::string::npos); // … and does.
}

TEST_CASE("the next coordinator reads members, assignment and offsets from the log") {
    GroupTable t;
    settle(t, 3);
    t.commit(2, PartitionId(1), 17);
    t.run_ms(7100);
    const PartitionLog log = t.log();
    t.facts.lines.clear();
    t.reboot(&log);
    for (int m = 1; m <= 3; ++m) {
        t.member(m).conn = {};
    }
    t.lead(alone, 5);
    t.fetch_offsets(2, {PartitionId(1)});
    t.heartbeat(1);
    t.run_ms(7200);
    CHECK(t.answers(1) == "7100 Heartbeat NONE\n");
    REQUIRE(t.offsets.offsets.size() == 1);
    CHECK(t.offsets.offsets[0].offset == 17);
    // What was told once is not told again, and nobody has to join.
    CHECK(t.take("cons.").empty());
    // Everybody has a fresh session.
    t.member(1).beats = t.member(2).beats = t.member(3).beats = false;
    t.run_ms(52099);
    CHECK(t.take("group.member").empty());
    t.run_ms(52201);
    CHECK(t.take("group.member").find("evicted") != std::string::npos);
}

TEST_CASE("a coordinator that loses its partition fails whatever is parked") {
    GroupTable t;
    t.lead(alone);
    t.join(1);
    t.run_ms(100);
    t.answers(1);
    t.resign(1);
    t.run_ms(200);
    CHECK(t.answers(1) == "100 JoinGroup NOT_COORDINATOR\n");
    t.heartbeat(1);
    t.run_ms(300);
    CHECK(t.answers(1) == "200 Heartbeat NOT_COORDINATOR\n");
}

TEST_CASE("commits that were not appended when the coordinator resigns are refused") {
    GroupTable t;
    settle(t, 1);
    t.commit(1, PartitionId(0), 3);
    t.run_ms(7002);
    t.resign(1);
    t.run_ms(7100);
    CHECK(t.answers(1) == "7002 OffsetCommit NOT_COORDINATOR\n");
    CHECK(t.take("cons.commit").find("off=3 ok=false error=NOT_COORDINATOR") != std::string::npos);
}

TEST_CASE("a static member that restarts takes its old place without a rebalance") {
    GroupTable t;
    t.member(1).instance = 1;
    t.member(2).instance = 2;
    settle(t, 2);
    const auto owned = t.member(2).owned;
    const MemberId old = t.member(2).id;
    t.forget(2);
    t.join(2);
    t.run_ms(7500);
    CHECK(t.member(2).owned == owned);
    CHECK(t.member(2).generation == 1);
    CHECK(t.member(2).id != old);
    CHECK(t.take("cons.gen").empty());
}

TEST_CASE("a rebalance waits for member ids that were given away, for a session's length") {
    GroupTable t;
    t.session_timeout = seconds(10);
    settle(t, 1);
    t.member(2).uses_id = false; // It asks for an id, and dies.
    t.join(2);
    t.run_ms(8000);
    CHECK(t.take("group.").empty());
    t.join(3);
    t.run_ms(16999);
    CHECK(t.take("cons.gen").empty());
    t.run_ms(17100);
    CHECK(t.take("cons.gen") == "17005 cons.gen g=billing gen=2 "
                                "assign={m1=[orders/0,orders/2] m3=[orders/1]\n");
}

TEST_CASE("a group that is full takes nobody: GROUP_MAX_SIZE_REACHED") {
    GroupTable t;
    t.config.group_max_size = 2;
    t.reboot();
    t.coordinator = std::make_unique<GroupCoordinator>(GroupTable::self, group_layout(), t.config);
    settle(t, 2);
    t.take("");
    t.join(3);
    t.run_ms(7500);
    CHECK(t.answers(3) == "7000 JoinGroup GROUP_MAX_SIZE_REACHED\n");
    CHECK(t.take("group.") == "7000 group.member g=billing mem=m3 state=refused why=max_size\n");
    // When one has left there is room.
    t.leave(1);
    t.run_ms(11000);
    t.join(3);
    t.run_ms(20000);
    CHECK(t.take("cons.gen").find("assign={m2=[orders/0,orders/2] m3=[orders/1]") !=
          std::string::npos);
}

TEST_CASE("two processes with one instance id: the later one has the place, the first is fenced") {
    GroupTable t;
    t.member(1).instance = 7;
    settle(t, 1);
    t.take("");
    t.member(2).instance = 7;
    t.join(2);
    t.run_ms(7500);
    CHECK(t.take("group.") == "7000 group.member g=billing mem=m1 state=fenced why=replaced\n"
                              "7000 group.member g=billing mem=m2 state=joined why=static\n");
    CHECK(t.member(2).generation == 1);
    t.answers(1);
    t.heartbeat(1);
    t.commit(1, PartitionId(0), 5);
    t.run_ms(8000);
    CHECK(t.answers(1) ==
          "7500 Heartbeat FENCED_INSTANCE_ID\n7500 OffsetCommit FENCED_INSTANCE_ID\n");
}

TEST_CASE("the members vote for the assignor among those that all of them know") {
    ClassicGroup g;
    const auto add = [&g](MemberId id, std::vector<AssignorId> protocols) {
        ClassicMember m;
        m.id = id;
        m.protocols = std::move(protocols);
        g.add(std::move(m));
    };
    using enum AssignorId;
    add(1, {range, roundrobin});
    CHECK(g.choose_protocol() == range);
    add(2, {roundrobin, range});
    add(3, {roundrobin, range, sticky});
    CHECK(g.choose_protocol() == roundrobin); // Two votes against one.
    add(4, {sticky, range});
    CHECK(g.choose_protocol() == range); // Not everybody knows the other.
    CHECK_FALSE(g.supports_any({cooperative_sticky, roundrobin}));
    CHECK(g.supports_any({cooperative_sticky, range}));
}
