// The controller decides about a partition as Kafka's does.
#include "controller/partition_change.hpp"
#include "vector/vectors.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace brokersim;
using namespace brokersim::test;

namespace {

AcceptableLeader any_of(BrokerList brokers) {
    return [brokers = std::move(brokers)](std::int32_t b) { return contains(brokers, b); };
}

PartitionState state_of(const Json& json) {
    PartitionState state;
    state.replicas = numbers(json, "replicas");
    state.isr = numbers(json, "isr");
    state.elr = numbers(json, "elr");
    state.last_known_elr = numbers(json, "last_known_elr");
    state.adding = numbers(json, "adding");
    state.removing = numbers(json, "removing");
    state.leader = json.at("leader").get<std::int32_t>();
    state.leader_epoch = json.at("leader_epoch").get<LeaderEpoch>();
    state.partition_epoch = json.at("partition_epoch").get<PartitionEpoch>();
    state.recovering = json.at("recovering").get<bool>();
    return state;
}

PartitionChangeRequest request_of(const Json& json) {
    PartitionChangeRequest request;
    const auto election = json.at("election").get<std::string>();
    REQUIRE((election == "online" || election == "preferred" || election == "unclean"));
    if (election == "preferred") { request.election = Election::preferred; }
    if (election == "unclean") { request.election = Election::unclean; }
    if (json.contains("target_isr")) { request.target_isr = numbers(json, "target_isr"); }
    if (json.contains("target_recovering")) {
        request.target_recovering = json.at("target_recovering").get<bool>();
    }
    request.unclean_shutdown = numbers(json, "unclean_shutdown");
    request.min_insync_replicas = json.value("min_isr", 1);
    request.elr_enabled = json.at("elr_enabled").get<bool>();
    request.elect_dead_last_leader = true; // The vectors come from a release that does.
    return request;
}

/// Every partition of three replicas that a controller can hold, and what can befall it.
template <class Visit>
void for_all_small_cases(Visit&& visit) {
    const auto subset = [](unsigned bits) {
        BrokerList list;
        for (std::int32_t b = 0; b < 3; ++b) {
            if ((bits >> b & 1u) != 0) { list.push_back(b + 1); }
        }
        return list;
    };
    for (const bool elr_enabled : {false, true}) {
        for (unsigned isr = elr_enabled ? 0 : 1; isr < 8; ++isr) {
            for (unsigned elr = 0; elr < (elr_enabled ? 8u : 1u); ++elr) {
                if ((isr & elr) != 0) { continue; }
                for (std::int32_t leader : {-1, 1, 2, 3}) {
                    PartitionState state;
                    state.replicas = {1, 2, 3};
                    state.isr = subset(isr);
                    state.elr = subset(elr);
                    state.leader = leader;
                    state.leader_epoch = 5;
                    state.partition_epoch = 9;
                    if (leader >= 0 && !contains(state.isr, leader)) { continue; }
                    if (isr == 0 && elr == 0) { state.last_known_elr = {2}; }
                    for (unsigned alive = 0; alive < 8; ++alive) {
                        visit(state, subset(alive), elr_enabled);
                    }
                }
            }
        }
    }
}

void check_invariants(const PartitionState& before, const PartitionChange& change,
                      const BrokerList& alive, bool elr_enabled) {
    const PartitionState& after = change.after;
    CHECK(after.replicas == before.replicas);
    CHECK((after.has_leader() ? contains(after.isr, after.leader) : change.clean));
    CHECK((!after.isr.empty() || elr_enabled));
    for (const std::int32_t member : after.isr) {
        CHECK(contains(after.replicas, member));
        CHECK_FALSE(contains(after.elr, member));
    }
    const bool moved = after.leader != before.leader;
    CHECK(after.leader_epoch == before.leader_epoch + (moved ? 1 : 0));
    CHECK(after.partition_epoch == before.partition_epoch + 1);
    CHECK((after.last_known_elr.empty() || !after.has_leader()));
    if (!moved || !after.has_leader()) { return; }
    CHECK(contains(alive, after.leader));
    // An unclean leader may come from the ELR: that one counts only while the ISR is empty.
    const bool had_all = contains(before.isr, after.leader) || contains(before.elr, after.leader);
    CHECK((!change.clean || had_all));
    CHECK((change.clean || !contains(before.isr, after.leader)));
    CHECK(after.recovering == (!change.clean || before.recovering));
}

} // namespace

