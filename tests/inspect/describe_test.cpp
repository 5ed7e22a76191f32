// Tables of topics and logs.
#include "inspect/describe.hpp"
#include "trace/histories.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>

using namespace brokersim;
using test::ref;

namespace {

/// Tells a story to a view.
class Story {
public:
    RunInfo info = test::small_world();
    ClusterView view;

    void part(std::int32_t number, std::optional<int> leader, std::vector<int> isr,
              std::vector<int> replicas, LeaderEpoch epoch = 0) {
        const std::vector<MachineId> in_sync = machines(isr);
        const std::vector<MachineId> all = machines(replicas);
        CtlPart fact;
        fact.tp = PartitionId(number);
        if (leader) { fact.leader = MachineId(*leader - 1); }
        fact.epoch = epoch;
        fact.isr = in_sync;
        fact.repl = all;
        view.on(ref(fact));
    }
    void made(std::int64_t i, std::optional<std::string_view> key, std::int32_t count = 1) {
        ProdNew fact;
        fact.p = ProducerId(0);
        fact.tp = PartitionId(0);
        fact.i = i;
        fact.count = count;
        fact.key = key;
        view.on(ref(fact));
    }
    void append(int broker, Offset base, std::int64_t i, std::int32_t count = 1) {
        LogAppend fact;
        fact.node = MachineId(broker - 1);
        fact.tp = PartitionId(0);
        fact.base = base;
        fact.p = ProducerId(0);
        fact.i = i;
        fact.count = count;
        view.on(ref(fact));
    }
    void hw(int broker, Offset to) {
        view.on(ref(Hw{MachineId(broker - 1), PartitionId(0), 0, to}));
    }
    std::string log() const { return describe_log(info, view, PartitionId(0)); }

private:
    static std::vector<MachineId> machines(const std::vector<int>& numbers) {
        std::vector<MachineId> ids;
        for (const int number : numbers) {
            ids.emplace_back(number - 1);
        }
        return ids;
    }
};

} // namespace

TEST_CASE("topics are described as kafka-topics does, with names for ids") {
    Story story;
    story.part(0, 1, {1, 2}, {1, 2});
    story.part(1, 2, {2, 3}, {2, 3});
    story.part(2, std::nullopt, {}, {3, 1}, 1);
    CHECK(describe_topics(story.info, story.view) ==
          "Topic: orders\tPartitionCount: 3\tReplicationFactor: 2\tConfigs: min.insync.replicas=1\n"
          "\tTopic: orders\tPartition: 0\tLeader: b1\tReplicas: b1,b2\tIsr: b1,b2\tElr: "
          "\tLastKnownElr: \n"
          "\tTopic: orders\tPartition: 1\tLeader: b2\tReplicas: b2,b3\tIsr: b2,b3\tElr: "
          "\tLastKnownElr: \n"
          "\tTopic: orders\tPartition: 2\tLeader: none\tReplicas: b3,b1\tIsr: \tElr: "
          "\tLastKnownElr: \n");
    story.part(0, 2, {2}, {1, 2}, 1);
    CHECK(describe_topics(story.info, story.view)
              .find("Partition: 0\tLeader: b2\tReplicas: b1,b2\tIsr: b2\t") != std::string::npos);
}

TEST_CASE("a log is a table of offsets and messages, and tells where the committed part ends") {
    Story story;
    story.part(0, 1, {1, 2}, {1, 2});
    story.made(0, "order-1");
    story.made(1, std::nullopt, 2);
    story.append(1, 0, 0);
    story.append(2, 0, 0);
    story.append(1, 1, 1, 2);
    story.hw(1, 1);
    CHECK(story.log() ==
          "Partition orders/0, leader b1, epoch 0\n"
          "------------------------------\n"
          "| Offset | Message           |\n"
          "------------------------------\n"
          "| 0      | order-1 (shop #0) |\n"
          "------------------------------\n"
          "| 1      | null (shop #1)    |\n"
          "| 2      | null (shop #2)    |\n"
          "------------------------------\n"
          "Committed: offset 0 (high watermark 1); not yet committed: offsets 1 to 2.\n");
    story.hw(1, 3);
    CHECK(story.log().ends_with("| 2      | null (shop #2)    |\n"
                                "------------------------------\n"
                                "Committed: offsets 0 to 2 (high watermark 3).\n"));
}

TEST_CASE("the log of a new leader is shown, truncated and beheaded as the facts say") {
    Story story;
    story.part(0, 1, {1, 2}, {1, 2});
    story.made(0, "k", 9);
    story.append(1, 0, 0, 3);
    story.append(1, 3, 3, 3);
    story.append(2, 0, 0, 3);
    story.hw(2, 2);
    story.part(0, 2, {2}, {1, 2}, 1);
    CHECK(story.log().find("leader b2, epoch 1") != std::string::npos);
    CHECK(story.log().find("| 3 ") == std::string::npos);
    story.part(0, 1, {1}, {1, 2}, 2);
    story.view.on(ref(LogTrunc{MachineId(0), PartitionId(0), 3, TruncWhy::divergence}));
    story.view.on(ref(LogHead{MachineId(0), PartitionId(0), 1, HeadWhy::retention}));
    const std::string text = story.log();
    CHECK(text.find("| 0 ") == std::string::npos);
    CHECK(text.find("| 1      | k (shop #1)") != std::string::npos);
    CHECK(text.find("| 3 ") == std::string::npos);
    CHECK(text.find("Committed: nothing (high watermark 0); not yet committed: offsets 1 to 2.") !=
          std::string::npos);
    story.part(0, std::nullopt, {}, {1, 2}, 3);
    CHECK(story.log().find("no leader; the log of b1, epoch 3") != std::string::npos);
}

TEST_CASE("an empty log and a partition without state") {
    Story story;
    CHECK(story.log() == "Partition orders/0 does not exist yet.\n");
    story.part(0, 1, {1}, {1});
    CHECK(story.log() == "Partition orders/0, leader b1, epoch 0\n"
                         "--------------------\n"
                         "| Offset | Message |\n"
                         "--------------------\n"
                         "--------------------\n"
                         "Committed: nothing (high watermark 0).\n");
}

TEST_CASE("forged numbers neither overflow nor fill the memory") {
    constexpr std::int64_t top = std::numeric_limits<std::int64_t>::max();
    Story story;
    story.part(0, 1, {1}, {1});
    story.append(1, top, top, 2147483647);
    CHECK(story.log().find("Committed") != std::string::npos);
    story.append(1, 0, 0, 2147483647);
    story.hw(1, top);
    const std::string text = story.log();
    CHECK(std::count(text.begin(), text.end(), '\n') == log_rows_max + 7);
    CHECK(text.find("| ...") != std::string::npos);
    story.view.on(ref(LogHead{MachineId(0), PartitionId(0), top, HeadWhy::retention}));
    CHECK(story.log().find("Committed") != std::string::npos);
}

TEST_CASE("names and keys cannot reach a terminal as commands") {
    Story story;
    story.info.nodes[0] = "b\x1b[2J";
    story.part(0, 1, {1}, {1});
    story.made(0, "k\n\x1b]0;x\x07");
    story.append(1, 0, 0);
    const std::string text = story.log() + describe_topics(story.info, story.view);
    CHECK(text.find('\x1b') == std::string::npos);
    CHECK(text.find("k\\u{A}\\u{1B}]0;x\\u{7} (shop #0)") != std::string::npos);
}
