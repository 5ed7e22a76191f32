// A scenario as plain data: everything a run depends on, resolved (defaults filled in, units
// turned into integers, names into positions). The JSON form is docs/scenario-format.md;
// sim/scenario reads it, and a program may fill the structs itself.
#pragma once

#include "brokersim/config.hpp"
#include "brokersim/ids.hpp"
#include "brokersim/release.hpp"
#include "brokersim/time.hpp"
#include "brokersim/words.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace brokersim {

/// A share in billionths: 0 … 1'000'000'000.
struct Ratio {
    static constexpr std::int64_t one = 1'000'000'000;
    std::int64_t ppb = 0;
    friend constexpr auto operator<=>(Ratio, Ratio) = default;
};

/// A distribution of durations. Sampled in integers (sim/engine/distribution.hpp).
struct Distribution {
    enum class Kind : std::uint8_t { constant, uniform, exponential, lognormal, pareto, quantiles };
    /// The value below which a share of all draws lies; straight lines between points.
    struct Point {
        Ratio share{}; ///< 0 … 1; the first point has 0, the last 1
        Duration value{};
    };
    Kind kind = Kind::constant;
    Duration
        a{}; ///< constant: value; uniform: low; exponential: mean; lognormal: median; pareto: min
    Duration b{}; ///< uniform: high (inclusive); lognormal: 99th percentile; pareto: max
    std::optional<Duration> min, max; ///< clamps
    std::int64_t alpha_ppb = 0;       ///< pareto: its exponent in billionths, more than 0
    std::vector<Point> points = {};   ///< quantiles: share and value grow

    static Distribution constant(Duration d) { return {Kind::constant, d, d, {}, {}, 0, {}}; }
    static Distribution uniform(Duration low, Duration high) {
        return {Kind::uniform, low, high, {}, {}, 0, {}};
    }
};

/// Events per second as a ratio of integers: `count` per `per`. 1000/s = {1000, 1 s}.
/// Decimals are kept exactly: 0.5/s = {1, 2 s}. count 0: nothing ever happens.
struct Rate {
    std::int64_t count = 0;
    Duration per = seconds(1);
};

/// A rate from `at` on: at once, or reached there on a straight line from the point before.
struct RatePoint {
    Time at{};
    Rate rate;
    bool ramp = false;
};

/// Bytes per second. 0 = unlimited.
using Bandwidth = std::int64_t;

struct Lesson {
    std::string question;
    std::vector<std::string> watch;
    std::string answer;
    std::string next;
};

struct LinkSpec {
    std::string from, to; ///< machine names
    std::optional<Distribution> latency;
    std::optional<Bandwidth> bandwidth;
    std::optional<Ratio> loss;
};

/// What every pair of machines in different zones has instead of the network's own.
struct BetweenZones {
    std::optional<Distribution> latency;
    std::optional<Bandwidth> bandwidth; ///< of each pair and direction
    std::optional<Ratio> loss;
};

struct NetworkSpec {
    Distribution latency = Distribution::constant(microseconds(250));
    Bandwidth bandwidth = 1'250'000'000; ///< 10 Gbit/s per machine and direction
    Ratio loss{};                        ///< of each message: it is sent again
    std::vector<LinkSpec> links;         ///< later ones win; `both_ways` already doubled
    /// Zones by name, racks of brokers included; a machine is in one at most.
    std::map<std::string, std::vector<std::string>> zones;
    BetweenZones between_zones;
};

/// Who keeps the metadata: a quorum of controllers, or a ZooKeeper ensemble.
enum class ControlPlaneMode : std::uint8_t { kraft, zookeeper };

struct ControlPlaneSpec {
    ControlPlaneMode mode = ControlPlaneMode::kraft;
    std::int32_t controllers = 3; ///< kraft: c1 … cN
    std::int32_t servers = 3;     ///< zookeeper: z1 … zN
    /// The feature eligible.leader.replicas.version is at level 1 (KIP-966).
    bool eligible_leader_replicas = false;
    bool combined = false; ///< they are roles of the first brokers' processes
    ServerConfig config;
};

