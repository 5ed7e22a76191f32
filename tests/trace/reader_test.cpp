// Traces that a reader takes, and those that it refuses.
#include "trace/histories.hpp"
#include "trace/reader.hpp"
#include "trace/recorder.hpp"

#include <doctest/doctest.h>

using namespace brokersim;
using test::ref;

namespace {

class Counter final : public TraceListener {
public:
    int facts = 0;
    void on(const RunInfo&, Time, std::uint64_t, Cause, FactRef) override { ++facts; }
};

struct Read {
    bool complete = false;
    bool incomplete = false;
    std::string error;
    std::uint64_t skipped = 0;
    std::uint64_t skipped_fields = 0;
    int facts = 0;
};

Read read(const std::string& trace) {
    Counter counter;
    TraceReader reader(counter);
    reader.feed(trace);
    Read result;
    result.complete = reader.finish();
    result.incomplete = reader.incomplete();
    result.error = reader.error();
    result.skipped = reader.skipped_events();
    result.skipped_fields = reader.skipped_fields();
    result.facts = counter.facts;
    return result;
}

/// Header, events and end as lines, to be damaged.
struct Lines {
    std::vector<std::string> all;

    /// Puts them together with a right digest and count.
    std::string sealed() const {
        Digest digest;
        std::string text = all.front() + "\n";
        for (std::size_t k = 1; k + 1 < all.size(); ++k) {
            text += all[k] + "\n";
            digest.add(all[k] + "\n");
        }
        std::string end = all.back();
        end.replace(end.size() - 34, 32, digest.hex());
        const std::size_t from = end.find("\"events\":") + 9;
        end.replace(from, end.find(',') == std::string::npos ? 0 : end.find(",\"t\"") - from,
                    std::to_string(all.size() - 2));
        return text + end + "\n";
    }
};

Lines sample() {
    const RunInfo info = test::small_world(Level::records);
    test::MemorySink sink;
    Recorder recorder(info, &sink, {});
    for (std::int32_t node = 0; node < 3; ++node) {
        recorder.note({0}, {}, ref(NodeUp{MachineId(node), 1}));
    }
    recorder.note({5}, {1}, ref(Hw{MachineId(0), PartitionId(0), 0, 1}));
    recorder.note({6}, {4}, ref(NodeDown{MachineId(0), 1, DownHow::kill}));
    recorder.close({9});
    recorder.finish(RunStatus::completed, {});
    Lines lines;
    std::size_t at = 0;
    for (std::size_t lf = 0; (lf = sink.bytes.find('\n', at)) != std::string::npos; at = lf + 1) {
        lines.all.push_back(sink.bytes.substr(at, lf - at));
    }
    return lines;
}

void replace(std::string& text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    text.replace(at, from.size(), to);
}

/// The sample with one replacement in one line, sealed again.
Read changed(std::size_t line, const std::string& from, const std::string& to) {
    Lines lines = sample();
    replace(lines.all[line], from, to);
    return read(lines.sealed());
}

void check_refused(const Read& result, const std::string& words) {
    CHECK(!result.complete);
    CHECK(!result.incomplete);
    INFO(result.error);
    CHECK(result.error.find(words) != std::string::npos);
}

} // namespace

TEST_CASE("the sample itself is accepted, and sealing gives the same bytes") {
    const Read result = read(sample().sealed());
    INFO(result.error);
    CHECK(result.complete);
    CHECK(result.facts == 5);
}

TEST_CASE("what a reader does not know it passes over and counts") {
    Lines lines = sample();
    lines.all[1].insert(lines.all[1].size() - 1, R"(,"zz":[1,{"a":null,"b":[]},{}])");
    lines.all.insert(lines.all.end() - 1, R"({"n":6,"t":6,"c":0,"e":"future.event","what":"<b>"})");
    const Read result = read(lines.sealed());
    INFO(result.error);
    CHECK(result.complete);
    CHECK(result.skipped == 1);
    CHECK(result.skipped_fields == 1);
    CHECK(result.facts == 5);
}

TEST_CASE("an unknown reason is passed over, an unknown state skips its fact") {
    Lines lines = sample();
    lines.all[1] = R"({"n":1,"t":0,"c":0,"e":"log.trunc","node":"b1","tp":"orders/0","to":0,)"
                   R"("why":"something new"})";
    lines.all[2] = R"({"n":2,"t":0,"c":0,"e":"ctl.broker","node":"b1","state":"something new",)"
                   R"("bepoch":1,"why":"x"})";
    const Read result = read(lines.sealed());
    INFO(result.error);
    CHECK(result.complete);
    CHECK(result.facts == 4);
    CHECK(result.skipped == 1);
}

TEST_CASE("a connection may have a text for its name") {
    Lines lines = sample();
    lines.all[1] =
        R"({"n":1,"t":0,"c":0,"e":"net.send","id":1,"src":"b1","dst":"b2","conn":"b1>b2",)"
        R"("api":"Fetch","bytes":1,"what":"request"})";
    const Read result = read(lines.sealed());
    INFO(result.error);
    CHECK(result.complete);
    CHECK(result.facts == 5);
}

