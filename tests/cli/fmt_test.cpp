// The commands fmt and schema.
#include "cli/program.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace brokersim;
using test::Ended;
using test::Folder;
using test::read_file;
using test::run_program;
using test::write_file;

namespace {

const std::string base = R"({"brokers": 2, "topics": ["orders"], "seed": 3,
  "producers": [{"topic": "orders", "rate": "20/s", "arrivals": "poisson"}],
  "consumers": [{"group": "billing", "topics": ["orders"]}], "duration": "2s"})";

std::string fingerprint(const Ended& run) {
    const std::size_t at = run.out.find("model:");
    REQUIRE(at != std::string::npos);
    return run.out.substr(at, 38);
}

} // namespace

TEST_CASE("fmt: its output runs like its input, and is its own output") {
    const Folder folder;
    write_file(folder.file("s.json"), base);
    Ended ended = run_program(folder, {"fmt", "s.json", "-o", "f.json"});
    CHECK(ended.status == 0);
    CHECK(ended.out.empty());
    CHECK(ended.err.empty());
    ended = run_program(folder, {"fmt", "f.json"});
    CHECK(ended.status == 0);
    CHECK(ended.out == read_file(folder.file("f.json")));
    CHECK(fingerprint(run_program(folder, {"run", "s.json"})) ==
          fingerprint(run_program(folder, {"run", "f.json"})));
    CHECK(folder.names() == std::vector<std::string>{"f.json", "s.json"});
}

TEST_CASE("fmt: options change what is written, standard input will do") {
    const Folder folder;
    write_file(folder.file("s.json"), base);
    const Ended ended =
        run_program(folder, {"fmt", "-", "--seed", "9", "--set", "/duration=1s"}, {.in = base});
    REQUIRE(ended.status == 0);
    const auto json = nlohmann::json::parse(ended.out);
    CHECK(json["seed"] == 9);
    CHECK(json["duration"] == "1s");
    CHECK(json["name"] == "scenario");
    CHECK(json["brokers"]["config"]["num.io.threads"] == 8);
}

TEST_CASE("fmt: what is wrong is told and nothing is written") {
    const Folder folder;
    write_file(folder.file("s.json"), R"({"sede": 1})");
    const Ended ended = run_program(folder, {"fmt", "s.json", "-o", "f.json"});
    CHECK(ended.status == 2);
    CHECK(ended.err.find("s.json:1:2: error: unknown key") != std::string::npos);
    CHECK(folder.names() == std::vector<std::string>{"s.json"});
    CHECK(run_program(folder, {"fmt", "s.json", "-o", "no/such/folder/f"}).status == 2);
}

TEST_CASE("fmt: a sweep is no part of one run") {
    const Folder folder;
    write_file(folder.file("s.json"), R"({"sweep": {"/seed": [1, 2]}})");
    const Ended ended = run_program(folder, {"fmt", "s.json"});
    CHECK(ended.status == 0);
    CHECK(ended.out.find("sweep") == std::string::npos);
    CHECK(ended.err.find("\"sweep\"") != std::string::npos);
}

TEST_CASE("extends: check, run and fmt follow it; mistakes are told where they stand") {
    const Folder folder;
    std::filesystem::create_directory(folder.path / "base");
    write_file(folder.file("base/a.json"), base);
    write_file(folder.file("s.json"),
               R"({"extends": "base/a.json", "seed": 4, "consumers": null})");
    CHECK(run_program(folder, {"check", "s.json"}).out == "s.json: ok\n");
    const Ended fmt = run_program(folder, {"fmt", "s.json", "--set", "/topics/-=t"});
    REQUIRE(fmt.status == 0);
    const auto json = nlohmann::json::parse(fmt.out);
    CHECK(json["seed"] == 4);
    CHECK(json["name"] == "s");
    CHECK(json["consumers"].empty());
    CHECK(json["topics"].size() == 2);
    CHECK(json["duration"] == "2s");
    CHECK(run_program(folder, {"run", "s.json"}).status == 0);

    write_file(folder.file("base/a.json"), "{\n \"durration\": \"2s\"}");
    const Ended wrong = run_program(folder, {"check", "s.json"});
    CHECK(wrong.status == 2);
    CHECK(wrong.err.find("base/a.json:2:2: error: unknown key") != std::string::npos);
}

TEST_CASE("extends: nothing outside of the scenario's folder is read") {
    const Folder folder;
    std::filesystem::create_directory(folder.path / "inner");
    write_file(folder.file("secret.json"), base);
    write_file(folder.file("inner/up.json"), R"({"extends": "../secret.json"})");
    write_file(folder.file("inner/link.json"), R"({"extends": "way-out.json"})");
    std::filesystem::create_symlink("../secret.json", folder.path / "inner/way-out.json");
    for (const char* name : {"inner/up.json", "inner/link.json"}) {
        CAPTURE(name);
        CHECK(run_program(folder, {"check", name}).status == 2);
    }
}

TEST_CASE("schema: it is JSON, names every part and knows what is misspelt") {
    const Folder folder;
    const Ended ended = run_program(folder, {"schema"});
    REQUIRE(ended.status == 0);
    const auto json = nlohmann::json::parse(ended.out);
    CHECK(json["properties"].contains("producers"));
    CHECK(json["additionalProperties"] == false);
    const auto& producer = json["properties"]["producers"]["items"];
    CHECK(producer["properties"]["arrivals"]["enum"][1] == "poisson");
    CHECK(json["definitions"]["producer"]["properties"].contains("linger.ms"));
    CHECK(run_program(folder, {"schema", "-o", "s.json"}).status == 0);
    CHECK(read_file(folder.file("s.json")) == ended.out);
}
