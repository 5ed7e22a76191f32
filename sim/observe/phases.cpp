// Finds the steps of a failover (found out, committed, elected, known to the leader, known to the
// client) and cuts the window there.
#include "observe/phases.hpp"

#include <algorithm>

namespace brokersim {

namespace {

using State = FailoverFacts::State;
using Trouble = FailoverFacts::Trouble;
using Decision = FailoverFacts::Decision;
using How = FailoverFacts::How;

/// A step that this failover has no need of.
constexpr Time skipped{-1};

/// When each phase ends, the last one excepted: it ends with the window. never(): it did not.
struct Steps {
    std::array<Time, 5> at{skipped, skipped, skipped, skipped, skipped};
    Time& found() { return at[0]; }
    Time& decided() { return at[1]; }
    Time& elected() { return at[2]; }
    Time& seen() { return at[3]; }
    Time& learnt() { return at[4]; }
};

Phases cut(const Outage& outage, const Steps& steps) {
    Phases phases;
    Time begin = outage.from;
    for (std::size_t k = 0; k < steps.at.size(); ++k) {
        const Time end = std::min(std::max(begin, steps.at[k]), outage.to);
        phases.*phase_fields[k].member = end - begin;
        begin = end;
    }
    phases.recovering = outage.to - begin;
    return phases;
}

bool contains(std::span<const MachineId> list, MachineId node) {
    return std::find(list.begin(), list.end(), node) != list.end();
}

class Explanation {
public:
    Explanation(const Outage& outage, const FailoverFacts& facts, const RunInfo& info)
        : outage_(outage), facts_(facts), states_(facts.states(outage.tp)) {
        min_isr_ = std::min(static_cast<std::size_t>(facts.min_isr(info.topic_of(outage.tp))),
                            facts.replicas(outage.tp).size());
    }

    std::optional<Explained> result() {
        if (!by_owner() && !by_election() && !without_election()) { return {}; }
        result_.phases = cut(outage_, steps_);
        bound(Phase::recovering, recovery());
        return result_;
    }

private:
    static constexpr std::size_t none = static_cast<std::size_t>(-1);
    enum class Phase : std::uint8_t {
        undetected,
        detected,
        electing,
        propagating,
        clients_stale,
        recovering
    };

    void bound(Phase phase, Bound by) { result_.bounds[static_cast<std::size_t>(phase)] = by; }

    /// The group had to give the partition to another member, or its owner was away.
    bool by_owner() {
        const MachineId owner = outage_.owner_before;
        if (outage_.side != Side::consume || !owner.valid()) { return false; }
        const Trouble* trouble = trouble_within(owner);
        if (trouble == nullptr) { return false; }
        const Decision* decision = facts_.decision(owner, trouble->begin, outage_.to);
        if (decision == nullptr && !away(owner)) { return false; }
        blame(owner, *trouble);
        const bool moved = outage_.client.valid() && outage_.owned_since > trouble->begin;
        if (decision != nullptr) {
            decide(*decision);
        } else if (!moved) {
            not_found(owner, *trouble);
        }
        if (moved) {
            steps_.elected() = outage_.owned_since;
        } else if (decision != nullptr && !outage_.served) {
            steps_.elected() = Time::never();
        }
        bound(Phase::electing, outage_.client == owner ? Bound::member_back : Bound::rebalance);
        recovery_ = Bound::reconnect;
        return true;
    }

    bool away(MachineId owner) const {
        if (facts_.out(owner, outage_.from, outage_.to) != nullptr) { return true; }
        const std::size_t at = state_at(outage_.from);
        return at != none && states_[at].leader.valid() &&
               facts_.apart(owner, states_[at].leader, outage_.from, outage_.to);
    }

    /// A state of the partition, committed within the window or learnt within it, gave it back.
    bool by_election() {
        const std::size_t k = serving();
        if (k == none || k == 0) { return false; }
        const State& state = states_[k];
        const MachineId old = leader_before(k);
        const bool moved = old != state.leader;
        const Time learnt = learnt_at(state, moved);
        const bool late_client =
            learnt > outage_.from && facts_.knew_older(outage_.client, outage_.tp, state.epoch);
        const Time seen = outage_.served && state.seen > outage_.to ? skipped : state.seen;
        if (state.since <= outage_.from && seen <= outage_.from && !late_client) { return false; }
        steps_.elected() = state.since;
        steps_.seen() = seen;
        steps_.learnt() = learnt;
        bound(Phase::propagating, Bound::metadata_idle);
        bound(Phase::clients_stale, stale_by(old, k));
        if (outage_.all && facts_.isr(state).size() > 1) { recovery_ = Bound::follower_fetch; }
        find_culprit(k, moved || !states_[k - 1].leader.valid() ? old : MachineId());
        bound(Phase::electing, elected_by(k));
        return true;
    }

