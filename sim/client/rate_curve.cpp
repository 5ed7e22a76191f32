// The integral of a rate and its inverse, in integers of 128 bits.
#include "client/rate_curve.hpp"

#include "engine/assert.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace brokersim {

RateCurve::RateCurve(const Rate& rate, const std::vector<RatePoint>& profile, Time start)
    : start_(start) {
    allow(rate.per);
    for (const RatePoint& point : profile)
        allow(point.rate.per);
    if (profile.empty()) {
        pieces_.push_back(constant(start, Time::never(), units(rate)));
    } else if (profile.front().at > start) {
        pieces_.push_back(constant(start, profile.front().at, 0));
    }
    for (std::size_t k = 0; k < profile.size(); ++k) {
        const RatePoint& from = profile[k];
        Piece piece = constant(from.at, Time::never(), units(from.rate));
        if (k + 1 < profile.size()) {
            const RatePoint& to = profile[k + 1];
            if (to.at <= from.at) continue;
            piece.end = to.at;
            if (to.ramp) {
                piece.growth = units(to.rate) - piece.rate;
                piece.span = (to.at - from.at).ns;
            }
        }
        pieces_.push_back(piece);
    }
    meant_ = pieces_;
    stand_at(start);
}

/// Makes rates per `per` whole numbers of units, where that leaves room; else they are rounded.
void RateCurve::allow(Duration per) {
    constexpr std::int64_t most = std::int64_t{1} << 60;
    const std::int64_t factor = per.ns / std::gcd(per.ns, den_);
    if (factor <= 1 || factor > most / den_) return;
    den_ *= factor;
    level_ *= factor;
    for (std::vector<Piece>* pieces : {&pieces_, &meant_}) {
        for (Piece& piece : *pieces) {
            piece.rate *= factor;
            piece.growth *= factor;
        }
    }
}

SignedWide RateCurve::units(const Rate& rate) const {
    return SignedWide{std::max<std::int64_t>(rate.count, 0)} * den_ / rate.per.ns;
}

/// From the origin of a piece, rounded up: 2 rate ns + growth ns^2 / span.
SignedWide RateCurve::integral(const Piece& piece, Time until) const {
    const std::int64_t ns = until.ns - piece.origin.ns;
    const SignedWide line = 2 * piece.rate * ns;
    if (piece.growth == 0) return line;
    const SignedWide square = SignedWide{ns} * ns;
    const SignedWide slope = piece.growth < 0 ? -piece.growth : piece.growth;
    const SignedWide rest = slope * (square % piece.span);
    const SignedWide curve = slope * (square / piece.span) + rest / piece.span;
    if (piece.growth < 0) return line - curve;
    return line + curve + (rest % piece.span != 0 ? 1 : 0);
}

/// The last nanosecond of a piece at which its integral is not beyond the level.
Time RateCurve::solve(const Piece& piece, Time guess) const {
    if (piece.growth == 0) {
        if (piece.rate == 0) return Time::never();
        const SignedWide limit = Time::never().ns - piece.origin.ns;
        const SignedWide ns = std::min(level_ / (2 * piece.rate), limit);
        return piece.origin + Duration{static_cast<std::int64_t>(ns)};
    }
    // Newton's steps, held between what is not beyond and what is.
    std::int64_t low = piece.begin.ns;
    std::int64_t high = piece.end.ns;
    std::int64_t look = guess.ns;
    for (int step = 0; high - low > 1; ++step) {
        look = std::clamp(look, low + 1, high - 1);
        const SignedWide over = integral(piece, Time{look}) - level_;
        const SignedWide slope =
            2 * piece.rate + 2 * piece.growth * (look - piece.origin.ns) / piece.span;
        (over <= 0 ? low : high) = look;
        if (slope <= 0 || step % 16 == 15) {
            look = low + (high - low) / 2;
        } else {
            const SignedWide far = std::clamp<SignedWide>(-over / slope, low - high, high - low);
            look += static_cast<std::int64_t>(far) + (over <= 0 ? 1 : 0);
        }
    }
    return Time{low};
}

void RateCurve::leave_forwards() {
    level_ -= integral(pieces_[piece_], pieces_[piece_].end);
    ++piece_;
    level_ += integral(pieces_[piece_], pieces_[piece_].begin);
}

/// The cursor goes to the piece that `now` is in, with the level where it was.
void RateCurve::enter(Time now) {
    while (piece_ > 0 && pieces_[piece_].begin > now) {
        level_ -= integral(pieces_[piece_], pieces_[piece_].begin);
        --piece_;
        level_ += integral(pieces_[piece_], pieces_[piece_].end);
    }
    while (!last(piece_) && pieces_[piece_].end <= now)
        leave_forwards();
}

/// Goes on to the piece in which the level is reached. Where it is reached at the end of a piece,
/// and the rate is 0 from there on, that is when it rises again.
void RateCurve::settle() {
    while (!last(piece_) && level_ >= integral(pieces_[piece_], pieces_[piece_].end))
        leave_forwards();
    at_ = solve(pieces_[piece_], at_);
}

void RateCurve::move(SignedWide gap) {
    level_ += gap;
    settle();
}

void RateCurve::move_to(Time now, SignedWide gap) {
    if (at_ >= now) return;
    enter(now);
    const SignedWide reached = integral(pieces_[piece_], now);
    if (level_ < reached) level_ += (reached - level_ + gap - 1) / gap * gap;
    settle();
}

void RateCurve::stand_at(Time now) {
    enter(now);
    level_ = integral(pieces_[piece_], std::max(now, pieces_[piece_].begin));
    settle();
}

void RateCurve::change(Time now, const Rate& rate) {
    allow(rate.per);
    replace_from(now, {constant(start_, Time::never(), units(rate))});
}

void RateCurve::change_back(Time now) {
    replace_from(now, meant_);
}

/// From `now` on, and not before the start, `pieces` count. What is reached before stays.
void RateCurve::replace_from(Time now, const std::vector<Piece>& pieces) {
    now = std::max(now, start_);
    if (at_ >= now) enter(now);
    while (pieces_.size() > piece_ + 1 && pieces_.back().begin >= now)
        pieces_.pop_back();
    pieces_.back().end = std::max(now, pieces_.back().begin);
    for (const Piece& piece : pieces) {
        if (piece.end <= now) continue;
        pieces_.push_back(piece);
        pieces_.back().begin = std::max(piece.begin, now);
        if (piece.growth == 0) pieces_.back().origin = pieces_.back().begin;
    }
    pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(piece_));
    piece_ = 0;
    settle();
}

} // namespace brokersim
