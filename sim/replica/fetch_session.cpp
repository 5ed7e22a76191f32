// The list of partitions in a fetch session.
#include "replica/fetch_session.hpp"

#include "engine/assert.hpp"

#include <algorithm>

namespace brokersim {

namespace {

template <class Index>
auto place(Index& index, PartitionId tp) {
    return std::lower_bound(index.begin(), index.end(), tp,
                            [](const auto& item, PartitionId id) { return item.first < id; });
}

} // namespace

std::int32_t FetchSession::number(std::size_t slot, std::uint32_t before) {
    BS_ASSERT(slot < (std::size_t{1} << slot_bits));
    const std::uint32_t above = 1 + before % ((std::uint32_t{1} << (31 - slot_bits)) - 1);
    return static_cast<std::int32_t>((above << slot_bits) | static_cast<std::uint32_t>(slot));
}

std::int32_t FetchSession::find(PartitionId tp) const {
    const auto at = place(index, tp);
    return at != index.end() && at->first == tp ? static_cast<std::int32_t>(at->second) : -1;
}

std::uint32_t FetchSession::add(PartitionId tp) {
    std::uint32_t entry = 0;
    if (free_entries.empty()) {
        entry = static_cast<std::uint32_t>(entries.size());
        entries.emplace_back();
    } else {
        entry = free_entries.back();
        free_entries.pop_back();
    }
    const bool listed = entries[entry].marked;
    const bool listed_joining = entries[entry].joining;
    entries[entry] = Entry{};
    entries[entry].tp = tp;
    entries[entry].used = true;
    entries[entry].marked = listed; // Still in those lists under its old name.
    entries[entry].joining = listed_joining;
    entries[entry].order = next_order++;
    index.insert(place(index, tp), {tp, entry});
    return entry;
}

void FetchSession::remove(std::uint32_t entry) {
    const auto at = place(index, entries[entry].tp);
    if (at != index.end() && at->second == entry) index.erase(at);
    entries[entry].used = false;
    free_entries.push_back(entry);
}

} // namespace brokersim
