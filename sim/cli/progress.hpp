// One line on the terminal that tells how far a run is. The only place that looks at the clock on
// the wall, together with --time-limit; nothing of it reaches standard output or a trace.
#pragma once

#include "brokersim/time.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace brokersim {

class Stopwatch {
public:
    Duration elapsed() const {
        return {std::chrono::duration_cast<std::chrono::nanoseconds>(
                    std::chrono::steady_clock::now() - begin_)
                    .count()};
    }

private:
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

class Progress {
public:
    /// Silent unless `shown`.
    Progress(bool shown, std::string name, Time end);
    ~Progress() { clear(); }

    /// At most ten lines a second come of this.
    void at(Time now, std::uint64_t events);
    /// Wipes the line, for others to write.
    void clear();

private:
    bool shown_;
    bool visible_ = false;
    std::string name_;
    Time end_;
    Stopwatch watch_;
    Duration last_{};
};

} // namespace brokersim
