// The roles of a broker's process together.
#include "cluster/broker_process.hpp"

namespace brokersim {

void BrokerProcess::on_message(In in, const Incoming& incoming, Effects& out) {
    if (broker_.on_message(in, incoming, out)) {
        groups_.on_request(in, incoming, broker_.replicas(), broker_.path(), out);
        broker_.after_request(in, out);
    }
    settle_event(in, out);
}

void BrokerProcess::on_connected(In in, ConnId conn, Effects& out) {
    broker_.on_connected(in, conn, out);
    settle_event(in, out);
}

void BrokerProcess::on_refused(In in, ConnId conn, Effects& out) {
    broker_.on_refused(in, conn, out);
    settle_event(in, out);
}

void BrokerProcess::on_lost(In in, ConnId conn, Effects& out) {
    broker_.on_lost(in, conn, out);
    settle_event(in, out);
}

void BrokerProcess::on_timer(In in, TimerSlot timer, Effects& out) {
    if (timer == groups_timer) {
        armed_ = Time::never();
        groups_.on_timer(in, broker_.replicas(), broker_.path(), out);
    } else {
        broker_.on_timer(in, timer, out);
    }
    settle_event(in, out);
}

void BrokerProcess::start(In in, std::int32_t incarnation, bool clean, Effects& out) {
    groups_.restart();
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
