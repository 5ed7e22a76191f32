// Puts the observers of a run together, in their order.
#include "observe/run_observers.hpp"

namespace brokersim {

RunObservers::RunObservers(const Scenario& scenario, const RunInfo& info)
    : scenario_(scenario), info_(info), ledger_(info), windows_(scenario, info),
      metrics_(scenario, info, ledger_), expectations_(scenario, info) {}

std::vector<Observer*> RunObservers::observers() {
    return {&ledger_, &windows_, &metrics_, &expectations_};
}

std::vector<Verdict> RunObservers::expectations(const RunEnd& end) const {
    return expectations_.judge(end, ledger_, metrics_);
}

std::string RunObservers::summary_text(const RunEnd& end, bool colours) const {
    return brokersim::summary_text({scenario_, info_, metrics_, totals(), expectations(end), end},
                                   colours);
}

std::string RunObservers::summary_json(const RunEnd& end) const {
    return brokersim::summary_json({scenario_, info_, metrics_, totals(), expectations(end), end});
}

} // namespace brokersim
