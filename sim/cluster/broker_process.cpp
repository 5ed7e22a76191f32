// The roles of a broker's process together.
#include "cluster/broker_process.hpp"

namespace brokersim {

void BrokerProcess::on_message(In in, const Incoming& incoming, Effects& out) {
    if (controller_ && is_response(incoming.kind) && controller_->takes(incoming, out)) {
        controller_->on_response(in, incoming, out);
    } else if (broker_.on_message(in, incoming, out)) {
        if (incoming.api == Api::alter_partition) {
            controller_->on_alter_partition(in, incoming, broker_.path(), out);
        } else if (incoming.api == Api::controlled_shutdown) {
            controller_->on_controlled_shutdown(in, incoming, broker_.path(), out);
        } else {
            groups_.on_request(in, incoming, broker_.replicas(), broker_.path(), out);
        }
        if (incoming.stage != own_stage) broker_.after_request(in, out);
    }
    settle_event(in, out);
}

void BrokerProcess::on_connected(In in, ConnId conn, Effects& out) {
    if (controller_ && controller_->owns(conn, out)) {
        controller_->on_connected(in, conn, out);
    } else {
        broker_.on_connected(in, conn, out);
    }
    settle_event(in, out);
}

void BrokerProcess::on_refused(In in, ConnId conn, Effects& out) {
    if (controller_ && controller_->owns(conn, out)) {
        controller_->on_refused(in, conn, out);
    } else {
        broker_.on_refused(in, conn, out);
    }
    settle_event(in, out);
}

void BrokerProcess::on_lost(In in, ConnId conn, Effects& out) {
    if (controller_ && controller_->owns(conn, out)) {
        controller_->on_lost(in, conn, out);
    } else {
        broker_.on_lost(in, conn, out);
    }
    settle_event(in, out);
}

void BrokerProcess::on_timer(In in, TimerSlot timer, Effects& out) {
    if (timer == groups_timer) {
        armed_ = Time::never();
        groups_.on_timer(in, broker_.replicas(), broker_.path(), out);
    } else if (static_cast<std::uint32_t>(timer) >= first_controller_timer) {
        controller_->on_timer(in, timer, out);
    } else {
        broker_.on_timer(in, timer, out);
    }
    settle_event(in, out);
}

void BrokerProcess::start(In in, std::int32_t incarnation, bool clean, Effects& out) {
    groups_.restart();
    if (controller_) controller_->start(in, incarnation);
    broker_.start(in, incarnation, clean, out);
    settle_event(in, out);
}

void BrokerProcess::stop(In in, Effects& out) {
    broker_.stop(in, out);
    settle_event(in, out);
}

void BrokerProcess::disk_goes_on(In in, Effects& out) {
    broker_.disk_goes_on(in, out);
    settle_event(in, out);
}

void BrokerProcess::crash(Time now, DownHow how, Messages& messages) {
    broker_.crash(now, how, messages);
    groups_.restart();
    if (controller_) controller_->crash();
    armed_ = Time::never();
}

void BrokerProcess::settle_event(In in, Effects& out) {
    if (!broker_.coordinator_turns.empty() || !broker_.replicas().internal_moves.empty())
        [[unlikely]] {
        settle_groups(in, out);
    }
    const Time deadline = groups_.next_deadline();
    if (deadline < armed_) [[unlikely]] {
        armed_ = deadline;
        out.arm(groups_timer, deadline);
    }
    broker_.run(in, out);
    if (controller_) run_controller(in, out);
}

/// The broker's node is made when its logs are loaded, and goes when it has been let go.
void BrokerProcess::run_controller(In in, Effects& out) {
    if (broker_.loaded(in.now)) controller_->set_ready();
    if (broker_.may_leave()) controller_->close(in, out);
    controller_->run(in, broker_.path(), out);
    if (controller_->broker_epoch() >= 0) broker_.registered(controller_->broker_epoch(), out);
}

/// A committed write of a coordinator may answer a member, and that may lead to the next write.
void BrokerProcess::settle_groups(In in, Effects& out) {
    ReplicaManager& replicas = broker_.replicas();
    while (!broker_.coordinator_turns.empty() || !replicas.internal_moves.empty()) {
        const Cause cause = out.cause();
        std::vector<CoordinatorTurn> turns;
        turns.swap(broker_.coordinator_turns);
        for (const CoordinatorTurn& turn : turns) {
            groups_.on_leadership(in, turn.tp, turn.leads, turn.epoch, replicas, broker_.path(),
                                  out);
            out.because(cause);
        }
        std::vector<PartitionId> moves;
        moves.swap(replicas.internal_moves);
        for (const PartitionId tp : moves) {
            groups_.on_high_watermark(in, tp, replicas, broker_.path(), out);
            out.because(cause);
        }
    }
}

} // namespace brokersim
