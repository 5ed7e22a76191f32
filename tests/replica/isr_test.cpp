// Who counts for the high watermark, who falls out of the ISR and who may join it.
#include "replica/partition.hpp"
#include "support/effects_table.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>

using namespace brokersim;

namespace {

constexpr BrokerEpoch known_epoch = 7;
using Ends = std::array<Offset, 4>;

TopicConfig with_min_isr(std::int32_t min_isr) {
    TopicConfig topic;
    topic.min_insync_replicas = min_isr;
    return topic;
}

/// b1 leads a partition with replicas b1 … b4, with `records` batches of one record.
class Leader {
public:
    explicit Leader(std::uint32_t isr_mask, std::int32_t min_isr = 1, int records = 3)
        : partition(PartitionId(0), ServerConfig{}, with_min_isr(min_isr)),
          brokers(4, BrokerView{false, false, known_epoch}) {
        table.now = Time{} + seconds(100);
        for (std::int32_t b = 0; b < 4; ++b) {
            state.replicas.emplace_back(b);
            if ((isr_mask >> b & 1) != 0) state.isr.emplace_back(b);
        }
        state.leader = MachineId(0);
        state.leader_epoch = state.partition_epoch = 0;
        table.call([&] { partition.apply(table.in(), state, brokers, table.out); });
        for (int k = 0; k < records; ++k)
            append();
    }

    test::EffectsTable table;
    Partition partition;
    PartitionRegistration state;
    std::vector<BrokerView> brokers;

    void append() {
        Batch batch;
        batch.count = 1;
        batch.bytes = 100;
        table.call([&] { partition.append_as_leader(table.in(), batch, table.out); });
    }
    void fetched(std::int32_t broker, Offset offset, BrokerEpoch epoch = known_epoch) {
        partition.follower_fetched(table.now, *partition.remote(MachineId(broker)), offset, epoch);
    }
    bool advance() {
        bool moved = false;
        table.call(
            [&] { moved = partition.advance_high_watermark(table.in(), brokers, table.out); });
        return moved;
    }
    std::vector<MachineId> lagging() {
        std::vector<MachineId> members;
        partition.lagging(table.now, members);
        return members;
    }
    bool may_join(std::int32_t broker) {
        return partition.may_join_isr(*partition.remote(MachineId(broker)), brokers);
    }
};

/// Calls `check(mask, ends)` for all ISR subsets of 4 brokers with their leader b1, and all log
/// ends of the followers from 0 to 3.
template <class Check>
void for_all_cases(Check check) {
    for (std::uint32_t mask = 1; mask < 16; mask += 2) {
        for (int code = 0; code < 64; ++code) {
            check(mask, Ends{3, code % 4, code / 4 % 4, code / 16});
        }
    }
}

} // namespace

TEST_CASE("the high watermark is the smallest log end in the ISR, for every ISR of four brokers") {
    int cases = 0;
    for_all_cases([&](std::uint32_t mask, Ends ends) {
        Leader leader(mask);
        Offset expected = 3;
        for (std::int32_t b = 1; b < 4; ++b) {
            const auto at = static_cast<std::size_t>(b);
            leader.brokers[at].fenced = (mask >> b & 1) == 0; // Not eligible: does not count.
            leader.fetched(b, ends[at]);
            if ((mask >> b & 1) != 0) expected = std::min(expected, ends[at]);
        }
        leader.advance();
        CHECK(leader.partition.high_watermark() == expected);
        ++cases;
    });
    CHECK(cases == 8 * 64);
}

TEST_CASE("an eligible follower outside the ISR holds it back while it is caught up") {
    for_all_cases([&](std::uint32_t mask, Ends ends) {
        for (const std::int64_t late : {0, 30'000, 30'001}) {
            Leader leader(mask, 1, 0);
            // Everybody has what there is (nothing); then the leader gets three records.
            for (std::int32_t b = 1; b < 4; ++b)
                leader.fetched(b, 0);
            for (int k = 0; k < 3; ++k)
                leader.append();
            leader.table.now += milliseconds(late);
            Offset expected = 3;
            for (std::int32_t b = 1; b < 4; ++b) {
                const Offset end = ends[static_cast<std::size_t>(b)];
                // Where it stands; it was last caught up when it had nothing, like the leader.
                leader.partition.remote(MachineId(b))->log_end = end;
                const bool counts = (mask >> b & 1) != 0 || late <= 30'000;
                if (counts) expected = std::min(expected, end);
            }
            leader.advance();
            CHECK(leader.partition.high_watermark() == expected);
        }
    });
}

