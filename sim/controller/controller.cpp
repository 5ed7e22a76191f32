// One controller process: activation, log, clocks. The requests of brokers are in requests.cpp.
#include "controller/controller.hpp"

#include <algorithm>
#include <utility>

namespace brokersim {

namespace {

// From the stamping of contacts to the start of the clocks; measured on a real cluster by the
// fencing of brokers that died with the controller (docs/model.md).
constexpr Duration activation_min = milliseconds(10);
constexpr Duration activation_max = milliseconds(40);

} // namespace

Controller::Controller(MachineId self, const std::string& name, LayoutRef layout,
                       const ServerConfig& config, std::uint64_t seed)
    : self_(self), layout_(layout), config_(config), raft_(self, layout, config, seed, name),
      image_(layout), committed_(layout), liveness_(config.broker_session_timeout, layout->rules),
      metadata_offset_(layout->brokers, 0), shutdown_offset_(layout->brokers, 0),
      phases_(seed, {"controller phases", name}) {}

void Controller::settle(In in, const ClusterImage& image, Offset end, Effects& out) {
    image_ = committed_ = image;
    applied_ = end;
    out.listen(true);
    raft_.settle(in, layout_->controller(0), end, out);
    if (raft_.leads()) {
        active_ = true;
        claimed_ = raft_.epoch();
        for (std::size_t k = 0; k < layout_->brokers; ++k) {
            metadata_offset_[k] = end;
            liveness_.touch(MachineId(k), image_.broker(MachineId(k)).epoch, in.now);
        }
        start_clocks(in, true, out);
    }
    after_event(in, out);
}

void Controller::start(In in, Effects& out) {
    out.listen(true);
    raft_.start(in, out);
    after_event(in, out);
}

/// A leader hands over before it goes.
void Controller::stop(In in, Effects& out) {
    raft_.shut_down(in, out);
    after_event(in, out);
}

void Controller::crash() {
    active_ = false;
    waiting_.clear();
    raft_.crash();
    liveness_.clear();
    fence_at_ = Time::never();
    preferred_due_ = unclean_due_ = false;
}

/// What the quorum has made of the event: commits, a leadership won or lost, an end.
void Controller::after_event(In in, Effects& out) {
    if (active_ && (!raft_.leads() || raft_.epoch() != claimed_)) renounce(out);
    tell_log(out);
    commit(out);
    if (!active_ && raft_.leads() && raft_.high_watermark() > raft_.epoch_start()) {
        activate(in, out);
    }
    if (active_ && to_create_) create_topics(in, out);
    if (active_) schedule_by_state(in, out);
    const Time wake = raft_.wake_at();
    if (wake != Time::never()) out.arm(TimerSlot{raft_timer}, wake);
    if (raft_.may_end(in.now)) out.exit();
}

void Controller::tell_log(Effects& out) {
    const Offset end = raft_.log().end();
    const Offset hw = raft_.high_watermark();
    if (end == told_end_ && hw == told_hw_) return;
    // The fault handler ends a controller that cannot write its log (KafkaRaftServer).
    if (disk_full_ && end > told_end_) out.crash(std::nullopt);
    told_end_ = end;
    told_hw_ = hw;
    out.note_aside(CtlLog{self_, end, hw});
}

/// Contacts are stamped first, then the clocks start (semantics §3.7).
void Controller::activate(In in, Effects& out) {
    active_ = true;
    claimed_ = raft_.epoch();
    image_ = committed_;
    for (Offset offset = applied_; offset < raft_.log().end(); ++offset)
        image_.apply(raft_.log().at(offset));
    liveness_.clear();
    for (std::size_t k = 0; k < layout_->brokers; ++k) {
        const MachineId broker(k);
        const BrokerRegistration& known = image_.broker(broker);
        if (known.registered && (!known.fenced || layout_->rules.failover_renews_fenced)) {
            liveness_.touch(broker, known.epoch, in.now);
        }
        metadata_offset_[k] = 0;
    }
    start_clocks(in, false, out);
}

void Controller::create_topics(In in, Effects& out) {
    if (image_.partition_count() == 0 || !image_.partition(PartitionId(0)).replicas.empty()) {
        to_create_ = nullptr; // Another has done it.
        return;
    }
    for (std::size_t k = 0; k < layout_->first_brokers(); ++k) {
        if (!image_.broker(MachineId(k)).active()) return;
    }
    for (std::size_t k = 0; k < to_create_->size(); ++k) {
        const auto state = created_partition((*to_create_)[k], [&](std::int32_t broker) {
            return image_.broker(MachineId(broker)).active();
        });
        if (!state) continue;
        records_.push_back(partition_record(PartitionId(k), *state, PartWhy::created, true));
    }
    to_create_ = nullptr;
    append(in, records_, out);
}

/// Another leads now: whoever waits has to ask there. What was decided here and not committed may
/// be lost, or not: only the log will tell.
void Controller::renounce(Effects& out) {
    active_ = false;
    const Cause cause = out.cause();
    for (Waiting& waiting : waiting_) {
        waiting.registration.error = Error::not_controller;
        waiting.heartbeat.error = Error::not_controller;
        waiting.alter.clear();
        waiting.alter.error = Error::not_controller;
        out.because(waiting.cause);
        answer(waiting, out);
    }
    out.because(cause);
    waiting_.clear();
    stop_clocks(out);
}

/// Each task first runs one period after activation is complete, a little after the contacts were
/// stamped: a broker that died with the old controller is found by the eighth look. In a settled
/// cluster the clocks have been running for long: each stands somewhere in its period.
void Controller::start_clocks(In in, bool settled, Effects& out) {
    const Duration complete{settled ? 0 : phases_.between(activation_min.ns, activation_max.ns)};
    const auto begin = [&](Timer timer, Duration period) {
        Duration first = period;
        if (settled) first = Duration{phases_.between(1, period.ns)};
        out.arm(TimerSlot{timer}, after(in.now + complete, first));
    };
    const ReleaseRules& rules = layout_->rules;
    if (!rules.fences_at_session_end) begin(fence_timer, config_.broker_session_timeout / 8);
    begin(no_op_timer, config_.metadata_max_idle_interval);
    if (rules.elections_wait_for_imbalance) return;
    if (config_.auto_leader_rebalance_enable) begin(preferred_timer, interval(preferred_timer));
    begin(unclean_timer, interval(unclean_timer));
}

void Controller::stop_clocks(Effects& out) {
    for (const Timer timer : {fence_timer, no_op_timer, preferred_timer, unclean_timer})
        out.disarm(TimerSlot{timer});
    fence_at_ = Time::never();
    preferred_due_ = unclean_due_ = false;
}

Duration Controller::interval(Timer timer) const {
    return timer == preferred_timer ? config_.leader_imbalance_check_interval
                                    : config_.unclean_leader_election_interval;
}

/// 3.9 has no clocks for these: the end of a session wakes it, and an imbalance or a partition
/// without leader starts an interval.
void Controller::schedule_by_state(In in, Effects& out) {
    const ReleaseRules& rules = layout_->rules;
    if (rules.fences_at_session_end && liveness_.next_expiry() != fence_at_) {
        fence_at_ = liveness_.next_expiry();
        if (fence_at_ == Time::never()) {
            out.disarm(TimerSlot{fence_timer});
        } else {
            out.arm(TimerSlot{fence_timer}, std::max(fence_at_, in.now));
        }
    }
    if (!rules.elections_wait_for_imbalance) return;
    const auto schedule = [&](Timer timer, bool needed, bool& due) {
        if (due || !needed) return;
        due = true;
        out.arm(TimerSlot{timer}, after(in.now, interval(timer)));
    };
    schedule(preferred_timer, config_.auto_leader_rebalance_enable && !image_.imbalanced().empty(),
             preferred_due_);
    schedule(unclean_timer, !image_.leaderless().empty(), unclean_due_);
}

/// The periodic elections; again at once if one run was not enough.
void Controller::elect(In in, Timer timer, Effects& out) {
    const bool preferred = timer == preferred_timer;
    const bool more =
        preferred ? elect_preferred(image_, 1000, records_) : elect_unclean(image_, 1000, records_);
    bool& due = preferred ? preferred_due_ : unclean_due_;
    due = more;
    if (more) {
        out.arm(TimerSlot{timer}, in.now + milliseconds(10));
    } else if (!layout_->rules.elections_wait_for_imbalance) {
        out.arm(TimerSlot{timer}, after(in.now, interval(timer)));
    }
    if (!records_.empty()) {
        out.note(TimerFire{self_, preferred ? "elect_preferred" : "elect_unclean"});
    }
    append(in, records_, out);
}

void Controller::append(In in, Records& records, Effects& out) {
    for (MetadataRecord& record : records) {
        record.cause = out.cause().n;
        image_.apply(record);
    }
    raft_.append(in, records, false, out);
}

/// What has become committed is applied and told, in order, and whoever waited for it is answered.
void Controller::commit(Effects& out) {
    const Cause cause = out.cause();
    for (; applied_ < raft_.high_watermark(); ++applied_) {
        const MetadataRecord& record = raft_.log().at(applied_);
        committed_.apply(record);
        if (!out.contents().tell_metadata_once(applied_)) continue;
        out.because(Cause{record.cause});
        tell(record, out);
    }
    while (!waiting_.empty() && waiting_.front().offset <= raft_.high_watermark()) {
        const Waiting waiting = std::move(waiting_.front());
        waiting_.pop_front();
        out.because(waiting.cause);
        answer(waiting, out);
    }
    out.because(cause);
}

void Controller::tell(const MetadataRecord& record, Effects& out) {
    switch (record.kind) {
    case MetadataRecord::Kind::no_op:
    case MetadataRecord::Kind::leader_change: return;
    case MetadataRecord::Kind::register_broker:
        out.note(
            CtlBroker{record.broker, BrokerState::registered, record.broker_epoch, record.reason});
        return;
    case MetadataRecord::Kind::fence_broker:
        out.note(CtlBroker{record.broker, BrokerState::fenced, record.broker_epoch, record.reason});
        return;
    case MetadataRecord::Kind::unfence_broker:
        out.note(
            CtlBroker{record.broker, BrokerState::unfenced, record.broker_epoch, record.reason});
        return;
    case MetadataRecord::Kind::controlled_shutdown:
        out.note(
            CtlBroker{record.broker, BrokerState::stopping, record.broker_epoch, record.reason});
        return;
    case MetadataRecord::Kind::partition_change: out.note(partition_fact(record)); return;
    case MetadataRecord::Kind::config: tell_config(*record.config, out); return;
    }
}

/// A topic's settings as the committed image has them now. Brokers' own are in no line.
void Controller::tell_config(const ConfigChange& change, Effects& out) const {
    if (!change.topic.valid()) return;
    const Layout::Topic& topic = layout_->topic(change.topic);
    const TopicConfig& config = committed_.topics().of(change.topic);
    const auto& first = committed_.partition(topic.first);
    out.note(TopicChanged{change.topic, topic.partitions,
                          static_cast<std::int32_t>(first.replicas.size()),
                          config.min_insync_replicas, config.unclean_leader_election_enable});
}

/// An event without records is answered when everything appended before it has been committed.
void Controller::wait(Waiting waiting) {
    waiting.offset = raft_.next_offset();
    waiting_.push_back(std::move(waiting));
}

void Controller::answer(const Waiting& waiting, Effects& out) {
    if (!out.open(waiting.conn)) return;
    switch (waiting.api) {
    case Api::broker_registration:
        out.send<BrokerRegistrationResponse>(waiting.conn) = waiting.registration;
        return;
    case Api::broker_heartbeat:
        out.send<BrokerHeartbeatResponse>(waiting.conn) = waiting.heartbeat;
        return;
    default: out.send<AlterPartitionResponse>(waiting.conn) = waiting.alter; return;
    }
}

void Controller::on_timer(In in, TimerSlot timer, Effects& out) {
    switch (static_cast<Timer>(timer)) {
    case raft_timer: raft_.on_time(in, out); break;
    case fence_timer:
        if (active_) fence_stale(in, out);
        break;
    case no_op_timer: {
        if (!active_) break;
        records_.push_back(MetadataRecord{});
        append(in, records_, out);
        out.arm(timer, after(in.now, config_.metadata_max_idle_interval));
        break;
    }
    case preferred_timer:
    case unclean_timer:
        if (active_) elect(in, static_cast<Timer>(timer), out);
        break;
    }
    after_event(in, out);
}

void Controller::on_connected(In in, ConnId conn, Effects& out) {
    raft_.on_connected(in, conn, out);
    after_event(in, out);
}

void Controller::on_refused(In in, ConnId conn, Effects& out) {
    raft_.on_refused(in, conn, out);
    after_event(in, out);
}

void Controller::on_lost(In in, ConnId conn, Effects& out) {
    raft_.on_lost(in, conn, out);
    after_event(in, out);
}

} // namespace brokersim
