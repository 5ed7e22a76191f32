// How controllers elect the leader of the metadata log (KIP-595; pre-votes: KIP-996).
#pragma once

#include "brokersim/ids.hpp"
#include "brokersim/words.hpp"
#include "protocol/metadata_log.hpp"

#include <vector>

namespace brokersim {

struct VoteRequest {
    static constexpr Api api = Api::vote;
    MachineId candidate;
    QuorumEpoch epoch = 0;
    bool pre_vote = false;      ///< would you vote for me? Binds nobody
    QuorumEpoch last_epoch = 0; ///< of the candidate's last record
    Offset end = 0;             ///< of the candidate's log
    void clear() {}
};
/// What every answer among controllers says first: the newest epoch that the answering node knows,
/// and its leader, if it knows one.
struct VoteResponse {
    static constexpr Api api = Api::vote;
    QuorumEpoch epoch = 0;
    MachineId leader;
    bool granted = false;
    void clear() { *this = {}; }
};

/// The leader of an epoch makes itself known.
struct BeginQuorumEpochRequest {
    static constexpr Api api = Api::begin_quorum_epoch;
    MachineId leader;
    QuorumEpoch epoch = 0;
    void clear() {}
};
struct BeginQuorumEpochResponse {
    static constexpr Api api = Api::begin_quorum_epoch;
    QuorumEpoch epoch = 0;
    MachineId leader;
    void clear() { *this = {}; }
};

/// The leader of an epoch gives up, and says who should try first to follow it.
struct EndQuorumEpochRequest {
    static constexpr Api api = Api::end_quorum_epoch;
    MachineId leader;
    QuorumEpoch epoch = 0;
    std::vector<MachineId> successors;
    void clear() { successors.clear(); }
};
struct EndQuorumEpochResponse {
    static constexpr Api api = Api::end_quorum_epoch;
    QuorumEpoch epoch = 0;
    MachineId leader;
    void clear() { *this = {}; }
};

} // namespace brokersim
