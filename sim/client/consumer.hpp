// One member of a consumer group: an application that polls, processes and commits, with the
// consumer that it uses. Kafka: ClassicKafkaConsumer, ConsumerCoordinator.
#pragma once

#include "brokersim/scenario.hpp"
#include "protocol/effects.hpp"
#include "protocol/layout.hpp"

#include <cstdint>

namespace brokersim {

/// A process with one consumer of the classic group protocol. It runs from start() to its own
/// exit() after stop(), or to crash(); then start() begins anew, as a new process of that name.
class Consumer {
public:
    static constexpr std::uint32_t timer_slots = 4;

    /// `member_number`: the K of its machine's name GROUP-K, from 1.
    Consumer(MachineId self, GroupId group, std::int32_t member_number, LayoutRef layout,
             const ConsumerGroupSpec& spec, std::uint64_t seed);

    void start(In in, Effects& out);
    void on_message(In in, const Incoming& incoming, Effects& out);
    void on_connected(In in, ConnId conn, Effects& out);
    void on_refused(In in, ConnId conn, Effects& out);
    void on_lost(In in, ConnId conn, Effects& out);
    void on_timer(In in, TimerSlot slot, Effects& out);
    /// Finishes what the last poll returned, commits, leaves the group, exits.
    void stop(In in, Effects& out);
    /// The process was killed.
    void crash();

    /// Nothing fetched that the application has not finished, no commit under way.
    bool idle() const;
};

} // namespace brokersim
