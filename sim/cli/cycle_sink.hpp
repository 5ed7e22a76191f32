// Looks at what happens while virtual time stands still, to name who goes round in a circle.
#pragma once

#include "brokersim/fact_sink.hpp"
#include "brokersim/run_info.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace brokersim {

/// Hands all facts on, and counts them by machine and event.
class CycleSink final : public FactSink {
public:
    /// Both must outlive it.
    CycleSink(const RunInfo& info, FactSink& next) : info_(info), next_(next) {}

    Cause note(Time now, Cause tag, FactRef fact) override;

    /// The most frequent ones: "shop net.send, b1 req.done, …"; at most four.
    std::string text() const;

private:
    const RunInfo& info_;
    FactSink& next_;
    std::map<std::string, std::uint64_t> counts_;
};

} // namespace brokersim
