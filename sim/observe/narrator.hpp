// The readable trace: one sentence for every fact that a person would follow, in lanes.
#pragma once

#include "brokersim/run_info.hpp"
#include "trace/recorder.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace brokersim {

/// Writes lines of at most 100 columns: virtual time, machine, what it does. One record can be
/// followed from send() to the consumer; internal topics, idle fetches and timers are left out.
/// The same run gives the same text.
class Narrator final : public Observer {
public:
    /// Both must outlive the narrator. When the sink refuses bytes it falls silent.
    Narrator(const RunInfo& info, ByteSink& out);

    FactKinds wants() const override { return FactKinds::all(); }
    void on(Time now, Cause cause, FactRef fact, Verdicts& verdicts) override;

    bool failed() const { return failed_; }

    static constexpr std::size_t columns_max = 100;

private:
    friend class Sentence;

    /// Records by offset, as leaders wrote them: so that readers' offsets get names.
    struct Batch {
        Offset end = 0;
        std::string p;
        std::int64_t i = 0;
    };
    struct Partition {
        std::optional<MachineId> leader;
        bool known = false;
        bool internal = false;
        std::map<Offset, Batch> batches;
    };

    Partition& partition(PartitionId tp) { return partitions_[tp.index()]; }
    void say(Time now, const std::string& lane, std::string text);

    const RunInfo& info_;
    ByteSink& out_;
    std::vector<Partition> partitions_;
    std::string controller_ = "controller";
    std::size_t lane_width_ = 0;
    bool failed_ = false;
};

} // namespace brokersim
