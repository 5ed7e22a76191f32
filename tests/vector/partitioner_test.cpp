// Records without a key go where Kafka's partitioners send them.
#include "client/partitioner.hpp"
#include "vector/vectors.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>

using namespace brokersim;
using namespace brokersim::test;

namespace {

Numbers with_leader(const Json& one) {
    const Numbers leaderless = numbers(one, "leaderless");
    Numbers available;
    for (std::int32_t p = 0; p < one.at("partitions").get<std::int32_t>(); ++p) {
        if (std::find(leaderless.begin(), leaderless.end(), p) == leaderless.end()) {
            available.push_back(p);
        }
    }
    return available;
}

} // namespace

TEST_CASE("sticky partitioner: fewer queued batches make a partition more likely") {
    const Json file = load_vectors("partitioner.json");
    for (const Json& one : cases_of(file, "adaptive_weighted_choice")) {
        CAPTURE(one.dump());
        StickyPartitioner partitioner(16384);
        const Numbers queued = numbers(one, "queue_sizes");
        const Numbers partitions = numbers(one, "partition_ids");
        partitioner.weigh(queued, partitions, one.at("length").get<std::size_t>());
        REQUIRE(partitioner.has_load() == one.at("adaptive").get<bool>());
        if (!partitioner.has_load()) { continue; }
        REQUIRE(partitioner.total_weight() == one.at("total").get<std::int32_t>());
        const Numbers picks = numbers(one, "pick");
        REQUIRE(!picks.empty());
        for (std::size_t draw = 0; draw < picks.size(); ++draw) {
            CHECK(partitioner.choose({}, static_cast<std::int32_t>(draw)) == picks[draw]);
        }
    }
}

TEST_CASE("sticky partitioner: without load the choice is uniform over partitions with leader") {
    for (const Json& one : cases_of(load_vectors("partitioner.json"), "uniform_choice")) {
        CAPTURE(one.dump());
        const StickyPartitioner partitioner(16384);
        const Numbers available = with_leader(one);
        const KnownPartitions known{available, one.at("partitions").get<std::int32_t>()};
        CHECK(partitioner.choose(known, one.at("draw").get<std::int32_t>()) ==
              one.at("pick").get<std::int32_t>());
    }
}

TEST_CASE("sticky partitioner: it moves on after a batch, at the latest after two") {
    for (const Json& one : cases_of(load_vectors("partitioner.json"), "sticky_switching")) {
        StickyPartitioner partitioner(one.at("batch_size").get<std::int32_t>());
        partitioner.stick_to(0);
        REQUIRE(!one.at("appends").empty());
        for (const Json& append : one.at("appends")) {
            CAPTURE(append.dump());
            const bool moves = partitioner.produced(append.at("bytes").get<std::int64_t>(),
                                                    append.at("switch_allowed").get<bool>());
            CHECK(moves == append.at("switched").get<bool>());
            if (moves) { partitioner.stick_to(0); }
        }
    }
}

TEST_CASE("sticky partitioner: a switch that had to wait happens once the batch is full") {
    StickyPartitioner partitioner(100);
    partitioner.stick_to(3);
    CHECK_FALSE(partitioner.produced(100, false));
    CHECK_FALSE(partitioner.produced(0, false));
    CHECK(partitioner.produced(0, true));
}

TEST_CASE("sticky partitioner: the load table goes when all queues are equally long") {
    StickyPartitioner partitioner(100);
    const std::array<std::int32_t, 2> partitions{0, 1};
    partitioner.weigh(std::array<std::int32_t, 2>{4, 0}, partitions, 2);
    CHECK(partitioner.has_load());
    partitioner.weigh(std::array<std::int32_t, 2>{4, 4}, partitions, 2);
    CHECK_FALSE(partitioner.has_load());
}

TEST_CASE("round robin: each partition with a leader in turn") {
    for (const Json& one : cases_of(load_vectors("partitioner.json"), "round_robin")) {
        CAPTURE(one.dump());
        const Numbers available = with_leader(one);
        const KnownPartitions known{available, one.at("partitions").get<std::int32_t>()};
        RoundRobinPartitioner partitioner;
        const Numbers expected = numbers(one, "first_ten_calls");
        REQUIRE(!expected.empty());
        for (const std::int32_t partition : expected) {
            CHECK(partitioner.next(known) == partition);
        }
    }
}
