// Kafka's own settings, as far as they have an effect here: Kafka's names in snake_case, Kafka's
// defaults of 4.0 (docs/scenario-format.md lists them; Kafka: ProducerConfig, ConsumerConfig,
// KafkaConfig, TopicConfig). Times are Durations, sizes bytes; -1 where Kafka says "off".
#pragma once

#include "brokersim/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace brokersim {

/// Kafka writes "for ever" as 2^63-1 ms; anything beyond the clock is Duration::max().
inline constexpr std::int64_t kafka_forever = 9'223'372'036'854'775'807;

enum class Acks : std::int8_t { none = 0, leader = 1, all = -1 };

enum class PartitionerKind : std::uint8_t { builtin, round_robin };

enum class OffsetReset : std::uint8_t { latest, earliest, none, by_duration };

struct ProducerConfig {
    Acks acks = Acks::all;
    std::int32_t batch_size = 16384;
    Duration linger = milliseconds(5);
    std::int64_t buffer_memory = 33554432;
    Duration max_block = seconds(60);
    std::int32_t max_request_size = 1048576;
    std::int32_t max_in_flight_requests_per_connection = 5;
    Duration request_timeout = seconds(30);
    Duration delivery_timeout = seconds(120);
    std::int32_t retries = 2147483647;
    Duration retry_backoff = milliseconds(100);
    Duration retry_backoff_max = seconds(1);
    bool enable_idempotence = true; ///< resolved: false when acks or retries exclude it
    PartitionerKind partitioner = PartitionerKind::builtin;
    bool partitioner_ignore_keys = false;
    bool partitioner_adaptive_partitioning_enable = true;
    Duration partitioner_availability_timeout{};
    Duration metadata_max_age = seconds(300);
    Duration reconnect_backoff = milliseconds(50);
    Duration reconnect_backoff_max = seconds(1);
    Duration socket_connection_setup_timeout = seconds(10);
    Duration socket_connection_setup_timeout_max = seconds(30);
    bool metadata_recovery_rebootstrap = true; ///< metadata.recovery.strategy
    Duration metadata_recovery_rebootstrap_trigger = seconds(300);
};

struct ConsumerConfig {
    std::string group_instance_id; ///< empty: dynamic member
    std::vector<std::string> partition_assignment_strategy = {"range", "cooperative-sticky"};
    Duration session_timeout = seconds(45);
    Duration heartbeat_interval = seconds(3);
    Duration max_poll_interval = seconds(300);
    std::int32_t max_poll_records = 500;
    std::int32_t fetch_min_bytes = 1;
    Duration fetch_max_wait = milliseconds(500);
    std::int32_t fetch_max_bytes = 52428800;
    std::int32_t max_partition_fetch_bytes = 1048576;
    OffsetReset auto_offset_reset = OffsetReset::latest;
    Duration auto_offset_reset_by{}; ///< by_duration: how far back
    bool enable_auto_commit = true;
    Duration auto_commit_interval = seconds(5);
    bool read_committed = false; ///< isolation.level
    Duration default_api_timeout = seconds(60);
    Duration request_timeout = seconds(30);
    Duration retry_backoff = milliseconds(100);
    Duration retry_backoff_max = seconds(1);
    Duration reconnect_backoff = milliseconds(50);
    Duration reconnect_backoff_max = seconds(1);
    Duration metadata_max_age = seconds(300);
    Duration socket_connection_setup_timeout = seconds(10);
    Duration socket_connection_setup_timeout_max = seconds(30);
    bool metadata_recovery_rebootstrap = true;
    Duration metadata_recovery_rebootstrap_trigger = seconds(300);
};

/// What server.properties sets, for brokers and controllers.
struct ServerConfig {
    std::int32_t num_network_threads = 3;
    std::int32_t num_io_threads = 8;
    std::int32_t queued_max_requests = 500;
    std::int32_t message_max_bytes = 1048588;
    std::int32_t fetch_max_bytes = 57671680;
    Duration producer_id_expiration = seconds(86400);
    Duration log_retention_check_interval = seconds(300);
    Duration log_flush_scheduler_interval = Duration::max();
    Duration log_flush_offset_checkpoint_interval = seconds(60);