TEST_CASE("topics, producers and groups that begin later are known from then on") {
    Lines lines = sample();
    lines.all[1] = R"({"n":1,"t":0,"c":0,"e":"topic.created","topic":"late","partitions":2,"rf":1,)"
                   R"("min_isr":1,"unclean":false})";
    lines.all[2] = R"({"n":2,"t":0,"c":0,"e":"producer.started","p":"late","acks":"1",)"
                   R"("idempotent":false,"transactional":false})";
    lines.all[3] = R"({"n":3,"t":0,"c":0,"e":"prod.new","p":"late","tp":"late/1","i":0,"count":1,)"
                   R"("key":null})";
    const Read result = read(lines.sealed());
    INFO(result.error);
    CHECK(result.complete);
    CHECK(result.facts == 3);
    lines.all[3] = R"({"n":3,"t":0,"c":0,"e":"prod.new","p":"late","tp":"late/2","i":0,"count":1,)"
                   R"("key":null})";
    check_refused(read(lines.sealed()), "line 4: unknown name \"late/2\"");
}

TEST_CASE("a trace without end record is incomplete, wherever it was cut") {
    const std::string whole = sample().sealed();
    for (std::size_t size = 1; size < whole.size(); ++size) {
        const Read result = read(whole.substr(0, size));
        CHECK(!result.complete);
        CHECK(result.incomplete);
        CHECK(result.error.find("incomplete") != std::string::npos);
    }
    check_refused(read(""), "empty");
    check_refused(read("x"), "no header");
}

TEST_CASE("damage is told with its line") {
    Lines gap = sample();
    gap.all.erase(gap.all.begin() + 2);
    check_refused(read(gap.sealed()), "line 3: the event is numbered 3, should be 2");
    check_refused(changed(5, "\"t\":6", "\"t\":4"), "line 6: time goes back");
    check_refused(changed(1, "\"t\":0", "\"t\":-1"), "line 2: time goes back");
    check_refused(changed(4, "\"c\":1", "\"c\":4"), "line 5: the cause 4");
    check_refused(changed(5, "\"t\":6", "\"t\":18446744073709551616"), "line 6: an event begins");
    check_refused(changed(5, "\"e\":\"node.down\"", "\"e\":7"), "line 6: an event begins");
    check_refused(changed(4, "\"hw\":1", "\"hw\":\"1\""), "wrong value in the field \"hw\"");
    check_refused(changed(4, "\"hw\":1", "\"hw\":1.5"), "wrong value");
    check_refused(changed(4, "\"hw\":1", "\"hw\":01"), "wrong value");
    check_refused(changed(4, "\"hw\":1", "\"hw\":1,\"hw\":1"), "twice");
    check_refused(changed(4, ",\"hw\":1", ""), "hw lacks the field \"hw\"");
    check_refused(changed(4, "\"hw\":1", "\"hw\":1,\"zz\":NaN"), "line 5");
    check_refused(changed(4, "b1", "b99"), "unknown name \"b99\"");
    check_refused(changed(4, "b1", "b\xff"), "line 5: bytes that are no UTF-8");
    check_refused(changed(4, "orders/0", "orders"), "unknown name");
    check_refused(changed(4, "\",\"", "\", \""), "line 5");
    check_refused(changed(4, "\"hw\":1", "\"hw\":1,\"zz\":" + std::string(100000, '[')), "line 5");
    Lines blank = sample();
    blank.all.insert(blank.all.begin() + 3, "");
    check_refused(read(blank.sealed()), "line 4");
}

TEST_CASE("the end record must fit") {
    const std::string whole = sample().sealed();
    std::string other = whole;
    replace(other, "\"events\":5", "\"events\":7");
    check_refused(read(other), "counts 7 events, there are 5");
    other = whole;
    replace(other, "\"n\":4,\"t\":5", "\"n\":4,\"t\":4");
    check_refused(read(other), "the digest does not fit");
    other = whole;
    replace(other, "xxh3:records:", "xxh3:all:");
    check_refused(read(other), "not of the form xxh3:records:HEX");
    other = whole;
    replace(other, "completed", "brilliant");
    check_refused(read(other), "\"status\"");
    other = whole;
    replace(other, "\"t\":9,", "\"t\":5,");
    check_refused(read(other), "ends before its last event");
    check_refused(read(whole + whole), "line 8: a line behind the end record");
    check_refused(read(whole + "x"), "behind the end record");
}

TEST_CASE("a header that is none, or promises too much, is refused at once") {
    check_refused(changed(0, "\"v\":1", "\"v\":2"), "version 2");
    check_refused(changed(0, "\"v\":1", "\"v\":\"1\""), "version");
    check_refused(changed(0, "\"v\":1,", ""), "version");
    check_refused(changed(0, "brokersim-trace", "something-else"), "another format");
    check_refused(changed(0, "\"k\":\"header\"", "\"k\":\"footer\""), "no header");
    check_refused(changed(0, "\"partitions\":3", "\"partitions\":1000000000"), "\"topics\"");
    check_refused(changed(0, "\"level\":\"records\"", "\"level\":\"some\""), "\"level\"");
    check_refused(changed(0, R"(["b1",)", R"(["b1","b1",)"), "\"nodes\"");
    check_refused(changed(0, R"("nodes":["b1","b2","b3","c1","shop","billing-1"])", R"("nodes":3)"),
                  "\"nodes\"");
    check_refused(read("{\"level\":\"info\"}\n"), "line 1: this is no trace");
}
