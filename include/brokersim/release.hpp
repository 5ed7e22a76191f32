// The releases of Kafka that a scenario may name, and the rules in which they differ
// (kafka-semantics §9.2): one name for each rule, so that code asks for a rule, never for a number.
// Defaults, ranges and existence of settings are in sim/scenario/settings.hpp.
#pragma once

#include "brokersim/words.hpp"

#include <cstdint>
#include <string_view>

namespace brokersim {

enum class Release : std::uint8_t { v3_9, v4_0, v4_1 };
template <>
inline constexpr std::string_view words_of<Release>[] = {"3.9", "4.0", "4.1"};

/// How long a voter waits after a candidacy that came to nothing.
enum class ElectionBackoff : std::uint8_t {
    one_more,     ///< 50 ms · U{1 … 2^r}, also after one that nobody answered (3.9)
    exponential,  ///< 50 ms · U{1 … 2^r − 1} (4.0)
    own_time_out, ///< what is left of its own election time-out (4.1)
};

/// The rules of a release; those of 4.0 unless said otherwise.
struct ReleaseRules {
    // Clients.
    /// KAFKA-9965: a custom partitioner is asked a second time for a record that opens a batch.
    bool partitioner_asked_twice = false;
    /// More than five requests in flight switch idempotence off, with a warning, if nobody asked
    /// for it; else they are a mistake in the configuration.
    bool in_flight_beats_idempotence = false;
    /// A consumer asks a broker for more while it has data of that broker in its buffer: for the
    /// partitions without.
    bool fetches_beside_buffer = false;
    /// A client goes back to its bootstrap list also after
    /// metadata.recovery.rebootstrap.trigger.ms.
    bool rebootstrap_trigger = true;

    // Replication.
    /// A follower that was refused and then has to truncate pauses twice.
    bool pause_again_on_truncation = true;

    // Quorum.
    bool pre_vote = true; ///< KIP-996
    ElectionBackoff election_backoff = ElectionBackoff::exponential;
    /// KIP-1166: a high watermark that moves answers parked fetches of the metadata log.
    bool high_watermark_answers_fetches = false;

    // Controller.
    /// Wakes at the earliest end of a session, the longest silent first; else looks every eighth of
    /// a session, in the order of a hash table.
    bool fences_at_session_end = false;
    /// A fenced broker has a session: after a clean stop a restart inside it is refused.
    bool sessions_outlive_fencing = true;
    /// A new active controller gives a session to brokers that are fenced, too.
    bool failover_renews_fenced = true;
    /// The registration of a new incarnation takes the old one out of ISRs.
    bool registration_leaves_isrs = true;
    /// Preferred and unclean elections run one interval after the first imbalance, then every
    /// interval while there is one; else every interval since the activation.
    bool elections_wait_for_imbalance = false;

    // Features of a cluster.
    /// `eligible.leader.replicas.version` (KIP-966): level of a new cluster; -1: has no such.
    std::int8_t elr_level = 0;
};

constexpr ReleaseRules rules_of(Release release) {
    ReleaseRules rules;
    switch (release) {
    case Release::v3_9:
        rules.partitioner_asked_twice = true;
        rules.in_flight_beats_idempotence = true;
        rules.fetches_beside_buffer = true;
        rules.rebootstrap_trigger = false;
        rules.pause_again_on_truncation = false;
        rules.pre_vote = false;
        rules.election_backoff = ElectionBackoff::one_more;
        rules.fences_at_session_end = true;
        rules.sessions_outlive_fencing = false;
        rules.failover_renews_fenced = false;
        rules.registration_leaves_isrs = false;
        rules.elections_wait_for_imbalance = true;
        rules.elr_level = -1;
        break;
    case Release::v4_0: break;
    case Release::v4_1:
        rules.election_backoff = ElectionBackoff::own_time_out;
        rules.high_watermark_answers_fetches = true;
        rules.failover_renews_fenced = false;
        rules.elr_level = 1;
        break;
    }
    return rules;
}

} // namespace brokersim
