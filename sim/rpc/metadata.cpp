// What a client knows about leaders, and when it asks again.
#include "rpc/metadata.hpp"

#include "engine/assert.hpp"

#include <algorithm>

namespace brokersim {

void ClientMetadata::add_topic(TopicId id, PartitionId first, std::int32_t partitions) {
    if (topic(id) != nullptr) return;
    Topic t;
    t.id = id;
    t.first = first;
    t.partitions.resize(static_cast<std::size_t>(partitions));
    topics_.push_back(std::move(t));
    needed_ = true;
    equivalent_ = 0;
    last_ = Time{-1}; // Asked for at once, whatever the back-offs say.
}

ClientMetadata::Topic* ClientMetadata::topic(TopicId id) {
    for (Topic& t : topics_) {
        if (t.id == id) return &t;
    }
    return nullptr;
}

ClientMetadata::Topic* ClientMetadata::topic_of(PartitionId tp) {
    for (Topic& t : topics_) {
        const std::int32_t k = tp.value - t.first.value;
        if (k >= 0 && k < static_cast<std::int32_t>(t.partitions.size())) return &t;
    }
    return nullptr;
}

ClientMetadata::Partition* ClientMetadata::find(PartitionId tp) {
    Topic* t = topic_of(tp);
    return t == nullptr ? nullptr
                        : &t->partitions[static_cast<std::size_t>(tp.value - t->first.value)];
}

MachineId ClientMetadata::leader(PartitionId tp) {
    const Partition* p = find(tp);
    return p == nullptr ? MachineId{} : p->leader;
}

void ClientMetadata::tell(PartitionId tp, Partition& p, Effects& out) {
    if (!p.used || p.epoch < 0) return;
    if (p.told && p.told_leader == p.leader && p.told_epoch == p.epoch) return;
    p.told = true;
    p.told_leader = p.leader;
    p.told_epoch = p.epoch;
    out.note_aside(MetaSeen{
        out.in().self, tp, p.leader.valid() ? std::optional(p.leader) : std::nullopt, p.epoch, {}});
}

void ClientMetadata::use(PartitionId tp, Effects& out) {
    Partition* p = find(tp);
    if (p == nullptr || p->used) return;
    p->used = true;
    tell(tp, *p, out);
}

void ClientMetadata::unuse(PartitionId tp) {
    if (Partition* p = find(tp)) p->used = false;
}

/// Metadata.timeToAllowUpdate: both terms are drawn anew at every look.
Duration ClientMetadata::backoff() {
    Duration wait = exponential_backoff(std::max(failures_ - 1, 0), settings_.retry_backoff,
                                        settings_.retry_backoff_max, stream_);
    if (equivalent_ > 0) {
        wait = std::max(wait, exponential_backoff(equivalent_ - 1, settings_.retry_backoff,
                                                  settings_.retry_backoff_max, stream_));
    }
    return wait;
}

bool ClientMetadata::due(Time now) {
    if (in_flight_) return false;
    const bool aged = last_success_.ns >= 0 && now >= after(last_success_, settings_.max_age);
    return needed_ || aged;
}

/// Back to the bootstrap list (KIP-899); epochs seen are kept, leaders are not.
void ClientMetadata::rebootstrap() {
    if (!settings_.rebootstrap || nodes_ == bootstrap_) return;
    nodes_ = bootstrap_;
    for (Topic& t : topics_) {
        for (Partition& p : t.partitions)
            p.leader = {};
    }
    ++version_;
}

Time ClientMetadata::maybe_update(In in, NetworkClient& client, Effects& out) {
    if (in_flight_) return Time::never();
    if (!due(in.now)) return after(last_success_, settings_.max_age);
    if (last_.ns >= 0) {
        const Duration waited = in.now - last_;
        while (waited < backoff()) {
            // Too early: the loop sleeps to the end of another draw, and looks again then.
            const Time again = last_ + backoff();
            if (again > in.now) return again;
        }
    }
    if (in.now >= after(failing_since_, settings_.rebootstrap_trigger)) {
        failing_since_ = Time::never();
        rebootstrap();
    }
    const MachineId node = least_loaded(in.now, client);
    if (!node.valid()) {
        const bool nobody = std::none_of(nodes_.begin(), nodes_.end(), [&](MachineId n) {
            return client.ready(n) || client.connecting(n) || client.connectable(n, in.now);
        });
        if (nobody) rebootstrap();
        Time wake = Time::never();
        for (const MachineId n : nodes_)
            wake = std::min(wake, client.connectable_at(n));
        return wake;
    }
    if (client.ready(node)) {
        MetadataRequest& request =
            client.send<MetadataRequest>(in, node, out, settings_.request_timeout);
        for (const Topic& t : topics_)
            request.topics.push_back(t.id);
        in_flight_ = true;
        needed_ = false;
        return Time::never();
    }
    // Kafka dials only if no known node is connecting just now; it looks again after 50 ms.
    if (client.connectable(node, in.now) && !client.any_connecting()) client.connect(in, node, out);
    return Time::never();
}

void ClientMetadata::on_response(In in, const MetadataResponse& response, Effects& out) {
    in_flight_ = false;
    if (response.brokers.empty()) {
        on_failure(in);
        return;
    }
    nodes_ = response.brokers;
    ++version_;
    bool news = false;
    bool unsettled = false;
    for (const TopicId id : response.topics) {
        if (Topic* t = topic(id)) {
            news = news || !t->known;
            t->known = true;
        }
    }
    for (const PartitionMetadata& told : response.partitions) {
        Partition* p = find(told.tp);
        if (p == nullptr || told.leader_epoch < p->epoch) continue; // A lagging broker's answer.
        news = news || told.leader_epoch > p->epoch;
        p->epoch = told.leader_epoch;
        p->leader = told.leader;
        unsettled = unsettled || told.error != Error::none;
        tell(told.tp, *p, out);
    }
    last_ = last_success_ = in.now;
    failing_since_ = Time::never();
    failures_ = 0;
    equivalent_ = news ? 0 : equivalent_ + 1;
    const bool missing =
        std::any_of(topics_.begin(), topics_.end(), [](const Topic& t) { return !t.known; });
    if (unsettled || missing) needed_ = true;
}

void ClientMetadata::on_failure(In in) {
    in_flight_ = false;
    last_ = in.now;
    ++failures_;
    equivalent_ = 0;
    needed_ = true;
    failing_since_ = std::min(failing_since_, in.now);
}

void ClientMetadata::on_disconnect(In in) {
    if (due(in.now) && last_.ns >= 0 && in.now - last_ >= backoff()) {
        // The refresh that was due at this very moment counts as failed.
        last_ = in.now;
        ++failures_;
        equivalent_ = 0;
    }
    needed_ = true;
}

bool ClientMetadata::hint(PartitionId tp, MachineId leader, LeaderEpoch epoch, Effects& out) {
    Partition* p = find(tp);
    if (p == nullptr || !leader.valid() || epoch <= p->epoch) return false;
    p->leader = leader;
    p->epoch = epoch;
    ++version_;
    tell(tp, *p, out);
    return true;
}

MachineId ClientMetadata::least_loaded(Time now, const NetworkClient& client) {
    if (nodes_.empty()) return {};
    const std::size_t start = stream_.below(nodes_.size());
    MachineId best_ready;
    MachineId best_connecting;
    MachineId best_connectable;
    for (std::size_t k = 0; k < nodes_.size(); ++k) {
        const MachineId node = nodes_[(start + k) % nodes_.size()];
        if (client.may_send(node)) {
            if (client.in_flight(node) == 0) return node; // Idle: taken at once.
            if (!best_ready.valid() || client.in_flight(node) < client.in_flight(best_ready)) {
                best_ready = node;
            }
        } else if (client.connecting(node)) {
            best_connecting = node;
        } else if (client.connectable(node, now)) {
            if (!best_connectable.valid() ||
                client.last_attempt(node) < client.last_attempt(best_connectable)) {
                best_connectable = node;
            }
        }
    }
    if (best_ready.valid()) return best_ready;
    return best_connecting.valid() ? best_connecting : best_connectable;
}

} // namespace brokersim
