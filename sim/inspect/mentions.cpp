// Looks through the fields of a fact, whatever their types.
#include "inspect/mentions.hpp"

#include <algorithm>
#include <type_traits>

namespace brokersim {
namespace {

/// Whether a value holds an id, of those in `Ids`, with this name.
template <class... Ids>
class Search {
public:
    Search(const RunInfo& info, std::string_view name) : info_(info), name_(name) {}

    template <class T>
    bool in(const T& value) const {
        if constexpr ((std::is_same_v<T, Ids> || ...)) {
            return value.valid() && info_.name(value) == name_;
        } else {
            return false;
        }
    }
    template <class T>
    bool in(const std::optional<T>& value) const {
        return value && in(*value);
    }
    template <class T>
    bool in(const Maybe<T>& value) const {
        return value.present && in(value.value);
    }
    template <class T>
    bool in(std::span<const T> values) const {
        return std::any_of(values.begin(), values.end(), [&](const T& v) { return in(v); });
    }
    bool in(const MemberAssignment& entry) const {
        return in(entry.member) || in(entry.partitions);
    }

    bool any(FactRef fact) const {
        bool found = false;
        visit(fact, [&](const auto& typed) {
            std::apply([&](const auto&... fields) { found = (in(typed.*fields.member) || ...); },
                       typed.fields());
        });
        return found;
    }

private:
    const RunInfo& info_;
    std::string_view name_;
};

} // namespace

bool mentions_node(const RunInfo& info, FactRef fact, std::string_view name) {
    return Search<MachineId, ProducerId>(info, name).any(fact);
}
bool mentions_partition(const RunInfo& info, FactRef fact, std::string_view name) {
    return Search<PartitionId>(info, name).any(fact);
}
bool mentions_fault(const RunInfo& info, FactRef fact, std::string_view name) {
    return Search<FaultId>(info, name).any(fact);
}

} // namespace brokersim