TEST_CASE("below min.insync.replicas the high watermark does not move, for every ISR") {
    for (std::uint32_t mask = 1; mask < 16; mask += 2) {
        for (std::int32_t min_isr = 1; min_isr <= 6; ++min_isr) {
            Leader leader(mask, min_isr);
            for (std::int32_t b = 1; b < 4; ++b)
                leader.fetched(b, 3);
            const int size = __builtin_popcount(mask);
            CHECK(leader.advance() == (size >= std::min(min_isr, 4)));
        }
    }
}

TEST_CASE("the high watermark never goes back while its leader leads") {
    Leader leader(0b0011);
    leader.fetched(1, 3);
    CHECK(leader.advance());
    leader.fetched(1, 1); // It has lost its tail.
    CHECK_FALSE(leader.advance());
    CHECK(leader.partition.high_watermark() == 3);
}

TEST_CASE("a member whose removal is asked for counts until that is confirmed") {
    Leader leader(0b0111);
    leader.fetched(1, 3);
    leader.fetched(2, 1);
    leader.partition.propose_isr({MachineId(0), MachineId(1)});
    leader.advance();
    CHECK(leader.partition.high_watermark() == 1);
    PartitionRegistration smaller = leader.state;
    smaller.isr = {MachineId(0), MachineId(1)};
    smaller.partition_epoch = 1;
    leader.brokers[2].fenced = true;
    leader.table.call(
        [&] { CHECK(leader.partition.commit_isr(leader.table.in(), smaller, leader.table.out)); });
    CHECK(leader.advance());
    CHECK(leader.partition.high_watermark() == 3);
}

TEST_CASE("a replica that is put forward for the ISR counts at once") {
    Leader leader(0b0011);
    leader.fetched(1, 3);
    leader.fetched(2, 2);
    leader.brokers[2].fenced = true; // It would not count for being caught up.
    leader.partition.propose_isr({MachineId(0), MachineId(1), MachineId(2)});
    leader.advance();
    CHECK(leader.partition.high_watermark() == 2);
    CHECK(leader.partition.in_maximal_isr(MachineId(2)));
    CHECK_FALSE(leader.partition.in_isr(MachineId(2)));
    leader.partition.revert_isr(); // The controller refused it.
    CHECK_FALSE(leader.partition.in_maximal_isr(MachineId(2)));
}

TEST_CASE("a follower is caught up as of its last fetch if it now has what the leader had then") {
    Leader leader(0b0011, 1, 0);
    Time& now = leader.table.now;
    leader.fetched(1, 0);
    const Time first = now;
    leader.append();
    now += seconds(10);
    leader.append();
    leader.fetched(1, 0); // Had everything at `first`; the leader had nothing then.
    CHECK(leader.partition.remote(MachineId(1))->caught_up == first);
    const Time second = now;
    now += seconds(10);
    leader.append();
    leader.fetched(1, 2); // What the leader had at `second`, though not what it has now.
    CHECK(leader.partition.remote(MachineId(1))->caught_up == second);
    now += seconds(10);
    leader.fetched(1, 3);
    CHECK(leader.partition.remote(MachineId(1))->caught_up == now);
}

TEST_CASE("a member lags when it was not caught up for longer than replica.lag.time.max.ms") {
    Leader leader(0b0111);
    leader.fetched(1, 3);
    leader.fetched(2, 1); // As new leader it gave everybody a full period, counted from 100 s.
    leader.table.now += seconds(30);
    CHECK(leader.lagging().empty()); // Strictly longer.
    leader.table.now += nanoseconds(1);
    CHECK(leader.lagging() == std::vector<MachineId>{MachineId(2)});
    leader.append(); // Now the other lacks something, too, and its time has run on.
    CHECK(leader.lagging() == std::vector<MachineId>{MachineId(1), MachineId(2)});
    leader.partition.propose_isr({MachineId(0)});
    CHECK(leader.lagging().empty()); // One change at a time.
}

