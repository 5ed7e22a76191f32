// Windows without service in told histories.
#include "observe/story.hpp"
#include "observe/windows.hpp"

#include <doctest/doctest.h>

using namespace brokersim;
using namespace brokersim::test;

namespace {

struct Watched {
    explicit Watched(const std::string& acks = "all", Duration linger = {})
        : info(story_info(acks)) {
        ProducerSpec producer;
        producer.name = "p1";
        producer.config.linger = linger;
        scenario.producers = {producer};
        ledger.emplace(info);
        windows.emplace(scenario, info, *ledger);
        story.emplace(info, std::vector<Observer*>{&*ledger, &*windows});
        story->part(b1, 0, {b1, b2, b3});
    }
    Scenario scenario;
    RunInfo info;
    std::optional<Ledger> ledger;
    std::optional<Windows> windows;
    std::optional<Story> story;
};

ProdFail failure(std::int64_t i, std::int32_t count, Error error) {
    return {prod1, orders0, i, count, error, true};
}

} // namespace

TEST_CASE("windows: a partition is down without a leader or below min.insync.replicas") {
    Watched watched;
    watched.story->at(100).part(b1, 0, {b1, b2});
    watched.story->at(200).part(b1, 0, {b1});
    watched.story->at(300).part({}, 1, {b1});
    CHECK(watched.story->verdicts().empty());
    watched.story->at(450).part(b2, 2, {b2, b3});
    CHECK(watched.story->verdicts().empty()); // the ISR is not full yet
    watched.story->at(500).part(b2, 2, {b2, b3, b1});
    CHECK(watched.story->verdicts() == "metadata 200..450\n");
    watched.story->at(600).part({}, 3, {b2, b3}).end(900);
    CHECK(watched.story->verdicts() == "metadata 600..900\n");
}

TEST_CASE("windows: another min.insync.replicas opens and closes them") {
    Watched watched;
    watched.story->at(100).part(b1, 0, {b1, b2});
    watched.story->at(200).note(TopicChanged{TopicId(0), 1, 3, 3, false});
    watched.story->at(350).note(TopicChanged{TopicId(0), 1, 3, 2, false});
    watched.story->at(500).part(b1, 0, {b1, b2, b3});
    CHECK(watched.story->verdicts() == "metadata 200..350\n");
}

TEST_CASE("windows: a down time of length zero is none") {
    Watched watched;
    watched.story->at(100).part({}, 1, {b1}).part(b2, 2, {b2, b3}).end(200);
    CHECK(watched.story->verdicts().empty());
}

TEST_CASE("windows: producers wait from the last success to the next") {
    Watched watched;
    watched.story->at(0).produce(0, 1);
    watched.story->at(100).produce(1, 1).ack(0, 1, 0);
    watched.story->at(1500).produce(2, 1).ack(1, 1, 1);
    CHECK(watched.story->verdicts() == "produce 100..1500\n");
    watched.story->at(1600).ack(2, 1, 2);
    CHECK(watched.story->verdicts().empty());
}

