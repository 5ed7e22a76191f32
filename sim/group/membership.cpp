// Joining, syncing, leaving: how a group comes from one generation to the next. Kafka:
// GroupMetadataManager, the part for classic groups (semantics §5.4).
#include "engine/assert.hpp"
#include "group/coordinator.hpp"

#include <algorithm>
#include <utility>

namespace brokersim {

namespace {

using State = ClassicGroup::State;

/// How long a member whose first JoinGroup is parked is kept (Kafka: CLASSIC_GROUP_NEW_MEMBER_
/// JOIN_TIMEOUT_MS): nothing can tell whether it still lives.
constexpr Duration new_member_join_timeout = seconds(300);

} // namespace

MemberId GroupCoordinator::next_member_id() {
    return (std::int64_t{self_.value} + 1) << 32 | ++members_named_;
}

void GroupCoordinator::refuse_join(Turn& turn, ClassicGroup& g, const RequestRef& ref, Error error,
                                   MemberId member) {
    std::uint32_t packet = no_packet;
    auto& response = turn.path.respond<JoinGroupResponse>(ref, packet, turn.out);
    response.error = error;
    response.group = g.id;
    response.member = member;
    turn.path.deliver(turn.in, ref, packet, turn.out);
}

void GroupCoordinator::answer_join(Turn& turn, ClassicGroup& g, const ClassicMember& m,
                                   const RequestRef& ref) {
    std::uint32_t packet = no_packet;
    auto& response = turn.path.respond<JoinGroupResponse>(ref, packet, turn.out);
    response.group = g.id;
    response.member = m.id;
    response.leader = g.leader;
    response.generation = g.generation;
    response.protocol = g.protocol;
    if (m.id == g.leader) {
        for (const ClassicMember& each : g.members) {
            const auto begin = static_cast<std::uint32_t>(response.topics.size());
            response.topics.insert(response.topics.end(), each.topics.begin(), each.topics.end());
            response.members.push_back(
                {each.id, each.machine, begin, static_cast<std::uint32_t>(response.topics.size())});
        }
    }
    turn.path.deliver(turn.in, ref, packet, turn.out);
}

void GroupCoordinator::join(Turn& turn, const JoinGroupRequest& request, const RequestRef& ref) {
    ClassicGroup& g = group(request.group);
    if (!shard_of(request.group).active) {
        return refuse_join(turn, g, ref, Error::not_coordinator, request.member);
    }
    if (request.member == no_member) {
        if (!g.supports_any(request.protocols)) {
            return refuse_join(turn, g, ref, Error::inconsistent_group_protocol, no_member);
        }
        if (request.is_static) return join_static(turn, g, request, ref);
        // KIP-394: a member that never hears of its id leaves nothing behind but this.
        const MemberId id = next_member_id();
        g.pending.push_back({id, after(turn.in.now, request.session_timeout)});
        note_group_deadline(g.pending.back().deadline);
        return refuse_join(turn, g, ref, Error::member_id_required, id);
    }
    if (g.take_pending(request.member)) return add_member(turn, g, request.member, request, ref);
    ClassicMember* m = g.find(request.member);
    if (m == nullptr) return refuse_join(turn, g, ref, Error::unknown_member_id, no_member);
    join_known(turn, g, *m, request, ref);
}

void GroupCoordinator::join_known(Turn& turn, ClassicGroup& g, ClassicMember& m,
                                  const JoinGroupRequest& request, const RequestRef& ref) {
    switch (g.state) {
    case State::empty: return refuse_join(turn, g, ref, Error::unknown_member_id, no_member);
    case State::completing:
        // The same again: it did not get the first answer.
        if (m.matches(request)) return answer_join(turn, g, m, ref);
        break;
    case State::stable:
        if (m.id != g.leader && m.matches(request)) return answer_join(turn, g, m, ref);
        break;
    case State::preparing: break;
    }
    park_join(turn, m, request, ref);
    rebalance_or_complete(turn, g);
}

void GroupCoordinator::park_join(Turn& turn, ClassicMember& m, const JoinGroupRequest& request,
                                 const RequestRef& ref) {
    m.protocols = request.protocols;
    m.topics = request.topics;
    m.session_timeout = request.session_timeout;
    m.rebalance_timeout = request.rebalance_timeout;
    m.joining = true;
    m.join = ref;
    turn.path.note_parked(ref, turn.out);
}

void GroupCoordinator::add_member(Turn& turn, ClassicGroup& g, MemberId id,
                                  const JoinGroupRequest& request, const RequestRef& ref) {
    if (g.state == State::preparing && g.initial) g.member_added = true;
    ClassicMember made;
    made.id = id;
    made.machine = request.machine;
    made.is_static = request.is_static;
    made.is_new = true;
    made.session_deadline = after(turn.in.now, new_member_join_timeout);
    note_group_deadline(made.session_deadline);
    park_join(turn, g.add(std::move(made)), request, ref);
    turn.out.note(GroupMember{g.id, request.machine, MemberState::joined,
                              request.is_static ? "static" : "dynamic"});
    rebalance_or_complete(turn, g);
}

/// A static member without a member id: new, or a restarted process that takes its old place
/// (KIP-345).
void GroupCoordinator::join_static(Turn& turn, ClassicGroup& g, const JoinGroupRequest& request,
                                   const RequestRef& ref) {
    ClassicMember* old = g.find_static(request.machine);
    const MemberId id = next_member_id();
    if (old == nullptr) return add_member(turn, g, id, request, ref);
    if (old->joining) refuse_join(turn, g, old->join, Error::unknown_member_id, no_member);
    if (old->syncing) answer_sync(turn, *old, Error::unknown_member_id);
    ClassicMember heir = *old;
    const bool led = g.leader == old->id;
    g.remove(old->id);
    heir.id = id;
    heir.joining = heir.syncing = false;
    ClassicMember& m = g.add(std::move(heir));
    if (led) g.leader = id;
    turn.out.note(GroupMember{g.id, request.machine, MemberState::fenced, "replaced"});
    turn.out.note(GroupMember{g.id, request.machine, MemberState::joined, "static"});
    if (g.state != State::stable || !m.matches(request)) {
        park_join(turn, m, request, ref);
        return rebalance_or_complete(turn, g);
    }
    // No rebalance: only the new name is written down.
    extend_session(turn, m);
    Content content;
    content.group = g.id;
    content.generation = g.generation;
    content.taken = turn.in.now;
    content.metadata = g.metadata();
    content.renamed = true;
    Deferred step;
    step.kind = Deferred::Kind::rejoin;
    step.group = g.id;
    step.member = id;
    step.request = ref;
    turn.path.note_parked(ref, turn.out);
    write(turn, std::move(content), std::move(step));
}

void GroupCoordinator::rebalance_or_complete(Turn& turn, ClassicGroup& g) {
    if (g.state == State::preparing) {
        complete_join_if_all_here(turn, g);
    } else {
        prepare_rebalance(turn, g);
    }
}

void GroupCoordinator::prepare_rebalance(Turn& turn, ClassicGroup& g) {
    turn.out.note(GroupRebalance{g.id, RebalanceState::begin, g.generation});
    for (ClassicMember& m : g.members) {
        m.sync_pending = false;
        if (m.syncing) answer_sync(turn, m, Error::rebalance_in_progress);
    }
    g.sync_deadline = Time::never();
    g.initial = g.state == State::empty;
    g.member_added = false;
    g.state = State::preparing;
    if (g.initial) {
        const Duration delay = config_.group_initial_rebalance_delay;
        g.initial_left = std::max(g.rebalance_timeout() - delay, Duration{});
        g.join_deadline = after(turn.in.now, delay);
        note_group_deadline(g.join_deadline);
    } else if (g.all_joined()) {
        complete_join(turn, g);
    } else {
        g.join_deadline = after(turn.in.now, g.rebalance_timeout());
        note_group_deadline(g.join_deadline);
    }
}

void GroupCoordinator::complete_join_if_all_here(Turn& turn, ClassicGroup& g) {
    if (g.state == State::preparing && !g.initial && g.all_joined()) complete_join(turn, g);
}

void GroupCoordinator::complete_join(Turn& turn, ClassicGroup& g) {
    g.join_deadline = Time::never();
    for (std::size_t k = g.members.size(); k-- > 0;) {
        const ClassicMember& m = g.members[k];
        if (!m.joining && !m.is_static) {
            drop_member(turn, g, m.id, MemberState::evicted, "rebalance_timeout");
        }
    }
    if (!g.members.empty() && !g.elect_joined_leader()) {
        // Only static members, and none of them here: wait for one more round.
        g.join_deadline = after(turn.in.now, g.rebalance_timeout());
        return note_group_deadline(g.join_deadline);
    }
    g.initial = g.member_added = false;
    ++g.generation;
    if (g.members.empty()) {
        g.state = State::empty;
        g.leader = no_member;
        turn.out.note(GroupRebalance{g.id, RebalanceState::end, g.generation});
        Content content;
        content.group = g.id;
        content.generation = g.generation;
        content.taken = turn.in.now;
        content.metadata = g.metadata();
        return write(turn, std::move(content), Deferred{});
    }
    g.state = State::completing;
    g.protocol = g.choose_protocol();
    g.sync_deadline = after(turn.in.now, g.rebalance_timeout());
    note_group_deadline(g.sync_deadline);
    for (ClassicMember& m : g.members) {
        m.is_new = false;
        m.sync_pending = true;
        extend_session(turn, m);
        if (!std::exchange(m.joining, false)) continue;
        answer_join(turn, g, m, m.join);
    }
}

void GroupCoordinator::sync(Turn& turn, const SyncGroupRequest& request, const RequestRef& ref) {
    if (!shard_of(request.group).active) return refuse(turn, ref, Error::not_coordinator);
    ClassicGroup& g = group(request.group);
    ClassicMember* m = g.find(request.member);
    if (m == nullptr) return refuse(turn, ref, Error::unknown_member_id);
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
