// Scenario files on disk: opening them, and the files that they extend.
#pragma once

#include "scenario/load.hpp"

#include <string>

namespace brokersim {

/// The bytes of a regular file, or of standard input for "-". Devices, pipes, directories and files
/// of more than scenario_bytes_max are refused unread; `error` names the reason.
FileText read_scenario_file(const std::string& path);

/// What messages call a file: its path, or "<stdin>" for "-".
std::string shown_name(const std::string& path);

/// Reads and loads. `options.read_file` is set here, for `extends` below the file's own directory.
/// A file that cannot be read is a problem without line.
Loaded load_scenario_file(const std::string& path, LoadOptions options = {});

} // namespace brokersim
