// Puts the observers of a run together, in their order.
#include "observe/run_observers.hpp"

namespace brokersim {

RunObservers::RunObservers(const Scenario& scenario, const RunInfo& info)
    : scenario_(scenario), info_(info), ledger_(info), windows_(scenario, info, ledger_),
      metrics_(scenario, info, ledger_), expectations_(scenario, info) {}

std::vector<Observer*> RunObservers::observers() {
    return {&ledger_, &windows_, &metrics_, &expectations_};
}

std::vector<Verdict> RunObservers::expectations(const RunEnd& end) const {
    return expectations_.judge(end, ledger_, metrics_);
}

SummarySource RunObservers::source(const RunEnd& end) const {
    return {scenario_, info_, metrics_, windows_.told(), totals(), expectations(end), end};
}

std::string RunObservers::summary_text(const RunEnd& end, bool colours) const {
    return brokersim::summary_text(source(end), colours);
}

std::string RunObservers::summary_json(const RunEnd& end) const {
    return brokersim::summary_json(source(end));
}

} // namespace brokersim
