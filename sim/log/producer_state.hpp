// What a replica remembers of each idempotent producer, to refuse gaps and recognise retries.
#pragma once

#include "brokersim/time.hpp"
#include "brokersim/words.hpp"
#include "protocol/batch.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace brokersim {

/// What becomes of a batch: it is appended; or its first copy is found, at `duplicate_of`, and
/// nothing is appended; or it is refused.
struct SequenceVerdict {
    Error error = Error::none; ///< out_of_order_sequence_number, invalid_producer_epoch
    Offset duplicate_of = -1;  ///< base offset of the first copy

    bool is_duplicate() const { return duplicate_of >= 0; }
    bool is_append() const { return error == Error::none && !is_duplicate(); }
    friend bool operator==(SequenceVerdict, SequenceVerdict) = default;
};

/// The producers of one partition's log (Kafka: ProducerStateManager, ProducerStateEntry,
/// ProducerAppendInfo). Leader and followers build the same state from the same batches, so that
/// a retry is recognised after a failover too.
///
/// It is a function of the log. When a log is cut, ask reaches() whether that touches anything; if
/// it does, clear() and update() with each batch that is left, or with those after a copy of this
/// object that was taken at a lower offset.
class ProducerStates {
public:
    /// Kafka: ProducerStateEntry.NUM_BATCHES_TO_RETAIN.
    static constexpr std::size_t batches_kept = 5;

    /// Judges a client's batch, on the leader. Requires batch.has_sequence().
    SequenceVerdict check(const Batch& batch) const;

    /// Remembers a batch that was appended, by a client or by replication. `now`: when it was
    /// written. Requires batch.has_sequence().
    void update(const Batch& batch, Time now);

    /// Forgets producers whose last write is `producer_id_expiration` old or older.
    void expire(Time now, Duration producer_id_expiration) {
        if (now - oldest_write_ >= producer_id_expiration) forget_old(now, producer_id_expiration);
    }

    /// Whether a batch that ends beyond `end` has left its mark here.
    bool reaches(Offset end) const;

    void clear() {
        producers_.clear();
        oldest_write_ = Time::never();
    }
    std::size_t size() const { return producers_.size(); }

private:
    struct Past {
        std::int32_t first = no_sequence;
        std::int32_t last = no_sequence;
        Offset base = -1;
        Offset end = -1;
    };
    struct Producer {
        std::int64_t id = no_producer_id;
        Time last_write;
        std::int16_t epoch = -1;
        std::uint8_t count = 0;  ///< of `past`; at least 1 between calls
        std::uint8_t newest = 0; ///< its place in `past`
        /// A ring, all of `epoch`: its places are taken in turn.
        std::array<Past, batches_kept> past{};

        const Past& oldest_first(std::size_t k) const {
            const std::size_t at = newest + 1u + batches_kept - count + k;
            return past[at < batches_kept ? at : at - batches_kept];
        }
        void remember(const Past& batch) {
            newest = newest + 1u < batches_kept ? static_cast<std::uint8_t>(newest + 1) : 0;
            past[newest] = batch;
            if (count < batches_kept) ++count;
        }
    };

    void forget_old(Time now, Duration producer_id_expiration);
    std::size_t position_of(std::int64_t id) const;
    const Producer* find(std::int64_t id) const;

    std::vector<Producer> producers_;   ///< by id
    Time oldest_write_ = Time::never(); ///< no producer's last write is older
};

} // namespace brokersim
