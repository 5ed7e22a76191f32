// Losses and duplicates in told histories.
#include "observe/ledger.hpp"
#include "observe/story.hpp"

#include <doctest/doctest.h>

using namespace brokersim;
using namespace brokersim::test;

namespace {

struct Told {
    explicit Told(const std::string& acks = "1")
        : info(story_info(acks)), ledger(info), story(info, {&ledger}) {
        story.part(b1, 0, {b1, b2, b3}).acts(b1, 0);
    }
    /// The leader b1 has ten acknowledged records in two batches; b2 has the first five.
    Story& ten_records() {
        story.produce(0, 10);
        story.append(b1, {0, 0, 0, 5}).append(b2, {0, 0, 0, 5}).hw(b1, 0, 0);
        story.append(b1, {0, 5, 5, 5});
        return story.ack(0, 10, 0);
    }

    RunInfo info;
    Ledger ledger;
    Story story;
};

} // namespace

TEST_CASE("ledger: what only the old leader had is lost as soon as the new one acts") {
    Told told;
    told.ten_records();
    told.story.part(b2, 1, {b2, b3});
    CHECK(told.story.verdicts().empty());
    told.story.acts(b2, 1);
    CHECK(told.story.verdicts() == "loss p1 5..10 acks_leader_failover\n");
    CHECK(told.ledger.totals().acked_lost == 5);
    told.story.end(10);
    CHECK(told.story.verdicts().empty());
}

TEST_CASE("ledger: a first append or a high watermark shows as well that the new leader acts") {
    Told by_append;
    by_append.ten_records().part(b2, 1, {b2, b3}).produce(10, 1).append(b2, {1, 5, 10, 1});
    CHECK(by_append.story.verdicts() == "loss p1 5..10 acks_leader_failover\n");
    Told by_hw;
    by_hw.ten_records().part(b2, 1, {b2, b3}).hw(b2, 1, 5);
    CHECK(by_hw.story.verdicts() == "loss p1 5..10 acks_leader_failover\n");
}

TEST_CASE("ledger: records that were not acknowledged, or with acks=0, are not lost") {
    Told told;
    told.story.produce(0, 4).append(b1, {0, 0, 0, 4}).ack(0, 2, {});
    told.story.part(b2, 1, {b2, b3}).acts(b2, 1).end(10);
    CHECK(told.story.verdicts().empty());
    CHECK(told.ledger.totals().acked == 2);
    CHECK(told.ledger.totals().pending == 2);
}

TEST_CASE("ledger: an acknowledgement that arrives after the failover tells the loss then") {
    Told told;
    told.story.produce(0, 4).append(b1, {0, 0, 0, 4});
    told.story.part(b2, 1, {b2, b3}).acts(b2, 1);
    CHECK(told.story.verdicts().empty());
    told.story.ack(0, 4, 0);
    CHECK(told.story.verdicts() == "loss p1 0..4 acks_leader_failover\n");
}

TEST_CASE("ledger: what a leader stores and acknowledges after its successor acts is lost") {
    Told told;
    told.story.part(b2, 1, {b2, b3}).acts(b2, 1);
    told.story.produce(0, 3).append(b1, {0, 0, 0, 3}).ack(0, 3, 0);
    CHECK(told.story.verdicts() == "loss p1 0..3 acks_leader_failover\n");
}

TEST_CASE("ledger: an old leader that leads again brings back what was called lost") {
    Told told;
    told.ten_records().part(b2, 1, {b2, b1}).acts(b2, 1);
    CHECK(told.story.verdicts() == "loss p1 5..10 acks_leader_failover\n");
    told.story.part(b1, 2, {b1}, false).acts(b1, 2);
    CHECK(told.story.verdicts().empty());
    CHECK(told.ledger.totals().acked_lost == 0);
    // And when it is gone once more, it has been told already.
    told.story.part(b3, 3, {b3}, false).acts(b3, 3);
    CHECK(told.story.verdicts() == "loss p1 0..5 unclean_election\n");
    CHECK(told.ledger.totals().acked_lost == 10);
}

TEST_CASE("ledger: an unclean election is the cause for what its leader lacks") {
    Told told("all");
    told.ten_records().append(b2, {0, 5, 5, 5}).hw(b1, 0, 10);
    told.story.part(b3, 1, {b3}, false).acts(b3, 1);
    CHECK(told.story.verdicts() == "loss p1 0..10 unclean_election\n");
}

TEST_CASE("ledger: a leader that lost its tail in a power cut, or its disk, is the cause") {
    for (const auto& [why, to, text] :
         {std::tuple{TruncWhy::power_loss, Offset{5}, "loss p1 5..10 power_loss\n"},
          std::tuple{TruncWhy::recovery, Offset{5}, "loss p1 5..10 power_loss\n"},
          std::tuple{TruncWhy::disk_loss, Offset{0}, "loss p1 0..10 disk_loss\n"}}) {
        Told told;
        told.ten_records().part(b1, 0, {b1}).part({}, 1, {b1}).trunc(b1, to, why);
        CHECK(told.story.verdicts().empty());
        told.story.part(b1, 2, {b1}).acts(b1, 2);
        CHECK(told.story.verdicts() == text);
    }
}

TEST_CASE("ledger: a follower that truncates what it never should have had loses nothing") {
    Told told;
    told.ten_records().part(b2, 1, {b2, b3}).acts(b2, 1).verdicts();
    told.story.trunc(b1, 5, TruncWhy::divergence).produce(10, 2).append(b2, {1, 5, 10, 2});
    told.story.append(b1, {1, 5, 10, 2}).ack(10, 2, 5).end(10);
    CHECK(told.story.verdicts().empty());
    CHECK(told.ledger.totals().acked_lost == 5);
}

