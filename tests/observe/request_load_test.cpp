// Queue and handlers of brokers, from the stations of their requests.
#include "observe/request_load.hpp"

#include <doctest/doctest.h>

using namespace brokersim;

namespace {

struct Told {
    Told() {
        info.nodes = {"b1", "b2", "p"};
        scenario.brokers.resize(2);
        scenario.brokers[0].name = "b1";
        scenario.brokers[1].name = "b2";
        scenario.brokers[0].config.num_io_threads = 2;
        scenario.brokers[1].config.num_io_threads = 1;
    }
    template <class F>
    void note(RequestLoad& load, std::int64_t t, const F& fact) {
        load.on(Time{t}, FactRef{F::kind, &fact});
    }
    RunInfo info;
    Scenario scenario;
    MachineId b1{std::int32_t{0}}, b2{std::int32_t{1}};
};

} // namespace

TEST_CASE("what is queued and started in one instant has not waited") {
    Told told;
    RequestLoad load(told.scenario, told.info);
    const std::size_t all = load.ask(Time{}, Time::never());
    const std::size_t late = load.ask(Time{50}, Time::never());
    told.note(load, 10, ReqQueued{told.b1, 1, Api::produce});
    told.note(load, 10, ReqStarted{told.b1, 1, Api::produce});
    told.note(load, 20, ReqQueued{told.b1, 2, Api::produce});
    told.note(load, 25, ReqQueued{told.b1, 3, Api::produce});
    told.note(load, 30, ReqParked{told.b1, 1, Api::produce});
    told.note(load, 30, ReqStarted{told.b1, 2, Api::produce});
    told.note(load, 60, ReqDone{told.b1, 2, Api::produce});
    told.note(load, 60, ReqStarted{told.b1, 3, Api::produce});
    told.note(load, 70, ReqDone{told.b1, 1, Api::produce}); // long parked: no handler's time
    told.note(load, 80, ReqDone{told.b1, 3, Api::produce});
    load.close(Time{100});
    CHECK(load.queue_max(all, told.b1) == 2);
    CHECK(load.queue_max(late, told.b1) == 1);
    CHECK(load.queue_max(all, told.b2) == 0);
    CHECK(load.queue_max(all, MachineId()) == 2);
    // 20 + 30 + 20 of two handlers' 100 each; from 50 on 10 + 20 of 50 each.
    CHECK(load.busy_share(all, told.b1, Time{100}) == 350'000);
    CHECK(load.busy_share(late, told.b1, Time{100}) == 300'000);
    CHECK(load.busy_share(all, told.b2, Time{100}) == 0);
}

TEST_CASE("a crash ends what waits and what is worked on") {
    Told told;
    RequestLoad load(told.scenario, told.info);
    const std::size_t all = load.ask(Time{}, Time::never());
    told.note(load, 0, ReqQueued{told.b2, 1, Api::fetch});
    told.note(load, 0, ReqStarted{told.b2, 1, Api::fetch});
    told.note(load, 10, ReqQueued{told.b2, 2, Api::fetch});
    told.note(load, 20, NodeDown{told.b2, 1, DownHow::kill});
    told.note(load, 40, ReqQueued{told.b2, 3, Api::fetch});
    told.note(load, 40, ReqStarted{told.b2, 3, Api::fetch});
    load.close(Time{50});
    CHECK(load.queue_max(all, told.b2) == 1);
    CHECK(load.busy_share(all, told.b2, Time{50}) == 600'000);
}
