// Fetch requests: sessions, what is worth an answer, long polls, and what a follower's fetch tells.
// The steps that every fetch takes are inline here, where all their callers are.
#include "engine/assert.hpp"
#include "replica/replica_manager.hpp"

#include <algorithm>

namespace brokersim {

FetchSession* ReplicaManager::session_for(const Incoming& incoming, const FetchRequest& request) {
    if (request.session_id != 0) {
        const std::size_t slot = FetchSession::slot_of(request.session_id);
        if (slot >= sessions_.size()) return nullptr;
        FetchSession& s = sessions_[slot];
        return s.used && s.id == request.session_id && s.conn == incoming.conn ? &s : nullptr;
    }
    on_lost(incoming.conn); // A full request starts over.
    std::uint32_t slot = 0;
    if (free_sessions_.empty()) {
        slot = static_cast<std::uint32_t>(sessions_.size());
        sessions_.emplace_back();
        session_fetched_.emplace_back();
    } else {
        slot = free_sessions_.back();
        free_sessions_.pop_back();
    }
    FetchSession& s = sessions_[slot];
    const std::uint64_t use = s.use;
    s = FetchSession{};
    s.use = use;
    s.used = true;
    s.id = FetchSession::number(slot, next_session_++);
    s.conn = incoming.conn;
    s.replica = request.replica;
    return &s;
}

void ReplicaManager::on_lost(ConnId conn) {
    for (std::uint32_t slot = 0; slot < sessions_.size(); ++slot) {
        if (sessions_[slot].used && sessions_[slot].conn == conn) drop_session(slot);
    }
}

void ReplicaManager::drop_session(std::uint32_t slot) {
    FetchSession& s = sessions_[slot];
    for (std::uint32_t entry = 0; entry < s.entries.size(); ++entry) {
        if (s.entries[entry].used) leave(s, entry);
    }
    s.used = s.parked = false;
    ++s.use;
    free_sessions_.push_back(slot);
}

/// A partition is read in this session from now on, if it has a replica here.
void ReplicaManager::enter(FetchSession& session, std::uint32_t entry) {
    FetchSession::Entry& e = session.entries[entry];
    e.replica = number_of(e.tp);
    if (e.replica < 0) return;
    partitions_[static_cast<std::size_t>(e.replica)].watchers.push_back({slot_of(session), entry});
}

void ReplicaManager::leave(FetchSession& session, std::uint32_t entry) {
    const FetchSession::Entry& e = session.entries[entry];
    if (e.replica >= 0) {
        Partition& partition = partitions_[static_cast<std::size_t>(e.replica)];
        auto& watchers = partition.watchers;
        const std::uint32_t slot = slot_of(session);
        watchers.erase(std::remove_if(watchers.begin(), watchers.end(),
                                      [&](const Partition::Watcher& w) {
                                          return w.session == slot && w.entry == entry;
                                      }),
                       watchers.end());
        if (session.follower()) {
            partition.settle_followers(session_fetched_);
            if (RemoteReplica* r = partition.remote(session.replica)) {
                if (r->session == static_cast<std::int32_t>(slot)) r->session = -1;
            }
        }
    }
    session.remove(entry);
}

inline void ReplicaManager::update_session(FetchSession& session, const FetchRequest& request) {
    session.replica_epoch = request.replica_epoch;
    session.read_committed = request.read_committed;
    session.max_wait = request.max_wait;
    session.min_bytes = request.min_bytes;
    session.max_bytes = std::min(request.max_bytes, config_.fetch_max_bytes);
    for (const PartitionId tp : request.forgotten) {
        const std::int32_t entry = session.find(tp);
        if (entry >= 0) leave(session, static_cast<std::uint32_t>(entry));
    }
    for (const FetchRequest::Part& asked : request.parts) {
        const std::int32_t known = session.find(asked.tp);
        const std::uint32_t entry =
            known >= 0 ? static_cast<std::uint32_t>(known) : session.add(asked.tp);
        FetchSession::Entry& e = session.entries[entry];
        if (e.replica < 0) enter(session, entry); // Its replica may also have come meanwhile.
        e.offset = asked.offset;
        e.current_epoch = asked.current_epoch;
        e.last_fetched_epoch = asked.last_fetched_epoch;
        e.max_bytes = asked.max_bytes;
        session.mark(entry);
        if (session.follower() && !e.joining && !is_member(session, e)) {
            e.joining = true;
            session.joining.push_back(entry);
        }
    }
}

/// There is no question whether this follower may join the ISR: it is in.
inline bool ReplicaManager::is_member(const FetchSession& session,
                                      const FetchSession::Entry& entry) const {
    if (entry.replica < 0) return false;
    const Partition& partition = partitions_[static_cast<std::size_t>(entry.replica)];
    return partition.leads() && partition.in_isr(session.replica);
}

/// The checks of a fetch, in Kafka's order (semantics §2.4).
inline Error ReplicaManager::check_entry(const FetchSession& session,
                                         const FetchSession::Entry& entry) const {
    if (entry.replica < 0) return Error::not_leader_or_follower;
    const Partition& partition = partitions_[static_cast<std::size_t>(entry.replica)];
    if (partition.role() == Partition::Role::none) return Error::not_leader_or_follower;
    if (entry.current_epoch >= 0) {
        if (entry.current_epoch < partition.leader_epoch()) return Error::fenced_leader_epoch;
        if (entry.current_epoch > partition.leader_epoch()) return Error::unknown_leader_epoch;
    }
    if (!partition.leads()) return Error::not_leader_or_follower;
    if (session.follower()) {
        const auto& replicas = partition.state().replicas;
        if (std::find(replicas.begin(), replicas.end(), session.replica) == replicas.end()) {
            return Error::unknown_leader_epoch;
        }
        const BrokerView& view = brokers_[session.replica.index()];
        // One that is not registered yet has no epoch, and is let through (Replica, KIP-903).
        const bool stale = session.replica_epoch >= 0 && session.replica_epoch < view.epoch;
        if (!view.fenced && stale) { return Error::not_leader_or_follower; }
    }
    const PartitionLog& log = partition.log();
    if (entry.offset < log.start() || entry.offset > log.end()) return Error::offset_out_of_range;
    return Error::none;
}

/// The entry can be read as it stands: from where it asks, the reader and this log are one.
inline bool ReplicaManager::readable(const FetchSession& session,
                                     const FetchSession::Entry& entry) const {
    if (check_entry(session, entry) != Error::none) return false;
    if (!session.follower()) return true;
    const PartitionLog& log = partitions_[static_cast<std::size_t>(entry.replica)].log();
    return fetch_agrees(log.epochs(), log.start(), log.end(), entry.offset,
                        entry.last_fetched_epoch);
}

Offset ReplicaManager::bound(const FetchSession& session, const Partition& partition) const {
    return session.follower() ? partition.log().end() : partition.high_watermark();
}

/// Is there something to send at once? If not, every marked entry is readable.
bool ReplicaManager::worth_answering(const FetchSession& session) const {
    std::int64_t bytes = 0; // Those that are ready, as far as it matters.
    for (const std::uint32_t k : session.marked) {
        const FetchSession::Entry& e = session.entries[k];
        if (!e.used) continue;
        if (!readable(session, e)) return true;
        const Partition& partition = partitions_[static_cast<std::size_t>(e.replica)];
        const Offset end = bound(session, partition);
        if (e.offset > end) return true; // Ahead of what may be read: answered empty, never parked.
        if (e.offset == end) continue;
        if (session.min_bytes <= std::min(e.max_bytes, 1)) return true; // So has any batch.
        const std::int64_t enough = std::min<std::int64_t>(session.min_bytes, e.max_bytes);
        bytes += std::min<std::int64_t>(
            partition.log().bytes_from(e.offset, end, e.hint, std::max<std::int64_t>(enough, 1)),
            e.max_bytes);
        if (bytes >= session.min_bytes) return true;
    }
    return false;
}

/// Says what keeps the reader of an entry from going on; it has to change something first.
void ReplicaManager::fill_obstacle(const FetchSession& session, const FetchSession::Entry& e,
                                   FetchResponse::Part& part) const {
    part.error = check_entry(session, e);
    if (part.error != Error::none) {
        if (e.replica >= 0) {
            const Partition& partition = partitions_[static_cast<std::size_t>(e.replica)];
            part.leader = partition.leader();
            part.leader_epoch = partition.leader_epoch();
        }
        return;
    }
    const Partition& partition = partitions_[static_cast<std::size_t>(e.replica)];
    const PartitionLog& log = partition.log();
    part.high_watermark = partition.high_watermark();
    part.log_start = log.start();
    part.start_why = partition.start_why();
    const FetchCheck check =
        check_fetch(log.epochs(), log.start(), log.end(), e.offset, e.last_fetched_epoch);
    if (check.verdict == FetchCheck::Verdict::diverges) {
        part.diverging_epoch = check.diverging.epoch;
        part.diverging_end = check.diverging.end;
    } else {
        part.error = Error::offset_out_of_range;
    }
}

/// One partition's part of a response. Returns whether the entry still has something to tell.
inline bool ReplicaManager::fill_part(FetchSession& session, FetchSession::Entry& e,
                                      FetchResponse& response, std::int64_t& left) {
    FetchResponse::Part part;
    part.tp = e.tp;
    part.batches_begin = part.batches_end = static_cast<std::uint32_t>(response.batches.size());
    if (!readable(session, e)) {
        fill_obstacle(session, e, part);
        response.parts.push_back(part);
        return true;
    }
    const Partition& partition = partitions_[static_cast<std::size_t>(e.replica)];
    const PartitionLog& log = partition.log();
    part.high_watermark = partition.high_watermark();
    part.log_start = log.start();
    part.start_why = partition.start_why();
    const Offset end = bound(session, partition);
    const Offset next = take_batches(e, log, end, left, response);
    part.batches_end = static_cast<std::uint32_t>(response.batches.size());
    const bool data = part.batches_end > part.batches_begin;
    if (data || part.high_watermark != e.told_hw || part.log_start != e.told_start) {
        e.told_hw = part.high_watermark;
        e.told_start = part.log_start;
        response.parts.push_back(part);
    }
    if (data) e.order = session.next_order++;
    return next < end;
}

void ReplicaManager::answer(In, FetchSession& session, const RequestRef& request, RequestPath& path,
                            Effects& out, std::uint32_t& packet) {
    FetchResponse& response = path.respond<FetchResponse>(request, packet, out);
    response.session_id = session.id;
    std::int64_t left = session.max_bytes;
    uncached_ = 0;
    if (session.marked.size() > 1) {
        std::sort(session.marked.begin(), session.marked.end(),
                  [&](std::uint32_t a, std::uint32_t b) {
                      return session.entries[a].order < session.entries[b].order;
                  });
    }
    std::size_t kept = 0;
    for (const std::uint32_t k : session.marked) {
        FetchSession::Entry& e = session.entries[k];
        if (e.used && fill_part(session, e, response, left)) {
            session.marked[kept++] = k;
        } else {
            e.marked = false;
        }
    }
    session.marked.resize(kept);
}

Time ReplicaManager::fetch(In in, const Incoming& incoming, RequestPath& path, Effects& out) {
    const FetchRequest& request = out.body<FetchRequest>(incoming);
    const RequestRef ref = path.ref(incoming, out);
    FetchSession* found = session_for(incoming, request);
    if (found == nullptr) {
        std::uint32_t packet = no_packet;
        path.respond<FetchResponse>(ref, packet, out).error = Error::fetch_session_id_not_found;
        path.deliver(in, ref, packet, out);
        return in.now;
    }
    FetchSession& session = *found;
    const std::uint32_t slot = slot_of(session);
    update_session(session, request);
    session_fetched_[slot] = in.now;
    const bool at_once =
        worth_answering(session) || session.max_wait <= Duration{} || session.index.empty();
    std::uint32_t packet = no_packet;
    // The answer tells the high watermark from before this fetch is counted (semantics §2.8).
    Time there = in.now;
    if (at_once) {
        touched_ = session.marked; // Some of them are unmarked by the answer.
        answer(in, session, ref, path, out, packet);
        there = disk_.read(in.now, uncached_);
    }
    if (session.follower()) {
        follower_states(in, session, at_once ? touched_ : session.marked, !at_once, path, out);
    }
    if (there > in.now) {
        reading_.push_back({incoming.packet, packet, ref});
        return there;
    }
    if (at_once) {
        out.because(ref.cause);
        path.deliver(in, ref, packet, out);
        return in.now;
    }
    session.parked = true;
    session.request = ref;
    ++session.use;
    path.note_parked(ref, out);
    new_expiry_ = std::min(new_expiry_, after(in.now, session.max_wait));
    fetch_expiry_.add(in.now, session.max_wait, {slot, session.use});
    return in.now;
}

/// What the follower's fetch says about it: how far it is, whether it may join, what that commits.
/// `entries`: what it named, and what else was marked; `known_readable`: they have been looked at.
inline void ReplicaManager::follower_states(In in, FetchSession& session,
                                            const std::vector<std::uint32_t>& entries,
                                            bool known_readable, RequestPath& path, Effects& out) {
    const std::uint32_t slot = slot_of(session);
    moved_.clear();
    for (const std::uint32_t k : entries) {
        const FetchSession::Entry& e = session.entries[k];
        if (!e.used || !(known_readable || readable(session, e))) continue;
        Partition& partition = partitions_[static_cast<std::size_t>(e.replica)];
        RemoteReplica* r = partition.remote(session.replica);
        if (r == nullptr) continue;
        r->session = static_cast<std::int32_t>(slot);
        if (partition.follower_fetched(in.now, *r, e.offset, session.replica_epoch)) {
            moved_.push_back(static_cast<std::uint32_t>(e.replica));
        }
    }
    if (!session.joining.empty()) consider_isr(session);
    const Cause cause = out.cause();
    for (const std::uint32_t number : moved_) {
        out.because(cause);
        if (partitions_[number].advance_high_watermark(in, brokers_, out)) {
            touch_moved(in, number, path, out);
        }
    }
    out.because(cause);
}

void ReplicaManager::consider_isr(FetchSession& session) {
    std::size_t kept = 0;
    for (const std::uint32_t k : session.joining) {
        FetchSession::Entry& e = session.entries[k];
        if (!e.used || e.replica < 0) {
            e.joining = false;
            continue;
        }
        if (is_member(session, e)) {
            e.joining = false;
            continue;
        }
        Partition& partition = partitions_[static_cast<std::size_t>(e.replica)];
        session.joining[kept++] = k;
        RemoteReplica* r = partition.leads() ? partition.remote(session.replica) : nullptr;
        if (r == nullptr) continue;
        // Every fetch of the session speaks for all its partitions, named in it or not.
        if (r->session == static_cast<std::int32_t>(slot_of(session))) {
            r->epoch = session.replica_epoch;
        }
        if (!partition.may_join_isr(*r, brokers_)) continue;
        std::vector<MachineId> isr = partition.state().isr;
        isr.push_back(session.replica);
        partition.propose_isr(std::move(isr));
        isr_changes.push_back(static_cast<std::uint32_t>(e.replica));
    }
    session.joining.resize(kept);
}

void ReplicaManager::complete(In in, FetchSession& session, RequestPath& path, Effects& out) {
    session.parked = false;
    ++session.use;
    const RequestRef request = session.request;
    std::uint32_t packet = no_packet;
    answer(in, session, request, path, out, packet);
    path.deliver(in, request, packet, out);
}

/// Something about a partition has changed: its readers are marked, and answered if that is due.
void ReplicaManager::touch(In in, std::uint32_t number, bool followers, bool consumers,
                           RequestPath& path, Effects& out) {
    const Cause cause = out.cause();
    for (const Partition::Watcher& w : partitions_[number].watchers) {
        FetchSession& session = sessions_[w.session];
        session.mark(w.entry);
        if (!session.parked || !(session.follower() ? followers : consumers)) continue;
        if (worth_answering(session)) complete(in, session, path, out);
        out.because(cause);
    }
}

/// A leader's high watermark has moved: fetch, then produce (semantics §2.1).
void ReplicaManager::touch_moved(In in, std::uint32_t number, RequestPath& path, Effects& out) {
    touch(in, number, false, true, path, out);
    try_produces(in, number, path, out);
    if (layout_->topic(partitions_[number].tp()).internal) {
        internal_moves.push_back(partitions_[number].tp());
    }
}

} // namespace brokersim