TEST_CASE("ledger: a record whose second copy is in the new leader's log is not lost") {
    Told told;
    told.story.produce(0, 2).append(b1, {0, 0, 0, 2}).part(b2, 1, {b2, b3});
    told.story.append(b2, {1, 0, 0, 2}).ack(0, 2, 0).end(10);
    CHECK(told.story.verdicts().empty());
    CHECK(told.ledger.totals().duplicates == 0); // no log has it twice
}

TEST_CASE("ledger: records that retention takes from the leader's log are no failure") {
    Told told;
    told.ten_records().hw(b1, 0, 5).note(LogHead{b1, orders0, 5, HeadWhy::retention});
    CHECK(told.story.verdicts() == "loss p1 0..5 retention\n");
    CHECK(told.ledger.totals().acked_lost == 0);
}

TEST_CASE("ledger: a repeated batch is a duplicate only in a log that has it") {
    Told told;
    told.story.produce(0, 6).append(b1, {0, 0, 0, 3}).append(b1, {0, 3, 3, 3});
    told.story.append(b1, {0, 6, 0, 3});
    CHECK(told.story.verdicts() == "dup p1 0..3 retry_without_idempotence\n");
    told.story.append(b1, {0, 9, 3, 3}).append(b1, {0, 12, 0, 6});
    CHECK(told.story.verdicts() == "dup p1 3..6 retry_without_idempotence\n"
                                   "dup p1 0..6 retry_without_idempotence\n");
    CHECK(told.ledger.totals().duplicates == 12);
}

TEST_CASE("ledger: batches that overtake each other are no duplicates") {
    Told told;
    told.story.produce(0, 6).append(b1, {0, 0, 3, 3}).append(b1, {0, 3, 0, 3});
    told.story.append(b1, {0, 6, 3, 3});
    CHECK(told.story.verdicts() == "dup p1 3..6 retry_without_idempotence\n");
}

TEST_CASE("ledger: with a producer id the session decides what a duplicate is called") {
    Told told("all");
    told.story.produce(0, 4).append(b1, {0, 0, 0, 2, prod1, 7, 0, 0});
    told.story.append(b1, {0, 2, 0, 2, prod1, 7, 1, 0});
    CHECK(told.story.verdicts() == "dup p1 0..2 new_producer_session\n");
    told.story.append(b1, {0, 4, 0, 2, prod1, 7, 1, 0});
    CHECK(told.story.verdicts() == "dup p1 0..2 producer_state_expired\n");
}

TEST_CASE("ledger: a group that starts again at its commit gets the rest once more") {
    Told told;
    told.ten_records().hw(b1, 0, 10).generation(1, g1).start(g1, 0, StartWhy::earliest);
    told.story.read(g1, 0, 8).commit(g1, 5);
    told.story.generation(2, g2).start(g2, 5).read(g2, 5, 10);
    CHECK(told.story.verdicts() == "dup p1 5..8 rebalance_reprocess to g\n");
    told.story.note(NodeDown{g2, 1, DownHow::kill}).generation(3, g1).start(g1, 5).read(g1, 5, 6);
    CHECK(told.story.verdicts() == "dup p1 5..6 crash_before_commit to g\n");
    told.story.commit(g1, 6, false).generation(4, g2).start(g2, 5).read(g2, 5, 6);
    CHECK(told.story.verdicts() == "dup p1 5..6 commit_refused to g\n");
    told.story.start(g2, 0, StartWhy::earliest).read(g2, 0, 1);
    CHECK(told.story.verdicts() == "dup p1 0..1 reset_earliest to g\n");
    told.story.start(g2, 9, StartWhy::latest).read(g2, 9, 10);
    CHECK(told.story.verdicts() == "dup p1 9..10 reset_latest to g\n");
    told.story.start(g2, 2, StartWhy::seek).read(g2, 2, 3);
    CHECK(told.story.verdicts() == "dup p1 2..3 seek to g\n");
}

TEST_CASE("ledger: offsets that were used again hold other records") {
    Told told;
    told.ten_records().hw(b1, 0, 10).generation(1, g1).start(g1, 0, StartWhy::earliest);
    told.story.read(g1, 0, 10).commit(g1, 5);
    told.story.part(b3, 1, {b3}, false).produce(10, 8).append(b3, {1, 0, 10, 8}).hw(b3, 1, 8);
    told.story.verdicts();
    told.story.start(g1, 5).read(g1, 5, 8);
    CHECK(told.story.verdicts().empty());
    told.story.start(g1, 5).read(g1, 5, 8);
    CHECK(told.story.verdicts() == "dup p1 15..18 rebalance_reprocess to g\n");
}

TEST_CASE("ledger: records and log ends can be asked for by offset") {
    Told told;
    told.story.produce(0, 4).produce(0, 2, prod2).append(b1, {0, 0, 0, 2});
    told.story.append(b1, {0, 2, 0, 2, prod2}).append(b1, {0, 4, 2, 2}).hw(b1, 0, 6);
    std::vector<RecordRange> found;
    told.ledger.records(orders0, 1, 5, found);
    REQUIRE(found.size() == 3);
    CHECK(found[0].p == prod1);
    CHECK(found[0].i == 1);
    CHECK(found[1].p == prod2);
    CHECK(found[1].end == 2);
    CHECK(found[2].i == 2);
    CHECK(found[2].end == 3);
    CHECK(told.ledger.log_end(orders0, b1) == 6);
    CHECK(told.ledger.log_end(orders0, b2) == 0);
}
