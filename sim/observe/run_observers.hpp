// Everything that watches a run, in one piece: hand observers() to the recorder, run, close the
// recorder, then ask for totals, expectations and the summary.
#pragma once

#include "brokersim/run_info.hpp"
#include "brokersim/scenario.hpp"
#include "observe/expect.hpp"
#include "observe/ledger.hpp"
#include "observe/metrics.hpp"
#include "observe/run_end.hpp"
#include "observe/summary.hpp"
#include "observe/windows.hpp"
#include "trace/end_record.hpp"
#include "trace/recorder.hpp"

#include <string>
#include <vector>

namespace brokersim {

/// Bundles ledger, windows, metrics and expectations.
///
///     RunObservers watch(scenario, run.info());
///     Recorder recorder(info, sink, watch.observers());
///     … the run …
///     recorder.close(run.now());
///     recorder.finish(status, watch.totals());
///     std::cout << watch.summary_text({run.now(), status, run.events(), recorder.fingerprint()});
///
/// Both arguments must outlive it. It is not copied: the recorder knows its parts by address.
class RunObservers {
public:
    RunObservers(const Scenario& scenario, const RunInfo& info);
    RunObservers(const RunObservers&) = delete;
    RunObservers& operator=(const RunObservers&) = delete;

    /// For the recorder, in the order in which they must see a fact.
    std::vector<Observer*> observers();

    /// For the end record. Final after Recorder::close().
    Totals totals() const { return ledger_.totals(); }

    /// One verdict for every expectation of the scenario, in its order; with `heal` one more.
    std::vector<Verdict> expectations(const RunEnd& end) const;

    /// The summary for people, at most 100 columns; the same bytes for the same run.
    std::string summary_text(const RunEnd& end, bool colours = false) const;
    /// The summary as one line of JSON ("brokersim-summary" version 1) with its LF.
    std::string summary_json(const RunEnd& end) const;

    const Ledger& ledger() const { return ledger_; }
    const Windows& windows() const { return windows_; }
    const Metrics& metrics() const { return metrics_; }

private:
    SummarySource source(const RunEnd& end) const;

    const Scenario& scenario_;
    const RunInfo& info_;
    Ledger ledger_;
    Windows windows_;
    Metrics metrics_;
    Expectations expectations_;
};

} // namespace brokersim
