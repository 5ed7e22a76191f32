// How long a packet takes: ports in turn, latency, order.
#include "net_table.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

using namespace brokersim;
using test::NetTable;

namespace {

/// 64 KiB take a millisecond, and so does the way.
NetworkSpec slow_network() {
    NetworkSpec spec;
    spec.bandwidth = 65'536'000;
    spec.latency = Distribution::constant(milliseconds(1));
    return spec;
}

constexpr std::int32_t piece = 65536;

} // namespace

TEST_CASE("a message is on the line for its length, then under way for the latency") {
    NetTable net(slow_network());
    const ConnId conn = net.connected("b1", "b2");
    net.mark();
    net.send(conn, "b1", piece, 1);
    net.send(conn, "b1", piece, 2);
    net.run_for(seconds(1));
    CHECK(net.take() == "2000 b2 gets 1\n3000 b2 gets 2\n");
}

TEST_CASE("a port carries its connections in turn, in pieces of 64 KiB") {
    NetTable net(slow_network());
    const ConnId large = net.connected("b1", "b2");
    const ConnId small = net.connected("b1", "b3");
    net.mark();
    net.send(large, "b1", 4 * piece, 1);
    net.send(small, "b1", piece, 2); // Waits for one piece of the large one, not for all of it.
    net.send(small, "b1", piece, 3);
    net.run_for(seconds(1));
    CHECK(net.take() == "3000 b3 gets 2\n5000 b3 gets 3\n7000 b2 gets 1\n");
}

TEST_CASE("an incoming port takes one packet at a time, too") {
    NetTable net(slow_network());
    const ConnId first = net.connected("b1", "b3");
    const ConnId second = net.connected("b2", "b3");
    net.mark();
    net.send(first, "b1", piece, 1);
    net.send(second, "b2", piece, 2);
    net.run_for(seconds(1));
    CHECK(net.take() == "2000 b3 gets 1\n3000 b3 gets 2\n");
}

TEST_CASE("an incoming port shares itself in turn when large packets meet on it") {
    NetTable net(slow_network(), {"b1", "b2", "b3", "b4"});
    const ConnId large = net.connected("b1", "b4");
    const ConnId small = net.connected("b2", "b4");
    const ConnId other = net.connected("b3", "b4");
    net.mark();
    net.send(other, "b3", 2 * piece, 3); // Through at 3000: the port was idle before.
    net.send(large, "b1", 2 * piece, 1); // At the port at the same time: queued.
    net.send(small, "b2", piece, 2);
    net.run_for(seconds(1));
    const std::string told = net.take();
    CHECK(told.find("b4 gets 1\n") != std::string::npos);
    // The small one is not held up for the whole length of the large one.
    CHECK(told.find("b4 gets 2\n") < told.find("b4 gets 1\n"));
}

// The large packet's bits come in from 1000 to 5000. Whatever the port carries for others meanwhile
// is all that it is late by.
TEST_CASE("a large packet is not charged again for what came in while the port was idle") {
    NetTable net(slow_network());
    const ConnId large = net.connected("b1", "b3");
    const ConnId small = net.connected("b2", "b3");
    net.mark();
    net.send(large, "b1", 4 * piece, 1);
    net.run_for(microseconds(2000));
    net.send(small, "b2", piece / 2, 2); // On the line until 2500, in from 3000 to 3500.
    net.run_for(microseconds(500));
    net.send(small, "b2", piece / 2, 3);
    net.run_for(seconds(1));
    CHECK(net.take() == "3500 b3 gets 2\n4000 b3 gets 3\n6000 b3 gets 1\n");
}

TEST_CASE("packets up to a piece that follow a short one are not charged twice either") {
    NetTable net(slow_network());
    const ConnId full = net.connected("b1", "b3");
    const ConnId small = net.connected("b2", "b3");
    net.mark();
    net.send(full, "b1", piece, 1); // In from 1000 to 2000.
    net.run_for(microseconds(500));
    net.send(small, "b2", piece / 4, 2); // In from 1500 to 1750.
    net.run_for(seconds(1));
    CHECK(net.take() == "1750 b3 gets 2\n2250 b3 gets 1\n");
}

