#include "observe/rereads.hpp"

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

const std::vector<Rereads::Again>& Rereads::on(const ConsRead& fact) {
    again_.clear();
    if (shares_[fact.g.index()]) { return again_; }
    Shelf& at = shelf(fact.g, fact.tp);
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

void Rereads::forget(PartitionId tp, Offset cut) {
    for (std::size_t g = 0; g < groups_; ++g) {
        const std::int32_t slot = shelf_of_.find(static_cast<std::int32_t>(g), tp);
        if (slot < 0) { continue; }
        Ranges<>& read = shelves_[static_cast<std::size_t>(slot)].read;
        if (!read.empty() && read.back().end > cut) { read.erase(cut, read.back().end); }
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
