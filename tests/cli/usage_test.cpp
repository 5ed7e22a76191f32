// Options, help and their misuse.
#include "cli/program.hpp"

#include <doctest/doctest.h>

using namespace brokersim;
using test::Ended;
using test::Folder;
using test::run_program;

namespace {

void check_refused(const Ended& ended, const std::string& words) {
    CHECK(ended.status == 2);
    CHECK(ended.out.empty());
    INFO(ended.err);
    CHECK(ended.err.find(words) != std::string::npos);
}

} // namespace

TEST_CASE("without arguments the program shows two examples") {
    const Folder folder;
    const Ended ended = run_program(folder, {});
    CHECK(ended.status == 0);
    CHECK(ended.out.find("brokersim run ") != std::string::npos);
    CHECK(ended.out.find("brokersim show ") != std::string::npos);
}

TEST_CASE("every command has --help and --version") {
    const Folder folder;
    const std::vector<std::vector<std::string>> commands = {
        {},       {"run"},  {"check"}, {"fmt"},    {"show"},
        {"grep"}, {"list"}, {"init"},  {"schema"}, {"completion"}};
    for (std::vector<std::string> words : commands) {
        words.emplace_back("--help");
        Ended ended = run_program(folder, words);
        CHECK(ended.status == 0);
        CHECK(ended.out.find("Usage: brokersim") != std::string::npos);
        CHECK(ended.err.empty());
        words.back() = "--version";
        ended = run_program(folder, words);
        CHECK(ended.status == 0);
        CHECK(ended.out.starts_with("brokersim "));
    }
}

TEST_CASE("what is misspelt gets status 2 and a suggestion") {
    const Folder folder;
    check_refused(run_program(folder, {"rnu", "x.json"}),
                  R"(unknown command "rnu" (did you mean "run"?))");
    check_refused(run_program(folder, {"run", "x.json", "--sed", "5"}),
                  R"(unknown option "--sed" (did you mean "--seed"?))");
    check_refused(run_program(folder, {"run", "x.json", "--tracelevel=all"}), "--trace-level");
    check_refused(run_program(folder, {"show", "x.jsonl", "topcs"}), "did you mean \"topics\"?");
    check_refused(run_program(folder, {"show", "x.jsonl", "zookeeper"}),
                  "nothing called \"zookeeper\"");
    check_refused(run_program(folder, {"show", "x.jsonl", "topics", "--replication"}),
                  "show quorum");
    check_refused(run_program(folder, {"show", "x.jsonl", "quorum", "--status", "--replication"}),
                  "give one of them");
    check_refused(run_program(folder, {"show", "x.jsonl", "groops"}), "did you mean \"groups\"?");
    check_refused(run_program(folder, {"show", "x.jsonl", "topics", "--members"}), "show groups");
    check_refused(run_program(folder, {"grpe", "x.jsonl"}), "did you mean \"grep\"?");
    check_refused(run_program(folder, {"grep", "x.jsonl", "--event", "prod.akc"}),
                  "did you mean \"prod.ack\"?");
    check_refused(run_program(folder, {"run", "x.json", "--trace-level", "everything"}),
                  "not state, records or all");
    check_refused(run_program(folder, {"run", "x.json", "--color", "alway"}), "\"always\"");
    check_refused(run_program(folder, {"run"}), "SCENARIO");
    check_refused(run_program(folder, {"show", "x.jsonl", "log"}), "orders/0");
    check_refused(run_program(folder, {"show", "x.jsonl", "topics", "orders/0"}), "unexpected");
}

TEST_CASE("bash is told of every command and its options") {
    const Folder folder;
    const Ended ended = run_program(folder, {"completion"});
    CHECK(ended.status == 0);
    CHECK(ended.out.find("run check fmt show grep list init schema completion") !=
          std::string::npos);
    CHECK(ended.out.find("grep) options=\"--help") != std::string::npos);
    CHECK(ended.out.find("--fault") != std::string::npos);
    CHECK(ended.out.ends_with("complete -o default -F _brokersim brokersim\n"));
}

TEST_CASE("check: options change what is checked") {
    const Folder folder;
    test::write_file(folder.file("s.json"), "{}");
    CHECK(run_program(folder, {"check", "s.json", "--set", "/brokers=5"}).status == 0);
    check_refused(run_program(folder, {"check", "s.json", "--set", "/brokers=0"}), "/brokers");
    check_refused(run_program(folder, {"check", "s.json", "--max-machines", "5"}),
                  "--max-machines");
}

TEST_CASE("numbers and durations of options are read strictly") {
    const Folder folder;
    for (const std::string seed : {"-1", "abc", "18446744073709551616", "1x", "", "0x10", "+1"}) {
        check_refused(run_program(folder, {"run", "x.json", "--seed", seed}), "--seed");
    }
    check_refused(run_program(folder, {"run", "x.json", "--max-events", "many"}), "--max-events");
    check_refused(run_program(folder, {"run", "x.json", "--max-events", "-5"}), "--max-events");
    check_refused(run_program(folder, {"run", "x.json", "--max-memory", "99999999999999999999GiB"}),
                  "--max-memory");
    check_refused(run_program(folder, {"run", "x.json", "--time-limit", "10"}), "--time-limit");
    check_refused(run_program(folder, {"show", "x.jsonl", "--at", "12"}), "--at");
    check_refused(run_program(folder, {"show", "x.jsonl", "--at=-1s"}), "--at");
    check_refused(run_program(folder, {"grep", "x.jsonl", "--from", "1"}), "--from");
    check_refused(run_program(folder, {"fmt", "x.json", "--seed", "x"}), "--seed");
}

TEST_CASE("two things that both want standard output are refused") {
    const Folder folder;
    check_refused(run_program(folder, {"run", "x.json", "--json", "--narrate"}), "--narrate");
    check_refused(run_program(folder, {"run", "x.json", "--trace", "-", "--narrate"}), "--narrate");
    check_refused(run_program(folder, {"run", "x.json", "y.json", "--trace", "-"}), "one scenario");
}

TEST_CASE("an argument cannot drive the terminal that shows it") {
    const Folder folder;
    const Ended ended = run_program(folder, {"run", "\x1b[2Jx.json",
                                             "--fr\x9b"
                                             "ob"});
    check_refused(ended, "\\u{9B}");
    const Ended file = run_program(folder, {"run", "\x1b[2Jx.json"});
    check_refused(file, "\\u{1B}[2Jx.json");
    CHECK(file.err.find('\x1b') == std::string::npos);
}