TEST_CASE("a port that was full all the time has nothing to give to a large packet") {
    NetTable net(slow_network(), {"b1", "b2", "b3", "b4"});
    const ConnId large = net.connected("b1", "b4");
    const ConnId first = net.connected("b2", "b4");
    net.mark();
    for (std::uint32_t k = 0; k < 4; ++k)
        net.send(first, "b2", piece, k); // Without a gap from 1000 to 5000.
    net.run_for(microseconds(1));        // So that it comes last.
    net.send(large, "b1", 4 * piece, 9); // Its own bits from 1001 to 5001.
    net.run_for(seconds(1));
    CHECK(net.take() ==
          "2000 b4 gets 0\n3000 b4 gets 1\n4000 b4 gets 2\n5000 b4 gets 3\n9000 b4 gets 9\n");
}

TEST_CASE("a link as fast as the ports costs a large packet nothing more") {
    NetworkSpec spec = slow_network();
    spec.links.push_back({"b1", "b2", {}, spec.bandwidth, {}});
    NetTable net(spec);
    const ConnId conn = net.connected("b1", "b2");
    net.mark();
    net.send(conn, "b1", 4 * piece, 1);
    net.run_for(seconds(1));
    CHECK(net.take() == "5000 b2 gets 1\n");
}

TEST_CASE("a connection on which nothing takes time turns round a thousand times a millisecond") {
    NetworkSpec spec;
    spec.bandwidth = 0;
    spec.latency = Distribution::constant({});
    NetTable net(spec);
    const ConnId conn = net.connected("b1", "b2");
    const ConnId calm = net.connected("b1", "b3");
    const Time begin = net.now();
    int turns = 0;
    while (net.now() - begin < milliseconds(20) && turns < 100'000) {
        net.send(conn, "b1", 100, 1);
        net.run_for({});
        while (net.take().empty())
            net.run_for(microseconds(10));
        ++turns;
        if (turns % 1000 == 500) { // Others do not notice.
            net.mark();
            net.send(calm, "b1", 100, 2);
            net.run_for({});
            CHECK(net.take() == "0 b3 gets 2\n");
        }
    }
    CHECK(turns > 18'000);
    CHECK(turns < 22'000);
}

TEST_CASE("a link's own bandwidth limits it below that of the ports") {
    NetworkSpec spec = slow_network();
    spec.links.push_back({"b1", "b2", {}, spec.bandwidth / 4, {}});
    NetTable net(spec);
    const ConnId conn = net.connected("b1", "b2");
    net.mark();
    net.send(conn, "b1", piece, 1);
    net.send(conn, "b1", piece, 2);
    net.send(conn, "b2", piece, 3); // The other direction has no such limit.
    net.run_for(seconds(1));
    CHECK(net.take() == "2000 b1 gets 3\n5000 b2 gets 1\n9000 b2 gets 2\n");
}

TEST_CASE("a connection never reorders, other connections overtake it") {
    NetworkSpec spec;
    spec.latency = {Distribution::Kind::uniform, milliseconds(1), milliseconds(20), {}, {}, 0, {}};
    NetTable net(spec);
    const ConnId first = net.connected("b1", "b2");
    const ConnId second = net.connected("b1", "b2");
    net.mark();
    for (std::uint32_t k = 0; k < 100; ++k) {
        net.send(k % 2 == 0 ? first : second, "b1", 100, k);
        net.run_for(microseconds(100));
    }
    net.run_for(seconds(1));
    const std::string told = net.take();
    std::int64_t newest[] = {-1, -1};
    int arrived = 0;
    int overtaken = 0;
    for (std::size_t at = told.find("gets "); at != std::string::npos;
         at = told.find("gets ", at + 1)) {
        const std::int64_t number = std::atoll(told.c_str() + at + 5);
        const auto lane = static_cast<std::size_t>(number % 2);
        CHECK(number > newest[lane]);
        overtaken += number < newest[1 - lane] ? 1 : 0;
        newest[lane] = number;
        ++arrived;
    }
    CHECK(arrived == 100);
    CHECK(overtaken > 0);
}

TEST_CASE("a later link rule wins over an earlier one, and holds for one direction") {
    NetworkSpec spec = slow_network();
    spec.bandwidth = 0;
    spec.links.push_back({"b1", "b2", Distribution::constant(milliseconds(7)), {}, {}});
    spec.links.push_back({"b1", "b2", Distribution::constant(milliseconds(3)), {}, {}});
    NetTable net(spec);
    const ConnId conn = net.connected("b1", "b2");
    net.mark();
    net.send(conn, "b1", piece, 1);
    net.send(conn, "b2", piece, 2);
    net.run_for(seconds(1));
    CHECK(net.take() == "1000 b1 gets 2\n3000 b2 gets 1\n");
}
