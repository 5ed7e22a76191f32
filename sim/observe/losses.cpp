// The part of the ledger that decides what is lost.
#include "observe/ledger.hpp"

#include <algorithm>
#include <array>

namespace brokersim {

namespace {

/// Of several possible causes the most tangible one.
LossWhy best_cause(const Fate& fate) {
    constexpr std::array order = {LossWhy::disk_loss,        LossWhy::power_loss,
                                  LossWhy::unclean_election, LossWhy::retention,
                                  LossWhy::size_retention,   LossWhy::delete_records,
                                  LossWhy::compaction,       LossWhy::acks_leader_failover};
    return *std::find_if(order.begin(), order.end() - 1,
                         [&](LossWhy why) { return fate.may_be(why); });
}

} // namespace

void Ledger::on(const ProdAck& fact, Verdicts& verdicts) {
    totals_.acked += fact.count;
    if (!fact.off) { return; } // acks=0 promises nothing
    const std::int32_t slot = account(fact.p, fact.tp);
    accounts_[static_cast<std::size_t>(slot)].acked.put(fact.i, fact.i + fact.count);
    const History& history = this->history(fact.tp);
    if (history.gaps) {
        judge_ack(history, slot, fact);
        tell_losses(verdicts);
    }
}

/// Acknowledged records that the log of the newest reign lacks.
void Ledger::judge(const History& history, bool everything) {
    const Term* reign = history.reign();
    if (reign == nullptr) { return; }
    for (const Term& term : history.terms) {
        if (term.epoch >= reign->epoch) { break; }
        Offset kept_from = 0;
        Offset kept_to = 0;
        const auto& segments = reign->lineage.segments();
        for (std::size_t k = 0; k < segments.size(); ++k) {
            if (segments[k].epoch == term.epoch) {
                kept_from = segments[k].first;
                kept_to = reign->lineage.end_of(k);
            }
        }
        const auto part = [&](const Run& run, Offset from, Offset to) {
            const std::int32_t slot =
                history.sessions[static_cast<std::size_t>(run.session)].account;
            if (slot < 0 || from >= to) { return; }
            const std::int64_t i = run.i + (from - run.base);
            consider(history, slot, {i, i + (to - from), term.epoch, from}, everything);
        };
        for (const Run& run : term.runs) {
            if (run.base >= kept_from) { break; }
            part(run, run.base, std::min(run.end(), kept_from));
        }
        for (std::size_t r = term.find(kept_to); r < term.runs.size(); ++r) {
            part(term.runs[r], std::max(term.runs[r].base, kept_to), term.runs[r].end());
        }
    }
}

/// Records that left `log` when its start moved.
void Ledger::judge_expired(const History& history, const Lineage& log, Offset from, Offset to) {
    history.runs(log, from, to, [&](LeaderEpoch epoch, const Run& run, Offset low, Offset high) {
        const std::int32_t slot = history.sessions[static_cast<std::size_t>(run.session)].account;
        if (slot < 0) { return; }
        const std::int64_t i = run.i + (low - run.base);
        consider(history, slot, {i, i + (high - low), epoch, low}, true);
    });
}

/// An acknowledgement may reach its producer when the records are gone already.
void Ledger::judge_ack(const History& history, std::int32_t account, const ProdAck& fact) {
    std::int64_t i = fact.i;
    Offset at = *fact.off;
    const std::int64_t end = fact.i + fact.count;
    while (i < end) {
        const Run* found = nullptr;
        LeaderEpoch epoch = 0;
        for (auto term = history.terms.rbegin(); term != history.terms.rend(); ++term) {
            const std::size_t r = term->find(at);
            if (r == term->runs.size() || term->runs[r].base > at) { continue; }
            const Run& run = term->runs[r];
            if (history.sessions[static_cast<std::size_t>(run.session)].account == account &&
                run.i + (at - run.base) == i) {
                found = &run;
                epoch = term->epoch;
                break;
            }
        }
        if (found == nullptr) { return; }
        const std::int64_t next = std::min(end, i + (found->end() - at));
        consider(history, account, {i, next, epoch, at}, false);
        at += next - i;
        i = next;
    }
}

void Ledger::consider(const History& history, std::int32_t account, Copy copy, bool everything) {
    const Account& of = accounts_[static_cast<std::size_t>(account)];
    if (!of.acked.hits(copy.i, copy.end)) { return; }
    if (of.copied.hits(copy.i, copy.end)) {
        consider_all_copies(history, account, copy.i, copy.end, everything);
        return;
    }
    while (copy.i < copy.end) {
        const Offset bound = history.next_boundary(copy.base);
        const std::int64_t count = std::min(copy.end - copy.i, bound - copy.base);
        blame(account, copy.i, copy.i + count, history.fate(copy.epoch, copy.base), everything);
        copy.i += count;
        copy.base += count;
    }
}

/// A record is lost when all its copies are.
void Ledger::consider_all_copies(const History& history, std::int32_t account, std::int64_t first,
                                 std::int64_t end, bool everything) {
    Ranges<Fate> fates;
    const auto add = [&](std::int64_t x, std::int64_t y, const Fate& fate) {
        std::vector<Ranges<Fate>::Range> parts;
        fates.pieces(x, y, [&](std::int64_t a, std::int64_t b, const Fate* other) {
            parts.push_back({a, b,
                             other == nullptr ? fate
                                              : Fate{fate.causes | other->causes,
                                                     fate.certain && other->certain}});
        });
        for (const auto& part : parts) {
            fates.put(part.first, part.end, part.value);
        }
    };
    for (const Term& term : history.terms) {
        for (const Run& run : term.runs) {
            std::int64_t low = std::max(first, run.i);
            const std::int64_t high = std::min(end, run.i + run.count);
            if (low >= high ||
                history.sessions[static_cast<std::size_t>(run.session)].account != account) {
                continue;
            }
            while (low < high) {
                const Offset at = run.base + (low - run.i);
                const std::int64_t next = std::min(high, low + (history.next_boundary(at) - at));
                add(low, next, history.fate(term.epoch, at));
                low = next;
            }
        }
    }
    for (const auto& part : fates) {
        blame(account, part.first, part.end, part.value, everything);
    }
}

void Ledger::blame(std::int32_t account, std::int64_t i, std::int64_t end, Fate fate,
                   bool everything) {
    if (!fate.certain) { return; }
    Account& of = accounts_[static_cast<std::size_t>(account)];
    const std::size_t before = losses_.size();
    const LossWhy why = best_cause(fate);
    of.acked.pieces(i, end, [&](std::int64_t x, std::int64_t y, const Present* acked) {
        if (acked == nullptr) { return; }
        of.lost.pieces(x, y, [&](std::int64_t a, std::int64_t b, const LossWhy* told) {
            // What was told once is told again only if what followed proves the cause wrong.
            if (told == nullptr || (everything && !fate.may_be(*told))) {
                losses_.push_back({of.p, of.tp, a, b - a, why});
            }
        });
    });
    for (std::size_t k = before; k < losses_.size(); ++k) {
        of.lost.put(losses_[k].i, losses_[k].i + losses_[k].count, why);
    }
}

void Ledger::tell_losses(Verdicts& verdicts) {
    std::sort(losses_.begin(), losses_.end(), [](const Loss& a, const Loss& b) {
        return a.p != b.p ? a.p < b.p : a.tp != b.tp ? a.tp < b.tp : a.i < b.i;
    });
    for (std::size_t k = 0; k < losses_.size();) {
        Loss all = losses_[k];
        for (++k; k < losses_.size() && losses_[k].p == all.p && losses_[k].tp == all.tp &&
                  losses_[k].i == all.i + all.count && losses_[k].why == all.why;
             ++k) {
            all.count += losses_[k].count;
        }
        verdicts.tell(all);
    }
    losses_.clear();
}

void Ledger::at_end(Time, Verdicts& verdicts) {
    for (const History& history : histories_) {
        if (!history.gaps) { continue; }
        judge(history, true);
        const Term* newest = history.newest();
        const Replica* leader = newest != nullptr ? history.find_replica(newest->leader) : nullptr;
        if (leader != nullptr && !leader->heads.empty()) {
            judge_expired(history, leader->log, 0, leader->start);
        }
    }
    tell_losses(verdicts);
}

Totals Ledger::totals() const {
    Totals totals = totals_;
    totals.pending = totals.created - totals.acked - totals.failed;
    totals.acked_lost = acked_lost({}, {}, {});
    return totals;
}

std::int64_t Ledger::acked_lost(std::optional<ProducerId> p, std::optional<PartitionId> first,
                                std::optional<PartitionId> last) const {
    std::int64_t sum = 0;
    for (std::size_t slot = 0; slot < accounts_.size(); ++slot) {
        const Account& account = accounts_[slot];
        if (account.lost.empty() || (p && *p != account.p) || (first && account.tp < *first) ||
            (last && account.tp > *last)) {
            continue;
        }
        const History& history = histories_[account.tp.index()];
        const Term* newest = history.newest();
        const Replica* leader = newest != nullptr ? history.find_replica(newest->leader) : nullptr;
        Ranges<> held;
        if (leader != nullptr) {
            history.runs(leader->log, leader->start, leader->log.end(),
                         [&](LeaderEpoch, const Run& run, Offset from, Offset to) {
                             const auto s = static_cast<std::size_t>(run.session);
                             if (history.sessions[s].account == static_cast<std::int32_t>(slot)) {
                                 held.put(run.i + (from - run.base), run.i + (to - run.base));
                             }
                         });
        }
        for (const auto& part : account.lost) {
            if (!is_failure(part.value)) { continue; }
            held.pieces(part.first, part.end,
                        [&](std::int64_t x, std::int64_t y, const Present* there) {
                            if (there == nullptr) { sum += y - x; }
                        });
        }
    }
    return sum;
}

} // namespace brokersim
