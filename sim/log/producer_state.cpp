// Sequence checks of idempotent producers.
#include "log/producer_state.hpp"

#include <algorithm>
#include <limits>

namespace brokersim {

namespace {

bool follows(std::int32_t last, std::int32_t first) {
    if (last == std::numeric_limits<std::int32_t>::max()) { return first == 0; }
    return first == last + 1;
}

} // namespace

std::size_t ProducerStates::position_of(std::int64_t id) const {
    const auto at =
        std::lower_bound(producers_.begin(), producers_.end(), id,
                         [](const Producer& producer, std::int64_t i) { return producer.id < i; });
    return static_cast<std::size_t>(at - producers_.begin());
}

const ProducerStates::Producer* ProducerStates::find(std::int64_t id) const {
    const std::size_t at = position_of(id);
    return at < producers_.size() && producers_[at].id == id ? &producers_[at] : nullptr;
}

SequenceVerdict ProducerStates::check(const Batch& batch) const {
    const Producer* const producer = find(batch.producer_id);
    // New, or expired: there is nothing to compare with, any sequence may be the first.
    if (producer == nullptr) { return {}; }
    if (batch.producer_epoch < producer->epoch) { return {Error::invalid_producer_epoch, -1}; }
    if (batch.producer_epoch > producer->epoch) {
        return {batch.sequence == 0 ? Error::none : Error::out_of_order_sequence_number, -1};
    }
    for (std::size_t k = 0; k < producer->count; ++k) {
        const Past& past = producer->oldest_first(k);
        if (past.first == batch.sequence && past.last == batch.last_sequence()) {
            return {Error::none, past.base};
        }
    }
    const bool in_order = follows(producer->past[producer->newest].last, batch.sequence);
    return {in_order ? Error::none : Error::out_of_order_sequence_number, -1};
}

void ProducerStates::update(const Batch& batch, Time now) {
    const std::size_t at = position_of(batch.producer_id);
    if (at == producers_.size() || producers_[at].id != batch.producer_id) {
        Producer added;
        added.id = batch.producer_id;
        producers_.insert(producers_.begin() + static_cast<std::ptrdiff_t>(at), added);
    }
    Producer& producer = producers_[at];
    if (producer.epoch != batch.producer_epoch) {
        producer.epoch = batch.producer_epoch;
        producer.count = 0;
    }
    producer.remember({batch.sequence, batch.last_sequence(), batch.base, batch.end()});
    producer.last_write = now;
    oldest_write_ = std::min(oldest_write_, now);
}

void ProducerStates::forget_old(Time now, Duration producer_id_expiration) {
    std::erase_if(producers_, [now, producer_id_expiration](const Producer& producer) {
        return now - producer.last_write >= producer_id_expiration;
    });
    oldest_write_ = Time::never();
    for (const Producer& producer : producers_)
        oldest_write_ = std::min(oldest_write_, producer.last_write);
}

bool ProducerStates::reaches(Offset end) const {
    return std::any_of(producers_.begin(), producers_.end(), [end](const Producer& producer) {
        return producer.past[producer.newest].end > end;
    });
}

} // namespace brokersim
