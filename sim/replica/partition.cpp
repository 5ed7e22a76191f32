// One replica of a partition: roles, appends, high watermark. Its ISR is kept in isr.cpp.
#include "replica/partition.hpp"

#include "engine/assert.hpp"

#include <algorithm>

namespace brokersim {

bool Partition::apply(In in, const PartitionRegistration& state,
                      const std::vector<BrokerView>& brokers, Effects& out) {
    if (state.partition_epoch < state_.partition_epoch) return false;
    retired_ = false;
    const bool same = state.partition_epoch == state_.partition_epoch && role_ != Role::none;
    const bool new_epoch = state.leader_epoch > state_.leader_epoch || role_ == Role::none;
    const bool led_before = role_ == Role::leader;
    if (!same || new_epoch) {
        state_ = state;
        pending_ = false; // The metadata overrides what was asked for.
        const bool leads_now = state_.leader == in.self;
        role_ = leads_now ? Role::leader : Role::follower;
        if (new_epoch || leads_now) {
            out.note_aside(MetaSeen{
                in.self, tp_, state_.leader.valid() ? std::optional(state_.leader) : std::nullopt,
                state_.leader_epoch, state_.partition_epoch});
        }
        if (leads_now) become_leader(in, new_epoch, led_before);
        if (!leads_now) remotes_.clear();
    }
    if (role_ == Role::leader) advance_high_watermark(in, brokers, out);
    return new_epoch;
}

/// Partition.makeLeader: ISR members get a full lag period of grace.
void Partition::become_leader(In in, bool new_epoch, bool led_before) {
    std::vector<RemoteReplica> before = std::move(remotes_);
    remotes_.clear();
    if (new_epoch) {
        epoch_start_ = log_.end();
        log_.assign_epoch(state_.leader_epoch, epoch_start_);
    }
    for (const MachineId broker : state_.replicas) {
        if (broker == in.self) continue;
        const auto old = std::find_if(before.begin(), before.end(),
                                      [&](const RemoteReplica& r) { return r.broker == broker; });
        RemoteReplica r;
        if (old != before.end()) {
            r = *old;
        } else {
            r.broker = broker;
        }
        if (new_epoch) {
            const bool member = in_isr(broker);
            r.caught_up = member ? in.now : long_ago;
            if (led_before && old != before.end()) {
                r.leader_end = log_.end();
                r.fetched = member ? in.now : long_ago;
            } else {
                // Unknown until it fetches: the high watermark stays where this replica had it.
                r.log_end = -1;
                r.leader_end = 0;
                r.fetched = long_ago;
                r.epoch = -1;
            }
        }
        remotes_.push_back(r);
    }
}

void Partition::restart(Offset checkpoint) {
    role_ = Role::none;
    state_ = {};
    remotes_.clear();
    pending_ = false;
    watchers.clear();
    produces.clear();
    high_watermark_ = std::clamp(checkpoint, log_.start(), log_.end());
    checkpointed_ = high_watermark_;
    told_hw_ = -1;
    told_hw_epoch_ = -1;
}

void Partition::note_append(In in, const Batch& batch, Effects& out) const {
    LogAppend fact;
    fact.node = in.self;
    fact.tp = tp_;
    fact.epoch = batch.epoch;
    fact.base = batch.base;
    if (batch.producer.valid()) {
        fact.p = batch.producer;
        fact.i = batch.first;
    }
    fact.count = batch.count;
    if (batch.has_sequence()) {
        fact.seq = batch.sequence;
        fact.pid = batch.producer_id;
        fact.pepoch = batch.producer_epoch;
    }
    fact.bytes = batch.bytes;
    out.note(fact);
}

bool Partition::append_as_leader(In in, Batch& batch, Effects& out) {
    BS_ASSERT(leads());
    batch.base = log_.end();
    batch.epoch = state_.leader_epoch;
    if (batch.stamp == no_stamp || log_append_time_) batch.stamp = in.wall();
    const bool new_segment = log_.append(batch, in.wall());
    note_append(in, batch, out);
    return new_segment;
}

bool Partition::append_as_follower(In in, const Batch& batch, Effects& out) {
    BS_ASSERT(role_ == Role::follower);
    // An empty log may end in the middle of a batch of the leader: it starts over where that begins
    // (Partition.appendRecordsToFollowerOrFutureReplica, UnexpectedAppendOffsetException).
    if (log_.start() == log_.end() && batch.base < log_.end()) restart_log_at(in, batch.base, out);
    const bool new_segment = log_.append(batch, in.wall());
    note_append(in, batch, out);
    return new_segment;
}

/// Replica.updateFetchStateOrThrow (semantics §2.8).
bool Partition::follower_fetched(Time now, RemoteReplica& r, Offset offset, BrokerEpoch epoch) {
    const Offset end = log_.end();
    if (offset >= end) {
        r.caught_up = std::max(r.caught_up, now);
    } else if (offset >= r.leader_end && r.fetched != long_ago) {
        r.caught_up = std::max(r.caught_up, r.fetched);
    }
    const bool moved = r.log_end != offset;
    r.log_end = offset;
    r.leader_end = std::max(r.leader_end, end);
    r.fetched = now;
    r.epoch = epoch;
    return moved;
}

void Partition::settle_followers(const std::vector<Time>& session_fetched) {
    // A fetch that names no change is not looked at partition by partition. What it would have
    // said of this one is made up for here: at that time it was caught up.
    for (RemoteReplica& r : remotes_) {
        if (r.session < 0 || r.log_end != log_.end()) continue;
        const Time last = session_fetched[static_cast<std::size_t>(r.session)];
        r.caught_up = std::max(r.caught_up, last);
        r.fetched = std::max(r.fetched, last);
        r.leader_end = std::max(r.leader_end, log_.end());
    }
}

void Partition::set_high_watermark(In in, Offset hw, Effects& out) {
    const std::int64_t tick = in.now.ns / checkpoint_interval_.ns;
    if (tick != checkpoint_tick_) { // The checkpoint since the last move has what stood then.
        checkpointed_ = high_watermark_;
        checkpoint_tick_ = tick;
    }
    high_watermark_ = hw;
    if (told_hw_ == hw && told_hw_epoch_ == state_.leader_epoch) return;
    told_hw_ = hw;
    told_hw_epoch_ = state_.leader_epoch;
    out.note(Hw{in.self, tp_, state_.leader_epoch, hw});
}

Offset Partition::checkpoint(Time now) const {
    return now.ns / checkpoint_interval_.ns != checkpoint_tick_ ? high_watermark_ : checkpointed_;
}

bool Partition::follow_high_watermark(In in, Offset leader_hw, Effects& out) {
    const Offset hw = std::clamp(leader_hw, log_.start(), log_.end());
    const bool moved = hw != high_watermark_;
    if (moved) set_high_watermark(in, hw, out);
    return moved;
}

void Partition::truncate(In in, Offset to, TruncWhy why, Effects& out) {
    // Even where no record goes, epochs do that began at the end of the log and wrote nothing:
    // they are what the leader does not know.
    const Offset before = log_.end();
    if (to < log_.start()) {
        // The leader's log goes on from before the start of this one: nothing of it is of use
        // (UnifiedLog.truncateTo, truncateFullyAndStartAt).
        restart_log_at(in, to, out);
        told_hw_ = -1;
        return;
    }
    const Offset end = log_.truncate(to);
    if (end == before) return;
    out.note(LogTrunc{in.self, tp_, end, why});
    if (high_watermark_ > end) {
        // Only an unclean election, or a leader that lost its tail, cuts this deep; Kafka warns.
        high_watermark_ = end;
        told_hw_ = -1;
    }
}

void Partition::restart_log_at(In in, Offset at, Effects& out) {
    log_.restart_at(at);
    out.note(LogHead{in.self, tp_, at, HeadWhy::reset});
    high_watermark_ = at;
}

void Partition::move_start(In in, Offset to, HeadWhy why, Effects& out) {
    log_.advance_start(to);
    start_why_ = why;
    out.note_aside(LogHead{in.self, tp_, to, why});
}

bool Partition::retain(In in, const TopicConfig& topic, Effects& out) {
    log_.delete_before_start();
    if (!topic.delete_policy) return false;
    const Offset before = log_.start();
    if (log_.delete_by_size(topic.retention_bytes, high_watermark_)) {
        start_why_ = HeadWhy::size_retention;
        out.note_aside(LogHead{in.self, tp_, log_.start(), start_why_});
    }
    if (log_.delete_by_age(in.wall(), topic.retention, high_watermark_)) {
        start_why_ = HeadWhy::retention;
        out.note_aside(LogHead{in.self, tp_, log_.start(), start_why_});
    }
    return log_.start() > before;
}

bool Partition::lose_tail() {
    const Offset end = log_.end();
    return log_.truncate(std::max(log_.flushed(), log_.start())) < end;
}

void Partition::retire(In in, Effects& out) {
    const bool used = log_.end() > 0;
    log_.restart_at(0);
    if (used) out.note_aside(LogHead{in.self, tp_, 0, HeadWhy::reset});
    restart(0);
    retired_ = true;
}

bool Partition::lose_disk() {
    const bool used = log_.end() > 0;
    log_.restart_at(0);
    return used;
}

} // namespace brokersim
