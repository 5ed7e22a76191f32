// What a client knows about leaders, and when it asks again. Kafka: Metadata, ProducerMetadata,
// NetworkClient.DefaultMetadataUpdater.
#pragma once

#include "engine/random.hpp"
#include "protocol/effects.hpp"
#include "rpc/network_client.hpp"

#include <cstdint>
#include <vector>

namespace brokersim {

struct MetadataSettings {
    Duration max_age = seconds(300);
    Duration retry_backoff = milliseconds(100);
    Duration retry_backoff_max = seconds(1);
    Duration request_timeout = seconds(30);
    bool rebootstrap = true;
    Duration rebootstrap_trigger = seconds(300);
};

/// The cache of one client with its refresh rules (semantics §1.9, §1.11).
class ClientMetadata {
public:
    struct Partition {
        MachineId leader; ///< nobody: no leader known
        LeaderEpoch epoch = -1;
        bool used = false; ///< this client reads or writes it: changes are told (`meta.seen`)
        bool told = false;
        MachineId told_leader;
        LeaderEpoch told_epoch = -1;
    };
    struct Topic {
        TopicId id;
        PartitionId first;
        bool known = false; ///< a response has contained it
        std::vector<Partition> partitions;
    };

    ClientMetadata(const MetadataSettings& settings, std::vector<MachineId> bootstrap,
                   Stream stream)
        : settings_(settings), bootstrap_(bootstrap), nodes_(std::move(bootstrap)),
          stream_(stream) {}

    void configure(const MetadataSettings& settings) { settings_ = settings; }
    /// The client is interested in a topic; a new one is asked for at once.
    void add_topic(TopicId id, PartitionId first, std::int32_t partitions);
    const std::vector<Topic>& topics() const { return topics_; }
    /// Changes whenever a leader may have changed.
    std::uint32_t version() const { return version_; }
    /// For the next process of the same client.
    const Stream& stream() const { return stream_; }
    Topic* topic(TopicId id);
    Topic* topic_of(PartitionId tp);
    Partition* find(PartitionId tp);
    MachineId leader(PartitionId tp);
    /// From now on changes of this partition's leader are noted for this client.
    void use(PartitionId tp, Effects& out);
    void unuse(PartitionId tp);

    void request_update() { needed_ = true; }
    bool update_requested() const { return needed_; }
    /// Nodes to talk to: unfenced brokers as of the last answer, or the bootstrap list.
    const std::vector<MachineId>& nodes() const { return nodes_; }

    /// Sends a request if one is due and a node can take it; dials one if it must. Returns when to
    /// look again (never: something else will wake the owner).
    Time maybe_update(In in, NetworkClient& client, Effects& out);
    /// True while a refresh is due but not yet under way: ordinary requests are held (§1.4).
    bool due(Time now);
    void on_response(In in, const MetadataResponse& response, Effects& out);
    /// The request was lost, or a connection went while a refresh was due.
    void on_failure(In in);
    void on_disconnect(In in);
    /// KIP-951: an answer named the new leader. True if it was news.
    bool hint(PartitionId tp, MachineId leader, LeaderEpoch epoch, Effects& out);

    /// The node for metadata and coordinator look-ups (semantics §1.4): nobody if none is usable.
    MachineId least_loaded(Time now, const NetworkClient& client);

private:
    Duration backoff();
    void rebootstrap();
    void tell(PartitionId tp, Partition& p, Effects& out);

    MetadataSettings settings_;
    std::vector<MachineId> bootstrap_, nodes_;
    std::vector<Topic> topics_;
    Stream stream_;
    bool needed_ = true;
    bool in_flight_ = false;
    Time last_{-1}; ///< last answer or failure; -1: none
    Time last_success_{-1};
    Time failing_since_ = Time::never(); ///< first failure since the last success
    std::uint32_t version_ = 0;
    std::int32_t failures_ = 0;
    std::int32_t equivalent_ = 0; ///< answers in a row that changed nothing
};

} // namespace brokersim
