// The round-robin assignor.
#include "client/assignor.hpp"

#include <algorithm>

namespace brokersim {

Assigned assign_round_robin(const std::vector<AssignorTopic>& topics,
                            const std::vector<AssignorMember>& members) {
    const std::vector<std::size_t> order = assignor_order(members);
    const auto wants = [&](std::size_t m, std::int32_t topic) {
        const std::vector<std::int32_t>& wanted = members[m].topics;
        return std::find(wanted.begin(), wanted.end(), topic) != wanted.end();
    };
    Assigned assigned(members.size());
    std::size_t turn = 0; // Goes on from topic to topic.
    for (std::size_t t = 0; t < topics.size(); ++t) {
        const auto topic = static_cast<std::int32_t>(t);
        const bool wanted =
            std::any_of(order.begin(), order.end(), [&](std::size_t m) { return wants(m, topic); });
        if (!wanted) continue;
        for (std::int32_t p = 0; p < topics[t].partitions; ++p) {
            while (!wants(order[turn], topic))
                turn = (turn + 1) % order.size();
            assigned[order[turn]].push_back({topic, p});
            turn = (turn + 1) % order.size();
        }
    }
    return assigned;
}

} // namespace brokersim