/// Time a request handler is busy: per_request + bytes × per_byte (millionths of a nanosecond).
struct CpuSpec {
    Duration per_request = microseconds(20);
    std::int64_t per_byte_millionths = 100'000; ///< 0.1 ns
};

struct DiskSpec {
    Bandwidth write = 500'000'000;
    Bandwidth read = 500'000'000;
    Duration fsync = milliseconds(2);
    std::int64_t page_cache = std::int64_t{8} << 30;
    Duration writeback = seconds(30);
};

struct BrokerSpec {
    std::string name; ///< "b1"
    std::string rack; ///< empty = none
    ServerConfig config;
    CpuSpec cpu;
    DiskSpec disk;
    /// From the start of its process to its first request; 0.9 to 1.4 s unless said otherwise.
    Distribution start_up = Distribution::uniform(milliseconds(900), milliseconds(1400));
};

struct TopicSpec {
    std::string name;
    std::int32_t partitions = 1;
    std::int32_t replication_factor = 3;
    /// Broker positions (0 = b1) per partition; empty = Kafka's placement algorithm.
    std::vector<std::vector<std::int32_t>> assignment;
    TopicConfig config;
    /// Settings that it has of its own, by Kafka's names: the brokers' defaults do not reach them.
    std::vector<std::string> own_settings;
};

/// One of Kafka's settings that is changed while the cluster runs.
template <class Config>
struct SettingEdit {
    std::string name;                   ///< as Kafka calls it there
    std::function<void(Config&)> set;   ///< to the new value
    std::function<void(Config&)> reset; ///< to what the scenario began with
};

/// Keys of the records. none: null keys.
struct KeySpec {
    enum class Kind : std::uint8_t { none, list, sequence, uniform, zipf };
    Kind kind = Kind::none;
    std::int64_t count = 0;        ///< sequence, uniform, zipf: k0 … k(count-1)
    std::vector<std::string> list; ///< goes round in order
    std::int64_t exponent_ppb = 0; ///< zipf, in billionths: rank r has a weight of 1/r^exponent
};

/// Which records of a producer fail when they are processed. Any of the ways makes one poisonous.
struct PoisonSpec {
    std::int64_t every = 0;            ///< records every-1, 2·every-1, …, from 0; 0 = none
    Ratio ratio{};                     ///< drawn for each record
    std::vector<std::int64_t> at;      ///< positions in the order of send(), from 0, ascending
    std::vector<std::string> keys;     ///< records with one of these keys
    std::optional<std::int64_t> fails; ///< how often, for each group, before it works; none: always
};

/// What send() costs the application's thread, for each record.
struct SendCost {
    Duration per_record{};
    std::int64_t per_byte_millionths = 0; ///< millionths of a nanosecond
};

/// One producer process (an entry with `instances` N gives N of these).
struct ProducerSpec {
    std::string name;       ///< of the machine: "orders", or "orders-1" …
    std::int32_t topic = 0; ///< position in Scenario::topics
    Rate rate;
    std::vector<RatePoint> profile; ///< in the order of time; empty: `rate` all along
    /// At most this many records outstanding, the next when one completes; instead of a rate.
    std::optional<std::int64_t> closed_loop;
    bool poisson = false; ///< arrivals; else constant
    std::int32_t burst = 1;
    std::int64_t size = 1024;          ///< bytes of a record's value
    std::optional<Distribution> sizes; ///< drawn for each record instead; a nanosecond is a byte
    KeySpec keys;
    PoisonSpec poison;
    SendCost cpu;
    std::optional<std::int32_t> partition; ///< explicit partition
    Time start{};
    std::optional<Time> stop;          ///< exclusive
    std::optional<std::int64_t> count; ///< records handed to send()
    ProducerConfig config;
};

