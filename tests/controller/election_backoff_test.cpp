// How long a voter waits whom a majority has refused, in each release.
#include "controller/controller.hpp"
#include "support/actor_harness.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <vector>

using namespace brokersim;
using namespace brokersim::test;

namespace {

LayoutRef three_voters(Release release) {
    Layout l;
    l.rules = rules_of(release);
    l.brokers = 1;
    l.controllers = 3;
    l.machines = 4;
    return std::make_shared<const Layout>(l);
}

RunInfo names() {
    RunInfo info;
    info.nodes = {"b1", "c1", "c2", "c3"};
    return info;
}

/// c1 among two others who know no leader, grant every pre-vote and refuse every vote.
class Refused {
public:
    explicit Refused(Release release, Duration cap = seconds(1))
        : info_(names()),
          table_(Controller(MachineId(1), "c1", three_voters(release), config(cap), 1),
                 MachineId(1), info_) {
        table_.on_dial = [this](ConnId conn, MachineId) {
            table_.in(way, [this, conn] { table_.connected(conn); });
        };
        table_.on_send = [this](const Sent& sent) { answer(sent); };
        table_.start();
    }

    struct Candidacy {
        Time at;
        QuorumEpoch epoch = 0;
        bool asked_first = false; ///< by a pre-vote
    };
    std::vector<Candidacy> run(Duration length) {
        table_.run_until(Time{} + length);
        return candidacies_;
    }

    static constexpr Duration way = milliseconds(1);

private:
    using Sent = ActorHarness<Controller>::Sent;

    static ServerConfig config(Duration cap) {
        ServerConfig c;
        c.controller_quorum_election_backoff_max = cap;
        return c;
    }
    void answer(const Sent& sent) {
        switch (sent.api) {
        case Api::api_versions:
            table_.in(way, [this, sent] {
                table_.deliver<ApiVersionsResponse>(sent.conn, sent.to, [](auto&) {});
            });
            return;
        case Api::fetch_metadata:
            table_.in(way, [this, sent] {
                table_.deliver<FetchMetadataResponse>(sent.conn, sent.to, [](auto& r) {
                    r.clear();
                    r.error = Error::not_controller;
                });
            });
            return;
        case Api::vote: break;
        default: return;
        }
        const VoteRequest request = table_.body<VoteRequest>(sent);
        if (request.pre_vote) {
            asked_ = true;
        } else if (candidacies_.empty() || candidacies_.back().epoch != request.epoch) {
            candidacies_.push_back({table_.now(), request.epoch, asked_});
            asked_ = false;
        }
        table_.in(way, [this, sent, request] {
            table_.deliver<VoteResponse>(sent.conn, sent.to, [&](auto& r) {
                r.epoch = request.epoch;
                r.leader = {};
                r.granted = request.pre_vote;
            });
        });
    }

    RunInfo info_;
    ActorHarness<Controller> table_;
    std::vector<Candidacy> candidacies_;
    bool asked_ = false;
};

/// Between the candidacies, in milliseconds, as far as there are so many.
std::vector<std::int64_t> waits(const std::vector<Refused::Candidacy>& all, std::size_t count) {
    std::vector<std::int64_t> out;
    for (std::size_t k = 1; k < all.size() && k <= count; ++k)
        out.push_back((all[k].at - all[k - 1].at).ns / 1'000'000);
    return out;
}

} // namespace

TEST_CASE("3.9: a refused candidate waits 50 ms times up to 2^r and is candidate again") {
    Refused voter(Release::v3_9);
    const auto all = voter.run(seconds(60));
    for (const auto& one : all)
        CHECK_FALSE(one.asked_first);
    const auto gaps = waits(all, 20);
    REQUIRE(gaps.size() == 20);
    CHECK(gaps[0] >= 51);
    CHECK(gaps[0] <= 102);
    for (const std::int64_t gap : gaps) {
        CHECK(gap >= 50);
        CHECK(gap <= 1060); // The cap and up to 49 ms.
    }
    CHECK(*std::max_element(gaps.begin(), gaps.end()) > 900);
}

TEST_CASE("4.0: it waits 50 ms times up to 2^r - 1, and asks before it is candidate again") {
    Refused voter(Release::v4_0);
    const auto all = voter.run(seconds(60));
    for (const auto& one : all)
        CHECK(one.asked_first);
    const auto gaps = waits(all, 20);
    REQUIRE(gaps.size() == 20);
    CHECK(gaps[0] >= 50); // 2^1 - 1 = 1: nothing to draw, and the round trips.
    CHECK(gaps[0] <= 56);
    for (const std::int64_t gap : gaps)
        CHECK(gap <= 1060);
}

TEST_CASE("4.1: it waits for what is left of its own election time-out, whatever the cap") {
    for (const Duration cap : {milliseconds(1), seconds(1)}) {
        Refused voter(Release::v4_1, cap);
        const auto all = voter.run(seconds(60));
        for (const auto& one : all)
            CHECK(one.asked_first);
        const auto gaps = waits(all, 20);
        REQUIRE(gaps.size() == 20);
        for (const std::int64_t gap : gaps) {
            CHECK(gap >= 1000);
            CHECK(gap < 2010);
        }
        CHECK(*std::max_element(gaps.begin(), gaps.end()) > 1700);
    }
}
