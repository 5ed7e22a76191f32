// Joining: how a group comes from one generation to the next. Kafka: GroupMetadataManager, the part
// for classic groups (semantics §5.4).
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
            response.members.push_back({each.id, each.instance, begin,
                                        static_cast<std::uint32_t>(response.topics.size())});
        }
    }
    turn.path.deliver(turn.in, ref, packet, turn.out);
}

void GroupCoordinator::join(Turn& turn, const JoinGroupRequest& request, const RequestRef& ref) {
    ClassicGroup& g = group(request.group);
    if (!shard_of(request.group).active) {
        return refuse_join(turn, g, ref, Error::not_coordinator, request.member);
    }
    if (!g.accepts(request.member, config_.group_max_size)) {
        if (g.find(request.member) != nullptr) {
            remove_member(turn, g, request.member, MemberState::evicted, "max_size");
        } else {
            g.take_pending(request.member);
        }
        turn.out.note(GroupMember{g.id, request.machine, MemberState::refused, "max_size"});
        return refuse_join(turn, g, ref, Error::group_max_size_reached, no_member);
    }
    if (request.member == no_member) {
        if (!g.supports_any(request.protocols)) {
            turn.out.note(GroupMember{g.id, request.machine, MemberState::refused, "assignor"});
            return refuse_join(turn, g, ref, Error::inconsistent_group_protocol, no_member);
        }
        if (request.instance != no_instance) return join_static(turn, g, request, ref);
        // KIP-394: a member that never hears of its id leaves nothing behind but this.
        const MemberId id = next_member_id();
        g.pending.push_back({id, after(turn.in.now, request.session_timeout)});
        note_group_deadline(g.pending.back().deadline);
        return refuse_join(turn, g, ref, Error::member_id_required, id);
    }
    if (g.take_pending(request.member)) return add_member(turn, g, request.member, request, ref);
    const Error error = g.check(request.member, request.instance);
    if (error != Error::none) return refuse_join(turn, g, ref, error, no_member);
    join_known(turn, g, *g.find(request.member), request, ref);
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
    const bool made_static = request.instance != no_instance;
    ClassicMember made;
    made.id = id;
    made.machine = request.machine;
    made.instance = request.instance;
    made.is_new = true;
    made.session_deadline = after(turn.in.now, new_member_join_timeout);
    note_group_deadline(made.session_deadline);
    park_join(turn, g.add(std::move(made)), request, ref);
    turn.out.note(GroupMember{g.id, request.machine, MemberState::joined,
                              made_static ? "static" : "dynamic"});
    rebalance_or_complete(turn, g);
}

/// A static member without a member id: new, or a restarted process that takes its old place
/// (KIP-345).
void GroupCoordinator::join_static(Turn& turn, ClassicGroup& g, const JoinGroupRequest& request,
                                   const RequestRef& ref) {
    ClassicMember* old = g.find_static(request.instance);
    const MemberId id = next_member_id();
    if (old == nullptr) return add_member(turn, g, id, request, ref);
    if (old->joining) refuse_join(turn, g, old->join, Error::fenced_instance_id, no_member);
    if (old->syncing) answer_sync(turn, *old, Error::fenced_instance_id);
    const MachineId fenced = old->machine;
    ClassicMember heir = *old;
    const bool led = g.leader == old->id;
    g.remove(old->id);
    heir.id = id;
    heir.machine = request.machine;
    heir.joining = heir.syncing = false;
    ClassicMember& m = g.add(std::move(heir));
    if (led) g.leader = id;
    turn.out.note(GroupMember{g.id, fenced, MemberState::fenced, "replaced"});
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
        if (!m.joining && !m.is_static()) {
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

} // namespace brokersim
