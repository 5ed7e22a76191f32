// The log of one replica: append, truncate, look-ups.
#include "log/partition_log.hpp"

#include <doctest/doctest.h>

using namespace brokersim;

namespace {

Batch batch(Offset base, std::int32_t count, LeaderEpoch epoch, std::int32_t bytes = 100) {
    Batch b;
    b.base = base;
    b.count = count;
    b.epoch = epoch;
    b.bytes = bytes;
    return b;
}

Batch sequenced(Offset base, std::int32_t count, std::int32_t sequence, LeaderEpoch epoch = 0) {
    Batch b = batch(base, count, epoch);
    b.producer_id = 7;
    b.producer_epoch = 0;
    b.sequence = sequence;
    return b;
}

/// Batches 0..3, 3..4, 4..9 of epochs 0, 0, 2.
PartitionLog three_batches() {
    PartitionLog log;
    log.append(batch(0, 3, 0), {});
    log.append(batch(3, 1, 0), {});
    log.append(batch(4, 5, 2), {});
    return log;
}

} // namespace

TEST_CASE("a log notes an epoch with its first batch") {
    const PartitionLog log = three_batches();
    CHECK(log.end() == 9);
    CHECK(log.epochs().entries() == std::vector<EpochIndex::Entry>{{0, 0}, {2, 4}});
}

TEST_CASE("a leader's epoch is noted before it writes and not moved by its first batch") {
    PartitionLog log = three_batches();
    log.assign_epoch(5, log.end());
    CHECK(log.epochs().latest() == 5);
    log.append(batch(9, 1, 5), {});
    CHECK(log.epochs().entries() == std::vector<EpochIndex::Entry>{{0, 0}, {2, 4}, {5, 9}});
}

TEST_CASE("a truncation drops whole batches, epochs at or beyond the end, and what is flushed") {
    for (Offset to = 0; to <= 9; ++to) {
        PartitionLog log = three_batches();
        log.set_flushed(9);
        const Offset end = to >= 9 ? 9 : to >= 4 ? 4 : to >= 3 ? 3 : 0;
        CHECK(log.truncate(to) == end);
        CHECK(log.end() == end);
        CHECK(log.flushed() == end);
        CHECK(log.epochs().latest() == (end > 4 ? 2 : end > 0 ? 0 : -1));
        CHECK((log.batches().empty() ? 0 : log.batches().back().end()) == end);
    }
}

TEST_CASE("a truncation to the end drops an epoch that wrote nothing") {
    PartitionLog log = three_batches();
    log.assign_epoch(3, log.end());
    CHECK(log.truncate(9) == 9);
    CHECK(log.epochs().latest() == 2);
}

TEST_CASE("after a truncation the log goes on with another epoch's batches") {
    PartitionLog log = three_batches();
    log.truncate(4);
    log.append(batch(4, 2, 1), {});
    CHECK(log.end() == 6);
    CHECK(log.epochs().entries() == std::vector<EpochIndex::Entry>{{0, 0}, {1, 4}});
}

TEST_CASE("find gives the batch that holds an offset, whatever the hint") {
    const PartitionLog log = three_batches();
    const std::size_t expected[] = {0, 0, 0, 1, 2, 2, 2, 2, 2, 3, 3};
    for (Offset offset = 0; offset <= 10; ++offset) {
        for (std::size_t hint = 0; hint <= 5; ++hint) {
            CHECK(log.find(offset, hint) == expected[offset]);
        }
    }
    CHECK(PartitionLog().find(0, 0) == 0);
}

TEST_CASE("bytes_from counts batches that begin below the bound, until it is enough") {
    const PartitionLog log = three_batches(); // 100 bytes each.
    CHECK(log.bytes_from(0, 9, 0, 1'000'000) == 300);
    CHECK(log.bytes_from(2, 9, 0, 1'000'000) == 300); // From the batch that holds it.
    CHECK(log.bytes_from(3, 9, 0, 1'000'000) == 200);
    CHECK(log.bytes_from(0, 4, 0, 1'000'000) == 200);
    CHECK(log.bytes_from(0, 9, 0, 150) == 200);
    CHECK(log.bytes_from(9, 9, 0, 1'000'000) == 0);
}

TEST_CASE("a log that starts over has nothing, and goes on where it was told to") {
    PartitionLog log = three_batches();
    log.restart_at(40);
    CHECK(log.start() == 40);
    CHECK(log.end() == 40);
    CHECK(log.flushed() == 40);
    log.append(batch(40, 2, 6), {});
    CHECK(log.end() == 42);
    CHECK(log.find(41, 0) == 0);
    CHECK(log.truncate(0) == 40); // Nothing below its start comes back.
}

TEST_CASE("a truncation rebuilds what is known of producers from the batches that are left") {
    PartitionLog log;
    log.append(sequenced(0, 2, 0), {});
    log.append(sequenced(2, 2, 2), {});
    log.append(sequenced(4, 2, 4), {});
    const PartitionLog whole = log;
    log.truncate(4);
    CHECK(log.producers().check(sequenced(-1, 2, 4)).is_append()); // It is gone: no duplicate.
    CHECK(log.producers().check(sequenced(-1, 2, 2)).duplicate_of == 2);
    CHECK(log.producers().check(sequenced(-1, 2, 6)).error == Error::out_of_order_sequence_number);
    CHECK(whole.producers().check(sequenced(-1, 2, 4)).duplicate_of == 4);
    log.truncate(0);
    CHECK(log.producers().size() == 0);
    CHECK(log.producers().check(sequenced(-1, 2, 99)).is_append()); // Unknown: any may be first.
}

TEST_CASE("a producer that has been silent for its expiration is forgotten") {
    PartitionLog log;
    log.append(sequenced(0, 2, 0), Time{} + seconds(10));
    log.expire_producers(Time{} + seconds(19), seconds(10));
    CHECK(log.producers().size() == 1);
    log.expire_producers(Time{} + seconds(20), seconds(10));
    CHECK(log.producers().size() == 0);
}

TEST_CASE("sequence numbers wrap from the largest to zero") {
    ProducerStates states;
    Batch last = sequenced(0, 3, 2'147'483'645);
    CHECK(last.last_sequence() == 2'147'483'647);
    states.update(last, {});
    CHECK(states.check(sequenced(-1, 1, 0)).is_append());
    CHECK(states.check(sequenced(-1, 1, 1)).error == Error::out_of_order_sequence_number);
}
