// The command show.
#include "cli/program.hpp"
#include "cli/zstd_stream.hpp"
#include "trace/histories.hpp"
#include "trace/recorder.hpp"

#include <doctest/doctest.h>

#include <sys/stat.h>

using namespace brokersim;
using test::Ended;
using test::Folder;
using test::ref;
using test::run_program;

namespace {

/// A leader is killed at 2 s, after one record.
std::string failover(Level level = Level::records) {
    const RunInfo info = test::small_world(level);
    test::MemorySink sink;
    Recorder recorder(info, &sink, {});
    const MachineId replicas[] = {MachineId(0), MachineId(1)};
    CtlPart part;
    part.tp = PartitionId(0);
    part.leader = replicas[0];
    part.isr = part.repl = replicas;
    recorder.note({0}, {}, ref(part));
    ProdNew made;
    made.p = ProducerId(0);
    made.tp = PartitionId(0);
    made.key = "order-1";
    recorder.note({1'000'000'000}, {}, ref(made));
    LogAppend append;
    append.tp = PartitionId(0);
    append.p = ProducerId(0);
    append.i = 0;
    append.count = 1;
    for (const MachineId replica : replicas) {
        append.node = replica;
        recorder.note({1'000'000'000}, {}, ref(append));
        recorder.note({1'000'000'000}, {}, ref(Hw{replica, PartitionId(0), 0, 1}));
    }
    part.leader = replicas[1];
    part.isr = std::span(replicas).subspan(1);
    part.epoch = part.pepoch = 1;
    part.why = PartWhy::fenced;
    recorder.note({2'000'000'000}, {}, ref(part));
    recorder.close({3'000'000'000});
    recorder.finish(RunStatus::completed, {1, 0, 0, 1, 0, 0});
    return sink.bytes;
}

std::string packed(const std::string& bytes) {
    test::MemorySink sink;
    ZstdSink zstd(sink);
    REQUIRE(zstd.write(bytes));
    REQUIRE(zstd.finish());
    return sink.bytes;
}

test::Circumstances with_input(const std::string& bytes) {
    test::Circumstances how;
    how.in = bytes;
    return how;
}

std::string leader_line(const std::string& text) {
    const std::size_t at = text.find("\tPartition: 0\t");
    return at == std::string::npos ? text : text.substr(at, text.find("\tElr", at) - at);
}

} // namespace

TEST_CASE("show tells the state at a time, and at the end by default") {
    const Folder folder;
    test::write_file(folder.file("t.jsonl"), failover());
    Ended ended = run_program(folder, {"show", "t.jsonl", "--at", "1.5s", "topics"});
    CHECK(ended.status == 0);
    CHECK(ended.err.empty());
    CHECK(leader_line(ended.out) == "\tPartition: 0\tLeader: b1\tReplicas: b1,b2\tIsr: b1,b2");
    ended = run_program(folder, {"show", "t.jsonl", "--at", "2s"});
    CHECK(leader_line(ended.out) == "\tPartition: 0\tLeader: b2\tReplicas: b1,b2\tIsr: b2");
    ended = run_program(folder, {"show", "t.jsonl"});
    CHECK(leader_line(ended.out) == "\tPartition: 0\tLeader: b2\tReplicas: b1,b2\tIsr: b2");
    ended = run_program(folder, {"show", "t.jsonl", "--at", "100h"});
    CHECK(ended.status == 0);
    CHECK(ended.err.find("ends at 3 s") != std::string::npos);
}

TEST_CASE("show log prints the table of a partition") {
    const Folder folder;
    test::write_file(folder.file("t.jsonl"), failover());
    Ended ended = run_program(folder, {"show", "t.jsonl", "log", "orders/0"});
    CHECK(ended.status == 0);
    CHECK(ended.out.find("| 0      | order-1 (shop #0) |") != std::string::npos);
    ended = run_program(folder, {"show", "t.jsonl", "log", "order/0"});
    CHECK(ended.status == 2);
    CHECK(ended.err.find("did you mean \"orders/0\"?") != std::string::npos);
    test::write_file(folder.file("s.jsonl"), failover(Level::state));
    ended = run_program(folder, {"show", "s.jsonl", "log", "orders/0"});
    CHECK(ended.status == 2);
    CHECK(ended.err.find("level state") != std::string::npos);
}

TEST_CASE("a trace may be packed with zstd, whatever its name, or come on standard input") {
    const Folder folder;
    const Ended plain = run_program(folder, {"show", "-"}, with_input(failover()));
    CHECK(plain.status == 0);
    test::write_file(folder.file("t"), packed(failover()));
    const Ended zstd = run_program(folder, {"show", "t"});
    CHECK(zstd.status == 0);
    CHECK(zstd.out == plain.out);
}

TEST_CASE("a trace without end is shown only with --partial") {
    const Folder folder;
    const std::string trace = failover();
    for (const std::string& cut : {trace.substr(0, trace.size() * 2 / 3),
                                   packed(trace).substr(0, packed(trace).size() / 2)}) {
        test::write_file(folder.file("t.jsonl"), cut);
        const Ended ended = run_program(folder, {"show", "t.jsonl", "topics"});
        CHECK(ended.status == 2);
        CHECK(ended.out.empty());
        CHECK(ended.err.find("incomplete") != std::string::npos);
        CHECK(ended.err.find("t.jsonl") != std::string::npos);
    }
    test::write_file(folder.file("t.jsonl"), trace.substr(0, trace.rfind("{\"k\":\"end\"")));
    const Ended ended = run_program(folder, {"show", "t.jsonl", "--partial"});
    CHECK(ended.status == 0);
    CHECK(ended.err.find("incomplete") != std::string::npos);
    CHECK(leader_line(ended.out).find("Leader: b2") != std::string::npos);
}

TEST_CASE("a damaged trace is refused before anything is printed") {
    const Folder folder;
    std::string trace = failover();
    trace[trace.find("order-1")] = 'O';
    test::write_file(folder.file("t.jsonl"), trace);
    Ended ended = run_program(folder, {"show", "t.jsonl", "--partial"});
    CHECK(ended.status == 2);
    CHECK(ended.out.empty());
    CHECK(ended.err.find("t.jsonl: line") != std::string::npos);
    std::string zstd = packed(failover());
    zstd[zstd.size() - 2] = static_cast<char>(zstd[zstd.size() - 2] ^ 1); // its checksum
    test::write_file(folder.file("t.jsonl"), zstd);
    ended = run_program(folder, {"show", "t.jsonl"});
    CHECK(ended.status == 2);
    CHECK(ended.out.empty());
    CHECK(ended.err.find("zstd") != std::string::npos);
}

TEST_CASE("what is no regular file is not read") {
    const Folder folder;
    std::filesystem::create_directory(folder.path / "d");
    Ended ended = run_program(folder, {"show", "d"});
    CHECK(ended.status == 2);
    CHECK(ended.err.find("directory") != std::string::npos);
    REQUIRE(::mkfifo(folder.file("fifo").c_str(), 0600) == 0);
    ended = run_program(folder, {"show", "fifo"}); // nobody writes to it: no hang
    CHECK(ended.status == 2);
    CHECK(ended.err.find("fifo") != std::string::npos);
    ended = run_program(folder, {"show", "nope.jsonl"});
    CHECK(ended.status == 2);
    CHECK(ended.err.find("nope.jsonl") != std::string::npos);
}

TEST_CASE("standard output that cannot be written is an error, one that is closed is too") {
    const Folder folder;
    test::write_file(folder.file("t.jsonl"), failover());
    test::Circumstances full;
    full.out_to = "/dev/full";
    test::Circumstances closed;
    closed.out_closed = true;
    Ended ended = run_program(folder, {"show", "t.jsonl"}, full);
    CHECK(ended.status == 3);
    CHECK(ended.err.find("standard output") != std::string::npos);
    ended = run_program(folder, {"show", "t.jsonl"}, closed);
    CHECK(ended.status == 3);
}

TEST_CASE("show quorum: of a run, at a time") {
    const Folder folder;
    test::write_file(folder.file("s.json"), R"({"topics": ["t"], "duration": "5s",
        "faults": [{"at": "1s", "do": "crash", "target": "c1"}]})");
    REQUIRE(run_program(folder, {"run", "s.json", "--quiet", "--trace", "t.jsonl"}).status == 0);
    const std::string before =
        run_program(folder, {"show", "t.jsonl", "--at", "900ms", "quorum"}).out;
    CHECK(before.starts_with("LeaderId:               c1\nLeaderEpoch:            1\n"));
    CHECK(before.find("CurrentVoters:          [c1,c2,c3]\n") != std::string::npos);
    CHECK(before.find("HighWatermark:          -") == std::string::npos);
    const std::string after =
        run_program(folder, {"show", "t.jsonl", "quorum", "--replication"}).out;
    CHECK(after.starts_with("NodeId   LogEndOffset Lag"));
    CHECK(after.find("Leader\nc1 ") != std::string::npos);
}
