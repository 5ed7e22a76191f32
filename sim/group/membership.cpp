// Syncing, leaving, time: how a generation gets its assignment and loses its members. Kafka:
// GroupMetadataManager, the part for classic groups (semantics §5.4).
#include "group/coordinator.hpp"

#include <algorithm>
#include <utility>

namespace brokersim {

namespace {

using State = ClassicGroup::State;

} // namespace

void GroupCoordinator::sync(Turn& turn, const SyncGroupRequest& request, const RequestRef& ref) {
    if (!shard_of(request.group).active) return refuse(turn, ref, Error::not_coordinator);
    ClassicGroup& g = group(request.group);
    const Error error = g.check(request.member, request.instance);
    if (error != Error::none) return refuse(turn, ref, error);
    ClassicMember* m = g.find(request.member);
    if (request.generation != g.generation) return refuse(turn, ref, Error::illegal_generation);
    switch (g.state) {
    case State::empty: return refuse(turn, ref, Error::unknown_member_id);
    case State::preparing: return refuse(turn, ref, Error::rebalance_in_progress);
    case State::stable:
    case State::completing: break;
    }
    m->sync_pending = false;
    m->syncing = true;
    m->sync = ref;
    if (g.state == State::stable) {
        const Time session = m->session_deadline;
        answer_sync(turn, *m, Error::none);
        m->session_deadline = session; // Here it is no sign of life.
        return;
    }
    turn.path.note_parked(ref, turn.out);
    if (m->id == g.leader) store_assignment(turn, g, request);
}

void GroupCoordinator::answer_sync(Turn& turn, ClassicMember& m, Error error) {
    m.syncing = false;
    std::uint32_t packet = no_packet;
    auto& response = turn.path.respond<SyncGroupResponse>(m.sync, packet, turn.out);
    response.error = error;
    if (error == Error::none) response.partitions = m.partitions;
    turn.path.deliver(turn.in, m.sync, packet, turn.out);
    extend_session(turn, m);
}

void GroupCoordinator::store_assignment(Turn& turn, ClassicGroup& g,
                                        const SyncGroupRequest& request) {
    const std::shared_ptr<GroupMetadata> metadata = g.metadata();
    for (GroupMetadata::Member& m : metadata->members) {
        m.partitions.clear();
        for (const Assignment::Entry& entry : request.assignment.entries) {
            if (entry.member == m.member) m.partitions = entry.partitions;
        }
    }
    Content content;
    content.group = g.id;
    content.generation = g.generation;
    content.taken = turn.in.now;
    content.metadata = metadata;
    Deferred step;
    step.kind = Deferred::Kind::assignment;
    step.group = g.id;
    step.generation = g.generation;
    step.assignment = metadata;
    write(turn, std::move(content), std::move(step));
}

/// The write of the assignment has succeeded or failed; meanwhile the group may have moved on.
void GroupCoordinator::assignment_stored(Turn& turn, const Deferred& step) {
    ClassicGroup& g = group(step.group);
    if (g.state != State::completing || g.generation != step.generation) return;
    if (step.error != Error::none) {
        for (ClassicMember& m : g.members) {
            if (m.syncing) answer_sync(turn, m, step.error);
        }
        return prepare_rebalance(turn, g);
    }
    g.state = State::stable;
    for (const GroupMetadata::Member& owner : step.assignment->members) {
        if (ClassicMember* m = g.find(owner.member)) m->partitions = owner.partitions;
    }
    turn.out.note(GroupRebalance{g.id, RebalanceState::end, g.generation});
    for (ClassicMember& m : g.members) {
        if (m.syncing) answer_sync(turn, m, Error::none);
    }
}

void GroupCoordinator::leave(Turn& turn, const LeaveGroupRequest& request, const RequestRef& ref) {
    Shard& shard = shard_of(request.group);
    if (!shard.active) return refuse(turn, ref, Error::not_coordinator);
    ClassicGroup& g = group(request.group);
    Deferred step;
    step.kind = Deferred::Kind::leave;
    step.group = request.group;
    step.request = ref;
    if (g.take_pending(request.member)) {
        complete_join_if_all_here(turn, g);
    } else if (g.find(request.member) == nullptr) {
        step.error = Error::unknown_member_id;
    } else {
        remove_member(turn, g, request.member, MemberState::left,
                      request.poll_timeout ? "poll_timeout" : "close");
    }
    defer(turn, shard, std::move(step));
}

void GroupCoordinator::drop_member(Turn& turn, ClassicGroup& g, MemberId id, MemberState how,
                                   std::string_view why) {
    ClassicMember& m = *g.find(id);
    turn.out.note(GroupMember{g.id, m.machine, how, why});
    // If it lives after all, it will join again.
    if (m.joining) refuse_join(turn, g, m.join, Error::unknown_member_id, no_member);
    if (m.syncing) answer_sync(turn, m, Error::unknown_member_id);
    g.remove(id);
}

void GroupCoordinator::remove_member(Turn& turn, ClassicGroup& g, MemberId id, MemberState how,
                                     std::string_view why) {
    drop_member(turn, g, id, how, why);
    if (g.state != State::empty) rebalance_or_complete(turn, g);
}

Time GroupCoordinator::next_expiry(const ClassicGroup& g) const {
    Time next = std::min(g.join_deadline, g.sync_deadline);
    for (const ClassicGroup::Pending& p : g.pending)
        next = std::min(next, p.deadline);
    for (const ClassicMember& m : g.members)
        next = std::min(next, m.session_deadline);
    return next;
}

/// Does one of the things that are due.
void GroupCoordinator::expire(Turn& turn, ClassicGroup& g) {
    const Time now = turn.in.now;
    for (const ClassicGroup::Pending& p : g.pending) {
        if (p.deadline > now) continue;
        g.take_pending(p.id);
        return complete_join_if_all_here(turn, g);
    }
    for (ClassicMember& m : g.members) {
        if (m.session_deadline > now) continue;
        if (!m.is_new && (m.joining || m.syncing)) { // A parked request is a sign of life.
            m.session_deadline = Time::never();
            return;
        }
        turn.out.note_aside(TimerFire{self_, "session"});
        return remove_member(turn, g, m.id, MemberState::evicted, "session_timeout");
    }
    if (g.join_deadline <= now) {
        turn.out.note_aside(TimerFire{self_, g.initial ? "initial_rebalance" : "rebalance"});
        return g.initial ? expire_initial_wait(turn, g) : complete_join(turn, g);
    }
    if (g.sync_deadline <= now) expire_sync(turn, g);
}

void GroupCoordinator::expire_initial_wait(Turn& turn, ClassicGroup& g) {
    if (!g.member_added || g.initial_left <= Duration{}) return complete_join(turn, g);
    const Duration delay = config_.group_initial_rebalance_delay;
    g.member_added = false;
    g.join_deadline = after(turn.in.now, std::min(delay, g.initial_left));
    g.initial_left = std::max(g.initial_left - delay, Duration{});
    note_group_deadline(g.join_deadline);
}

void GroupCoordinator::expire_sync(Turn& turn, ClassicGroup& g) {
    g.sync_deadline = Time::never();
    if (g.all_synced()) return;
    for (std::size_t k = g.members.size(); k-- > 0;) {
        const ClassicMember& m = g.members[k];
        if (m.sync_pending) { drop_member(turn, g, m.id, MemberState::evicted, "sync_timeout"); }
    }
    prepare_rebalance(turn, g);
}

} // namespace brokersim
