// Elections and ISR changes as the controller of ZooKeeper mode makes them.
#include "controller/zookeeper/elections.hpp"

#include <doctest/doctest.h>

using namespace brokersim;

namespace {

PartitionState partition(BrokerList replicas, BrokerList isr, std::int32_t leader) {
    PartitionState state;
    state.replicas = std::move(replicas);
    state.isr = std::move(isr);
    state.leader = leader;
    state.leader_epoch = 5;
    state.partition_epoch = 7;
    return state;
}

AcceptableLeader alive(BrokerList brokers) {
    return [brokers](std::int32_t broker) { return contains(brokers, broker); };
}

} // namespace

TEST_CASE("zookeeper: offline, the first in assignment order that lives and is in sync leads") {
    const auto change =
        elect_leader(partition({1, 2, 3}, {3, 2, 1}, 1), ZkElection::offline, false, alive({2, 3}));
    REQUIRE(change);
    CHECK(change->after.leader == 2);
    CHECK(change->after.isr == BrokerList{3, 2});
    CHECK(change->after.leader_epoch == 6);
    CHECK(change->after.partition_epoch == 8);
    CHECK(change->clean);
    CHECK(!elect_leader(partition({1, 2, 3}, {1}, 1), ZkElection::offline, false, alive({2, 3})));
    CHECK(
        !elect_leader(partition({1, 2, 3}, {1, 2}, 1), ZkElection::offline, false, alive({1, 2})));
}

TEST_CASE("zookeeper: unclean, the first that lives leads alone") {
    const auto change =
        elect_leader(partition({1, 2, 3}, {1}, -1), ZkElection::offline, true, alive({2, 3}));
    REQUIRE(change);
    CHECK(change->after.leader == 2);
    CHECK(change->after.isr == BrokerList{2});
    CHECK(!change->clean);
    CHECK(change->after.leader_epoch == 6);
}

TEST_CASE("zookeeper: a leader that is about to go is replaced by a member that stays, or stays") {
    const auto change = elect_leader(partition({1, 2, 3}, {1, 2, 3}, 1),
                                     ZkElection::controlled_shutdown, true, alive({2, 3}));
    REQUIRE(change);
    CHECK(change->after.leader == 2);
    CHECK(change->after.isr == BrokerList{2, 3});
    // Alone in the ISR it goes on leading, whatever unclean.leader.election.enable says.
    CHECK(!elect_leader(partition({1, 2}, {1}, 1), ZkElection::controlled_shutdown, true,
                        alive({2})));
}

TEST_CASE("zookeeper: preferred, only the first replica") {
    const auto change = elect_leader(partition({1, 2, 3}, {2, 3, 1}, 2), ZkElection::preferred,
                                     false, alive({1, 2, 3}));
    REQUIRE(change);
    CHECK(change->after.leader == 1);
    CHECK(change->after.isr == BrokerList{2, 3, 1});
    CHECK(change->after.leader_epoch == 6);
    CHECK(!elect_leader(partition({1, 2, 3}, {2, 3}, 2), ZkElection::preferred, true,
                        alive({1, 2, 3})));
    CHECK(!elect_leader(partition({1, 2, 3}, {2, 3, 1}, 2), ZkElection::preferred, true,
                        alive({2, 3})));
}

TEST_CASE("zookeeper: leaving the ISR raises the leader epoch, and the last member stays in it") {
    auto change = leave_isr(partition({1, 2, 3}, {1, 2, 3}, 1), 3);
    REQUIRE(change);
    CHECK(change->after.leader == 1);
    CHECK(change->after.isr == BrokerList{1, 2});
    CHECK(change->after.leader_epoch == 6);
    change = leave_isr(partition({1, 2}, {1}, 1), 1);
    REQUIRE(change);
    CHECK(change->after.leader == no_leader);
    CHECK(change->after.isr == BrokerList{1});
    CHECK(!leave_isr(partition({1, 2}, {1}, no_leader), 1));
    CHECK(!leave_isr(partition({1, 2, 3}, {1, 2}, 1), 3));
}
