// The brokers: what the controller thinks of each, and what each leads.
#include "inspect/describe.hpp"
#include "inspect/text_table.hpp"
#include "trace/utf8.hpp"

#include <algorithm>

namespace brokersim {
namespace {

struct Held {
    std::size_t leads = 0, replicas = 0, in_sync = 0;
};

std::string process_of(const TracedMachine& machine) {
    if (!machine.seen) { return "-"; }
    if (!machine.up) { return "down"; }
    return machine.paused ? "paused" : "up";
}

} // namespace

std::string describe_brokers(const RunInfo& info, const ClusterView& view) {
    std::map<MachineId, Held> held;
    for (const auto& [tp, partition] : view.partitions()) {
        if (!partition.created) { continue; }
        if (partition.leader) { ++held[*partition.leader].leads; }
        for (const MachineId replica : partition.replicas) {
            ++held[replica].replicas;
        }
        for (const MachineId replica : partition.isr) {
            ++held[replica].in_sync;
        }
    }
    std::string text = "Controller: ";
    if (const auto controller = view.controller()) {
        text += visible(info.name(*controller)) +
                "\tEpoch: " + std::to_string(view.controller_epoch()) + "\n";
    } else {
        text += "none\n";
    }
    TextTable table({{"BROKER", 10},
                     {"PROCESS", 8},
                     {"INCARNATION", 0},
                     {"STATE", 10},
                     {"BROKER-EPOCH", 0},
                     {"LEADER-OF", 0},
                     {"REPLICAS", 0},
                     {"IN-SYNC", 0}});
    for (const auto& [id, machine] : view.machines()) {
        if (!machine.state) { continue; } // No broker.
        const Held& own = held[id];
        table.add({visible(info.name(id)), process_of(machine), std::to_string(machine.incarnation),
                   std::string(word(*machine.state)), std::to_string(machine.epoch),
                   std::to_string(own.leads), std::to_string(own.replicas),
                   std::to_string(own.in_sync)});
    }
    return text + table.text();
}

} // namespace brokersim