TEST_CASE("partition change: leader, ISR, ELR and epochs are those of Kafka's controller") {
    for (const Json& one : cases_of(load_vectors("partition_change.json"), "cases")) {
        CAPTURE(one.at("id").get<std::string>());
        const PartitionState before = state_of(one.at("before"));
        const Json& request = one.at("request");
        const auto change = decide_partition_change(before, request_of(request),
                                                    any_of(numbers(request, "acceptable_leaders")));
        REQUIRE(change.has_value() == one.at("changed").get<bool>());
        if (!change) { continue; }
        CAPTURE(one.at("after").dump());
        PartitionState expected = state_of(one.at("after"));
        std::sort(expected.elr.begin(), expected.elr.end());
        CHECK(change->after.replicas == expected.replicas);
        CHECK(change->after.isr == expected.isr);
        CHECK(change->after.leader == expected.leader);
        CHECK(change->after.leader_epoch == expected.leader_epoch);
        CHECK(change->after == expected);
    }
}

TEST_CASE("partition change: fencing keeps what every partition promises") {
    int changes = 0;
    for_all_small_cases([&](const PartitionState& before, const BrokerList& alive, bool elr) {
        for (const Election election : {Election::online, Election::unclean}) {
            for (const std::int32_t fenced : before.isr) {
                if (contains(alive, fenced)) { continue; }
                PartitionChangeRequest request;
                request.election = election;
                request.elr_enabled = elr;
                request.min_insync_replicas = 2;
                request.target_isr = before.isr;
                std::erase(*request.target_isr, fenced);
                const auto change = decide_partition_change(before, request, any_of(alive));
                if (!change) { continue; }
                ++changes;
                check_invariants(before, *change, alive, elr);
            }
        }
    });
    CHECK(changes > 500);
}

TEST_CASE("partition change: an election alone never takes a leader that may stay") {
    int elections = 0;
    for_all_small_cases([&](const PartitionState& before, const BrokerList& alive, bool elr) {
        PartitionChangeRequest request;
        request.elr_enabled = elr;
        request.min_insync_replicas = 2;
        for (const Election kind : {Election::online, Election::preferred, Election::unclean}) {
            request.election = kind;
            const auto change = decide_partition_change(before, request, any_of(alive));
            if (!change) { continue; }
            ++elections;
            check_invariants(before, *change, alive, elr);
            const bool moved = change->after.leader != before.leader;
            if (kind != Election::preferred && contains(alive, before.leader)) { CHECK(!moved); }
            if (kind == Election::online && elr && !before.last_known_elr.empty()) { continue; }
            if (kind == Election::online) { CHECK(change->clean); }
        }
    });
    CHECK(elections > 100);
}

TEST_CASE("partition change: a dead last leader is elected only where that is asked for") {
    PartitionState before;
    before.replicas = {1, 2, 3};
    before.last_known_elr = {1};
    PartitionChangeRequest request;
    request.elr_enabled = true;
    request.min_insync_replicas = 2;
    CHECK_FALSE(decide_partition_change(before, request, any_of({2})));
    const auto alive = decide_partition_change(before, request, any_of({1}));
    REQUIRE(alive);
    CHECK(alive->after.leader == 1);
    CHECK_FALSE(alive->clean);
    request.elect_dead_last_leader = true;
    const auto dead = decide_partition_change(before, request, any_of({2}));
    REQUIRE(dead);
    CHECK(dead->after.leader == 1);
}

TEST_CASE("partition change: a new partition is led by its first active replica") {
    const auto state = created_partition({3, 1, 2}, any_of({1, 2}));
    REQUIRE(state);
    CHECK(state->replicas == BrokerList{3, 1, 2});
    CHECK(state->isr == BrokerList{1, 2});
    CHECK(state->leader == 1);
    CHECK(state->leader_epoch == 0);
    CHECK(state->partition_epoch == 0);
    CHECK_FALSE(created_partition({3, 1, 2}, any_of({4})));
}
