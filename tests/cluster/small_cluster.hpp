// A small cluster for tests: built in a few words, hurt at will, asked at any instant.
#pragma once

#include "brokersim/scenario.hpp"
#include "brokersim/simulation.hpp"
#include "inspect/cluster_view.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace brokersim::test {

/// Brokers b1 …, controllers c1 … c3, one topic with replicas on the first brokers in turn.
inline Scenario small_scenario(std::int32_t brokers, std::int32_t partitions,
                               std::int32_t replicas) {
    Scenario s;
    s.name = "small";
    s.duration = seconds(1);
    for (std::int32_t k = 0; k < brokers; ++k) {
        BrokerSpec broker;
        broker.name = "b" + std::to_string(k + 1);
        s.brokers.push_back(broker);
    }
    TopicSpec topic;
    topic.name = "orders";
    topic.partitions = partitions;
    topic.replication_factor = replicas;
    for (std::int32_t p = 0; p < partitions; ++p) {
        std::vector<std::int32_t> line;
        for (std::int32_t r = 0; r < replicas; ++r)
            line.push_back((p + r) % brokers);
        topic.assignment.push_back(line);
    }
    s.topics.push_back(topic);
    return s;
}

/// The same with a ZooKeeper ensemble z1 … instead of controllers.
inline Scenario in_zookeeper_mode(Scenario s, std::int32_t servers = 3) {
    s.kafka_version = Release::v3_9;
    s.control_plane.mode = ControlPlaneMode::zookeeper;
    s.control_plane.servers = servers;
    return s;
}

/// A producer of `count` records to partition 0, one every `every`, from `start` on.
inline ProducerSpec small_producer(const std::string& name, Acks acks, Time start, Duration every,
                                   std::int64_t count) {
    ProducerSpec p;
    p.name = name;
    p.rate = {1, every};
    p.size = 100;
    p.partition = 0;
    p.start = start;
    p.count = count;
    p.config.acks = acks;
    p.config.linger = {};
    if (acks != Acks::all) p.config.enable_idempotence = false;
    return p;
}

/// A fault that holds until another lifts it.
inline FaultSpec small_fault(FaultAction action, Time at, const std::string& machine) {
    FaultSpec f;
    f.id = "f";
    f.action = action;
    f.at = at;
    f.target.machines = {machine};
    return f;
}

/// A server setting of every broker and controller.
template <class Set>
void configure(Scenario& s, Set set) {
    set(s.control_plane.config);
    for (BrokerSpec& broker : s.brokers)
        set(broker.config);
}

/// Every fact of a run, as far as tests ask: the state of the cluster, and chosen facts by
/// `on_fact`.
class Watcher : public FactSink {
public:
    Watcher() = default;
    /// What has been seen; nobody tells a copy more.
    Watcher(const Watcher& other) : FactSink(), view(other.view), number_(other.number_) {}
    Watcher& operator=(const Watcher&) = delete;

    ClusterView view;
    Cause note(Time now, Cause, FactRef fact) override {
        view.on(fact);
        on_fact(now, fact);
        return Cause{++number_};
    }

protected:
    virtual void on_fact(Time, FactRef) {}

private:
    std::uint64_t number_ = 0;
};

/// Runs `s` to `until` and tells `sink` everything.
inline void run_to(Scenario s, Time until, FactSink& sink, std::uint64_t seed) {
    s.duration = until - Time{};
    Simulation run(s, seed);
    run.start(sink);
    while (run.advance(sink, 1'000'000)) {}
}

/// Facts of one kind with their times, as a test wants them.
template <class F>
class Collect final : public Watcher {
public:
    struct Entry {
        Time at;
        F fact;
        std::vector<MachineId> isr; ///< ctl.part: its span does not outlive the call
    };
    std::vector<Entry> all;

private:
    void on_fact(Time now, FactRef fact) override {
        const F* const f = fact.as<F>();
        if (f == nullptr) return;
        Entry entry{now, *f, {}};
        if constexpr (std::is_same_v<F, CtlPart>) {
            entry.isr.assign(f->isr.begin(), f->isr.end());
        }
        all.push_back(std::move(entry));
    }
};

} // namespace brokersim::test
