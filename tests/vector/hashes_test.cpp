// Keys, groups and partitions are hashed as Kafka hashes them.
#include "client/murmur2.hpp"
#include "protocol/java_hash.hpp"
#include "vector/vectors.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>

using namespace brokersim;
using namespace brokersim::test;

namespace {

std::string bytes_of(const std::string& hex) {
    std::string bytes;
    for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
        bytes.push_back(static_cast<char>(std::stoi(hex.substr(at, 2), nullptr, 16)));
    }
    return bytes;
}

} // namespace

TEST_CASE("murmur2: keys go to the partitions that Kafka gives them") {
    const Json file = load_vectors("murmur2.json");
    for (const Json& one : cases_of(file, "keys")) {
        const std::string hex = one.at("hex").get<std::string>();
        const std::string key = bytes_of(hex);
        CAPTURE(hex);
        CHECK(murmur2(key) == one.at("murmur2").get<std::int32_t>());
        CHECK(to_positive(murmur2(key)) == one.at("positive").get<std::int32_t>());
        if (one.contains("text")) { CHECK(key == one.at("text").get<std::string>()); }
        REQUIRE(!one.at("partition").empty());
        for (const auto& item : one.at("partition").items()) {
            CAPTURE(item.key());
            CHECK(partition_for_key(key, std::stoi(item.key())) ==
                  item.value().get<std::int32_t>());
        }
    }
}

TEST_CASE("murmur2: to_positive clears the sign bit") {
    for (const Json& one : cases_of(load_vectors("murmur2.json"), "to_positive")) {
        CAPTURE(one.dump());
        CHECK(to_positive(one.at("in").get<std::int32_t>()) == one.at("out").get<std::int32_t>());
    }
}

TEST_CASE("java_hash: groups find the coordinator partition that Kafka gives them") {
    for (const Json& one : cases_of(load_vectors("coordinator_partition.json"), "coordinator")) {
        CAPTURE(one.dump());
        const std::string id = one.at("id").get<std::string>();
        CHECK(java_hash(id) == one.at("hash").get<std::int32_t>());
        REQUIRE(!one.at("partition").empty());
        for (const auto& item : one.at("partition").items()) {
            CHECK(coordinator_partition(id, std::stoi(item.key())) ==
                  item.value().get<std::int32_t>());
        }
    }
}

TEST_CASE("java_hash: partitions get the fetcher thread that Kafka gives them") {
    for (const Json& one : cases_of(load_vectors("coordinator_partition.json"), "fetcher")) {
        CAPTURE(one.dump());
        const std::string topic = one.at("topic").get<std::string>();
        const auto partition = one.at("partition").get<std::int32_t>();
        REQUIRE(!one.at("fetcher").empty());
        for (const auto& item : one.at("fetcher").items()) {
            CHECK(fetcher_index(topic, partition, std::stoi(item.key())) ==
                  item.value().get<std::int32_t>());
        }
    }
}

TEST_CASE("java_hash: what is no UTF-8 counts as the replacement character") {
    CHECK(java_hash("\xff") == 0xfffd);
    CHECK(java_hash("\xc3") == 0xfffd);
    CHECK(java_hash("\xc3\xa9") == 0xe9);
    CHECK(java_hash("\xe2\x82\xac") == 0x20ac);
    CHECK(kafka_abs(std::numeric_limits<std::int32_t>::min()) == 0);
}
