// What brokers ask of the active controller (KIP-631, KIP-497).
#pragma once

#include "brokersim/ids.hpp"
#include "brokersim/words.hpp"

#include <cstdint>
#include <vector>

namespace brokersim {

struct BrokerRegistrationRequest {
    static constexpr Api api = Api::broker_registration;
    MachineId broker;
    std::int32_t incarnation = 0;
    /// That a clean stop has left behind; -1: there was none (KIP-966).
    BrokerEpoch previous_epoch = -1;
    void clear() {}
};
struct BrokerRegistrationResponse {
    static constexpr Api api = Api::broker_registration;
    Error error = Error::none;
    BrokerEpoch broker_epoch = -1;
    void clear() { *this = {}; }
};

struct BrokerHeartbeatRequest {
    static constexpr Api api = Api::broker_heartbeat;
    MachineId broker;
    BrokerEpoch broker_epoch = -1;
    Offset metadata_offset = 0; ///< applied up to here (exclusive)
    bool want_fence = false;
    bool want_shutdown = false;
    void clear() {}
};
struct BrokerHeartbeatResponse {
    static constexpr Api api = Api::broker_heartbeat;
    Error error = Error::none;
    bool is_caught_up = false;
    bool is_fenced = true;
    bool should_shut_down = false;
    void clear() { *this = {}; }
};

struct AlterPartitionRequest {
    static constexpr Api api = Api::alter_partition;
    struct Part {
        PartitionId tp;
        LeaderEpoch leader_epoch = -1;
        PartitionEpoch partition_epoch = -1;
        bool recovering = false;
        std::uint32_t isr_begin = 0, isr_end = 0; ///< in `isr`
    };
    struct Member {
        MachineId broker;
        BrokerEpoch epoch = -1; ///< -1: not checked
    };
    MachineId broker;
    BrokerEpoch broker_epoch = -1;
    std::vector<Part> parts;
    std::vector<Member> isr;
    void clear() {
        parts.clear();
        isr.clear();
    }
};
struct AlterPartitionResponse {
    static constexpr Api api = Api::alter_partition;
    struct Part {
        PartitionId tp;
        Error error = Error::none;
        MachineId leader;
        LeaderEpoch leader_epoch = -1;
        PartitionEpoch partition_epoch = -1;
        std::uint32_t isr_begin = 0, isr_end = 0;
    };
    Error error = Error::none; ///< of the whole request
    std::vector<Part> parts;
    std::vector<MachineId> isr;
    void clear() {
        error = Error::none;
        parts.clear();
        isr.clear();
    }
};

} // namespace brokersim
