// SIGINT and SIGTERM: the first asks a run to end in order, the second ends the process at once.
#pragma once

namespace brokersim {

/// From here on the two signals are noticed instead of deadly.
void watch_signals();

/// The signal that has come, or 0.
int signal_received();

} // namespace brokersim
