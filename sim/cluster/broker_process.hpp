// The roles of a broker's process together: the broker itself and its group coordinators.
#pragma once

#include "broker/broker.hpp"
#include "group/coordinator.hpp"

#include <string>

namespace brokersim {

class BrokerProcess {
public:
    static constexpr std::uint32_t timer_slots = Broker::timer_slots + 1;

    BrokerProcess(MachineId self, const std::string& name, LayoutRef layout, const BrokerSpec& spec,
                  std::uint64_t seed)
        : broker_(self, name, layout, spec, seed), groups_(self, layout, spec.config) {}

    Broker& broker() { return broker_; }
    const Broker& broker() const { return broker_; }

    void on_message(In in, const Incoming& incoming, Effects& out);
    void on_connected(In in, ConnId conn, Effects& out);
    void on_refused(In in, ConnId conn, Effects& out);
    void on_lost(In in, ConnId conn, Effects& out);
    void on_timer(In in, TimerSlot timer, Effects& out);
    void start(In in, std::int32_t incarnation, bool clean, Effects& out);
    void stop(In in, Effects& out);
    void crash(Time now, DownHow how, Messages& messages);
    void disk_goes_on(In in, Effects& out);
    /// Everything that this event has made due in either role; the last call for every event.
    void settle_event(In in, Effects& out);

private:
    void settle_groups(In in, Effects& out);

    static constexpr TimerSlot groups_timer{Broker::timer_slots};

    Broker broker_;
    GroupCoordinator groups_;
    Time armed_ = Time::never();
};

} // namespace brokersim
