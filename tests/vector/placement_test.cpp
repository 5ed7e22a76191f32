// New partitions get the replicas that Kafka's placers give them.
#include "brokersim/fact_sink.hpp"
#include "cluster/layout_of.hpp"
#include "cluster/world.hpp"
#include "controller/placement.hpp"
#include "vector/vectors.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <set>
#include <string>

using namespace brokersim;
using namespace brokersim::test;

namespace {

std::vector<PlacementBroker> brokers_of(const Json& one) {
    std::vector<PlacementBroker> brokers;
    for (const Json& broker : one.at("brokers")) {
        brokers.push_back({broker.at("id").get<std::int32_t>(), broker.value("rack", ""),
                           broker.value("fenced", false)});
    }
    return brokers;
}

/// Draws as Kafka drew in one case: start offsets, then the order after each reshuffle.
class RecordedDraws : public PlacementDraws {
public:
    explicit RecordedDraws(const Json& one) {
        if (!one.contains("initial_state")) { return; }
        const Json& state = one.at("initial_state");
        const auto names = state.at("rack_order").get<std::vector<std::string>>();
        REQUIRE(std::is_sorted(names.begin(), names.end()));
        for (const std::string& name : names) {
            for (const char* list : {"fenced", "unfenced"}) {
                const Json& recorded = state.at("racks").at(name).at(list);
                if (recorded.at("brokers").empty()) { continue; }
                offsets_.push_back(recorded.at("offset").get<std::int32_t>());
            }
        }
        offsets_.push_back(state.at("rack_offset").get<std::int32_t>());
        for (const Json& shuffle : one.at("shuffles")) {
            add_shuffle(shuffle, names);
        }
    }

    std::int32_t below(std::int32_t n) override {
        REQUIRE(!offsets_.empty());
        const std::int32_t offset = offsets_.front();
        offsets_.pop_front();
        REQUIRE(offset < n);
        return offset;
    }

    void shuffle(std::vector<std::int32_t>& order) override {
        REQUIRE(!orders_.empty());
        REQUIRE(std::is_permutation(order.begin(), order.end(), orders_.front().begin(),
                                    orders_.front().end()));
        order = orders_.front();
        orders_.pop_front();
    }

    bool used_up() const { return offsets_.empty() && orders_.empty(); }

private:
    void add_shuffle(const Json& shuffle, const std::vector<std::string>& names) {
        Numbers racks;
        for (const Json& name : shuffle.at("rack_order")) {
            const auto found = std::find(names.begin(), names.end(), name.get<std::string>());
            racks.push_back(static_cast<std::int32_t>(found - names.begin()));
        }
        orders_.push_back(racks);
        for (const std::string& name : names) {
            for (const char* list : {"fenced", "unfenced"}) {
                orders_.push_back(shuffle.at("racks").at(name).at(list).at("brokers"));
            }
        }
    }

    std::deque<std::int32_t> offsets_;
    std::deque<Numbers> orders_;
};

/// Small, and random enough to try many placements.
class CountingDraws : public PlacementDraws {
public:
    explicit CountingDraws(std::uint32_t seed) : state_(seed) {}
    std::int32_t below(std::int32_t n) override {
        state_ = state_ * 1664525u + 1013904223u;
        return static_cast<std::int32_t>((state_ >> 8) % static_cast<std::uint32_t>(n));
    }

private:
    std::uint32_t state_;
};

/// The replicas of every partition that is created, in order.
class Creations : public FactSink {
public:
    std::vector<Numbers> replicas;
    Cause note(Time, Cause, FactRef fact) override {
        const CtlPart* const part = fact.as<CtlPart>();
        if (part == nullptr || part->why != PartWhy::created) { return {}; }
        Numbers& row = replicas.emplace_back();
        for (const MachineId replica : part->repl) {
            row.push_back(replica.value);
        }
        CHECK(part->leader == part->repl[0]);
        return {};
    }
};

std::string rack_name(std::int32_t number) {
    return std::string(1, static_cast<char>('a' + number));
}

PlacementError error_of(const std::string& name) {
    if (name.find("Partitions") != std::string::npos) { return PlacementError::invalid_partitions; }
    if (name == "INVALID_PARTITIONS") { return PlacementError::invalid_partitions; }
    if (name.find("AdminOperation") != std::string::npos) { return PlacementError::missing_rack; }
    return PlacementError::invalid_replication_factor;
}

} // namespace

