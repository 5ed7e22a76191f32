// The settings with an effect, one line each.
#include "scenario/modelled.hpp"

#include "scenario/units.hpp"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <type_traits>

namespace brokersim {
namespace {

template <class M>
struct MemberOf;
template <class C, class V>
struct MemberOf<V C::*> {
    using Owner = C;
    using Value = V;
};
template <auto member>
using Owner = typename MemberOf<decltype(member)>::Owner;

/// A number, boolean or text as it stands.
template <auto member>
constexpr Modelled<Owner<member>> plain(std::string_view name) {
    using Config = Owner<member>;
    using Value = typename MemberOf<decltype(member)>::Value;
    return {name,
            [](Config& c, const SettingValue& v) {
                if constexpr (std::is_same_v<Value, bool>) {
                    c.*member = v.truth;
                } else if constexpr (std::is_same_v<Value, std::string>) {
                    c.*member = v.text;
                } else {
                    c.*member = static_cast<Value>(v.number);
                }
            },
            [](const Config& c) -> std::string {
                if constexpr (std::is_same_v<Value, bool>) {
                    return c.*member ? "true" : "false";
                } else if constexpr (std::is_same_v<Value, std::string>) {
                    return (c.*member).empty() ? "null" : json_string(c.*member);
                } else {
                    return std::to_string(c.*member);
                }
            }};
}

/// A time in units of `unit` nanoseconds. Kafka's "for ever" stays for ever.
template <auto member, std::int64_t unit = 1'000'000>
constexpr Modelled<Owner<member>> time(std::string_view name) {
    using Config = Owner<member>;
    return {name,
            [](Config& c, const SettingValue& v) {
                c.*member = v.number > Duration::max().ns / unit ? Duration::max()
                                                                 : nanoseconds(v.number * unit);
            },
            [](const Config& c) {
                return std::to_string(c.*member == Duration::max() ? kafka_forever
                                                                   : (c.*member).ns / unit);
            }};
}

using S = ServerConfig;
constexpr Modelled<S> server[] = {
    plain<&S::auto_leader_rebalance_enable>("auto.leader.rebalance.enable"),
    time<&S::broker_heartbeat_interval>("broker.heartbeat.interval.ms"),
    time<&S::broker_session_timeout>("broker.session.timeout.ms"),
    plain<&S::controlled_shutdown_enable>("controlled.shutdown.enable"),
    plain<&S::controlled_shutdown_max_retries>("controlled.shutdown.max.retries"),
    time<&S::controlled_shutdown_retry_backoff>("controlled.shutdown.retry.backoff.ms"),
    time<&S::controller_quorum_append_linger>("controller.quorum.append.linger.ms"),
    time<&S::controller_quorum_election_backoff_max>("controller.quorum.election.backoff.max.ms"),
    time<&S::controller_quorum_election_timeout>("controller.quorum.election.timeout.ms"),
    time<&S::controller_quorum_fetch_timeout>("controller.quorum.fetch.timeout.ms"),
    time<&S::controller_quorum_request_timeout>("controller.quorum.request.timeout.ms"),
    time<&S::controller_quorum_retry_backoff>("controller.quorum.retry.backoff.ms"),
    time<&S::controller_socket_timeout>("controller.socket.timeout.ms"),
    plain<&S::fetch_max_bytes>("fetch.max.bytes"),
    time<&S::group_coordinator_append_linger>("group.coordinator.append.linger.ms"),
    plain<&S::group_coordinator_new_enable>("group.coordinator.new.enable"),
    time<&S::group_initial_rebalance_delay>("group.initial.rebalance.delay.ms"),
    plain<&S::group_max_size>("group.max.size"),
    time<&S::group_max_session_timeout>("group.max.session.timeout.ms"),
    time<&S::group_min_session_timeout>("group.min.session.timeout.ms"),
    time<&S::initial_broker_registration_timeout>("initial.broker.registration.timeout.ms"),
    time<&S::leader_imbalance_check_interval, 1'000'000'000>(
        "leader.imbalance.check.interval.seconds"),
    plain<&S::leader_imbalance_per_broker_percentage>("leader.imbalance.per.broker.percentage"),
    time<&S::log_flush_offset_checkpoint_interval>("log.flush.offset.checkpoint.interval.ms"),
    time<&S::log_flush_scheduler_interval>("log.flush.scheduler.interval.ms"),
    time<&S::log_retention_check_interval>("log.retention.check.interval.ms"),
    plain<&S::message_max_bytes>("message.max.bytes"),
    time<&S::metadata_max_idle_interval>("metadata.max.idle.interval.ms"),
    plain<&S::min_insync_replicas>("min.insync.replicas"),
    plain<&S::num_io_threads>("num.io.threads"),
    plain<&S::num_network_threads>("num.network.threads"),
    plain<&S::num_replica_fetchers>("num.replica.fetchers"),
    time<&S::offsets_commit_timeout>("offsets.commit.timeout.ms"),
    plain<&S::offsets_topic_num_partitions>("offsets.topic.num.partitions"),
    plain<&S::offsets_topic_replication_factor>("offsets.topic.replication.factor"),
    time<&S::producer_id_expiration>("producer.id.expiration.ms"),
    plain<&S::queued_max_requests>("queued.max.requests"),
    time<&S::replica_fetch_backoff>("replica.fetch.backoff.ms"),
    plain<&S::replica_fetch_max_bytes>("replica.fetch.max.bytes"),
    plain<&S::replica_fetch_min_bytes>("replica.fetch.min.bytes"),
    plain<&S::replica_fetch_response_max_bytes>("replica.fetch.response.max.bytes"),
    time<&S::replica_fetch_wait_max>("replica.fetch.wait.max.ms"),
    time<&S::replica_high_watermark_checkpoint_interval>(
        "replica.high.watermark.checkpoint.interval.ms"),
    time<&S::replica_lag_time_max>("replica.lag.time.max.ms"),
    time<&S::replica_socket_timeout>("replica.socket.timeout.ms"),
    time<&S::request_timeout>("request.timeout.ms"),
    time<&S::socket_connection_setup_timeout_max>("socket.connection.setup.timeout.max.ms"),
    time<&S::socket_connection_setup_timeout>("socket.connection.setup.timeout.ms"),
    plain<&S::unclean_leader_election_enable>("unclean.leader.election.enable"),
    time<&S::unclean_leader_election_interval>("unclean.leader.election.interval.ms"),
    plain<&S::zookeeper_max_in_flight_requests>("zookeeper.max.in.flight.requests"),
    time<&S::zookeeper_session_timeout>("zookeeper.session.timeout.ms"),
};

using T = TopicConfig;

/// `name`: as topics or as brokers call it. -1 and below is for ever.
constexpr Modelled<T> retention(std::string_view name) {
    return {name,
            [](T& c, const SettingValue& v) {
                const bool forever = v.number < 0 || v.number > Duration::max().ns / 1'000'000;
                c.retention = forever ? Duration::max() : milliseconds(v.number);
            },
            [](const T& c) {
                return c.retention == Duration::max() ? "-1"
                                                      : std::to_string(c.retention.ns / 1'000'000);
            }};
}

/// Compaction is not modelled: what matters is whether old segments are deleted.
constexpr Modelled<T> cleanup_policy(std::string_view name) {
    return {name,
            [](T& c, const SettingValue& v) {
                c.delete_policy = v.text.find("delete") != std::string::npos;
            },
            [](const T& c) { return std::string(c.delete_policy ? "\"delete\"" : "\"compact\""); }};
}

constexpr Modelled<T> timestamp_type(std::string_view name) {
    return {name,
            [](T& c, const SettingValue& v) { c.log_append_time = v.text == "LogAppendTime"; },
            [](const T& c) {
                return std::string(c.log_append_time ? "\"LogAppendTime\"" : "\"CreateTime\"");
            }};
}

constexpr Modelled<T> topic[] = {
    cleanup_policy("cleanup.policy"),
    plain<&T::flush_messages>("flush.messages"),
    time<&T::flush>("flush.ms"),
    plain<&T::max_message_bytes>("max.message.bytes"),
    time<&T::timestamp_after_max>("message.timestamp.after.max.ms"),
    time<&T::timestamp_before_max>("message.timestamp.before.max.ms"),
    timestamp_type("message.timestamp.type"),
    plain<&T::min_insync_replicas>("min.insync.replicas"),
    plain<&T::retention_bytes>("retention.bytes"),
    retention("retention.ms"),
    plain<&T::segment_bytes>("segment.bytes"),
    time<&T::segment>("segment.ms"),
    plain<&T::unclean_leader_election_enable>("unclean.leader.election.enable"),
};

constexpr Modelled<T> topic_defaults[] = {
    cleanup_policy("log.cleanup.policy"),
    plain<&T::flush_messages>("log.flush.interval.messages"),
    time<&T::flush>("log.flush.interval.ms"),
    time<&T::timestamp_after_max>("log.message.timestamp.after.max.ms"),
    time<&T::timestamp_before_max>("log.message.timestamp.before.max.ms"),
    timestamp_type("log.message.timestamp.type"),
    plain<&T::retention_bytes>("log.retention.bytes"),
    retention("log.retention.ms"),
    time<&T::segment>("log.roll.ms"),
    plain<&T::segment_bytes>("log.segment.bytes"),
};

void set_acks(ProducerConfig& c, const SettingValue& v) {
    c.acks = v.text == "0" ? Acks::none : v.text == "1" ? Acks::leader : Acks::all;
}
std::string json_acks(const ProducerConfig& c) {
    return c.acks == Acks::none ? "\"0\"" : c.acks == Acks::leader ? "\"1\"" : "\"all\"";
}

constexpr std::string_view round_robin_class =
    "org.apache.kafka.clients.producer.RoundRobinPartitioner";

void set_partitioner(ProducerConfig& c, const SettingValue& v) {
    c.partitioner =
        v.text == round_robin_class ? PartitionerKind::round_robin : PartitionerKind::builtin;
}
std::string json_partitioner(const ProducerConfig& c) {
    return c.partitioner == PartitionerKind::round_robin ? json_string(round_robin_class) : "null";
}

bool is_rebootstrap(const SettingValue& v) {
    return v.text.size() == 11; // REBOOTSTRAP or NONE, in any case.
}

using P = ProducerConfig;
constexpr Modelled<P> producer[] = {
    {"acks", set_acks, json_acks},
    plain<&P::batch_size>("batch.size"),
    plain<&P::buffer_memory>("buffer.memory"),
    time<&P::delivery_timeout>("delivery.timeout.ms"),
    plain<&P::enable_idempotence>("enable.idempotence"),
    time<&P::linger>("linger.ms"),
    time<&P::max_block>("max.block.ms"),
    plain<&P::max_in_flight_requests_per_connection>("max.in.flight.requests.per.connection"),
    plain<&P::max_request_size>("max.request.size"),
    time<&P::metadata_max_age>("metadata.max.age.ms"),
    time<&P::metadata_recovery_rebootstrap_trigger>("metadata.recovery.rebootstrap.trigger.ms"),
    {"metadata.recovery.strategy",
     [](P& c, const SettingValue& v) { c.metadata_recovery_rebootstrap = is_rebootstrap(v); },
     [](const P& c) {
         return std::string(c.metadata_recovery_rebootstrap ? "\"rebootstrap\"" : "\"none\"");
     }},
    plain<&P::partitioner_adaptive_partitioning_enable>("partitioner.adaptive.partitioning.enable"),
    time<&P::partitioner_availability_timeout>("partitioner.availability.timeout.ms"),
    {"partitioner.class", set_partitioner, json_partitioner},
    plain<&P::partitioner_ignore_keys>("partitioner.ignore.keys"),
    time<&P::reconnect_backoff_max>("reconnect.backoff.max.ms"),
    time<&P::reconnect_backoff>("reconnect.backoff.ms"),
    time<&P::request_timeout>("request.timeout.ms"),
    plain<&P::retries>("retries"),
    time<&P::retry_backoff_max>("retry.backoff.max.ms"),
    time<&P::retry_backoff>("retry.backoff.ms"),
    time<&P::socket_connection_setup_timeout_max>("socket.connection.setup.timeout.max.ms"),
    time<&P::socket_connection_setup_timeout>("socket.connection.setup.timeout.ms"),
};

void set_reset(ConsumerConfig& c, const SettingValue& v) {
    constexpr std::string_view by_duration = "by_duration:";
    if (v.text.starts_with(by_duration)) {
        c.auto_offset_reset = OffsetReset::by_duration;
        c.auto_offset_reset_by =
            iso_duration_of(v.text.substr(by_duration.size())).value.value_or(Duration{});
        return;
    }
    c.auto_offset_reset = v.text == "earliest" ? OffsetReset::earliest
                          : v.text == "none"   ? OffsetReset::none
                                               : OffsetReset::latest;
}
std::string json_reset(const ConsumerConfig& c) {
    if (c.auto_offset_reset == OffsetReset::by_duration) {
        return json_string("by_duration:" + spell_iso(c.auto_offset_reset_by));
    }
    return c.auto_offset_reset == OffsetReset::earliest ? "\"earliest\""
           : c.auto_offset_reset == OffsetReset::none   ? "\"none\""
                                                        : "\"latest\"";
}
void set_assignors(ConsumerConfig& c, const SettingValue& v) {
    c.partition_assignment_strategy.clear();
    for (std::string_view name : split(v.text, ',')) {
        while (name.starts_with(' ')) {
            name.remove_prefix(1);
        }
        while (name.ends_with(' ')) {
            name.remove_suffix(1);
        }
        c.partition_assignment_strategy.emplace_back(assignor_name(name));
    }
}
std::string json_assignors(const ConsumerConfig& c) {
    std::string out;
    for (const std::string& name : c.partition_assignment_strategy) {
        out += (out.empty() ? "" : ",") + name;
    }
    return json_string(out);
}

using C = ConsumerConfig;
constexpr Modelled<C> consumer[] = {
    time<&C::auto_commit_interval>("auto.commit.interval.ms"),
    {"auto.offset.reset", set_reset, json_reset},
    time<&C::default_api_timeout>("default.api.timeout.ms"),
    plain<&C::enable_auto_commit>("enable.auto.commit"),
    plain<&C::fetch_max_bytes>("fetch.max.bytes"),
    time<&C::fetch_max_wait>("fetch.max.wait.ms"),
    plain<&C::fetch_min_bytes>("fetch.min.bytes"),
    plain<&C::group_instance_id>("group.instance.id"),
    time<&C::heartbeat_interval>("heartbeat.interval.ms"),
    {"isolation.level",
     [](C& c, const SettingValue& v) { c.read_committed = v.text == "read_committed"; },
     [](const C& c) {
         return std::string(c.read_committed ? "\"read_committed\"" : "\"read_uncommitted\"");
     }},
    plain<&C::max_partition_fetch_bytes>("max.partition.fetch.bytes"),
    time<&C::max_poll_interval>("max.poll.interval.ms"),
    plain<&C::max_poll_records>("max.poll.records"),
    time<&C::metadata_max_age>("metadata.max.age.ms"),
    time<&C::metadata_recovery_rebootstrap_trigger>("metadata.recovery.rebootstrap.trigger.ms"),
    {"metadata.recovery.strategy",
     [](C& c, const SettingValue& v) { c.metadata_recovery_rebootstrap = is_rebootstrap(v); },
     [](const C& c) {
         return std::string(c.metadata_recovery_rebootstrap ? "\"rebootstrap\"" : "\"none\"");
     }},
    {"partition.assignment.strategy", set_assignors, json_assignors},
    time<&C::reconnect_backoff_max>("reconnect.backoff.max.ms"),
    time<&C::reconnect_backoff>("reconnect.backoff.ms"),
    time<&C::request_timeout>("request.timeout.ms"),
    time<&C::retry_backoff_max>("retry.backoff.max.ms"),
    time<&C::retry_backoff>("retry.backoff.ms"),
    time<&C::session_timeout>("session.timeout.ms"),
    time<&C::socket_connection_setup_timeout_max>("socket.connection.setup.timeout.max.ms"),
    time<&C::socket_connection_setup_timeout>("socket.connection.setup.timeout.ms"),
};

constexpr std::string_view assignors[] = {"range", "roundrobin", "sticky", "cooperative-sticky"};
constexpr std::string_view assignor_classes[] = {
    "org.apache.kafka.clients.consumer.RangeAssignor",
    "org.apache.kafka.clients.consumer.RoundRobinAssignor",
    "org.apache.kafka.clients.consumer.StickyAssignor",
    "org.apache.kafka.clients.consumer.CooperativeStickyAssignor"};

} // namespace

