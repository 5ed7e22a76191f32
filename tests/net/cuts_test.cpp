// Cut links: silence, and what TCP makes of it.
#include "net_table.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <vector>

using namespace brokersim;
using test::NetTable;
using test::plain_network;

namespace {

/// The times, in milliseconds, of the lines that contain `what`.
std::vector<std::int64_t> times_of(const std::string& told, const std::string& what) {
    std::vector<std::int64_t> times;
    for (std::size_t at = 0; at < told.size(); at = told.find('\n', at) + 1) {
        const std::string line = told.substr(at, told.find('\n', at) - at);
        if (line.find(what) != std::string::npos) times.push_back(std::atoll(line.c_str()) / 1000);
    }
    return times;
}

} // namespace

TEST_CASE("a lost message is sent again after 200 ms, doubling up to 120 s") {
    NetTable net(plain_network());
    const ConnId conn = net.connected("b1", "b2");
    net.tell_departures = true;
    net.mark();
    net.cut("b1", "b2");
    net.send(conn, "b1", 100, 1);
    net.run_for(seconds(600));
    const std::vector<std::int64_t> sent = times_of(net.take(), "sends retransmission");
    std::vector<std::int64_t> expected;
    std::int64_t wait = 200;
    for (std::int64_t at = 1 + wait; at <= 600'000; at += wait) {
        expected.push_back(at);
        wait = std::min<std::int64_t>(wait * 2, 120'000);
    }
    CHECK(sent == expected);
    CHECK(expected.size() == 13);
}

TEST_CASE("what was sent after a lost message waits behind it, the other direction does not") {
    NetTable net(plain_network());
    const ConnId conn = net.connected("b1", "b2");
    net.mark();
    net.cut("b1", "b2");
    net.send(conn, "b1", 100, 1);
    net.run_for(milliseconds(300));
    net.heal("b1", "b2");
    net.send(conn, "b1", 100, 2);
    net.send(conn, "b2", 100, 3);
    net.run_for(seconds(10));
    // Lost at 1, again at 201, and the link is whole when it is sent at 601.
    CHECK(net.take() == "301000 b1 gets 3\n602000 b2 gets 1\n602000 b2 gets 2\n");
}

TEST_CASE("after a cut, time-outs of the retransmission begin anew at 200 ms") {
    NetTable net(plain_network());
    const ConnId conn = net.connected("b1", "b2");
    net.cut("b1", "b2");
    net.send(conn, "b1", 100, 1);
    net.run_for(seconds(5));
    net.heal("b1", "b2");
    net.run_for(seconds(60));
    net.mark();
    net.cut("b1", "b2");
    net.send(conn, "b1", 100, 2);
    net.run_for(milliseconds(100));
    net.heal("b1", "b2");
    net.run_for(seconds(60));
    CHECK(net.take() == "202000 b2 gets 2\n");
}

TEST_CASE("a connect that gets no answer is repeated after 1, 3, 7 and 15 s") {
    NetTable net(plain_network());
    net.tell_departures = true;
    SUBCASE("because it is lost") {
        net.cut("b1", "b2");
    }
    SUBCASE("because its answer is lost") {
        net.cut("b2", "b1");
    }
    net.mark();
    net.dial("b1", "b2");
    net.run_for(seconds(20));
    std::vector<std::int64_t> seconds_of;
    for (const std::int64_t at : times_of(net.take(), "b1 sends connect")) {
        seconds_of.push_back(at / 1000);
    }
    CHECK(seconds_of == std::vector<std::int64_t>{0, 1, 3, 7, 15});
}

TEST_CASE("a repeated connect comes through once the link is whole") {
    NetTable net(plain_network());
    net.mark();
    net.cut("b1", "b2");
    const ConnId conn = net.dial("b1", "b2");
    net.run_for(milliseconds(2500));
    net.heal("b1", "b2");
    net.run_for(seconds(60));
    CHECK(net.take() == "3004000 b1 is connected\n");
    CHECK(net.open(conn, "b2"));
}

TEST_CASE("a dialler that gives up is not connected by a late repetition") {
    NetTable net(plain_network());
    net.cut("b1", "b2");
    const ConnId conn = net.dial("b1", "b2");
    net.run_for(milliseconds(500));
    net.close(conn, "b1");
    net.heal("b1", "b2");
    net.run_for(seconds(60));
    CHECK(net.take().empty());
    CHECK_FALSE(net.open(conn, "b2"));
}

TEST_CASE("a cut loses what arrives while it holds, not what is sent") {
    NetTable net(plain_network());
    const ConnId conn = net.connected("b1", "b2");
    net.mark();
    net.cut("b1", "b2");
    net.send(conn, "b1", 100, 1);
    net.run_for(microseconds(500));
    net.heal("b1", "b2");
    net.run_for(seconds(1));
    CHECK(net.take() == "1000 b2 gets 1\n");
}

TEST_CASE("cuts of one direction nest: the last heal makes it whole") {
    NetTable net(plain_network());
    const MachineId b1 = net.machine("b1");
    const MachineId b2 = net.machine("b2");
    CHECK(net.network.cut(b1, b2));
    CHECK_FALSE(net.network.cut(b1, b2)); // It was cut already.
    CHECK(net.network.is_cut(b1, b2));
    CHECK_FALSE(net.network.is_cut(b2, b1));
    CHECK_FALSE(net.network.heal(b1, b2));
    CHECK(net.network.is_cut(b1, b2));
    CHECK(net.network.heal(b1, b2));
    CHECK_FALSE(net.network.is_cut(b1, b2));
}

TEST_CASE("a process that crashes behind a cut takes its unsent messages with it") {
    NetTable net(plain_network());
    const ConnId conn = net.connected("b1", "b2");
    net.cut("b1", "b2");
    net.send(conn, "b1", 100, 1);
    net.send(conn, "b1", 100, 2);
    net.run_for(milliseconds(100));
    net.crash("b1");
    net.heal("b1", "b2");
    net.mark();
    net.run_for(seconds(600));
    CHECK(net.take() == "1000 b2 loses it\n");
}
