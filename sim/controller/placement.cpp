// Striped placement (KRaft) and round-robin placement (ZooKeeper mode).
#include "controller/placement.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <map>
#include <numeric>
#include <set>
#include <string_view>
#include <utility>

namespace brokersim {

namespace {

using Brokers = std::vector<PlacementBroker>;
using BrokerIds = std::vector<std::int32_t>;

std::int32_t size_of(const BrokerIds& list) {
    return static_cast<std::int32_t>(list.size());
}

/// Brokers that take their turns; who begins moves on by one in each epoch.
class TurnList {
public:
    void add(std::int32_t broker) { brokers_.push_back(broker); }

    void start(PlacementDraws& draws) {
        std::sort(brokers_.begin(), brokers_.end());
        if (!brokers_.empty()) { offset_ = draws.below(size_of(brokers_)); }
    }

    void shuffle(PlacementDraws& draws) { draws.shuffle(brokers_); }

    /// Whose turn it is; -1 if all have had theirs in this epoch.
    std::int32_t next(std::int32_t epoch) {
        if (brokers_.empty()) { return -1; }
        if (epoch_ != epoch) {
            epoch_ = epoch;
            index_ = 0;
            offset_ = (offset_ + 1) % size_of(brokers_);
        }
        if (index_ >= size_of(brokers_)) { return -1; }
        return brokers_[static_cast<std::size_t>((index_++ + offset_) % size_of(brokers_))];
    }

private:
    BrokerIds brokers_;
    std::int32_t epoch_ = 0; ///< so the first use, in epoch 0, does not move the start
    std::int32_t index_ = 0;
    std::int32_t offset_ = 0;
};

struct Rack {
    TurnList fenced, unfenced;

    std::int32_t next(std::int32_t epoch) {
        const std::int32_t broker = unfenced.next(epoch);
        return broker >= 0 ? broker : fenced.next(epoch);
    }
};

/// Kafka: StripedReplicaPlacer.RackList.
class RackList {
public:
    RackList(const Brokers& brokers, PlacementDraws& draws) : draws_(draws) {
        std::map<std::string_view, Rack> by_name;
        for (const PlacementBroker& broker : brokers) {
            Rack& rack = by_name[broker.rack];
            (broker.fenced ? rack.fenced : rack.unfenced).add(broker.id);
            unfenced_ += broker.fenced ? 0 : 1;
        }
        for (auto& [name, rack] : by_name) {
            rack.fenced.start(draws_);
            rack.unfenced.start(draws_);
            racks_.push_back(std::move(rack));
        }
        order_.resize(racks_.size());
        std::iota(order_.begin(), order_.end(), 0);
        offset_ = draws_.below(size_of(order_));
    }

    BrokerIds place(std::int32_t replication_factor) {
        // Every unfenced broker has been first once: a new order, so that not always the same
        // brokers follow each other.
        if (epoch_ == unfenced_ && epoch_ > 1) { shuffle(); }
        if (offset_ == size_of(order_)) { offset_ = 0; }

        BrokerIds replicas;
        std::int32_t leaders_rack = offset_;
        std::int32_t broker = rack(leaders_rack).unfenced.next(epoch_);
        while (broker < 0) {
            leaders_rack = following(leaders_rack);
            broker = rack(leaders_rack).unfenced.next(epoch_);
        }
        replicas.push_back(broker);

        std::int32_t at = offset_;
        while (size_of(replicas) < replication_factor) {
            // The rack of the leader sits out the first round.
            const bool skipped = at == leaders_rack;
            if (skipped) { leaders_rack = -1; }
            broker = skipped ? -1 : rack(at).next(epoch_);
            if (broker >= 0) { replicas.push_back(broker); }
            at = following(at);
        }
        ++epoch_;
        ++offset_;
        return replicas;
    }

private:
    void shuffle() {
        draws_.shuffle(order_);
        for (Rack& rack : racks_) {
            rack.fenced.shuffle(draws_);
            rack.unfenced.shuffle(draws_);
        }
        epoch_ = 0;
    }

    Rack& rack(std::int32_t at) {
        return racks_[static_cast<std::size_t>(order_[static_cast<std::size_t>(at)])];
    }
    std::int32_t following(std::int32_t at) const { return (at + 1) % size_of(order_); }

    PlacementDraws& draws_;
    std::vector<Rack> racks_; ///< by name; no rack is the first
    BrokerIds order_;         ///< numbers of racks
    std::int32_t unfenced_ = 0;
    std::int32_t epoch_ = 0; ///< partitions placed since the last shuffle
    std::int32_t offset_ = 0;
};

/// Goes round the brokers for one topic (Kafka: AdminUtils.assignReplicasToBrokers…).
class RoundRobin {
public:
    RoundRobin(const Brokers& brokers, bool by_rack) : brokers_(brokers) {
        for (const PlacementBroker& broker : brokers_) {
            racks_.insert(broker.rack);
        }
        rack_aware_ = by_rack;
    }

