// The range assignor, with its preference for replicas in the member's own rack.
#include "client/assignor.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <numeric>
#include <set>
#include <tuple>
#include <utility>

namespace brokersim {

namespace {

bool contains(const std::vector<std::int32_t>& list, std::int32_t value) {
    return std::find(list.begin(), list.end(), value) != list.end();
}

/// The distribution of one topic in progress (Kafka: RangeAssignor.TopicAssignmentState).
class TopicState {
public:
    /// `subscribers`: positions in `members`, sorted as assignors go through them.
    TopicState(const AssignorTopic& topic, const std::vector<AssignorMember>& members,
               std::vector<std::size_t> subscribers)
        : topic_(topic), members_(members), subscribers_(std::move(subscribers)),
          owner_(static_cast<std::size_t>(topic.partitions), nobody),
          assigned_(subscribers_.size(), 0) {
        if (subscribers_.empty()) { return; }
        const auto count = static_cast<std::int32_t>(subscribers_.size());
        share_ = topic.partitions / count;
        extras_ = topic.partitions % count;
    }

    const std::vector<std::size_t>& subscribers() const { return subscribers_; }
    std::int32_t partitions() const { return topic_.partitions; }

    /// Racks matter only where members can be near some partitions and not near others.
    bool needs_racks() const {
        std::set<std::int32_t> everywhere;
        for (const auto& racks : topic_.replica_racks) {
            everywhere.insert(racks.begin(), racks.end());
        }
        const auto near_any = [&](std::size_t m) { return everywhere.contains(members_[m].rack); };
        const auto in_all = [&](const auto& racks) { return racks.size() == everywhere.size(); };
        return std::any_of(subscribers_.begin(), subscribers_.end(), near_any) &&
               !std::all_of(topic_.replica_racks.begin(), topic_.replica_racks.end(), in_all);
    }

    /// `s` counts subscribers. A member without rack is near everything.
    bool is_near(std::size_t s, std::int32_t partition) const {
        const std::int32_t rack = members_[subscribers_[s]].rack;
        if (rack < 0) { return true; }
        const auto at = static_cast<std::size_t>(partition);
        return at < topic_.replica_racks.size() && contains(topic_.replica_racks[at], rack);
    }

    /// How many more partitions subscriber `s` may get.
    std::int32_t room(std::size_t s) const {
        return std::max(0, share_ + (extras_ > 0 ? 1 : 0) - assigned_[s]);
    }

    void assign(std::size_t s, std::int32_t partition) {
        owner_[static_cast<std::size_t>(partition)] = subscribers_[s];
        if (++assigned_[s] == share_ + 1) { --extras_; }
    }

    /// To each subscriber in turn what is left, up to its quota; if `near_only`, in its rack.
    void assign_ranges(bool near_only) {
        for (std::size_t s = 0; s < subscribers_.size(); ++s) {
            // The quota is fixed before the first of them is handed out.
            std::int32_t left = room(s);
            for (std::int32_t p = 0; p < topic_.partitions && left > 0; ++p) {
                if (owner_[static_cast<std::size_t>(p)] != nobody) { continue; }
                if (near_only && !is_near(s, p)) { continue; }
                assign(s, p);
                --left;
            }
        }
    }

    void report(std::int32_t topic, Assigned& assigned) const {
        for (std::int32_t p = 0; p < topic_.partitions; ++p) {
            const std::size_t owner = owner_[static_cast<std::size_t>(p)];
            if (owner != nobody) { assigned[owner].push_back({topic, p}); }
        }
    }

private:
    static constexpr auto nobody = static_cast<std::size_t>(-1);

    const AssignorTopic& topic_;
    const std::vector<AssignorMember>& members_;
    std::vector<std::size_t> subscribers_;
    std::vector<std::size_t> owner_;     ///< by partition: position in `members_`
    std::vector<std::int32_t> assigned_; ///< by subscriber
    std::int32_t share_ = 0;
    std::int32_t extras_ = 0; ///< subscribers that may still get one more than `share_`
};

/// Topics with the same subscribers and as many partitions: equal numbers stay together, with the
/// first subscriber that is near all of them.
void assign_co_partitioned(const std::vector<TopicState*>& topics) {
    const TopicState& any = *topics.front();
    for (std::int32_t p = 0; p < any.partitions(); ++p) {
        for (std::size_t s = 0; s < any.subscribers().size(); ++s) {
            const bool fits = std::all_of(topics.begin(), topics.end(), [s, p](const auto* topic) {
                return topic->room(s) > 0 && topic->is_near(s, p);
            });
            if (!fits) { continue; }
            for (TopicState* topic : topics) {
                topic->assign(s, p);
            }
            break;
        }
    }
}

/// The pass before the ranges (KIP-881).
void assign_near(std::vector<TopicState>& states) {
    std::map<std::pair<std::vector<std::size_t>, std::int32_t>, std::vector<TopicState*>> groups;
    for (TopicState& state : states) {
        groups[{state.subscribers(), state.partitions()}].push_back(&state);
    }
    for (const auto& [key, topics] : groups) {
        if (topics.size() > 1) {
            assign_co_partitioned(topics);
        } else if (topics.front()->needs_racks()) {
            topics.front()->assign_ranges(true);
        }
    }
}

} // namespace

bool sorts_before(const AssignorMember& a, const AssignorMember& b) {
    const bool a_dynamic = a.instance_id.empty();
    const bool b_dynamic = b.instance_id.empty();
    return std::tie(a_dynamic, a.instance_id, a.id, a.number) <
           std::tie(b_dynamic, b.instance_id, b.id, b.number);
}

std::vector<std::size_t> assignor_order(const std::vector<AssignorMember>& members) {
    std::vector<std::size_t> order(members.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&members](std::size_t a, std::size_t b) {
        return sorts_before(members[a], members[b]);
    });
    return order;
}

Assigned assign_range(const std::vector<AssignorTopic>& topics,
                      const std::vector<AssignorMember>& members) {
    std::vector<std::vector<std::size_t>> subscribers(topics.size());
    for (const std::size_t m : assignor_order(members)) {
        for (const std::int32_t topic : members[m].topics) {
            subscribers[static_cast<std::size_t>(topic)].push_back(m);
        }
    }
    std::vector<TopicState> states;
    states.reserve(topics.size());
    for (std::size_t t = 0; t < topics.size(); ++t) {
        states.emplace_back(topics[t], members, std::move(subscribers[t]));
    }

    const bool racks_matter = std::any_of(states.begin(), states.end(),
                                          [](const TopicState& s) { return s.needs_racks(); });
    if (racks_matter) { assign_near(states); }
    Assigned assigned(members.size());
    for (std::size_t t = 0; t < states.size(); ++t) {
        states[t].assign_ranges(false);
        states[t].report(static_cast<std::int32_t>(t), assigned);
    }
    return assigned;
}

} // namespace brokersim
