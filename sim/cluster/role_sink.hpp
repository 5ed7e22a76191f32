// Facts of roles under the name of their process. A controller that shares a process with a broker
// is a machine of its own to the world (addresses, timers, connections), but to nobody else.
#pragma once

#include "brokersim/fact_sink.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <tuple>
#include <vector>

namespace brokersim {

class RoleSink final : public FactSink {
public:
    /// Machines from `roles` on are roles of the machines 0, 1, …
    void forward_to(FactSink& sink, std::size_t roles) {
        sink_ = &sink;
        roles_ = roles;
    }
    Cause note(Time now, Cause tag, FactRef fact) override {
        Cause cause;
        visit(fact, [&](const auto& typed) {
            auto told = typed;
            lists_.clear();
            std::apply([&](const auto&... fields) { (rename(told.*fields.member), ...); },
                       told.fields());
            cause = sink_->tell(now, tag, told);
        });
        return cause;
    }

private:
    template <class T>
    void rename(const T&) const {}
    void rename(MachineId& id) const {
        if (id.valid() && id.index() >= roles_) id = MachineId(id.index() - roles_);
    }
    void rename(std::optional<MachineId>& id) const {
        if (id) rename(*id);
    }
    void rename(std::span<const MachineId>& list) {
        std::vector<MachineId>& names = lists_.emplace_back(list.begin(), list.end());
        for (MachineId& id : names)
            rename(id);
        list = names;
    }

    FactSink* sink_ = nullptr;
    std::size_t roles_ = 0;
    std::vector<std::vector<MachineId>> lists_; ///< of the fact that is being told
};

} // namespace brokersim
