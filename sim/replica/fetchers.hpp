// The follower side: one thread per leader and fetcher index, one request in flight each. Kafka:
// AbstractFetcherThread, ReplicaFetcherThread, AbstractFetcherManager (semantics §2.7).
#pragma once

#include "engine/random.hpp"
#include "replica/replica_manager.hpp"
#include "rpc/network_client.hpp"

#include <cstdint>
#include <utility>
#include <vector>

namespace brokersim {

/// All fetcher threads of one broker. It owns their connections; the broker hands it what arrives
/// on them and arms one timer for wake_at().
class Fetchers {
public:
    Fetchers(MachineId self, LayoutRef layout, const ServerConfig& config, std::uint64_t seed,
             const std::string& name);

    /// The partition has a new leader (or none): its fetching is stopped, and begun anew there.
    void follow(In in, std::uint32_t number, ReplicaManager& replicas, bool leader_known,
                Effects& out);
    /// Sends what can be sent. To be called after any of the others.
    void run(In in, ReplicaManager& replicas, Effects& out);

    bool owns(ConnId conn, Effects& out) const;
    void on_connected(In in, ConnId conn, Effects& out);
    void on_refused(In in, ConnId conn, Effects& out);
    void on_lost(In in, ConnId conn, Effects& out);
    void on_response(In in, const Incoming& response, ReplicaManager& replicas, Effects& out);
    void on_time(In in, Effects& out);
    Time wake_at() const { return wake_; }
    void set_broker_epoch(BrokerEpoch epoch) { broker_epoch_ = epoch; }
    void restart();

private:
    enum class State : std::uint8_t { fetching, delayed, repairing, failed };
    struct Item {
        PartitionId tp;
        std::uint32_t number = 0; ///< of the broker's replica
        State state = State::fetching;
        bool used = false;
        bool changed = true;     ///< to be named in the next request
        Time resume;             ///< delayed: until then
        Duration kept_delay{};   ///< 4.0 keeps the length of a past pause until data has come
        LeaderEpoch epoch = -1;  ///< in which it fetches
        Offset sent_offset = -1; ///< what the request in flight, or the session, says
        bool in_session = false;
    };
    struct Thread {
        MachineId leader;
        std::uint32_t index = 0; ///< which NetworkClient
        std::vector<Item> items;
        std::vector<std::uint32_t> free_items;
        std::size_t follows = 0;            ///< items that are used
        std::vector<std::uint32_t> changed; ///< items to name in the next request
        std::vector<PartitionId> forgotten;
        std::size_t fetching = 0, to_repair = 0; ///< items in those states
        bool in_flight = false;
        bool repairing = false; ///< the request in flight is a ListOffsets
        std::int32_t session_id = 0;
        Time append_until;            ///< the disk holds up the thread
        Time look_at = Time::never(); ///< earliest end of a pause
        bool due = false;             ///< listed in `due_`
    };

    /// Which thread fetches a replica, and which of its items that is.
    struct Place {
        std::int32_t thread = -1; ///< -1: none
        std::uint32_t item = 0;
    };

    Thread& thread_for(MachineId leader, PartitionId tp);
    Thread* find_thread(MachineId leader, std::uint32_t index);
    void set_due(Thread& thread) {
        if (thread.due) return;
        thread.due = true;
        due_.push_back(static_cast<std::uint32_t>(&thread - threads_.data()));
    }
    void look_at_all(In in);
    Item* item_of(Thread& thread, PartitionId tp, const ReplicaManager& replicas);
    void mark(Thread& thread, Item& item) {
        if (item.changed) return;
        item.changed = true;
        thread.changed.push_back(static_cast<std::uint32_t>(&item - thread.items.data()));
    }
    void set_state(Thread& thread, Item& item, State state);
    void pause(In in, Thread& thread, Item& item, Duration wait);
    void pause_all(In in, Thread& thread);
    void drop(Thread& thread, std::uint32_t item);
    void drain_failures(In in);
    void run_thread(In in, Thread& thread, ReplicaManager& replicas, Effects& out);
    void end_pauses(In in, Thread& thread);
    void send_fetch(In in, Thread& thread, ReplicaManager& replicas, Effects& out);
    bool send_repair(In in, Thread& thread, Effects& out);
    void take_part(In in, Thread& thread, Item& item, Partition& partition,
                   const FetchResponse& response, const FetchResponse::Part& part,
                   ReplicaManager& replicas, Effects& out);
    void take_error(In in, Thread& thread, Item& item, Error error);
    void on_fetch(In in, Thread& thread, const FetchResponse& response, ReplicaManager& replicas,
                  Effects& out);
    void on_offsets(In in, Thread& thread, const ListOffsetsResponse& response,
                    ReplicaManager& replicas, Effects& out);

    MachineId self_;
    LayoutRef layout_;
    ServerConfig config_;
    BrokerEpoch broker_epoch_ = -1;
    std::vector<NetworkClient> clients_; ///< one per fetcher index
    std::vector<Thread> threads_;
    std::vector<std::int32_t> thread_of_; ///< by leader, then index; -1: none
    std::vector<std::uint32_t> due_;      ///< threads that may have something to do
    /// No thread that is not due has anything to do by the clock before this.
    Time look_at_ = Time::never();
    std::vector<Place> places_; ///< by replica number
    Time wake_ = Time::never();
};

} // namespace brokersim
