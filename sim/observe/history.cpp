// Terms, batches and replicas of one partition, fact by fact.
#include "observe/history.hpp"

#include <algorithm>

namespace brokersim {

namespace {

std::uint32_t bit(LossWhy why) {
    return std::uint32_t{1} << static_cast<unsigned>(why);
}

LossWhy loss_of(TruncWhy why) {
    return why == TruncWhy::disk_loss ? LossWhy::disk_loss : LossWhy::power_loss;
}

LossWhy loss_of(HeadWhy why) {
    switch (why) {
    case HeadWhy::size_retention: return LossWhy::size_retention;
    case HeadWhy::delete_records: return LossWhy::delete_records;
    case HeadWhy::compaction: return LossWhy::compaction;
    case HeadWhy::retention:
    case HeadWhy::reset: break;
    }
    return LossWhy::retention;
}

/// The first of these heads whose move removed the record.
const Removal* remover(const std::vector<Removal>& heads, LeaderEpoch epoch, Offset offset) {
    for (const Removal& head : heads) {
        if (offset < head.to && head.before.holds(epoch, offset)) { return &head; }
    }
    return nullptr;
}

} // namespace

std::size_t Term::find(Offset offset) const {
    // Most questions are about the newest records: double the distance from the end until the run
    // lies between `low` and `high`.
    std::size_t high = runs.size();
    std::size_t low = high;
    for (std::size_t step = 1; low > 0; step *= 2) {
        low -= std::min(step, low);
        if (runs[low].end() <= offset) { break; }
        high = low;
    }
    const auto begin = runs.begin();
    return static_cast<std::size_t>(
        std::upper_bound(begin + static_cast<std::ptrdiff_t>(low),
                         begin + static_cast<std::ptrdiff_t>(high), offset,
                         [](Offset x, const Run& run) { return x < run.end(); }) -
        begin);
}

void History::decide(MachineId leader, LeaderEpoch epoch, bool clean) {
    if (terms.empty() || terms.back().epoch < epoch) {
        // Nobody acted since an unclean election: this one continues it.
        const bool elected = terms.empty() || terms.back().leader != leader;
        const Term* before = newest();
        const bool tainted = elected && before != nullptr && !before->acted && !before->clean;
        Term& term = terms.emplace_back();
        term.epoch = epoch;
        term.leader = leader;
        term.clean = clean && !(leader.valid() && tainted);
    }
    if (leader.valid() && terms.back().epoch == epoch) {
        last_ = static_cast<std::int32_t>(terms.size()) - 1;
    }
}

std::size_t History::search(LeaderEpoch epoch) const {
    const auto at =
        std::lower_bound(terms.begin(), terms.end(), epoch,
                         [](const Term& term, LeaderEpoch e) { return term.epoch < e; });
    const auto k = static_cast<std::size_t>(at - terms.begin());
    return k < terms.size() && at->epoch == epoch ? k : terms.size();
}

const Replica* History::find_replica(MachineId node) const {
    for (const Replica& known : replicas_) {
        if (known.node == node) { return &known; }
    }
    return nullptr;
}

bool History::act(Term& term, Offset& lost_from) {
    lost_from = nothing();
    if (term.acted) { return false; }
    term.acted = true;
    const Replica& leader = replica(term.leader);
    term.lineage = leader.log;
    if (&term != newest()) { return false; } // an old leader that wakes up late changes nothing
    term.reigned = true;
    reign_ = last_;
    for (const Removal& head : leader.heads) {
        const bool known = std::any_of(expired_.begin(), expired_.end(), [&](const Removal& e) {
            return e.to == head.to && e.why == head.why && e.before.end() == head.before.end();
        });
        if (!known) { expired_.push_back(head); }
    }
    gaps = gaps || !expired_.empty() || lacks_something(term);
    const Offset fork = committed_.divergence(term.lineage);
    if (fork < committed_.end()) {
        lost_from = fork;
        lossy_ = std::max(lossy_, term.epoch);
        committed_.cut(fork);
    }
    // What it knew as committed in the days of another leader.
    if (leader.hw > committed_.end()) { committed_.follow(leader.log, leader.hw); }
    return true;
}

bool History::lacks_something(const Term& reign) const {
    for (const Term& term : terms) {
        if (term.epoch >= reign.epoch || term.runs.empty()) { continue; }
        if (!reign.lineage.holds(term.epoch, term.runs.front().base) ||
            !reign.lineage.holds(term.epoch, term.end() - 1)) {
            return true;
        }
    }
    return false;
}

void History::trim(Replica& replica, const LogTrunc& fact) {
    const bool wound = fact.why != TruncWhy::divergence && fact.why != TruncWhy::unclean;
    if (wound) {
        if (fact.to < replica.log.end()) {
            replica.wounds.push_back({fact.to, replica.log, loss_of(fact.why)});
        }
        if (fact.to < replica.start) { // a new disk: nothing is remembered
            replica.start = fact.to;
            replica.heads.clear();
        }
    }
    replica.log.cut(fact.to);
    replica.hw = std::min(replica.hw, fact.to);
}

void History::behead(Replica& replica, const LogHead& fact) {
    if (fact.why == HeadWhy::reset) {
        const Replica* leader = newest() != nullptr ? find_replica(newest()->leader) : nullptr;
        const Lineage of_leader = leader != nullptr ? leader->log : Lineage();
        replica.heads.clear();
        replica.log.follow(of_leader, fact.to);
        replica.hw = fact.to;
    } else {
        replica.heads.push_back({fact.to, replica.log, loss_of(fact.why)});
        if (newest() != nullptr && newest()->leader == replica.node) {
            expired_.push_back(replica.heads.back());
            gaps = true;
        }
    }
    replica.start = fact.to;
}

void History::advance(const Replica& leader, const Term& term) {
    if (term.epoch >= lossy_ && leader.hw > committed_.end()) {
        committed_.follow(leader.log, leader.hw);
    }
}

Fate History::fate(LeaderEpoch epoch, Offset offset) const {
    const Term* left = nullptr; // the reign that lacks it since the last one that had it
    const Term* ever = nullptr; // the first one that lacked it
    for (const Term& term : terms) {
        if (term.epoch <= epoch || !term.reigned) { continue; }
        if (term.lineage.holds(epoch, offset)) {
            left = nullptr;
        } else {
            left = left != nullptr ? left : &term;
            ever = ever != nullptr ? ever : left;
        }
    }
    const Term* last = newest();
    const Replica* leader = last != nullptr ? find_replica(last->leader) : nullptr;
    const Removal* head = remover(expired_, epoch, offset);
    if (head == nullptr && leader != nullptr) { head = remover(leader->heads, epoch, offset); }
    if (head != nullptr) { return {bit(head->why), true}; }

    const bool here = leader != nullptr && leader->log.holds(epoch, offset);
    if (!here && left == nullptr && last != nullptr && !last->acted) { ever = last; }
    if (ever == nullptr && here) { return {}; }
    Fate fate{0, left != nullptr};
    const Replica* culprit = ever != nullptr ? find_replica(ever->leader) : leader;
    if (culprit != nullptr) {
        for (const Removal& wound : culprit->wounds) {
            if (offset >= wound.to && wound.before.holds(epoch, offset)) {
                fate.causes |= bit(wound.why);
            }
        }
    }
    if (ever != nullptr && !ever->clean) { fate.causes |= bit(LossWhy::unclean_election); }
    if (fate.causes == 0) { fate.causes = bit(LossWhy::acks_leader_failover); }
    return fate;
}

Offset History::next_boundary(Offset offset) const {
    Offset next = Lineage::far_away;
    const auto lineage = [&](const Lineage& log) {
        next = std::min(next, log.next_boundary(offset));
    };
    const auto removals = [&](const std::vector<Removal>& list) {
        for (const Removal& removal : list) {
            if (removal.to > offset) { next = std::min(next, removal.to); }
            lineage(removal.before);
        }
    };
    for (const Term& term : terms) {
        if (term.reigned) { lineage(term.lineage); }
    }
    for (const Replica& replica : replicas_) {
        lineage(replica.log);
        removals(replica.wounds);
        removals(replica.heads);
    }
    removals(expired_);
    return next;
}

std::size_t History::first_segment(const Lineage& log, Offset from) {
    const auto& segments = log.segments();
    std::size_t k = segments.size();
    while (k > 0 && segments[k - 1].first > from) {
        --k;
    }
    return k > 0 ? k - 1 : 0;
}

} // namespace brokersim
