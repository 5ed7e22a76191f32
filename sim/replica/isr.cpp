// Who counts: the high watermark over the maximal ISR, joining it and falling out of it.
#include "engine/assert.hpp"
#include "replica/partition.hpp"

#include <algorithm>

namespace brokersim {

bool Partition::in_maximal_isr(MachineId broker) const {
    // A member whose removal is asked for still counts until that is confirmed.
    return in_isr(broker) ||
           (pending_ && std::find(proposed_.begin(), proposed_.end(), broker) != proposed_.end());
}

bool Partition::eligible(const RemoteReplica& remote,
                         const std::vector<BrokerView>& brokers) const {
    const BrokerView& view = brokers[remote.broker.index()];
    return !view.fenced && !view.stopping && remote.epoch == view.epoch;
}

bool Partition::advance_high_watermark(In in, const std::vector<BrokerView>& brokers,
                                       Effects& out) {
    // Below min.insync.replicas nothing becomes visible (KAFKA-15583, KIP-966; 3.7).
    if (static_cast<std::int32_t>(state_.isr.size()) < effective_min_isr()) return false;
    Offset candidate = log_.end();
    for (const RemoteReplica& r : remotes_) {
        if (r.log_end >= candidate) continue;
        // A replica that is about to join holds it back too, so that joining strands nothing. The
        // lag time of one outside the ISR is looked at as of its last fetch.
        if (!in_maximal_isr(r.broker)) continue;
        candidate = r.log_end;
        if (candidate <= high_watermark_) return false;
    }
    if (candidate <= high_watermark_) return false;
    for (const RemoteReplica& r : remotes_) {
        if (r.log_end >= candidate || in_maximal_isr(r.broker)) continue;
        const bool caught_up = r.log_end == log_.end() || in.now - r.caught_up <= lag_max_;
        if (caught_up && eligible(r, brokers)) { candidate = std::max<Offset>(r.log_end, 0); }
    }
    if (candidate <= high_watermark_) return false;
    set_high_watermark(in, candidate, out);
    return true;
}

bool Partition::may_join_isr(const RemoteReplica& r, const std::vector<BrokerView>& brokers) const {
    if (role_ != Role::leader || pending_ || in_isr(r.broker)) return false;
    return r.log_end >= high_watermark_ && r.log_end >= epoch_start_ && eligible(r, brokers);
}

bool Partition::lagging(Time now, std::vector<MachineId>& members) const {
    members.clear();
    if (role_ != Role::leader || pending_) return false;
    for (const RemoteReplica& r : remotes_) {
        // One that has everything is not lagging, however long it has been silent.
        if (!in_isr(r.broker) || r.log_end == log_.end()) continue;
        if (now - r.caught_up > lag_max_) members.push_back(r.broker);
    }
    return !members.empty();
}

bool Partition::commit_isr(In in, const PartitionRegistration& state, Effects& out) {
    if (role_ != Role::leader || state.leader_epoch != state_.leader_epoch ||
        state.partition_epoch <= state_.partition_epoch) {
        return false; // The metadata log was faster.
    }
    state_.isr = state.isr;
    state_.partition_epoch = state.partition_epoch;
    state_.recovering = state.recovering;
    pending_ = false;
    out.note_aside(
        MetaSeen{in.self, tp_, state_.leader, state_.leader_epoch, state_.partition_epoch});
    return true;
}

} // namespace brokersim
