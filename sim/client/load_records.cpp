// Keys by list, in sequence or at random; sizes by a distribution; poison by position or key.
#include "client/load_records.hpp"

#include "engine/assert.hpp"
#include "protocol/record_marks.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <string>
#include <utility>

namespace brokersim {

RecordKeys::RecordKeys(const ProducerSpec& spec, std::uint64_t seed,
                       std::shared_ptr<const ZipfTable> zipf)
    : spec_(spec.keys), zipf_(std::move(zipf)), stream_(seed, {"keys", spec.name}) {
    if (spec_.kind == KeySpec::Kind::list) {
        spec_.count = std::int64_t(spec_.list.size());
        std::map<std::string_view, std::int64_t> first;
        for (const std::string& key : spec_.list)
            first_.push_back(first.emplace(key, std::int64_t(first_.size())).first->second);
    }
    if (spec_.count <= 0) spec_.kind = KeySpec::Kind::none;
    if (spec_.kind == KeySpec::Kind::zipf && !zipf_)
        zipf_ = std::make_shared<const ZipfTable>(spec_.count, spec_.exponent_ppb);
}

std::int64_t RecordKeys::drawn() {
    if (spec_.kind == KeySpec::Kind::zipf) return zipf_->at(stream_.next());
    return static_cast<std::int64_t>(stream_.below(static_cast<std::uint64_t>(spec_.count)));
}

std::int64_t RecordKeys::in_order(std::int64_t position) const {
    const std::int64_t place = position % spec_.count;
    return first_.empty() ? place : first_[static_cast<std::size_t>(place)];
}

std::int64_t RecordKeys::take_one() {
    switch (spec_.kind) {
    case KeySpec::Kind::none: return none;
    case KeySpec::Kind::uniform:
    case KeySpec::Kind::zipf: return drawn();
    case KeySpec::Kind::list:
    case KeySpec::Kind::sequence: break;
    }
    const std::int64_t key = in_order(next_);
    next_ = (next_ + 1) % spec_.count;
    return key;
}

void RecordKeys::take(std::int32_t count, std::vector<Run>& runs) {
    switch (spec_.kind) {
    case KeySpec::Kind::none: runs.push_back({none, count}); return;
    case KeySpec::Kind::uniform:
    case KeySpec::Kind::zipf:
        for (std::int32_t k = 0; k < count; ++k) {
            const std::int64_t key = drawn();
            if (k > 0 && runs.back().key == key) {
                ++runs.back().count;
            } else {
                runs.push_back({key, 1});
            }
        }
        return;
    case KeySpec::Kind::list:
    case KeySpec::Kind::sequence: break;
    }
    const std::int64_t different = std::min<std::int64_t>(count, spec_.count);
    for (std::int64_t k = 0; k < different; ++k) {
        const std::int64_t times = (count - k - 1) / spec_.count + 1;
        runs.push_back({in_order(next_ + k), static_cast<std::int32_t>(times)});
    }
    next_ = (next_ + count) % spec_.count;
}

std::string_view RecordKeys::text(std::int64_t key) {
    if (spec_.kind == KeySpec::Kind::list) return spec_.list[static_cast<std::size_t>(key)];
    text_[0] = 'k';
    const auto end = std::to_chars(text_.data() + 1, text_.data() + text_.size(), key);
    return {text_.data(), static_cast<std::size_t>(end.ptr - text_.data())};
}

Poison::Poison(const ProducerSpec& spec, std::uint64_t seed, RecordKeys& keys)
    : spec_(spec.poison), stream_(seed, {"poison", spec.name}) {
    for (const std::string& key : spec_.keys) {
        if (spec.keys.kind == KeySpec::Kind::list) {
            const auto at = std::find(spec.keys.list.begin(), spec.keys.list.end(), key);
            if (at != spec.keys.list.end()) keys_.push_back(at - spec.keys.list.begin());
            continue;
        }
        std::int64_t number = -1;
        if (!key.empty()) std::from_chars(key.data() + 1, key.data() + key.size(), number);
        if (number >= 0 && number < spec.keys.count && keys.text(number) == key)
            keys_.push_back(number);
    }
    std::sort(keys_.begin(), keys_.end());
    none_ = (spec_.every <= 0 && spec_.ratio.ppb <= 0 && spec_.at.empty() && keys_.empty()) ||
            spec_.fails == 0;
}

std::int64_t Poison::take(std::int64_t key) {
    if (none_) return 0;
    const std::int64_t position = position_++;
    bool poisonous = spec_.every > 0 && position % spec_.every == spec_.every - 1;
    if (spec_.ratio.ppb > 0) {
        const bool drawn = stream_.chance(static_cast<std::uint64_t>(spec_.ratio.ppb), Ratio::one);
        poisonous = poisonous || drawn;
    }
    while (next_at_ < spec_.at.size() && spec_.at[next_at_] <= position) {
        poisonous = poisonous || spec_.at[next_at_] == position;
        ++next_at_;
    }
    poisonous = poisonous || std::binary_search(keys_.begin(), keys_.end(), key);
    return poisonous ? spec_.fails.value_or(RecordMarks::always) : 0;
}

LoadRecords::LoadRecords(const ProducerSpec& spec, std::uint64_t seed,
                         std::shared_ptr<const ZipfTable> zipf)
    : keys_(spec, seed, std::move(zipf)), poison_(spec, seed, keys_),
      size_(static_cast<std::int32_t>(spec.size)), sizes_drawn_(spec.sizes.has_value()),
      sizes_(spec.sizes.value_or(Distribution::constant({}))), stream_(seed, {"sizes", spec.name}) {
}

void LoadRecords::take(std::int32_t count, std::vector<Run>& runs) {
    if (!in_exact_order()) {
        key_runs_.clear();
        keys_.take(count, key_runs_);
        for (const RecordKeys::Run& keys : key_runs_)
            runs.push_back({keys.key, 0, size_, keys.count});
        return;
    }
    constexpr std::int64_t largest = std::numeric_limits<std::int32_t>::max();
    for (std::int32_t k = 0; k < count; ++k) {
        Run run;
        run.key = keys_.take_one();
        run.fails = poison_.take(run.key);
        run.value_bytes = size_;
        if (sizes_drawn_)
            run.value_bytes = static_cast<std::int32_t>(std::min(sizes_.draw(stream_).ns, largest));
        run.count = 1;
        const bool alike = k > 0 && runs.back().key == run.key && runs.back().fails == run.fails &&
                           runs.back().value_bytes == run.value_bytes;
        if (alike) {
            ++runs.back().count;
        } else {
            runs.push_back(run);
        }
    }
}

} // namespace brokersim
