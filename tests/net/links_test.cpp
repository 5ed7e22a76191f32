// What a link is: zones, rules for pairs, loss, and faults that slow it down.
#include "net_table.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

using namespace brokersim;
using test::NetTable;
using test::plain_network;

namespace {

Slowness slowness(std::uint32_t by) {
    Slowness s;
    s.by = by;
    return s;
}

struct Told {
    std::int64_t us = 0;
    std::uint32_t number = 0;
};
std::vector<Told> arrivals(const std::string& told) {
    std::vector<Told> all;
    for (std::size_t at = 0; at < told.size(); at = told.find('\n', at) + 1) {
        const std::size_t gets = told.find("gets ", at);
        all.push_back({std::atoll(told.c_str() + at),
                       static_cast<std::uint32_t>(std::atoll(told.c_str() + gets + 5))});
    }
    return all;
}

} // namespace

TEST_CASE("machines of different zones have the links between zones, rules for pairs come on top") {
    NetworkSpec spec = plain_network();
    spec.zones = {{"az1", {"b1", "b4"}}, {"az2", {"b2"}}};
    spec.between_zones.latency = Distribution::constant(milliseconds(10));
    spec.links.push_back({"b4", "b2", Distribution::constant(milliseconds(3)), {}, {}});
    NetTable net(spec, {"b1", "b2", "b3", "b4"});
    const auto way = [&](const std::string& from, const std::string& to) {
        const ConnId conn = net.connected(from, to);
        net.mark();
        net.send(conn, from, 100, 1);
        net.run_for(seconds(1));
        return arrivals(net.take()).front().us;
    };
    CHECK(way("b1", "b2") == 10'000);
    CHECK(way("b2", "b1") == 10'000);
    CHECK(way("b1", "b4") == 1000);
    CHECK(way("b1", "b3") == 1000); // b3 is in no zone, so in no other one.
    CHECK(way("b4", "b2") == 3000);
    CHECK(way("b2", "b4") == 10'000);
}

TEST_CASE("bandwidth between zones limits each pair and direction by itself") {
    NetworkSpec spec = plain_network();
    spec.zones = {{"az1", {"b1"}}, {"az2", {"b2", "b3"}}};
    spec.between_zones.bandwidth = 1'000'000;
    NetTable net(spec);
    const ConnId two = net.connected("b1", "b2");
    const ConnId three = net.connected("b1", "b3");
    net.mark();
    net.send(two, "b1", 10'000, 1); // 10 ms each.
    net.send(two, "b1", 10'000, 2);
    net.send(three, "b1", 10'000, 3);
    net.send(two, "b2", 10'000, 4);
    net.run_for(seconds(1));
    CHECK(net.take() == "11000 b2 gets 1\n11000 b3 gets 3\n11000 b1 gets 4\n21000 b2 gets 2\n");
}

TEST_CASE("what is lost comes 200 ms later, or 600, or 1400; a connection stays in order") {
    NetworkSpec spec = plain_network();
    spec.loss = Ratio{300'000'000};
    NetTable net(spec);
    const ConnId conn = net.dial("b1", "b2");
    net.run_for(seconds(100));
    net.mark();
    constexpr std::uint32_t count = 4000;
    int late = 0;
    for (std::uint32_t k = 0; k < count; ++k) { // Alone on its way.
        const Time sent = net.now();
        net.mark();
        net.send(conn, "b1", 100, k);
        net.run_for(seconds(300));
        const auto all = arrivals(net.take());
        REQUIRE(all.size() == 1);
        CHECK(all.front().number == k);
        std::int64_t expected = 1000;
        std::int64_t wait = 200'000;
        while (expected < all.front().us) { // Each attempt is a way longer.
            expected += 1000 + wait;
            wait = std::min<std::int64_t>(wait * 2, 120'000'000);
        }
        CHECK(all.front().us == expected);
        late += all.front().us > 1000 ? 1 : 0;
        CHECK(net.now() - sent == seconds(300));
    }
    // 30 % of 4000, and four times the standard error of 29.
    CHECK(late > 1200 - 116);
    CHECK(late < 1200 + 116);
}

TEST_CASE("what follows a lost message waits for it, whether it was under way or not") {
    NetworkSpec spec = plain_network();
    spec.loss = Ratio{200'000'000};
    NetTable net(spec);
    const ConnId conn = net.dial("b1", "b2");
    net.run_for(seconds(100));
    net.mark();
    constexpr std::uint32_t count = 5000;
    for (std::uint32_t k = 0; k < count; ++k) {
        net.send(conn, "b1", 100, k);
        net.run_for(microseconds(300)); // Three are under way.
    }
    net.run_for(seconds(2000));
    const auto all = arrivals(net.take());
    REQUIRE(all.size() == count);
    bool in_order = true;
    int held = 0;
    for (std::uint32_t k = 0; k < count; ++k) {
        in_order = in_order && all[k].number == k;
        if (k > 0 && all[k].us == all[k - 1].us) ++held; // Sent again together.
    }
    CHECK(in_order);
    CHECK(held > 500);
}

TEST_CASE("a packet under way when the one before it met a cut does not overtake it") {
    NetTable net(plain_network());
    const ConnId conn = net.connected("b1", "b2");
    net.mark();
    net.cut("b1", "b2");
    net.send(conn, "b1", 100, 1);
    net.run_for(microseconds(900));
    net.send(conn, "b1", 100, 2); // Under way when the first is lost.
    net.run_for(microseconds(600));
    net.send(conn, "b1", 100, 3); // Waits behind it, unsent.
    SUBCASE("healed before it arrives") {
        net.heal("b1", "b2");
        net.run_for(seconds(10));
    }
    SUBCASE("healed after it was lost, too") {
        net.run_for(microseconds(1000));
        net.heal("b1", "b2");
        net.run_for(seconds(10));
    }
    CHECK(net.take() == "202000 b2 gets 1\n202000 b2 gets 2\n202000 b2 gets 3\n");
}

TEST_CASE("messages that wait for a lost one die with the process that would have got them") {
    NetTable net(plain_network());
    const ConnId conn = net.connected("b1", "b2");
    net.mark();
    net.cut("b1", "b2");
    net.send(conn, "b1", 100, 1);
    net.run_for(microseconds(900));
    net.send(conn, "b1", 100, 2);
    net.run_for(microseconds(600));
    net.heal("b1", "b2");
    net.run_for(milliseconds(10));
    SUBCASE("it closes the connection") {
        net.close(conn, "b2");
    }
    SUBCASE("it crashes") {
        net.crash("b2");
    }
    net.run_for(seconds(10));
    CHECK_FALSE(net.open(conn, "b1"));
    CHECK(net.packets_in_use() == 0);
}

TEST_CASE("lost connects are repeated after 1, 3 and 7 s, with an answer lost as well") {
    NetworkSpec spec = plain_network();
    spec.loss = Ratio{300'000'000};
    NetTable net(spec);
    std::vector<std::int64_t> times;
    for (int k = 0; k < 400; ++k) {
        net.mark();
        net.dial("b1", "b2");
        net.run_for(seconds(100'000));
        times.push_back(std::atoll(net.take().c_str()) / 1000);
    }
    // Two packets each time: 49 % get through at once, give or take four standard errors of 10.
    const auto at_once = std::count(times.begin(), times.end(), 2);
    CHECK(at_once > 156);
    CHECK(at_once < 236);
    for (const std::int64_t ms : times) {
        const std::int64_t s = (ms + 500) / 1000 + 1;
        CHECK((s & (s - 1)) == 0); // 0, 1, 3, 7, 15 … s and some ways.
        CHECK(ms - (s - 1) * 1000 <= 60);
    }
}

TEST_CASE("loss elsewhere moves nothing: draws are taken only where something may be lost") {
    NetworkSpec spec = plain_network();
    spec.latency = {Distribution::Kind::uniform, milliseconds(1), milliseconds(9), {}, {}, 0, {}};
    const auto told = [](const NetworkSpec& s) {
        NetTable net(s);
        const ConnId conn = net.connected("b1", "b2");
        const ConnId other = net.connected("b1", "b3");
        net.mark();
        for (std::uint32_t k = 0; k < 50; ++k) {
            net.send(other, "b1", 100, 1000);
            net.run_for(milliseconds(10));
            net.send(conn, "b1", 100, k);
            net.run_for(milliseconds(10));
        }
        std::string only;
        for (const Told& a : arrivals(net.take())) {
            if (a.number < 1000) only += std::to_string(a.us) + " ";
        }
        return only;
    };
    const std::string whole = told(spec);
    spec.links.push_back({"b1", "b3", {}, {}, Ratio{100'000'000}});
    CHECK(told(spec) == whole);
    spec.links.push_back({"b1", "b2", {}, {}, Ratio{100'000'000}});
    CHECK(told(spec) != whole);
}

TEST_CASE(
    "slowness adds latency, once for a fault that has both ends; the newest bandwidth counts") {
    NetworkSpec spec = plain_network();
    spec.bandwidth = 1'000'000'000;
    NetTable net(spec);
    const ConnId conn = net.connected("b1", "b2");
    const auto way = [&](std::int32_t bytes) {
        net.mark();
        net.send(conn, "b1", bytes, 1);
        net.run_for(seconds(10));
        return arrivals(net.take()).front().us;
    };
    Slowness first = slowness(1);
    first.latency = Sampler(Distribution::constant(milliseconds(20)));
    first.bandwidth = 1'000'000;
    Slowness second = slowness(2);
    second.latency = Sampler(Distribution::constant(milliseconds(5)));
    net.network.slow_down(net.machine("b1"), first);
    CHECK(way(10'000) == 1000 + 20'000 + 10'000);
    net.network.slow_down(net.machine("b2"), first);
    CHECK(way(10'000) == 1000 + 20'000 + 10'000); // Bits go out and come in at the same time.
    net.network.slow_down(net.machine("b2"), second);
    CHECK(way(10'000) == 1000 + 25'000 + 10'000);
    net.network.speed_up(net.machine("b1"), 1);
    net.network.speed_up(net.machine("b2"), 1);
    CHECK(way(10'000) == 1000 + 5000 + 10);
    net.network.speed_up(net.machine("b2"), 2);
    CHECK(way(10'000) == 1000 + 10);
}

TEST_CASE("slowness replaces the loss of a link") {
    NetworkSpec spec = plain_network();
    NetTable net(spec);
    const ConnId conn = net.connected("b1", "b2");
    Slowness all = slowness(7);
    all.loss = Ratio{Ratio::one};
    net.network.slow_down(net.machine("b2"), all);
    net.mark();
    net.send(conn, "b1", 100, 1);
    net.run_for(milliseconds(500));
    CHECK(net.take().empty());
    net.network.speed_up(net.machine("b2"), 7);
    net.run_for(seconds(1));
    CHECK(net.take() == "603000 b2 gets 1\n"); // Lost at 1, and at 202.
}

TEST_CASE("a machine without power is silent: nobody is told, nothing is answered") {
    NetTable net(plain_network());
    const ConnId conn = net.connected("b1", "b2");
    net.mark();
    net.send(conn, "b2", 100, 1); // On the wire when the power fails.
    net.power_off("b2");
    net.run_for(seconds(5));
    CHECK(net.take() == "1000 b1 gets 1\n");
    CHECK(net.open(conn, "b1"));
    net.send(conn, "b1", 100, 2);
    const ConnId late = net.dial("b1", "b2");
    net.mark();
    net.run_for(milliseconds(2500));
    CHECK(net.take().empty());
    // Its power is back, and it knows nothing of the connections that it had.
    net.network.power_on(net.machine("b2"));
    net.network.set_up(net.machine("b2"), true);
    net.network.set_listening(net.machine("b2"), true);
    net.run_for(seconds(10));
    CHECK(net.take() == "3003000 b1 loses it\n3004000 b1 is connected\n");
    CHECK(net.open(late, "b2"));
}
