// What came of a fault.
#include "inspect/fault_trail.hpp"

#include "inspect/mentions.hpp"

#include <algorithm>

namespace brokersim {

bool FaultTrail::follows(const RunInfo& info, Time t, std::uint64_t n, Cause cause, FactRef fact) {
    const bool own = std::any_of(ids_.begin(), ids_.end(), [&](const std::string& id) {
        return mentions_fault(info, fact, id);
    });
    if (own) { follow_machines(true, t, fact); }
    const bool marked = own || caused(cause) || of_silence(fact);
    if (!own) { follow_machines(false, t, fact); }
    follow_partitions(marked, fact);
    if (!marked) { return false; }
    if (marked_.size() <= n) { marked_.resize(n + 1); }
    marked_[n] = true;
    return true;
}

/// What happens because somebody is no longer heard of, and so has no line as its cause.
bool FaultTrail::of_silence(FactRef fact) const {
    if (!began_) { return false; }
    if (const auto* broker = fact.as<CtlBroker>()) { return hit(broker->node); }
    if (const auto* member = fact.as<GroupMember>()) { return hit(member->mem); }
    if (const auto* resigned = fact.as<CtlResigned>()) { return hit(resigned->node); }
    if (fact.kind == CtlElected::kind) { return controller_lost_; }
    if (const auto* part = fact.as<CtlPart>()) {
        const auto known = partitions_.find(part->tp);
        if (known == partitions_.end()) { return false; }
        const Partition& before = known->second;
        const bool left = std::any_of(before.isr.begin(), before.isr.end(), [&](MachineId id) {
            return hit(id) && std::find(part->isr.begin(), part->isr.end(), id) == part->isr.end();
        });
        return left || (before.leader && hit(*before.leader) && part->leader != before.leader);
    }
    if (const auto* seen = fact.as<MetaSeen>()) {
        const auto known = partitions_.find(seen->tp);
        if (known == partitions_.end()) { return false; }
        return seen->pepoch.present ? known->second.changes.contains(seen->pepoch.value)
                                    : known->second.since == seen->epoch;
    }
    if (const auto* window = fact.as<Unavailable>()) {
        const auto known = partitions_.find(window->tp);
        return known != partitions_.end() && known->second.befallen && window->to >= *began_;
    }
    return false;
}

void FaultTrail::follow_machines(bool own, Time t, FactRef fact) {
    if (const auto* begin = fact.as<FaultBegin>(); begin != nullptr && own) {
        if (!began_) { began_ = t; }
        for (const MachineId id : begin->target) {
            hit_.insert(id);
            if (id == controller_) { controller_lost_ = true; }
        }
    } else if (const auto* end = fact.as<FaultEnd>(); end != nullptr && own) {
        std::erase_if(hit_, [&](MachineId id) {
            return !lasting_.contains(id) &&
                   std::find(end->target.begin(), end->target.end(), id) != end->target.end();
        });
    } else if (const auto* down = fact.as<NodeDown>()) {
        if (hit(down->node) && brokers_.contains(down->node)) { lasting_.insert(down->node); }
    } else if (const auto* broker = fact.as<CtlBroker>()) {
        brokers_.insert(broker->node);
        if (broker->state == BrokerState::unfenced && lasting_.erase(broker->node) > 0) {
            hit_.erase(broker->node);
        }
    } else if (const auto* elected = fact.as<CtlElected>()) {
        controller_ = elected->node;
        controller_lost_ = hit(elected->node);
    }
}

void FaultTrail::follow_partitions(bool marked, FactRef fact) {
    const auto* part = fact.as<CtlPart>();
    if (part == nullptr) { return; }
    Partition& state = partitions_[part->tp];
    state.leader = part->leader;
    state.isr.assign(part->isr.begin(), part->isr.end());
    if (!marked) { return; }
    state.changes.insert(part->pepoch);
    state.since = part->epoch;
    state.befallen = true;
}

} // namespace brokersim
