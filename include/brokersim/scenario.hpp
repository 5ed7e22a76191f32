// A scenario as plain data: everything a run depends on, resolved (defaults filled in, units
// turned into integers, names into positions). The JSON form is docs/scenario-format.md;
// sim/scenario reads it, and a program may fill the structs itself.
#pragma once

#include "brokersim/config.hpp"
#include "brokersim/ids.hpp"
#include "brokersim/time.hpp"
#include "brokersim/words.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace brokersim {

/// A distribution of durations. Sampled in integers (sim/engine/distribution.hpp).
struct Distribution {
    enum class Kind : std::uint8_t { constant, uniform, exponential, lognormal };
    Kind kind = Kind::constant;
    Duration a{}; ///< constant: value; uniform: low; exponential: mean; lognormal: median
    Duration b{}; ///< uniform: high (inclusive); lognormal: 99th percentile
    std::optional<Duration> min, max; ///< clamps

    static Distribution constant(Duration d) { return {Kind::constant, d, d, {}, {}}; }
};

/// Events per second as a ratio of integers: `count` per `per`. 1000/s = {1000, 1 s}.
/// Decimals are kept exactly: 0.5/s = {1, 2 s}. count 0: nothing ever happens.
struct Rate {
    std::int64_t count = 0;
    Duration per = seconds(1);
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
};

struct NetworkSpec {
    Distribution latency = Distribution::constant(microseconds(250));
    Bandwidth bandwidth = 1'250'000'000; ///< 10 Gbit/s per machine and direction
    std::vector<LinkSpec> links;         ///< later ones win; `both_ways` already doubled
};

struct ControlPlaneSpec {
    std::int32_t controllers = 3;
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
};

struct TopicSpec {
    std::string name;
    std::int32_t partitions = 1;
    std::int32_t replication_factor = 3;
    /// Broker positions (0 = b1) per partition; empty = Kafka's placement algorithm.
    std::vector<std::vector<std::int32_t>> assignment;
    TopicConfig config;
};

/// Keys of the records. none: null keys.
struct KeySpec {
    enum class Kind : std::uint8_t { none, list, sequence, uniform };
    Kind kind = Kind::none;
    std::int64_t count = 0;        ///< sequence, uniform: k0 … k(count-1)
    std::vector<std::string> list; ///< goes round in order
};

/// One producer process (an entry with `instances` N gives N of these).
struct ProducerSpec {
    std::string name;       ///< of the machine: "orders", or "orders-1" …
    std::int32_t topic = 0; ///< position in Scenario::topics
    Rate rate;
    bool poisson = false; ///< arrivals; else constant
    std::int32_t burst = 1;
    std::int64_t size = 1024; ///< bytes of a record's value
    KeySpec keys;
    std::optional<std::int32_t> partition; ///< explicit partition
    Time start{};
    std::optional<Time> stop;          ///< exclusive
    std::optional<std::int64_t> count; ///< records handed to send()
    ProducerConfig config;
};

enum class CommitMode : std::uint8_t { automatic, after_processing, before_processing };

struct ConsumerGroupSpec {
    std::string group;
    std::vector<std::int32_t> topics; ///< positions in Scenario::topics
    std::int32_t members = 1;         ///< machines GROUP-1 …
    Duration join_every{};
    Time start{};
    std::optional<Time> stop;
    Distribution processing = Distribution::constant(milliseconds(1));
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
        random_broker
    };
    Kind kind = Kind::machines;
    std::vector<std::string> machines;
    std::string topic;          ///< leader, follower, isr
    std::int32_t partition = 0; ///< leader, follower, isr
    std::string group;          ///< coordinator, member
    std::int32_t member = 0;    ///< member: 1-based
    std::string text;           ///< as written, for messages
};

struct FaultSpec {
    std::string id;
    FaultAction action{};
    Time at{};
    std::optional<Duration> lasts; ///< `for`
    TargetSpec target;             ///< of everything but `cut`
    TargetSpec from, to;           ///< cut
    bool all_cuts = false;         ///< heal without target
};

enum class Comparator : std::uint8_t { equals, below, above, between };

/// One expectation. Values are in the metric's unit: nanoseconds for durations, millionths of a
/// record per second for rates, records or counts as they are.
struct ExpectSpec {
    enum class Kind : std::uint8_t { no_acked_loss, acked_lost, leader, isr, metric };
    Kind kind = Kind::no_acked_loss;
    std::string text;       ///< the JSON of the expectation, one line, for the report
    bool wanted = true;     ///< no_acked_loss: true or false
    std::optional<Time> at; ///< leader, isr (required there)
    /// leader: "orders/0" → one name ("" = none); isr: → names.
    std::map<std::string, std::vector<std::string>> partitions;
    std::string metric;
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
    std::string kafka_version = "4.0";
    std::uint64_t seed = 1;
    Duration duration = seconds(60);
    Duration warmup{};
    Duration drain{};
    bool heal = false; ///< lift all faults at `duration`, require convergence
    Duration outage_threshold = seconds(1);
    NetworkSpec network;
    ControlPlaneSpec control_plane;
    std::vector<BrokerSpec> brokers;
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
