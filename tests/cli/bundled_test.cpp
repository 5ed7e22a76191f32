// The commands list and init.
#include "cli/bundled.hpp"
#include "cli/program.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace brokersim;
using test::Ended;
using test::Folder;
using test::read_file;
using test::run_program;
using test::write_file;

TEST_CASE("list: every bundled scenario has a line and a description") {
    const Folder folder;
    const Ended ended = run_program(folder, {"list"});
    CHECK(ended.status == 0);
    CHECK(ended.out.find("replication-table  ") != std::string::npos);
    const Ended json = run_program(folder, {"list", "--json"});
    REQUIRE(json.status == 0);
    const auto all = nlohmann::json::parse(json.out);
    REQUIRE(all.size() > 2);
    for (const auto& entry : all) {
        CAPTURE(entry.dump());
        CHECK(entry["description"].get<std::string>().size() > 10);
        for (const auto& variant : entry["variants"]) {
            CHECK(variant["description"].get<std::string>().size() > 10);
        }
    }
}

TEST_CASE("init: copies the files, here or elsewhere, and they run") {
    const Folder folder;
    Ended ended = run_program(folder, {"init", "partition-log"});
    CHECK(ended.status == 0);
    CHECK(ended.out.find("scenario.json\n") != std::string::npos);
    ended = run_program(folder, {"run", "scenario.json"});
    CHECK(ended.status == 0);
    ended = run_program(folder, {"init", "partition-log", "mine"});
    CHECK(ended.status == 0);
    CHECK(read_file(folder.file("mine/scenario.json")) == read_file(folder.file("scenario.json")));
    for (const BundledFile& file : bundled_files()) {
        if (file.scenario != "partition-log") { continue; }
        CHECK(read_file(folder.file("mine/" + std::string(file.name))) == file.text);
    }
}

TEST_CASE("init: replaces nothing without being told") {
    const Folder folder;
    write_file(folder.file("scenario.json"), "mine");
    const Ended ended = run_program(folder, {"init", "partition-log"});
    CHECK(ended.status == 2);
    CHECK(ended.err.find("--force") != std::string::npos);
    CHECK(read_file(folder.file("scenario.json")) == "mine");
    CHECK(folder.names() == std::vector<std::string>{"scenario.json"});
    CHECK(run_program(folder, {"init", "partition-log", "--force"}).status == 0);
    CHECK(read_file(folder.file("scenario.json")) != "mine");
}

TEST_CASE("init: an unknown name is no path") {
    const Folder folder;
    for (const char* name : {"partition-lgo", "../../../etc/passwd", "/etc/passwd", ""}) {
        CAPTURE(name);
        const Ended ended = run_program(folder, {"init", name, "here"});
        CHECK(ended.status == 2);
        CHECK(folder.names().empty());
    }
    CHECK(run_program(folder, {"init", "partition-lgo"}).err.find("\"partition-log\"") !=
          std::string::npos);
}