    /// Who succeeds without having learnt of another leader was served by the old one: was stale
    /// all along. Who writes to the same one does not name an epoch.
    Time learnt_at(const State& state, bool moved) const {
        if (!outage_.client.valid()) { return skipped; }
        const Time learnt = facts_.learnt(outage_.client, outage_.tp, state.epoch);
        if (learnt <= outage_.to) { return learnt; }
        return moved ? Time::never() : skipped;
    }

    /// Which machine had to go, or to come back, so that this state could be, and who noticed.
    void find_culprit(std::size_t k, MachineId old) {
        const State& state = states_[k];
        // Both are ordered, by a clock or by somebody: nothing had to fail for them.
        if (state.why == PartWhy::preferred_election || state.why == PartWhy::reassignment) {
            return;
        }
        if (old.valid() && follow(old, state.since)) { return; }
        const auto isr = facts_.isr(state);
        const auto before = facts_.isr(states_[k - 1]);
        for (const MachineId node : before) {
            if (!contains(isr, node) && follow(node, state.since)) { return; }
        }
        for (const MachineId node : isr) {
            if (!contains(before, node) && follow(node, state.since)) { return; }
        }
        if (state.why == PartWhy::isr_change) { // nobody was fenced: its leader has noticed
            steps_.found() = steps_.decided() = state.since;
            bound(Phase::undetected, Bound::replica_lag);
        }
    }

    /// Takes the trouble and the decision on this machine that led to a state committed at `until`.
    bool follow(MachineId node, Time until) {
        const auto troubles = facts_.troubles(node);
        for (std::size_t k = troubles.size(); k > 0; --k) {
            const Trouble& trouble = troubles[k - 1];
            if (trouble.begin > until) { continue; }
            const Decision* decision = facts_.decision(node, trouble.begin, until);
            if (decision != nullptr) {
                blame(node, trouble);
                decide(*decision);
                return true;
            }
            if (trouble.end < outage_.from) { return false; }
            blame(node, trouble); // its leader has noticed that it does not fetch
            steps_.found() = steps_.decided() = until;
            bound(Phase::undetected, Bound::replica_lag);
            return true;
        }
        const Decision* decision = facts_.decision(node, outage_.from + nanoseconds(1), until);
        if (decision == nullptr) { return false; }
        result_.machine = node;
        decide(*decision);
        return true;
    }

    /// Service came back, or did not, without another leader or ISR.
    bool without_election() {
        MachineId node;
        const Trouble* trouble = nullptr;
        const auto consider = [&](MachineId candidate) {
            if (trouble != nullptr || !candidate.valid()) { return; }
            trouble = trouble_within(candidate);
            node = candidate;
        };
        const std::size_t at = state_at(outage_.from);
        if (at != none) {
            consider(states_[at].leader.valid() ? states_[at].leader : leader_before(at));
            if (outage_.all) { consider_all(facts_.isr(states_[at]), consider); }
        }
        consider(outage_.client);
        if (at != none && outage_.all && facts_.isr(states_[at]).size() < min_isr_) {
            consider_all(facts_.replicas(outage_.tp), consider);
        }
        if (trouble == nullptr) { return false; }
        blame(node, *trouble);
        const Decision* decision = facts_.decision(node, trouble->begin, outage_.to);
        if (decision == nullptr) {
            not_found(node, *trouble);
        } else {
            decide(*decision);
            if (!outage_.served) {
                steps_.elected() = Time::never();
                bound(Phase::electing, Bound::replica_back);
            }
        }
        recovery_ = Bound::client_request;
        return true;
    }

    template <class F>
    static void consider_all(std::span<const MachineId> list, const F& consider) {
        std::for_each(list.begin(), list.end(), consider);
    }

    void blame(MachineId node, const Trouble& trouble) {
        result_.machine = node;
        result_.fault = trouble.fault;
    }

    void decide(const Decision& decision) {
        steps_.found() = decision.found;
        steps_.decided() = decision.at;
        switch (decision.how) {
        case How::session:
        case How::registered: bound(Phase::undetected, Bound::session); break;
        case How::asked: bound(Phase::undetected, Bound::request); break;
        case How::member_session: bound(Phase::undetected, Bound::member_session); break;
        case How::member_late: bound(Phase::undetected, Bound::member_poll); break;
        }
        bound(Phase::detected, Bound::append_linger);
    }

