// The fetcher threads: whom they follow, pauses, connections.
#include "replica/fetchers.hpp"

#include "engine/assert.hpp"
#include "protocol/java_hash.hpp"

#include <algorithm>

namespace brokersim {

Fetchers::Fetchers(MachineId self, LayoutRef layout, const ServerConfig& config, std::uint64_t seed,
                   const std::string& name)
    : self_(self), layout_(std::move(layout)), config_(config) {
    NetworkClientSettings settings;
    settings.reconnect_backoff = settings.reconnect_backoff_max = {}; // The pauses pace it (§2.7).
    // replica.socket.timeout.ms bounds connecting only (§2.7).
    settings.setup_timeout =
        std::min(config.socket_connection_setup_timeout, config.replica_socket_timeout);
    settings.setup_timeout_max = config.socket_connection_setup_timeout_max;
    settings.setup_timeout_grows = false;
    settings.max_in_flight = 1;
    for (std::int32_t k = 0; k < config.num_replica_fetchers; ++k) {
        clients_.emplace_back(settings, layout_->brokers,
                              Stream(seed, {"fetcher", name, std::to_string(k)}));
    }
}

void Fetchers::restart() {
    const auto keep = clients_.size();
    std::vector<NetworkClient> fresh;
    for (std::size_t k = 0; k < keep; ++k)
        fresh.push_back(clients_[k].fresh());
    clients_ = std::move(fresh);
    threads_.clear();
    thread_of_.clear();
    due_.clear();
    look_at_ = Time::never();
    places_.clear();
    wake_ = Time::never();
    broker_epoch_ = -1;
}

Fetchers::Thread& Fetchers::thread_for(MachineId leader, PartitionId tp) {
    const Layout::Topic& topic = layout_->topic(tp);
    const auto index = static_cast<std::uint32_t>(
        fetcher_index(topic.name, tp.value - topic.first.value, config_.num_replica_fetchers));
    if (Thread* const thread = find_thread(leader, index)) return *thread;
    if (thread_of_.empty()) thread_of_.assign(layout_->brokers * clients_.size(), -1);
    thread_of_[leader.index() * clients_.size() + index] =
        static_cast<std::int32_t>(threads_.size());
    threads_.emplace_back();
    threads_.back().leader = leader;
    threads_.back().index = index;
    return threads_.back();
}

Fetchers::Thread* Fetchers::find_thread(MachineId leader, std::uint32_t index) {
    if (thread_of_.empty()) return nullptr;
    const std::int32_t at = thread_of_[leader.index() * clients_.size() + index];
    return at < 0 ? nullptr : &threads_[static_cast<std::size_t>(at)];
}

void Fetchers::set_state(Thread& thread, Item& item, State state) {
    thread.fetching -= item.state == State::fetching ? 1 : 0;
    thread.to_repair -= item.state == State::repairing ? 1 : 0;
    item.state = state;
    thread.fetching += state == State::fetching ? 1 : 0;
    thread.to_repair += state == State::repairing ? 1 : 0;
}

void Fetchers::drop(Thread& thread, std::uint32_t at) {
    Item& item = thread.items[at];
    set_state(thread, item, State::failed);
    if (item.in_session) thread.forgotten.push_back(item.tp);
    places_[item.number] = {};
    --thread.follows;
    if (item.changed) {
        thread.changed.erase(std::remove(thread.changed.begin(), thread.changed.end(), at),
                             thread.changed.end());
    }
    item = Item{};
    thread.free_items.push_back(at);
}

void Fetchers::follow(In in, std::uint32_t number, ReplicaManager& replicas, bool leader_known,
                      Effects& out) {
    if (number >= places_.size()) places_.resize(number + 1);
    const Partition& partition = replicas.partitions()[number];
    const Place before = places_[number];
    if (before.thread >= 0) {
        Thread& old = threads_[static_cast<std::size_t>(before.thread)];
        drop(old, before.item);
        if (old.follows == 0) {
            // A thread without partitions is shut down, even in the middle of a request.
            clients_[old.index].disconnect(in, old.leader, out);
            clients_[old.index].failures.clear();
            old.in_flight = old.repairing = false;
            old.session_id = 0;
            old.forgotten.clear();
        }
    }
    if (partition.role() != Partition::Role::follower || !partition.leader().valid() ||
        !leader_known) {
        return;
    }
    Thread& thread = thread_for(partition.leader(), partition.tp());
    std::uint32_t at = 0;
    if (thread.free_items.empty()) {
        at = static_cast<std::uint32_t>(thread.items.size());
        thread.items.emplace_back();
    } else {
        at = thread.free_items.back();
        thread.free_items.pop_back();
    }
    Item& item = thread.items[at];
    item = Item{};
    item.tp = partition.tp();
    item.number = number;
    item.used = true;
    item.epoch = partition.leader_epoch();
    ++thread.fetching;
    ++thread.follows;
    set_due(thread);
    thread.changed.push_back(at);
    places_[number] = {static_cast<std::int32_t>(&thread - threads_.data()), at};
}

/// What this thread fetches of a partition; null if it does not.
Fetchers::Item* Fetchers::item_of(Thread& thread, PartitionId tp, const ReplicaManager& replicas) {
    const std::int32_t number = replicas.number_of(tp);
    if (number < 0 || static_cast<std::size_t>(number) >= places_.size()) return nullptr;
    const Place place = places_[static_cast<std::size_t>(number)];
    if (place.thread < 0 || &threads_[static_cast<std::size_t>(place.thread)] != &thread) {
        return nullptr;
    }
    return &thread.items[place.item];
}

void Fetchers::pause(In in, Thread& thread, Item& item, Duration wait) {
    if (item.state == State::delayed) return; // One that pauses already is not prolonged.
    set_state(thread, item, State::delayed);
    item.resume = in.now + wait;
    item.kept_delay = wait;
    thread.look_at = std::min(thread.look_at, item.resume);
    look_at_ = std::min(look_at_, item.resume);
    if (item.in_session) {
        thread.forgotten.push_back(item.tp);
        item.in_session = false;
    }
}

void Fetchers::pause_all(In in, Thread& thread) {
    thread.in_flight = thread.repairing = false;
    thread.session_id = 0;
    thread.forgotten.clear();
    for (Item& item : thread.items) {
        if (!item.used) continue;
        item.in_session = false;
        if (item.state == State::repairing) set_state(thread, item, State::fetching);
        if (item.state == State::fetching) pause(in, thread, item, config_.replica_fetch_backoff);
        mark(thread, item);
    }
}

bool Fetchers::owns(ConnId conn, Effects& out) const {
    return std::any_of(clients_.begin(), clients_.end(),
                       [&](const NetworkClient& c) { return c.owns(conn, out); });
}

void Fetchers::on_connected(In in, ConnId conn, Effects& out) {
    for (NetworkClient& c : clients_) {
        if (c.owns(conn, out)) c.on_connected(in, conn, out); // API versions come next.
    }
}

void Fetchers::on_refused(In in, ConnId conn, Effects& out) {
    for (NetworkClient& c : clients_) {
        if (c.owns(conn, out)) c.on_refused(in, conn, out);
    }
    drain_failures(in);
}

void Fetchers::on_lost(In in, ConnId conn, Effects& out) {
    for (NetworkClient& c : clients_) {
        if (c.owns(conn, out)) c.on_lost(in, conn, out);
    }
    drain_failures(in);
}

void Fetchers::on_time(In in, Effects& out) {
    for (NetworkClient& c : clients_)
        c.on_time(in, out);
    drain_failures(in);
}

/// A lost connection, a refused one, an unanswered request: all partitions of the thread pause.
void Fetchers::drain_failures(In in) {
    for (std::uint32_t index = 0; index < clients_.size(); ++index) {
        for (const Failure& failure : clients_[index].failures) {
            if (failure.has_request) continue; // The loss of its connection is told, too.
            Thread* const thread = find_thread(failure.node, index);
            if (thread == nullptr) continue;
            set_due(*thread);
            if (thread->follows > 0) pause_all(in, *thread);
        }
        clients_[index].failures.clear();
    }
}

/// A pause is over somewhere, or an append.
void Fetchers::look_at_all(In in) {
    look_at_ = Time::never();
    for (Thread& thread : threads_) {
        const bool waits = thread.append_until > in.now;
        if (thread.look_at <= in.now || !waits) set_due(thread);
        if (waits) look_at_ = std::min(look_at_, thread.append_until);
        if (thread.look_at > in.now) look_at_ = std::min(look_at_, thread.look_at);
    }
}

void Fetchers::run(In in, ReplicaManager& replicas, Effects& out) {
    if (look_at_ <= in.now) look_at_all(in);
    if (due_.size() > 1) std::sort(due_.begin(), due_.end());
    for (const std::uint32_t at : due_) {
        Thread& thread = threads_[at];
        thread.due = false;
        if (thread.follows > 0) run_thread(in, thread, replicas, out);
    }
    due_.clear();
    wake_ = look_at_;
    for (const NetworkClient& c : clients_)
        wake_ = std::min(wake_, c.next_deadline());
}

void Fetchers::end_pauses(In in, Thread& thread) {
    thread.look_at = Time::never();
    for (Item& item : thread.items) {
        if (!item.used || item.state != State::delayed) continue;
        if (item.resume <= in.now) {
            set_state(thread, item, State::fetching);
            mark(thread, item);
        } else {
            thread.look_at = std::min(thread.look_at, item.resume);
        }
    }
}

void Fetchers::run_thread(In in, Thread& thread, ReplicaManager& replicas, Effects& out) {
    if (thread.look_at <= in.now) end_pauses(in, thread);
    look_at_ = std::min(look_at_, thread.look_at);
    if (thread.in_flight) return;
    if (thread.append_until > in.now) {
        look_at_ = std::min(look_at_, thread.append_until);
        return;
    }
    const bool repair = thread.to_repair > 0;
    if (thread.fetching == 0 && !repair) return;
    NetworkClient& client = clients_[thread.index];
    if (client.may_send(thread.leader)) {
        if (!repair || !send_repair(in, thread, out)) send_fetch(in, thread, replicas, out);
    } else if (client.connectable(thread.leader, in.now)) {
        client.connect(in, thread.leader, out);
    } else {
        // It has closed the connection itself, for want of partitions, and has some again.
        look_at_ = std::min(look_at_, client.connectable_at(thread.leader));
    }
}

} // namespace brokersim
