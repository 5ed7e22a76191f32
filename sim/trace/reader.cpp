// Reads a trace and checks numbers, times, causes, count and digest.
#include "trace/reader.hpp"

#include "trace/read_header.hpp"
#include "trace/utf8.hpp"

#include <utility>

namespace brokersim {

namespace {

/// What every line of an event begins with; its fields follow.
bool begin_event(Scanner& scan, std::string_view line, std::uint64_t& n, Time& t, Cause& cause,
                 std::string_view& name) {
    scan.begin(line);
    return scan.take("{\"n\":") && scan.number(n) && scan.take(",\"t\":") && scan.number(t.ns) &&
           scan.take(",\"c\":") && scan.number(cause.n) && scan.take(",\"e\":") && scan.text(name);
}

} // namespace

TraceReader::TraceReader(TraceListener& listener) : listener_(listener), decoder_(names_) {}

bool TraceReader::feed(std::string_view bytes) {
    while (state_ != State::damaged && !bytes.empty()) {
        const std::size_t lf = bytes.find('\n');
        const std::string_view part = bytes.substr(0, lf);
        if (rest_.size() + part.size() > line_bytes_max) {
            ++line_;
            return wrong("longer than 64 MiB");
        }
        if (lf == std::string_view::npos) {
            rest_ += part;
            break;
        }
        bytes.remove_prefix(lf + 1);
        if (rest_.empty()) {
            line(part);
        } else {
            rest_ += part;
            line(rest_);
            rest_.clear();
        }
    }
    return state_ != State::damaged;
}

bool TraceReader::finish() {
    if (state_ == State::damaged) { return false; }
    if (state_ == State::ended && rest_.empty()) { return true; }
    if (state_ == State::ended) {
        ++line_;
        return wrong("bytes behind the end record");
    }
    if (state_ == State::header) {
        // Nothing was read; a header that was cut off may still become one.
        static constexpr std::string_view begin = "{\"k\":\"header\"";
        const std::size_t have = std::min(begin.size(), rest_.size());
        if (have == 0 || std::string_view(rest_).substr(0, have) != begin.substr(0, have)) {
            ++line_;
            return wrong(have == 0 ? "this is no trace: the file is empty"
                                   : "this is no trace: the first line is no header");
        }
    }
    incomplete_ = true;
    error_ = "the trace is incomplete: it has no end record (" + std::to_string(n_) +
             " whole events, up to line " + std::to_string(line_) + ")";
    return false;
}

bool TraceReader::line(std::string_view text) {
    ++line_;
    if (!is_utf8(text)) { return wrong("bytes that are no UTF-8"); }
    switch (state_) {
    case State::header: {
        scan_.begin(text);
        std::string problem = read_header(scan_, names_);
        if (!problem.empty()) { return wrong(std::move(problem)); }
        state_ = State::events;
        return true;
    }
    case State::events: return text.substr(0, 5) == "{\"k\":" ? last_line(text) : event(text);
    case State::ended: return wrong("a line behind the end record");
    case State::damaged: break;
    }
    return false;
}

bool TraceReader::event(std::string_view text) {
    digest_.add(text);
    digest_.add("\n");
    std::uint64_t n = 0;
    Time t;
    Cause cause;
    std::string_view name;
    if (!begin_event(scan_, text, n, t, cause, name)) {
        return wrong(R"(an event begins {"n":N,"t":T,"c":C,"e":"NAME")");
    }
    if (n != n_ + 1) {
        return wrong("the event is numbered " + std::to_string(n) + ", should be " +
                     std::to_string(n_ + 1));
    }
    if (t < t_) {
        return wrong("time goes back from " + std::to_string(t_.ns) + " to " +
                     std::to_string(t.ns));
    }
    if (cause.n >= n) {
        return wrong("the cause " + std::to_string(cause.n) + " is not an earlier event");
    }
    n_ = n;
    t_ = t;
    bool newcomer = false;
    if (!read_newcomer(name, scan_, names_, newcomer)) {
        return wrong("wrong fields of " + visible(name, 80));
    }
    if (newcomer) {
        // Names are taken in; a change of settings is told as well.
        if (name != TopicChanged::name) { return true; }
        begin_event(scan_, text, n, t, cause, name);
    }
    switch (decoder_.decode(name, scan_)) {
    case Decoded::fact: listener_.on(names_.info, t, n, cause, decoder_.ref()); return true;
    case Decoded::skipped: ++skipped_; return true;
    case Decoded::wrong: break;
    }
    return wrong(decoder_.error().empty() ? "no well-formed event" : decoder_.error());
}

bool TraceReader::last_line(std::string_view text) {
    scan_.begin(text);
    std::string problem = read_end(scan_, end_);
    if (!problem.empty()) { return wrong(std::move(problem)); }
    if (end_.events != n_) {
        return wrong("the end record counts " + std::to_string(end_.events) +
                     " events, there are " + std::to_string(n_));
    }
    if (end_.t < t_) { return wrong("the run ends before its last event"); }
    const std::string level = "xxh3:" + std::string(word(names_.info.level)) + ":";
    if (end_.digest.compare(0, level.size(), level) != 0) {
        return wrong("the digest is not of the form " + level + "HEX");
    }
    if (end_.digest != level + digest_.hex()) {
        return wrong("the digest does not fit the lines: they were changed");
    }
    state_ = State::ended;
    return true;
}

bool TraceReader::wrong(std::string what) {
    state_ = State::damaged;
    error_ = "line " + std::to_string(line_) + ": " + std::move(what);
    return false;
}

} // namespace brokersim
