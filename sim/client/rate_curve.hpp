// A rate of records over time, and where on it the next record falls due.
#pragma once

#include "brokersim/scenario.hpp"
#include "brokersim/time.hpp"
#include "engine/wide.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace brokersim {

/// Piecewise constant or linear, and a cursor on its integral. The cursor stands at the last
/// instant at which the integral is not beyond a level: rounded down to a nanosecond, and exact
/// otherwise, so that nothing drifts. Levels are counted in units of which record() are a record.
class RateCurve {
public:
    /// `profile` counts when there is one, else `rate`; nothing before `start`, where the cursor
    /// is.
    RateCurve(const Rate& rate, const std::vector<RatePoint>& profile, Time start);

    /// Where the level is reached; never() if it is not.
    Time at() const { return at_; }
    SignedWide record() const { return 2 * SignedWide{den_}; }
    /// The level goes up by `gap`.
    void move(SignedWide gap);
    /// The level goes up by as many gaps as it takes to be reached at `now` or later.
    void move_to(Time now, SignedWide gap);
    /// The level becomes what is reached at `now`.
    void stand_at(Time now);
    /// From `now` on it is `rate`. The level stays, and with it the share of a gap that is over.
    void change(Time now, const Rate& rate);
    /// From `now` on it is again what it was meant to be then.
    void change_back(Time now);

private:
    /// A rate in units of 1 / den_ records each nanosecond from `begin` to `end`: `rate` at
    /// `origin`, growing by `growth` in each `span`.
    struct Piece {
        Time begin, end;
        SignedWide rate = 0;
        SignedWide growth = 0;
        std::int64_t span = 1;
        Time origin;
    };
    static Piece constant(Time begin, Time end, SignedWide rate) {
        return {begin, end, rate, 0, 1, begin};
    }
    void allow(Duration per);
    SignedWide units(const Rate& rate) const;
    SignedWide integral(const Piece& piece, Time until) const;
    bool last(std::size_t piece) const { return piece + 1 == pieces_.size(); }
    void enter(Time now);
    void leave_forwards();
    void replace_from(Time now, const std::vector<Piece>& pieces);
    void settle();
    Time solve(const Piece& piece, Time guess) const;

    std::int64_t den_ = 1;
    Time start_;
    std::vector<Piece> pieces_; ///< without gaps; the last one is constant and does not end
    std::vector<Piece> meant_;  ///< before any change
    std::size_t piece_ = 0;     ///< of the cursor
    SignedWide level_ = 0;      ///< above the integral at the origin of that piece
    Time at_;
};

} // namespace brokersim
