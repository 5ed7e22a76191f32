// Members of a group get the partitions that Kafka's assignors give them.
#include "client/assignor.hpp"
#include "vector/vectors.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

using namespace brokersim;
using namespace brokersim::test;

namespace {

/// A case of the file, with numbers in place of names.
struct Case {
    std::vector<AssignorTopic> topics;
    std::vector<AssignorMember> members;
    std::map<std::string, std::int32_t> topic_numbers; ///< in ascending order of names
    std::map<std::string, std::int32_t> rack_numbers;

    explicit Case(const Json& one) {
        for (const auto& item : one.at("topics").items()) {
            topic_numbers[item.key()] = 0;
        }
        for (auto& [name, number] : topic_numbers) {
            number = static_cast<std::int32_t>(topics.size());
            AssignorTopic topic{one.at("topics").at(name).get<std::int32_t>(), {}};
            if (one.contains("partition_replica_racks") &&
                one.at("partition_replica_racks").contains(name)) {
                for (const Json& racks : one.at("partition_replica_racks").at(name)) {
                    topic.replica_racks.push_back(distinct_racks(racks));
                }
            }
            topics.push_back(std::move(topic));
        }
        for (const Json& json : one.at("members")) {
            members.push_back(member_of(json));
        }
    }

    std::int32_t rack_number(const std::string& name) {
        return rack_numbers.emplace(name, static_cast<std::int32_t>(rack_numbers.size()))
            .first->second;
    }

    Numbers distinct_racks(const Json& racks) {
        std::set<std::int32_t> distinct;
        for (const Json& rack : racks) {
            if (!rack.is_null()) { distinct.insert(rack_number(rack.get<std::string>())); }
        }
        return {distinct.begin(), distinct.end()};
    }

    AssignorMember member_of(const Json& json) {
        AssignorMember member;
        member.id = json.at("id").get<std::string>();
        if (json.contains("instance") && !json.at("instance").is_null()) {
            member.instance_id = json.at("instance").get<std::string>();
        }
        if (json.contains("rack") && !json.at("rack").is_null()) {
            member.rack = rack_number(json.at("rack").get<std::string>());
        }
        std::set<std::int32_t> subscribed; // A topic that does not exist is nobody's business.
        for (const Json& name : json.at("topics")) {
            const auto found = topic_numbers.find(name.get<std::string>());
            if (found != topic_numbers.end()) { subscribed.insert(found->second); }
        }
        member.topics.assign(subscribed.begin(), subscribed.end());
        return member;
    }

    /// The case's answer, each list in ascending order.
    Assigned expected(const Json& one) const {
        const bool sorted = one.contains("expected_sorted_iteration");
        const Json& answer = one.at(sorted ? "expected_sorted_iteration" : "expected");
        Assigned assigned;
        for (const AssignorMember& member : members) {
            std::vector<AssignedPartition> list;
            for (const Json& entry : answer.at(member.id)) {
                list.push_back({topic_numbers.at(entry.at(0).get<std::string>()),
                                entry.at(1).get<std::int32_t>()});
            }
            std::sort(list.begin(), list.end());
            assigned.push_back(std::move(list));
        }
        return assigned;
    }
};

} // namespace

TEST_CASE("range and round-robin assignors: members get the partitions that Kafka gives them") {
    std::map<std::string, int> tried;
    for (const Json& one : cases_of(load_vectors("assignors.json"), "cases")) {
        const std::string name = one.at("assignor").get<std::string>();
        const Assignor assignor = name == "range"        ? assign_range
                                  : name == "roundrobin" ? assign_round_robin
                                                         : nullptr;
        if (assignor == nullptr) { continue; }
        CAPTURE(one.at("id").get<std::string>());
        const Case input(one);
        const bool same = assignor(input.topics, input.members) == input.expected(one);
        CHECK(same);
        ++tried[name];
    }
    CHECK(tried["range"] > 10);
    CHECK(tried["roundrobin"] > 10);
}

TEST_CASE("range assignor: every partition of a subscribed topic has one owner who wants it") {
    std::uint32_t state = 7;
    const auto below = [&state](std::int32_t n) {
        state = state * 1664525u + 1013904223u;
        return static_cast<std::int32_t>((state >> 8) % static_cast<std::uint32_t>(n));
    };
    for (int round = 0; round < 300; ++round) {
        CAPTURE(round);
        std::vector<AssignorTopic> topics(static_cast<std::size_t>(1 + below(3)));
        for (AssignorTopic& topic : topics) {
            topic.partitions = below(8);
            for (std::int32_t p = 0; p < topic.partitions; ++p) {
                topic.replica_racks.push_back({below(2), 2 + below(2)});
            }
        }
        std::vector<AssignorMember> members(static_cast<std::size_t>(1 + below(4)));
        Numbers subscribers(topics.size(), 0);
        for (std::size_t m = 0; m < members.size(); ++m) {
            members[m].number = static_cast<std::int64_t>(m);
            members[m].rack = below(6) - 1;
            for (std::size_t t = 0; t < topics.size(); ++t) {
                if (below(3) == 0) { continue; }
                members[m].topics.push_back(static_cast<std::int32_t>(t));
                ++subscribers[t];
            }
        }
        const Assigned assigned = assign_range(topics, members);
        REQUIRE(assigned.size() == members.size());
        std::set<AssignedPartition> owned;
        for (std::size_t m = 0; m < members.size(); ++m) {
            Numbers per_topic(topics.size(), 0);
            for (const AssignedPartition& partition : assigned[m]) {
                const auto& wanted = members[m].topics;
                CHECK(std::count(wanted.begin(), wanted.end(), partition.topic) == 1);
                CHECK(owned.insert(partition).second);
                ++per_topic[static_cast<std::size_t>(partition.topic)];
            }
            for (const std::int32_t t : members[m].topics) {
                const auto at = static_cast<std::size_t>(t);
                const std::int32_t share = topics[at].partitions / subscribers[at];
                CHECK(per_topic[at] >= share);
                CHECK(per_topic[at] <= share + 1);
            }
        }
        std::size_t wanted = 0;
        for (std::size_t t = 0; t < topics.size(); ++t) {
            if (subscribers[t] > 0) { wanted += static_cast<std::size_t>(topics[t].partitions); }
        }
        CHECK(owned.size() == wanted);
    }
}
