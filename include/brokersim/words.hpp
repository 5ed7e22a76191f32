// The closed word lists of the trace: an enum and the words that a trace spells for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace brokersim {

/// Specialised for every enum that a trace spells as a word; in the order of its enumerators.
template <class E>
inline constexpr std::string_view words_of[1] = {};

enum class DownHow : std::uint8_t { clean, kill, power, disk };
template <>
inline constexpr std::string_view words_of<DownHow>[] = {"clean", "kill", "power", "disk"};

enum class FaultAction : std::uint8_t {
    crash,
    stop,
    restart,
    pause,
    resume,
    isolate,
    cut,
    heal,
    power_loss,
    partition,
    slow_network,
    slow_cpu,
    set_rate,
    resize_group,
    rolling_restart,
    drop_requests,
    slow_disk,
    stall_disk,
    lose_disk,
    move_leader,
    set_config,
    skew_clock,
    fill_disk,
    reassign,
    add_broker
};
template <>
inline constexpr std::string_view words_of<FaultAction>[] = {
    "crash",         "stop",       "restart",    "pause",        "resume",
    "isolate",       "cut",        "heal",       "power_loss",   "partition",
    "slow_network",  "slow_cpu",   "set_rate",   "resize_group", "rolling_restart",
    "drop_requests", "slow_disk",  "stall_disk", "lose_disk",    "move_leader",
    "set_config",    "skew_clock", "fill_disk",  "reassign",     "add_broker"};

enum class BrokerState : std::uint8_t { registered, fenced, unfenced, stopping, removed };
template <>
inline constexpr std::string_view words_of<BrokerState>[] = {"registered", "fenced", "unfenced",
                                                             "stopping", "removed"};

/// Of a broker's session with a ZooKeeper ensemble.
enum class SessionState : std::uint8_t { connected, expired };
template <>
inline constexpr std::string_view words_of<SessionState>[] = {"connected", "expired"};

/// Why the controller changed a partition.
enum class PartWhy : std::uint8_t {
    created,
    fenced,   ///< a broker was fenced
    unfenced, ///< a broker came back to a partition without leader
    controlled_shutdown,
    isr_change,         ///< AlterPartition by the leader
    preferred_election, ///< the periodic balancer
    unclean_election,   ///< the periodic task for topics that allow it
    registered,         ///< a new incarnation took the old one out
    reassignment,       ///< somebody has ordered other replicas, or another order
};
template <>
inline constexpr std::string_view words_of<PartWhy>[] = {"created",          "fenced",
                                                         "unfenced",         "controlled_shutdown",
                                                         "isr_change",       "preferred_election",
                                                         "unclean_election", "registered",
                                                         "reassignment"};

enum class TruncWhy : std::uint8_t { divergence, unclean, power_loss, recovery, disk_loss };
template <>
inline constexpr std::string_view words_of<TruncWhy>[] = {"divergence", "unclean", "power_loss",
                                                          "recovery", "disk_loss"};

enum class HeadWhy : std::uint8_t { retention, size_retention, delete_records, compaction, reset };
template <>
inline constexpr std::string_view words_of<HeadWhy>[] = {"retention", "size_retention",
                                                         "delete_records", "compaction", "reset"};

enum class BlockedWhy : std::uint8_t { buffer, metadata };
template <>
inline constexpr std::string_view words_of<BlockedWhy>[] = {"buffer", "metadata"};

enum class MemberState : std::uint8_t { joined, left, evicted, fenced, refused };
template <>
inline constexpr std::string_view words_of<MemberState>[] = {"joined", "left", "evicted", "fenced",
                                                             "refused"};

enum class RebalanceState : std::uint8_t { begin, end };
template <>
inline constexpr std::string_view words_of<RebalanceState>[] = {"begin", "end"};

/// Where a new position of a consumer comes from.
enum class StartWhy : std::uint8_t { committed, earliest, latest, seek, truncated, kept };
template <>
inline constexpr std::string_view words_of<StartWhy>[] = {"committed", "earliest",  "latest",
                                                          "seek",      "truncated", "kept"};