TEST_CASE("striped placement: the same draws give Kafka's replicas") {
    for (const Json& one : cases_of(load_vectors("placement.json"), "kraft")) {
        CAPTURE(one.at("id").get<std::string>());
        RecordedDraws draws(one);
        const Placement placement =
            place_striped(brokers_of(one), one.at("partitions").get<std::int32_t>(),
                          one.at("replication_factor").get<std::int32_t>(), draws);
        if (one.contains("error")) {
            CHECK(placement.error == error_of(one.at("error").get<std::string>()));
            CHECK(placement.replicas.empty());
            continue;
        }
        CHECK(placement.error == PlacementError::none);
        CHECK(placement.replicas == one.at("assignments").get<std::vector<Numbers>>());
        CHECK(draws.used_up());
    }
}

TEST_CASE("striped placement: a cluster begins with the partitions that Kafka would create") {
    int created = 0;
    for (const Json& one : cases_of(load_vectors("placement.json"), "kraft")) {
        CAPTURE(one.at("id").get<std::string>());
        std::vector<PlacementBroker> brokers = brokers_of(one);
        std::sort(brokers.begin(), brokers.end(),
                  [](const auto& a, const auto& b) { return a.id < b.id; });
        bool settled = !one.contains("error"); // Where nobody is fenced, and ids have no gaps.
        Scenario s;
        for (const PlacementBroker& broker : brokers) {
            settled = settled && !broker.fenced &&
                      broker.id == static_cast<std::int32_t>(s.brokers.size());
            BrokerSpec& spec = s.brokers.emplace_back();
            spec.name = "b" + std::to_string(s.brokers.size());
            spec.rack = broker.rack;
        }
        if (!settled) { continue; }
        TopicSpec& topic = s.topics.emplace_back();
        topic.name = "orders";
        topic.partitions = one.at("partitions").get<std::int32_t>();
        topic.replication_factor = one.at("replication_factor").get<std::int32_t>();
        RecordedDraws draws(one);
        const Plan plan = make_plan(s, 1, &draws);
        CHECK(draws.used_up());
        Creations creations;
        World world(s, 1, plan);
        world.settle(s, &creations);
        CHECK(creations.replicas == one.at("assignments").get<std::vector<Numbers>>());
        ++created;
    }
    CHECK(created == 12);
}

TEST_CASE("round-robin placement: replicas are those of Kafka's AdminUtils") {
    for (const Json& one : cases_of(load_vectors("placement.json"), "zk")) {
        CAPTURE(one.at("id").get<std::string>());
        RoundRobinRequest request;
        request.partitions = one.at("partitions").get<std::int32_t>();
        request.replication_factor = one.at("replication_factor").get<std::int32_t>();
        request.first_partition = one.at("start_partition_id").get<std::int32_t>();
        request.fixed_start = one.at("fixed_start_index").get<std::int32_t>();
        REQUIRE(request.fixed_start >= 0);
        CountingDraws draws(1);
        const Placement placement = place_round_robin(brokers_of(one), request, draws);
        if (one.contains("error")) {
            CHECK(placement.error == error_of(one.at("error").get<std::string>()));
            CHECK(placement.replicas.empty());
            continue;
        }
        CHECK(placement.error == PlacementError::none);
        const Json& expected = one.at("assignments");
        REQUIRE(placement.replicas.size() == expected.size());
        const std::int32_t first = std::max(request.first_partition, 0);
        for (std::size_t k = 0; k < placement.replicas.size(); ++k) {
            const std::string partition = std::to_string(first + static_cast<std::int32_t>(k));
            CAPTURE(partition);
            CHECK(placement.replicas[k] == expected.at(partition).get<Numbers>());
        }
        if (one.contains("rack_alternated_broker_list")) {
            Numbers order;
            for (const auto& broker : rack_alternated(brokers_of(one))) {
                order.push_back(broker.id);
            }
            CHECK(order == one.at("rack_alternated_broker_list").get<Numbers>());
        }
    }
}

