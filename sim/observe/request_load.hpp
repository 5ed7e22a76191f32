// How loaded the request path of each broker was: what expectations about its queue and its
// handlers ask for.
#pragma once

#include "brokersim/facts.hpp"
#include "brokersim/run_info.hpp"
#include "brokersim/scenario.hpp"
#include "observe/probe.hpp"

#include <cstdint>
#include <map>
#include <vector>

namespace brokersim {

/// Follows the stations of requests (req.*) on every broker. A request waits from the queue to a
/// handler; a handler is busy from there until the request is parked or answered. What is queued
/// and started in one instant has not waited.
class RequestLoad {
public:
    RequestLoad(const Scenario& scenario, const RunInfo& info);

    void on(Time now, FactRef fact);
    /// The process of this machine has ended, with all its requests.
    void stops(Time now, MachineId node);
    void close(Time end);

    /// A question about [from, to); its number. Before the first fact.
    std::size_t ask(Time from, Time to);
    /// The highest number of requests that waited on a broker; of all, if `node` is not valid.
    std::int64_t queue_max(std::size_t question, MachineId node) const;
    /// Share of the handlers' time that was busy, in millionths. Requires from < end.
    std::int64_t busy_share(std::size_t question, MachineId node, Time end) const;

private:
    struct Broker {
        MachineId node;
        std::int64_t handlers = 1;
        std::int64_t waiting = 0;
        Time since;                            ///< `waiting` has not changed since
        std::map<std::uint64_t, Time> started; ///< by request
    };
    struct Question {
        Time from, to;
        std::vector<std::int64_t> queue_max; ///< by broker
        std::vector<std::int64_t> busy_ns;   ///< by broker
    };

    void settle(Time now, std::size_t broker);
    void change(Time now, std::size_t broker, std::int64_t by);
    void busy(std::size_t broker, Time from, Time to);

    std::vector<Broker> brokers_;
    std::vector<std::int32_t> place_; ///< among `brokers_`, by machine; -1: none
    std::vector<Question> questions_;
};

} // namespace brokersim
