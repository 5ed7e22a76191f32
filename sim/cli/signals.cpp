// The handler of SIGINT and SIGTERM.
#include "cli/signals.hpp"

#include <csignal>
#include <initializer_list>
#include <unistd.h>

namespace brokersim {

namespace {

volatile std::sig_atomic_t received = 0;

extern "C" void on_signal(int number) {
    if (received != 0) { ::_exit(128 + number); }
    received = number;
}

} // namespace

void watch_signals() {
    struct sigaction action {};
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART;
    for (const int number : {SIGINT, SIGTERM}) {
        sigaction(number, &action, nullptr);
    }
}

int signal_received() {
    return static_cast<int>(received);
}

} // namespace brokersim
