// What a consumer on a table is told before it starts.
#pragma once

#include "brokersim/run_info.hpp"
#include "brokersim/scenario.hpp"
#include "protocol/layout.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace brokersim::test {

/// Topic `orders`, and `letters` with one partition behind it.
inline LayoutRef consumer_layout(std::int32_t partitions, Release release = Release::v4_0) {
    Layout layout;
    layout.rules = rules_of(release);
    layout.machines = 3;
    layout.brokers = 2;
    layout.partitions = static_cast<std::size_t>(partitions) + 1;
    Layout::Topic orders;
    orders.name = "orders";
    orders.first = PartitionId(0);
    orders.partitions = partitions;
    Layout::Topic letters;
    letters.name = "letters";
    letters.first = PartitionId(partitions);
    layout.topics = {orders, letters};
    layout.topic_of.assign(static_cast<std::size_t>(partitions), 0);
    layout.topic_of.push_back(1);
    layout.groups = {{"billing", PartitionId(0)}};
    return std::make_shared<const Layout>(std::move(layout));
}

inline RunInfo consumer_info(std::int32_t partitions) {
    RunInfo info;
    info.nodes = {"b1", "b2", "m1"};
    TopicInfo orders;
    orders.name = "orders";
    orders.partitions = partitions;
    orders.first = PartitionId(0);
    TopicInfo letters;
    letters.name = "letters";
    letters.first = PartitionId(partitions);
    info.topics = {orders, letters};
    info.producers = {{"shop", MachineId(2), "all", true, false},
                      {"m1", MachineId(2), "all", true, false}};
    for (std::int32_t p = 0; p < partitions; ++p) {
        info.partitions.push_back("orders/" + std::to_string(p));
    }
    info.partitions.emplace_back("letters/0");
    GroupInfo group;
    group.name = "billing";
    group.topics = {"orders"};
    info.groups = {group};
    return info;
}

/// Reads from the start, commits by itself, takes no time: what tests change they say.
inline ConsumerGroupSpec billing_spec() {
    ConsumerGroupSpec spec;
    spec.group = "billing";
    spec.topics = {0};
    spec.processing = Distribution::constant(Duration{});
    spec.config.auto_offset_reset = OffsetReset::earliest;
    return spec;
}

} // namespace brokersim::test
