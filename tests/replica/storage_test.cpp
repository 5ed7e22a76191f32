// Replicas and the disk below them: reads of old data, power cuts.
#include "broker_table.hpp"

#include <doctest/doctest.h>

using namespace brokersim;

namespace {

/// 20 kB of the newest data are cached, a megabyte is read in a second.
DiskSpec small_cache() {
    DiskSpec disk;
    disk.page_cache = 20'000;
    disk.read = 1'000'000;
    disk.write = 0; // No limit.
    return disk;
}

} // namespace

TEST_CASE("a fetch of old data waits for the device with its handler, one of new data does not") {
    test::BrokerTable broker(1, ServerConfig{}, small_cache());
    broker.write(0, 100, 1000);
    broker.partition(0).follow_high_watermark(broker.table.in(), 100, broker.table.out);
    const ConnId old_reader = broker.table.connect(4);
    const ConnId new_reader = broker.table.connect(5);
    const ConnId third = broker.table.connect(6);
    const auto from = [](Offset offset) {
        return [offset](FetchRequest& request) {
            request.parts.push_back(test::BrokerTable::part(0, offset, 10'000));
        };
    };
    CHECK(broker.fetch(new_reader, from(90)) == "k2: orders/0 hw=100 90..100\n");
    CHECK(broker.fetch(old_reader, from(0)).empty());
    CHECK(broker.fetch(third, from(0)).empty()); // Waits behind the first.
    CHECK(broker.wait(milliseconds(9)).empty());
    CHECK(broker.wait(milliseconds(1)) == "k1: orders/0 hw=100 0..10\n");
    CHECK(broker.wait(milliseconds(9)).empty());
    CHECK(broker.wait(milliseconds(1)) == "k3: orders/0 hw=100 0..10\n");
}

TEST_CASE("answers that wait for the device die with the process, and with their connection") {
    test::BrokerTable broker(1, ServerConfig{}, small_cache());
    broker.write(0, 100, 1000);
    broker.partition(0).follow_high_watermark(broker.table.in(), 100, broker.table.out);
    const ConnId conn = broker.table.connect(4);
    const auto all = [](FetchRequest& request) {
        request.parts.push_back(test::BrokerTable::part(0, 0, 10'000));
    };
    broker.fetch(conn, all);
    SUBCASE("the reader goes") {
        broker.table.call([&] { broker.path.on_lost(broker.table.in(), conn, broker.table.out); });
        CHECK(broker.wait(seconds(1)).empty());
    }
    SUBCASE("the broker goes") {
        broker.path.stop(broker.table.messages);
        broker.replicas.restart(broker.table.now, DownHow::kill, broker.table.messages);
    }
    CHECK(broker.table.messages.pool<FetchResponse>().in_use() == 0);
}

TEST_CASE(
    "a power cut leaves what was durable; the checkpoint of the high watermark is held to it") {
    DiskSpec disk;
    disk.writeback = seconds(6);
    test::BrokerTable broker(1, ServerConfig{}, disk);
    broker.write(0, 5, 1000);
    broker.partition(0).follow_high_watermark(broker.table.in(), 5, broker.table.out);
    broker.wait(seconds(6)); // Now 7 s: the first second's data is old enough.
    broker.replicas.disk().tick(broker.table.now);
    broker.wait(seconds(1));
    broker.table.call([&] { broker.replicas.flushed(broker.table.in(), broker.table.out); });
    broker.write(0, 3, 1000);
    broker.write(1, 3, 1000);
    CHECK(broker.partition(0).log().flushed() == 5);
    broker.path.stop(broker.table.messages);
    broker.replicas.restart(broker.table.now, DownHow::power, broker.table.messages);
    CHECK(broker.partition(0).log().end() == 5);
    CHECK(broker.partition(0).high_watermark() == 5);
    CHECK(broker.partition(1).log().end() == 0);
    CHECK(broker.partition(2).log().end() == 0);
    broker.table.facts.lines.clear();
    broker.table.call(
        [&] { broker.replicas.tell_lost_tails(broker.table.in(), broker.table.out); });
    CHECK(broker.table.take("log.trunc") ==
          "8000 log.trunc node=b1 tp=orders/0 to=5 why=power_loss\n"
          "8000 log.trunc node=b1 tp=orders/1 to=0 why=power_loss\n");
    broker.table.call(
        [&] { broker.replicas.tell_lost_tails(broker.table.in(), broker.table.out); });
    CHECK(broker.table.take("log.trunc").empty());
}

TEST_CASE("a lost disk leaves nothing, and takes in what an earlier failure took") {
    test::BrokerTable broker(1, ServerConfig{}, DiskSpec{});
    const auto fail = [&](DownHow how) {
        broker.path.stop(broker.table.messages);
        broker.replicas.restart(broker.table.now, how, broker.table.messages);
    };
    broker.write(0, 5, 1000);
    broker.partition(0).follow_high_watermark(broker.table.in(), 5, broker.table.out);
    broker.wait(seconds(1));
    fail(DownHow::power);
    fail(DownHow::disk);
    fail(DownHow::disk);
    CHECK(broker.partition(0).log().end() == 0);
    CHECK(broker.partition(0).high_watermark() == 0);
    broker.table.facts.lines.clear();
    broker.table.call(
        [&] { broker.replicas.tell_lost_tails(broker.table.in(), broker.table.out); });
    CHECK(broker.table.take("log.trunc") ==
          "2000 log.trunc node=b1 tp=orders/0 to=0 why=disk_loss\n");
}
