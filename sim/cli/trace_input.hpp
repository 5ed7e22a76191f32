// Reading a trace to its end, so that nothing of a damaged one is shown.
#pragma once

#include "trace/reader.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace brokersim {

/// Reads the file, packed or not, to its end. An empty text, or what is wrong with it. A trace that
/// is only incomplete will do with `partial`; that it is one is told.
std::string read_trace(const std::string& path, bool partial, TraceReader& reader);

/// The same, but the bytes go through `line`, one line at a time with its LF (the last may lack
/// it), after `reader` has accepted each.
std::string read_trace_lines(const std::string& path, bool partial, TraceReader& reader,
                             const std::function<void(std::string_view)>& line);

/// Hands every line of a file to `line` until it returns false; what is wrong, or "".
std::string read_lines(const std::string& path, const std::function<bool(std::string_view)>& line);

/// Events that this version does not know: tells how many.
void tell_of_unknown(const TraceReader& reader);

} // namespace brokersim