TEST_CASE("windows: nobody waits for a partition that nobody writes to") {
    Watched watched;
    watched.story->at(0).produce(0, 1).ack(0, 1, 0);
    watched.story->at(60'000).produce(1, 1);
    watched.story->at(60'900).ack(1, 1, 1).end(200'000);
    CHECK(watched.story->verdicts().empty());
}

TEST_CASE("windows: a window begins with the oldest waiting record") {
    Watched watched;
    watched.story->at(0).produce(0, 1).ack(0, 1, 0);
    watched.story->at(5000).produce(1, 1);
    watched.story->at(6000).produce(0, 1, prod2);
    watched.story->at(6500).ack(0, 1, 1, prod2);
    CHECK(watched.story->verdicts() == "produce 5000..6500\n");
    watched.story->at(7600).ack(1, 1, 2);
    CHECK(watched.story->verdicts() == "produce 6500..7600\n");
}

TEST_CASE("windows: a record in its linger does not wait yet") {
    Watched watched("all", milliseconds(1200));
    watched.story->at(0).produce(0, 1);
    watched.story->at(1300).ack(0, 1, 0);
    CHECK(watched.story->verdicts().empty());
    watched.story->at(2000).produce(1, 1);
    watched.story->at(4300).ack(1, 1, 1);
    CHECK(watched.story->verdicts() == "produce 3200..4300\n");
}

TEST_CASE("windows: records that fail have waited, unless they are at fault") {
    Watched watched;
    watched.story->at(0).produce(0, 1);
    watched.story->at(2000).note(failure(0, 1, Error::timeout)).produce(1, 1);
    watched.story->at(2100).ack(1, 1, 0);
    CHECK(watched.story->verdicts() == "produce 0..2100\n");
    watched.story->at(3000).produce(2, 1);
    watched.story->at(4500).note(failure(2, 1, Error::message_too_large)).produce(3, 1);
    watched.story->at(4600).ack(3, 1, 1).end(9000);
    CHECK(watched.story->verdicts().empty());
}

TEST_CASE("windows: what is open at the end is told, and acks=0 counts for nothing") {
    Watched watched;
    watched.story->at(500).produce(0, 1).end(4000);
    CHECK(watched.story->verdicts() == "produce 500..4000\n");
    Watched careless("0");
    careless.story->at(500).produce(0, 1).ack(0, 1, {}).produce(1, 1).end(4000);
    CHECK(careless.story->verdicts().empty());
}

TEST_CASE("windows: a group waits from the crash of the owner to the start of the next") {
    Watched watched;
    watched.story->at(1000).generation(1, g1).start(g1, 0, StartWhy::earliest);
    watched.story->at(5000).note(NodeDown{g1, 1, DownHow::kill});
    watched.story->at(50'000).generation(2, g2);
    watched.story->at(50'010).start(g2, 0);
    CHECK(watched.story->verdicts().empty()); // its fetch may still fail
    watched.story->at(50'020).read(g2, 0, 1);
    CHECK(watched.story->verdicts() == "consume 5000..50010\n");
}

TEST_CASE("windows: a start whose fetch fails does not end the wait") {
    Watched watched;
    watched.story->at(0).generation(1, g1).start(g1, 0, StartWhy::earliest);
    watched.story->at(5000).note(NodeDown{g1, 1, DownHow::kill}).generation(2, g2);
    watched.story->at(6000).start(g2, 0);
    watched.story->at(9000).note(ConsWait{group, g2, orders0, Time{} + milliseconds(6000)});
    watched.story->at(12'000).note(ConsServed{group, g2, orders0});
    CHECK(watched.story->verdicts() == "consume 5000..12000\n");
}

TEST_CASE("windows: a due fetch that fails opens a wait, its answer closes it") {
    Watched watched;
    watched.story->at(0).generation(1, g1).start(g1, 0, StartWhy::earliest).read(g1, 0, 1);
    watched.story->at(3000).note(ConsWait{group, g1, orders0, Time{} + milliseconds(2500)});
    watched.story->at(3400).note(ConsServed{group, g1, orders0}); // shorter than the threshold
    watched.story->at(8000).note(ConsWait{group, g1, orders0, {}});
    watched.story->at(9500).note(ConsServed{group, g1, orders0});
    CHECK(watched.story->verdicts() == "consume 8000..9500\n");
    watched.story->at(9900)
        .note(ConsWait{group, g1, orders0, Time{} + milliseconds(9000)})
        .end(20'000);
    CHECK(watched.story->verdicts() == "consume 9500..20000\n");
}

TEST_CASE("windows: a fetch that a leader held is unserved from the leader's crash on") {
    Watched watched;
    watched.story->at(0).generation(1, g1).start(g1, 0, StartWhy::earliest).read(g1, 0, 1);
    watched.story->at(2000).note(NodeDown{b1, 1, DownHow::kill});
    watched.story->at(2100).note(ConsWait{group, g1, orders0, Time{} + milliseconds(1600)});
    watched.story->at(9000).part(b2, 1, {b2, b3});
    watched.story->at(9500).note(ConsServed{group, g1, orders0});
    watched.story->part(b2, 1, {b1, b2, b3});
    CHECK(watched.story->verdicts() == "consume 2000..9500\n");
    // The wait may be noticed when there is another leader already.
    watched.story->at(20'000).note(NodePaused{b2, 1}).at(25'000).part(b3, 2, {b3});
    watched.story->at(49'700).note(ConsWait{group, g1, orders0, Time{} + milliseconds(19'700)});
    watched.story->at(49'800).note(ConsServed{group, g1, orders0}).part(b3, 2, {b1, b2, b3});
    CHECK(watched.story->verdicts() == "consume 20000..49800\nmetadata 25000..49800\n");
}

TEST_CASE("windows: a frozen owner reads again when it thaws") {
    Watched watched;
    watched.story->at(0).generation(1, g1).start(g1, 0, StartWhy::earliest).read(g1, 0, 1);
    watched.story->at(1000).note(NodePaused{g1, 1});
    watched.story->at(4000).note(NodeResumed{g1, 1}).end(8000);
    CHECK(watched.story->verdicts() == "consume 1000..4000\n");
}

TEST_CASE("windows: a partition without an owner waits, but not before the first generation") {
    Watched watched;
    watched.story->at(9000).generation(1, g1);
    watched.story->at(9100).start(g1, 0, StartWhy::earliest);
    watched.story->at(20'000).generation(2, {}).end(30'000);
    CHECK(watched.story->verdicts() == "consume 20000..30000\n");
}

TEST_CASE("windows: a group that is meant to stop waits no more") {
    Watched watched;
    ConsumerGroupSpec spec;
    spec.group = "g";
    spec.stop = Time{} + milliseconds(22'000);
    watched.scenario.consumers = {spec};
    Ledger ledger(watched.info);
    Windows windows(watched.scenario, watched.info, ledger);
    Story story(watched.info, {&ledger, &windows});
    story.part(b1, 0, {b1, b2, b3}).at(9000).generation(1, g1).start(g1, 0, StartWhy::earliest);
    story.at(20'000).generation(2, {}).end(30'000);
    CHECK(story.verdicts() == "consume 20000..22000\n");
}
