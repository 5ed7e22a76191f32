// What the metadata log does to a broker; how it starts and what is left when it ends. Kafka:
// BrokerMetadataPublisher, BrokerServer.
#include "broker/broker.hpp"

#include <algorithm>

namespace brokersim {

void Broker::settle(In in, BrokerEpoch epoch, Offset end, const Settled& cluster, Effects& out) {
    brokers_ = cluster.brokers;
    metadata_.settle(end);
    lifecycle_.settle(in, epoch,
                      Duration{phases_.between(0, config_.broker_heartbeat_interval.ns - 1)});
    lifecycle_.set_metadata_offset(end);
    fetchers_.set_broker_epoch(epoch);
    settle_replicas(in, cluster, out);
}

void Broker::settle_replicas(In in, const Settled& cluster, Effects& out) {
    incarnation_ = 1;
    views_.settle(cluster.views);
    for (const PartitionId tp : cluster.replicas[self_.index()])
        local_.emplace_hint(local_.end(), tp, cluster.partitions[tp.index()]);
    arm(lag_timer, in.now + Duration{phases_.between(1, config_.replica_lag_time_max.ns / 2)}, out);
    arm_housekeeping(
        in.now + Duration{phases_.between(1, config_.log_retention_check_interval.ns)},
        after(in.now, Duration{phases_.between(1, config_.log_flush_scheduler_interval.ns)}), out);
    serving_ = true;
    out.listen(true);
    publish(in, out);
    work_ = all_work;
}

/// Looks for old segments and unflushed logs, from some time after the start on (Kafka:
/// log.initial.task.delay.ms).
void Broker::arm_housekeeping(Time first_retention, Time first_flush, Effects& out) {
    arm(retention_timer, first_retention, out);
    if (config_.log_flush_scheduler_interval == Duration::max()) return;
    arm(flush_timer, first_flush, out);
}

void Broker::start(In in, std::int32_t incarnation, bool clean, Effects& out) {
    replicas_.tell_lost_tails(in, out);
    incarnation_ = incarnation;
    producer_ids_ = std::int64_t{incarnation} * 1'000'000;
    serving_ = published_ = false;
    out.listen(false); // The listeners take requests only once the broker is unfenced.
    begins_ = in.now + start_up_.draw(start_ups_);
    if (layout_->zookeeper()) {
        forget_metadata();
        orders_.start(in.now);
        shutdown_.start();
    } else {
        metadata_.start(in, begins_);
        lifecycle_.start(begins_, incarnation);
    }
    isr_.start();
    fetchers_.restart();
    unchecked_ = clean ? 0 : replicas_.unflushed_bytes();
    logs_ready_ = Time::never();
    if (!replicas_.disk().stalled()) load_logs(in, out);
    work_ = all_work;
}

/// The disk answers: from here on it is known when the logs will be ready.
void Broker::load_logs(In in, Effects& out) {
    constexpr Duration initial_task_delay = seconds(30);
    logs_ready_ = std::max(in.now, begins_) + replicas_.disk().read_time(unchecked_);
    arm(lag_timer, logs_ready_ + config_.replica_lag_time_max / 2, out);
    arm_housekeeping(logs_ready_ + initial_task_delay, logs_ready_ + initial_task_delay, out);
    if (logs_ready_ > in.now) arm(apply_timer, logs_ready_, out);
}

void Broker::crash(Time now, DownHow how, Messages& messages) {
    for (const auto& [packet, stage] : stalled_)
        messages.free(packet);
    stalled_.clear();
    path_.stop(messages);
    replicas_.restart(now, how, messages);
    fetchers_.restart();
    orders_.crash();
    if (how == DownHow::disk) lifecycle_.lose_disk();
    coordinator_turns.clear();
    turned_.clear();
    work_ = 0;
    serving_ = published_ = false;
    armed_.fill(Time::never());
}

void Broker::apply_metadata(In in, Effects& out) {
    if (metadata_.apply_at() <= in.now) {
        metadata_.taken();
        const Cause cause = out.cause();
        // What became visible in one step is one delta: the states of brokers first, then of each
        // partition the last (Kafka: MetadataDelta, ReplicaManager.applyDelta).
        batch_.clear();
        MetadataRecord record;
        while (metadata_.take(record)) {
            apply_broker(record);
            if (record.config) apply_config(in, *record.config, out);
            batch_.push_back(std::move(record));
        }
        std::map<PartitionId, std::size_t> last;
        for (std::size_t k = 0; k < batch_.size(); ++k) {
            if (batch_[k].kind == MetadataRecord::Kind::partition_change) last[batch_[k].tp] = k;
        }
        for (std::size_t k = 0; k < batch_.size(); ++k) {
            const auto at = last.find(batch_[k].tp);
            if (at == last.end() || at->second != k) continue;
            out.because(batch_[k].cause == 0 ? cause : Cause{batch_[k].cause});
            apply_partition_record(in, batch_[k], out);
        }
        out.because(cause);
        if (published_) replicas_.applied(in, path_, out);
        lifecycle_.set_metadata_offset(metadata_.applied());
        work_ |= all_work;
    }
    if (!published_ && metadata_.caught_up() && logs_ready_ <= in.now) {
        const Time look = next_look(in.now);
        if (look > in.now) {
            arm(apply_timer, look, out);
        } else {
            publish(in, out);
            lifecycle_.set_ready(in);
            work_ |= all_work;
        }
    }
    arm(apply_timer, metadata_.apply_at(), out);
}

/// Whether everything is there for the first image is looked at every 100 ms (MetadataLoader).
Time Broker::next_look(Time now) const {
    constexpr Duration period = milliseconds(100);
    const Duration since = std::max(Duration{}, now - begins_);
    const std::int64_t looks = (since.ns + period.ns - 1) / period.ns;
    return begins_ + Duration{looks * period.ns};
}

void Broker::apply_broker(const MetadataRecord& record) {
    switch (record.kind) {
    case MetadataRecord::Kind::no_op:
    case MetadataRecord::Kind::leader_change:
    case MetadataRecord::Kind::partition_change: return;
    case MetadataRecord::Kind::config: return;
    case MetadataRecord::Kind::register_broker:
        brokers_[record.broker.index()] = {true, false, record.broker_epoch};
        break;
    case MetadataRecord::Kind::fence_broker: brokers_[record.broker.index()].fenced = true; break;
    case MetadataRecord::Kind::unfence_broker:
        brokers_[record.broker.index()].fenced = false;
        break;
    case MetadataRecord::Kind::controlled_shutdown:
        brokers_[record.broker.index()].stopping = true;
        break;
    }
    if (published_) replicas_.broker(record.broker) = brokers_[record.broker.index()];
}

void Broker::apply_config(In in, const ConfigChange& change, Effects& out) {
    const bool mine =
        change.topic.valid() ||
        std::find(change.brokers.begin(), change.brokers.end(), self_) != change.brokers.end();
    if (!mine) return;
    for (const NewSetting<ServerConfig>& setting : change.server)
        setting.set(config_);
    replicas_.configure(change, config_);
    path_.configure(in, config_, out);
}

void Broker::apply_partition_record(In in, const MetadataRecord& record, Effects& out) {
    views_.set(record.tp, {record.leader, record.epoch});
    if (std::find(record.replicas.begin(), record.replicas.end(), self_) == record.replicas.end()) {
        if (local_.erase(record.tp) > 0 && published_) drop_partition(in, record.tp, out);
        return;
    }
    PartitionRegistration& state = local_[record.tp];
    state.leader = record.leader;
    state.leader_epoch = record.epoch;
    state.partition_epoch = record.partition_epoch;
    state.recovering = record.recovering;
    state.replicas = record.replicas;
    state.isr = record.isr;
    if (published_) apply_partition(in, record.tp, state, out);
}

/// With eligible leader replicas, before its own registration has reached it, what the log says it
/// leads is the process before: this one may have lost something, and will be taken out of these
/// ISRs as it registers. Kafka's would take it up, though nobody could reach it (docs/model.md).
bool Broker::leads_only_by_name() const {
    return layout_->eligible_leader_replicas &&
           (lifecycle_.epoch() < 0 || brokers_[self_.index()].epoch != lifecycle_.epoch());
}

/// Kafka: ReplicaManager.stopPartitions, with deletion.
void Broker::drop_partition(In in, PartitionId tp, Effects& out) {
    const std::int32_t number = replicas_.number_of(tp);
    if (number < 0) return;
    replicas_.drop(in, tp, out);
    turned_.push_back(static_cast<std::uint32_t>(number));
}

/// The first image after a start: all replicas at once.
void Broker::publish(In in, Effects& out) {
    published_ = true;
    for (std::size_t k = 0; k < brokers_.size(); ++k)
        replicas_.broker(MachineId(k)) = brokers_[k];
    // Logs of partitions that were taken from this broker while it was away (LogManager: stray).
    std::vector<PartitionId> stray;
    for (const Partition& partition : replicas_.partitions()) {
        if (!local_.contains(partition.tp())) stray.push_back(partition.tp());
    }
    for (const PartitionId tp : stray)
        drop_partition(in, tp, out);
    const Cause cause = out.cause();
    for (const auto& [tp, state] : local_) {
        out.because(cause);
        apply_partition(in, tp, state, out);
    }
    out.because(cause);
    replicas_.applied(in, path_, out);
}

void Broker::apply_partition(In in, PartitionId tp, const PartitionRegistration& state,
                             Effects& out) {
    if (state.leader == self_ && leads_only_by_name()) return;
    const std::int32_t before = replicas_.number_of(tp);
    const bool led =
        before >= 0 && replicas_.partitions()[static_cast<std::size_t>(before)].leads();
    const std::int32_t turned = replicas_.apply(in, tp, state, out);
    const std::int32_t number = replicas_.number_of(tp);
    const Partition& partition = replicas_.partitions()[static_cast<std::size_t>(number)];
    const bool leaves = lifecycle_.state() == Lifecycle::State::stopping &&
                        (!partition.leader().valid() || !partition.in_isr(self_));
    if (turned >= 0 || leaves) turned_.push_back(static_cast<std::uint32_t>(number));
    if (layout_->topic(tp).internal && (turned >= 0 || led != partition.leads())) {
        coordinator_turns.push_back({tp, partition.leads(), partition.leader_epoch()});
    }
}

/// Fetching of the partitions that turned is stopped, and begun anew at their leaders. A broker in
/// its own controlled shutdown no longer fetches what it has left (semantics §2.12).
void Broker::turn_fetchers(In in, Effects& out) {
    for (const std::uint32_t number : turned_) {
        const Partition& partition = replicas_.partitions()[number];
        const bool leaves =
            lifecycle_.state() == Lifecycle::State::stopping && !partition.in_isr(self_);
        fetchers_.follow(in, number, replicas_, !leaves, out);
    }
    turned_.clear();
    work_ |= fetchers_work;
}

} // namespace brokersim
