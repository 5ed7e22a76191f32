// Registration, heartbeats and controlled shutdown, against a controller that answers by hand.
#include "broker/lifecycle.hpp"
#include "support/effects_table.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>

using namespace brokersim;

namespace {

/// b1 and a controller on the machine behind the brokers, whose connections are set up at once.
class Talk {
public:
    explicit Talk(ServerConfig config = {})
        : life(test::EffectsTable::self, layout(), config, 1, "b1") {
        table.on_send = [this](const Packet& p) { sent(p); };
    }

    test::EffectsTable table;
    Lifecycle life;

    template <class Call>
    void then(Call call) {
        table.call([&] {
            call();
            life.run(table.in(), table.out);
        });
        settle();
    }
    void start() {
        then([&] {
            life.start(table.in().now, 2);
            life.set_leader(MachineId(4));
        });
    }
    template <class M, class Fill>
    void answer(Fill fill) {
        table.arrive<M>(conn_, 0, fill, [&](const Incoming& incoming) {
            life.on_response(table.in(), incoming, table.out);
            life.run(table.in(), table.out);
        });
        settle();
    }
    void registered(BrokerEpoch epoch, Error error = Error::none) {
        answer<BrokerRegistrationResponse>([&](BrokerRegistrationResponse& r) {
            r.broker_epoch = epoch;
            r.error = error;
        });
    }
    void beat(bool caught_up, bool fenced, bool shut_down = false) {
        answer<BrokerHeartbeatResponse>([&](BrokerHeartbeatResponse& r) {
            r.is_caught_up = caught_up;
            r.is_fenced = fenced;
            r.should_shut_down = shut_down;
        });
    }
    /// Up to `ms` on the clock; what was sent until then.
    std::string run_to(std::int64_t ms) {
        const Time until = Time{} + milliseconds(ms);
        while (life.wake_at() <= until) {
            table.now = std::max(table.now, life.wake_at());
            then([&] { life.on_time(table.in(), table.out); });
        }
        table.now = until;
        return std::exchange(told_, {});
    }

private:
    static LayoutRef layout() {
        Layout l;
        l.brokers = 4;
        l.controllers = 1;
        l.machines = 13;
        return std::make_shared<const Layout>(l);
    }
    void sent(const Packet& p) {
        if (p.kind == kind_of<ApiVersionsRequest>) {
            versions_asked_ = true;
            return;
        }
        told_ += test::in_ms(table.now);
        if (p.kind == kind_of<BrokerRegistrationRequest>) {
            told_ += " registers\n";
            return;
        }
        const auto& r = table.messages.body<BrokerHeartbeatRequest>(p);
        told_ += std::string(" heartbeat") + (r.want_fence ? " fence" : "") +
                 (r.want_shutdown ? " shutdown" : "") + "\n";
    }
    /// Connects, and agrees on versions, as soon as that is asked for.
    void settle() {
        while (!table.dialled.empty() || versions_asked_) {
            if (!table.dialled.empty()) {
                conn_ = table.dialled.back();
                table.dialled.clear();
                then([&] { life.on_connected(table.in(), conn_, table.out); });
            } else {
                versions_asked_ = false;
                answer<ApiVersionsResponse>([](ApiVersionsResponse&) {});
            }
        }
    }

    ConnId conn_;
    bool versions_asked_ = false;
    std::string told_;
};

/// As start-up goes when nothing is in the way; unfenced at `ms` 100.
void bring_up(Talk& talk) {
    talk.start();
    talk.registered(7);
    talk.beat(true, true);
    talk.run_to(100);
    talk.then([&] { talk.life.set_ready(talk.table.in()); });
    talk.beat(true, false);
    talk.run_to(100);
}

} // namespace

TEST_CASE("a broker registers, catches up fenced, and asks to be unfenced once it is ready") {
    Talk talk;
    talk.start();
    CHECK(talk.run_to(3) == "0 registers\n");
    talk.registered(7);
    CHECK(talk.life.epoch() == 7);
    CHECK(talk.run_to(5) == "3 heartbeat fence\n");
    talk.beat(false, true); // Not caught up: again after 10 ms.
    CHECK(talk.run_to(20) == "15 heartbeat fence\n");
    talk.beat(true, true);
    CHECK(talk.life.state() == Lifecycle::State::recovery);
    CHECK(talk.run_to(100).empty());
    talk.then([&] { talk.life.set_ready(talk.table.in()); }); // Its logs are loaded.
    CHECK(talk.run_to(101) == "100 heartbeat\n");
    talk.beat(true, false);
    CHECK(talk.life.state() == Lifecycle::State::running);
}

TEST_CASE("a refused registration is repeated after the heartbeat interval") {
    Talk talk;
    talk.start();
    talk.run_to(5);
    talk.registered(-1, Error::duplicate_broker_registration);
    CHECK(talk.run_to(2004).empty());
    CHECK(talk.run_to(2005) == "2005 registers\n");
    talk.registered(-1, Error::duplicate_broker_registration);
    CHECK(talk.run_to(4100) == "4005 registers\n");
}

TEST_CASE("the next heartbeat is due one interval after the answer to the last") {
    Talk talk;
    bring_up(talk);
    CHECK(talk.run_to(2100) == "2100 heartbeat\n");
    talk.run_to(2150);
    talk.beat(true, false);
    CHECK(talk.run_to(4200) == "4150 heartbeat\n");
}

TEST_CASE("a heartbeat that is never answered is given up and sent anew") {
    Talk talk;
    bring_up(talk);
    CHECK(talk.run_to(2100) == "2100 heartbeat\n");
    // Given up after the interval; the next one is due an interval after that.
    CHECK(talk.run_to(6099).empty());
    CHECK(talk.run_to(6100) == "6100 heartbeat\n");
}

TEST_CASE("a controlled stop asks at once, again 50 ms after the answer, then every 2 s") {
    Talk talk;
    bring_up(talk);
    talk.run_to(1000);
    talk.then([&] { talk.life.begin_shutdown(talk.table.in()); });
    CHECK(talk.run_to(1030) == "1000 heartbeat shutdown\n");
    talk.beat(true, false);
    CHECK(talk.run_to(1081) == "1080 heartbeat shutdown\n");
    talk.beat(true, false);
    CHECK(talk.run_to(3090) == "3081 heartbeat shutdown\n");
    CHECK(talk.life.state() == Lifecycle::State::stopping);
    talk.beat(true, true, true);
    CHECK(talk.life.state() == Lifecycle::State::stopped);
}

TEST_CASE("a controlled stop that gets no leave ends after five minutes all the same") {
    Talk talk;
    bring_up(talk);
    talk.run_to(1000);
    talk.then([&] { talk.life.begin_shutdown(talk.table.in()); });
    talk.run_to(300'999);
    CHECK(talk.life.state() == Lifecycle::State::stopping);
    talk.run_to(301'000);
    CHECK(talk.life.state() == Lifecycle::State::stopped);
}

TEST_CASE("without controlled shutdown, or before it is registered, a broker ends at once") {
    ServerConfig config;
    config.controlled_shutdown_enable = false;
    Talk abrupt(config);
    bring_up(abrupt);
    abrupt.then([&] { abrupt.life.begin_shutdown(abrupt.table.in()); });
    CHECK(abrupt.life.state() == Lifecycle::State::stopped);
    Talk early;
    early.start();
    early.then([&] { early.life.begin_shutdown(early.table.in()); });
    CHECK(early.life.state() == Lifecycle::State::stopped);
}
