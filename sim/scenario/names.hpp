// Who and what there is in a scenario, by name.
#pragma once

#include "scenario/draft.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace brokersim {

/// The position that a name such as "b3" means: 2, if there are as many. No leading zeros.
std::optional<std::int32_t> numbered(std::string_view name, std::string_view prefix,
                                     std::int32_t count);

struct Names {
    std::int32_t brokers = 0;                   ///< those that come later, too
    std::int32_t controllers = 0;               ///< none in ZooKeeper mode, or on brokers
    std::int32_t servers = 0;                   ///< of a ZooKeeper ensemble
    std::set<std::string, std::less<>> clients; ///< machines of producers and members
    std::map<std::string, std::int32_t, std::less<>> topics, groups;
    std::set<std::string, std::less<>> producers; ///< entries and their instances
    std::map<std::string, std::vector<std::string>, std::less<>> zones; ///< machines, by zone
    std::map<std::string, std::int32_t, std::less<>> members; ///< the most that a group ever has
    std::int32_t listed_topics = 0;                           ///< without those of dead letters

    bool is_broker(std::string_view name) const { return numbered(name, "b", brokers).has_value(); }
    bool is_controller(std::string_view name) const {
        return numbered(name, "c", controllers).has_value();
    }
    bool is_server(std::string_view name) const { return numbered(name, "z", servers).has_value(); }
    bool is_machine(std::string_view name) const;
};

/// "there is no X "name" (did you mean …?)" at `node`.
void unknown_machine(Report& report, const Node& node, std::string_view name, const Names& names);
void unknown_broker(Report& report, const Node& node, std::string_view name, const Names& names);
void unknown_topic(Report& report, const Node& node, std::string_view name, const Names& names);
void unknown_group(Report& report, const Node& node, std::string_view name, const Names& names);

/// A partition written "orders/0", or nothing (reported).
struct PartitionName {
    std::int32_t topic = 0;
    std::int32_t partition = 0;
};
std::optional<PartitionName> find_partition(Report& report, const Node& node, std::string_view text,
                                            const Draft& draft, const Names& names);

/// Resolves `node`, the target of a fault.
void resolve_target(Report& report, const Node& node, const Draft& draft, const Names& names,
                    TargetSpec& out);
void resolve_when(FaultDraft& fault, const Draft& draft, const Names& names, Report& report);
void resolve_faults(Draft& draft, const Names& names, Report& report);
/// What set_config and reassign are about.
void resolve_changes(FaultDraft& fault, const Draft& draft, const Names& names, Report& report);
/// Brokers that come by add_broker; each such fault learns how many are its own.
std::int32_t count_added_brokers(Draft& draft, Report& report);
void resolve_expectations(Draft& draft, const Names& names, Report& report);

/// Zones and racks: fills names.zones.
void resolve_zones(const Draft& draft, Names& names, Report& report);
void resolve_links(const Draft& draft, const Names& names, Report& report);
/// That nothing is said of a mode that is not the one.
void check_control_plane(const Draft& draft, Report& report);
/// Overrides: that they are for brokers that exist.
void resolve_overrides(const Draft& draft, const Names& names, Report& report);
/// What may only be said of producers and groups, besides Kafka's settings.
void check_failures(const ConsumerDraft& group, Report& report);
void check_loop(const ProducerDraft& producer, Report& report);
void check_poison(const ProducerDraft& producer, Report& report);

/// The last instant that can happen: duration + drain.
Time end_of(const Draft& draft);

} // namespace brokersim
