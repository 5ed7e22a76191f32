// The list of all messages and the pools they live in: typed slots that never move while a message
// is in use, reused afterwards with the capacity of their lists, so the steady state allocates
// nothing.
#pragma once

#include "net/packet.hpp"
#include "protocol/broker_orders.hpp"
#include "protocol/client_apis.hpp"
#include "protocol/controller_apis.hpp"
#include "protocol/fetch.hpp"
#include "protocol/group_apis.hpp"
#include "protocol/metadata_log.hpp"
#include "protocol/produce.hpp"
#include "protocol/quorum.hpp"
#include "protocol/zookeeper_apis.hpp"

#include <cstdint>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

namespace brokersim {

/// Every message, requests and responses in pairs; its place here is its kind.
using AllMessages = std::tuple<
    ApiVersionsRequest, ApiVersionsResponse, MetadataRequest, MetadataResponse, ProduceRequest,
    ProduceResponse, FetchRequest, FetchResponse, ListOffsetsRequest, ListOffsetsResponse,
    OffsetsForLeaderEpochRequest, OffsetsForLeaderEpochResponse, InitProducerIdRequest,
    InitProducerIdResponse, FindCoordinatorRequest, FindCoordinatorResponse, JoinGroupRequest,
    JoinGroupResponse, SyncGroupRequest, SyncGroupResponse, HeartbeatRequest, HeartbeatResponse,
    LeaveGroupRequest, LeaveGroupResponse, OffsetCommitRequest, OffsetCommitResponse,
    OffsetFetchRequest, OffsetFetchResponse, BrokerRegistrationRequest, BrokerRegistrationResponse,
    BrokerHeartbeatRequest, BrokerHeartbeatResponse, AlterPartitionRequest, AlterPartitionResponse,
    FetchMetadataRequest, FetchMetadataResponse, VoteRequest, VoteResponse, BeginQuorumEpochRequest,
    BeginQuorumEpochResponse, EndQuorumEpochRequest, EndQuorumEpochResponse, LeaderAndIsrRequest,
    LeaderAndIsrResponse, UpdateMetadataRequest, UpdateMetadataResponse, StopReplicaRequest,
    StopReplicaResponse, ControlledShutdownRequest, ControlledShutdownResponse, ZkRequest,
    ZkResponse, ZkQuorumRequest, ZkQuorumResponse>;

namespace detail {
template <class M, std::size_t K = 0>
constexpr std::uint8_t kind_of() {
    if constexpr (std::is_same_v<std::tuple_element_t<K, AllMessages>, M>) {
        return static_cast<std::uint8_t>(K);
    } else {
        return kind_of<M, K + 1>();
    }
}
} // namespace detail

/// The number of a message type; requests are even, a response is its request + 1.
template <class M>
inline constexpr std::uint8_t kind_of = detail::kind_of<M>();

inline constexpr bool is_response(std::uint8_t kind) {
    return kind % 2 == 1;
}

/// Messages of one type. A slot stays where it is; copying the pool copies the messages.
template <class M>
class MessagePool {
public:
    MessagePool() = default;
    MessagePool(const MessagePool& other)
        : free_(other.free_), next_(other.next_), in_use_(other.in_use_) {
        for (const auto& block : other.blocks_) {
            blocks_.push_back(std::make_unique<Block>(*block));
        }
    }
    MessagePool& operator=(const MessagePool& other) {
        MessagePool copy(other);
        *this = std::move(copy);
        return *this;
    }
    MessagePool(MessagePool&&) noexcept = default;
    MessagePool& operator=(MessagePool&&) noexcept = default;
    ~MessagePool() = default;

    std::uint32_t take() {
        ++in_use_;
        if (free_ != none) {
            const std::uint32_t slot = free_;
            Block& block = *blocks_[slot / block_size];
            free_ = block.next_free[slot % block_size];
            block.slots[slot % block_size].clear();
            return slot;
        }
        if (next_ % block_size == 0) blocks_.push_back(std::make_unique<Block>());
        return next_++;
    }
    void give(std::uint32_t slot) {
        --in_use_;
        blocks_[slot / block_size]->next_free[slot % block_size] = free_;
        free_ = slot;
    }
    M& operator[](std::uint32_t slot) {
        return blocks_[slot / block_size]->slots[slot % block_size];
    }
    const M& operator[](std::uint32_t slot) const {
        return blocks_[slot / block_size]->slots[slot % block_size];
    }
    std::size_t in_use() const { return in_use_; }

private:
    static constexpr std::uint32_t block_size = 64;
    static constexpr std::uint32_t none = 0xffffffff;
    struct Block {
        M slots[block_size];
        std::uint32_t next_free[block_size] = {}; ///< of a free slot: the one freed before it
    };
    std::vector<std::unique_ptr<Block>> blocks_;
    std::uint32_t free_ = none; ///< the slot that was freed last
    std::uint32_t next_ = 0;    ///< the first that was never used
    std::uint32_t in_use_ = 0;
};

namespace detail {
template <class Tuple>
struct PoolsOf;
template <class... M>
struct PoolsOf<std::tuple<M...>> {
    using type = std::tuple<MessagePool<M>...>;
};
} // namespace detail

/// All messages of a world, and the envelopes that carry them.
class Messages {
public:
    PacketPool packets;

    template <class M>
    MessagePool<M>& pool() {
        return std::get<MessagePool<M>>(pools_);
    }
    /// The message in a packet of its kind.
    template <class M>
    M& body(const Packet& packet) {
        return pool<M>()[packet.body];
    }
    /// Frees a packet of type `message` and what it carries.
    void free(std::uint32_t packet) {
        const Packet& p = packets[packet];
        free_body(p.kind, p.body, std::make_index_sequence<std::tuple_size_v<AllMessages>>());
        packets.give(packet);
    }

private:
    template <std::size_t... K>
    void free_body(std::uint8_t kind, std::uint32_t body, std::index_sequence<K...>) {
        using Give = void (*)(Messages&, std::uint32_t);
        static constexpr Give gives[] = {
            [](Messages& m, std::uint32_t slot) { std::get<K>(m.pools_).give(slot); }...};
        gives[kind](*this, body);
    }
    typename detail::PoolsOf<AllMessages>::type pools_;
};

} // namespace brokersim
