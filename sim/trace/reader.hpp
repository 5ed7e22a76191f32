// Reads a trace piece by piece: checks everything it promises, and hands on its facts.
#pragma once

#include "brokersim/facts.hpp"
#include "brokersim/run_info.hpp"
#include "trace/decode.hpp"
#include "trace/digest.hpp"
#include "trace/directory.hpp"
#include "trace/end_record.hpp"
#include "trace/scanner.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace brokersim {

/// Receives what a reader finds. Facts arrive before the digest at the end could be checked: show
/// nothing to anybody until the reader says that the trace is good.
class TraceListener {
public:
    virtual ~TraceListener() = default;
    /// `n`: the event's number, `cause`: the number of what caused it. `info` may have grown since
    /// the last fact (topics, producers and groups that began later).
    virtual void on(const RunInfo& info, Time t, std::uint64_t n, Cause cause, FactRef fact) = 0;
};

class TraceReader {
public:
    explicit TraceReader(TraceListener& listener);
    TraceReader(const TraceReader&) = delete;
    TraceReader& operator=(const TraceReader&) = delete;

    /// The next bytes of the file. False: the trace is damaged; error() says where and how.
    bool feed(std::string_view bytes);
    /// There are no more bytes. True: a header, numbered events in order of time, an end record
    /// that counts them, and the digest fits. False: damaged or incomplete.
    bool finish();

    /// The names are known: there is something that could be shown.
    bool has_header() const { return state_ == State::events || state_ == State::ended; }
    /// After finish(): nothing is wrong except that the end record is missing.
    bool incomplete() const { return incomplete_; }
    /// "line 7: the events are numbered 5, 7"; empty if nothing is wrong.
    const std::string& error() const { return error_; }

    const RunInfo& info() const { return names_.info; }
    const EndRecord& end() const { return end_; }
    std::uint64_t events() const { return n_; }
    /// The time of the last event so far.
    Time last() const { return t_; }
    std::uint64_t skipped_events() const { return skipped_; }
    std::uint64_t skipped_fields() const { return decoder_.unknown_fields(); }

    /// A longer line is damage: 64 KiB of zstd can unpack to gigabytes.
    static constexpr std::size_t line_bytes_max = std::size_t{64} << 20;

private:
    enum class State : std::uint8_t { header, events, ended, damaged };

    bool line(std::string_view text);
    bool event(std::string_view text);
    bool last_line(std::string_view text);
    bool wrong(std::string what);

    TraceListener& listener_;
    Directory names_;
    FactDecoder decoder_;
    Scanner scan_;
    Digest digest_;
    EndRecord end_;
    std::string rest_; ///< a line whose end has not come yet
    std::string error_;
    State state_ = State::header;
    std::uint64_t line_ = 0;
    std::uint64_t n_ = 0;
    std::uint64_t skipped_ = 0;
    Time t_;
    bool incomplete_ = false;
};

} // namespace brokersim
