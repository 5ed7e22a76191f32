// The table of failovers, in told histories.
#include "observe/watched_windows.hpp"

using namespace brokersim;
using namespace brokersim::test;

TEST_CASE("phases: the failover table puts equal explanations together") {
    Watched watched;
    for (std::int64_t k = 0; k < 2; ++k) {
        const std::int64_t at = 1020 + k * 10'000;
        watched.story->at(at);
        watched.begins(FaultAction::pause, b1);
        watched.story->note(NodePaused{b1, 1}).at(at + 2000 + k * 1000);
        watched.ends(FaultAction::pause, b1);
        watched.story->note(NodeResumed{b1, 1}).at(at + 2005 + k * 1000).ack(k + 1, 1, k + 1);
        watched.story->at(at + 9990).produce(k + 2, 1);
    }
    const auto rows = failover_table(watched.windows->told(), Time{});
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].windows == 2);
    CHECK(rows[0].partitions == std::vector<PartitionId>{orders0});
    CHECK(rows[0].phases[0].shortest == milliseconds(2010));
    CHECK(rows[0].phases[0].longest == milliseconds(3010));
    CHECK(rows[0].phases[5].longest == milliseconds(5));
    CHECK(failover_table(watched.windows->told(), ms(5000)).at(0).windows == 1);
}