/// Whether `machine` is one of several instances of the producer `entry`: NAME-1, NAME-2 …
constexpr bool is_instance(std::string_view machine, std::string_view entry) {
    if (machine.size() <= entry.size() + 1 || !machine.starts_with(entry) ||
        machine[entry.size()] != '-') {
        return false;
    }
    for (const char c : machine.substr(entry.size() + 1)) {
        if (c < '0' || c > '9') { return false; }
    }
    return true;
}

enum class CommitMode : std::uint8_t { automatic, after_processing, before_processing };

/// What a member does with a record that fails again and again.
enum class FailurePolicy : std::uint8_t { block, discard, dead_letter, crash };
template <>
inline constexpr std::string_view words_of<FailurePolicy>[] = {"block", "discard", "dead_letter",
                                                               "crash"};

struct FailureSpec {
    std::int64_t retries = 0; ///< attempts after the first; without end for `block`
    Duration backoff = seconds(1);
    FailurePolicy then = FailurePolicy::block;
};

struct ConsumerGroupSpec {
    std::string group;
    std::vector<std::int32_t> topics; ///< positions in Scenario::topics
    std::int32_t members = 1;         ///< machines GROUP-1 …
    Duration join_every{};
    Time start{};
    std::optional<Time> stop;
    Distribution processing = Distribution::constant(milliseconds(1));
    std::int32_t concurrency = 1; ///< records in work at once; records of one key stay in order
    FailureSpec on_failure;
    /// Position in Scenario::topics where dead letters go (dead_letter only).
    std::optional<std::int32_t> dead_letter_topic;
    ProducerConfig producer_config;        ///< of the members' own producers (dead_letter only)
    std::optional<Duration> restart_after; ///< crash: the process starts again
    CommitMode commit = CommitMode::automatic;
    ConsumerConfig config;
};

/// Who a fault hits: names, or a role that is resolved when the fault begins.
struct TargetSpec {
    enum class Kind : std::uint8_t {
        machines,
        leader,
        follower,
        isr,
        controller,
        coordinator,
        member,
        random_broker,
        several
    };
    Kind kind = Kind::machines;
    std::vector<std::string> machines;
    std::string topic;             ///< leader, follower, isr
    std::int32_t partition = 0;    ///< leader, follower, isr
    std::string group;             ///< coordinator, member
    std::int32_t member = 0;       ///< member: 1-based
    std::vector<TargetSpec> parts; ///< several: resolved one after the other, each machine once
    std::string text;              ///< as written, for messages
};

/// A state of the cluster that a fault waits for.
struct StateSpec {
    enum class Kind : std::uint8_t {
        isr_size,  ///< the partition has `value` in-sync replicas
        leader,    ///< `name` leads the partition; empty: nobody does
        lag_above, ///< the group `name` is more than `value` records behind
        acked,     ///< `value` records of the producer `name` are acknowledged; empty: of all
        elected    ///< `name` (empty: anybody) has been elected since the start of the run
    };
    Kind kind{};
    std::string topic;          ///< isr_size, leader, elected; empty there: the controller
    std::int32_t partition = 0; ///< of `topic`
    std::string name;
    std::int64_t value = 0;
};