TEST_CASE("striped placement: replicas are distinct, leaders unfenced and evenly spread") {
    for (std::uint32_t seed = 0; seed < 300; ++seed) {
        CAPTURE(seed);
        CountingDraws draws(seed);
        std::vector<PlacementBroker> brokers;
        const std::int32_t count = 1 + draws.below(9);
        const std::int32_t racks = 1 + draws.below(3);
        for (std::int32_t b = 0; b < count; ++b) {
            const std::int32_t rack = draws.below(racks);
            brokers.push_back({b, rack == 0 ? "" : rack_name(rack), b > 0 && draws.below(4) == 0});
        }
        const std::int32_t factor = 1 + draws.below(count);
        const Placement placement = place_striped(brokers, 40, factor, draws);
        REQUIRE(placement.error == PlacementError::none);
        REQUIRE(placement.replicas.size() == 40);
        for (const Numbers& replicas : placement.replicas) {
            const std::set<std::int32_t> distinct(replicas.begin(), replicas.end());
            CHECK(distinct.size() == static_cast<std::size_t>(factor));
            CHECK(replicas.size() == distinct.size());
            CHECK_FALSE(brokers[static_cast<std::size_t>(replicas.front())].fenced);
        }
    }
}

TEST_CASE("striped placement: without racks each broker leads once before any leads twice") {
    for (std::uint32_t seed = 0; seed < 50; ++seed) {
        CountingDraws draws(seed);
        const std::int32_t count = 2 + draws.below(6);
        std::vector<PlacementBroker> brokers;
        for (std::int32_t b = 0; b < count; ++b) {
            brokers.push_back({b, "", false});
        }
        const Placement placement = place_striped(brokers, count, 2, draws);
        std::set<std::int32_t> leaders;
        for (const Numbers& replicas : placement.replicas) {
            leaders.insert(replicas.front());
        }
        CHECK(leaders.size() == static_cast<std::size_t>(count));
    }
}

TEST_CASE("round-robin placement: the draws are used, and replicas are distinct") {
    std::set<std::vector<Numbers>> seen;
    for (std::uint32_t seed = 0; seed < 100; ++seed) {
        CountingDraws draws(seed);
        const bool with_racks = draws.below(2) == 1;
        std::vector<PlacementBroker> brokers;
        for (std::int32_t b = 0; b < 5; ++b) {
            brokers.push_back({b, with_racks ? rack_name(draws.below(3)) : "", false});
        }
        const Placement placement = place_round_robin(brokers, {12, 1 + draws.below(5)}, draws);
        REQUIRE(placement.error == PlacementError::none);
        for (const Numbers& replicas : placement.replicas) {
            CHECK(std::set<std::int32_t>(replicas.begin(), replicas.end()).size() ==
                  replicas.size());
        }
        seen.insert(placement.replicas);
    }
    CHECK(seen.size() > 20);
}

TEST_CASE("round-robin placement: racks are all known or none is") {
    CountingDraws draws(1);
    const std::vector<PlacementBroker> brokers{{1, "a", false}, {2, "", false}};
    CHECK(place_round_robin(brokers, {1, 1}, draws).error == PlacementError::missing_rack);
    CHECK(place_round_robin(brokers, {1, 3}, draws).error ==
          PlacementError::invalid_replication_factor);
    CHECK(place_striped(brokers, 1, 3, draws).error == PlacementError::invalid_replication_factor);
}
