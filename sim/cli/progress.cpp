// The line on the terminal that tells how far a run is.
#include "cli/progress.hpp"

#include "cli/terminal.hpp"
#include "observe/decimal.hpp"
#include "trace/utf8.hpp"

#include <algorithm>
#include <utility>

namespace brokersim {

namespace {

constexpr Duration between_lines = milliseconds(100);

/// "1.2 M", "350 k", "12".
std::string short_number(std::int64_t n) {
    if (n >= 10'000'000) { return std::to_string(n / 1'000'000) + " M"; }
    if (n >= 1'000'000) { return decimal(n, 1'000'000, 1) + " M"; }
    return n >= 10'000 ? std::to_string(n / 1000) + " k" : std::to_string(n);
}

/// Nanoseconds would overflow when multiplied: milliseconds are fine enough for a progress line.
std::int64_t ms(std::int64_t ns) {
    return ns / 1'000'000;
}

std::string clock_text(std::int64_t seconds_left) {
    const std::int64_t s = seconds_left % 60;
    return std::to_string(seconds_left / 60) + (s < 10 ? ":0" : ":") + std::to_string(s);
}

} // namespace

Progress::Progress(bool shown, std::string name, Time end)
    : shown_(shown), name_(std::move(name)), end_(end) {}

void Progress::at(Time now, std::uint64_t events) {
    if (!shown_) { return; }
    const Duration spent = watch_.elapsed();
    if (spent - last_ < between_lines) { return; }
    last_ = spent;
    const std::int64_t wall = std::max<std::int64_t>(1, ms(spent.ns));
    const std::int64_t done = std::max<std::int64_t>(1, ms(now.ns));
    const std::int64_t left = std::max<std::int64_t>(0, ms(end_.ns) - done);
    const auto rate = static_cast<std::int64_t>(events) * 1000 / wall;
    std::string line =
        visible(name_, 30) + ": " + time_text({now.ns / 1'000'000'000 * 1'000'000'000}) + " of " +
        time_text(end_, 1) + ", " + short_number(done / wall) + " x real time, " +
        short_number(rate) + " events/s, " + clock_text(left / 1000 * wall / done) + " left";
    visible_ = true;
    tell("\r" + line + "\x1b[K");
}

void Progress::clear() {
    if (std::exchange(visible_, false)) { tell("\r\x1b[K"); }
}

} // namespace brokersim
