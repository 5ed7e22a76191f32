// One group of the classic protocol.
#include "group/classic_group.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace brokersim {

namespace {

bool contains(const std::vector<AssignorId>& list, AssignorId protocol) {
    return std::find(list.begin(), list.end(), protocol) != list.end();
}

} // namespace

ClassicMember* ClassicGroup::find(MemberId member) {
    const auto at =
        std::lower_bound(members.begin(), members.end(), member,
                         [](const ClassicMember& m, MemberId wanted) { return m.id < wanted; });
    return at != members.end() && at->id == member ? &*at : nullptr;
}

ClassicMember* ClassicGroup::find_static(InstanceNumber instance) {
    const auto at = std::find_if(members.begin(), members.end(), [&](const ClassicMember& m) {
        return instance != no_instance && m.instance == instance;
    });
    return at == members.end() ? nullptr : &*at;
}

Error ClassicGroup::check(MemberId member, InstanceNumber instance) {
    const ClassicMember* holder = find_static(instance);
    if (holder != nullptr && holder->id != member) return Error::fenced_instance_id;
    return find(member) == nullptr ? Error::unknown_member_id : Error::none;
}

bool ClassicGroup::accepts(MemberId member, std::int32_t max_size) {
    const ClassicMember* known = find(member);
    const auto limit = static_cast<std::ptrdiff_t>(max_size);
    switch (state) {
    case State::empty: return true;
    case State::preparing:
        // Who has joined again counts, so that a group that is too large sheds the last ones.
        return (known != nullptr && known->joining) ||
               std::count_if(members.begin(), members.end(),
                             [](const ClassicMember& m) { return m.joining; }) < limit;
    case State::completing:
    case State::stable: break;
    }
    return known != nullptr || static_cast<std::ptrdiff_t>(members.size()) < limit;
}

ClassicMember& ClassicGroup::add(ClassicMember member) {
    if (leader == no_member) leader = member.id;
    const auto at =
        std::lower_bound(members.begin(), members.end(), member.id,
                         [](const ClassicMember& m, MemberId wanted) { return m.id < wanted; });
    return *members.insert(at, std::move(member));
}

void ClassicGroup::remove(MemberId member) {
    members.erase(std::remove_if(members.begin(), members.end(),
                                 [&](const ClassicMember& m) { return m.id == member; }),
                  members.end());
    if (leader == member) leader = members.empty() ? no_member : members.front().id;
}

bool ClassicGroup::take_pending(MemberId member) {
    const auto at = std::find_if(pending.begin(), pending.end(),
                                 [&](const Pending& p) { return p.id == member; });
    if (at == pending.end()) return false;
    pending.erase(at);
    return true;
}

bool ClassicGroup::all_joined() const {
    return pending.empty() && std::all_of(members.begin(), members.end(),
                                          [](const ClassicMember& m) { return m.joining; });
}

bool ClassicGroup::all_synced() const {
    return std::none_of(members.begin(), members.end(),
                        [](const ClassicMember& m) { return m.sync_pending; });
}

Duration ClassicGroup::rebalance_timeout() const {
    Duration longest{};
    for (const ClassicMember& m : members)
        longest = std::max(longest, m.rebalance_timeout);
    return longest;
}

bool ClassicGroup::supports_any(const std::vector<AssignorId>& choices) const {
    return std::any_of(choices.begin(), choices.end(), [&](AssignorId one) {
        return std::all_of(members.begin(), members.end(),
                           [&](const ClassicMember& m) { return contains(m.protocols, one); });
    });
}

AssignorId ClassicGroup::choose_protocol() const {
    std::array<std::size_t, 4> votes{};
    for (const ClassicMember& voter : members) {
        for (const AssignorId choice : voter.protocols) {
            if (!supports_any({choice})) continue;
            ++votes[static_cast<std::size_t>(choice)];
            break;
        }
    }
    return static_cast<AssignorId>(std::max_element(votes.begin(), votes.end()) - votes.begin());
}

bool ClassicGroup::elect_joined_leader() {
    const ClassicMember* current = find(leader);
    if (current != nullptr && current->joining) return true;
    for (const ClassicMember& m : members) {
        if (!m.joining) continue;
        leader = m.id;
        return true;
    }
    return false;
}

const CommittedOffset* ClassicGroup::committed(PartitionId tp) const {
    const auto at =
        std::lower_bound(offsets.begin(), offsets.end(), tp,
                         [](const CommittedOffset& o, PartitionId p) { return o.tp < p; });
    return at != offsets.end() && at->tp == tp ? &*at : nullptr;
}

void ClassicGroup::commit(const CommittedOffset& offset) {
    const auto at =
        std::lower_bound(offsets.begin(), offsets.end(), offset.tp,
                         [](const CommittedOffset& o, PartitionId p) { return o.tp < p; });
    if (at != offsets.end() && at->tp == offset.tp) {
        *at = offset;
    } else {
        offsets.insert(at, offset);
    }
}

std::shared_ptr<GroupMetadata> ClassicGroup::metadata() const {
    auto written = std::make_shared<GroupMetadata>();
    written->generation = generation;
    written->protocol = protocol;
    written->leader = leader;
    for (const ClassicMember& m : members) {
        written->members.push_back({m.id, m.machine, m.instance, m.session_timeout.ns,
                                    m.rebalance_timeout.ns, m.protocols, m.topics, m.partitions});
    }
    return written;
}

void ClassicGroup::load(Time now, const GroupMetadata& metadata) {
    state = metadata.members.empty() ? State::empty : State::stable;
    generation = metadata.generation;
    protocol = metadata.protocol;
    leader = metadata.leader;
    members.clear();
    for (const GroupMetadata::Member& known : metadata.members) {
        ClassicMember m;
        m.id = known.member;
        m.machine = known.machine;
        m.instance = known.instance;
        m.session_timeout = {known.session_timeout_ns};
        m.rebalance_timeout = {known.rebalance_timeout_ns};
        m.session_deadline = after(now, m.session_timeout);
        m.protocols = known.protocols;
        m.topics = known.topics;
        m.partitions = known.partitions;
        add(std::move(m));
    }
}

void ClassicGroup::reset() {
    const GroupId kept = id;
    *this = ClassicGroup{};
    id = kept;
}

} // namespace brokersim
