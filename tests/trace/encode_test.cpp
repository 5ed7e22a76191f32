// Lines of a trace, letter by letter.
#include "trace/encode.hpp"
#include "trace/histories.hpp"

#include <doctest/doctest.h>

using namespace brokersim;
using test::ref;

namespace {

std::string line(FactRef fact, std::uint64_t n = 1, Time t = {}, Cause c = {}) {
    TextBuffer out;
    LineEncoder(test::small_world()).line(out, n, t, c, fact);
    return std::string(out.view());
}

} // namespace

TEST_CASE("a line has its keys in the order of the contract and no spaces") {
    LogAppend append;
    append.node = MachineId(0);
    append.tp = PartitionId(0);
    append.epoch = 3;
    append.base = 9'007'199'254'740'993;
    append.p = ProducerId(0);
    append.i = 4;
    append.count = 2;
    append.seq = 4;
    append.pid = 7;
    append.pepoch = 0;
    append.bytes = 300;
    CHECK(line(ref(append), 12, {1500}, {11}) ==
          R"({"n":12,"t":1500,"c":11,"e":"log.append","node":"b1","tp":"orders/0","epoch":3,)"
          R"("base":9007199254740993,"p":"shop","i":4,"count":2,"seq":4,"pid":7,"pepoch":0,)"
          "\"bytes\":300}\n");
}

TEST_CASE("nothing known is null, nothing to tell is left out") {
    LogAppend append;
    append.node = MachineId(2);
    append.tp = PartitionId(4);
    append.count = 1;
    append.bytes = 80;
    CHECK(line(ref(append)) ==
          R"({"n":1,"t":0,"c":0,"e":"log.append","node":"b3","tp":"__consumer_offsets/1",)"
          R"("epoch":0,"base":0,"p":null,"i":null,"count":1,"seq":null,"pid":null,"pepoch":null,)"
          "\"bytes\":80}\n");
    MetaSeen seen{MachineId(4), PartitionId(1), std::nullopt, 2, {}};
    CHECK(line(ref(seen)) == "{\"n\":1,\"t\":0,\"c\":0,\"e\":\"meta.seen\",\"node\":\"shop\","
                             "\"tp\":\"orders/1\",\"leader\":null,\"epoch\":2}\n");
    seen.pepoch = 5;
    CHECK(line(ref(seen)).find("\"epoch\":2,\"pepoch\":5}") != std::string::npos);
}

TEST_CASE("lists, assignments and phases") {
    const MachineId isr[] = {MachineId(0), MachineId(1)};
    CtlPart part;
    part.tp = PartitionId(0);
    part.leader = MachineId(0);
    part.isr = part.repl = isr;
    CHECK(line(ref(part)) ==
          R"({"n":1,"t":0,"c":0,"e":"ctl.part","tp":"orders/0","leader":"b1","epoch":0,"pepoch":0,)"
          R"("isr":["b1","b2"],"elr":[],"repl":["b1","b2"],"clean":true,"why":"created"})"
          "\n");
    const PartitionId all[] = {PartitionId(0), PartitionId(2)};
    const MemberAssignment members[] = {{MachineId(5), all}, {MachineId(4), {}}};
    CHECK(line(ref(ConsGen{GroupId(0), 1, members})) ==
          R"({"n":1,"t":0,"c":0,"e":"cons.gen","g":"billing","gen":1,)"
          R"("assign":{"billing-1":["orders/0","orders/2"],"shop":[]}})"
          "\n");
    CHECK(line(ref(ConsGen{GroupId(0), 1, {}})).find("\"assign\":{}}") != std::string::npos);
    Unavailable window;
    window.tp = PartitionId(0);
    window.side = Side::consume;
    window.to = {9};
    window.phases = Phases{{1}, {2}, {3}, {0}, {0}, {3}, {7}, {8}};
    window.g = GroupId(0);
    CHECK(
        line(ref(window)) ==
        R"({"n":1,"t":0,"c":0,"e":"unavailable","tp":"orders/0","side":"consume","from":0,"to":9,)"
        R"("phases":{"undetected":1,"detected":2,"electing":3,"propagating":0,"clients_stale":0,)"
        R"("recovering":3,"under_replicated":7,"catching_up":8},"g":"billing"})"
        "\n");
}

TEST_CASE("a key cannot forge a line or reach a terminal as a command") {
    ProdNew made;
    made.p = ProducerId(0);
    made.tp = PartitionId(0);
    made.key = "\"}\n{\"n\":9\x1b[2J\x7f\\é";
    const std::string text = line(ref(made));
    CHECK(text.find(R"("key":"\"}\u000a{\"n\":9\u001b[2J\u007f\\é"})") != std::string::npos);
    CHECK(std::count(text.begin(), text.end(), '\n') == 1);
}

TEST_CASE("the header lists no internal topics; the end record counts") {
    TextBuffer out;
    write_header(out, test::small_world(Level::records));
    CHECK(out.view() ==
          R"({"k":"header","format":"brokersim-trace","v":1,"program":"brokersim test",)"
          R"("scenario":"small \"world\"\u000a",)"
          R"("scenario_digest":"xxh3:00000000000000000000000000000000",)"
          R"("seed":18446744073709551615,"level":"records","outage_threshold":1000000000,)"
          R"("config":{"num.replica.fetchers":4,"x":"y","z":true},)"
          R"("nodes":["b1","b2","b3","c1","shop","billing-1"],)"
          R"("topics":{"orders":{"partitions":3,"rf":2,"min_isr":1,"unclean":false}},)"
          R"("producers":{"shop":{"acks":"all","idempotent":true,"transactional":false}},)"
          R"("groups":{"billing":{"protocol":"classic","assignor":"range",)"
          R"("isolation":"read_uncommitted","commit":"auto","topics":["orders"]}}})"
          "\n");
    out.clear();
    write_end(out, {7, {90}, RunStatus::interrupted, {6, 3, 2, 1, 0, 4}, "xxh3:state:00"});
    CHECK(out.view() == R"({"k":"end","events":7,"t":90,"status":"interrupted","totals":{"new":6,)"
                        R"("acked":3,"failed":2,"pending":1,"acked_lost":0,"duplicates":4},)"
                        "\"digest\":\"xxh3:state:00\"}\n");
}

TEST_CASE("the fingerprint's form: fixed widths, lengths before lists, no padding") {
    BinaryBuffer out;
    const MachineId target[] = {MachineId(1)};
    write_binary(out, {0x0102}, ref(FaultBegin{FaultId(1), FaultAction::pause, target}));
    CHECK(out.view() == std::string_view("\x02\x01\0\0\0\0\0\0"
                                         "\0"       // kind
                                         "\1\0\0\0" // id
                                         "\3"       // pause
                                         "\1\0\0\0\1\0\0\0",
                                         22));
    out.clear();
    write_binary(out, {}, ref(NetDrop{258, "lost"}));
    CHECK(out.view().substr(9) == std::string_view("\2\1\0\0\0\0\0\0\4\0\0\0lost", 16));
}
