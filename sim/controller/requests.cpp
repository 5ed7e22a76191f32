// What brokers ask of the active controller: registration, heartbeats, ISR changes.
#include "controller/controller.hpp"

#include <algorithm>
#include <utility>

namespace brokersim {

/// Only the active controller does; any other says so.
template <class Response>
bool Controller::serves(const Incoming& incoming, Effects& out) {
    if (!active_) out.send<Response>(incoming.conn).error = Error::not_controller;
    return active_;
}

void Controller::on_message(In in, const Incoming& incoming, Effects& out) {
    switch (incoming.kind) {
    case kind_of<ApiVersionsRequest>: out.send<ApiVersionsResponse>(incoming.conn); break;
    case kind_of<BrokerRegistrationRequest>:
        if (serves<BrokerRegistrationResponse>(incoming, out)) on_registration(in, incoming, out);
        break;
    case kind_of<BrokerHeartbeatRequest>:
        if (serves<BrokerHeartbeatResponse>(incoming, out)) on_heartbeat(in, incoming, out);
        break;
    case kind_of<AlterPartitionRequest>:
        if (serves<AlterPartitionResponse>(incoming, out)) on_alter_partition(in, incoming, out);
        break;
    default: raft_.on_message(in, incoming, out); break;
    }
    after_event(in, out);
}

/// ClusterControlManager.registerBroker (semantics §3.3).
void Controller::on_registration(In in, const Incoming& incoming, Effects& out) {
    const BrokerRegistrationRequest& request = out.body<BrokerRegistrationRequest>(incoming);
    Waiting waiting;
    waiting.conn = incoming.conn;
    waiting.api = Api::broker_registration;
    const BrokerRegistration& known = image_.broker(request.broker);
    if (known.registered && known.incarnation != request.incarnation &&
        liveness_.has_valid_session(request.broker, known.epoch, in.now)) {
        waiting.registration.error = Error::duplicate_broker_registration;
    } else if (known.registered && known.incarnation == request.incarnation) {
        // Asked again, or an answer that was lost: it keeps what it has.
        waiting.registration.broker_epoch = known.epoch;
        hear_of(in, request.broker);
    } else {
        register_broker(image_, request.broker, request.incarnation,
                        request.previous_epoch == known.epoch, raft_.next_offset(), records_);
        waiting.registration.broker_epoch = records_.back().broker_epoch;
        metadata_offset_[request.broker.index()] = 0;
        append(in, records_, out);
        hear_of(in, request.broker);
    }
    waiting.cause = out.cause();
    wait(std::move(waiting));
}

/// A contact, once what it led to is decided.
void Controller::hear_of(In in, MachineId broker) {
    const BrokerRegistration& known = image_.broker(broker);
    liveness_.touch(broker, known.epoch, in.now);
    if (known.fenced) liveness_.on_fenced(broker);
}

bool Controller::others_caught_up(MachineId broker, Offset offset) const {
    for (std::size_t k = 0; k < layout_->brokers; ++k) {
        if (MachineId(k) == broker || !image_.broker(MachineId(k)).active()) continue;
        if (metadata_offset_[k] < offset) return false;
    }
    return true;
}

/// BrokerHeartbeatManager and the table of semantics §3.4.
void Controller::on_heartbeat(In in, const Incoming& incoming, Effects& out) {
    const BrokerHeartbeatRequest request = out.body<BrokerHeartbeatRequest>(incoming);
    Waiting waiting;
    waiting.conn = incoming.conn;
    waiting.api = Api::broker_heartbeat;
    const BrokerRegistration& broker = image_.broker(request.broker);
    if (!broker.registered || broker.epoch != request.broker_epoch) {
        waiting.heartbeat.error = Error::stale_broker_epoch;
        waiting.cause = out.cause();
        answer(waiting, out);
        return;
    }
    const std::size_t at = request.broker.index();
    metadata_offset_[at] = std::max(metadata_offset_[at], request.metadata_offset);
    HeartbeatFacts facts;
    facts.fenced = broker.fenced;
    facts.stopping = broker.stopping;
    facts.want_fence = request.want_fence;
    facts.want_shutdown = request.want_shutdown;
    facts.caught_up = request.metadata_offset > broker.epoch;
    facts.leads_anything =
        (request.want_shutdown || broker.stopping) && image_.leads_anything(request.broker);
    facts.others_caught_up = others_caught_up(request.broker, shutdown_offset_[at]);
    const BrokerNext next = next_broker_state(facts);
    const bool was_fenced = broker.fenced;
    switch (next) {
    case BrokerNext::fenced:
        if (!was_fenced) fence_broker(image_, request.broker, "wanted", PartWhy::fenced, records_);
        break;
    case BrokerNext::unfenced:
        if (was_fenced) unfence_broker(image_, request.broker, records_);
        break;
    case BrokerNext::controlled_shutdown:
        if (!facts.stopping) begin_controlled_shutdown(image_, request.broker, records_);
        break;
    case BrokerNext::shut_down:
        if (!was_fenced) {
            fence_broker(image_, request.broker, "shut_down", PartWhy::controlled_shutdown,
                         records_);
        }
        break;
    }
    append(in, records_, out);
    hear_of(in, request.broker);
    if (next == BrokerNext::controlled_shutdown && !facts.stopping) {
        shutdown_offset_[at] = raft_.next_offset();
    }
    waiting.heartbeat.is_caught_up = facts.caught_up;
    waiting.heartbeat.is_fenced = next == BrokerNext::fenced || next == BrokerNext::shut_down;
    waiting.heartbeat.should_shut_down = next == BrokerNext::shut_down;
    waiting.cause = out.cause();
    wait(std::move(waiting));
}

/// ReplicationControlManager.alterPartition (semantics §3.6).
void Controller::on_alter_partition(In in, const Incoming& incoming, Effects& out) {
    const AlterPartitionRequest& request = out.body<AlterPartitionRequest>(incoming);
    Waiting waiting;
    waiting.conn = incoming.conn;
    waiting.api = Api::alter_partition;
    waiting.cause = out.cause();
    if (image_.broker(request.broker).epoch != request.broker_epoch) {
        waiting.alter.error = Error::stale_broker_epoch;
        answer(waiting, out);
        return;
    }
    for (const AlterPartitionRequest::Part& part : request.parts) {
        Records change;
        const Error error = alter_partition(image_, request.broker, request, part, change);
        append(in, change, out);
        AlterPartitionResponse::Part reply;
        reply.tp = part.tp;
        reply.error = error;
        if (error == Error::none) {
            const PartitionState& state = image_.partition(part.tp);
            reply.leader = MachineId(state.leader);
            reply.leader_epoch = state.leader_epoch;
            reply.partition_epoch = state.partition_epoch;
            reply.isr_begin = static_cast<std::uint32_t>(waiting.alter.isr.size());
            for (const std::int32_t member : state.isr)
                waiting.alter.isr.emplace_back(member);
            reply.isr_end = static_cast<std::uint32_t>(waiting.alter.isr.size());
        }
        waiting.alter.parts.push_back(reply);
    }
    waiting.cause = out.cause();
    wait(std::move(waiting));
}

void Controller::move_leader(In in, PartitionId tp, MachineId to, Effects& out) {
    if (active_) {
        brokersim::move_leader(image_, tp, to, records_);
        append(in, records_, out);
    }
    after_event(in, out);
}

void Controller::reassign(In in, PartitionId tp, const BrokerList& target, Effects& out) {
    if (active_) {
        brokersim::reassign(image_, tp, target, records_);
        append(in, records_, out);
    }
    after_event(in, out);
}

void Controller::set_config(In in, std::shared_ptr<const ConfigChange> change, Effects& out) {
    if (active_) {
        MetadataRecord& record = records_.emplace_back();
        record.kind = MetadataRecord::Kind::config;
        record.config = std::move(change);
        append(in, records_, out);
    }
    after_event(in, out);
}

/// maybeFenceStaleBroker: one expired session per run; again after 10 ms if there was one, in 3.9
/// at the next end of a session.
void Controller::fence_stale(In in, Effects& out) {
    MachineId broker;
    BrokerEpoch epoch = -1;
    const bool found = liveness_.take_expired(in.now, broker, epoch);
    if (layout_->rules.fences_at_session_end) {
        fence_at_ = Time::never(); // Of the timer that has just fired.
    } else {
        const Duration pause = found ? milliseconds(10) : config_.broker_session_timeout / 8;
        out.arm(TimerSlot{fence_timer}, after(in.now, pause));
    }
    if (!found) return;
    if (image_.broker(broker).epoch != epoch) return; // An older incarnation's: fences nothing.
    out.note(TimerFire{self_, "fence_stale_broker"});
    fence_broker(image_, broker, "session_timeout", PartWhy::fenced, records_);
    append(in, records_, out);
}

} // namespace brokersim
