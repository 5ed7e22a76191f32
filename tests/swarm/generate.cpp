// Draws a cluster, its load and its faults.
#include "swarm/generate.hpp"

#include "engine/random.hpp"
#include "swarm/parts.hpp"

#include <nlohmann/json.hpp>

#include <initializer_list>
#include <utility>
#include <vector>

namespace brokersim::test {

namespace {

using Json = nlohmann::ordered_json;

class Generator {
public:
    explicit Generator(std::uint64_t seed)
        : dice_(seed, {"swarm"}), ensemble_dice_(seed, {"swarm zookeeper"}),
          release_dice_(seed, {"swarm release"}), seed_(seed),
          zookeeper_(ensemble_dice_.below(4) == 0) {}

    Json scenario() {
        Json s;
        s["format"] = 1;
        s["name"] = "swarm-" + std::to_string(seed_);
        s["seed"] = seed_;
        duration_ = dice_.between(20, 60);
        s["duration"] = std::to_string(duration_) + "s";
        s["drain"] = "360s";
        s["heal"] = true;
        if (one_in(8) && !zookeeper_) { s["cold_start"] = true; }
        Json net = random_network(dice_);
        if (!net.empty()) { s["network"] = net; }
        controllers_ = one_in(3) ? 3 : 1;
        s["control_plane"] = {
            {"controllers", controllers_},
            {"config", {{"leader.imbalance.check.interval.seconds", pick({5, 10, 300})}}}};
        if (zookeeper_) { ensemble(s); }
        brokers(s);
        if (brokers_ >= controllers_ && one_in(6) && !zookeeper_) {
            s["control_plane"]["combined"] = true;
            if (controllers_ == 1) { machines_.pop_back(); }
        }
        topics(s);
        producers(s);
        consumers(s);
        cluster_.topics = topic_names_;
        cluster_.brokers = broker_names_;
        cluster_.groups = groups_;
        cluster_.zookeeper = zookeeper_;
        faults(s);
        if (!zookeeper_) { release(s); }
        return s;
    }

private:
    /// From a stream of its own: the same seed has the same cluster and faults in every release.
    void release(Json& s) {
        constexpr const char* releases[] = {"3.9", "4.0", "4.0", "4.1"};
        const std::string release = releases[release_dice_.below(4)];
        s["kafka_version"] = release;
        if (release != "3.9" && release_dice_.below(2) == 0) {
            s["control_plane"]["features"] = {
                {"eligible.leader.replicas.version", release_dice_.below(3) == 0 ? 0 : 1}};
        }
    }

    bool one_in(std::uint64_t n) { return dice_.below(n) == 0; }
    std::int64_t pick(std::initializer_list<std::int64_t> list) {
        return list.begin()[dice_.below(list.size())];
    }
    std::string pick(std::initializer_list<const char*> list) {
        return list.begin()[dice_.below(list.size())];
    }
    const std::string& pick(const std::vector<std::string>& list) {
        return list[dice_.below(list.size())];
    }
    std::string ms(std::int64_t low, std::int64_t high) {
        return std::to_string(dice_.between(low, high)) + "ms";
    }

    /// Instead of the controllers that the other dice have drawn.
    void ensemble(Json& s) {
        controllers_ = 0;
        servers_ = ensemble_dice_.below(3) == 0 ? 1 : 3;
        constexpr std::int64_t sessions[] = {4000, 6000, 18000};
        s["control_plane"] = {
            {"mode", "zookeeper"},
            {"servers", servers_},
            {"config",
             {{"zookeeper.session.timeout.ms", sessions[ensemble_dice_.below(3)]},
              {"leader.imbalance.check.interval.seconds",
               s["control_plane"]["config"]["leader.imbalance.check.interval.seconds"]}}}};
    }

