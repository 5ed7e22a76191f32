// Constant and Poisson arrivals; keys by list, in sequence or at random.
#include "client/arrivals.hpp"

#include "engine/assert.hpp"
#include "engine/wide.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace brokersim {

namespace {

Duration mean_gap(const ProducerSpec& spec) {
    if (spec.rate.count <= 0) return {};
    const SignedWide gap = SignedWide{spec.rate.per.ns} * spec.burst / spec.rate.count;
    return Duration{static_cast<std::int64_t>(gap)};
}

Distribution gap_distribution(const ProducerSpec& spec) {
    Distribution gap;
    gap.kind = Distribution::Kind::exponential;
    gap.a = mean_gap(spec);
    return gap;
}

} // namespace

Arrivals::Arrivals(const ProducerSpec& spec, std::uint64_t seed)
    : start_(spec.start), stop_(spec.stop.value_or(Time::never())), rate_(spec.rate),
      burst_(spec.burst), poisson_(spec.poisson),
      gap_(spec.poisson ? gap_distribution(spec) : Distribution::constant({})),
      stream_(seed, {"arrivals", spec.name}),
      left_(spec.count.value_or(std::numeric_limits<std::int64_t>::max())) {
    if (rate_.count <= 0) {
        end();
    } else {
        settle(poisson_ ? after(start_, gap_.draw(stream_)) : start_);
    }
}

/// Exact, without drift: burst k is due k · burst / rate after the start.
Time Arrivals::at(std::int64_t burst) const {
    const SignedWide ns = SignedWide{burst} * burst_ * rate_.per.ns / rate_.count;
    const SignedWide limit = Time::never().ns - start_.ns;
    return ns >= limit ? Time::never() : Time{start_.ns + static_cast<std::int64_t>(ns)};
}

void Arrivals::settle(Time due) {
    next_ = due < stop_ && left_ > 0 ? due : Time::never();
}

void Arrivals::advance() {
    ++number_;
    settle(poisson_ ? after(next_, gap_.draw(stream_)) : at(number_));
}

std::int32_t Arrivals::take() {
    BS_ASSERT(next_ != Time::never());
    const auto records = static_cast<std::int32_t>(std::min<std::int64_t>(burst_, left_));
    left_ -= records;
    advance();
    return records;
}

void Arrivals::skip_to(Time now) {
    if (next_ >= now) return;
    if (!poisson_) {
        const SignedWide elapsed = SignedWide{now.ns - start_.ns} * rate_.count;
        number_ = static_cast<std::int64_t>(elapsed / (SignedWide{burst_} * rate_.per.ns));
        while (at(number_) < now)
            ++number_;
        settle(at(number_));
        return;
    }
    while (next_ < now)
        advance();
}

RecordKeys::RecordKeys(const ProducerSpec& spec, std::uint64_t seed)
    : spec_(spec.keys), stream_(seed, {"keys", spec.name}) {
    if (spec_.kind == KeySpec::Kind::list) spec_.count = std::int64_t(spec_.list.size());
    if (spec_.count <= 0) spec_.kind = KeySpec::Kind::none;
}

void RecordKeys::take(std::int32_t count, std::vector<Run>& runs) {
    switch (spec_.kind) {
    case KeySpec::Kind::none: runs.push_back({none, count}); return;
    case KeySpec::Kind::uniform:
        for (std::int32_t k = 0; k < count; ++k) {
            const auto key =
                static_cast<std::int64_t>(stream_.below(static_cast<std::uint64_t>(spec_.count)));
            if (k > 0 && runs.back().key == key) {
                ++runs.back().count;
            } else {
                runs.push_back({key, 1});
            }
        }
        return;
    case KeySpec::Kind::zipf:
    case KeySpec::Kind::list:
    case KeySpec::Kind::sequence: break;
    }
    const std::int64_t different = std::min<std::int64_t>(count, spec_.count);
    for (std::int64_t k = 0; k < different; ++k) {
        const std::int64_t times = (count - k - 1) / spec_.count + 1;
        runs.push_back({(next_ + k) % spec_.count, static_cast<std::int32_t>(times)});
    }
    next_ = (next_ + count) % spec_.count;
}

std::string_view RecordKeys::text(std::int64_t key) {
    if (spec_.kind == KeySpec::Kind::list) return spec_.list[static_cast<std::size_t>(key)];
    text_[0] = 'k';
    const auto end = std::to_chars(text_.data() + 1, text_.data() + text_.size(), key);
    return {text_.data(), static_cast<std::size_t>(end.ptr - text_.data())};
}

} // namespace brokersim
