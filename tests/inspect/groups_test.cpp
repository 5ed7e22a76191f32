// Tables of groups and brokers.
#include "inspect/describe.hpp"
#include "trace/histories.hpp"

#include <doctest/doctest.h>

using namespace brokersim;
using test::ref;

namespace {

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// Words of the line that holds `part`.
std::vector<std::string> row(const std::string& text, const std::string& part) {
    const std::size_t at = text.find(part);
    REQUIRE(at != std::string::npos);
    const std::size_t begin = text.rfind('\n', at) + 1;
    std::string line = text.substr(begin, text.find('\n', at) - begin);
    std::vector<std::string> words;
    while (!line.empty()) {
        const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
        if (end > 0) { words.push_back(line.substr(0, end)); }
        line.erase(0, std::min(end + 1, line.size()));
    }
    return words;
}

class Story {
public:
    RunInfo info = test::small_world();
    ClusterView view;

    Story() {
        const MachineId replicas[] = {MachineId(0), MachineId(1)};
        for (const std::int32_t number : {0, 1}) {
            CtlPart part;
            part.tp = PartitionId(number);
            part.leader = replicas[0];
            part.isr = part.repl = replicas;
            view.on(ref(part));
        }
        view.on(ref(Hw{MachineId(0), PartitionId(0), 0, 10}));
    }
    void member(std::int32_t machine, MemberState state) {
        view.on(ref(GroupMember{GroupId(0), MachineId(machine), state, "x"}));
    }
    void generation(std::int32_t machine, std::vector<PartitionId> partitions) {
        const MemberAssignment own{MachineId(machine), partitions};
        const MemberAssignment all[] = {own};
        view.on(ref(ConsGen{GroupId(0), 1, all}));
    }
    void commit(std::int32_t tp, Offset off, bool ok = true) {
        ConsCommit fact;
        fact.g = GroupId(0);
        fact.mem = MachineId(5);
        fact.tp = PartitionId(tp);
        fact.off = off;
        fact.ok = ok;
        view.on(ref(fact));
    }
    std::string groups(GroupTable what = GroupTable::offsets) const {
        return describe_groups(info, view, what);
    }
};

} // namespace

TEST_CASE("groups: offsets as kafka-consumer-groups lays them out") {
    Story story;
    story.member(5, MemberState::joined);
    story.generation(5, {PartitionId(0), PartitionId(1)});
    story.commit(0, 7);
    story.commit(0, 9, false);
    const std::string text = story.groups();
    const std::string member = story.info.name(MachineId(5));
    CHECK(has(text, "GROUP           TOPIC           PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  "
                    "LAG             CONSUMER-ID     HOST            CLIENT-ID\n"));
    const std::string group = story.info.name(GroupId(0));
    const std::string topic = story.info.topics[0].name;
    CHECK(row(text, "/" + member) == std::vector<std::string>{group, topic, "0", "7", "10", "3",
                                                              member, "/" + member, member});
    CHECK(has(text, "1          -               0               -"));
    story.member(5, MemberState::left);
    CHECK(has(story.groups(), "has no active members."));
    CHECK(row(story.groups(), "  7 ") ==
          std::vector<std::string>{group, topic, "0", "7", "10", "3", "-", "-", "-"});
}

TEST_CASE("groups: members and states") {
    Story story;
    const std::string group = story.info.name(GroupId(0));
    const std::string member = story.info.name(MachineId(5));
    story.member(5, MemberState::joined);
    story.generation(5, {PartitionId(1), PartitionId(0)});
    const std::string topic = story.info.topics[0].name;
    CHECK(row(story.groups(GroupTable::members), "/" + member) ==
          std::vector<std::string>{group, member, "/" + member, member, "2", topic + "(0,1)"});
    CHECK(row(story.groups(GroupTable::states), "Stable") ==
          std::vector<std::string>{group, "-", "range", "Stable", "1"});
    story.view.on(ref(GroupRebalance{GroupId(0), RebalanceState::begin, 2}));
    CHECK(has(story.groups(GroupTable::states), "PreparingRebalance"));
    CHECK(has(story.groups(), "is rebalancing."));
    story.member(5, MemberState::evicted);
    CHECK(has(story.groups(GroupTable::states), "Empty"));
}

TEST_CASE("brokers: process, registration, leaderships") {
    Story story;
    const std::string b1 = story.info.name(MachineId(0));
    story.view.on(ref(NodeUp{MachineId(0), 2}));
    story.view.on(ref(CtlBroker{MachineId(0), BrokerState::unfenced, 7, "x"}));
    CHECK(has(describe_brokers(story.info, story.view), "Controller: none\n"));
    story.view.on(ref(CtlElected{MachineId(1), 3}));
    CHECK(has(describe_brokers(story.info, story.view),
              "Controller: " + story.info.name(MachineId(1)) + "\tEpoch: 3\n"));
    const auto line = [&](const std::string& process, const std::string& state) {
        return std::vector<std::string>{b1, process, "2", state, "7", "2", "2", "2"};
    };
    const auto words = [&] {
        const std::string text = describe_brokers(story.info, story.view);
        return row(text.substr(text.find("BROKER")), b1 + " ");
    };
    CHECK(words() == line("up", "unfenced"));
    story.view.on(ref(NodePaused{MachineId(0), 2}));
    CHECK(words() == line("paused", "unfenced"));
    story.view.on(ref(NodeResumed{MachineId(0), 2}));
    CHECK(words() == line("up", "unfenced"));
    story.view.on(ref(NodeDown{MachineId(0), 2, DownHow::kill}));
    story.view.on(ref(CtlBroker{MachineId(0), BrokerState::fenced, 7, "x"}));
    CHECK(words() == line("down", "fenced"));
}