    /// Nobody has found out before its trouble was over. A broker that has died does not serve
    /// again before the controller has decided on it, however soon it is back.
    void not_found(MachineId node, const Trouble& trouble) {
        const bool client = node == outage_.client || node == outage_.owner_before;
        steps_.found() = trouble.died && !client ? Time::never() : trouble.end;
        bound(Phase::undetected, Bound::fault_end);
    }

    Bound stale_by(MachineId old, std::size_t k) const {
        const State& state = states_[k];
        if (!old.valid()) { return Bound::refresh; }
        if (const FailoverFacts::Out* out = facts_.out(old, outage_.from, state.since)) {
            return out->silent ? Bound::client_request : Bound::refresh;
        }
        const MachineId client = outage_.client;
        if (client.valid() && facts_.apart(old, client, outage_.from, state.since)) {
            return Bound::client_request;
        }
        // Without a leader there is nobody to hint at: clients ask until there is one.
        return states_[k - 1].leader.valid() ? Bound::leader_hint : Bound::refresh;
    }

    Bound elected_by(std::size_t k) const {
        const State& state = states_[k];
        if (state.why == PartWhy::preferred_election) { return Bound::preferred; }
        if (state.why == PartWhy::unclean_election) { return Bound::unclean; }
        const State& before = states_[k - 1];
        if (!before.leader.valid()) {
            // ZooKeeper's controller takes the leadership first and gives it in a second write.
            const bool went_on = leader_before(k) != state.leader &&
                                 facts_.out(state.leader, before.since, state.since) == nullptr;
            return went_on ? Bound::controller : Bound::replica_back;
        }
        return outage_.all && facts_.isr(before).size() < min_isr_ ? Bound::min_isr
                                                                   : Bound::controller;
    }

    Bound recovery() const {
        return recovery_ == Bound::reconnect && outage_.side == Side::consume ? Bound::fetch_wait
                                                                              : recovery_;
    }

    std::size_t state_at(Time t) const {
        std::size_t k = states_.size();
        while (k > 0 && states_[k - 1].since > t) {
            --k;
        }
        return k > 0 ? k - 1 : none;
    }

    /// Who led before state `k`; not valid: nobody ever did.
    MachineId leader_before(std::size_t k) const {
        while (k > 0) {
            --k;
            if (states_[k].leader.valid()) { return states_[k].leader; }
        }
        return {};
    }

    /// The first of the last states in a row that could serve, under one leader; none: the last one
    /// cannot.
    std::size_t serving() const {
        const std::size_t last = state_at(outage_.to);
        std::size_t found = none;
        for (std::size_t k = last; k != none; --k) {
            const State& state = states_[k];
            const bool before = state.since <= outage_.from;
            Time until = state.since; // A state of this window had to serve when it began.
            if (before) { until = k == last ? outage_.to : states_[k + 1].since; }
            if (!serves(state, std::max(state.since, outage_.from), until) ||
                state.leader != states_[last].leader) {
                break;
            }
            found = k;
            if (before || k == 0) { break; }
        }
        return found;
    }

    bool serves(const State& state, Time from, Time to) const {
        const auto isr = facts_.isr(state);
        const bool enough = !outage_.all || isr.size() >= min_isr_;
        if (outage_.side == Side::metadata) { return state.leader.valid() && enough; }
        if (!state.leader.valid() || facts_.out(state.leader, from, to) != nullptr) {
            return false;
        }
        const MachineId client = outage_.client;
        if (client.valid() && facts_.apart(state.leader, client, from, to)) { return false; }
        if (!outage_.all) { return true; }
        return enough && std::all_of(isr.begin(), isr.end(), [&](MachineId node) {
                   return facts_.out(node, from, to) == nullptr &&
                          !facts_.apart(state.leader, node, from, to);
               });
    }

    /// The last trouble of a machine that was at work during the window.
    const Trouble* trouble_within(MachineId node) const {
        const auto troubles = facts_.troubles(node);
        for (std::size_t k = troubles.size(); k > 0; --k) {
            const Trouble& trouble = troubles[k - 1];
            if (trouble.begin < outage_.to && trouble.end >= outage_.from) { return &trouble; }
        }
        return nullptr;
    }

    const Outage& outage_;
    const FailoverFacts& facts_;
    std::span<const State> states_;
    std::size_t min_isr_ = 1;
    Steps steps_;
    Bound recovery_ = Bound::reconnect;
    Explained result_;
};

} // namespace

std::optional<Explained> explain(const Outage& outage, const FailoverFacts& facts,
                                 const RunInfo& info) {
    return Explanation(outage, facts, info).result();
}

} // namespace brokersim
