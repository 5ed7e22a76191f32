// What a producer makes of an error in a produce answer (Kafka: Errors and its exceptions).
#pragma once

#include "brokersim/config.hpp"
#include "brokersim/words.hpp"

namespace brokersim {

/// RetriableException.
constexpr bool retriable(Error error) {
    switch (error) {
    case Error::unknown_topic_or_partition:
    case Error::leader_not_available:
    case Error::not_leader_or_follower:
    case Error::request_timed_out:
    case Error::network_exception:
    case Error::not_enough_replicas:
    case Error::not_enough_replicas_after_append:
    case Error::fenced_leader_epoch:
    case Error::unknown_leader_epoch:
    case Error::coordinator_load_in_progress:
    case Error::coordinator_not_available:
    case Error::not_coordinator:
    case Error::kafka_storage_error: return true;
    default: return false;
    }
}

/// InvalidMetadataException: what the producer knows about leaders is old.
constexpr bool stale_metadata(Error error) {
    switch (error) {
    case Error::unknown_topic_or_partition:
    case Error::leader_not_available:
    case Error::not_leader_or_follower:
    case Error::network_exception:
    case Error::fenced_leader_epoch:
    case Error::kafka_storage_error: return true;
    default: return false;
    }
}

/// After this answer the records may be in a log all the same. A leader that resigns answers
/// NOT_LEADER_OR_FOLLOWER to what it has appended and not yet acknowledged.
constexpr bool leaves_doubt(Error error, Acks acks) {
    switch (error) {
    case Error::request_timed_out:
    case Error::network_exception:
    case Error::not_enough_replicas_after_append:
    case Error::unknown_server_error: return true;
    case Error::not_leader_or_follower: return acks == Acks::all;
    default: return false;
    }
}

} // namespace brokersim
