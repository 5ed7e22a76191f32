// What the controller decides.
#include "controller/decisions.hpp"

#include <algorithm>

namespace brokersim {

namespace {

/// Decides one partition and adds its record. `except`: a broker that is not active any more once
/// this event is done; `besides`: one that is by then.
bool change(const ClusterImage& image, PartitionId tp, PartitionChangeRequest request,
            MachineId except, MachineId besides, PartWhy why, Records& records) {
    const TopicConfig& topic = image.topics().of(tp);
    request.min_insync_replicas = topic.min_insync_replicas;
    request.elr_enabled = image.layout().eligible_leader_replicas;
    if (topic.unclean_leader_election_enable && request.election == Election::online) {
        request.election = Election::unclean;
    }
    const auto decision =
        decide_partition_change(image.partition(tp), request, [&](std::int32_t broker) {
            if (broker == except.value) return false;
            return broker == besides.value || image.broker(MachineId(broker)).active();
        });
    if (!decision) return false;
    records.push_back(partition_record(tp, decision->after, why, decision->clean));
    return true;
}

/// Takes the broker out of every ISR it is in. If it is the last member it stays in it, without
/// leader; with eligible leader replicas it becomes one of those (semantics §3.5), unless its log
/// may have lost something: `unclean`.
void leave_isrs(const ClusterImage& image, MachineId broker, bool unclean, PartWhy why,
                Records& records) {
    for (std::size_t k = 0; k < image.partition_count(); ++k) {
        const PartitionState& state = image.partition(PartitionId(k));
        const bool eligible = unclean && contains(state.elr, broker.value);
        if (!contains(state.isr, broker.value) && !eligible) continue;
        PartitionChangeRequest request;
        if (unclean) request.unclean_shutdown = {broker.value};
        BrokerList target;
        for (const std::int32_t member : state.isr) {
            if (member != broker.value) target.push_back(member);
        }
        request.target_isr = std::move(target);
        change(image, PartitionId(k), std::move(request), broker, {}, why, records);
    }
}

MetadataRecord broker_record(MetadataRecord::Kind kind, const ClusterImage& image, MachineId broker,
                             std::string_view why) {
    MetadataRecord record;
    record.kind = kind;
    record.broker = broker;
    record.broker_epoch = image.broker(broker).epoch;
    record.reason = why;
    return record;
}

} // namespace

void fence_broker(const ClusterImage& image, MachineId broker, std::string_view why, PartWhy part,
                  Records& records) {
    leave_isrs(image, broker, false, part, records);
    records.push_back(broker_record(MetadataRecord::Kind::fence_broker, image, broker, why));
}

void unfence_broker(const ClusterImage& image, MachineId broker, Records& records) {
    records.push_back(
        broker_record(MetadataRecord::Kind::unfence_broker, image, broker, "caught_up"));
    for (const PartitionId tp : image.leaderless()) {
        change(image, tp, {}, {}, broker, PartWhy::unfenced, records);
    }
}

void begin_controlled_shutdown(const ClusterImage& image, MachineId broker, Records& records) {
    records.push_back(broker_record(MetadataRecord::Kind::controlled_shutdown, image, broker,
                                    "controlled_shutdown"));
    leave_isrs(image, broker, false, PartWhy::controlled_shutdown, records);
}

void register_broker(const ClusterImage& image, MachineId broker, std::int32_t incarnation,
                     bool clean_stop, BrokerEpoch epoch, Records& records) {
    const Layout& layout = image.layout();
    if (image.broker(broker).registered && layout.rules.registration_leaves_isrs) {
        const bool unclean = layout.eligible_leader_replicas && !clean_stop;
        leave_isrs(image, broker, unclean, PartWhy::registered, records);
    }
    MetadataRecord record;
    record.kind = MetadataRecord::Kind::register_broker;
    record.broker = broker;
    record.broker_epoch = epoch + static_cast<BrokerEpoch>(records.size());
    record.incarnation = incarnation;
    record.reason = "started";
    records.push_back(std::move(record));
}

BrokerNext next_broker_state(const HeartbeatFacts& f) {
    if (f.stopping) {
        return !f.leads_anything && f.others_caught_up ? BrokerNext::shut_down
                                                       : BrokerNext::controlled_shutdown;
    }
    if (f.fenced) {
        if (f.want_shutdown) return BrokerNext::shut_down;
        return !f.want_fence && f.caught_up ? BrokerNext::unfenced : BrokerNext::fenced;
    }
    if (f.want_fence) return f.want_shutdown ? BrokerNext::shut_down : BrokerNext::fenced;
    if (f.want_shutdown) {
        return f.leads_anything ? BrokerNext::controlled_shutdown : BrokerNext::shut_down;
    }
    return BrokerNext::unfenced;
}

Error alter_partition(const ClusterImage& image, MachineId sender,
                      const AlterPartitionRequest& request, const AlterPartitionRequest::Part& part,
                      Records& records) {
    const PartitionState& state = image.partition(part.tp);
    if (state.replicas.empty()) return Error::unknown_topic_or_partition;
    if (part.leader_epoch > state.leader_epoch || part.partition_epoch > state.partition_epoch) {
        return Error::not_controller; // The leader knows more: this controller is stale.
    }
    if (part.leader_epoch < state.leader_epoch) return Error::fenced_leader_epoch;
    if (sender.value != state.leader) return Error::invalid_request;
    if (part.partition_epoch < state.partition_epoch) return Error::invalid_update_version;
    BrokerList isr;
    for (std::uint32_t k = part.isr_begin; k < part.isr_end; ++k) {
        const std::int32_t member = request.isr[k].broker.value;
        if (contains(isr, member) || !contains(state.replicas, member)) {
            return Error::invalid_request;
        }
        isr.push_back(member);
    }
    if (!contains(isr, sender.value)) return Error::invalid_request;
    if (part.recovering && (isr.size() > 1 || !state.recovering)) return Error::invalid_request;
    for (std::uint32_t k = part.isr_begin; k < part.isr_end; ++k) {
        const BrokerRegistration& broker = image.broker(request.isr[k].broker);
        const BrokerEpoch epoch = request.isr[k].epoch;
        if (!broker.active() || (epoch != -1 && epoch != broker.epoch)) {
            return Error::ineligible_replica;
        }
    }
    PartitionChangeRequest asked;
    asked.target_isr = std::move(isr);
    asked.target_recovering = part.recovering;
    if (!change(image, part.tp, std::move(asked), {}, {}, PartWhy::isr_change, records)) {
        return Error::none;
    }
    // It may have completed a reassignment that takes the sender out.
    const bool still_leads = records.back().leader == sender;
    return still_leads ? Error::none : Error::new_leader_elected;
}

bool elect_preferred(const ClusterImage& image, std::size_t most, Records& records) {
    for (const PartitionId tp : image.imbalanced()) {
        if (records.size() >= most) return true;
        const PartitionState& state = image.partition(tp);
        // Looked at only if it would succeed: the preferred replica is active and in the ISR.
        if (!image.broker(MachineId(state.preferred())).active() ||
            !contains(state.isr, state.preferred())) {
            continue;
        }
        PartitionChangeRequest request;
        request.election = Election::preferred;
        change(image, tp, std::move(request), {}, {}, PartWhy::preferred_election, records);
    }
    return false;
}

bool elect_unclean(const ClusterImage& image, std::size_t most, Records& records) {
    for (const PartitionId tp : image.leaderless()) {
        if (records.size() >= most) return true;
        if (!image.topics().of(tp).unclean_leader_election_enable) continue;
        PartitionChangeRequest request;
        request.election = Election::unclean;
        change(image, tp, std::move(request), {}, {}, PartWhy::unclean_election, records);
    }
    return false;
}

namespace {

/// Takes `state` for what stands, and adds what becomes of it. `bump`: replicas have gone, so the
/// leader epoch must rise.
void write_reassigned(const ClusterImage& image, PartitionId tp, PartitionState state,
                      PartitionChangeRequest request, bool bump, Records& records) {
    const LeaderEpoch before = state.leader_epoch;
    const TopicConfig& topic = image.topics().of(tp);
    request.min_insync_replicas = topic.min_insync_replicas;
    request.elr_enabled = image.layout().eligible_leader_replicas;
    if (topic.unclean_leader_election_enable) request.election = Election::unclean;
    auto decision = decide_partition_change(state, request, [&](std::int32_t broker) {
        return image.broker(MachineId(broker)).active();
    });
    if (!decision) {
        ++state.partition_epoch;
        decision = PartitionChange{std::move(state), true};
    }
    if (bump && decision->after.leader_epoch == before) ++decision->after.leader_epoch;
    records.push_back(
        partition_record(tp, decision->after, PartWhy::reassignment, decision->clean));
}

/// PartitionReassignmentRevert.
void cancel_reassignment(const ClusterImage& image, PartitionId tp, Records& records) {
    PartitionState state = image.partition(tp);
    if (state.adding.empty() && state.removing.empty()) return;
    const auto added = [&](std::int32_t broker) { return contains(state.adding, broker); };
    std::erase_if(state.replicas, added);
    PartitionChangeRequest request;
    request.target_isr = state.isr;
    std::erase_if(*request.target_isr, added);
    // Only uncleanly could it go back, which is refused.
    if (request.target_isr->empty()) return;
    const bool bump = !state.adding.empty();
    state.adding.clear();
    state.removing.clear();
    write_reassigned(image, tp, std::move(state), std::move(request), bump, records);
}

} // namespace

void reassign(const ClusterImage& image, PartitionId tp, const BrokerList& target,
              Records& records) {
    PartitionState state = image.partition(tp);
    if (state.replicas.empty()) return; // Not created yet.
    if (target.empty()) {
        cancel_reassignment(image, tp, records);
        return;
    }
    for (const std::int32_t broker : target) {
        if (!image.broker(MachineId(broker)).registered) return;
    }
    // PartitionReassignmentReplicas: the target first, behind it whoever has to go in the end.
    const BrokerList current = state.replicas;
    state.adding.clear();
    state.removing.clear();
    for (const std::int32_t broker : target) {
        if (!contains(current, broker)) state.adding.push_back(broker);
    }
    for (const std::int32_t broker : current) {
        if (!contains(target, broker)) state.removing.push_back(broker);
    }
    state.replicas = target;
    state.replicas.insert(state.replicas.end(), state.removing.begin(), state.removing.end());
    if (state == image.partition(tp)) return;
    write_reassigned(image, tp, std::move(state), {}, false, records);
}

/// What an operator does: kafka-reassign-partitions with the same replicas in another order, which
/// is over at once, as nobody comes or goes; then kafka-leader-election for the preferred one.
void move_leader(const ClusterImage& image, PartitionId tp, MachineId to, Records& records) {
    PartitionState state = image.partition(tp);
    const auto at = std::find(state.replicas.begin(), state.replicas.end(), to.value);
    if (at == state.replicas.end()) return;
    if (at != state.replicas.begin()) {
        std::rotate(state.replicas.begin(), at, at + 1);
        ++state.partition_epoch;
        records.push_back(partition_record(tp, state, PartWhy::reassignment, true));
    }
    if (state.leader == to.value || !contains(state.isr, to.value)) return;
    PartitionChangeRequest request;
    request.election = Election::preferred;
    request.min_insync_replicas = image.topics().of(tp).min_insync_replicas;
    request.elr_enabled = image.layout().eligible_leader_replicas;
    const auto decision = decide_partition_change(state, request, [&](std::int32_t broker) {
        return image.broker(MachineId(broker)).active();
    });
    if (!decision || decision->after.leader != to.value) return;
    records.push_back(
        partition_record(tp, decision->after, PartWhy::preferred_election, decision->clean));
}

} // namespace brokersim
