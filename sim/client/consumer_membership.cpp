// Finding the coordinator, joining the group, staying in it.
#include "client/consumer_membership.hpp"

#include <algorithm>
#include <utility>

namespace brokersim {

namespace {

/// How often the heartbeat thread looks for a coordinator: every second one of its turns.
constexpr std::int64_t turns_per_look_up = 2;

AssignorId assignor_of(const std::string& strategy) {
    if (strategy == "roundrobin") return AssignorId::roundrobin;
    if (strategy == "sticky") return AssignorId::sticky;
    if (strategy == "cooperative-sticky") return AssignorId::cooperative_sticky;
    return AssignorId::range;
}

} // namespace

ConsumerMembership::ConsumerMembership(const ConsumerCore& core, std::uint64_t seed,
                                       std::string_view name)
    : link_(consumer_network_settings(core.config), core.layout->brokers,
            Stream(seed, {"coordinator connection", name})),
      backoff_(seed, {"membership", name}) {}

void ConsumerMembership::restart(const ConsumerCore& core) {
    ConsumerMembership fresh = *this;
    fresh.link_ =
        NetworkClient(consumer_network_settings(core.config), core.layout->brokers, link_.stream());
    fresh.assigned.clear();
    fresh.coordinator_ = {};
    fresh.looking_up_ = fresh.joining_ = false;
    fresh.state_ = State::unjoined;
    fresh.generation_ = -1;
    fresh.member_ = no_member;
    fresh.rejoin_ = true;
    fresh.failed_ = false;
    fresh.look_up_at_ = fresh.join_at_ = fresh.polled_ = fresh.alive_ = Time{};
    fresh.beat_at_ = fresh.looked_ = Time{};
    fresh.beats_failed_ = 0;
    *this = std::move(fresh);
}

void ConsumerMembership::find(In in, ConsumerCore& core, bool polling, Effects& out) {
    if (coordinator_.valid() || looking_up_ || look_up_at_ > in.now) return;
    const MachineId node = core.metadata.least_loaded(in.now, core.brokers);
    if (node.valid() && core.brokers.may_send(node)) {
        core.brokers.send<FindCoordinatorRequest>(in, node, out, core.config.request_timeout)
            .group = core.group;
        looking_up_ = true;
        return;
    }
    if (node.valid() && core.brokers.connectable(node, in.now)) {
        if (!core.brokers.any_connecting()) core.brokers.connect(in, node, out);
    } else if (!node.valid()) {
        // Nobody to ask: looked at again when a reconnect back-off is over.
        core.metadata.request_update();
    }
    look_up_at_ =
        in.now + (polling ? backoff(0, core) : core.config.retry_backoff * turns_per_look_up);
}

void ConsumerMembership::on_found(In in, const FindCoordinatorResponse& response,
                                  ConsumerCore& core, Effects& out) {
    looking_up_ = false;
    look_up_at_ = in.now + backoff(0, core);
    if (response.error != Error::none) {
        core.metadata.request_update();
        return;
    }
    coordinator_ = response.coordinator;
    alive_ = in.now;
    if (!reach(in, out) && link_.state(coordinator_) == NetworkClient::State::disconnected) {
        coordinator_ = {}; // Still in its reconnect back-off: asked for again after a while.
    }
}

void ConsumerMembership::on_look_up_lost(In in, ConsumerCore& core) {
    looking_up_ = false;
    look_up_at_ = in.now + backoff(0, core);
}

void ConsumerMembership::lose_coordinator(In in, Effects& out) {
    if (!coordinator_.valid()) return;
    const MachineId lost = std::exchange(coordinator_, MachineId{});
    look_up_at_ = std::min(look_up_at_, in.now);
    link_.disconnect(in, lost, out);
}

bool ConsumerMembership::reach(In in, Effects& out) {
    if (!coordinator_.valid()) return false;
    if (link_.may_send(coordinator_)) return true;
    if (link_.connectable(coordinator_, in.now)) link_.connect(in, coordinator_, out);
    return false;
}

void ConsumerMembership::join(In in, const ConsumerCore& core, Effects& out) {
    if (failed_ || joining_ || join_at_ > in.now || !reach(in, out)) return;
    // The coordinator keeps it until all members are here.
    const Duration rebalance = core.config.max_poll_interval;
    const Duration limit =
        std::max(core.config.request_timeout, after(Time{}, rebalance) >= Time::never() - seconds(5)
                                                  ? Duration::max()
                                                  : rebalance + seconds(5));
    JoinGroupRequest& request = link_.send<JoinGroupRequest>(in, coordinator_, out, limit);
    request.group = core.group;
    request.member = member_;
    request.machine = core.self;
    request.instance = core.instance();
    request.session_timeout = core.config.session_timeout;
    request.rebalance_timeout = rebalance;
    for (const std::string& strategy : core.config.partition_assignment_strategy) {
        request.protocols.push_back(assignor_of(strategy));
    }
    request.topics = core.topics;
    state_ = State::preparing;
    joining_ = true;
}

void ConsumerMembership::on_join(In in, const JoinGroupResponse& response, const ConsumerCore& core,
                                 Effects& out) {
    joining_ = false;
    join_at_ = in.now;
    if (response.error == Error::member_id_required) {
        member_ = response.member;
    } else if (response.error != Error::none) {
        retry_join(in, response.error, core, out);
    } else if (state_ == State::preparing) {
        member_ = response.member;
        generation_ = response.generation;
        state_ = State::completing;
        start_beating(in.now, core);
        send_sync(in, response, core, out);
    }
}

void ConsumerMembership::send_sync(In in, const JoinGroupResponse& joined, const ConsumerCore& core,
                                   Effects& out) {
    SyncGroupRequest& request =
        link_.send<SyncGroupRequest>(in, coordinator_, out, core.config.request_timeout);
    request.group = core.group;
    request.member = member_;
    request.instance = core.instance();
    request.generation = generation_;
    request.from_leader = joined.leader == member_;
    if (request.from_leader) assign_members(core, joined, request.assignment);
    joining_ = true;
}

bool ConsumerMembership::on_sync(In in, const SyncGroupResponse& response, const ConsumerCore& core,
                                 Effects& out) {
    joining_ = false;
    join_at_ = in.now;
    if (response.error != Error::none) {
        rejoin_ = true;
        retry_join(in, response.error, core, out);
        return false;
    }
    if (state_ != State::completing) return false; // Meanwhile it was thrown out.
    state_ = State::stable;
    rejoin_ = false;
    assigned = response.partitions;
    return true;
}

void ConsumerMembership::retry_join(In in, Error error, const ConsumerCore& core, Effects& out) {
    switch (error) {
    case Error::unknown_member_id: reset_generation(false); return;
    case Error::illegal_generation: reset_generation(true); return;
    case Error::rebalance_in_progress: return;
    case Error::fenced_instance_id:
    case Error::group_max_size_reached:
    case Error::inconsistent_group_protocol: failed_ = true; return;
    default: break;
    }
    join_at_ = in.now + core.config.retry_backoff;
    if (coordinator_moved(error)) lose_coordinator(in, out);
}

void ConsumerMembership::on_join_lost(In in, const ConsumerCore& core) {
    joining_ = false;
    rejoin_ = true;
    join_at_ = in.now + core.config.retry_backoff;
}

void ConsumerMembership::reset_generation(bool keep_member) {
    state_ = State::unjoined;
    generation_ = -1;
    if (!keep_member) member_ = no_member;
    rejoin_ = true;
}

bool ConsumerMembership::leave(In in, const ConsumerCore& core, bool poll_timeout, Effects& out) {
    // Static members stay: a restart takes their place (KIP-345).
    const bool says_so = core.instance_id.empty() && member_ != no_member &&
                         state_ != State::unjoined && reach(in, out);
    if (says_so) {
        LeaveGroupRequest& request =
            link_.send<LeaveGroupRequest>(in, coordinator_, out, core.config.request_timeout);
        request.group = core.group;
        request.member = member_;
        request.poll_timeout = poll_timeout;
    }
    reset_generation(false);
    return says_so;
}

void ConsumerMembership::start_beating(Time now, const ConsumerCore& core) {
    alive_ = polled_ = looked_ = now;
    beat_at_ = now + core.config.heartbeat_interval;
    beats_failed_ = 0;
}

/// While the application is in poll(), it wakes the heartbeat thread in time; else that looks
/// every retry.backoff.ms only.
Time ConsumerMembership::next_beat(const ConsumerCore& core, bool polling) const {
    if (!beating()) return Time::never();
    if (!coordinator_.valid()) return next_look_up();
    Time next = std::min(beat_at_, after(alive_, core.config.session_timeout));
    if (polling) return next;
    next = std::min(next, after(polled_, core.config.max_poll_interval));
    const std::int64_t turn = std::max<std::int64_t>(core.config.retry_backoff.ns, 1);
    const std::int64_t wait = std::max<std::int64_t>((next - looked_).ns, 0);
    return looked_ + Duration{(wait + turn - 1) / turn * turn};
}

/// One turn of the heartbeat thread (Kafka: AbstractCoordinator.HeartbeatThread.run).
void ConsumerMembership::beat(In in, ConsumerCore& core, bool polling, Effects& out) {
    if (!beating()) return;
    looked_ = in.now;
    if (!coordinator_.valid()) return find(in, core, polling, out);
    if (in.now >= after(alive_, core.config.session_timeout)) return lose_coordinator(in, out);
    if (!polling && in.now >= after(polled_, core.config.max_poll_interval)) {
        out.note_aside(TimerFire{in.self, "poll_interval"});
        leave(in, core, true, out);
        return;
    }
    if (in.now < beat_at_) return;
    if (!reach(in, out)) {
        beat_at_ = in.now + core.config.retry_backoff;
        return;
    }
    HeartbeatRequest& request =
        link_.send<HeartbeatRequest>(in, coordinator_, out, core.config.request_timeout,
                                     static_cast<std::uint64_t>(generation_));
    request.group = core.group;
    request.member = member_;
    request.instance = core.instance();
    request.generation = generation_;
    beat_at_ = in.now + core.config.heartbeat_interval;
}

void ConsumerMembership::on_heartbeat(In in, const HeartbeatResponse& response, Generation sent_in,
                                      const ConsumerCore& core, Effects& out) {
    if (response.error == Error::none) {
        alive_ = in.now;
        beats_failed_ = 0;
        return;
    }
    if (response.error == Error::rebalance_in_progress) {
        alive_ = in.now;
        if (state_ == State::stable) rejoin_ = true;
        return;
    }
    beat_at_ = in.now + backoff(beats_failed_++, core);
    if (coordinator_moved(response.error)) {
        lose_coordinator(in, out);
    } else if (response.error == Error::fenced_instance_id) {
        failed_ = true;
    } else if (sent_in == generation_) {
        reset_generation(response.error == Error::illegal_generation);
    }
}

void ConsumerMembership::on_heartbeat_lost(In in, const ConsumerCore& core) {
    beat_at_ = in.now + backoff(beats_failed_++, core);
}

} // namespace brokersim
