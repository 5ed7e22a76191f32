// The invariants of packets: each speaks up when it is broken, and is counted.
#include "observe/network_invariants.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace brokersim;

namespace {

class Told final : public Verdicts {
public:
    Told() : info_(make()), invariants(info_) {
        note(NodeUp{a, 1});
        note(NodeUp{b, 1});
    }
    template <class F>
    void note(const F& fact) {
        invariants.on(now, Cause{}, FactRef{F::kind, &fact}, *this);
    }
    void send(std::uint64_t id, PacketWhat what = PacketWhat::request) {
        const bool response = what == PacketWhat::response;
        note(NetSend{id, response ? b : a, response ? a : b, 7, Api::fetch, 100, what});
    }

    const MachineId a{std::int32_t{0}}, b{std::int32_t{1}};
    std::vector<std::string> violated;
    Time now;

private:
    static RunInfo make() {
        RunInfo info;
        info.nodes = {"a", "b"};
        return info;
    }
    void record(FactRef verdict, Cause) override {
        violated.emplace_back(verdict.as<Violation>()->invariant);
    }
    RunInfo info_;

public:
    NetworkInvariants invariants;
};

using Names = std::vector<std::string>;

} // namespace

TEST_CASE("network invariants: a request and its answer violate nothing and are looked at") {
    Told t;
    t.send(1);
    t.note(NetRecv{1, 1});
    t.send(2, PacketWhat::response);
    t.note(NetRecv{2, 1});
    CHECK(t.violated.empty());
    CHECK(t.invariants.looked().at("N1") == 4);
    CHECK(t.invariants.looked().at("N5") == 1);
    CHECK(t.invariants.looked().at("N3") == 0);
}

TEST_CASE("network invariants: each speaks up") {
    Told t;
    SUBCASE("what was never sent arrives") {
        t.note(NetRecv{1, 1});
        CHECK(t.violated == Names{"N1"});
    }
    SUBCASE("what has arrived is lost") {
        t.send(1);
        t.note(NetRecv{1, 1});
        t.note(NetDrop{1, "loss"});
        CHECK(t.violated == Names{"N1"});
    }
    SUBCASE("a packet arrives before it was sent") {
        t.now = Time{5};
        t.send(1);
        t.now = Time{4};
        t.note(NetRecv{1, 1});
        CHECK(t.violated == Names{"N2"});
    }
    SUBCASE("a packet crosses a cut, unless it was sent before that") {
        t.send(1);
        t.note(NetCut{t.a, t.b});
        t.note(NetRecv{1, 1});
        CHECK(t.violated.empty());
        t.send(2);
        t.note(NetRecv{2, 1});
        CHECK(t.violated == Names{"N3"});
    }
    SUBCASE("a message overtakes another") {
        t.send(1);
        t.send(2);
        t.note(NetRecv{2, 1});
        t.note(NetRecv{1, 1});
        CHECK(t.violated == Names{"N4"});
    }
    SUBCASE("a second answer") {
        t.send(1);
        t.note(NetRecv{1, 1});
        t.send(2, PacketWhat::response);
        t.note(NetRecv{2, 1});
        t.send(3, PacketWhat::response);
        t.note(NetRecv{3, 1});
        CHECK(t.violated == Names{"N5"});
    }
    SUBCASE("a process that is down, or another one than was meant") {
        t.send(1);
        t.note(NetRecv{1, 2});
        CHECK(t.violated == Names{"K6"});
    }
}
