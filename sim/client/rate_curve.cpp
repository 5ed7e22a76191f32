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
        pieces_.push_back({start, Time::never(), units(rate), 0, 1});
    } else if (profile.front().at > start) {
        pieces_.push_back({start, profile.front().at, 0, 0, 1});
    }
    for (std::size_t k = 0; k < profile.size(); ++k) {
        const RatePoint& from = profile[k];
        Piece piece{from.at, Time::never(), units(from.rate), 0, 1};
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
    stand_at(start);
}

/// Makes rates per `per` whole numbers of units, where that leaves room; else they are rounded.
void RateCurve::allow(Duration per) {
    constexpr std::int64_t most = std::int64_t{1} << 60;
    const std::int64_t factor = per.ns / std::gcd(per.ns, den_);
    if (factor <= 1 || factor > most / den_) return;
    den_ *= factor;
    level_ *= factor;
    for (Piece& piece : pieces_) {
        piece.rate *= factor;
        piece.growth *= factor;
    }
}

SignedWide RateCurve::units(const Rate& rate) const {
    return SignedWide{std::max<std::int64_t>(rate.count, 0)} * den_ / rate.per.ns;
}

/// Over the first `ns` of a piece, rounded up: 2 rate ns + growth ns^2 / span.
SignedWide RateCurve::integral(const Piece& piece, std::int64_t ns) const {
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
std::int64_t RateCurve::solve(const Piece& piece, std::int64_t guess) const {
    if (piece.growth == 0) {
        const SignedWide limit = Time::never().ns - piece.begin.ns;
        if (piece.rate == 0) return Time::never().ns - piece.begin.ns;
        return static_cast<std::int64_t>(std::min(level_ / (2 * piece.rate), limit));
    }
    // Newton's steps, held between what is not beyond and what is.
    std::int64_t low = 0;
    std::int64_t high = piece.end.ns - piece.begin.ns;
    std::int64_t look = guess;
    for (int step = 0; high - low > 1; ++step) {
        look = std::clamp(look, low + 1, high - 1);
        const SignedWide over = integral(piece, look) - level_;
        const SignedWide slope = 2 * piece.rate + 2 * piece.growth * look / piece.span;
        (over <= 0 ? low : high) = look;
        if (slope <= 0 || step % 16 == 15) {
            look = low + (high - low) / 2;
        } else {
            const SignedWide far = std::clamp<SignedWide>(-over / slope, low - high, high - low);
            look += static_cast<std::int64_t>(far) + (over <= 0 ? 1 : 0);
        }
    }
    return low;
}

/// The cursor goes to the piece that `now` is in, with the level where it was.
void RateCurve::enter(Time now) {
    while (piece_ > 0 && pieces_[piece_].begin > now) {
        --piece_;
        level_ += area(pieces_[piece_]);
    }
    while (!last(piece_) && pieces_[piece_].end <= now) {
        level_ -= area(pieces_[piece_]);
        ++piece_;
    }
}

/// Goes on to the piece in which the level is reached. Where it is reached at the end of a piece,
/// and the rate is 0 from there on, that is when it rises again.
void RateCurve::settle() {
    const std::size_t before = piece_;
    while (!last(piece_) && level_ >= area(pieces_[piece_])) {
        level_ -= area(pieces_[piece_]);
        ++piece_;
    }
    const Piece& piece = pieces_[piece_];
    const std::int64_t guess = piece_ == before && at_ > piece.begin ? at_.ns - piece.begin.ns : 1;
    at_ = after(piece.begin, Duration{solve(piece, guess)});
}

void RateCurve::move(SignedWide gap) {
    level_ += gap;
    settle();
}

void RateCurve::move_to(Time now, SignedWide gap) {
    if (at_ >= now) return;
    enter(now);
    const Piece& piece = pieces_[piece_];
    const SignedWide reached = integral(piece, now.ns - piece.begin.ns);
    if (level_ < reached) level_ += (reached - level_ + gap - 1) / gap * gap;
    settle();
}

void RateCurve::stand_at(Time now) {
    enter(now);
    const Piece& piece = pieces_[piece_];
    level_ = integral(piece, std::max<std::int64_t>(now.ns - piece.begin.ns, 0));
    settle();
}

void RateCurve::change(Time now, const Rate& rate) {
    now = std::max(now, start_);
    allow(rate.per);
    const bool waits = at_ >= now;
    std::size_t there = pieces_.size() - 1;
    while (there > 0 && pieces_[there].begin > now)
        --there;
    if (waits) enter(now);
    pieces_.resize(there + 1);
    pieces_.back().end = now;
    pieces_.push_back({now, Time::never(), units(rate), 0, 1});
    if (pieces_[there].begin == now) {
        pieces_.erase(pieces_.end() - 2);
        piece_ = std::min(piece_, there);
    }
    pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(piece_));
    piece_ = 0;
    settle();
}

} // namespace brokersim
