// Requests to a group coordinator, and its time.
#include "group/coordinator.hpp"

#include "engine/assert.hpp"

#include <algorithm>
#include <utility>

namespace brokersim {

GroupCoordinator::GroupCoordinator(MachineId self, LayoutRef layout, const ServerConfig& config)
    : self_(self), layout_(std::move(layout)), config_(config) {
    for (std::size_t k = 0; k < layout_->groups.size(); ++k) {
        groups_.emplace_back().id = GroupId(k);
        const PartitionId tp = layout_->groups[k].coordinator;
        Shard* known = find_shard(tp);
        if (known == nullptr) {
            known = &shards_.emplace_back();
            known->tp = tp;
        }
        shard_of_group_.push_back(static_cast<std::size_t>(known - shards_.data()));
    }
}

GroupCoordinator::Shard* GroupCoordinator::find_shard(PartitionId tp) {
    const auto at =
        std::find_if(shards_.begin(), shards_.end(), [&](const Shard& s) { return s.tp == tp; });
    return at == shards_.end() ? nullptr : &*at;
}

void GroupCoordinator::on_request(In in, const Incoming& incoming, ReplicaManager& replicas,
                                  RequestPath& path, Effects& out) {
    Turn turn{in, replicas, path, out};
    const RequestRef ref = path.ref(incoming, out);
    switch (incoming.api) {
    case Api::join_group: return join(turn, out.body<JoinGroupRequest>(incoming), ref);
    case Api::sync_group: return sync(turn, out.body<SyncGroupRequest>(incoming), ref);
    case Api::heartbeat: return heartbeat(turn, out.body<HeartbeatRequest>(incoming), ref);
    case Api::leave_group: return leave(turn, out.body<LeaveGroupRequest>(incoming), ref);
    case Api::offset_commit:
        return commit(turn, out.body<OffsetCommitRequest>(incoming), incoming.from, ref);
    case Api::offset_fetch: return offset_fetch(turn, out.body<OffsetFetchRequest>(incoming), ref);
    default: BS_UNREACHABLE("not a request for a group coordinator");
    }
}

void GroupCoordinator::refuse(Turn& turn, const RequestRef& ref, Error error) {
    std::uint32_t packet = no_packet;
    switch (ref.api) {
    case Api::join_group:
        turn.path.respond<JoinGroupResponse>(ref, packet, turn.out).error = error;
        break;
    case Api::sync_group:
        turn.path.respond<SyncGroupResponse>(ref, packet, turn.out).error = error;
        break;
    case Api::heartbeat:
        turn.path.respond<HeartbeatResponse>(ref, packet, turn.out).error = error;
        break;
    case Api::leave_group:
        turn.path.respond<LeaveGroupResponse>(ref, packet, turn.out).error = error;
        break;
    case Api::offset_commit:
        turn.path.respond<OffsetCommitResponse>(ref, packet, turn.out).error = error;
        break;
    case Api::offset_fetch:
        turn.path.respond<OffsetFetchResponse>(ref, packet, turn.out).error = error;
        break;
    default: BS_UNREACHABLE("not a request for a group coordinator");
    }
    turn.path.deliver(turn.in, ref, packet, turn.out);
}

void GroupCoordinator::extend_session(Turn& turn, ClassicMember& member) {
    member.session_deadline = after(turn.in.now, member.session_timeout);
    note_group_deadline(member.session_deadline);
}

void GroupCoordinator::heartbeat(Turn& turn, const HeartbeatRequest& request,
                                 const RequestRef& ref) {
    Shard& shard = shard_of(request.group);
    if (!shard.active) return refuse(turn, ref, Error::not_coordinator);
    ClassicGroup& g = group(request.group);
    Deferred step;
    step.kind = Deferred::Kind::heartbeat;
    step.group = request.group;
    step.request = ref;
    if (const Error error = g.check(request.member, request.instance); error != Error::none) {
        step.error = error;
    } else if (request.generation != g.generation) {
        step.error = Error::illegal_generation;
    } else {
        extend_session(turn, *g.find(request.member));
        if (g.state == ClassicGroup::State::preparing) step.error = Error::rebalance_in_progress;
    }
    defer(turn, shard, std::move(step));
}

/// Commits are fenced by member and generation (Kafka: ClassicGroup.validateOffsetCommit).
void GroupCoordinator::commit(Turn& turn, const OffsetCommitRequest& request, MachineId from,
                              const RequestRef& ref) {
    ClassicGroup& g = group(request.group);
    Error error = Error::none;
    if (!shard_of(request.group).active) {
        error = Error::not_coordinator;
    } else if (error = g.check(request.member, request.instance); error != Error::none) {
        // Somebody else has its place, or nobody knows it.
    } else if (request.generation != g.generation) {
        error = Error::illegal_generation;
    } else if (g.state == ClassicGroup::State::completing) {
        error = Error::rebalance_in_progress;
    }
    if (error != Error::none) {
        for (const CommittedOffset& o : request.offsets) {
            turn.out.note_aside(ConsCommit{
                request.group, request.generation, from, o.tp, o.offset, false, error, {}});
        }
        return refuse(turn, ref, error);
    }
    extend_session(turn, *g.find(request.member));
    Content content;
    content.group = request.group;
    content.generation = request.generation;
    content.member = request.member;
    content.machine = from;
    content.taken = turn.in.now;
    content.offsets = request.offsets;
    Deferred step;
    step.kind = Deferred::Kind::commit;
    step.group = request.group;
    step.request = ref;
    turn.path.note_parked(ref, turn.out);
    write(turn, std::move(content), std::move(step));
}

void GroupCoordinator::offset_fetch(Turn& turn, const OffsetFetchRequest& request,
                                    const RequestRef& ref) {
    Shard& shard = shard_of(request.group);
    if (!shard.active) return refuse(turn, ref, Error::not_coordinator);
    Deferred step;
    step.kind = Deferred::Kind::offset_fetch;
    step.group = request.group;
    step.request = ref;
    step.partitions = request.partitions;
    defer(turn, shard, std::move(step));
}

void GroupCoordinator::on_leadership(In in, PartitionId tp, bool leads, LeaderEpoch,
                                     ReplicaManager& replicas, RequestPath& path, Effects& out) {
    Shard* shard = find_shard(tp);
    if (shard == nullptr || shard->active == leads) return;
    Turn turn{in, replicas, path, out};
    if (leads) {
        load(turn, *shard);
    } else {
        unload(turn, *shard);
    }
}

void GroupCoordinator::on_high_watermark(In in, PartitionId tp, ReplicaManager& replicas,
                                         RequestPath& path, Effects& out) {
    Shard* shard = find_shard(tp);
    if (shard == nullptr || !shard->active) return;
    Turn turn{in, replicas, path, out};
    advance(turn, *shard);
}

void GroupCoordinator::on_timer(In in, ReplicaManager& replicas, RequestPath& path, Effects& out) {
    Turn turn{in, replicas, path, out};
    if (write_deadline_ <= in.now) {
        write_deadline_ = Time::never();
        const Cause cause = out.cause();
        for (Shard& shard : shards_) {
            if (shard.linger_deadline <= in.now) flush(turn, shard);
            out.because(cause);
            expire_writes(turn, shard);
            write_deadline_ = std::min(write_deadline_, shard.linger_deadline);
            if (!shard.waiting.empty()) {
                write_deadline_ = std::min(write_deadline_, shard.waiting.front().deadline);
            }
        }
    }
    if (group_deadline_ <= in.now) {
        group_deadline_ = Time::never();
        const Cause cause = out.cause();
        for (ClassicGroup& g : groups_) {
            if (!shard_of(g.id).active) continue;
            out.because(cause);
            while (next_expiry(g) <= in.now)
                expire(turn, g);
            note_group_deadline(next_expiry(g));
        }
    }
}

void GroupCoordinator::restart() {
    for (ClassicGroup& g : groups_)
        g.reset();
    for (Shard& shard : shards_) {
        const PartitionId tp = shard.tp;
        shard = Shard{};
        shard.tp = tp;
    }
    write_deadline_ = group_deadline_ = Time::never();
}

} // namespace brokersim
