// Standard streams, colours, messages.
#include "cli/terminal.hpp"

#include "cli/files.hpp"
#include "trace/utf8.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

namespace brokersim {

void prepare_streams() {
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(stream, F_GETFD) != -1 || errno != EBADF) { continue; }
        // The wrong way round on purpose: reading, or writing, still fails as it should.
        const int flags = stream == STDIN_FILENO    ? O_WRONLY
                          : stream == STDOUT_FILENO ? O_RDONLY
                                                    : O_WRONLY;
        static_cast<void>(::open("/dev/null", flags));
    }
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
}

bool is_terminal(int stream) {
    return ::isatty(stream) == 1;
}

bool use_colour(Colour asked, int stream) {
    if (asked != Colour::automatic) { return asked == Colour::always; }
    const char* no_colour = std::getenv("NO_COLOR");
    const char* terminal = std::getenv("TERM");
    return is_terminal(stream) && (no_colour == nullptr || *no_colour == '\0') &&
           terminal != nullptr && std::string_view(terminal) != "dumb";
}

void tell(std::string_view text) {
    while (!text.empty()) {
        const ssize_t put = ::write(STDERR_FILENO, text.data(), text.size());
        if (put < 0 && errno != EINTR) { return; } // nobody is left to be told
        if (put > 0) { text.remove_prefix(static_cast<std::size_t>(put)); }
    }
}

void complain(std::string_view text) {
    tell("brokersim: " + visible(text) + "\n");
}

int print(std::string_view text, int status) {
    OutputFile out;
    out.create("-");
    if (out.write(text)) { return status; }
    if (out.reader_left()) { return Exit::fine; }
    complain(out.error());
    return Exit::broken;
}

int write_output(const std::string& path, std::string_view text) {
    if (path == "-") { return print(text, Exit::fine); }
    OutputFile out;
    if (out.create(path) && out.write(text) && out.commit()) { return Exit::fine; }
    complain(out.error());
    return Exit::broken;
}

} // namespace brokersim
