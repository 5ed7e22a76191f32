// One scenario from start to end: the loop, its limits, what is printed.
#include "cli/one_run.hpp"

#include "cli/cycle_sink.hpp"
#include "cli/idle_faults.hpp"
#include "cli/memory.hpp"
#include "cli/signals.hpp"
#include "cli/terminal.hpp"
#include "observe/decimal.hpp"
#include "observe/narrator.hpp"
#include "trace/utf8.hpp"

#include <algorithm>
#include <optional>
#include <unistd.h>

namespace brokersim {

namespace {

/// Events between two looks at signals, limits and the clock.
constexpr std::uint64_t events_at_once = 10'000;
constexpr std::size_t narration_bytes = 4096;
/// More events than this in one instant are a loop that takes no time: the clock would stand still.
/// Below the engine's own limit, which takes it for a fault of the model: settings can do it too.
constexpr std::uint64_t instant_events_max = 900'000;
constexpr std::uint64_t cycle_events = 1000;

/// An argument as a shell reads it.
std::string quoted(const std::string& argument) {
    const bool plain =
        !argument.empty() && std::all_of(argument.begin(), argument.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   std::string_view("_-./=,:+@%").find(c) != std::string_view::npos;
        });
    if (plain) { return argument; }
    std::string text = "'";
    for (const char c : argument) {
        text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return text + "'";
}

} // namespace

bool OneRun::Narration::write(std::string_view bytes) {
    run_.progress_.clear();
    text_ += bytes;
    return text_.size() < narration_bytes || flush();
}

bool OneRun::Narration::flush() {
    const bool fine = file_.write(text_);
    text_.clear();
    if (!fine) {
        run_.reader_left_ = file_.reader_left();
        run_.narration_error_ = file_.error();
    }
    return fine;
}

OneRun::OneRun(const RunOptions& options, const std::string& path, const Scenario& scenario,
               const std::string& trace)
    : options_(options), path_(path), scenario_(scenario), trace_(trace), narration_(*this),
      progress_(!options.quiet && is_terminal(STDERR_FILENO), scenario.name,
                Time{} + scenario.duration + scenario.drain),
      handler_before_(set_assertion_handler({on_assertion, this})) {}

OneRun::~OneRun() {
    set_assertion_handler(handler_before_);
}

int OneRun::execute() {
    if (!trace_.empty() && !output_.create(trace_)) {
        return output_failed(output_.error(), false);
    }
    Simulation run(scenario_, scenario_.seed);
    simulation_ = &run;
    RunInfo info = run.info();
    info.program = "brokersim " BROKERSIM_VERSION;
    info.level = options_.trace_level;

    RunObservers watch(scenario_, info);
    std::vector<Observer*> observers = watch.observers();
    Narrator narrator(info, narration_);
    if (options_.narrate) { observers.push_back(&narrator); }
    IdleFaults idle;
    observers.push_back(&idle);
    Recorder recorder(info, trace_.empty() ? nullptr : &output_, std::move(observers));

    const Stop stop = loop(run, recorder);
    recorder.close(run.now());
    RunEnd end{run.now(), status_of(stop, recorder), run.events(), recorder.fingerprint(), {}};
    if (end.status == RunStatus::completed) { end.converged = run.converged(); }
    recorder.finish(end.status, watch.totals());
    progress_.clear();
    for (const auto& [at, fault] : idle.found()) {
        tell("warning: fault \"" + info.name(fault) + "\" hit nobody at " + time_text(at, 3) +
             "\n");
    }
    simulation_ = nullptr;
    return finish(stop, watch, end);
}

OneRun::Stop OneRun::loop(Simulation& run, Recorder& recorder) {
    run.start(recorder);
    while (true) {
        const Stop stop = limit_met(run, recorder);
        if (stop != Stop::ended) { return stop; }
        const auto left = static_cast<std::uint64_t>(options_.load.limits.events) - run.events();
        if (!run.advance(recorder, std::min(events_at_once, left))) { return Stop::ended; }
        if (stands_still(run, recorder)) { return Stop::instant; }
        progress_.at(run.now(), run.events());
    }
}

bool OneRun::stands_still(Simulation& run, Recorder& recorder) {
    if (run.now() != instant_) {
        instant_ = run.now();
        instant_events_ = run.events();
    }
    if (run.events() - instant_events_ < instant_events_max) { return false; }
    CycleSink cycle(run.info(), recorder);
    run.advance(cycle, cycle_events);
    if (run.now() != instant_) { return false; } // it ended by itself
    cycle_ = cycle.text();
    return true;
}

OneRun::Stop OneRun::limit_met(const Simulation& run, const Recorder& recorder) const {
    const Limits& limits = options_.load.limits;
    if (signal_received() != 0) { return Stop::signal; }
    if (recorder.failed() || !narration_error_.empty()) { return Stop::output; }
    if (run.events() >= static_cast<std::uint64_t>(limits.events)) { return Stop::events; }
    if (memory_in_use() > limits.memory) { return Stop::memory; }
    if (options_.time_limit && watch_.elapsed() >= *options_.time_limit) { return Stop::time; }
    return Stop::ended;
}

RunStatus OneRun::status_of(Stop stop, const Recorder& recorder) const {
    if (recorder.violations() > 0) { return RunStatus::invariant_violated; }
    return stop == Stop::ended ? RunStatus::completed : RunStatus::interrupted;
}

int OneRun::finish(Stop stop, const RunObservers& watch, const RunEnd& end) {
    if (!trace_.empty() && !output_.commit()) {
        return output_failed(output_.error(), output_.reader_left());
    }
    if (options_.narrate && narration_error_.empty()) { narration_.flush(); }
    if (!narration_error_.empty()) { return output_failed(narration_error_, reader_left_); }
    const int printed = print_summary(watch, end);
    if (printed != Exit::fine || reader_left_) { return printed; }
    if (!trace_.empty() && trace_ != "-" && !options_.quiet) {
        tell("next: brokersim show " + visible(quoted(trace_)) + " --at " +
             std::to_string(end.end.ns / 2'000'000'000) + "s topics\n");
    }
    if (end.status == RunStatus::invariant_violated) {
        complain("an invariant of the simulator was violated; to see it again: " + command());
        return Exit::broken;
    }
    if (stop == Stop::signal) { return 128 + signal_received(); }
    if (stop != Stop::ended) {
        tell_limit(stop, end.end);
        return Exit::limit;
    }
    const std::vector<Verdict> verdicts = watch.expectations(end);
    return std::all_of(verdicts.begin(), verdicts.end(), [](const Verdict& v) { return v.passed; })
               ? Exit::fine
               : Exit::no;
}

int OneRun::print_summary(const RunObservers& watch, const RunEnd& end) {
    const bool beside = trace_ == "-"; // the trace has standard output for itself
    const int stream = beside ? STDERR_FILENO : STDOUT_FILENO;
    const std::string text = options_.json
                                 ? watch.summary_json(end)
                                 : watch.summary_text(end, use_colour(options_.colour, stream));
    if (beside) {
        tell(text);
        return Exit::fine;
    }
    OutputFile out;
    out.create("-");
    return out.write(text) ? Exit::fine : output_failed(out.error(), out.reader_left());
}

void OneRun::tell_limit(Stop stop, Time now) const {
    const Limits& limits = options_.load.limits;
    const std::string what =
        stop == Stop::events
            ? "the limit of " + std::to_string(limits.events) + " events (--max-events)"
        : stop == Stop::memory
            ? "the limit of " + std::to_string(limits.memory) + " bytes of memory (--max-memory)"
        : stop == Stop::instant
            ? "a loop that takes no time (" + std::to_string(instant_events_max) +
                  " events in one instant: " + cycle_ + ")"
            : "the time limit (--time-limit, by the clock on the wall)";
    complain(what + " ended the run at " + time_text(now, 3) +
             " of virtual time; what was written is marked \"interrupted\"");
}

int OneRun::output_failed(const std::string& error, bool reader_left) {
    output_.discard();
    reader_left_ = reader_left;
    if (reader_left) { return Exit::fine; }
    complain(error);
    return Exit::broken;
}

std::string OneRun::command() const {
    std::string text =
        "brokersim run " + quoted(path_) + " --seed " + std::to_string(scenario_.seed);
    for (const std::string& set : options_.load.sets) {
        text += " --set " + quoted(set);
    }
    if (options_.load.duration) { text += " --duration " + quoted(*options_.load.duration); }
    return text;
}

void OneRun::on_assertion(void* self, const BrokenInvariant& broken) {
    auto& run = *static_cast<OneRun*>(self);
    run.progress_.clear();
    run.output_.discard();
    std::string where;
    if (run.simulation_ != nullptr) {
        where = " at " + time_text(run.simulation_->now()) + ", after " +
                std::to_string(run.simulation_->events()) + " events";
    }
    complain(std::string("internal error: ") + broken.what + " does not hold (" + broken.file +
             ":" + std::to_string(broken.line) + ")" + where);
    complain("to reproduce: " + run.command());
}

} // namespace brokersim