enum class Outcome : std::uint8_t {
    ok,
    failed,
    forwarded,
    dead_lettered,
    discarded,
    released,
    archived
};
template <>
inline constexpr std::string_view words_of<Outcome>[] = {
    "ok", "failed", "forwarded", "dead_lettered", "discarded", "released", "archived"};

enum class LossWhy : std::uint8_t {
    acks_leader_failover,
    unclean_election,
    power_loss,
    disk_loss,
    retention,
    size_retention,
    delete_records,
    compaction,
    acks0_dropped,
};
template <>
inline constexpr std::string_view words_of<LossWhy>[] = {
    "acks_leader_failover", "unclean_election", "power_loss", "disk_loss",    "retention",
    "size_retention",       "delete_records",   "compaction", "acks0_dropped"};

enum class DupWhy : std::uint8_t {
    retry_without_idempotence,
    new_producer_session,
    producer_state_expired,
    rebalance_reprocess,
    crash_before_commit,
    commit_refused,
    reset_earliest,
    reset_latest,
    seek,
};
template <>
inline constexpr std::string_view words_of<DupWhy>[] = {"retry_without_idempotence",
                                                        "new_producer_session",
                                                        "producer_state_expired",
                                                        "rebalance_reprocess",
                                                        "crash_before_commit",
                                                        "commit_refused",
                                                        "reset_earliest",
                                                        "reset_latest",
                                                        "seek"};

enum class Side : std::uint8_t { metadata, produce, consume };
template <>
inline constexpr std::string_view words_of<Side>[] = {"metadata", "produce", "consume"};

/// What a packet is to the connection that carries it.
enum class PacketWhat : std::uint8_t {
    request,
    connect,
    accept,
    refuse,
    close,
    reset,
    response,
    retransmission
};
template <>
inline constexpr std::string_view words_of<PacketWhat>[] = {
    "request", "connect", "accept", "refuse", "close", "reset", "response", "retransmission"};

/// Kafka's error names (kafka: Errors) that this program can give, and the four of its own clients
/// (TIMEOUT: delivery time-out). `none` is never spelled in a trace.
enum class Error : std::uint8_t {
    none,
    unknown_server_error,
    offset_out_of_range,
    unknown_topic_or_partition,
    leader_not_available,
    not_leader_or_follower,
    request_timed_out,
    message_too_large,
    network_exception,
    coordinator_load_in_progress,
    coordinator_not_available,
    not_coordinator,
    not_enough_replicas,
    not_enough_replicas_after_append,
    illegal_generation,
    inconsistent_group_protocol,
    unknown_member_id,
    rebalance_in_progress,
    not_controller,
    out_of_order_sequence_number,
    duplicate_sequence_number,
    invalid_producer_epoch,
    invalid_request,
    operation_not_attempted,
    unknown_producer_id,
    fetch_session_id_not_found,
    invalid_fetch_session_epoch,
    fenced_leader_epoch,
    unknown_leader_epoch,
    stale_broker_epoch,
    offset_not_available,
    member_id_required,
    invalid_update_version,
    duplicate_broker_registration,
    ineligible_replica,
    timeout,
    buffer_exhausted,
    metadata_timeout,
    record_too_large,
    fenced_instance_id,
    group_max_size_reached,
    stale_controller_epoch,
    kafka_storage_error,
    invalid_timestamp,
    new_leader_elected,
};
template <>
inline constexpr std::string_view words_of<Error>[] = {
    "NONE",
    "UNKNOWN_SERVER_ERROR",
    "OFFSET_OUT_OF_RANGE",
    "UNKNOWN_TOPIC_OR_PARTITION",
    "LEADER_NOT_AVAILABLE",
    "NOT_LEADER_OR_FOLLOWER",
    "REQUEST_TIMED_OUT",
    "MESSAGE_TOO_LARGE",
    "NETWORK_EXCEPTION",
    "COORDINATOR_LOAD_IN_PROGRESS",
    "COORDINATOR_NOT_AVAILABLE",
    "NOT_COORDINATOR",
    "NOT_ENOUGH_REPLICAS",
    "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
    "ILLEGAL_GENERATION",
    "INCONSISTENT_GROUP_PROTOCOL",
    "UNKNOWN_MEMBER_ID",
    "REBALANCE_IN_PROGRESS",
    "NOT_CONTROLLER",
    "OUT_OF_ORDER_SEQUENCE_NUMBER",
    "DUPLICATE_SEQUENCE_NUMBER",
    "INVALID_PRODUCER_EPOCH",
    "INVALID_REQUEST",
    "OPERATION_NOT_ATTEMPTED",
    "UNKNOWN_PRODUCER_ID",
    "FETCH_SESSION_ID_NOT_FOUND",
    "INVALID_FETCH_SESSION_EPOCH",
    "FENCED_LEADER_EPOCH",
    "UNKNOWN_LEADER_EPOCH",
    "STALE_BROKER_EPOCH",
    "OFFSET_NOT_AVAILABLE",
    "MEMBER_ID_REQUIRED",
    "INVALID_UPDATE_VERSION",
    "DUPLICATE_BROKER_REGISTRATION",
    "INELIGIBLE_REPLICA",
    "TIMEOUT",
    "BUFFER_EXHAUSTED",
    "METADATA_TIMEOUT",
    "RECORD_TOO_LARGE",
    "FENCED_INSTANCE_ID",
    "GROUP_MAX_SIZE_REACHED",
    "STALE_CONTROLLER_EPOCH",
    "KAFKA_STORAGE_ERROR",
    "INVALID_TIMESTAMP",
    "NEW_LEADER_ELECTED",
};

