// Faults that found nobody to hit: whoever wrote the scenario will want to know.
#pragma once

#include "brokersim/run_info.hpp"
#include "trace/recorder.hpp"

#include <string>
#include <utility>
#include <vector>

namespace brokersim {

class IdleFaults final : public Observer {
public:
    FactKinds wants() const override { return {FactKind::fault_begin}; }
    void on(Time now, Cause, FactRef fact, Verdicts&) override {
        const auto* begin = fact.as<FaultBegin>();
        if (begin == nullptr || !begin->target.empty() || needs_nobody(begin->action)) { return; }
        found_.emplace_back(now, begin->id);
    }
    const std::vector<std::pair<Time, FaultId>>& found() const { return found_; }

private:
    /// Without a target, `heal` means all cuts; a topic is no machine.
    static bool needs_nobody(FaultAction action) {
        return action == FaultAction::heal || action == FaultAction::set_config ||
               action == FaultAction::reassign;
    }

    std::vector<std::pair<Time, FaultId>> found_;
};

} // namespace brokersim
