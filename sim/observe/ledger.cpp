// What becomes of every record; losses and duplicates, and why.
#include "observe/ledger.hpp"

#include <algorithm>
#include <limits>

namespace brokersim {

Ledger::Ledger(const RunInfo& info) : rereads_(info) {
    histories_.resize(info.partitions.size());
}

std::int32_t Ledger::open_account(ProducerId p, PartitionId tp) {
    const auto slot = static_cast<std::int32_t>(accounts_.size());
    account_of_.set(p.value, tp, accounts_.size());
    Account& opened = accounts_.emplace_back();
    opened.p = p;
    opened.tp = tp;
    return slot;
}

FactKinds Ledger::wants() const {
    return {FactKind::prod_new,   FactKind::prod_ack,  FactKind::prod_fail, FactKind::log_append,
            FactKind::log_trunc,  FactKind::log_head,  FactKind::hw,        FactKind::meta_seen,
            FactKind::ctl_part,   FactKind::node_down, FactKind::cons_read, FactKind::cons_start,
            FactKind::cons_commit};
}

// Nothing is done here, so that each fact costs one jump.
void Ledger::on(Time, Cause, FactRef fact, Verdicts& verdicts) {
    switch (fact.kind) {
    case FactKind::prod_new: totals_.created += fact.as<ProdNew>()->count; break;
    case FactKind::prod_ack: on(*fact.as<ProdAck>(), verdicts); break;
    case FactKind::prod_fail: totals_.failed += fact.as<ProdFail>()->count; break;
    case FactKind::log_append: on(*fact.as<LogAppend>(), verdicts); break;
    case FactKind::log_trunc: on(*fact.as<LogTrunc>(), verdicts); break;
    case FactKind::log_head: on(*fact.as<LogHead>(), verdicts); break;
    case FactKind::hw: on(*fact.as<Hw>(), verdicts); break;
    case FactKind::meta_seen: on(*fact.as<MetaSeen>(), verdicts); break;
    case FactKind::ctl_part: on(*fact.as<CtlPart>()); break;
    case FactKind::node_down: rereads_.on(*fact.as<NodeDown>()); break;
    case FactKind::cons_start: rereads_.on(*fact.as<ConsStart>()); break;
    case FactKind::cons_commit: rereads_.on(*fact.as<ConsCommit>()); break;
    case FactKind::cons_read: on(*fact.as<ConsRead>(), verdicts); break;
    default: break;
    }
}

void Ledger::on(const ConsRead& fact, Verdicts& verdicts) {
    for (const Rereads::Again& again : rereads_.on(fact, history(fact.tp).committed())) {
        records_.clear();
        records(fact.tp, again.from, again.to, records_);
        for (const RecordRange& part : records_) {
            totals_.duplicates += part.end - part.i;
            verdicts.tell(Dup{part.p, fact.tp, part.i, part.end - part.i, again.why, fact.g});
        }
    }
}

void Ledger::on(const MetaSeen& fact, Verdicts& verdicts) {
    History& history = this->history(fact.tp);
    Term* term = history.term_of(fact.epoch);
    if (term != nullptr && term->leader == fact.node) { act(fact.tp, history, *term, verdicts); }
}

void Ledger::on(const LogAppend& fact, Verdicts& verdicts) {
    History& history = this->history(fact.tp);
    Term* term = history.term_of(fact.epoch);
    if (term != nullptr && fact.base >= term->end()) {
        store(fact.tp, history, *term, fact, verdicts);
    }
    history.replica(fact.node).log.append(fact.epoch, fact.base, fact.count);
}

void Ledger::on(const CtlPart& fact) {
    history(fact.tp).decide(fact.leader.value_or(MachineId()), fact.epoch, fact.clean);
}

void Ledger::on(const LogTrunc& fact, Verdicts& verdicts) {
    History& history = this->history(fact.tp);
    Replica& replica = history.replica(fact.node);
    const bool failed = fact.why != TruncWhy::divergence && fact.why != TruncWhy::unclean;
    if (!failed && fact.to < replica.log.end() &&
        history.committed().holds(replica.log.epoch_at(fact.to), fact.to)) {
        // A follower drops committed records: it can only have learnt that from its leader.
        Term* newest = history.newest();
        if (newest != nullptr && newest->leader != fact.node) {
            act(fact.tp, history, *newest, verdicts);
        }
    }
    history.trim(history.replica(fact.node), fact);
}

void Ledger::on(const LogHead& fact, Verdicts& verdicts) {
    History& history = this->history(fact.tp);
    Replica& replica = history.replica(fact.node);
    const Offset before = replica.start;
    const Lineage log = replica.log;
    history.behead(replica, fact);
    const Term* newest = history.newest();
    if (fact.why != HeadWhy::reset && newest != nullptr && newest->leader == fact.node) {
        judge_expired(history, log, before, fact.to);
        tell_losses(verdicts);
    }
}

void Ledger::on(const Hw& fact, Verdicts& verdicts) {
    History& history = this->history(fact.tp);
    Replica& replica = history.replica(fact.node);
    replica.hw = fact.hw;
    Term* term = history.term_of(fact.epoch);
    if (term == nullptr || term->leader != fact.node) { return; }
    act(fact.tp, history, *term, verdicts);
    history.advance(replica, *term);
}

void Ledger::act(PartitionId tp, History& history, Term& term, Verdicts& verdicts) {
    if (term.acted) { return; }
    const Lineage before = history.committed();
    Offset lost_from = History::nothing();
    if (!history.act(term, lost_from)) { return; }
    if (lost_from != History::nothing()) { rereads_.forget(tp, lost_from, before); }
    if (history.gaps) {
        judge(history, false);
        tell_losses(verdicts);
    }
}

void Ledger::store(PartitionId tp, History& history, Term& term, const LogAppend& fact,
                   Verdicts& verdicts) {
    act(tp, history, term, verdicts);
    const Term* reign = history.reign();
    history.gaps = history.gaps || (reign != nullptr && term.epoch < reign->epoch);
    const std::int32_t slot = fact.p ? account(*fact.p, tp) : -1;
    const std::int32_t now = session(history, term, fact, slot);
    const std::int64_t i = fact.i.value_or(0);
    if (fact.p) {
        Account& account = accounts_[static_cast<std::size_t>(slot)];
        if (account.stored.hits(i, i + fact.count)) {
            tell_copies(history, fact, now, verdicts);
            account.stored.pieces(i, i + fact.count,
                                  [&](std::int64_t x, std::int64_t y, const Present* stored) {
                                      if (stored != nullptr) { account.copied.put(x, y); }
                                  });
        }
        account.stored.put(i, i + fact.count);
        // In a term that is not its newest, or has not been its last, the account may have written
        // what it does not remember.
        const bool known = term.epoch == account.last_epoch || term.epoch > account.newest_epoch;
        const bool backwards = term.epoch == account.last_epoch && i < account.last_end;
        term.ordered = term.ordered && known && !backwards;
        account.last_epoch = term.epoch;
        account.newest_epoch = std::max(account.newest_epoch, term.epoch);
        account.last_end = i + fact.count;
    }
    if (!term.runs.empty()) {
        Run& last = term.runs.back();
        if (last.session == now && last.end() == fact.base &&
            (!fact.p || last.i + last.count == i) &&
            last.count <= std::numeric_limits<std::int32_t>::max() - fact.count) {
            last.count += fact.count;
            return;
        }
    }
    term.runs.push_back({fact.base, i, fact.count, now});
}

std::int32_t Ledger::session(History& history, const Term& term, const LogAppend& fact,
                             std::int32_t slot) {
    const Session wanted{slot, fact.pid.value_or(-1), fact.pepoch.value_or(-1)};
    const auto is = [&](std::int32_t k) {
        return k >= 0 && history.sessions[static_cast<std::size_t>(k)] == wanted;
    };
    std::int32_t found = term.runs.empty() ? -1 : term.runs.back().session;
    if (is(found)) { return found; }
    found = slot >= 0 ? accounts_[static_cast<std::size_t>(slot)].session : -1;
    if (is(found)) { return found; }
    const auto at = std::find(history.sessions.begin(), history.sessions.end(), wanted);
    found = static_cast<std::int32_t>(at - history.sessions.begin());
    if (at == history.sessions.end()) { history.sessions.push_back(wanted); }
    if (slot >= 0) { accounts_[static_cast<std::size_t>(slot)].session = found; }
    return found;
}

void Ledger::tell_copies(const History& history, const LogAppend& fact, std::int32_t session,
                         Verdicts& verdicts) {
    const Replica* leader = history.find_replica(fact.node);
    if (leader == nullptr) { return; }
    const Session& now = history.sessions[static_cast<std::size_t>(session)];
    Ranges<std::int32_t> earlier; // the session of the newest copy that this log still has
    find_copies(history, *leader, now.account, {*fact.i, *fact.i + fact.count}, earlier);
    for (const auto& part : earlier) {
        DupWhy why = DupWhy::retry_without_idempotence;
        if (now.pid >= 0) {
            why = part.value == session ? DupWhy::producer_state_expired
                                        : DupWhy::new_producer_session;
        }
        totals_.duplicates += part.end - part.first;
        verdicts.tell(Dup{*fact.p, fact.tp, part.first, part.end - part.first, why, {}});
    }
}

void Ledger::find_copies(const History& history, const Replica& replica, std::int32_t account,
                         Span wanted, Ranges<std::int32_t>& out) const {
    const Lineage& log = replica.log;
    std::int64_t missing = wanted.end - wanted.first;
    for (std::size_t k = log.segments().size(); k-- > 0 && missing > 0;) {
        const Offset low = std::max(replica.start, log.segments()[k].first);
        const Offset high = log.end_of(k);
        const Term* term = history.term_of(log.segments()[k].epoch);
        if (term == nullptr || low >= high) { continue; }
        for (std::size_t r = std::min(term->find(high - 1) + 1, term->runs.size()); r-- > 0;) {
            const Run& run = term->runs[r];
            if (run.end() <= low || missing == 0) { break; }
            const Session& by = history.sessions[static_cast<std::size_t>(run.session)];
            if (by.account != account) { continue; }
            const Offset from = std::max(low, run.base);
            const Offset to = std::min(high, run.end());
            const std::int64_t x = std::max(wanted.first, run.i + (from - run.base));
            const std::int64_t y = std::min(wanted.end, run.i + (to - run.base));
            if (x < y) {
                const Ranges<std::int32_t> newer = out;
                newer.pieces(x, y, [&](std::int64_t a, std::int64_t b, const std::int32_t* found) {
                    if (found != nullptr) { return; }
                    out.put(a, b, run.session);
                    missing -= b - a;
                });
            }
            if (term->ordered && run.i + run.count <= wanted.first) { break; }
        }
    }
}

void Ledger::records(PartitionId tp, Offset from, Offset to, std::vector<RecordRange>& out) const {
    if (tp.index() >= histories_.size()) { return; }
    const History& history = histories_[tp.index()];
    history.runs(history.committed(), from, to,
                 [&](LeaderEpoch, const Run& run, Offset low, Offset high) {
                     const std::int32_t slot =
                         history.sessions[static_cast<std::size_t>(run.session)].account;
                     if (slot < 0) { return; }
                     const ProducerId p = accounts_[static_cast<std::size_t>(slot)].p;
                     const std::int64_t i = run.i + (low - run.base);
                     if (!out.empty() && out.back().p == p && out.back().end == i) {
                         out.back().end = i + (high - low);
                     } else {
                         out.push_back({p, i, i + (high - low)});
                     }
                 });
}

Offset Ledger::log_end(PartitionId tp, MachineId node) const {
    if (tp.index() >= histories_.size()) { return 0; }
    const Replica* replica = histories_[tp.index()].find_replica(node);
    return replica != nullptr ? replica->log.end() : 0;
}

} // namespace brokersim
