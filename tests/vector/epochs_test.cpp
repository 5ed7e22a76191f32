// Leader epochs: look-ups, and what followers truncate, as Kafka does it.
#include "log/epoch_index.hpp"
#include "vector/vectors.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace brokersim;
using namespace brokersim::test;

namespace {

EpochIndex index_of(const Json& entries) {
    EpochIndex index;
    for (const Json& entry : entries) {
        index.assign(entry.at(0).get<LeaderEpoch>(), entry.at(1).get<Offset>());
    }
    return index;
}

std::vector<EpochIndex::Entry> entries_of(const Json& entries) {
    std::vector<EpochIndex::Entry> list;
    for (const Json& entry : entries) {
        list.push_back({entry.at(0).get<LeaderEpoch>(), entry.at(1).get<Offset>()});
    }
    return list;
}

/// A follower that fetches until its leader has no objection.
struct Follower {
    EpochIndex epochs;
    Offset log_end = 0;

    void truncate(Offset to) {
        log_end = to;
        epochs.truncate_from_end(to);
    }
    void start_over(Offset at) {
        log_end = at;
        epochs.clear();
    }
};

/// One fetch and what the follower makes of the reply, compared with `step`.
void check_step(const Json& step, const Json& leader_log, const EpochIndex& leader,
                Follower& follower) {
    CAPTURE(step.dump());
    const auto leader_start = leader_log.at("log_start_offset").get<Offset>();
    const auto leader_end = leader_log.at("log_end_offset").get<Offset>();
    CHECK(follower.log_end == step.at("fetch_offset").get<Offset>());
    CHECK(follower.epochs.latest() == step.value("last_fetched_epoch", -1));
    const FetchCheck check =
        check_fetch(leader, leader_start, leader_end, follower.log_end, follower.epochs.latest());
    const auto reply = step.at("leader_reply").get<std::string>();
    if (reply == "data") {
        CHECK(check.verdict == FetchCheck::Verdict::agrees);
    } else if (reply == "diverging") {
        REQUIRE(check.verdict == FetchCheck::Verdict::diverges);
        CHECK(check.diverging.epoch == step.at("diverging_epoch").get<LeaderEpoch>());
        CHECK(check.diverging.end == step.at("diverging_end_offset").get<Offset>());
        follower.truncate(truncation_offset(follower.epochs, follower.log_end, check.diverging));
        CHECK(follower.log_end == step.at("follower_truncates_to").get<Offset>());
    } else {
        REQUIRE(reply == "OFFSET_OUT_OF_RANGE");
        REQUIRE(check.verdict == FetchCheck::Verdict::out_of_range);
        const RangeRepair repair = repair_out_of_range(follower.log_end, leader_start, leader_end);
        if (step.contains("follower_restarts_at")) {
            REQUIRE(repair.action == RangeRepair::Action::start_over);
            CHECK(repair.offset == step.at("follower_restarts_at").get<Offset>());
            follower.start_over(repair.offset);
        } else {
            REQUIRE(repair.action == RangeRepair::Action::truncate);
            CHECK(repair.offset == step.at("follower_truncates_to").get<Offset>());
            follower.truncate(repair.offset);
        }
    }
}

} // namespace

TEST_CASE("epoch index: assigned epochs and their ends are Kafka's") {
    for (const Json& one : cases_of(load_vectors("epochs.json"), "end_offset_queries")) {
        CAPTURE(one.at("id").get<std::string>());
        const EpochIndex index = index_of(one.at("assigned"));
        CHECK(index.entries() == entries_of(one.at("entries")));
        REQUIRE(!one.at("queries").empty());
        for (const Json& query : one.at("queries")) {
            CAPTURE(query.dump());
            const EpochEnd expected{query.at("answer_epoch").get<LeaderEpoch>(),
                                    query.at("answer_end_offset").get<Offset>()};
            CHECK(index.end_offset_for(query.at("epoch").get<LeaderEpoch>(),
                                       one.at("log_end_offset").get<Offset>()) == expected);
        }
    }
}

TEST_CASE("epoch index: followers find the point where the logs part as Kafka's do") {
    for (const Json& one : cases_of(load_vectors("epochs.json"), "truncation")) {
        CAPTURE(one.at("id").get<std::string>());
        const EpochIndex leader = index_of(one.at("leader").at("epochs"));
        const auto first_end = one.at("follower").at("log_end_offset").get<Offset>();
        Follower follower{index_of(one.at("follower").at("epochs")), first_end};
        Offset lost = 0;
        REQUIRE(!one.at("steps").empty());
        for (const Json& step : one.at("steps")) {
            const bool deletes_all = step.contains("follower_restarts_at");
            const Offset before = follower.log_end;
            check_step(step, one.at("leader"), leader, follower);
            lost += deletes_all ? before : before - follower.log_end;
        }
        CHECK(follower.log_end == one.at("final_log_end_offset").get<Offset>());
        CHECK(follower.epochs.entries() == entries_of(one.at("final_epochs")));
        CHECK(lost == one.at("records_lost_by_follower").get<Offset>());
    }
}

TEST_CASE("epoch index: a new log start shortens the epoch that holds it") {
    EpochIndex index;
    index.assign(1, 0);
    index.assign(2, 10);
    index.assign(4, 20);
    index.truncate_from_start(15);
    CHECK(index.entries() == std::vector<EpochIndex::Entry>{{2, 15}, {4, 20}});
    index.truncate_from_start(15);
    CHECK(index.entries() == std::vector<EpochIndex::Entry>{{2, 15}, {4, 20}});
    index.truncate_from_start(3);
    CHECK(index.entries() == std::vector<EpochIndex::Entry>{{2, 15}, {4, 20}});
    index.truncate_from_start(99);
    CHECK(index.entries() == std::vector<EpochIndex::Entry>{{4, 99}});
}

TEST_CASE("epoch index: a follower out of range truncates, goes on or starts over") {
    CHECK(repair_out_of_range(20, 0, 15).action == RangeRepair::Action::truncate);
    CHECK(repair_out_of_range(20, 0, 15).offset == 15);
    CHECK(repair_out_of_range(20, 20, 30).action == RangeRepair::Action::resume);
    CHECK(repair_out_of_range(20, 20, 30).offset == 20);
    CHECK(repair_out_of_range(20, 21, 30).action == RangeRepair::Action::start_over);
    CHECK(repair_out_of_range(20, 21, 30).offset == 21);
}
