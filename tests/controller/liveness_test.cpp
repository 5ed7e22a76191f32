// Sessions of brokers, as the controller keeps them.
#include "controller/liveness.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace brokersim;

namespace {

Time at(std::int64_t ms) {
    return Time{} + milliseconds(ms);
}

} // namespace

TEST_CASE("a session is valid up to and including its time, and expires after it") {
    Liveness liveness(seconds(9));
    liveness.touch(MachineId(0), 5, at(1000));
    CHECK(liveness.has_valid_session(MachineId(0), 5, at(10'000)));
    CHECK_FALSE(liveness.has_valid_session(MachineId(0), 5, at(10'000) + nanoseconds(1)));
    CHECK_FALSE(liveness.has_valid_session(MachineId(0), 6, at(1000)));
    CHECK_FALSE(liveness.has_valid_session(MachineId(1), 5, at(1000)));
    MachineId broker;
    BrokerEpoch epoch = -1;
    CHECK_FALSE(liveness.take_expired(at(10'000), broker, epoch));
    liveness.touch(MachineId(0), 5, at(4000));
    CHECK_FALSE(liveness.take_expired(at(12'000), broker, epoch));
    CHECK(liveness.take_expired(at(13'001), broker, epoch));
    CHECK(broker == MachineId(0));
    CHECK(epoch == 5);
    CHECK_FALSE(liveness.take_expired(at(20'000), broker, epoch)); // Taken once.
}

TEST_CASE("each incarnation has its own session: a new one does not keep the old one alive") {
    Liveness liveness(seconds(9));
    liveness.touch(MachineId(0), 5, at(0));
    liveness.touch(MachineId(0), 8, at(8000));
    MachineId broker;
    BrokerEpoch epoch = -1;
    REQUIRE(liveness.take_expired(at(9001), broker, epoch));
    CHECK(epoch == 5);
    CHECK(liveness.has_valid_session(MachineId(0), 8, at(9001)));
}

TEST_CASE("several expired sessions are taken one by one, in the order of Kafka's hash table") {
    // The place of broker id (from 1) and epoch is 961 + 31 id + epoch, modulo 16; not age.
    Liveness liveness(seconds(9));
    liveness.touch(MachineId(0), 1, at(0)); // 993 mod 16 = 1
    liveness.touch(MachineId(1), 2, at(1)); // 1025 mod 16 = 1, came later
    liveness.touch(MachineId(2), 1, at(2)); // 1055 mod 16 = 15
    liveness.touch(MachineId(3), 3, at(3)); // 1088 mod 16 = 0
    std::vector<std::int32_t> order;
    MachineId broker;
    BrokerEpoch epoch = -1;
    while (liveness.take_expired(at(20'000), broker, epoch))
        order.push_back(broker.value);
    CHECK(order == std::vector<std::int32_t>{3, 0, 1, 2});
}

TEST_CASE("3.9 takes the one that was silent for longest, and wakes when its session ends") {
    Liveness liveness(seconds(9), rules_of(Release::v3_9));
    CHECK(liveness.next_expiry() == Time::never());
    liveness.touch(MachineId(0), 1, at(2));
    liveness.touch(MachineId(1), 2, at(0));
    liveness.touch(MachineId(2), 3, at(1));
    CHECK(liveness.next_expiry() == at(9000) + nanoseconds(1));
    std::vector<std::int32_t> order;
    MachineId broker;
    BrokerEpoch epoch = -1;
    CHECK_FALSE(liveness.take_expired(at(9000), broker, epoch));
    while (liveness.take_expired(at(20'000), broker, epoch))
        order.push_back(broker.value);
    CHECK(order == std::vector<std::int32_t>{1, 2, 0});
}

TEST_CASE("a fenced broker keeps its session, except in 3.9") {
    for (const Release release : {Release::v3_9, Release::v4_0, Release::v4_1}) {
        Liveness liveness(seconds(9), rules_of(release));
        liveness.touch(MachineId(0), 1, at(0));
        liveness.touch(MachineId(1), 2, at(0));
        liveness.on_fenced(MachineId(0));
        CHECK(liveness.has_valid_session(MachineId(0), 1, at(1)) == (release != Release::v3_9));
        CHECK(liveness.has_valid_session(MachineId(1), 2, at(1)));
    }
}
