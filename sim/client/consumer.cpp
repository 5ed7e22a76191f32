// A consumer's process: what reaches it, and to which part it goes.
#include "client/consumer.hpp"

#include "client/client_settings.hpp"
#include "engine/assert.hpp"

#include <algorithm>
#include <utility>

namespace brokersim {

namespace {

std::vector<TopicId> topics_by_name(const Layout& layout, const ConsumerGroupSpec& spec) {
    std::vector<TopicId> topics;
    for (const std::int32_t topic : spec.topics)
        topics.emplace_back(topic);
    std::sort(topics.begin(), topics.end(),
              [&](TopicId a, TopicId b) { return layout.topic(a).name < layout.topic(b).name; });
    return topics;
}

std::string machine_name(const Layout& layout, GroupId group, std::int32_t number) {
    return layout.groups[group.index()].name + "-" + std::to_string(number);
}

ConsumerCore make_core(MachineId self, GroupId group, std::int32_t number, const LayoutRef& layout,
                       const ConsumerGroupSpec& spec, std::uint64_t seed) {
    const std::string name = machine_name(*layout, group, number);
    const bool numbered = spec.members > 1;
    std::string instance = spec.config.group_instance_id;
    if (!instance.empty() && numbered) instance += "-" + std::to_string(number);
    return ConsumerCore{self,
                        group,
                        layout,
                        spec.config,
                        topics_by_name(*layout, spec),
                        instance,
                        number,
                        numbered,
                        NetworkClient(consumer_network_settings(spec.config), layout->brokers,
                                      Stream(seed, {"connection", name})),
                        ClientMetadata(client_metadata_settings(spec.config, layout->rules),
                                       bootstrap_brokers(*layout),
                                       Stream(seed, {"metadata", name}))};
}

} // namespace

Consumer::Consumer(MachineId self, GroupId group, std::int32_t member_number, LayoutRef layout,
                   const ConsumerGroupSpec& spec, std::uint64_t seed, ProducerId letters)
    : commit_mode_(spec.commit), core_(make_core(self, group, member_number, layout, spec, seed)),
      membership_(core_, seed, machine_name(*layout, group, member_number)),
      commits_(seed, machine_name(*layout, group, member_number)), fetcher_(layout->brokers),
      work_(spec, group, self, seed, machine_name(*layout, group, member_number)) {
    if (letters.valid()) {
        letters_.emplace(letters, layout, spec, machine_name(*layout, group, member_number), seed);
    }
    armed_.fill(Time::never());
}

void Consumer::start(In in, Effects& out) {
    crash();
    core_.brokers = NetworkClient(consumer_network_settings(core_.config), core_.layout->brokers,
                                  core_.brokers.stream());
    core_.metadata = ClientMetadata(client_metadata_settings(core_.config, core_.layout->rules),
                                    bootstrap_brokers(*core_.layout), core_.metadata.stream());
    metadata_version_ = core_.metadata.version();
    metadata_wake_ = in.now;
    for (const TopicId id : core_.topics) {
        const Layout::Topic& topic = core_.layout->topic(id);
        core_.metadata.add_topic(id, topic.first, topic.partitions);
    }
    commits_.restart_interval(in.now, core_);
    if (letters_) letters_->start(out);
    doing_ = Doing::polling;
    turn(in, out);
}

void Consumer::crash() {
    membership_.restart(core_);
    commits_.restart();
    positions_ = ConsumerPositions{};
    fetcher_ = ConsumerFetcher(core_.layout->brokers);
    doing_ = Doing::nothing;
    stopping_ = giving_up_ = prepared_ = leaving_ = false;
    block_until_ = wake_ = close_until_ = letters_wake_ = Time::never();
    fetched_.clear();
    pieces_.clear();
    work_.forget();
    if (letters_) letters_->crash();
    returned_.clear();
    armed_.fill(Time::never());
}

void Consumer::stop(In in, Effects& out) {
    if (doing_ == Doing::nothing || std::exchange(stopping_, true)) return;
    work_.stop();
    if (doing_ == Doing::processing) process(in, out);
    turn(in, out);
}

bool Consumer::idle() const {
    return doing_ == Doing::nothing ||
           (work_.empty() && !fetcher_.has_data() && !commits_.under_way());
}

Offset Consumer::position(PartitionId tp) const {
    const PartitionPosition* p = positions_.find(tp);
    return p == nullptr ? -1 : p->offset;
}

void Consumer::on_message(In in, const Incoming& incoming, Effects& out) {
    if (core_.brokers.owns(incoming.conn, out)) {
        on_broker_response(in, incoming, out);
    } else if (membership_.link().owns(incoming.conn, out)) {
        on_coordinator_response(in, incoming, out);
    } else if (letters_) {
        letters_->on_message(in, incoming, out);
    } else {
        return; // Of a connection that was given up.
    }
    turn(in, out);
}

void Consumer::on_broker_response(In in, const Incoming& incoming, Effects& out) {
    const MachineId node = incoming.from;
    InFlight request;
    if (!core_.brokers.on_response(in, incoming, out, request)) {
        membership_.look_up_soon(in.now);
        fetcher_.send_made(in, node, core_, positions_, out);
        return;
    }
    switch (incoming.api) {
    case Api::fetch:
        return fetcher_.on_response(in, node, out.body<FetchResponse>(incoming), core_, positions_,
                                    out);
    case Api::metadata:
        return core_.metadata.on_response(in, out.body<MetadataResponse>(incoming), out);
    case Api::find_coordinator:
        return membership_.on_found(in, out.body<FindCoordinatorResponse>(incoming), core_, out);
    case Api::list_offsets:
        return positions_.on_list_offsets(in, node, out.body<ListOffsetsResponse>(incoming), core_,
                                          out);
    case Api::offsets_for_leader_epoch:
        return positions_.on_epochs(in, node, out.body<OffsetsForLeaderEpochResponse>(incoming),
                                    core_, out);
    default: BS_UNREACHABLE("not a response that a consumer waits for");
    }
}

void Consumer::on_coordinator_response(In in, const Incoming& incoming, Effects& out) {
    if (membership_.session_over(in.now, core_)) {
        // A process that was frozen looks at the clock first (Kafka: HeartbeatThread.run).
        return membership_.lose_coordinator(in, out);
    }
    InFlight request;
    if (!membership_.link().on_response(in, incoming, out, request)) return;
    switch (incoming.api) {
    case Api::join_group:
        return membership_.on_join(in, out.body<JoinGroupResponse>(incoming), core_, out);
    case Api::sync_group:
        if (!membership_.on_sync(in, out.body<SyncGroupResponse>(incoming), core_, out)) return;
        prepared_ = false;
        positions_.assign(membership_.generation(), membership_.assigned, core_, out);
        return commits_.restart_interval(in.now, core_);
    case Api::heartbeat:
        return membership_.on_heartbeat(in, out.body<HeartbeatResponse>(incoming),
                                        static_cast<Generation>(request.token), core_, out);
    case Api::leave_group: return;
    case Api::offset_commit:
        return commits_.on_commit(in, out.body<OffsetCommitResponse>(incoming), request.token,
                                  core_, membership_, out);
    case Api::offset_fetch:
        return commits_.on_offsets(in, out.body<OffsetFetchResponse>(incoming), request.token,
                                   core_, membership_, positions_, out);
    default: BS_UNREACHABLE("not a response that a consumer waits for");
    }
}

void Consumer::on_connected(In in, ConnId conn, Effects& out) {
    if (core_.brokers.owns(conn, out)) {
        core_.brokers.on_connected(in, conn, out);
    } else if (membership_.link().owns(conn, out)) {
        membership_.link().on_connected(in, conn, out);
    } else if (letters_) {
        letters_->on_connected(in, conn, out);
    }
    turn(in, out);
}

void Consumer::on_refused(In in, ConnId conn, Effects& out) {
    if (core_.brokers.owns(conn, out)) {
        core_.brokers.on_refused(in, conn, out);
    } else if (membership_.link().owns(conn, out)) {
        membership_.link().on_refused(in, conn, out);
    } else if (letters_) {
        letters_->on_refused(in, conn, out);
    }
    turn(in, out);
}

void Consumer::on_lost(In in, ConnId conn, Effects& out) {
    if (core_.brokers.owns(conn, out)) {
        core_.brokers.on_lost(in, conn, out);
    } else if (membership_.link().owns(conn, out)) {
        membership_.link().on_lost(in, conn, out);
    } else if (letters_) {
        letters_->on_lost(in, conn, out);
    }
    turn(in, out);
}

void Consumer::configure(const ConsumerConfig& config) {
    core_.config = config;
    core_.metadata.configure(client_metadata_settings(config, core_.layout->rules));
}

void Consumer::on_timer(In in, TimerSlot slot, Effects& out) {
    armed_[static_cast<std::size_t>(slot)] = Time::never();
    if (slot == network_timer) {
        core_.brokers.on_time(in, out);
        membership_.link().on_time(in, out);
    } else if (slot == processing_timer && doing_ == Doing::processing) {
        process(in, out);
    } else if (slot == letters_timer) {
        letters_->on_time(in, out);
    }
    turn(in, out);
}

/// Connections and requests that are gone: everybody hears of theirs.
void Consumer::take_new_failures(In in, Effects& out) {
    std::vector<Failure> failures;
    failures.swap(core_.brokers.failures);
    for (const Failure& failure : failures)
        take_broker_failure(in, failure, out);
    failures.clear();
    failures.swap(membership_.link().failures);
    for (const Failure& failure : failures)
        take_coordinator_failure(in, failure, out);
}

void Consumer::take_broker_failure(In in, const Failure& failure, Effects& out) {
    if (!failure.has_request) {
        core_.metadata.on_disconnect(in);
        fetcher_.on_lost(in, failure.node, core_, positions_, out);
        return;
    }
    switch (failure.request.api) {
    case Api::metadata: return core_.metadata.on_failure(in);
    case Api::find_coordinator: return membership_.on_look_up_lost(in, core_);
    case Api::list_offsets:
    case Api::offsets_for_leader_epoch:
        return positions_.on_lost_look_up(in, failure.node, failure.request.api, core_, out);
    default: return; // Fetches went with their connection.
    }
}

void Consumer::take_coordinator_failure(In in, const Failure& failure, Effects& out) {
    if (!failure.has_request) {
        if (failure.node == membership_.coordinator()) membership_.lose_coordinator(in, out);
        return;
    }
    switch (failure.request.api) {
    case Api::join_group:
    case Api::sync_group: return membership_.on_join_lost(in, core_);
    case Api::heartbeat: return membership_.on_heartbeat_lost(in, core_);
    case Api::offset_commit: return commits_.on_commit_lost(in, failure.request.token, core_);
    case Api::offset_fetch: return commits_.on_offsets_lost(in, core_, positions_, out);
    default: return;
    }
}

void Consumer::take_metadata(In in) {
    if (metadata_version_ == core_.metadata.version()) return;
    metadata_version_ = core_.metadata.version();
    positions_.take_leaders(in, core_);
}

/// After every event: whatever can go on does.
void Consumer::turn(In in, Effects& out) {
    if (doing_ == Doing::nothing) return;
    take_failures(in, out);
    take_metadata(in);
    update_metadata(in, out);
    Doing before = Doing::nothing;
    while (doing_ != before && doing_ != Doing::nothing) {
        before = doing_;
        switch (doing_) {
        case Doing::polling: poll(in, out); break;
        case Doing::committing: await_commit(in, out); break;
        case Doing::closing: step_close(in, out); break;
        case Doing::processing:
            if (letters_) serve_letters(in, out);
            break;
        case Doing::nothing: break;
        }
        take_failures(in, out);
    }
    if (doing_ == Doing::nothing) return;
    if (letters_) letters_wake_ = letters_->pass(in, out);
    if (membership_.next_beat(core_, polling()) <= in.now) {
        membership_.beat(in, core_, polling(), out);
        take_failures(in, out);
    }
    update_metadata(in, out);
    set_timers(out);
}

void Consumer::update_metadata(In in, Effects& out) {
    if (in.now < metadata_wake_ && !core_.metadata.due(in.now)) return;
    metadata_wake_ = core_.metadata.maybe_update(in, core_.brokers, out);
}

void Consumer::set_timers(Effects& out) {
    Time network = std::min(core_.brokers.next_deadline(), membership_.link().next_deadline());
    network = std::min(network, metadata_wake_);
    set_timer(network_timer, network, out);
    if (doing_ != Doing::processing) set_timer(poll_timer, wake_, out);
    set_timer(heartbeat_timer, membership_.next_beat(core_, polling()), out);
    if (letters_) set_timer(letters_timer, letters_wake_, out);
}

/// Timers may fire early: a deadline that only moves on costs nothing.
void Consumer::set_timer(TimerSlot slot, Time deadline, Effects& out) {
    Time& armed = armed_[static_cast<std::size_t>(slot)];
    if (deadline >= armed) return;
    armed = deadline;
    out.arm(slot, deadline);
}

} // namespace brokersim