    void brokers(Json& s) {
        brokers_ = dice_.between(1, 4);
        Json config = Json::object();
        if (one_in(2)) {
            cluster_.min_isr = dice_.between(1, 2);
            config["min.insync.replicas"] = cluster_.min_isr;
        }
        if (one_in(5)) { config["unclean.leader.election.enable"] = true; }
        if (one_in(3)) { config["replica.lag.time.max.ms"] = pick({5000, 10000}); }
        if (one_in(4)) { config["num.io.threads"] = pick({1, 2}); }
        if (one_in(6)) { config["group.initial.rebalance.delay.ms"] = 0; }
        s["brokers"] = {{"count", brokers_}, {"config", config}};
        if (one_in(4)) {
            racks_ = true;
            s["brokers"]["racks"] = {"az1", "az2"};
        }
        if (one_in(5)) { s["brokers"]["cpu"] = {{"per_request", pick({"200us", "2ms"})}}; }
        for (std::int64_t k = 1; k <= brokers_; ++k)
            broker_names_.push_back("b" + std::to_string(k));
        machines_ = broker_names_;
        if (controllers_ == 1) { machines_.emplace_back("c1"); }
        for (std::int64_t k = 1; k <= servers_; ++k) {
            machines_.push_back("z" + std::to_string(k));
        }
    }

    void topics(Json& s) {
        Json list = Json::array();
        for (const char* name : {"orders", "payments"}) {
            if (!list.empty() && !one_in(3)) { break; }
            Json topic{{"name", name}, {"partitions", dice_.between(1, 4)}};
            partitions_.push_back(std::string(name) + "/0");
            topic["replication_factor"] = dice_.between(1, std::min<std::int64_t>(3, brokers_));
            if (one_in(6)) { topic["config"] = {{"retention.ms", 20000}, {"segment.ms", 5000}}; }
            list.push_back(topic);
            topic_names_.emplace_back(name);
            cluster_.partitions.push_back(topic["partitions"].get<std::int64_t>());
            cluster_.factors.push_back(topic["replication_factor"].get<std::int64_t>());
        }
        s["topics"] = list;
    }

    void producers(Json& s) {
        Json list = Json::array();
        const std::int64_t count = dice_.between(1, 4);
        for (std::int64_t k = 0; k < count; ++k) {
            Json p{{"name", "p" + std::to_string(k)}, {"topic", pick(topic_names_)}};
            load(p);
            Json config{{"linger.ms", pick({0, 5, 50})}};
            const std::string acks = pick({"all", "all", "all", "1", "0"});
            config["acks"] = acks;
            if (acks != "all" || one_in(3)) { config["enable.idempotence"] = false; }
            if (one_in(5)) {
                config["delivery.timeout.ms"] = 5000;
                config["request.timeout.ms"] = 2000;
            }
            if (one_in(4)) { config["batch.size"] = pick({0, 300, 2000}); }
            if (one_in(6)) {
                config["buffer.memory"] = 20000;
                config["max.block.ms"] = pick({100, 2000});
            }
            p["config"] = config;
            machines_.push_back("p" + std::to_string(k));
            list.push_back(p);
        }
        s["producers"] = list;
    }

    void load(Json& p) {
        if (one_in(6)) {
            p["closed_loop"] = dice_.between(1, 20);
            p["count"] = 3000;
        } else if (one_in(5)) {
            p["rate"] = {{{"at", "0s"}, {"rate", "10/s"}},
                         {{"at", "10s"}, {"rate", "200/s"}, {"ramp", true}}};
        } else {
            p["rate"] = std::to_string(pick({5, 20, 100, 400})) + "/s";
        }
        p["size"] = one_in(5) ? Json{{"uniform", {"10B", "2KiB"}}}
                              : Json(std::to_string(pick({10, 200, 1000})) + "B");
        if (!p.contains("closed_loop") && one_in(3)) { p["burst"] = pick({3, 20}); }
        if (!p.contains("closed_loop") && one_in(3)) { p["arrivals"] = "poisson"; }
        if (one_in(4)) {
            p["partition"] = 0;
        } else if (one_in(3)) {
            p["keys"] = {{"uniform", {{"count", dice_.between(1, 20)}}}};
        } else if (one_in(4)) {
            p["keys"] = {{"zipf", {{"count", 50}, {"exponent", 1.1}}}};
        } else if (one_in(3)) {
            p["partitioner"] = "round_robin";
        }
        if (one_in(8)) {
            p["poison"] = {{"at", {dice_.between(0, 100)}}, {"fails", dice_.between(1, 3)}};
        } else if (one_in(5)) {
            much_poison_ = true;
            p["poison"] = {{"every", dice_.between(50, 200)}};
            if (one_in(2)) { p["poison"]["fails"] = dice_.between(1, 3); }
        }
    }

