// Windows and their explanations, watched over a told history.
#pragma once

#include "observe/bounds.hpp"
#include "observe/failover_table.hpp"
#include "observe/story.hpp"
#include "observe/windows.hpp"

#include <doctest/doctest.h>

namespace brokersim::test {

inline constexpr FaultId power(0);

inline Time ms(std::int64_t n) {
    return Time{} + milliseconds(n);
}

/// orders/0 on b1, b2, b3, min.insync.replicas 2; p1 writes with acks=all.
struct Watched {
    explicit Watched(const std::string& acks = "all") : info(story_info(acks)) {
        ProducerSpec producer;
        producer.name = "p1";
        producer.config.linger = {};
        scenario.producers = {producer};
        ledger.emplace(info);
        windows.emplace(scenario, info, *ledger);
        story.emplace(info, std::vector<Observer*>{&*ledger, &*windows});
        story->part(b1, 0, {b1, b2, b3}).acts(b1, 0).note(client_sees(b1, 0));
        story->at(900).produce(0, 1).at(1000).ack(0, 1, 0).at(1010).produce(1, 1);
    }

    static MetaSeen client_sees(MachineId leader, LeaderEpoch epoch) {
        return {p1, orders0, leader, epoch, {}};
    }
    void begins(FaultAction action, MachineId node) {
        const MachineId target[] = {node};
        story->note(FaultBegin{power, action, target});
    }
    void ends(FaultAction action, MachineId node) {
        const MachineId target[] = {node};
        story->note(FaultEnd{power, action, target});
    }
    void crash(MachineId node) {
        begins(FaultAction::crash, node);
        story->note(NodeDown{node, 1, DownHow::kill});
    }
    /// Found at the first time, committed at the second.
    void fence(std::int64_t found, std::int64_t at, MachineId node) {
        story->at(found).note(TimerFire{b3, "fence_stale_broker"});
        story->at(at).note(CtlBroker{node, BrokerState::fenced, 1, "session_timeout"});
    }

    /// Since the last call: side, times, fault and machine, and the phases that are not 0, in ms.
    std::string told() {
        std::string text;
        for (; told_ < windows->told().size(); ++told_) {
            const Failover& one = windows->told()[told_];
            text += std::string(word(one.window.side)) + " " + in_ms(one.window.from - Time{}) +
                    ".." + in_ms(one.window.to - Time{});
            if (!one.window.phases) {
                text += ", null\n";
                continue;
            }
            if (one.fault.valid()) { text += ", " + info.name(one.fault); }
            if (one.machine.valid()) { text += ", " + info.name(one.machine); }
            for (const auto& phase : phase_fields) {
                const Duration lasted = (*one.window.phases).*phase.member;
                if (lasted == Duration{}) { continue; }
                text += ", " + std::string(phase.name) + " " + in_ms(lasted);
            }
            text += "\n";
        }
        return text;
    }
    std::string bound(std::size_t window, std::size_t phase) const {
        return bound_text(windows->told()[window], phase, scenario, info);
    }

    static std::string in_ms(Duration d) { return std::to_string(d.ns / 1'000'000); }

    Scenario scenario;
    RunInfo info;
    std::optional<Ledger> ledger;
    std::optional<Windows> windows;
    std::optional<Story> story;
    std::size_t told_ = 0;
};

} // namespace brokersim::test
