// The metadata log of KRaft: its records, and the Fetch by which brokers and standby controllers
// follow it (KIP-595, KIP-631).
#pragma once

#include "brokersim/ids.hpp"
#include "brokersim/words.hpp"
#include "protocol/config_change.hpp"

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace brokersim {

/// Leaders of the metadata log have epochs as leaders of partitions do.
using QuorumEpoch = std::int32_t;

/// One record of the metadata log; which fields count depends on `kind`. `cause` is the number
/// of the event that made the controller write it; the model does not read it.
struct MetadataRecord {
    enum class Kind : std::uint8_t {
        no_op,
        leader_change,   ///< a controller has become the leader of the log: `broker`, `epoch`
        register_broker, ///< `broker`, `broker_epoch`; starts fenced
        fence_broker,
        unfence_broker,
        controlled_shutdown, ///< the broker leaves ISRs and leaderships, but stays
        partition_change,    ///< `tp`, `leader`, `epoch`, `partition_epoch`, `replicas`, `isr`, …
        config,              ///< `config`
    };
    Kind kind = Kind::no_op;
    MachineId broker;
    BrokerEpoch broker_epoch = -1;
    std::int32_t incarnation = 0;
    PartitionId tp;
    MachineId leader; ///< nobody: none
    LeaderEpoch epoch = -1;
    PartitionEpoch partition_epoch = -1;
    bool clean = true;
    bool recovering = false;
    PartWhy why{};
    std::string_view reason; ///< of a change of a broker's state; a literal
    std::vector<MachineId> replicas, isr, elr, last_known_elr;
    std::vector<MachineId> adding, removing; ///< a reassignment under way
    std::shared_ptr<const ConfigChange> config;
    QuorumEpoch term = 0; ///< of the leader that wrote it
    std::uint64_t cause = 0;
};

/// Fetch of the metadata log, by voters and observers (KIP-595).
struct FetchMetadataRequest {
    static constexpr Api api = Api::fetch_metadata;
    MachineId replica;
    bool voter = false;
    QuorumEpoch epoch = 0;      ///< of the leader that the sender knows
    Offset offset = 0;          ///< the sender's log end
    QuorumEpoch last_epoch = 0; ///< of its last record
    Offset high_watermark = 0;  ///< that the sender knows (KIP-1166)
    void clear() {}
};
struct FetchMetadataResponse {
    static constexpr Api api = Api::fetch_metadata;
    Error error = Error::none; ///< not_controller, fenced_leader_epoch, unknown_leader_epoch
    QuorumEpoch epoch = 0;     ///< the newest that the answering node knows
    MachineId leader;          ///< of that epoch, if it knows one
    Offset base = 0;           ///< of the first record
    Offset high_watermark = 0;
    QuorumEpoch diverging_epoch = -1; ///< not -1: the sender's log parts from the leader's, where
    Offset diverging_end = -1;        ///< this epoch ends in the leader's
    std::vector<MetadataRecord> records;
    void clear() {
        error = Error::none;
        leader = {};
        diverging_epoch = -1;
        diverging_end = -1;
        records.clear();
    }
};

} // namespace brokersim
