// Arrivals along a curve of the rate, by exponential gaps, or by completions.
#include "client/arrivals.hpp"

#include "engine/assert.hpp"
#include "engine/wide.hpp"

#include <algorithm>
#include <limits>

namespace brokersim {

namespace {

constexpr std::uint32_t gap_bits = 32;

Distribution exponential(std::int64_t mean) {
    Distribution gap;
    gap.kind = Distribution::Kind::exponential;
    gap.a = Duration{mean};
    return gap;
}

/// Of a Poisson process of bursts at one rate: ns.
std::int64_t mean_gap(const ProducerSpec& spec) {
    const SignedWide gap = SignedWide{spec.rate.per.ns} * spec.burst / spec.rate.count;
    return static_cast<std::int64_t>(gap);
}

bool is_steady(const ProducerSpec& spec) {
    return spec.poisson && spec.profile.empty() && spec.rate.count > 0;
}

} // namespace

Arrivals::Arrivals(const ProducerSpec& spec, std::uint64_t seed)
    : start_(spec.start), stop_(spec.stop.value_or(Time::never())), burst_(spec.burst),
      loop_(spec.closed_loop.value_or(0)), poisson_(spec.poisson), steady_(is_steady(spec)),
      curve_(spec.rate, spec.profile, spec.start),
      gap_(exponential(steady_ ? mean_gap(spec) : std::int64_t{1} << gap_bits)),
      stream_(seed, {"arrivals", spec.name}),
      left_(spec.count.value_or(std::numeric_limits<std::int64_t>::max())) {
    if (closed_loop()) {
        begin(start_);
    } else if (steady_) {
        settle(after(start_, gap_.draw(stream_)));
    } else {
        if (poisson_) curve_.move(curve_gap());
        settle(curve_.at());
    }
}

/// From one burst to the next.
SignedWide Arrivals::curve_gap() {
    const SignedWide even = curve_.record() * burst_;
    return poisson_ ? (even * gap_.draw(stream_).ns) >> gap_bits : even;
}

void Arrivals::settle(Time due) {
    next_ = due < stop_ && left_ > 0 ? due : Time::never();
}

void Arrivals::advance() {
    if (closed_loop()) {
        settle(freed_.empty() ? Time::never() : freed_.front().at);
    } else if (steady_) {
        settle(after(next_, gap_.draw(stream_)));
    } else {
        curve_.move(curve_gap());
        settle(curve_.at());
    }
}

std::int32_t Arrivals::take() {
    BS_ASSERT(next_ != Time::never());
    constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
    const std::int64_t due = closed_loop() ? freed_.pop_front().records : burst_;
    const std::int64_t records = std::min({due, left_, most});
    left_ -= records;
    advance();
    return static_cast<std::int32_t>(records);
}

void Arrivals::begin(Time now) {
    if (closed_loop()) {
        freed_.clear();
        freed_.push_back({std::max(now, start_), loop_});
        advance();
        return;
    }
    if (next_ >= now) return;
    if (poisson_) {
        while (next_ < now)
            advance();
    } else {
        curve_.move_to(now, curve_gap());
        settle(curve_.at());
    }
}

void Arrivals::completed(std::int64_t records, Time now) {
    if (!closed_loop() || records == 0) return;
    if (!freed_.empty() && freed_.back().at == now) {
        freed_.back().records += records;
    } else {
        freed_.push_back({now, records});
    }
    advance();
}

void Arrivals::change_rate(Time now, const std::optional<Rate>& rate) {
    if (closed_loop()) return;
    const bool due = next_ < now;
    if (steady_) {
        // Gaps have no memory: on along the curve from the draw that is due, or from now.
        steady_ = false;
        gap_ = Sampler(exponential(std::int64_t{1} << gap_bits));
        curve_.stand_at(due ? next_ : std::max(now, start_));
        if (!due) curve_.move(curve_gap());
    }
    if (rate) {
        curve_.change(now, *rate);
    } else {
        curve_.change_back(now);
    }
    if (!due) settle(curve_.at());
}

void Arrivals::end() {
    left_ = 0;
    next_ = Time::never();
}

} // namespace brokersim
