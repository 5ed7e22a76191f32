// The standard streams: usable even where the caller has closed them, plain off a terminal.
#pragma once

#include "cli/commands.hpp"

#include <string>
#include <string_view>

namespace brokersim {

/// Opens what the caller has closed, so that no file of ours gets the number of a standard stream;
/// ignores the signals that a full disk or a closed pipe would send. Call first.
void prepare_streams();

/// Whether text on that stream (1, 2) may be coloured: as asked, else on a terminal that is not
/// dumb, unless NO_COLOR is set (https://no-color.org).
bool use_colour(Colour asked, int stream);

bool is_terminal(int stream);

/// "brokersim: TEXT" as one line on standard error, whatever TEXT contains.
void complain(std::string_view text);
/// TEXT as it is on standard error.
void tell(std::string_view text);

/// Writes `text` to standard output. The exit status to leave with: `status`; 0 if the reader has
/// gone away; 3, with a message, if it cannot be written.
int print(std::string_view text, int status);

/// Writes `text` to the file that `-o` names, "-" = standard output. The exit status.
int write_output(const std::string& path, std::string_view text);

} // namespace brokersim
