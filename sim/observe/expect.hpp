// Decides whether a run was what its scenario expected.
#pragma once

#include "brokersim/facts.hpp"
#include "brokersim/run_info.hpp"
#include "brokersim/scenario.hpp"
#include "observe/event_count.hpp"
#include "observe/ledger.hpp"
#include "observe/metrics.hpp"
#include "observe/run_end.hpp"
#include "trace/recorder.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace brokersim {

/// Follows the committed state of partitions, to answer what it was at a time: after all events of
/// that time. Counts the events that are asked for.
class Expectations final : public Observer {
public:
    Expectations(const Scenario& scenario, const RunInfo& info);

    FactKinds wants() const override;
    void on(Time now, Cause cause, FactRef fact, Verdicts& verdicts) override;

    /// In the order of the scenario; with `heal` one more, about convergence, if none asks for it.
    /// An expectation about a time that the run did not reach fails.
    std::vector<Verdict> judge(const RunEnd& end, const Ledger& ledger,
                               const Metrics& metrics) const;

private:
    struct State {
        MachineId leader;
        std::vector<MachineId> isr;
    };
    /// What an expectation wants to know about one partition at one time.
    struct Question {
        Time at;
        PartitionId tp;
        std::size_t expectation = 0;
        State answer;
    };

    void answer_before(Time now);
    Verdict judge(std::size_t k, const RunEnd& end, Time reached, const Ledger& ledger,
                  const Metrics& metrics) const;
    Verdict judge_state(std::size_t k, Time reached) const;
    Verdict judge_metric(std::size_t k, Time end, Time reached, const Metrics& metrics) const;
    std::string names(const std::vector<MachineId>& nodes) const;

    const Scenario& scenario_;
    const RunInfo& info_;
    std::vector<State> states_;       ///< by partition
    std::vector<Question> questions_; ///< by time
    std::size_t answered_ = 0;
    EventCount events_;
};

/// A value in the unit of its metric, for people.
std::string value_text(std::int64_t value, Unit unit);

} // namespace brokersim
