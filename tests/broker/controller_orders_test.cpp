// What a broker of ZooKeeper mode does with the requests of controllers, old and new.
#include "broker/controller_orders.hpp"
#include "support/effects_table.hpp"

#include <doctest/doctest.h>

#include <optional>

using namespace brokersim;

namespace {

constexpr MachineId old_controller{1}, new_controller{2};

/// A broker that has been told of controller epoch 3, with broker epoch 10.
struct Table {
    test::EffectsTable world;
    RequestPath path{ServerConfig{}, CpuSpec{}};
    ControllerOrders orders{1, "b1"};

    Table() { orders.settle(old_controller, 3); }

    /// A request by the process itself; the error of an answer that comes at once.
    std::optional<Error> ask(MachineId controller, std::int32_t epoch, BrokerEpoch broker_epoch) {
        const std::uint32_t index = world.messages.packets.take();
        Packet& packet = world.messages.packets[index];
        packet.kind = kind_of<LeaderAndIsrRequest>;
        packet.api = static_cast<std::uint8_t>(LeaderAndIsrRequest::api);
        packet.stage = own_stage;
        packet.body = world.messages.pool<LeaderAndIsrRequest>().take();
        LeaderAndIsrRequest& request = world.messages.pool<LeaderAndIsrRequest>()[packet.body];
        request.stamp = {controller, epoch, broker_epoch};
        request.partitions = std::make_shared<const PartitionOrders>();
        world.out.begin(world.in(), Cause{}, nullptr);
        orders.on_request(world.in(), incoming_of(packet, index), 10, path, world.out);
        std::optional<Error> answer;
        for (const Effect& effect : world.out.list()) {
            REQUIRE(effect.op == Effect::Op::own);
            const Packet& sent = world.messages.packets[effect.subject];
            answer = world.messages.pool<LeaderAndIsrResponse>()[sent.body].error;
        }
        world.messages.free(index);
        return answer;
    }
    int due(Time now) {
        ControllerOrders::Order order;
        int count = 0;
        while (orders.take(now, order))
            ++count;
        return count;
    }
};

} // namespace

TEST_CASE("orders: an older controller is refused, a newer one counts from its first request on") {
    Table t;
    CHECK(!t.ask(old_controller, 3, 10));
    CHECK(!t.ask(new_controller, 4, 10));
    CHECK(t.orders.controller() == new_controller);
    CHECK(t.ask(old_controller, 3, 10) == Error::stale_controller_epoch);
    CHECK(t.orders.controller() == new_controller);
    CHECK(t.due(Time::never()) == 2);
}

TEST_CASE("orders: a request for an earlier incarnation of the broker is refused") {
    Table t;
    CHECK(t.ask(old_controller, 3, 9) == Error::stale_broker_epoch);
    CHECK(!t.ask(old_controller, 3, 10));
    CHECK(!t.ask(old_controller, 3, 11)); // The broker has not heard of its own node yet.
    CHECK(t.due(Time::never()) == 2);
}

TEST_CASE("orders: they are carried out in order, some milliseconds later") {
    Table t;
    CHECK(!t.ask(old_controller, 3, 10));
    CHECK(!t.ask(old_controller, 3, 10));
    CHECK(t.due(t.world.now) == 0);
    CHECK(t.orders.wake_at() >= t.world.now + milliseconds(1));
    CHECK(t.due(t.world.now + milliseconds(7)) == 2);
    CHECK(t.orders.wake_at() == Time::never());
}

TEST_CASE("orders: a new process knows no controller") {
    Table t;
    t.orders.start(Time{} + seconds(50));
    CHECK(!t.orders.controller().valid());
    t.world.now = Time{} + seconds(50);
    CHECK(!t.ask(old_controller, 1, 10)); // It cannot know that there has been a newer one.
    CHECK(t.due(t.world.now + milliseconds(29)) == 0); // And it is slow in its first seconds.
    CHECK(t.due(t.world.now + milliseconds(85)) == 1);
}
