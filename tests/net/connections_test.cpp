// Connections: set-up, refusal, closing, crashes, the reuse of their slots.
#include "net_table.hpp"

#include <doctest/doctest.h>

using namespace brokersim;
using test::NetTable;
using test::plain_network;

namespace {

/// A millisecond for any way; lines cost nothing.
/// Ports on which 64 KiB take a millisecond.
NetworkSpec slow_network() {
    NetworkSpec spec = plain_network();
    spec.bandwidth = 65'536'000;
    return spec;
}

} // namespace

TEST_CASE("setting up a connection costs a round trip") {
    NetTable net(plain_network());
    const ConnId conn = net.dial("b1", "b2");
    net.run_for(seconds(1));
    CHECK(net.take() == "2000 b1 is connected\n");
    CHECK(net.open(conn, "b1"));
    CHECK(net.open(conn, "b2"));
    CHECK(net.network.peer(conn, net.machine("b1")) == net.machine("b2"));
}

TEST_CASE("a process that does not listen, or is gone, refuses within a round trip") {
    NetTable net(plain_network());
    SUBCASE("it does not listen") {
        net.network.set_listening(net.machine("b2"), false);
    }
    SUBCASE("it is gone") {
        net.crash("b2");
    }
    const ConnId conn = net.dial("b1", "b2");
    net.run_for(seconds(1));
    CHECK(net.take() == "2000 b1 is refused\n");
    CHECK_FALSE(net.open(conn, "b1"));
}

TEST_CASE("a close reaches the peer behind what was sent before it") {
    NetTable net(slow_network());
    const ConnId conn = net.connected("b1", "b2");
    net.mark();
    net.send(conn, "b1", 3 * 65536, 1);
    net.close(conn, "b1");
    CHECK_FALSE(net.send(conn, "b1", 100, 2)); // Its own side is closed at once.
    net.run_for(seconds(1));
    CHECK(net.take() == "4000 b2 gets 1\n4000 b2 loses it\n");
}

TEST_CASE("a crash resets the connections: the peer learns it one latency later") {
    NetTable net(plain_network());
    const ConnId conn = net.connected("b1", "b2");
    net.mark();
    net.crash("b2");
    CHECK_FALSE(net.open(conn, "b2"));
    CHECK(net.open(conn, "b1"));
    net.run_for(seconds(1));
    CHECK(net.take() == "1000 b1 loses it\n");
}

TEST_CASE("what a crashed process had not put on the wire is lost, what is on it arrives") {
    NetTable net(slow_network());
    const ConnId conn = net.connected("b1", "b2");
    net.mark();
    net.send(conn, "b1", 65536, 1);
    net.send(conn, "b1", 4 * 65536, 2);
    net.run_for(microseconds(1500)); // The first has left, the second stands at the port.
    net.crash("b1");
    net.run_for(seconds(1));
    CHECK(net.take() == "2000 b2 gets 1\n3000 b2 loses it\n");
}

TEST_CASE("a message for a process that has ended is answered by a reset") {
    NetTable net(plain_network());
    const ConnId conn = net.connected("b1", "b2");
    net.cut("b2", "b1");
    net.crash("b2"); // Its reset is lost on the cut link.
    net.run_for(seconds(1));
    net.heal("b2", "b1");
    net.run_for(seconds(100));
    CHECK(net.take().empty()); // Nobody tells it, until it sends.
    net.mark();
    net.send(conn, "b1", 100, 1);
    net.run_for(seconds(1));
    CHECK(net.take() == "2000 b1 loses it\n");
}

TEST_CASE("a slot is used again under another serial: the old connection stays closed") {
    NetTable net(plain_network());
    const ConnId old = net.connected("b1", "b2");
    net.network.user(old, net.machine("b1")) = 17;
    net.close(old, "b1");
    net.run_for(seconds(1));
    net.close(old, "b2");
    net.run_for(seconds(1));
    const ConnId fresh = net.connected("b3", "b2");
    CHECK(fresh.slot == old.slot);
    CHECK(fresh.serial != old.serial);
    CHECK_FALSE(net.open(old, "b1"));
    CHECK_FALSE(net.send(old, "b1", 100, 1));
    CHECK(net.open(fresh, "b3"));
    CHECK(net.network.user(fresh, net.machine("b3")) != 17);
}

TEST_CASE("a slot is not used again while a packet of it is under way") {
    NetTable net(plain_network());
    const ConnId conn = net.connected("b1", "b2");
    net.send(conn, "b1", 100, 1);
    net.crash("b1");
    net.crash("b2");
    CHECK(net.network.allocate(net.machine("b1"), net.machine("b3")).slot != conn.slot);
    net.run_for(seconds(1));
    CHECK(net.network.allocate(net.machine("b1"), net.machine("b3")).slot == conn.slot);
}

TEST_CASE("a crash leaves nothing of its connections in the round of its port") {
    NetTable net(slow_network());
    const ConnId kept = net.connected("b1", "b3");
    const ConnId gone = net.connected("b1", "b2");
    net.mark();
    net.send(kept, "b1", 8 * 65536, 1);
    net.send(gone, "b1", 8 * 65536, 2);
    net.crash("b2"); // b1 learns it at 1000 and has only its own packets to lose then.
    net.run_for(microseconds(2500));
    net.crash("b1"); // Both lanes stand in the round of its port.
    net.network.set_up(net.machine("b2"), true);
    net.network.set_listening(net.machine("b2"), true);
    const ConnId again = net.dial("b3", "b2");
    CHECK(again.slot == gone.slot);
    net.run_for(seconds(1));
    const std::string told = net.take();
    CHECK(told.find("b3 is connected\n") != std::string::npos);
    CHECK(told.find("b3 loses it\n") != std::string::npos);
    CHECK_FALSE(net.open(kept, "b3"));
}
