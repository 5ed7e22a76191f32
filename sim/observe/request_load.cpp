// Measures queues and handlers of brokers.
#include "observe/request_load.hpp"

#include "observe/wide.hpp"

#include <algorithm>

namespace brokersim {

RequestLoad::RequestLoad(const Scenario& scenario, const RunInfo& info)
    : place_(info.nodes.size(), -1) {
    for (const BrokerSpec& spec : scenario.brokers) {
        const auto at = std::find(info.nodes.begin(), info.nodes.end(), spec.name);
        if (at == info.nodes.end()) { continue; }
        const auto machine = static_cast<std::size_t>(at - info.nodes.begin());
        place_[machine] = static_cast<std::int32_t>(brokers_.size());
        Broker& broker = brokers_.emplace_back();
        broker.node = MachineId(machine);
        broker.handlers = spec.config.num_io_threads;
    }
}

std::size_t RequestLoad::ask(Time from, Time to) {
    Question question;
    question.from = from;
    question.to = to;
    question.queue_max.resize(brokers_.size());
    question.busy_ns.resize(brokers_.size());
    questions_.push_back(std::move(question));
    return questions_.size() - 1;
}

void RequestLoad::on(Time now, FactRef fact) {
    const auto ends = [&](MachineId node, std::uint64_t id) {
        const std::int32_t at = place_[node.index()];
        if (at < 0) { return; }
        auto& started = brokers_[static_cast<std::size_t>(at)].started;
        const auto found = started.find(id);
        if (found == started.end()) { return; }
        busy(static_cast<std::size_t>(at), found->second, now);
        started.erase(found);
    };
    if (const auto* queued = fact.as<ReqQueued>()) {
        const std::int32_t at = place_[queued->node.index()];
        if (at >= 0) { change(now, static_cast<std::size_t>(at), 1); }
    } else if (const auto* begins = fact.as<ReqStarted>()) {
        const std::int32_t at = place_[begins->node.index()];
        if (at < 0) { return; }
        change(now, static_cast<std::size_t>(at), -1);
        brokers_[static_cast<std::size_t>(at)].started[begins->id] = now;
    } else if (const auto* parked = fact.as<ReqParked>()) {
        ends(parked->node, parked->id);
    } else if (const auto* done = fact.as<ReqDone>()) {
        ends(done->node, done->id);
    } else if (const auto* down = fact.as<NodeDown>()) {
        stops(now, down->node);
    }
}

void RequestLoad::stops(Time now, MachineId node) {
    if (place_[node.index()] < 0) { return; }
    const auto at = static_cast<std::size_t>(place_[node.index()]);
    Broker& broker = brokers_[at];
    change(now, at, -broker.waiting);
    for (const auto& request : broker.started) {
        busy(at, request.second, now);
    }
    broker.started.clear();
}

void RequestLoad::close(Time end) {
    for (std::size_t at = 0; at < brokers_.size(); ++at) {
        settle(end, at);
        for (const auto& request : brokers_[at].started) {
            busy(at, request.second, end);
        }
        brokers_[at].started.clear();
    }
}

/// So many have waited since the last change, until now.
void RequestLoad::settle(Time now, std::size_t at) {
    Broker& broker = brokers_[at];
    for (Question& question : questions_) {
        if (std::max(broker.since, question.from) >= std::min(now, question.to)) { continue; }
        question.queue_max[at] = std::max(question.queue_max[at], broker.waiting);
    }
    broker.since = now;
}

void RequestLoad::change(Time now, std::size_t at, std::int64_t by) {
    if (now > brokers_[at].since) { settle(now, at); }
    brokers_[at].waiting += by;
}

void RequestLoad::busy(std::size_t at, Time from, Time to) {
    for (Question& question : questions_) {
        const Time low = std::max(from, question.from);
        const Time high = std::min(to, question.to);
        if (low < high) { question.busy_ns[at] += (high - low).ns; }
    }
}

std::int64_t RequestLoad::queue_max(std::size_t question, MachineId node) const {
    std::int64_t highest = 0;
    for (std::size_t at = 0; at < brokers_.size(); ++at) {
        if (node.valid() && brokers_[at].node != node) { continue; }
        highest = std::max(highest, questions_[question].queue_max[at]);
    }
    return highest;
}

std::int64_t RequestLoad::busy_share(std::size_t question, MachineId node, Time end) const {
    const Question& asked = questions_[question];
    const Duration interval = std::min(asked.to, end) - asked.from;
    std::int64_t busy = 0;
    std::int64_t handlers = 0;
    for (std::size_t at = 0; at < brokers_.size(); ++at) {
        if (node.valid() && brokers_[at].node != node) { continue; }
        busy += asked.busy_ns[at];
        handlers += brokers_[at].handlers;
    }
    return handlers == 0 ? 0 : scaled(busy / handlers, 1'000'000, interval.ns);
}

} // namespace brokersim
