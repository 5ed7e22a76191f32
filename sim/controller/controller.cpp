// One controller process: activation, log, clocks. The requests of brokers are in requests.cpp.
#include "controller/controller.hpp"

#include <algorithm>
#include <utility>

namespace brokersim {

Controller::Controller(MachineId self, const std::string& name, LayoutRef layout,
                       const ServerConfig& config, std::uint64_t seed)
    : self_(self), layout_(layout), config_(config), image_(layout), committed_(layout),
      log_(self, layout, config), liveness_(config.broker_session_timeout),
      metadata_offset_(layout->brokers, 0), shutdown_offset_(layout->brokers, 0),
      phases_(seed, {"controller phases", name}),
      client_(NetworkClientSettings{}, layout->brokers + layout->controllers,
              Stream(seed, {"controller connections", name})) {}

void Controller::settle(In in, const ClusterImage& image, Offset end, Effects& out) {
    image_ = committed_ = image;
    log_.settle(end);
    told_ = standby_end_ = end;
    out.listen(true);
    if (self_ != layout_->controller(0)) {
        follow(in, out);
        return;
    }
    active_ = true;
    epoch_ = 1;
    for (std::size_t k = 0; k < layout_->brokers; ++k) {
        metadata_offset_[k] = end;
        liveness_.touch(MachineId(k), image_.broker(MachineId(k)).epoch, in.now);
    }
    start_clocks(in, true, out);
    rearm(out);
}

void Controller::start(In in, Effects& out) {
    out.listen(true);
    if (self_ == layout_->controller(0)) {
        activate(in, out);
    } else {
        follow(in, out);
    }
    rearm(out);
}

void Controller::crash() {
    active_ = false;
    fetching_ = false;
    waiting_.clear();
    log_.restart();
    liveness_.clear();
    client_ = client_.fresh();
}

/// A lone leader: its log is what there is. Its first act is a record of its own epoch; contacts
/// are stamped first, then the clocks start (semantics §3.7).
void Controller::activate(In in, Effects& out) {
    active_ = true;
    ++epoch_;
    image_ = committed_;
    for (Offset offset = told_; offset < log_.end(); ++offset)
        image_.apply(log_.at(offset));
    out.note(CtlElected{self_, epoch_});
    for (std::size_t k = 0; k < layout_->brokers; ++k) {
        const MachineId broker(k);
        if (image_.broker(broker).registered) {
            liveness_.touch(broker, image_.broker(broker).epoch, in.now);
        }
        metadata_offset_[k] = 0;
    }
    MetadataRecord record;
    record.kind = MetadataRecord::Kind::leader_change;
    record.broker = self_;
    record.epoch = epoch_;
    records_.push_back(std::move(record));
    append(in, records_, true, out);
    start_clocks(in, false, out);
}

/// Each task first runs one period after activation. In a settled cluster the clocks have been
/// running for long: each stands somewhere in its period.
void Controller::start_clocks(In in, bool settled, Effects& out) {
    const auto begin = [&](Timer timer, Duration period) {
        Duration first = period;
        if (settled) first = Duration{phases_.between(1, period.ns)};
        out.arm(TimerSlot{timer}, after(in.now, first));
    };
    begin(fence_timer, config_.broker_session_timeout / 8);
    begin(no_op_timer, config_.metadata_max_idle_interval);
    if (config_.auto_leader_rebalance_enable) {
        begin(preferred_timer, config_.leader_imbalance_check_interval);
    }
    begin(unclean_timer, config_.unclean_leader_election_interval);
}

void Controller::append(In in, Records& records, bool at_once, Effects& out) {
    for (MetadataRecord& record : records) {
        record.cause = out.cause().n;
        image_.apply(record);
    }
    log_.append(in, records, at_once, out);
    commit(in, out);
}

/// What has become committed is told, in order, and whoever waited for it is answered.
void Controller::commit(In, Effects& out) {
    const Cause cause = out.cause();
    for (; told_ < log_.high_watermark(); ++told_) {
        const MetadataRecord& record = log_.at(told_);
        committed_.apply(record);
        out.because(Cause{record.cause});
        tell(record, out);
    }
    while (!waiting_.empty() && waiting_.front().offset <= log_.high_watermark()) {
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
    case MetadataRecord::Kind::partition_change:
        out.note(CtlPart{record.tp,
                         record.leader.valid() ? std::optional(record.leader) : std::nullopt,
                         record.epoch, record.partition_epoch, record.isr, record.elr,
                         record.replicas, record.clean, record.why});
        return;
    }
}

/// An event without records is answered when everything appended before it has been committed.
void Controller::wait(Waiting waiting) {
    waiting.offset = log_.next_offset();
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

void Controller::rearm(Effects& out) {
    const Time log = log_.wake_at();
    if (log != Time::never()) out.arm(TimerSlot{log_timer}, log);
    if (client_.next_deadline() != Time::never()) {
        out.arm(TimerSlot{client_timer}, client_.next_deadline());
    }
}

void Controller::on_timer(In in, TimerSlot timer, Effects& out) {
    const auto again = [&](Duration period) { out.arm(timer, after(in.now, period)); };
    switch (static_cast<Timer>(timer)) {
    case log_timer:
        log_.on_time(in, out);
        commit(in, out);
        break;
    case fence_timer:
        if (active_) fence_stale(in, out);
        break;
    case no_op_timer: {
        if (!active_) break;
        records_.push_back(MetadataRecord{});
        append(in, records_, false, out);
        again(config_.metadata_max_idle_interval);
        break;
    }
    case preferred_timer:
        if (!active_) break;
        again(elect_preferred(image_, 1000, records_) ? milliseconds(10)
                                                      : config_.leader_imbalance_check_interval);
        if (!records_.empty()) out.note(TimerFire{self_, "elect_preferred"});
        append(in, records_, false, out);
        break;
    case unclean_timer:
        if (!active_) break;
        again(elect_unclean(image_, 1000, records_) ? milliseconds(10)
                                                    : config_.unclean_leader_election_interval);
        if (!records_.empty()) out.note(TimerFire{self_, "elect_unclean"});
        append(in, records_, false, out);
        break;
    case client_timer:
        client_.on_time(in, out);
        follow(in, out);
        break;
    }
    rearm(out);
}

// ---- standby: a voter that follows the log ----

void Controller::follow(In in, Effects& out) {
    if (active_ || self_ == layout_->controller(0)) return;
    for (const Failure& failure : client_.failures) {
        if (failure.has_request || !client_.connecting(failure.node)) fetching_ = false;
    }
    client_.failures.clear();
    if (fetching_) return;
    const MachineId leader = layout_->controller(0);
    if (client_.may_send(leader)) {
        FetchMetadataRequest& request = client_.send<FetchMetadataRequest>(
            in, leader, out, config_.controller_quorum_request_timeout);
        request.replica = self_;
        request.voter = true;
        request.offset = standby_end_;
        fetching_ = true;
    } else if (client_.connectable(leader, in.now)) {
        client_.connect(in, leader, out);
    } else if (!client_.connecting(leader)) {
        out.arm(TimerSlot{client_timer}, client_.connectable_at(leader));
    }
}

void Controller::on_fetched(const FetchMetadataResponse& response) {
    fetching_ = false;
    standby_end_ =
        std::max(standby_end_, response.base + static_cast<Offset>(response.records.size()));
}

void Controller::on_connected(In in, ConnId conn, Effects& out) {
    if (client_.owns(conn, out)) client_.on_connected(in, conn, out);
    rearm(out);
}

void Controller::on_refused(In in, ConnId conn, Effects& out) {
    if (client_.owns(conn, out)) client_.on_refused(in, conn, out);
    follow(in, out);
    rearm(out);
}

void Controller::on_lost(In in, ConnId conn, Effects& out) {
    log_.on_lost(conn);
    if (client_.owns(conn, out)) {
        client_.on_lost(in, conn, out);
        follow(in, out);
    }
    rearm(out);
}

} // namespace brokersim
