// All replicas of one broker, and the requests that read and write them. Kafka: ReplicaManager,
// DelayedProduce, DelayedFetch. Produce requests are in produce.cpp, fetches in fetch.cpp.
#pragma once

#include "disk/disk.hpp"
#include "protocol/effects.hpp"
#include "protocol/layout.hpp"
#include "protocol/topic_settings.hpp"
#include "replica/fetch_session.hpp"
#include "replica/partition.hpp"
#include "replica/partition_index.hpp"
#include "server/expiry_queue.hpp"
#include "server/request_path.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace brokersim {

class ReplicaManager {
public:
    ReplicaManager(MachineId self, LayoutRef layout, const ServerConfig& config,
                   const DiskSpec& disk);

    Partition* find(PartitionId tp);
    /// -1: no replica here.
    std::int32_t number_of(PartitionId tp) const {
        const std::int32_t number = numbers_.find(tp);
        const bool gone = number >= 0 && partitions_[static_cast<std::size_t>(number)].retired();
        return gone ? -1 : number;
    }
    std::vector<Partition>& partitions() { return partitions_; }
    const std::vector<Partition>& partitions() const { return partitions_; }
    const std::vector<BrokerView>& brokers() const { return brokers_; }
    BrokerView& broker(MachineId id) { return brokers_[id.index()]; }

    // ---- metadata (ReplicaManager.applyDelta) ----
    /// A partition with a replica here has a new state. Returns its number if leadership or role
    /// is new: the fetchers must be told.
    std::int32_t apply(In in, PartitionId tp, const PartitionRegistration& state, Effects& out);
    /// A partition has no replica here any more: its log is deleted, whoever waits is sent away by
    /// applied(). Returns its number; -1: there was none.
    std::int32_t drop(In in, PartitionId tp, Effects& out);
    /// After a batch of apply() and changes of broker(): requests that waited for what has moved.
    void applied(In in, RequestPath& path, Effects& out);

    /// Settings have changed, of a topic or of this broker, whose own are now `config`.
    void configure(const ConfigChange& change, const ServerConfig& config);

    // ---- requests; each answers or parks ----
    void produce(In in, const Incoming& incoming, RequestPath& path, Effects& out);
    /// Returns when the data is there: if that is later, the handler waits for the device, and
    /// answer_read() follows then.
    Time fetch(In in, const Incoming& incoming, RequestPath& path, Effects& out);
    void answer_read(In in, const Incoming& incoming, RequestPath& path, Effects& out);
    void list_offsets(In in, const Incoming& incoming, RequestPath& path, Effects& out);
    void offsets_for_leader_epoch(In in, const Incoming& incoming, RequestPath& path, Effects& out);
    /// Until when the disk holds up a produce request of so many bytes; `now` if it does not.
    Time disk_ready(Time now) const {
        return disk_.stalled() ? Time::never() : std::max(now, disk_free_);
    }
    /// Until when a produce request waits for the fsyncs that it sets off (flush.messages). The
    /// device is taken up for them now; the appends follow then.
    Time flushes_first(In in, const Incoming& incoming, Effects& out);

    /// Appends the coordinator's batch as acks=all would. Error none: `base` is where.
    Error append_internal(In in, PartitionId tp, Batch batch, Offset& base, RequestPath& path,
                          Effects& out);

    // ---- follower side ----
    /// A batch came from the leader. Returns when the disk has taken it.
    Time append_replicated(In in, std::uint32_t number, const Batch& batch, Effects& out);

    // ---- ISR ----
    /// The periodic look for lagging members. New proposals are in `isr_changes`.
    void check_lag(In in);
    /// Partitions whose ISR change has to be asked for, in order; the owner takes them.
    std::vector<std::uint32_t> isr_changes;
    /// The answer for one partition. Error none: `state` is committed.
    void isr_answer(In in, std::uint32_t number, Error error, const PartitionRegistration& state,
                    RequestPath& path, Effects& out);
    /// Leaders' high watermarks that have moved since the owner last looked: internal topics only.
    std::vector<PartitionId> internal_moves;

    // ---- time ----
    /// No parked request is due before this.
    Time next_expiry();
    /// The earliest deadline of what was parked since the last call: a timer that runs already
    /// need not be looked at for anything else.
    Time take_new_expiry() { return std::exchange(new_expiry_, Time::never()); }
    void expire(In in, RequestPath& path, Effects& out);
    Disk& disk() { return disk_; }
    /// An append has failed for want of room: the process cannot go on (LogDirFailureChannel).
    bool storage_failed() const { return storage_failed_; }
    void fail_storage() { storage_failed_ = true; }
    void flushed(In in, Effects& out);
    /// The periodic look for old segments (LogManager.cleanupLogs), for logs whose flush.ms has
    /// passed (LogManager.flushDirtyLogs).
    void retain(In in, Effects& out);
    void flush_old(In in);