struct FaultSpec {
    std::string id;
    FaultAction action{};
    Time at{};
    /// Position of another fault in Scenario::faults: begins `delay` after each of its begins.
    std::optional<std::int32_t> after;
    Duration delay{};
    std::optional<Duration> every;     ///< begins again and again, first at `at`
    std::optional<Rate> rate;          ///< begins at random, so often on average
    std::optional<std::int64_t> count; ///< every, rate: at most so often
    /// Begins once, after the event by which all of these have come to hold. Empty: not so.
    std::vector<StateSpec> when;
    std::optional<Duration> lasts;       ///< `for`
    TargetSpec target;                   ///< of everything but `cut` and `partition`
    TargetSpec from, to;                 ///< cut; move_leader: `to`
    bool all_cuts = false;               ///< heal without target
    std::vector<TargetSpec> groups;      ///< partition: machines of different ones lose their links
    std::optional<Distribution> latency; ///< slow_network: added
    std::optional<Ratio> loss;           ///< slow_network: instead of the link's
    std::optional<Bandwidth> bandwidth;  ///< slow_network: instead of the machine's
    /// slow_cpu: handlers take this many billionths as long; slow_disk: everything; 0: not said
    std::int64_t factor_ppb = 0;
    std::optional<Bandwidth> write; ///< slow_disk: instead of the disk's own
    Duration gap{};                 ///< rolling_restart: from one start to the next stop
    std::optional<Api> api;         ///< drop_requests: only these
    std::string topic;              ///< move_leader, reassign, set_config
    std::int32_t partition = 0;     ///< move_leader: of `topic`
    std::string producer;           ///< set_rate, set_config: as in `producers`, all instances
    Rate new_rate;                  ///< set_rate
    std::string group;              ///< resize_group, set_config
    std::int32_t members = 0;       ///< resize_group; add_broker: how many it adds in all
    Duration by{};                  ///< skew_clock: so far ahead, or behind if negative
    /// reassign: broker positions per partition, in order; an empty list leaves it as it is.
    std::vector<std::vector<std::int32_t>> assignment;
    /// set_config: the lists that fit its subject. Brokers have both of the first two: settings of
    /// their own, and defaults for topics (by the topics' names).
    std::vector<SettingEdit<ServerConfig>> server_edits;
    std::vector<SettingEdit<TopicConfig>> topic_edits;
    std::vector<SettingEdit<ProducerConfig>> producer_edits;
    std::vector<SettingEdit<ConsumerConfig>> consumer_edits;
};

enum class Comparator : std::uint8_t { equals, below, above, between };

/// One expectation. Values are in the metric's unit: nanoseconds for durations, millionths of a
/// record per second for rates, millionths for ratios, records or counts as they are.
struct ExpectSpec {
    enum class Kind : std::uint8_t {
        no_acked_loss,
        acked_lost,
        leader,
        isr,
        metric,
        event,
        converged
    };
    Kind kind = Kind::no_acked_loss;
    std::string text;       ///< the JSON of the expectation, one line, for the report
    bool wanted = true;     ///< no_acked_loss, converged: true or false
    std::optional<Time> at; ///< leader, isr (required there)
    /// leader: "orders/0" → one name ("" = none); isr: → names.
    std::map<std::string, std::vector<std::string>> partitions;
    std::string metric;
    std::string event; ///< its name in a trace
    /// event: fields and the values they must have, as JSON text without spaces, as in a trace.
    std::vector<std::pair<std::string, std::string>> where;
    Comparator comparator{};
    std::int64_t value = 0, upper = 0; ///< between: [value, upper]
    // Filters of a metric; empty = all.
    std::optional<std::string> topic, producer, group, broker;
    std::optional<std::string> partition; ///< "orders/0" or a number with `topic`
    std::optional<Side> side;
    std::optional<Time> from, to;
};

/// A whole scenario. See docs/scenario-format.md for what each key means.
struct Scenario {
    std::string name;
    std::string description;
    std::optional<Lesson> lesson;
    Release kafka_version = Release::v4_0; ///< whose rules and defaults hold
    std::uint64_t seed = 1;
    Duration duration = seconds(60);
    Duration warmup{};
    Duration drain{};
    bool heal = false; ///< lift all faults at `duration`, require convergence
    Duration outage_threshold = seconds(1);
    NetworkSpec network;
    ControlPlaneSpec control_plane;
    bool cold_start = false; ///< at t = 0 only processes start; the cluster has to form
    std::vector<BrokerSpec> brokers;
    std::int32_t added_brokers = 0; ///< the last so many of them come by `add_broker`
    std::vector<TopicSpec> topics;
    std::vector<ProducerSpec> producers;
    std::vector<ConsumerGroupSpec> consumers;
    std::vector<FaultSpec> faults;
    std::vector<ExpectSpec> expect;
    /// Cluster-wide broker settings that differ from the defaults: Kafka's name → JSON value.
    std::vector<std::pair<std::string, std::string>> changed_settings;
    std::string digest; ///< of the resolved scenario, "xxh3:" + 32 digits
};

} // namespace brokersim
