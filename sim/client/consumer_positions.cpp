// Positions: from committed offsets, from the log's ends, validated after a change of leader.
#include "client/consumer_positions.hpp"

#include <algorithm>
#include <utility>

namespace brokersim {

namespace {

/// A time is looked up in whole milliseconds, as records have it.
Time before(Time now, Duration by) {
    const std::int64_t ms = std::max<std::int64_t>(now.ns - by.ns, 0) / 1'000'000;
    return Time{} + milliseconds(ms);
}

StartWhy reset_word(OffsetReset policy) {
    switch (policy) {
    case OffsetReset::earliest: return StartWhy::earliest;
    case OffsetReset::by_duration: return StartWhy::seek;
    case OffsetReset::latest:
    case OffsetReset::none: break;
    }
    return StartWhy::latest;
}

} // namespace

PartitionPosition* ConsumerPositions::find(PartitionId tp) {
    return const_cast<PartitionPosition*>(std::as_const(*this).find(tp));
}

const PartitionPosition* ConsumerPositions::find(PartitionId tp) const {
    const auto at = std::lower_bound(
        all_.begin(), all_.end(), tp,
        [](const PartitionPosition& p, PartitionId wanted) { return p.tp < wanted; });
    return at != all_.end() && at->tp == tp ? &*at : nullptr;
}

void ConsumerPositions::assign(Generation generation, std::vector<PartitionId> partitions,
                               ConsumerCore& core, Effects& out) {
    std::sort(partitions.begin(), partitions.end());
    generation_ = generation;
    for (const PartitionId tp : partitions) {
        all_.emplace_back().tp = tp;
        core.metadata.use(tp, out);
    }
    initializing_ = all_.size();
}

void ConsumerPositions::clear(In in, ConsumerCore& core, Effects& out) {
    for (std::size_t k = 0; k < all_.size(); ++k) {
        note_wait(in, k, in.now, core, out);
        core.metadata.unuse(all_[k].tp);
    }
    all_.clear();
    changed.clear();
    initializing_ = looking_up_ = unserved_ = 0;
}

void ConsumerPositions::mark_revoking() {
    for (std::size_t k = 0; k < all_.size(); ++k) {
        all_[k].revoking = true;
        touch(k);
    }
}

void ConsumerPositions::consumed(std::vector<CommittedOffset>& offsets) const {
    offsets.clear();
    for (const PartitionPosition& p : all_) {
        if (p.state == State::fetching) offsets.push_back({p.tp, p.offset, p.epoch});
    }
}

void ConsumerPositions::uninitialized(std::vector<PartitionId>& partitions) const {
    partitions.clear();
    for (const PartitionPosition& p : all_) {
        if (p.state == State::initializing) partitions.push_back(p.tp);
    }
}

void ConsumerPositions::set_state(std::size_t k, State state) {
    const auto looks_up = [](State s) { return s == State::resetting || s == State::validating; };
    PartitionPosition& p = all_[k];
    if (p.state == State::initializing && state != State::initializing) --initializing_;
    if (looks_up(state)) ++looking_up_;
    if (looks_up(p.state)) --looking_up_;
    p.state = state;
    p.asked = {};
    touch(k);
}

void ConsumerPositions::start(std::size_t k, StartWhy why, const ConsumerCore& core, Effects& out) {
    const PartitionPosition& p = all_[k];
    forget_due(k);
    out.note(ConsStart{core.group, generation_, core.self, p.tp, p.offset, why});
}

void ConsumerPositions::on_committed(In in, const OffsetFetchResponse& response, ConsumerCore& core,
                                     Effects& out) {
    for (const CommittedOffset& known : response.offsets) {
        PartitionPosition* p = find(known.tp);
        if (p == nullptr || p->state != State::initializing) continue;
        const std::size_t k = index_of(*p);
        if (const ClientMetadata::Partition* m = core.metadata.find(p->tp)) {
            p->leader = m->leader;
            p->leader_epoch = m->epoch;
        }
        if (known.offset < 0) {
            reset(in, k, core);
            continue;
        }
        p->offset = known.offset;
        p->epoch = known.epoch;
        // A commit that knows of a later leader than we do (Kafka: updateLastSeenEpochIfNewer).
        if (known.epoch > p->leader_epoch) core.metadata.request_update();
        start(k, StartWhy::committed, core, out);
        validate_or_fetch(in, k);
    }
}

/// A position with an epoch is checked against the log of the leader before it is read from
/// (KIP-320, SubscriptionState.validatePosition).
void ConsumerPositions::validate_or_fetch(In in, std::size_t k) {
    PartitionPosition& p = all_[k];
    const bool checked = p.epoch >= 0 && p.leader_epoch >= 0;
    set_state(k, checked ? State::validating : State::fetching);
    p.retry_at = in.now;
    if (checked) set_due(k, in.now);
}

void ConsumerPositions::reset(In in, std::size_t k, ConsumerCore& core) {
    if (core.config.auto_offset_reset == OffsetReset::none) {
        failed_ = true;
        return;
    }
    set_state(k, State::resetting);
    all_[k].retry_at = in.now;
}

void ConsumerPositions::take_leaders(In in, ConsumerCore& core) {
    for (std::size_t k = 0; k < all_.size(); ++k)
        take_leader(in, k, core);
}

void ConsumerPositions::take_leader(In in, std::size_t k, ConsumerCore& core) {
    PartitionPosition& p = all_[k];
    const ClientMetadata::Partition* m = core.metadata.find(p.tp);
    // Without a leader the old one is asked until there is another.
    if (m == nullptr || !m->leader.valid()) return;
    if (m->leader == p.leader && m->epoch == p.leader_epoch) return;
    p.leader = m->leader;
    p.leader_epoch = m->epoch;
    if (p.state == State::initializing) return;
    if (p.state == State::resetting) {
        p.asked = {};
        p.retry_at = in.now;
        return;
    }
    validate_or_fetch(in, k);
}

/// Sends what is due for position `k` and, with it, for all others at the same leader. False:
/// nothing can be sent now.
bool ConsumerPositions::look_up_at(In in, std::size_t k, ConsumerCore& core, Effects& out) {
    PartitionPosition& p = all_[k];
    if (!p.leader.valid()) {
        core.metadata.request_update();
        note_wait(in, k, in.now, core, out);
        return false;
    }
    if (!core.reach(in, p.leader, out)) {
        if (core.unreachable(p.leader)) note_wait(in, k, in.now, core, out);
        return false;
    }
    if (p.state == State::resetting) {
        ask<ListOffsetsRequest>(in, k, core, out);
    } else {
        ask<OffsetsForLeaderEpochRequest>(in, k, core, out);
    }
    return true;
}

template <class M>
void ConsumerPositions::ask(In in, std::size_t first, ConsumerCore& core, Effects& out) {
    const MachineId leader = all_[first].leader;
    const State state = all_[first].state;
    M& request = core.brokers.send<M>(in, leader, out, core.config.request_timeout);
    for (std::size_t k = first; k < all_.size(); ++k) {
        PartitionPosition& p = all_[k];
        if (p.state != state || !(p.leader == leader) || !due_for_look_up(in, p)) continue;
        p.asked = leader;
        if constexpr (M::api == Api::list_offsets) {
            const bool earliest = core.config.auto_offset_reset == OffsetReset::earliest;
            auto& part = request.parts.emplace_back();
            part.tp = p.tp;
            part.earliest = earliest;
            part.current_epoch = p.leader_epoch;
            if (core.config.auto_offset_reset == OffsetReset::by_duration) {
                part.since = before(in.wall(), core.config.auto_offset_reset_by);
            }
        } else {
            request.parts.push_back({p.tp, p.leader_epoch, p.epoch});
        }
    }
}

Time ConsumerPositions::look_up_all(In in, ConsumerCore& core, Effects& out) {
    Time wake = Time::never();
    for (std::size_t k = 0; k < all_.size(); ++k) {
        PartitionPosition& p = all_[k];
        if (due_for_look_up(in, p)) {
            if (!look_up_at(in, k, core, out) && p.leader.valid()) {
                wake = std::min(wake, core.brokers.connectable_at(p.leader));
            }
        } else if ((p.state == State::resetting || p.state == State::validating) &&
                   !p.asked.valid()) {
            wake = std::min(wake, p.retry_at);
        }
    }
    return wake;
}

/// Offset and epoch look-ups are repeated after a fixed retry.backoff.ms.
void ConsumerPositions::retry_look_up(In in, std::size_t k, const ConsumerCore& core,
                                      Effects& out) {
    all_[k].asked = {};
    all_[k].retry_at = in.now + core.config.retry_backoff;
    note_wait(in, k, in.now, core, out);
}

void ConsumerPositions::on_list_offsets(In in, MachineId node, const ListOffsetsResponse& response,
                                        ConsumerCore& core, Effects& out) {
    for (const ListOffsetsResponse::Part& part : response.parts) {
        PartitionPosition* p = find(part.tp);
        if (p == nullptr || p->state != State::resetting || !(p->asked == node)) continue;
        const std::size_t k = index_of(*p);
        if (part.error != Error::none) {
            core.metadata.request_update();
            retry_look_up(in, k, core, out);
            continue;
        }
        if (part.offset < 0) { // Nothing is as young as that: asked again.
            p->asked = {};
            p->retry_at = in.now + core.config.request_timeout;
            continue;
        }
        p->offset = part.offset;
        p->epoch = -1; // So it is not validated before something was read.
        start(k, reset_word(core.config.auto_offset_reset), core, out);
        set_state(k, State::fetching);
    }
}

void ConsumerPositions::on_epochs(In in, MachineId node,
                                  const OffsetsForLeaderEpochResponse& response, ConsumerCore& core,
                                  Effects& out) {
    for (const OffsetsForLeaderEpochResponse::Part& part : response.parts) {
        PartitionPosition* p = find(part.tp);
        if (p == nullptr || p->state != State::validating || !(p->asked == node)) continue;
        const std::size_t k = index_of(*p);
        if (part.error != Error::none) {
            core.metadata.request_update();
            retry_look_up(in, k, core, out);
        } else if (part.epoch < 0 || part.end < 0) {
            reset(in, k, core); // Nobody knows that epoch any more.
        } else if (part.end >= p->offset) {
            set_state(k, State::fetching);
        } else if (core.config.auto_offset_reset == OffsetReset::none) {
            failed_ = true;
        } else {
            p->offset = part.end;
            p->epoch = part.epoch;
            start(k, StartWhy::truncated, core, out);
            set_state(k, State::fetching);
        }
    }
}

void ConsumerPositions::on_lost_look_up(In in, MachineId node, Api api, ConsumerCore& core,
                                        Effects& out) {
    const State state = api == Api::list_offsets ? State::resetting : State::validating;
    for (std::size_t k = 0; k < all_.size(); ++k) {
        if (all_[k].state == state && all_[k].asked == node) retry_look_up(in, k, core, out);
    }
}

void ConsumerPositions::forget_due(std::size_t k) {
    PartitionPosition& p = all_[k];
    if (p.due != Time::never()) --unserved_;
    p.due = Time::never();
    p.waiting = false;
}

void ConsumerPositions::note_wait(In in, std::size_t k, Time since, const ConsumerCore& core,
                                  Effects& out) {
    set_due(k, since);
    PartitionPosition& p = all_[k];
    if (std::exchange(p.waiting, true)) return;
    out.note_aside(
        ConsWait{core.group, core.self, p.tp, p.due < in.now ? Maybe<Time>(p.due) : Maybe<Time>()});
}

void ConsumerPositions::note_served(std::size_t k, const ConsumerCore& core, Effects& out) {
    if (all_[k].waiting) out.note_aside(ConsServed{core.group, core.self, all_[k].tp});
    forget_due(k);
}

} // namespace brokersim
