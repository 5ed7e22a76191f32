// The answers of Kafka's own classes, as JSON files: from the source tree, or from the folder that
// BROKERSIM_VECTORS names.
#pragma once

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

namespace brokersim::test {

using Json = nlohmann::json;

inline Json load_vectors(const std::string& name) {
    const char* folder = std::getenv("BROKERSIM_VECTORS");
    const bool elsewhere = folder != nullptr && *folder != '\0';
    const std::string path = std::string(elsewhere ? folder : BROKERSIM_TEST_VECTORS) + "/" + name;
    std::ifstream file(path);
    INFO("vectors: ", path);
    REQUIRE(file.good());
    return Json::parse(file);
}

/// The cases under `key`. A file without any proves nothing, so it fails.
inline Json cases_of(const Json& file, const std::string& key) {
    INFO("cases: ", key);
    REQUIRE(file.contains(key));
    const Json& cases = file.at(key);
    REQUIRE(!cases.empty());
    return cases;
}

using Numbers = std::vector<std::int32_t>;

/// The list under `key`, or an empty one.
inline Numbers numbers(const Json& object, const std::string& key) {
    return object.contains(key) ? object.at(key).get<Numbers>() : Numbers{};
}

} // namespace brokersim::test