    BrokerIds place(std::int32_t first, std::int32_t shift, std::int32_t replication_factor) const {
        const PlacementBroker& leader = at(first);
        BrokerIds replicas{leader.id};
        std::set<std::string_view> racks_used{leader.rack};
        const std::int32_t stride = rack_aware_ ? static_cast<std::int32_t>(racks_.size()) : 1;
        for (std::int32_t k = 0; size_of(replicas) < replication_factor; ++k) {
            const PlacementBroker& broker = at(follower(first, shift * stride, k));
            if (rack_aware_) {
                const bool other_rack_free = racks_used.size() < racks_.size();
                if (racks_used.contains(broker.rack) && other_rack_free) { continue; }
                if (std::find(replicas.begin(), replicas.end(), broker.id) != replicas.end()) {
                    continue;
                }
                racks_used.insert(broker.rack);
            }
            replicas.push_back(broker.id);
        }
        return replicas;
    }

private:
    const PlacementBroker& at(std::int32_t position) const {
        return brokers_[static_cast<std::size_t>(position)];
    }
    /// Position of follower `k`: never that of the first replica.
    std::int32_t follower(std::int32_t first, std::int32_t shift, std::int32_t k) const {
        const auto count = static_cast<std::int32_t>(brokers_.size());
        return (first + 1 + (shift + k) % (count - 1)) % count;
    }

    const Brokers& brokers_;
    std::set<std::string_view> racks_;
    bool rack_aware_ = false;
};

} // namespace

void PlacementDraws::shuffle(std::vector<std::int32_t>& order) {
    for (std::int32_t left = size_of(order); left > 1; --left) {
        std::swap(order[static_cast<std::size_t>(left - 1)],
                  order[static_cast<std::size_t>(below(left))]);
    }
}

Placement place_striped(const Brokers& brokers, std::int32_t partitions,
                        std::int32_t replication_factor, PlacementDraws& draws) {
    const bool any_unfenced = std::any_of(brokers.begin(), brokers.end(),
                                          [](const auto& broker) { return !broker.fenced; });
    if (replication_factor <= 0 || !any_unfenced ||
        replication_factor > static_cast<std::int32_t>(brokers.size())) {
        return {PlacementError::invalid_replication_factor, {}};
    }
    RackList racks(brokers, draws);
    Placement placement;
    for (std::int32_t p = 0; p < partitions; ++p) {
        placement.replicas.push_back(racks.place(replication_factor));
    }
    return placement;
}

Placement place_round_robin(const Brokers& brokers, const RoundRobinRequest& request,
                            PlacementDraws& draws) {
    const auto count = static_cast<std::int32_t>(brokers.size());
    if (request.partitions <= 0) { return {PlacementError::invalid_partitions, {}}; }
    if (request.replication_factor <= 0 || request.replication_factor > count) {
        return {PlacementError::invalid_replication_factor, {}};
    }
    const auto rackless = std::count_if(brokers.begin(), brokers.end(),
                                        [](const auto& broker) { return broker.rack.empty(); });
    if (rackless > 0 && rackless < count) { return {PlacementError::missing_rack, {}}; }
    const bool by_rack = rackless == 0;

    const Brokers order = by_rack ? rack_alternated(brokers) : brokers;
    const RoundRobin turns(order, by_rack);
    const bool fixed = request.fixed_start >= 0;
    const std::int32_t start = fixed ? request.fixed_start : draws.below(count);
    std::int32_t shift = fixed ? request.fixed_start : draws.below(count);
    Placement placement;
    std::int32_t partition = std::max(request.first_partition, 0);
    for (std::int32_t k = 0; k < request.partitions; ++k, ++partition) {
        // Each time round, other brokers follow the same leaders.
        if (partition > 0 && partition % count == 0) { ++shift; }
        placement.replicas.push_back(
            turns.place((partition + start) % count, shift, request.replication_factor));
    }
    return placement;
}

std::vector<PlacementBroker> rack_alternated(std::vector<PlacementBroker> brokers) {
    std::sort(brokers.begin(), brokers.end(),
              [](const auto& a, const auto& b) { return a.id < b.id; });
    std::map<std::string, Brokers> racks;
    for (PlacementBroker& broker : brokers) {
        racks[broker.rack].push_back(std::move(broker));
    }
    Brokers order;
    for (std::size_t turn = 0; order.size() < brokers.size(); ++turn) {
        for (auto& [name, rack] : racks) {
            if (turn < rack.size()) { order.push_back(rack[turn]); }
        }
    }
    return order;
}

} // namespace brokersim