/// The requests of the model, by Kafka's names; a response has the api of its request.
enum class Api : std::uint8_t {
    api_versions,
    metadata,
    produce,
    fetch,
    list_offsets,
    offsets_for_leader_epoch,
    init_producer_id,
    find_coordinator,
    join_group,
    sync_group,
    heartbeat,
    leave_group,
    offset_commit,
    offset_fetch,
    broker_registration,
    broker_heartbeat,
    alter_partition,
    fetch_metadata, ///< Fetch of the metadata log by brokers and standby controllers
    vote,
    begin_quorum_epoch,
    end_quorum_epoch,
    leader_and_isr, ///< this and the next four: ZooKeeper mode
    update_metadata,
    stop_replica,
    controlled_shutdown,
    zookeeper,        ///< what clients ask of an ensemble
    zookeeper_quorum, ///< what its servers tell each other
};
template <>
inline constexpr std::string_view words_of<Api>[] = {"ApiVersions",
                                                     "Metadata",
                                                     "Produce",
                                                     "Fetch",
                                                     "ListOffsets",
                                                     "OffsetsForLeaderEpoch",
                                                     "InitProducerId",
                                                     "FindCoordinator",
                                                     "JoinGroup",
                                                     "SyncGroup",
                                                     "Heartbeat",
                                                     "LeaveGroup",
                                                     "OffsetCommit",
                                                     "OffsetFetch",
                                                     "BrokerRegistration",
                                                     "BrokerHeartbeat",
                                                     "AlterPartition",
                                                     "FetchMetadata",
                                                     "Vote",
                                                     "BeginQuorumEpoch",
                                                     "EndQuorumEpoch",
                                                     "LeaderAndIsr",
                                                     "UpdateMetadata",
                                                     "StopReplica",
                                                     "ControlledShutdown",
                                                     "ZooKeeper",
                                                     "ZooKeeperQuorum"};

/// The word that a trace spells for `e`.
template <class E>
constexpr std::string_view word(E e) {
    return words_of<E>[static_cast<std::size_t>(e)];
}

/// The enumerator spelled `text`, into `out`; false if there is none.
template <class E>
constexpr bool from_word(std::string_view text, E& out) {
    for (std::size_t k = 0; k < std::size(words_of<E>); ++k) {
        if (words_of<E>[k] == text) {
            out = static_cast<E>(k);
            return true;
        }
    }
    return false;
}

} // namespace brokersim
