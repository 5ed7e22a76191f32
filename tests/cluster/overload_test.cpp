// A broker that is the narrow point: its request queue fills, its network thread blocks.
#include "small_cluster.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <map>

using namespace brokersim;

namespace {

/// Counts where the requests of b1 are.
class Desk final : public test::Watcher {
public:
    std::size_t queued_most = 0, at_work_most = 0;
    std::int64_t done = 0;
    Duration longest_wait{};
    bool in_order = true, known = true;

private:
    void on_fact(Time now, FactRef fact) override {
        if (now > last_) queued_most = std::max(queued_most, queue_.size());
        last_ = now;
        if (const auto* q = fact.as<ReqQueued>(); q != nullptr && here(q->node)) {
            queue_.push_back({q->id, now});
        } else if (const auto* s = fact.as<ReqStarted>(); s != nullptr && here(s->node)) {
            known = known && !queue_.empty();
            if (queue_.empty()) return;
            in_order = in_order && queue_.front().id == s->id;
            longest_wait = std::max(longest_wait, now - queue_.front().at);
            queue_.pop_front();
            ++at_work_[s->id];
            started_.push_back(now);
            while (started_.front() + milliseconds(20) <= now)
                started_.pop_front();
            at_work_most = std::max(at_work_most, started_.size());
        } else if (const auto* d = fact.as<ReqDone>(); d != nullptr && here(d->node)) {
            known = known && at_work_.erase(d->id) == 1;
            ++done;
        }
    }
    static bool here(MachineId node) { return node == MachineId(0); }
    struct Entry {
        std::uint64_t id = 0;
        Time at;
    };
    Time last_;
    std::deque<Time> started_;
    std::deque<Entry> queue_;
    std::map<std::uint64_t, int> at_work_;
};

Desk watch(std::int32_t producers, std::int32_t handlers) {
    Scenario s = test::small_scenario(1, 1, 1);
    test::configure(s, [&](ServerConfig& c) {
        c.num_io_threads = handlers;
        c.num_network_threads = 1;
        c.queued_max_requests = 5;
    });
    s.brokers.front().cpu = {milliseconds(20), 0};
    for (std::int32_t k = 0; k < producers; ++k) {
        ProducerSpec p = test::small_producer("p" + std::to_string(k), Acks::leader, Time{},
                                              milliseconds(100), 1'000'000);
        p.config.max_in_flight_requests_per_connection = 1;
        s.producers.push_back(p);
    }
    Desk desk;
    test::run_to(s, Time{} + seconds(10), desk, 1);
    return desk;
}

} // namespace

TEST_CASE("a broker with too much to do keeps its handlers busy and its queue full") {
    const Desk desk = watch(30, 2); // Three times what two handlers can do.
    CHECK(desk.known);
    CHECK(desk.in_order);
    CHECK(desk.queued_most == 5);
    CHECK(desk.at_work_most == 2);
    CHECK(desk.done >= 10 * 100 - 10); // 20 ms each, two at a time.
    CHECK(desk.done <= 10 * 100);
    // Five are before it in the queue, no more: the others are not read.
    CHECK(desk.longest_wait >= milliseconds(40));
    CHECK(desk.longest_wait <= milliseconds(60));
}

TEST_CASE("a broker with little to do has no queue") {
    const Desk desk = watch(2, 8);
    CHECK(desk.known);
    CHECK(desk.in_order);
    CHECK(desk.queued_most == 0);
    CHECK(desk.longest_wait == Duration{});
}
