// The one recorder: numbers facts, writes the lines of a trace, keeps the model fingerprint, and
// hands every fact to the observers, whose verdicts it records in turn.
#pragma once

#include "brokersim/fact_sink.hpp"
#include "brokersim/run_info.hpp"
#include "trace/digest.hpp"
#include "trace/encode.hpp"
#include "trace/end_record.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace brokersim {

/// Where the bytes of a trace go. False: they could not be written; nothing more will be offered.
class ByteSink {
public:
    virtual ~ByteSink() = default;
    virtual bool write(std::string_view bytes) = 0;
};

/// Takes the verdicts of observers: loss, dup, unavailable, violation.
class Verdicts {
public:
    virtual ~Verdicts() = default;

    /// Numbers and writes `verdict` at once, caused by the fact at hand (at the end of a run: by
    /// the scenario). The other observers see it after they have all seen that fact.
    template <class F>
    void tell(const F& verdict) {
        record(FactRef{F::kind, &verdict}, cause_);
    }
    /// The same with another cause, one that an observer was given earlier.
    template <class F>
    void tell(const F& verdict, Cause because) {
        record(FactRef{F::kind, &verdict}, because);
    }

protected:
    virtual void record(FactRef verdict, Cause because) = 0;
    Cause cause_;
};

/// Draws conclusions from the facts of a run, live or out of a file; it never sees the world.
class Observer {
public:
    virtual ~Observer() = default;

    /// The kinds it wants to see; asked once, before the first fact. Kinds that nobody wants cost
    /// a run much less, so this is never left to a default.
    virtual FactKinds wants() const = 0;

    /// Every wanted fact of the model, whatever the level, then the verdicts on it. `cause`: the
    /// number of the fact, or of its nearest ancestor in the trace. Spans and texts last for the
    /// call only.
    virtual void on(Time now, Cause cause, FactRef fact, Verdicts& verdicts) = 0;

    /// The run is over at `end`: time for verdicts on what is still open.
    virtual void at_end(Time end, Verdicts& verdicts) {
        static_cast<void>(end);
        static_cast<void>(verdicts);
    }
};

class Recorder final : public FactSink, private Verdicts {
public:
    /// Writes the header to `out`; with `out` null nothing is written and all else is the same.
    /// `info` (names, level), `out` and the observers must outlive the recorder.
    Recorder(const RunInfo& info, ByteSink* out, std::vector<Observer*> observers);

    Cause note(Time now, Cause tag, FactRef fact) override;

    /// The observers' last verdicts. Call once, before their totals are asked for.
    void close(Time end);
    /// Writes the end record and everything still buffered. Call once, after close().
    void finish(RunStatus status, const Totals& totals);

    /// Lines so far, header and end not counted: the highest `n`.
    std::uint64_t lines() const { return n_; }
    /// `violation` lines so far, of observers and of the world.
    std::uint64_t violations() const { return violations_; }
    /// The sink refused bytes: the trace cannot be completed.
    bool failed() const { return failed_; }
    /// "model:" + 32 digits; the same at every level, with and without a trace.
    std::string fingerprint() const;
    /// "xxh3:LEVEL:" + 32 digits of the lines written. Complete after finish().
    std::string digest() const;

private:
    struct Broken {
        std::string invariant, text;
    };
    struct Waiting {
        Cause cause;
        std::variant<Loss, Dup, Unavailable, Broken> verdict;
    };

    /// What the model fingerprint is the digest of, as far as it is not digested yet.
    class ModelBytes final : public FactBytes {
    public:
        ModelBytes();
        std::string fingerprint() const;

    private:
        void refill(std::size_t bytes) override;
        std::vector<char> memory_;
        Digest digest_;
    };

    Cause written(Time now, Cause tag, FactRef fact) override;
    void record(FactRef verdict, Cause because) override;
    void show(Cause cause, FactRef fact);
    Cause number(Cause tag, FactRef fact);
    void show_verdicts();
    void flush();

    const RunInfo& info_;
    ByteSink* out_;
    std::vector<Observer*> observers_;
    /// Who wants to see facts of a kind.
    std::array<std::vector<Observer*>, static_cast<std::size_t>(FactKind::count_)> watchers_;
    FactKinds numbered_; ///< the level has a line for them
    LineEncoder encoder_;
    TextBuffer text_;
    ModelBytes model_;
    Digest lines_digest_;
    std::deque<Waiting> waiting_; ///< told, not yet shown to the observers
    Time now_;
    std::uint64_t n_ = 0;
    std::uint64_t violations_ = 0;
    bool failed_ = false;
};

} // namespace brokersim