    std::int32_t min_insync_replicas = 1;
    bool unclean_leader_election_enable = false;
    Duration replica_lag_time_max = seconds(30);
    std::int32_t num_replica_fetchers = 1;
    Duration replica_fetch_wait_max = milliseconds(500);
    std::int32_t replica_fetch_min_bytes = 1;
    std::int32_t replica_fetch_max_bytes = 1048576;
    std::int32_t replica_fetch_response_max_bytes = 10485760;
    Duration replica_fetch_backoff = seconds(1);
    Duration replica_socket_timeout = seconds(30);
    Duration replica_high_watermark_checkpoint_interval = seconds(5);
    Duration request_timeout = seconds(30);
    Duration controller_socket_timeout = seconds(30);
    Duration socket_connection_setup_timeout = seconds(10);
    Duration socket_connection_setup_timeout_max = seconds(30);
    Duration reconnect_backoff = milliseconds(50);
    Duration reconnect_backoff_max = seconds(1);

    Duration broker_heartbeat_interval = seconds(2);
    Duration broker_session_timeout = seconds(9);
    Duration initial_broker_registration_timeout = seconds(60);
    bool controlled_shutdown_enable = true;
    Duration controller_quorum_append_linger = milliseconds(25);
    Duration controller_quorum_election_backoff_max = seconds(1);
    Duration controller_quorum_election_timeout = seconds(1);
    Duration controller_quorum_fetch_timeout = seconds(2);
    Duration controller_quorum_request_timeout = seconds(2);
    Duration controller_quorum_retry_backoff = milliseconds(20);
    Duration metadata_max_idle_interval = milliseconds(500);
    bool auto_leader_rebalance_enable = true;
    Duration leader_imbalance_check_interval = seconds(300);
    Duration unclean_leader_election_interval = seconds(300);

    // ZooKeeper mode alone; defaults of 3.9.
    Duration zookeeper_session_timeout = seconds(18);
    std::int32_t zookeeper_max_in_flight_requests = 10;
    std::int32_t controlled_shutdown_max_retries = 3;
    Duration controlled_shutdown_retry_backoff = seconds(5);
    std::int32_t leader_imbalance_per_broker_percentage = 10;

    std::int32_t offsets_topic_num_partitions = 50;
    std::int32_t offsets_topic_replication_factor = 3;
    Duration offsets_commit_timeout = seconds(5);
    Duration group_initial_rebalance_delay = seconds(3);
    Duration group_min_session_timeout = seconds(6);
    Duration group_max_session_timeout = seconds(1800);
    Duration group_coordinator_append_linger = milliseconds(5);
    bool group_coordinator_new_enable = true; ///< the old one appends each commit alone
    std::int32_t group_max_size = 2147483647;
};

struct TopicConfig {
    std::int32_t min_insync_replicas = 1;
    bool unclean_leader_election_enable = false;
    std::int32_t max_message_bytes = 1048588;
    bool delete_policy = true;               ///< cleanup.policy has `delete`
    Duration retention = seconds(7 * 86400); ///< Duration::max(): for ever
    std::int64_t retention_bytes = -1;       ///< -1: no limit
    std::int32_t segment_bytes = 1073741824;
    Duration segment = seconds(7 * 86400);   ///< segment.ms
    std::int64_t flush_messages = INT64_MAX; ///< flush.messages
    Duration flush = Duration::max();        ///< flush.ms
    bool log_append_time =
        false; ///< message.timestamp.type: the leader's clock, not the producer's
    Duration timestamp_before_max = Duration::max();        ///< message.timestamp.before.max.ms
    Duration timestamp_after_max = milliseconds(3'600'000); ///< message.timestamp.after.max.ms
};

} // namespace brokersim
