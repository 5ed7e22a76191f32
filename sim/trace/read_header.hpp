// The first line of a trace, and the lines that add to what it says.
#pragma once

#include "trace/directory.hpp"
#include "trace/end_record.hpp"
#include "trace/scanner.hpp"

#include <string>

namespace brokersim {

/// Reads a header into `names`; nothing, or what is wrong with it. `scan` stands at its start.
std::string read_header(Scanner& scan, Directory& names);

/// Reads the fields of `topic.created`, `topic.changed`, `producer.started` or `group.created`
/// behind the event's name. `ours`: it is one of these. False: it is, but wrong.
bool read_newcomer(std::string_view event, Scanner& scan, Directory& names, bool& ours);

/// Reads an end record; nothing, or what is wrong with it.
std::string read_end(Scanner& scan, EndRecord& end);

} // namespace brokersim
