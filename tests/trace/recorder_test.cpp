// Numbers, causes, levels and verdicts of a recorder.
#include "trace/histories.hpp"
#include "trace/recorder.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <sstream>

using namespace brokersim;
using test::ref;

namespace {

const NodeUp b1_up{MachineId(0), 1};
const Hw hw_of_b1{MachineId(0), PartitionId(0), 0, 1};
const TimerFire linger{MachineId(4), "linger"};

std::vector<nlohmann::json> lines_of(const std::string& trace) {
    std::vector<nlohmann::json> lines;
    std::istringstream in(trace);
    for (std::string text; std::getline(in, text);) {
        lines.push_back(nlohmann::json::parse(text));
    }
    return lines;
}

/// A run of three facts, each caused by the one before.
std::string record(Level level, std::string* fingerprint = nullptr) {
    const RunInfo info = test::small_world(level);
    test::MemorySink sink;
    Recorder recorder(info, &sink, {});
    Cause cause = recorder.note({5}, {}, ref(b1_up));
    cause = recorder.note({6}, cause, ref(linger));
    cause = recorder.note({7}, cause, ref(hw_of_b1));
    recorder.note({8}, cause, ref(NodeDown{MachineId(0), 1, DownHow::kill}));
    recorder.close({9});
    recorder.finish(RunStatus::completed, {});
    if (fingerprint != nullptr) { *fingerprint = recorder.fingerprint(); }
    return sink.bytes;
}

/// Says that records are lost whenever a high watermark moves, and what it was shown.
class Pessimist final : public Observer {
public:
    std::string seen;
    std::string name;

    explicit Pessimist(std::string own) : name(std::move(own)) {}

    FactKinds wants() const override { return FactKinds::all(); }
    void on(Time, Cause cause, FactRef fact, Verdicts& verdicts) override {
        visit(fact, [&](const auto& f) { seen += std::string(f.name) + std::to_string(cause.n); });
        seen += ' ';
        if (fact.as<Hw>() != nullptr && name == "teller") {
            verdicts.tell(Loss{ProducerId(0), PartitionId(0), 3, 2, LossWhy::power_loss});
            const std::string text = "made for this call only";
            verdicts.tell(Violation{"L2", text});
        }
    }
    void at_end(Time end, Verdicts& verdicts) override {
        if (name != "teller") { return; }
        Unavailable window;
        window.tp = PartitionId(0);
        window.to = end;
        verdicts.tell(window, Cause{2});
    }
};

} // namespace

TEST_CASE("levels filter lines, and causes skip what is left out") {
    const auto all = lines_of(record(Level::all));
    REQUIRE(all.size() == 6);
    CHECK(all[4]["e"] == "node.down");
    CHECK(all[4]["c"] == 3);
    const auto records = lines_of(record(Level::records));
    REQUIRE(records.size() == 5);
    CHECK(records[2]["e"] == "hw");
    CHECK(records[2]["c"] == 1); // the timer is not in this trace
    CHECK(records[3]["c"] == 2);
    const auto state = lines_of(record(Level::state));
    REQUIRE(state.size() == 4);
    CHECK(state[2]["n"] == 2);
    CHECK(state[2]["c"] == 1);
    CHECK(state[3]["events"] == 2);
}

TEST_CASE("the model fingerprint is the same at every level, written or not") {
    std::string at_state;
    std::string at_all;
    record(Level::state, &at_state);
    record(Level::all, &at_all);
    CHECK(at_state == at_all);
    CHECK(at_state.size() == std::string("model:").size() + 32);
    const RunInfo info = test::small_world();
    Recorder silent(info, nullptr, {});
    silent.note({5}, {}, ref(b1_up));
    silent.note({6}, {}, ref(linger));
    silent.note({7}, {}, ref(hw_of_b1));
    CHECK(silent.fingerprint() != at_all);
    silent.note({8}, {}, ref(NodeDown{MachineId(0), 1, DownHow::kill}));
    CHECK(silent.fingerprint() == at_all);
    Recorder other(info, nullptr, {});
    other.note({5}, {}, ref(b1_up));
    other.note({6}, {}, ref(linger));
    other.note({7}, {}, ref(Hw{MachineId(0), PartitionId(0), 0, 2}));
    other.note({8}, {}, ref(NodeDown{MachineId(0), 1, DownHow::kill}));
    CHECK(other.fingerprint() != at_all);
}

TEST_CASE("a verdict follows the fact that decided it, and all observers see it after that fact") {
    const RunInfo info = test::small_world(Level::records);
    test::MemorySink sink;
    Pessimist first("listener");
    Pessimist teller("teller");
    Pessimist last("listener");
    Recorder recorder(info, &sink, {&first, &teller, &last});
    recorder.note({5}, {}, ref(b1_up));
    const Cause cause = recorder.note({7}, {1}, ref(hw_of_b1));
    CHECK(cause.n == 2);
    recorder.close({9});
    recorder.finish(RunStatus::invariant_violated, {});
    CHECK(recorder.violations() == 1);
    const std::string seen = "node.up1 hw2 loss3 violation4 unavailable5 ";
    CHECK(first.seen == seen);
    CHECK(teller.seen == seen);
    CHECK(last.seen == seen);
    const auto lines = lines_of(sink.bytes);
    REQUIRE(lines.size() == 7);
    CHECK(lines[3]["e"] == "loss");
    CHECK(lines[3]["c"] == 2);
    CHECK(lines[3]["t"] == 7);
    CHECK(lines[4]["text"] == "made for this call only");
    CHECK(lines[4]["c"] == 2);
    CHECK(lines[5]["e"] == "unavailable");
    CHECK(lines[5]["c"] == 2);
    CHECK(lines[5]["t"] == 9);
    CHECK(lines[6]["status"] == "invariant_violated");
    CHECK(lines[6]["t"] == 9);
}

TEST_CASE("verdicts are no part of the model fingerprint") {
    const RunInfo info = test::small_world(Level::records);
    Pessimist teller("teller");
    Recorder judged(info, nullptr, {&teller});
    Recorder plain(info, nullptr, {});
    judged.note({7}, {}, ref(hw_of_b1));
    plain.note({7}, {}, ref(hw_of_b1));
    CHECK(judged.lines() == 3);
    CHECK(judged.fingerprint() == plain.fingerprint());
}

TEST_CASE("a violation that the world reports counts like one of an observer") {
    const RunInfo info = test::small_world();
    Recorder recorder(info, nullptr, {});
    recorder.note({1}, {}, ref(Violation{"K5", "an endless instant"}));
    CHECK(recorder.violations() == 1);
}

TEST_CASE("a full disk is noticed") {
    const RunInfo info = test::small_world();
    test::MemorySink sink;
    sink.room = 5000;
    Recorder recorder(info, &sink, {});
    CHECK(!recorder.failed());
    for (int k = 0; k < 2000 && !recorder.failed(); ++k) {
        recorder.note({k}, {}, ref(linger));
    }
    CHECK(recorder.failed());
    CHECK(sink.bytes.size() <= 5000);
}