    void on_lost(ConnId conn);
    /// The process is gone; logs and checkpoints stay. With the power what was not durable goes,
    /// with the disk everything.
    void restart(Time now, DownHow how, Messages& messages);
    /// Says what a power cut or a lost disk has taken, before the logs are used again.
    void tell_lost_tails(In in, Effects& out);
    /// A clean stop writes everything to the device.
    void flush_all();
    /// Bytes that a start after a kill has to check: what was not yet flushed.
    std::int64_t unflushed_bytes() const;

private:
    struct ParkedProduce {
        struct Part {
            PartitionId tp;
            std::int32_t replica = -1;
            Offset base = -1;
            Offset required = 0; ///< high watermark that satisfies it
            Error error = Error::none;
            bool waiting = false;
            MachineId leader; ///< KIP-951 hint, with NOT_LEADER_OR_FOLLOWER
            LeaderEpoch leader_epoch = -1;
        };
        std::uint64_t use = 0;
        bool live = false;
        RequestRef request;
        std::vector<Part> parts;
        std::int32_t waiting = 0;
    };

    /// An answer that waits for its data to be read.
    struct Reading {
        std::uint32_t request = no_packet;
        std::uint32_t response = no_packet;
        RequestRef ref;
    };

    // storage.cpp
    const TopicConfig& settings(const Partition& partition) const {
        return topics_.of(partition.tp());
    }
    Offset take_batches(FetchSession::Entry& e, const PartitionLog& log, Offset end,
                        std::int64_t& left, FetchResponse& response);
    Time keep(In in, std::uint32_t number, const Batch& batch, bool new_segment);

    // produce.cpp
    Error append_one(In in, Acks acks, const ProduceRequest::Part& asked, ParkedProduce::Part& part,
                     RequestPath& path, Effects& out);
    void append_to(In in, std::uint32_t number, Batch& batch, Effects& out);
    void after_append(In in, std::uint32_t number, RequestPath& path, Effects& out);
    void try_produces(In in, std::uint32_t number, RequestPath& path, Effects& out);
    void finish_produce(In in, std::uint32_t slot, RequestPath& path, Effects& out);
    std::uint32_t take_parked();

    // fetch.cpp
    FetchSession* session_for(const Incoming& incoming, const FetchRequest& request);
    void drop_session(std::uint32_t slot);
    void update_session(FetchSession& session, const FetchRequest& request);
    void enter(FetchSession& session, std::uint32_t entry);
    void leave(FetchSession& session, std::uint32_t entry);
    bool worth_answering(const FetchSession& session) const;
    void answer(In in, FetchSession& session, const RequestRef& request, RequestPath& path,
                Effects& out, std::uint32_t& packet);
    bool fill_part(FetchSession& session, FetchSession::Entry& entry, FetchResponse& response,
                   std::int64_t& left);
    void fill_obstacle(const FetchSession& session, const FetchSession::Entry& entry,
                       FetchResponse::Part& part) const;
    Error check_entry(const FetchSession& session, const FetchSession::Entry& entry) const;
    bool readable(const FetchSession& session, const FetchSession::Entry& entry) const;
    bool is_member(const FetchSession& session, const FetchSession::Entry& entry) const;
    Offset bound(const FetchSession& session, const Partition& partition) const;
    void follower_states(In in, FetchSession& session, const std::vector<std::uint32_t>& entries,
                         bool known_readable, RequestPath& path, Effects& out);
    void complete(In in, FetchSession& session, RequestPath& path, Effects& out);
    void touch(In in, std::uint32_t number, bool followers, bool consumers, RequestPath& path,
               Effects& out);
    void touch_moved(In in, std::uint32_t number, RequestPath& path, Effects& out);
    void consider_isr(FetchSession& session);
    void look_for_joining(const Partition& partition);
    std::uint32_t slot_of(const FetchSession& session) const {
        return static_cast<std::uint32_t>(&session - sessions_.data());
    }

    MachineId self_;
    LayoutRef layout_;
    ServerConfig config_;
    TopicSettings topics_;
    Disk disk_;
    Time disk_free_;
    PartitionIndex numbers_;
    bool storage_failed_ = false;
    std::vector<Partition> partitions_;
    std::vector<BrokerView> brokers_;
    std::vector<std::uint32_t> changed_; ///< by apply(), until applied()

    std::vector<ParkedProduce> parked_;
    std::vector<std::uint32_t> free_parked_;
    Time new_expiry_ = Time::never();
    ExpiryQueue produce_expiry_;

    std::vector<FetchSession> sessions_;
    std::vector<Time> session_fetched_; ///< last fetch of each, for Partition::settle_followers
    std::vector<std::uint32_t> free_sessions_;
    std::uint32_t next_session_ = 0;
    ExpiryQueue fetch_expiry_;
    std::vector<MachineId> lagging_;
    std::vector<std::uint32_t> touched_, moved_; ///< scratch of fetch()
    std::int64_t uncached_ = 0;                  ///< scratch: bytes that answer() has to read
    std::vector<Reading> reading_;
    std::vector<Time> last_flush_; ///< by the broker's number of a partition
    /// What a power cut or a lost disk has taken, until it is told.
    std::vector<std::pair<std::uint32_t, TruncWhy>> lost_tails_;
};

} // namespace brokersim
