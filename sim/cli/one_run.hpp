// One scenario from start to end: loop, limits, trace, summary.
#pragma once

#include "brokersim/scenario.hpp"
#include "brokersim/simulation.hpp"
#include "cli/commands.hpp"
#include "cli/progress.hpp"
#include "cli/trace_output.hpp"
#include "engine/assert.hpp"
#include "observe/run_observers.hpp"
#include "trace/recorder.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace brokersim {

class OneRun {
public:
    /// `trace`: "" = none. Everything must outlive the run.
    OneRun(const RunOptions& options, const std::string& path, const Scenario& scenario,
           const std::string& trace);
    OneRun(const OneRun&) = delete;
    OneRun& operator=(const OneRun&) = delete;
    ~OneRun();

    /// Runs, writes, prints; the exit status.
    int execute();
    /// Nobody reads standard output any more.
    bool reader_left() const { return reader_left_; }

private:
    /// Why the loop ended.
    enum class Stop : std::uint8_t { ended, signal, events, memory, time, instant, output };

    /// Standard output for the narrator.
    class Narration final : public ByteSink {
    public:
        explicit Narration(OneRun& run) : run_(run) { file_.create("-"); }
        bool write(std::string_view bytes) override;
        bool flush();

    private:
        OneRun& run_;
        OutputFile file_;
        std::string text_;
    };

    Stop loop(Simulation& run, Recorder& recorder);
    bool stands_still(Simulation& run, Recorder& recorder);
    Stop limit_met(const Simulation& run, const Recorder& recorder) const;
    RunStatus status_of(Stop stop, const Recorder& recorder) const;
    int finish(Stop stop, const RunObservers& watch, const RunEnd& end);
    int print_summary(const RunObservers& watch, const RunEnd& end);
    void tell_limit(Stop stop, Time now) const;
    int output_failed(const std::string& error, bool reader_left);
    std::string command() const;
    static void on_assertion(void* self, const BrokenInvariant& broken);

    const RunOptions& options_;
    const std::string& path_;
    const Scenario& scenario_;
    const std::string& trace_;
    TraceOutput output_;
    Narration narration_;
    Progress progress_;
    Stopwatch watch_;
    AssertionHandler handler_before_;
    const Simulation* simulation_ = nullptr; ///< while it runs, for the message of an assertion
    Time instant_;                           ///< the last one that was looked at,
    std::uint64_t instant_events_ = 0;       ///< and the events before it
    std::string cycle_;                      ///< what happens over and over in it
    std::string narration_error_;
    bool reader_left_ = false;
};

} // namespace brokersim
