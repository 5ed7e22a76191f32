// Records that a group is handed again, and the reason.
#include "observe/rereads.hpp"

#include <algorithm>

namespace brokersim {

Rereads::Rereads(const RunInfo& info) : groups_(info.groups.size()), falls_(info.nodes.size(), 0) {
    for (const GroupInfo& group : info.groups) {
        shares_.push_back(group.protocol == "share");
    }
}

void Rereads::on(const NodeDown& fact) {
    if (fact.how != DownHow::clean) { ++falls_[fact.node.index()]; }
}

void Rereads::on(const ConsStart& fact) {
    Shelf& at = shelf(fact.g, fact.tp);
    Place* place = nullptr;
    for (Place& known : at.places) {
        if (known.mem == fact.mem) { place = &known; }
    }
    if (fact.why == StartWhy::kept && place != nullptr) { return; }
    if (place == nullptr) { place = &at.places.emplace_back(); }
    *place = {fact.mem, reason(at, fact.why)};
}

DupWhy Rereads::reason(const Shelf& shelf, StartWhy why) const {
    switch (why) {
    case StartWhy::earliest: return DupWhy::reset_earliest;
    case StartWhy::latest: return DupWhy::reset_latest;
    case StartWhy::seek: return DupWhy::seek;
    case StartWhy::committed:
    case StartWhy::truncated:
    case StartWhy::kept: break;
    }
    if (shelf.reader.valid() && falls_[shelf.reader.index()] != shelf.falls) {
        return DupWhy::crash_before_commit;
    }
    return shelf.refused ? DupWhy::commit_refused : DupWhy::rebalance_reprocess;
}

void Rereads::on(const ConsCommit& fact) {
    shelf(fact.g, fact.tp).refused = !fact.ok;
}

const std::vector<Rereads::Again>& Rereads::on(const ConsRead& fact, const Lineage& committed) {
    again_.clear();
    if (shares_[fact.g.index()]) { return again_; }
    Shelf& at = shelf(fact.g, fact.tp);
    if (!at.replaced.empty()) { recall(at, fact.from, fact.to, committed); }
    if (at.read.hits(fact.from, fact.to)) {
        DupWhy why = DupWhy::rebalance_reprocess;
        for (const Place& place : at.places) {
            if (place.mem == fact.mem) { why = place.why; }
        }
        at.read.pieces(fact.from, fact.to, [&](Offset from, Offset to, const Present* seen) {
            if (seen != nullptr) { again_.push_back({from, to, why}); }
        });
    }
    at.read.put(fact.from, fact.to);
    at.reader = fact.mem;
    at.falls = falls_[fact.mem.index()];
    return again_;
}

/// What was read before and is part of the history again, because an old leader came back.
void Rereads::recall(Shelf& shelf, Offset from, Offset to, const Lineage& committed) {
    const auto& segments = committed.segments();
    for (std::size_t k = 0; k < segments.size(); ++k) {
        const Offset low = std::max(from, segments[k].first);
        const Offset high = std::min(to, committed.end_of(k));
        const auto found = shelf.replaced.find(segments[k].epoch);
        if (low >= high || found == shelf.replaced.end()) { continue; }
        found->second.pieces(low, high, [&](Offset x, Offset y, const Present* read) {
            if (read != nullptr) { shelf.read.put(x, y); }
        });
    }
}

void Rereads::forget(PartitionId tp, Offset cut, const Lineage& before) {
    for (std::size_t g = 0; g < groups_; ++g) {
        const std::int32_t slot = shelf_of_.find(static_cast<std::int32_t>(g), tp);
        if (slot < 0) { continue; }
        Shelf& at = shelves_[static_cast<std::size_t>(slot)];
        for (std::size_t k = 0; k < before.segments().size(); ++k) {
            const Offset low = std::max(cut, before.segments()[k].first);
            const Offset high = before.end_of(k);
            if (low >= high) { continue; }
            at.read.pieces(low, high, [&](Offset x, Offset y, const Present* read) {
                if (read != nullptr) { at.replaced[before.segments()[k].epoch].put(x, y); }
            });
        }
        if (!at.read.empty() && at.read.back().end > cut) {
            at.read.erase(cut, at.read.back().end);
        }
    }
}

Rereads::Shelf& Rereads::shelf(GroupId g, PartitionId tp) {
    std::int32_t slot = shelf_of_.find(g.value, tp);
    if (slot < 0) {
        slot = static_cast<std::int32_t>(shelves_.size());
        shelf_of_.set(g.value, tp, shelves_.size());
        shelves_.emplace_back();
    }
    return shelves_[static_cast<std::size_t>(slot)];
}

} // namespace brokersim
