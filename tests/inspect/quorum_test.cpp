// The quorum as kafka-metadata-quorum describes it.
#include "inspect/describe.hpp"
#include "trace/histories.hpp"

#include <doctest/doctest.h>

using namespace brokersim;
using test::ref;

namespace {

/// c1 to c3 keep the log, b1 and b2 follow it.
class Story {
public:
    Story() {
        info.nodes = {"b1", "b2", "c1", "c2", "c3"};
        info.voters = {MachineId(2), MachineId(3), MachineId(4)};
        for (std::int32_t k = 0; k < 5; ++k)
            tell(0, NodeUp{MachineId(k), 1});
        tell(0, CtlElected{MachineId(2), 4});
        for (std::int32_t k = 0; k < 2; ++k)
            tell(0, CtlBroker{MachineId(k), BrokerState::unfenced, k + 1, "caught_up"});
    }

    RunInfo info;
    ClusterView view;

    template <class F>
    Story& tell(std::int64_t ms, const F& fact) {
        view.on(Time{} + milliseconds(ms), ref(fact));
        return *this;
    }
    Story& log(std::int64_t ms, std::int32_t node, Offset end, Offset hw) {
        return tell(ms, CtlLog{MachineId(node), end, hw});
    }
    std::string show(std::int64_t ms, QuorumTable what = QuorumTable::status) const {
        return describe_quorum(info, view, Time{} + milliseconds(ms), what);
    }
};

} // namespace

TEST_CASE("the quorum: leader, what is committed, and the voter that is most behind") {
    Story story;
    story.log(5, 2, 3, 3).log(10, 2, 5, 3).log(11, 3, 5, 3).log(12, 4, 3, 3).log(20, 2, 7, 5);
    CHECK(story.show(30) == "LeaderId:               c1\n"
                            "LeaderEpoch:            4\n"
                            "HighWatermark:          5\n"
                            "MaxFollowerLag:         4\n"
                            "MaxFollowerLagTimeMs:   20\n" // c3 lacks what came at 10 ms.
                            "CurrentVoters:          [c1,c2,c3]\n"
                            "CurrentObservers:       [b1,b2]\n");
    story.log(40, 4, 7, 5).log(40, 3, 7, 5);
    CHECK(story.show(50).find("MaxFollowerLagTimeMs:   0\n") != std::string::npos);
}

TEST_CASE("the quorum: each replica's log, the leader's first") {
    Story story;
    story.tell(5, CtlElected{MachineId(3), 5});
    story.log(10, 2, 5, 5).log(10, 3, 5, 5).log(10, 4, 5, 5);
    NetSend fetch;
    fetch.id = 9;
    fetch.src = MachineId(0);
    fetch.dst = MachineId(3);
    fetch.api = Api::fetch_metadata;
    story.tell(12, fetch).tell(13, NetRecv{9, 1});
    story.tell(14, MetaLog{MachineId(0), 5}).log(20, 3, 6, 5);
    CHECK(story.show(25, QuorumTable::replication) ==
          "NodeId   LogEndOffset Lag      LastFetchTimestamp LastCaughtUpTimestamp Status\n"
          "c2       6            0        25                 25                    Leader\n"
          "c1       5            1        -                  20                    Follower\n"
          "c3       5            1        -                  20                    Follower\n"
          "b1       5            1        13                 20                    Observer\n"
          "b2       -            -        -                  -                     Observer\n");
}

TEST_CASE("the quorum: what the trace does not tell is left open") {
    Story story;
    story.tell(5, NodeDown{MachineId(2), 1, DownHow::kill});
    CHECK(story.show(6).starts_with("LeaderId:               none\n"
                                    "LeaderEpoch:            4\n"
                                    "HighWatermark:          -\n"
                                    "MaxFollowerLag:         -\n"
                                    "MaxFollowerLagTimeMs:   -\n"));
    story.info.voters.clear();
    CHECK(story.show(6) == "The trace names no voters of a metadata quorum.\n");
}
