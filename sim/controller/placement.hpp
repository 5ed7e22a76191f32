// Which brokers get the replicas of new partitions: KRaft's striped placement, and the older
// round robin of ZooKeeper mode.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace brokersim {

struct PlacementBroker {
    std::int32_t id = -1;
    std::string rack;    ///< empty: none
    bool fenced = false; ///< counts for KRaft only
};

/// Where the chance in a placement comes from.
class PlacementDraws {
public:
    virtual ~PlacementDraws() = default;

    /// Uniform in [0, n); n > 0.
    virtual std::int32_t below(std::int32_t n) = 0;

    /// A random order, every one with the same probability; by default from below().
    virtual void shuffle(std::vector<std::int32_t>& order);
};

enum class PlacementError : std::uint8_t {
    none,
    invalid_replication_factor, ///< not positive, or more than there are brokers; or all fenced
    invalid_partitions,         ///< not positive (ZooKeeper mode)
    missing_rack,               ///< some brokers have a rack and some have none (ZooKeeper mode)
};

/// The replicas of each new partition, the preferred leader first; empty after an error.
struct Placement {
    PlacementError error = PlacementError::none;
    std::vector<std::vector<std::int32_t>> replicas;
};

/// KRaft (Kafka: StripedReplicaPlacer): leaders stripe over racks and brokers, replicas spread
/// over racks before they use one again; fenced brokers get a replica only where a rack has no
/// other left, and are never the preferred leader.
///
/// Draws: a start in each list of brokers that is not empty, by rack in the order of names, the
/// fenced list before the unfenced; then a start in the list of racks. Each reshuffle: the racks
/// (as numbers in the order of names), then the lists in the order above, empty ones too.
Placement place_striped(const std::vector<PlacementBroker>& brokers, std::int32_t partitions,
                        std::int32_t replication_factor, PlacementDraws& draws);

/// What ZooKeeper mode and the admin tools do with new partitions (Kafka: AdminUtils).
struct RoundRobinRequest {
    std::int32_t partitions = 0;
    std::int32_t replication_factor = 0;
    std::int32_t first_partition = 0; ///< number of the first new partition; negative: 0
    std::int32_t fixed_start = -1;    ///< in place of both draws, if not negative
};

/// Draws: the start of the first replica, the initial shift of the others. Without racks the
/// brokers are taken in the order given.
Placement place_round_robin(const std::vector<PlacementBroker>& brokers,
                            const RoundRobinRequest& request, PlacementDraws& draws);

/// The order in which rack-aware round robin goes through brokers: one from each rack in turn,
/// racks by name, brokers by id.
std::vector<PlacementBroker> rack_alternated(std::vector<PlacementBroker> brokers);

} // namespace brokersim
