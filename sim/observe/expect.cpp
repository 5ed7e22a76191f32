// Judges the expectations of a scenario.
#include "observe/expect.hpp"

#include "observe/decimal.hpp"

#include <algorithm>

namespace brokersim {

namespace {

bool holds(const ExpectSpec& spec, std::int64_t value) {
    switch (spec.comparator) {
    case Comparator::equals: return value == spec.value;
    case Comparator::below: return value < spec.value;
    case Comparator::above: return value > spec.value;
    case Comparator::between: return value >= spec.value && value <= spec.upper;
    }
    return false;
}

std::string records_text(std::int64_t n) {
    return std::to_string(n) + (n == 1 ? " record" : " records");
}

Verdict judge_converged(const RunEnd& end, bool wanted) {
    if (!end.converged) { return {false, {}, "the run did not get that far"}; }
    return {*end.converged == wanted,
            {},
            *end.converged ? "converged" : "something was pending, lagging or out of sync"};
}

} // namespace

std::string value_text(std::int64_t value, Unit unit) {
    switch (unit) {
    case Unit::duration: return duration_text({value});
    case Unit::rate: return rate_text(value);
    case Unit::ratio: return decimal(value, 10'000, 4) + " %";
    case Unit::number: break;
    }
    return std::to_string(value);
}

Expectations::Expectations(const Scenario& scenario, const RunInfo& info)
    : scenario_(scenario), info_(info), states_(info.partitions.size()), events_(scenario, info) {
    for (std::size_t k = 0; k < scenario.expect.size(); ++k) {
        const ExpectSpec& spec = scenario.expect[k];
        if (spec.kind != ExpectSpec::Kind::leader && spec.kind != ExpectSpec::Kind::isr) {
            continue;
        }
        for (const auto& [name, wanted] : spec.partitions) {
            const auto at = std::find(info.partitions.begin(), info.partitions.end(), name);
            if (at == info.partitions.end()) { continue; }
            const PartitionId tp(static_cast<std::size_t>(at - info.partitions.begin()));
            questions_.push_back({spec.at.value_or(Time{}), tp, k, {}});
        }
    }
    std::stable_sort(questions_.begin(), questions_.end(),
                     [](const Question& a, const Question& b) { return a.at < b.at; });
}

FactKinds Expectations::wants() const {
    return events_.wants() | (questions_.empty() ? FactKinds() : FactKinds{FactKind::ctl_part});
}

void Expectations::on(Time now, Cause, FactRef fact, Verdicts&) {
    if (events_.wants().has(fact.kind)) { events_.on(now, fact); }
    const CtlPart* part = fact.as<CtlPart>();
    if (part == nullptr || questions_.empty()) { return; }
    answer_before(now);
    State& state = states_[part->tp.index()];
    state.leader = part->leader.value_or(MachineId());
    state.isr.assign(part->isr.begin(), part->isr.end());
}

/// Nothing more can change what was at times before `now`.
void Expectations::answer_before(Time now) {
    for (; answered_ < questions_.size() && questions_[answered_].at < now; ++answered_) {
        questions_[answered_].answer = states_[questions_[answered_].tp.index()];
    }
}

std::string Expectations::names(const std::vector<MachineId>& nodes) const {
    std::string text;
    for (const MachineId node : nodes) {
        text += (text.empty() ? "" : ", ") + info_.name(node);
    }
    return text.empty() ? "none" : text;
}

std::vector<Verdict> Expectations::judge(const RunEnd& end, const Ledger& ledger,
                                         const Metrics& metrics) const {
    std::vector<Verdict> verdicts;
    // A run that was not cut short has covered its whole duration, whenever its last event was.
    const Time reached = end.status == RunStatus::completed
                             ? std::max(end.end, Time{} + scenario_.duration)
                             : end.end;
    bool asked = false;
    for (std::size_t k = 0; k < scenario_.expect.size(); ++k) {
        asked = asked || scenario_.expect[k].kind == ExpectSpec::Kind::converged;
        Verdict verdict = judge(k, end, reached, ledger, metrics);
        verdict.expected = scenario_.expect[k].text;
        verdicts.push_back(std::move(verdict));
    }
    if (scenario_.heal && !asked) {
        Verdict verdict = judge_converged(end, true);
        verdict.expected = "{\"converged\": true}";
        verdicts.push_back(std::move(verdict));
    }
    return verdicts;
}

Verdict Expectations::judge(std::size_t k, const RunEnd& end, Time reached, const Ledger& ledger,
                            const Metrics& metrics) const {
    const ExpectSpec& spec = scenario_.expect[k];
    switch (spec.kind) {
    case ExpectSpec::Kind::no_acked_loss: {
        const std::int64_t lost = ledger.acked_lost();
        return {(lost == 0) == spec.wanted, {}, records_text(lost) + " lost"};
    }
    case ExpectSpec::Kind::acked_lost: {
        const std::int64_t lost = ledger.acked_lost();
        return {holds(spec, lost), {}, records_text(lost) + " lost"};
    }
    case ExpectSpec::Kind::leader:
    case ExpectSpec::Kind::isr: return judge_state(k, reached);
    case ExpectSpec::Kind::metric: return judge_metric(k, end.end, reached, metrics);
    case ExpectSpec::Kind::event: {
        const std::int64_t count = events_.of(k);
        return {holds(spec, count), {}, std::to_string(count) + (count == 1 ? " time" : " times")};
    }
    case ExpectSpec::Kind::converged: return judge_converged(end, spec.wanted);
    }
    return {};
}

Verdict Expectations::judge_state(std::size_t k, Time reached) const {
    const ExpectSpec& spec = scenario_.expect[k];
    const Time at = spec.at.value_or(Time{});
    if (at > reached) { return {false, {}, "the run ended at " + time_text(reached)}; }
    Verdict verdict{true, {}, {}};
    for (const auto& entry : spec.partitions) {
        const std::string& name = entry.first;
        const auto found =
            std::find_if(questions_.begin(), questions_.end(), [&](const Question& question) {
                return question.expectation == k && info_.name(question.tp) == name;
            });
        std::string& seen = verdict.seen;
        seen += (seen.empty() ? "" : ", ") + name + ": ";
        if (found == questions_.end()) {
            verdict.passed = false;
            seen += "no such partition";
            continue;
        }
        const auto place = static_cast<std::size_t>(found - questions_.begin());
        const State& state = place < answered_ ? found->answer : states_[found->tp.index()];
        std::vector<std::string> is;
        if (spec.kind == ExpectSpec::Kind::leader) {
            is.push_back(state.leader.valid() ? info_.name(state.leader) : std::string());
            seen += state.leader.valid() ? is[0] : "no leader";
        } else {
            for (const MachineId node : state.isr) {
                is.push_back(info_.name(node));
            }
            seen.append("[").append(names(state.isr)).append("]");
        }
        std::vector<std::string> should = entry.second;
        if (spec.kind == ExpectSpec::Kind::leader && should.empty()) { should.emplace_back(); }
        std::sort(is.begin(), is.end());
        std::sort(should.begin(), should.end());
        verdict.passed = verdict.passed && is == should;
    }
    return verdict;
}

Verdict Expectations::judge_metric(std::size_t k, Time end, Time reached,
                                   const Metrics& metrics) const {
    const ExpectSpec& spec = scenario_.expect[k];
    if ((spec.from && *spec.from > reached) || (spec.to && *spec.to > reached)) {
        return {false, {}, "the run ended at " + time_text(reached)};
    }
    const Measured measured = metrics.measure(k, std::max(end, reached));
    if (!measured.known) { return {false, {}, measured.why}; }
    const auto metric = find_probed_metric(spec.metric);
    return {holds(spec, measured.value), {}, value_text(measured.value, metric->unit)};
}

} // namespace brokersim
