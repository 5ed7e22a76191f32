// Leader and ISR decisions for one partition.
#include "controller/partition_change.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <utility>

namespace brokersim {

namespace {

bool contains_all(const BrokerList& list, const BrokerList& brokers) {
    return std::all_of(brokers.begin(), brokers.end(),
                       [&list](std::int32_t broker) { return contains(list, broker); });
}

void remove_all(BrokerList& list, const BrokerList& brokers) {
    std::erase_if(list, [&brokers](std::int32_t broker) { return contains(brokers, broker); });
}

/// One decision in the making: the steps in Kafka's order, on the state that they aim at.
class Decision {
public:
    Decision(const PartitionState& before, const PartitionChangeRequest& request,
             const AcceptableLeader& acceptable)
        : before_(before), request_(request), acceptable_(acceptable), target_(before) {
        if (request.target_isr) { target_.isr = *request.target_isr; }
    }

    std::optional<PartitionChange> make() {
        complete_reassignment();
        update_eligible();
        elect();
        // A removed replica must not go on as if it belonged to the partition.
        const bool replica_removed = !contains_all(target_.replicas, before_.replicas);
        const bool writes_leader = target_.leader != before_.leader || replica_removed;
        settle_isr();
        if (request_.target_recovering && *request_.target_recovering != before_.recovering) {
            target_.recovering = *request_.target_recovering;
        }
        if (target_ == before_) { return std::nullopt; }
        target_.leader_epoch += writes_leader ? 1 : 0;
        ++target_.partition_epoch;
        return PartitionChange{std::move(target_), !unclean_};
    }

private:
    struct Elected {
        std::int32_t leader = no_leader;
        bool unclean = false;
    };

    /// KIP-455; Kafka: PartitionReassignmentReplicas.maybeCompleteReassignment.
    void complete_reassignment() {
        if (before_.adding.empty() && before_.removing.empty()) { return; }
        BrokerList replicas = target_.replicas;
        remove_all(replicas, target_.removing);
        if (!contains_all(target_.isr, replicas)) { return; }
        remove_all(target_.isr, target_.removing);
        target_.replicas = std::move(replicas);
        target_.adding.clear();
        target_.removing.clear();
    }

    /// KIP-966: below the minimum, who leaves the ISR still has every committed record.
    void update_eligible() {
        if (!request_.elr_enabled) { return; }
        const std::size_t needed =
            std::min(static_cast<std::size_t>(std::max(request_.min_insync_replicas, 0)),
                     target_.replicas.size());
        if (target_.isr.size() >= needed) {
            target_.elr.clear();
            target_.last_known_elr.clear();
            return;
        }
        BrokerList& elr = target_.elr;
        elr.insert(elr.end(), before_.isr.begin(), before_.isr.end());
        remove_all(elr, target_.isr);
        remove_all(elr, request_.unclean_shutdown);
        std::sort(elr.begin(), elr.end());
        elr.erase(std::unique(elr.begin(), elr.end()), elr.end());
    }

    void elect() {
        const Elected elected = choose_leader();
        if (elected.leader == before_.leader) { return; }
        target_.leader = elected.leader;
        unclean_ = elected.unclean;
        if (unclean_) {
            // The log of the new leader is the truth from now on; nobody else has to have it.
            target_.isr = {elected.leader};
            target_.recovering = true;
        } else if (contains(target_.elr, elected.leader)) {
            target_.isr = {elected.leader};
            std::erase(target_.elr, elected.leader);
        }
    }

    Elected choose_leader() const {
        const std::int32_t first_choice =
            request_.election == Election::preferred ? target_.preferred() : before_.leader;
        if (may_lead(first_choice)) { return {first_choice, false}; }
        if (may_lead(before_.leader)) { return {before_.leader, false}; }
        // In the order of assignment: not that of the ISR, and not the longest log.
        const BrokerList& replicas = target_.replicas;
        const auto valid = std::find_if(replicas.begin(), replicas.end(),
                                        [this](std::int32_t broker) { return may_lead(broker); });
        if (valid != replicas.end()) { return {*valid, false}; }
        if (may_elect_last_leader()) { return {before_.last_known_elr.front(), true}; }
        if (request_.election == Election::unclean) {
            const auto alive =
                std::find_if(replicas.begin(), replicas.end(), std::cref(acceptable_));
            if (alive != replicas.end()) { return {*alive, true}; }
        }
        return {};
    }

    bool may_lead(std::int32_t broker) const {
        if (broker < 0) { return false; }
        const bool eligible =
            request_.elr_enabled && target_.isr.empty() && contains(target_.elr, broker);
        return (contains(target_.isr, broker) || eligible) && acceptable_(broker);
    }

    bool may_elect_last_leader() const {
        if (!request_.elr_enabled || !target_.isr.empty() || !target_.elr.empty()) { return false; }
        if (before_.last_known_elr.size() != 1) { return false; }
        return request_.elect_dead_last_leader || acceptable_(before_.last_known_elr.front());
    }

    /// What the outcome of the election means for ISR and ELR.
    void settle_isr() {
        if (unclean_ || !request_.elr_enabled) {
            target_.elr.clear();
            target_.last_known_elr.clear();
        }
        if (!request_.elr_enabled) {
            // Somebody has to remember who had the data: the last member stays.
            if (target_.isr.empty()) { target_.isr = before_.isr; }
            return;
        }
        const bool lost_isr = target_.isr.empty() && !before_.isr.empty();
        if (lost_isr && before_.has_leader()) {
            target_.last_known_elr = {before_.leader};
        } else if (target_.has_leader()) {
            target_.last_known_elr.clear();
        }
    }

    const PartitionState& before_;
    const PartitionChangeRequest& request_;
    const AcceptableLeader& acceptable_;
    PartitionState target_;
    bool unclean_ = false;
};

} // namespace

std::optional<PartitionChange> decide_partition_change(const PartitionState& before,
                                                       const PartitionChangeRequest& request,
                                                       const AcceptableLeader& acceptable) {
    return Decision(before, request, acceptable).make();
}

std::optional<PartitionState> created_partition(BrokerList replicas,
                                                const AcceptableLeader& acceptable) {
    PartitionState state;
    std::copy_if(replicas.begin(), replicas.end(), std::back_inserter(state.isr),
                 std::cref(acceptable));
    if (state.isr.empty()) { return std::nullopt; }
    state.leader = state.isr.front();
    state.replicas = std::move(replicas);
    return state;
}

} // namespace brokersim
