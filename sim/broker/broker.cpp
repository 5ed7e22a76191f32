// One broker: requests, connections, timers. Its metadata is in publisher.cpp.
#include "broker/broker.hpp"

#include "engine/assert.hpp"

#include <algorithm>

namespace brokersim {

Broker::Broker(MachineId self, const std::string& name, LayoutRef layout, const BrokerSpec& spec,
               std::uint64_t seed)
    : self_(self), layout_(layout), config_(spec.config), path_(spec.config, spec.cpu),
      replicas_(self, layout, spec.config, spec.disk),
      fetchers_(self, layout, spec.config, seed, name),
      lifecycle_(self, layout, spec.config, seed, name),
      metadata_(self, layout, spec.config, seed, name), orders_(seed, name),
      shutdown_(self, layout, spec.config, seed, name), isr_(self, layout, spec.config, seed, name),
      phases_(seed, {"broker phases", name}), start_up_(spec.start_up),
      start_ups_(seed, {"broker start-up", name}),
      brokers_(layout->brokers, BrokerView{.fenced = true}) {
    armed_.fill(Time::never());
    isr_.set_self(self);
}

bool Broker::on_message(In in, const Incoming& incoming, Effects& out) {
    if (incoming.stage == own_stage) [[unlikely]] { return on_own_message(in, incoming, out); }
    if (is_response(incoming.kind)) {
        on_response(in, incoming, out);
        return false;
    }
    work_ |= requests_work;
    if (incoming.stage == 0) {
        path_.on_request(in, incoming, out);
        return false;
    }
    const Handled handled = handle(in, incoming, out);
    if (handled == Handled::done) path_.handler_free(in, out);
    return handled == Handled::other_role;
}

/// The handler is stuck in a request until the disk lets it go on, at `stage`.
bool Broker::wait(const Incoming& request, Time until, std::uint8_t stage, In in, Effects& out) {
    if (until <= in.now) return false;
    out.hold();
    if (until == Time::never()) {
        stalled_.emplace_back(request.packet, stage);
    } else {
        out.defer(request.packet, until, stage);
    }
    return true;
}

/// Whatever waited for the disk goes on, in the order in which it came to wait.
void Broker::disk_goes_on(In in, Effects& out) {
    replicas_.disk().go_on(in.now);
    if (replicas_.disk().stalled()) return;
    const Time read = replicas_.disk().reads_done(in.now);
    for (const auto& [packet, stage] : stalled_) {
        const Packet& p = out.messages().packets[packet];
        const bool reads = p.kind == kind_of<FetchRequest>;
        out.because(p.cause);
        out.defer(packet, reads ? read : in.now, stage);
    }
    stalled_.clear();
    if (logs_ready_ == Time::never()) load_logs(in, out);
    work_ |= all_work;
}

void Broker::after_request(In in, Effects& out) {
    path_.handler_free(in, out);
}

/// KafkaApis.handle.
Broker::Handled Broker::handle(In in, const Incoming& request, Effects& out) {
    if (request.stage == RequestPath::stored && replicas_.disk().stalled()) {
        wait(request, Time::never(), RequestPath::stored, in, out);
        return Handled::waits;
    }
    switch (request.api) {
    case Api::api_versions: {
        const RequestRef ref = path_.ref(request, out);
        std::uint32_t packet = no_packet;
        path_.respond<ApiVersionsResponse>(ref, packet, out);
        path_.deliver(in, ref, packet, out);
        return Handled::done;
    }
    case Api::metadata: metadata(in, request, out); return Handled::done;
    case Api::produce:
        // First for room in the page cache, then for the fsyncs of what it appends.
        if (wait(request, replicas_.disk_ready(in.now), RequestPath::handled, in, out)) {
            return Handled::waits;
        }
        if (request.stage == RequestPath::handled &&
            wait(request, replicas_.flushes_first(in, request, out), RequestPath::stored, in,
                 out)) {
            return Handled::waits;
        }
        replicas_.produce(in, request, path_, out);
        return Handled::done;
    case Api::fetch:
        if (request.stage == RequestPath::stored) {
            replicas_.answer_read(in, request, path_, out);
            return Handled::done;
        }
        return wait(request, replicas_.fetch(in, request, path_, out), RequestPath::stored, in, out)
                   ? Handled::waits
                   : Handled::done;
    case Api::list_offsets: replicas_.list_offsets(in, request, path_, out); return Handled::done;
    case Api::offsets_for_leader_epoch:
        replicas_.offsets_for_leader_epoch(in, request, path_, out);
        return Handled::done;
    case Api::init_producer_id: init_producer_id(in, request, out); return Handled::done;
    case Api::find_coordinator: find_coordinator(in, request, out); return Handled::done;
    case Api::join_group:
    case Api::sync_group:
    case Api::heartbeat:
    case Api::leave_group:
    case Api::offset_commit:
    case Api::offset_fetch:
    case Api::alter_partition:
    case Api::controlled_shutdown: return Handled::other_role;
    case Api::leader_and_isr:
    case Api::update_metadata:
    case Api::stop_replica:
        orders_.on_request(in, request, epoch_, path_, out);
        work_ |= lifecycle_work;
        return Handled::done;
    default: break;
    }
    BS_UNREACHABLE("a broker got a request for the controller");
}

void Broker::metadata(In in, const Incoming& request, Effects& out) {
    const RequestRef ref = path_.ref(request, out);
    std::uint32_t packet = no_packet;
    MetadataResponse& response = path_.respond<MetadataResponse>(ref, packet, out);
    for (std::size_t k = 0; k < brokers_.size(); ++k) {
        if (!brokers_[k].fenced) response.brokers.emplace_back(k);
    }
    for (const TopicId id : out.body<MetadataRequest>(request).topics) {
        const Layout::Topic& topic = layout_->topic(id);
        if (views_.find(topic.first).leader_epoch < 0) continue; // Not created yet.
        response.topics.push_back(id);
        for (std::int32_t k = 0; k < topic.partitions; ++k) {
            const PartitionId tp(topic.first.value + k);
            const PartitionView view = views_.find(tp);
            response.partitions.push_back(
                {tp, view.leader, view.leader_epoch,
                 view.leader.valid() ? Error::none : Error::leader_not_available});
        }
    }
    path_.deliver(in, ref, packet, out);
}

void Broker::find_coordinator(In in, const Incoming& request, Effects& out) {
    const GroupId group = out.body<FindCoordinatorRequest>(request).group;
    const RequestRef ref = path_.ref(request, out);
    std::uint32_t packet = no_packet;
    FindCoordinatorResponse& response = path_.respond<FindCoordinatorResponse>(ref, packet, out);
    response.coordinator = views_.find(layout_->groups[group.index()].coordinator).leader;
    if (!response.coordinator.valid()) response.error = Error::coordinator_not_available;
    path_.deliver(in, ref, packet, out);
}

/// Producer ids are unique over brokers and incarnations. Simplified: Kafka's brokers get them
/// from the controller in blocks of 1000 (KIP-730).
void Broker::init_producer_id(In in, const Incoming& request, Effects& out) {
    const RequestRef ref = path_.ref(request, out);
    std::uint32_t packet = no_packet;
    InitProducerIdResponse& response = path_.respond<InitProducerIdResponse>(ref, packet, out);
    response.producer_id =
        producer_ids_++ * static_cast<std::int64_t>(layout_->brokers) + self_.value;
    path_.deliver(in, ref, packet, out);
}

void Broker::on_response(In in, const Incoming& response, Effects& out) {
    if (response.kind == kind_of<FetchResponse> && replicas_.disk().stalled() &&
        !out.body<FetchResponse>(response).batches.empty()) {
        out.hold(); // The fetcher's thread is stuck in the append.
        stalled_.emplace_back(response.packet, RequestPath::handled);
        return;
    }
    if (response.kind == kind_of<FetchResponse> || response.kind == kind_of<ListOffsetsResponse>) {
        work_ |= fetchers_work;
        fetchers_.on_response(in, response, replicas_, out);
    } else if (lifecycle_.owns(response.conn, out)) {
        work_ |= lifecycle_work;
        lifecycle_.on_response(in, response, out);
    } else if (metadata_.owns(response.conn, out)) {
        work_ |= metadata_work;
        const Offset end = metadata_.end();
        metadata_.on_response(in, response, out);
        if (metadata_.end() > end && replicas_.disk().full()) replicas_.fail_storage();
    } else if (isr_.owns(response.conn, out)) {
        work_ |= isr_work | requests_work;
        isr_.on_response(in, response, replicas_, path_, out);
    } else if (shutdown_.owns(response.conn, out)) {
        work_ |= lifecycle_work;
        shutdown_.on_response(in, response, out);
    } else if (fetchers_.owns(response.conn, out)) {
        work_ |= fetchers_work; // API versions of a fetcher's connection.
        fetchers_.on_response(in, response, replicas_, out);
    }
}

void Broker::on_connected(In in, ConnId conn, Effects& out) {
    if (lifecycle_.owns(conn, out)) lifecycle_.on_connected(in, conn, out);
    if (metadata_.owns(conn, out)) metadata_.on_connected(in, conn, out);
    if (isr_.owns(conn, out)) isr_.on_connected(in, conn, out);
    if (shutdown_.owns(conn, out)) shutdown_.on_connected(in, conn, out);
    if (fetchers_.owns(conn, out)) fetchers_.on_connected(in, conn, out);
    work_ |= all_work;
}

void Broker::on_refused(In in, ConnId conn, Effects& out) {
    if (lifecycle_.owns(conn, out)) lifecycle_.on_refused(in, conn, out);
    if (metadata_.owns(conn, out)) metadata_.on_refused(in, conn, out);
    if (isr_.owns(conn, out)) isr_.on_refused(in, conn, out);
    if (shutdown_.owns(conn, out)) shutdown_.on_refused(in, conn, out);
    if (fetchers_.owns(conn, out)) fetchers_.on_refused(in, conn, out);
    work_ |= all_work;
}

void Broker::on_lost(In in, ConnId conn, Effects& out) {
    if (lifecycle_.owns(conn, out)) {
        lifecycle_.on_lost(in, conn, out);
    } else if (metadata_.owns(conn, out)) {
        metadata_.on_lost(in, conn, out);
    } else if (isr_.owns(conn, out)) {
        isr_.on_lost(in, conn, out);
    } else if (shutdown_.owns(conn, out)) {
        shutdown_.on_lost(in, conn, out);
    } else if (fetchers_.owns(conn, out)) {
        fetchers_.on_lost(in, conn, out);
    } else {
        path_.on_lost(in, conn, out);
        replicas_.on_lost(conn);
    }
    work_ |= all_work;
}

void Broker::on_timer(In in, TimerSlot timer, Effects& out) {
    const auto which = static_cast<Timer>(timer);
    armed_[which] = Time::never();
    switch (which) {
    case expiry_timer:
        replicas_.expire(in, path_, out);
        arm(expiry_timer, replicas_.next_expiry(), out);
        work_ |= requests_work;
        break;
    case fetchers_timer:
        fetchers_.on_time(in, out);
        work_ |= fetchers_work;
        break;
    case lag_timer:
        replicas_.check_lag(in);
        if (!replicas_.isr_changes.empty()) out.note(TimerFire{self_, "lag_check"});
        arm(lag_timer, in.now + config_.replica_lag_time_max / 2, out);
        work_ |= isr_work;
        break;
    case isr_timer:
        isr_.on_time(in, out);
        work_ |= isr_work;
        break;
    case disk_timer: replicas_.disk().tick(in.now); break;
    case disk_done_timer: replicas_.flushed(in, out); break;
    case retention_timer:
        replicas_.retain(in, out);
        arm(retention_timer, after(in.now, config_.log_retention_check_interval), out);
        break;
    case flush_timer:
        replicas_.flush_old(in);
        arm(flush_timer, after(in.now, config_.log_flush_scheduler_interval), out);
        break;
    case metadata_timer:
        metadata_.on_time(in, out);
        work_ |= metadata_work;
        break;
    case apply_timer:
        if (layout_->zookeeper()) {
            apply_orders(in, out);
        } else {
            apply_metadata(in, out);
        }
        break;
    case lifecycle_timer:
        if (layout_->zookeeper()) {
            shutdown_.on_time(in, out);
            work_ |= lifecycle_work;
            break;
        }
        lifecycle_.on_time(in, out);
        if (!published_) apply_metadata(in, out);
        work_ |= lifecycle_work;
        break;
    }
}

void Broker::run_isr(In in, Effects& out) {
    if (!turned_.empty()) turn_fetchers(in, out);
    if ((work_ & isr_work) != 0 || !replicas_.isr_changes.empty()) {
        isr_.set_leader(controller());
        isr_.run(in, replicas_, epoch(), out);
        arm(isr_timer, isr_.wake_at(), out);
    }
}

/// What requests and fetchers have made due: the cause of most events.
void Broker::run_requests(In in, Effects& out) {
    if ((work_ & fetchers_work) != 0) {
        fetchers_.run(in, replicas_, out);
        arm(fetchers_timer, fetchers_.wake_at(), out);
    }
    if ((work_ & (requests_work | fetchers_work)) != 0) {
        arm(expiry_timer, replicas_.take_new_expiry(), out);
        if (armed_[disk_timer] == Time::never()) {
            arm(disk_timer, replicas_.disk().next_tick(in.now), out);
        }
    }
    arm(disk_done_timer, replicas_.disk().next_done(), out);
}

/// What changes the broker's place in the cluster has made due.
void Broker::run_control(In in, Effects& out) {
    if (layout_->zookeeper()) {
        run_zookeeper(in, out);
        return;
    }
    if ((work_ & metadata_work) != 0) {
        metadata_.run(in, out);
        arm(metadata_timer, metadata_.wake_at(), out);
        arm(apply_timer, metadata_.apply_at(), out);
        if (!published_) apply_metadata(in, out);
    }
    if ((work_ & lifecycle_work) != 0) {
        lifecycle_.set_leader(metadata_.leader());
        lifecycle_.run(in, out);
        fetchers_.set_broker_epoch(lifecycle_.epoch());
        if (!serving_ && lifecycle_.state() == Lifecycle::State::running) {
            serving_ = true;
            out.listen(true);
        }
        if (lifecycle_.state() == Lifecycle::State::stopped) {
            out.exit();
        } else {
            arm(lifecycle_timer, lifecycle_.wake_at(), out);
        }
    }
}

void Broker::stop(In in, Effects&) {
    if (layout_->zookeeper()) {
        shutdown_.begin(in, epoch_);
    } else {
        lifecycle_.begin_shutdown(in);
    }
    work_ |= lifecycle_work;
}

} // namespace brokersim
