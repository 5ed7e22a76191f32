// A fetch session (KIP-227) on the side of the broker that is read: what the reader follows, how
// far it has got, and the request it may have parked. Kafka: FetchSession, DelayedFetch.
#pragma once

#include "brokersim/ids.hpp"
#include "brokersim/time.hpp"
#include "server/request_path.hpp"

#include <cstdint>
#include <utility>
#include <vector>

namespace brokersim {

/// Only what may have something to tell is looked at: an entry is *marked* when its partition has
/// new data, another high watermark, or a new leader; a fetch costs what is marked, not what is
/// followed.
struct FetchSession {
    struct Entry {
        PartitionId tp;
        std::int32_t replica = -1; ///< the broker's own number of the partition; -1: not here
        Offset offset = 0;         ///< next offset wanted
        LeaderEpoch current_epoch = -1, last_fetched_epoch = -1;
        std::int32_t max_bytes = 0;
        Offset told_hw = -1, told_start = -1;
        std::size_t hint = 0;    ///< batch that was read last
        std::uint64_t order = 0; ///< what returned data goes to the back
        bool used = false;
        bool marked = false;
        bool joining = false; ///< listed in `joining`
    };

    /// A session's number names its slot at the broker, and how many sessions there were before it:
    /// Kafka draws a number and looks it up.
    static std::int32_t number(std::size_t slot, std::uint32_t before);
    static std::size_t slot_of(std::int32_t number) {
        return static_cast<std::uint32_t>(number) & ((std::uint32_t{1} << slot_bits) - 1);
    }

    bool used = false;
    std::int32_t id = 0;
    std::int32_t epoch = 0; ///< expected in the next request
    ConnId conn;
    MachineId replica; ///< the follower; nobody: a consumer
    BrokerEpoch replica_epoch = -1;
    bool read_committed = false;
    Duration max_wait{};
    std::int64_t min_bytes = 1, max_bytes = 0;
    std::vector<Entry> entries;
    std::vector<std::pair<PartitionId, std::uint32_t>> index; ///< by partition
    std::vector<std::uint32_t> free_entries;
    std::vector<std::uint32_t> marked;
    std::vector<std::uint32_t> joining; ///< followed by a replica outside the ISR
    std::uint64_t next_order = 1;

    bool parked = false;
    RequestRef request;    ///< the parked one
    std::uint64_t use = 0; ///< counts parkings: names this one to the expiry queue

    bool follower() const { return replica.valid(); }
    void mark(std::uint32_t entry) {
        if (entries[entry].marked) return;
        entries[entry].marked = true;
        marked.push_back(entry);
    }
    /// The entry of a partition; -1 if there is none.
    std::int32_t find(PartitionId tp) const;
    std::uint32_t add(PartitionId tp);
    void remove(std::uint32_t entry);

private:
    static constexpr std::uint32_t slot_bits = 18;
};

} // namespace brokersim