    void consumers(Json& s) {
        Json list = Json::array();
        const std::int64_t count = dice_.between(0, 2);
        for (std::int64_t g = 0; g < count; ++g) {
            const std::string group = "g" + std::to_string(g);
            const std::int64_t members = dice_.between(1, 3);
            Json c{{"group", group}, {"topics", {pick(topic_names_)}}, {"members", members}};
            Json config{{"auto.offset.reset", pick({"earliest", "latest"})}};
            if (one_in(2)) {
                config["session.timeout.ms"] = 6000;
                config["heartbeat.interval.ms"] = 2000;
            }
            if (one_in(3)) { config["partition.assignment.strategy"] = "roundrobin"; }
            if (one_in(5)) { config["group.instance.id"] = group; }
            if (one_in(4)) { config["max.poll.records"] = pick({1, 20}); }
            c["config"] = config;
            c["commit"] = pick({"auto", "after_processing", "before_processing"});
            c["processing"] = {{"time", pick({"0ns", "100us", "1ms"})}};
            if (one_in(5)) { c["processing"]["concurrency"] = dice_.between(2, 4); }
            failures(c);
            if (one_in(4)) { c["join"] = {{"every", ms(100, 4000)}}; }
            for (std::int64_t k = 1; k <= members; ++k) {
                machines_.push_back(group + "-" + std::to_string(k));
            }
            list.push_back(c);
            groups_.push_back(group);
        }
        s["consumers"] = list;
    }

    /// No `block`, and no crash over poison that is always there or often: each crash costs a
    /// session and the work of a whole poll, and that would not come to rest in any reasonable
    /// time.
    void failures(Json& c) {
        const std::string then = much_poison_ ? pick({"discard", "dead_letter"})
                                              : pick({"discard", "dead_letter", "crash"});
        c["on_failure"] = {{"retries", dice_.between(0, 3)}, {"backoff", "50ms"}, {"then", then}};
        if (then == "crash") { c["restart_after"] = "2s"; }
    }

    void faults(Json& s) {
        Json list = Json::array();
        const std::int64_t count = dice_.between(0, 5);
        for (std::int64_t k = 0; k < count; ++k) {
            Json f{{"id", "f" + std::to_string(k)}};
            if (k > 0 && one_in(6)) {
                f["after"] = "f" + std::to_string(dice_.below(static_cast<std::uint64_t>(k)));
                f["delay"] = ms(0, 8000);
            } else if (one_in(8)) {
                f["every"] = ms(5000, 15000);
                f["count"] = dice_.between(1, 3);
            } else if (one_in(8)) {
                f["rate"] = std::to_string(dice_.between(1, 12)) + "/min";
                f["count"] = 3;
            } else if (one_in(5)) {
                f["when"] = state();
            } else {
                f["at"] = ms(3000, duration_ * 800);
            }
            action(f);
            list.push_back(f);
        }
        s["faults"] = list;
    }

    /// Something that a fault waits for, and that happens in many runs.
    Json state() {
        switch (dice_.below(5)) {
        case 0: return {{"isr_size", {{pick(partitions_), 1}}}};
        case 1: return {{"leader", {{pick(partitions_), pick(broker_names_)}}}};
        case 2: return {{"acked", dice_.between(1, 2000)}};
        case 3:
            if (!groups_.empty()) { return {{"lag_above", {{pick(groups_), 50}}}}; }
            break;
        default: break;
        }
        return {{"elected", one_in(4) ? "controller" : pick(partitions_)}};
    }

