// A broker as an observer of the metadata log: fetches it, and hands out what is committed, in
// order. Kafka: KafkaRaftClient as observer, MetadataLoader (semantics §3.2).
#pragma once

#include "brokersim/config.hpp"
#include "engine/random.hpp"
#include "engine/ring.hpp"
#include "log/epoch_index.hpp"
#include "protocol/effects.hpp"
#include "protocol/layout.hpp"
#include "rpc/network_client.hpp"

#include <string>

namespace brokersim {

class MetadataFollower {
public:
    MetadataFollower(MachineId self, LayoutRef layout, const ServerConfig& config,
                     std::uint64_t seed, const std::string& name);

    void settle(Offset end);
    /// A new process, which asks for nothing before `begins`. Its own copy of the log has survived.
    void start(In in, Time begins);

    void run(In in, Effects& out);
    bool owns(ConnId conn, Effects& out) const { return client_.owns(conn, out); }
    void on_connected(In in, ConnId conn, Effects& out);
    void on_refused(In in, ConnId conn, Effects& out);
    void on_lost(In in, ConnId conn, Effects& out);
    void on_response(In in, const Incoming& response, Effects& out);
    void on_time(In in, Effects& out);
    Time wake_at() const { return wake_; }

    /// Who leads the quorum, as far as this broker knows.
    MachineId leader() const { return leader_; }
    /// When committed records may be applied; never() if there are none. Applying takes a broker
    /// some milliseconds, and more in its first seconds.
    Time apply_at() const { return apply_at_; }
    /// Everything committed so far, once its time has come; each is passed once.
    bool take(MetadataRecord& record);
    void taken() { apply_at_ = Time::never(); }
    /// Applied up to here, exclusive.
    Offset applied() const { return applied_; }
    /// Up to where it has the log.
    Offset end() const { return end_; }
    /// Since it started it has applied what was committed when it first asked.
    bool caught_up() const { return first_mark_ >= 0 && applied_ >= first_mark_; }

private:
    void failed(In in);
    MachineId other_voter();
    void turn_elsewhere(In in);
    void send(In in, Effects& out);
    bool comes_to_lead() const;
    void take_records(In in, const FetchMetadataResponse& fetched);

    MachineId self_;
    LayoutRef layout_;
    ServerConfig config_;
    NetworkClient client_;
    Stream searches_, delays_;
    QuorumEpoch epoch_ = 0; ///< the newest it knows
    MachineId leader_;      ///< of that epoch
    MachineId target_;      ///< whom it fetches from, or asks for the leader
    EpochIndex epochs_;
    Ring<MetadataRecord> pending_; ///< from applied_ to end_
    Offset end_ = 0, high_watermark_ = 0, applied_ = 0;
    Offset first_mark_ = -1;
    bool in_flight_ = false;
    bool has_led_ = true; ///< since its process started
    Time retry_at_;       ///< no fetch before
    Time started_ = Time{-(std::int64_t{1} << 60)};
    Time apply_at_ = Time::never(), last_apply_;
    Time wake_ = Time::never();
};

} // namespace brokersim
