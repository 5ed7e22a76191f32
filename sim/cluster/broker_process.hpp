// The roles of a broker's process together: the broker itself, its group coordinators and, in
// ZooKeeper mode, a controller.
#pragma once

#include "broker/broker.hpp"
#include "controller/zookeeper/kafka_controller.hpp"
#include "group/coordinator.hpp"

#include <optional>
#include <string>

namespace brokersim {

class BrokerProcess {
public:
    static constexpr std::uint32_t timer_slots =
        Broker::timer_slots + 1 + KafkaController::timer_slots;

    BrokerProcess(MachineId self, const std::string& name, LayoutRef layout, const BrokerSpec& spec,
                  std::uint64_t seed)
        : broker_(self, name, layout, spec, seed), groups_(self, layout, spec.config) {
        if (!layout->zookeeper()) return;
        controller_.emplace(self, name, layout, spec.config, seed, first_controller_timer);
    }

    Broker& broker() { return broker_; }
    const Broker& broker() const { return broker_; }
    /// ZooKeeper mode only.
    KafkaController& controller() { return *controller_; }
    const KafkaController& controller() const { return *controller_; }

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
    void run_controller(In in, Effects& out);

    static constexpr TimerSlot groups_timer{Broker::timer_slots};
    static constexpr std::uint32_t first_controller_timer = Broker::timer_slots + 1;

    Broker broker_;
    GroupCoordinator groups_;
    std::optional<KafkaController> controller_;
    Time armed_ = Time::never();
};

} // namespace brokersim
