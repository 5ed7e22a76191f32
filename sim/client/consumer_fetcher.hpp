// Fetching: one request in flight per broker, in fetch sessions, and the buffer of what came back.
// Kafka: AbstractFetch, FetchSessionHandler, FetchBuffer, FetchCollector (semantics §5.1).
#pragma once

#include "client/consumer_core.hpp"
#include "client/consumer_positions.hpp"
#include "engine/ring.hpp"

#include <cstdint>
#include <vector>

namespace brokersim {

/// Offsets [from, to) that a poll returns.
struct FetchedRange {
    PartitionId tp;
    Offset from = 0, to = 0;
    LeaderEpoch epoch = -1; ///< of the last record
};

/// Some of its records, of one producer and in its order.
struct FetchedPiece {
    PartitionId tp;
    Offset from = 0, to = 0;
    ProducerId producer;     ///< nobody: nothing is known of these records
    std::int64_t number = 0; ///< of the first
    std::int32_t bytes = 0;  ///< of each, as in a batch
};

class ConsumerFetcher {
public:
    explicit ConsumerFetcher(std::size_t brokers) : nodes_(brokers) {}

    /// Takes up to `records` records out of the buffer, in the order in which they came.
    void collect(std::int64_t records, ConsumerPositions& positions,
                 std::vector<FetchedRange>& ranges, std::vector<FetchedPiece>& pieces);
    /// Fetches from every broker that may be asked. Returns when to look again.
    Time send(In in, ConsumerCore& core, ConsumerPositions& positions, Effects& out);
    /// A connection is ready: a request that was made before leaves at once.
    void send_made(In in, MachineId node, ConsumerCore& core, ConsumerPositions& positions,
                   Effects& out);

    void on_response(In in, MachineId node, const FetchResponse& response, ConsumerCore& core,
                     ConsumerPositions& positions, Effects& out);
    /// The connection is gone, and with it the session and what was in flight.
    void on_lost(In in, MachineId node, const ConsumerCore& core, ConsumerPositions& positions,
                 Effects& out);

    /// Before the positions are cleared: nothing of them stays buffered.
    void forget_all(ConsumerPositions& positions);
    /// Records that no poll has returned.
    bool has_data() const;

private:
    struct Node {
        std::int32_t session_id = 0; ///< 0: none, the next request is a full one
        std::int32_t session_epoch = 0;
        bool in_flight = false;
        bool made = false; ///< a request waits for the connection
        Time sent;
        std::uint32_t readers = 0; ///< fetchable partitions that it leads
        std::uint32_t chunks = 0;  ///< of those, with data in the buffer
        std::vector<std::uint32_t> fresh;
        std::vector<PartitionId> forgotten;
    };
    /// What one response brought for one partition.
    struct Chunk {
        /// Batches of one epoch; of one batch if records are told apart (RecordMarks::kept).
        struct Run {
            Offset base = 0, end = 0;
            LeaderEpoch epoch = -1;
            ProducerId producer;
            std::int64_t first = 0; ///< number of the record at `base`
            std::int32_t bytes = 0; ///< of a record
        };
        std::uint32_t position = 0; ///< index in ConsumerPositions
        MachineId node;
        Offset from = 0;
        std::size_t run = 0;
        std::vector<Run> runs;
    };

    Node& node(MachineId id) { return nodes_[id.index()]; }
    const Node& node(MachineId id) const { return nodes_[id.index()]; }
    void settle(ConsumerPositions& positions);
    void move(std::uint32_t k, ConsumerPositions& positions);
    void send_to(In in, MachineId id, ConsumerCore& core, ConsumerPositions& positions,
                 Effects& out);
    bool asks(MachineId id, const ConsumerCore& core, const ConsumerPositions& positions) const;
    void add_unbuffered(MachineId id, FetchRequest& request, const ConsumerCore& core,
                        ConsumerPositions& positions);
    void add_part(FetchRequest& request, PartitionPosition& p, const ConsumerCore& core) const;
    template <class F>
    void each_reader(MachineId id, ConsumerPositions& positions, F&& f) const;
    void take_part(In in, MachineId id, const FetchResponse& response,
                   const FetchResponse::Part& part, ConsumerCore& core,
                   ConsumerPositions& positions, Effects& out);
    void take_error(In in, MachineId id, const FetchResponse::Part& part, std::uint32_t k,
                    ConsumerCore& core, ConsumerPositions& positions, Effects& out);
    void buffer(MachineId id, const FetchResponse& response, const FetchResponse::Part& part,
                std::uint32_t k, bool told_apart, ConsumerPositions& positions);
    static void take_pieces(const Chunk& chunk, std::size_t first, PartitionId tp, Offset to,
                            std::vector<FetchedPiece>& pieces);
    void drop_chunk(std::uint32_t slot, ConsumerPositions& positions);
    void free_chunk(std::uint32_t slot);

    std::vector<Node> nodes_; ///< by broker
    std::vector<Chunk> chunks_;
    std::vector<std::uint32_t> free_;
    Ring<std::uint32_t> order_; ///< chunks, by arrival
};

} // namespace brokersim