TEST_CASE("a silent member of an idle partition does not lag, however long it is silent") {
    Leader leader(0b0011);
    leader.fetched(1, 3);
    leader.table.now += seconds(100'000);
    CHECK(leader.lagging().empty());
}

TEST_CASE("joining the ISR takes the high watermark, the epoch's start and the right incarnation") {
    Leader leader(0b0011);
    leader.fetched(1, 3);
    leader.advance();
    leader.fetched(2, 2);
    CHECK_FALSE(leader.may_join(2)); // Below the high watermark.
    leader.fetched(2, 3);
    CHECK(leader.may_join(2));
    CHECK_FALSE(leader.may_join(1)); // Is in it.
    leader.fetched(2, 3, known_epoch - 1);
    CHECK_FALSE(leader.may_join(2)); // A fetch of its former incarnation.
    leader.fetched(2, 3);
    leader.brokers[2].fenced = true;
    CHECK_FALSE(leader.may_join(2));
    leader.brokers[2] = {false, true, known_epoch};
    CHECK_FALSE(leader.may_join(2)); // In controlled shutdown.
    leader.brokers[2].stopping = false;
    leader.partition.propose_isr({MachineId(0), MachineId(1), MachineId(3)});
    CHECK_FALSE(leader.may_join(2)); // Another change is outstanding.
}

TEST_CASE("a replica must have reached the start of the leader's epoch to join") {
    Leader leader(0b0001, 4); // The high watermark stays at 0.
    PartitionRegistration next = leader.state;
    next.leader_epoch = next.partition_epoch = 1;
    leader.table.call([&] {
        CHECK(leader.partition.apply(leader.table.in(), next, leader.brokers, leader.table.out));
    });
    CHECK(leader.partition.epoch_start() == 3);
    leader.fetched(2, 2);
    CHECK_FALSE(leader.may_join(2));
    leader.fetched(2, 3);
    CHECK(leader.may_join(2));
}

TEST_CASE("a new leader keeps its high watermark until every member has fetched from it") {
    Leader leader(0b0111, 1, 0);
    PartitionRegistration other = leader.state;
    other.leader = MachineId(1);
    other.leader_epoch = other.partition_epoch = 1;
    Partition& partition = leader.partition;
    auto& table = leader.table;
    table.call([&] { partition.apply(table.in(), other, leader.brokers, table.out); });
    Batch batch;
    batch.base = 0;
    batch.count = 3;
    batch.epoch = 1;
    table.call([&] { partition.append_as_follower(table.in(), batch, table.out); });
    table.call([&] { partition.follow_high_watermark(table.in(), 9, table.out); });
    CHECK(partition.high_watermark() == 3); // Held within its own log.
    table.call([&] { partition.follow_high_watermark(table.in(), 1, table.out); });
    CHECK(partition.high_watermark() == 1); // On a follower it may go down.
    PartitionRegistration back = leader.state;
    back.leader_epoch = back.partition_epoch = 2;
    table.call([&] { partition.apply(table.in(), back, leader.brokers, table.out); });
    leader.fetched(1, 3);
    CHECK_FALSE(leader.advance()); // b3 is unknown.
    leader.fetched(2, 3);
    CHECK(leader.advance());
    CHECK(partition.high_watermark() == 3);
}

TEST_CASE("a state with an older partition epoch is ignored") {
    Leader leader(0b0011);
    PartitionRegistration newer = leader.state;
    newer.partition_epoch = 5;
    newer.isr = {MachineId(0)};
    auto& table = leader.table;
    table.call([&] {
        CHECK_FALSE(leader.partition.apply(table.in(), newer, leader.brokers, table.out));
        CHECK_FALSE(leader.partition.apply(table.in(), leader.state, leader.brokers, table.out));
    });
    CHECK(leader.partition.state().isr.size() == 1);
    CHECK(leader.partition.partition_epoch() == 5);
}

TEST_CASE("a truncation below the high watermark takes it along") {
    Leader leader(0b0001);
    leader.advance();
    CHECK(leader.partition.high_watermark() == 3);
    auto& table = leader.table;
    table.call([&] { leader.partition.truncate(table.in(), 1, TruncWhy::divergence, table.out); });
    CHECK(leader.partition.log().end() == 1);
    CHECK(leader.partition.high_watermark() == 1);
    table.call([&] { // Nothing to cut: nothing is told.
        leader.partition.truncate(table.in(), 1, TruncWhy::divergence, table.out);
    });
    CHECK(table.take("log.trunc") == "100000 log.trunc node=b1 tp=orders/0 to=1 why=divergence\n");
}

TEST_CASE("a truncation below the start of the log starts it over there") {
    Leader leader(0b0001);
    leader.partition.log().advance_start(2);
    auto& table = leader.table;
    table.call([&] { leader.partition.truncate(table.in(), 1, TruncWhy::divergence, table.out); });
    CHECK(leader.partition.log().start() == 1);
    CHECK(leader.partition.log().end() == 1);
    CHECK(table.take("log.head") == "100000 log.head node=b1 tp=orders/0 to=1 why=reset\n");
}

TEST_CASE("after a restart the high watermark is that of the last checkpoint, every 5 s") {
    Leader leader(0b0011);
    auto& table = leader.table;
    table.now = Time{} + milliseconds(101'000);
    leader.fetched(1, 1);
    leader.advance();
    table.now = Time{} + milliseconds(106'000);
    leader.fetched(1, 2);
    leader.advance();
    CHECK(leader.partition.checkpoint(Time{} + milliseconds(107'000)) == 1); // Written at 105 s.
    CHECK(leader.partition.checkpoint(Time{} + milliseconds(110'000)) == 2);
    leader.partition.restart(1);
    CHECK(leader.partition.high_watermark() == 1);
    CHECK(leader.partition.role() == Partition::Role::none);
    CHECK(leader.partition.log().end() == 3);
}
