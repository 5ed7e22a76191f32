// What is written is what is read.
#include "trace/histories.hpp"
#include "trace/reader.hpp"
#include "trace/recorder.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <sstream>

using namespace brokersim;
using test::ref;

namespace {

/// Writes down again what a reader finds.
class Rewriter final : public TraceListener {
public:
    std::string lines;
    std::string binary; ///< of facts whose ids the header fixes

    void on(const RunInfo& info, Time t, std::uint64_t n, Cause cause, FactRef fact) override {
        TextBuffer out;
        LineEncoder(info).line(out, n, t, cause, fact);
        lines += out.view();
        if (fact.as<FaultBegin>() == nullptr && fact.as<FaultEnd>() == nullptr) {
            BinaryBuffer bytes;
            write_binary(bytes, t, fact);
            binary += bytes.view();
        }
    }
};

struct Written {
    std::string trace;
    std::string binary;
};

/// Each kind of fact `times` times, with random values.
Written write_all(RunInfo info, int times, std::uint64_t seed) {
    test::MemorySink sink;
    Recorder recorder(info, &sink, {});
    test::RandomFacts random(info, seed);
    Written written;
    Time now;
    for (int k = 0; k < times; ++k) {
        test::for_each_fact([&](auto* type) {
            using F = std::remove_pointer_t<decltype(type)>;
            const F fact = random.make<F>();
            now.ns += static_cast<std::int64_t>(random.dice().below(1000));
            recorder.note(now, {random.dice().below(recorder.lines() + 1)}, ref(fact));
            if (F::kind != FactKind::fault_begin && F::kind != FactKind::fault_end) {
                BinaryBuffer bytes;
                write_binary(bytes, now, ref(fact));
                written.binary += bytes.view();
            }
        });
    }
    recorder.close(now);
    recorder.finish(RunStatus::completed, {});
    written.trace = sink.bytes;
    return written;
}

/// Without the internal topic, whose partitions a header does not fix.
RunInfo plain_world() {
    RunInfo info = test::small_world();
    info.topics.resize(1);
    info.partitions.resize(3);
    return info;
}

} // namespace

TEST_CASE("every kind of fact comes back as it was written, whatever its values") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const Written written = write_all(plain_world(), 10, seed);
        Rewriter rewriter;
        TraceReader reader(rewriter);
        reader.feed(written.trace);
        const bool complete = reader.finish();
        INFO(reader.error());
        REQUIRE(complete);
        CHECK(reader.skipped_events() == 0);
        CHECK(reader.skipped_fields() == 0);
        CHECK(reader.events() == 10 * std::tuple_size_v<AllFacts>);
        CHECK(written.trace.find(rewriter.lines) != std::string::npos);
        CHECK(rewriter.binary == written.binary);
    }
}

TEST_CASE("the partitions of unlisted internal topics keep their names") {
    const Written written = write_all(test::small_world(), 20, 7);
    Rewriter rewriter;
    TraceReader reader(rewriter);
    reader.feed(written.trace);
    REQUIRE(reader.finish());
    CHECK(written.trace.find(rewriter.lines) != std::string::npos);
    for (std::size_t k = 0; k < reader.info().partitions.size(); ++k) {
        const std::string& name = reader.info().partitions[k];
        CHECK(name.starts_with(reader.info().name(reader.info().topic_of(PartitionId(k)))));
    }
}

TEST_CASE("a reader does not mind how a file is cut into pieces") {
    const Written written = write_all(plain_world(), 2, 3);
    for (const std::size_t piece : {1U, 7U, 100U, 4096U}) {
        Rewriter rewriter;
        TraceReader reader(rewriter);
        for (std::size_t at = 0; at < written.trace.size(); at += piece) {
            REQUIRE(reader.feed(std::string_view(written.trace).substr(at, piece)));
        }
        REQUIRE(reader.finish());
        CHECK(rewriter.binary == written.binary);
    }
}

TEST_CASE("every line is JSON for others, with integers only and n, t, c, e in front") {
    std::istringstream lines(write_all(test::small_world(), 30, 5).trace);
    std::string text;
    std::uint64_t n = 0;
    while (std::getline(lines, text)) {
        const auto line = nlohmann::ordered_json::parse(text);
        REQUIRE(line.is_object());
        if (line.contains("k")) { continue; }
        CHECK(line["n"] == ++n);
        std::string keys;
        for (auto item = line.begin(); item != line.end(); ++item) {
            keys += item.key() + " ";
            CHECK(!item->is_number_float());
        }
        CHECK(keys.starts_with("n t c e "));
        CHECK(text.find("\": ") == std::string::npos);
    }
    CHECK(n == 30 * std::tuple_size_v<AllFacts>);
}
