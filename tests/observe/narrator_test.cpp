// Sentences of the narrator.
#include "observe/narrator.hpp"
#include "trace/histories.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string_view>

using namespace brokersim;
using test::ref;

namespace {

/// What is told about these facts, in a small world.
class Told {
public:
    RunInfo info = test::small_world();
    test::MemorySink sink;

    Told() : narrator_(info, sink), recorder_(info, nullptr, {&narrator_}) {}

    template <class F>
    void operator()(std::int64_t us, const F& fact) {
        recorder_.note({us * 1000}, {}, ref(fact));
    }

private:
    Narrator narrator_;
    Recorder recorder_;
};

const PartitionId orders_0(0);
const MachineId b1(0);
const MachineId b2(1);
const MachineId billing_1(5);

} // namespace

TEST_CASE("one record can be followed from send() to the consumer") {
    Told told;
    const MachineId replicas[] = {b1, b2};
    CtlPart part;
    part.tp = orders_0;
    part.leader = b1;
    part.isr = part.repl = replicas;
    told(0, part);
    ProdNew made;
    made.p = ProducerId(0);
    made.tp = orders_0;
    made.key = "order-1";
    told(1000, made);
    told(6000, ProdSend{ProducerId(0), b1, orders_0, 0, 1, 0});
    LogAppend append;
    append.node = b1;
    append.tp = orders_0;
    append.p = ProducerId(0);
    append.i = 0;
    append.count = 1;
    append.bytes = 120;
    told(6300, append);
    told(6300, ReqParked{b1, 9, Api::produce});
    append.node = b2;
    told(6800, append);
    told(7300, Hw{b1, orders_0, 0, 1});
    told(7550, ProdAck{ProducerId(0), orders_0, 0, 1, 0});
    told(7600, Hw{b2, orders_0, 0, 1});
    told(8000, ConsRead{GroupId(0), 1, billing_1, orders_0, 0, 1, 1});
    told(9000, ConsDone{GroupId(0), billing_1, orders_0, 0, 1, Outcome::ok, {}});
    CHECK(told.sink.bytes ==
          "  0.000000 s  controller  orders/0: leader b1, epoch 0, ISR b1,b2, replicas "
          "b1,b2 (created)\n"
          "  0.001000 s  shop        send(): key order-1; the partitioner says orders/0, record "
          "#0\n"
          "  0.006000 s  shop        sends orders/0 #0 to b1\n"
          "  0.006300 s  b1          appends to its log: orders/0 offset 0: shop #0 (120 bytes)\n"
          "  0.006300 s  b1          holds the answer until the ISR has the records\n"
          "  0.006800 s  b2          copies from its leader: orders/0 offset 0: shop #0\n"
          "  0.007300 s  b1          commits orders/0 below offset 1 (high watermark)\n"
          "  0.007550 s  shop        has the acknowledgement of orders/0 #0: offset 0\n"
          "  0.007600 s  b2          knows as committed: orders/0 below offset 1\n"
          "  0.008000 s  billing-1   poll() returns orders/0 offset 0: shop #0\n"
          "  0.009000 s  billing-1   processed orders/0 offset 0: ok\n");
}

TEST_CASE("a change of leader names the old one and the new one") {
    Told told;
    const MachineId replicas[] = {b1, b2};
    CtlPart part;
    part.tp = orders_0;
    part.leader = b1;
    part.isr = part.repl = replicas;
    told(0, CtlElected{MachineId(3), 1});
    told(0, part);
    part.leader = b2;
    part.isr = std::span(replicas).subspan(1);
    part.epoch = 1;
    part.why = PartWhy::fenced;
    told(9'000'000, part);
    CHECK(told.sink.bytes.ends_with("  9.000000 s  c1          orders/0: leader b1 -> "
                                    "b2, epoch 1, ISR b2 (fenced)\n"));
}

TEST_CASE("internal topics and timers are not told") {
    Told told;
    told(1, Hw{b1, PartitionId(3), 0, 1});
    told(2, TimerFire{b1, "linger"});
    told(3, NetSend{});
    CHECK(told.sink.bytes.empty());
}

TEST_CASE("no line is longer than 100 columns, or steers a terminal, whatever the facts") {
    Told told;
    told.info.nodes[0] = "a machine with a very long name \x1b[2J 日本 indeed, yes";
    test::RandomFacts random(told.info, 11);
    for (int k = 0; k < 50; ++k) {
        test::for_each_fact([&](auto* type) {
            using F = std::remove_pointer_t<decltype(type)>;
            F fact = random.template make<F>();
            if constexpr (requires {
                              fact.count;
                              fact.base;
                          }) {
                fact.base = k, fact.count = 1;
            }
            if constexpr (requires {
                              fact.i;
                              fact.p;
                          }) {
                fact.i = k;
            }
            if constexpr (requires {
                              fact.off;
                              fact.mem;
                          }) {
                fact.off = k;
            }
            if constexpr (requires {
                              fact.from;
                              fact.to;
                              fact.mem;
                          }) {
                fact.from = k;
                fact.to = k + 1;
            }
            told(k, fact);
        });
    }
    std::string_view text = told.sink.bytes;
    CHECK(std::count(text.begin(), text.end(), '\n') > 1000);
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(line.size() + 1);
        const auto columns = std::count_if(line.begin(), line.end(), [](char c) {
            return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
        });
        CHECK(columns <= 100);
        CHECK(line.find('\x1b') == std::string_view::npos);
    }
}
