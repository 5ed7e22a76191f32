// Elections and ISR changes by the controller of ZooKeeper mode.
#include "controller/zookeeper/elections.hpp"

namespace brokersim {

std::optional<PartitionChange> elect_leader(const PartitionState& state, ZkElection election,
                                            bool unclean, const AcceptableLeader& live) {
    PartitionChangeRequest request;
    if (election == ZkElection::preferred) {
        if (!contains(state.isr, state.preferred()) || !live(state.preferred())) return {};
        request.election = Election::preferred;
    } else {
        // Offline: in need anybody who lives. A leader that only leaves is not replaced so.
        if (unclean && election == ZkElection::offline) request.election = Election::unclean;
        BrokerList isr;
        for (const std::int32_t member : state.isr) {
            if (live(member)) isr.push_back(member);
        }
        request.target_isr = std::move(isr);
    }
    std::optional<PartitionChange> change = decide_partition_change(state, request, live);
    if (!change || !change->after.has_leader() || change->after.leader == state.leader) return {};
    change->after.leader_epoch = state.leader_epoch + 1;
    return change;
}

std::optional<PartitionChange> leave_isr(const PartitionState& state, std::int32_t broker) {
    if (!contains(state.isr, broker)) return {};
    PartitionChange change{state, true};
    if (state.leader == broker) change.after.leader = no_leader;
    if (state.isr.size() > 1) std::erase(change.after.isr, broker);
    if (change.after == state) return {};
    ++change.after.leader_epoch;
    ++change.after.partition_epoch;
    return change;
}

} // namespace brokersim