std::span<const Modelled<ServerConfig>> modelled_server() {
    return server;
}
std::span<const Modelled<TopicConfig>> modelled_topic() {
    return topic;
}
std::span<const Modelled<TopicConfig>> modelled_topic_defaults() {
    return topic_defaults;
}
std::span<const Modelled<ProducerConfig>> modelled_producer() {
    return producer;
}
std::span<const Modelled<ConsumerConfig>> modelled_consumer() {
    return consumer;
}

bool has_effect(Place place, std::string_view name) {
    const auto in = [&](const auto& table) {
        return std::any_of(table.begin(), table.end(),
                           [&](const auto& entry) { return entry.name == name; });
    };
    switch (place) {
    case Place::server: return in(modelled_server()) || in(modelled_topic_defaults());
    case Place::topic: return in(modelled_topic());
    case Place::producer: return in(modelled_producer());
    case Place::consumer: return in(modelled_consumer());
    }
    return false;
}

template <class Config>
void apply(const Settings& settings, std::span<const Modelled<Config>> table, Config& config,
           Report* warn) {
    for (const auto& [name, value] : settings) {
        const auto entry = std::find_if(table.begin(), table.end(),
                                        [&, &n = name](const auto& m) { return m.name == n; });
        if (entry != table.end()) {
            entry->set(config, value);
        } else if (warn != nullptr) {
            warn->warning_at_key(*value.node,
                                 in_quotes(name) + " is not modelled: it has no effect");
        }
    }
}

template void apply(const Settings&, std::span<const Modelled<ServerConfig>>, ServerConfig&,
                    Report*);
template void apply(const Settings&, std::span<const Modelled<TopicConfig>>, TopicConfig&, Report*);
template void apply(const Settings&, std::span<const Modelled<ProducerConfig>>, ProducerConfig&,
                    Report*);
template void apply(const Settings&, std::span<const Modelled<ConsumerConfig>>, ConsumerConfig&,
                    Report*);

std::string_view assignor_name(std::string_view text) {
    for (std::size_t k = 0; k < std::size(assignors); ++k) {
        if (text == assignors[k] || text == assignor_classes[k]) { return assignors[k]; }
    }
    return "";
}

std::span<const std::string_view> assignor_names() {
    return assignors;
}

} // namespace brokersim