    void action(Json& f) {
        const std::string what =
            pick({"crash",           "crash",         "crash",      "stop",
                  "restart",         "pause",         "isolate",    "cut",
                  "partition",       "slow_network",  "slow_cpu",   "power_loss",
                  "rolling_restart", "drop_requests", "slow_disk",  "stall_disk",
                  "lose_disk",       "move_leader",   "set_config", "skew_clock",
                  "fill_disk",       "reassign",      "add_broker"});
        f["do"] = what;
        if (add_change(dice_, cluster_, f)) { return; }
        if (what != "restart" && what != "rolling_restart" && what != "move_leader") {
            f["for"] = ms(100, 20000);
        }
        keep_survivable(f, what);
        if (what == "rolling_restart") {
            f["target"] = broker_names_;
            f["gap"] = ms(0, 12000);
            return;
        }
        if (what == "move_leader") {
            f["partition"] = pick(partitions_);
            f["to"] =
                one_in(2) ? "follower:" + f["partition"].get<std::string>() : pick(broker_names_);
            return;
        }
        if (what == "cut") {
            f["from"] = pick(machines_);
            f["to"] = pick(machines_);
            if (f["from"] == f["to"]) {
                f["do"] = "isolate";
                f["target"] = f["from"];
                f.erase("from");
                f.erase("to");
            }
            return;
        }
        if (what == "partition") {
            f["groups"] = halves();
            return;
        }
        f["target"] = target(what == "slow_cpu" || what == "power_loss" || what.ends_with("_disk"));
        if (what == "slow_disk") {
            if (one_in(2)) {
                f["factor"] = pick({2, 1000});
            } else {
                f["write"] = pick({"1KB/s", "1MB/s"});
            }
        }
        if (what == "drop_requests") { f["api"] = request(); }
        if (what == "slow_network") {
            f["latency"] = pick({"5ms", "100ms"});
            if (one_in(2)) { f["loss"] = "5%"; }
        }
        if (what == "skew_clock") { f["by"] = pick({"2h", "10s", "-30s", "-2h"}); }
        if (what == "slow_cpu") { f["factor"] = pick({2, 50}); }
    }

    /// Not JoinGroup: a member waits for its answer for longer than the drain.
    std::string request() {
        const std::string api =
            pick({"Produce", "Fetch", "Metadata", "BrokerHeartbeat", "AlterPartition",
                  "FetchMetadata", "OffsetCommit", "Heartbeat", "FindCoordinator"});
        if (!zookeeper_ || ensemble_dice_.below(2) != 0) { return api; }
        constexpr const char* own[] = {"ZooKeeper", "ZooKeeperQuorum", "LeaderAndIsr",
                                       "UpdateMetadata", "ControlledShutdown"};
        return own[ensemble_dice_.below(5)];
    }

    /// Two that lose what they had of a group's log let its generations begin again.
    void keep_survivable(Json& f, const std::string& what) {
        if (what == "lose_disk" && !may_lose_a_disk()) { f["do"] = "power_loss"; }
        if (f["do"] == "power_loss" && !groups_.empty() && brokers_ < 3) { f["do"] = "crash"; }
    }

    /// Once in a run, and not with groups: their offsets would be gone where just this replica has
    /// been in sync, and generations would begin again.
    bool may_lose_a_disk() {
        if (!groups_.empty() || brokers_ < 3) { return false; }
        return !std::exchange(disk_lost_, true);
    }

    /// Two groups of machines that lose their links to each other.
    Json halves() {
        Json left = Json::array({machines_.front()});
        Json right = Json::array({machines_.back()});
        for (std::size_t k = 1; k + 1 < machines_.size(); ++k) {
            if (one_in(4)) { continue; }
            (one_in(2) ? left : right).push_back(machines_[k]);
        }
        return Json::array({left, right});
    }

    Json target(bool brokers_only) {
        if (one_in(4)) { return pick({"leader:", "follower:", "isr:"}) + pick(partitions_); }
        if (one_in(8)) { return "random:broker"; }
        if (racks_ && one_in(6)) { return "zone:az1"; }
        if (brokers_only || one_in(2)) { return pick(broker_names_); }
        return pick(machines_);
    }

    Stream dice_;
    Stream ensemble_dice_, release_dice_; ///< apart, so that all other draws stay what they are
    std::uint64_t seed_;
    bool zookeeper_;
    std::int64_t duration_ = 0;
    std::int64_t brokers_ = 0;
    int controllers_ = 1;
    std::int64_t servers_ = 0;
    bool racks_ = false, much_poison_ = false, disk_lost_ = false;
    Changeable cluster_;
    std::vector<std::string> broker_names_, machines_, topic_names_, partitions_, groups_;
};

} // namespace

std::string random_scenario(std::uint64_t seed) {
    return Generator(seed).scenario().dump(2) + "\n";
}

} // namespace brokersim::test
