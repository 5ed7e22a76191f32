// What belongs to a fault: causes, and what follows from silence.
#include "inspect/fault_trail.hpp"
#include "trace/histories.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace brokersim;
using test::ref;

namespace {

constexpr MachineId b1(0), b2(1), b3(2), c1(3);

class Story {
public:
    RunInfo info = test::small_world();
    FaultTrail trail{{"f1"}};

    template <class F>
    bool tell(const F& fact, std::uint64_t cause = 0) {
        ++n_;
        return trail.follows(info, Time{static_cast<std::int64_t>(n_)}, n_, Cause{cause},
                             ref(fact));
    }
    std::uint64_t last() const { return n_; }
    bool part(std::optional<MachineId> leader, std::vector<MachineId> isr, PartitionEpoch pepoch,
              std::int32_t number = 0) {
        CtlPart fact;
        fact.tp = PartitionId(number);
        fact.leader = leader;
        fact.isr = fact.repl = isr;
        fact.epoch = fact.pepoch = pepoch;
        return tell(fact);
    }
    bool begin(std::vector<MachineId> targets) {
        return tell(FaultBegin{FaultId(0), FaultAction::crash, targets});
    }
    bool end(std::vector<MachineId> targets) {
        return tell(FaultEnd{FaultId(0), FaultAction::crash, targets});
    }

private:
    std::uint64_t n_ = 0;
};

} // namespace

TEST_CASE("a fault: its lines and what they cause") {
    Story story;
    CHECK_FALSE(story.tell(NodeUp{b1, 1}));
    CHECK(story.begin({b1}));
    const std::uint64_t begin = story.last();
    CHECK(story.tell(NodeDown{b1, 1, DownHow::kill}, begin));
    CHECK(story.tell(Hw{b2, PartitionId(0), 0, 1}, story.last()));
    CHECK_FALSE(story.tell(Hw{b2, PartitionId(0), 0, 2}, 1));
    CHECK_FALSE(story.tell(FaultBegin{FaultId(1), FaultAction::crash, {}}));
}

TEST_CASE("a fault: nobody causes what follows from silence") {
    Story story;
    story.tell(CtlBroker{b1, BrokerState::unfenced, 1, ""});
    story.part(b1, {b1, b2}, 0);
    story.part(b3, {b3}, 0, 1);
    story.begin({b1});
    story.tell(NodeDown{b1, 1, DownHow::kill});
    CHECK(story.part(b2, {b2}, 1));
    CHECK_FALSE(story.part(b3, {b3, b2}, 1, 1));
    CHECK(story.tell(CtlBroker{b1, BrokerState::fenced, 1, "session_timeout"}));
    CHECK_FALSE(story.tell(CtlBroker{b2, BrokerState::fenced, 2, "session_timeout"}));
    CHECK(story.tell(MetaSeen{b2, PartitionId(0), b2, 1, PartitionEpoch{1}}));
    CHECK_FALSE(story.tell(MetaSeen{b2, PartitionId(1), b3, 1, PartitionEpoch{1}}));
    CHECK(story.tell(Unavailable{PartitionId(0), Side::produce, Time{1}, Time{9}, {}, {}}));
    CHECK_FALSE(story.tell(Unavailable{PartitionId(1), Side::produce, Time{1}, Time{9}, {}, {}}));
    story.end({b1}); // The process starts; what it left is not over before it is unfenced.
    CHECK(story.tell(CtlBroker{b1, BrokerState::unfenced, 5, ""}));
    CHECK_FALSE(story.tell(CtlBroker{b1, BrokerState::stopping, 5, ""}));
}

TEST_CASE("a fault: another controller follows the one that it hit") {
    Story story;
    story.tell(CtlElected{c1, 1});
    CHECK_FALSE(story.tell(CtlElected{c1, 2}));
    story.begin({c1});
    CHECK(story.tell(CtlElected{b3, 3}));
    CHECK_FALSE(story.tell(CtlElected{b2, 4}));
}
