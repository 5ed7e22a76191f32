// Parts of random scenarios.
#include "swarm/parts.hpp"

#include <algorithm>

namespace brokersim::test {

namespace {

using Json = nlohmann::ordered_json;

bool one_in(Stream& dice, std::uint64_t n) {
    return dice.below(n) == 0;
}
std::string ms(Stream& dice, std::int64_t low, std::int64_t high) {
    return std::to_string(dice.between(low, high)) + "ms";
}

/// One to three of the brokers for each partition, or null. Not where more replicas ask for more
/// in-sync ones: the leader hears of them later than the trace, and the checker takes what it still
/// acknowledges for too little.
Json random_rows(Stream& dice, const Changeable& cluster, std::size_t topic) {
    const bool may = cluster.factors[topic] >= cluster.min_isr;
    Json rows = Json::array();
    for (std::int64_t k = 0; k < cluster.partitions[topic]; ++k) {
        Json row = Json::array();
        Names left = cluster.brokers;
        const auto most = std::min<std::int64_t>(3, static_cast<std::int64_t>(left.size()));
        const std::int64_t size = dice.between(1, most);
        for (std::int64_t r = 0; r < size; ++r) {
            const auto at = static_cast<std::ptrdiff_t>(dice.below(left.size()));
            row.push_back(left[static_cast<std::size_t>(at)]);
            left.erase(left.begin() + at);
        }
        rows.push_back(!may || one_in(dice, 4) ? Json(nullptr) : row);
    }
    return rows;
}

/// Subject and `config` of a set_config.
void add_settings(Stream& dice, const Changeable& cluster, Json& fault) {
    const std::uint64_t subject = dice.below(4);
    if (subject == 0 && !cluster.groups.empty()) {
        fault["group"] = cluster.groups[dice.below(cluster.groups.size())];
        fault["config"] = {{"max.poll.records", one_in(dice, 2) ? 1 : 50}};
    } else if (subject <= 1 || cluster.zookeeper) {
        fault["producer"] = "p0";
        fault["config"] = {{"linger.ms", one_in(dice, 2) ? 0 : 20},
                           {"batch.size", one_in(dice, 2) ? 500 : 16384}};
    } else if (subject == 2) {
        fault["target"] = cluster.brokers;
        fault["config"] = {{"num.io.threads", one_in(dice, 2) ? 1 : 4},
                           {"log.retention.ms", 30000}};
    } else {
        fault["topic"] = cluster.topics[dice.below(cluster.topics.size())];
        fault["config"] = {{"min.insync.replicas", dice.between(1, 2)}};
        if (one_in(dice, 4)) { fault["config"]["unclean.leader.election.enable"] = true; }
        if (one_in(dice, 4)) { fault["config"]["retention.ms"] = 30000; }
    }
}

} // namespace

Json random_network(Stream& dice) {
    Json net = Json::object();
    if (one_in(dice, 2)) {
        net["latency"] = {{"lognormal", {{"median", "250us"}, {"p99", "2ms"}}}};
    } else if (one_in(dice, 4)) {
        net["latency"] = {{"pareto", {{"min", "100us"}, {"alpha", 1.5}, {"max", "50ms"}}}};
    }
    if (one_in(dice, 5)) { net["loss"] = one_in(dice, 2) ? "0.1%" : "1%"; }
    if (one_in(dice, 6)) { net["bandwidth"] = one_in(dice, 2) ? "10Mbit/s" : "1Gbit/s"; }
    return net;
}

bool add_change(Stream& dice, const Changeable& cluster, Json& fault) {
    if (cluster.zookeeper && (fault["do"] == "add_broker" || fault["do"] == "reassign")) {
        fault["do"] = "set_config";
    }
    if (fault["do"] == "add_broker") {
        if (one_in(dice, 2)) { fault["rack"] = "az9"; }
    } else if (fault["do"] == "reassign") {
        if (one_in(dice, 3)) { fault["for"] = ms(dice, 100, 10000); }
        const std::size_t topic = dice.below(cluster.topics.size());
        fault["topic"] = cluster.topics[topic];
        fault["assignment"] = random_rows(dice, cluster, topic);
    } else if (fault["do"] == "set_config") {
        if (one_in(dice, 2)) { fault["for"] = ms(dice, 100, 20000); }
        add_settings(dice, cluster, fault);
    } else {
        return false;
    }
    return true;
}

} // namespace brokersim::test
