// What a coordinator writes and reads: records are gathered, appended as one batch, and count once
// they are committed; answers wait for the writes before them. Kafka: CoordinatorRuntime.
#include "group/coordinator.hpp"

#include <algorithm>
#include <utility>

namespace brokersim {

namespace {

/// One record for each offset, one for the metadata of a group.
std::int32_t records_of(const Content& content) {
    return static_cast<std::int32_t>(content.offsets.size()) + (content.metadata ? 1 : 0);
}

/// Kafka's schemas with names of a usual length.
std::int32_t bytes_of(const Content& content) {
    auto bytes = static_cast<std::int32_t>(content.offsets.size()) * 110;
    if (content.metadata) {
        bytes += 90;
        for (const GroupMetadata::Member& m : content.metadata->members) {
            bytes += 220 + 4 * static_cast<std::int32_t>(m.partitions.size());
        }
    }
    return bytes;
}

/// Kafka: GroupCoordinatorService.handleOperationException.
Error told_to_clients(Error error) {
    switch (error) {
    case Error::not_leader_or_follower: return Error::not_coordinator;
    case Error::not_enough_replicas:
    case Error::request_timed_out:
    case Error::unknown_topic_or_partition: return Error::coordinator_not_available;
    case Error::message_too_large: return Error::unknown_server_error;
    default: return error;
    }
}

} // namespace

/// Reads the log up to its end: groups are what was last written. Commits that are not committed
/// yet count when they are; until then answers wait (Kafka: CoordinatorLoaderImpl). Simplified:
/// takes no time, so nobody hears COORDINATOR_LOAD_IN_PROGRESS.
void GroupCoordinator::load(Turn& turn, Shard& shard) {
    const PartitionLog& log = turn.replicas.find(shard.tp)->log();
    for (ClassicGroup& g : groups_) {
        if (&shard_of(g.id) == &shard) g.reset();
    }
    for (const Batch& batch : log.batches()) {
        std::int32_t records = 0;
        for (std::uint32_t k = batch.content; records < batch.count; ++k) {
            const Content& content = turn.out.contents()[k];
            records += records_of(content);
            if (content.metadata) group(content.group).load(turn.in.now, *content.metadata);
        }
    }
    shard.active = true;
    shard.applied = log.start();
    shard.written = log.end();
    shard.hint = 0;
    for (ClassicGroup& g : groups_) {
        if (&shard_of(g.id) == &shard) note_group_deadline(next_expiry(g));
    }
    advance(turn, shard);
}

void GroupCoordinator::unload(Turn& turn, Shard& shard) {
    shard.active = false;
    shard.linger_deadline = Time::never();
    const Cause cause = turn.out.cause();
    for (ClassicGroup& g : groups_) {
        if (&shard_of(g.id) != &shard) continue;
        for (ClassicMember& m : g.members) {
            turn.out.because(cause);
            if (m.joining) refuse(turn, m.join, Error::not_coordinator);
            if (m.syncing) refuse(turn, m.sync, Error::not_coordinator);
        }
        g.reset();
    }
    shard.cause = cause;
    fail_gathered(turn, shard, Error::not_coordinator);
    while (!shard.waiting.empty()) {
        turn.out.because(cause);
        release(turn, shard.waiting.pop_front(), Error::not_coordinator);
    }
    turn.out.because(cause);
}

/// `step` follows when `content` is committed.
void GroupCoordinator::write(Turn& turn, Content content, Deferred step) {
    Shard& shard = shard_of(content.group);
    step.group = content.group;
    if (shard.gathered.empty()) {
        // The old coordinator appends each by itself.
        const bool gathers = config_.group_coordinator_new_enable;
        shard.linger_deadline =
            after(turn.in.now, gathers ? config_.group_coordinator_append_linger : Duration{});
        shard.cause = turn.out.cause();
        write_deadline_ = std::min(write_deadline_, shard.linger_deadline);
    }
    shard.gathered.push_back(std::move(content));
    step.needs = -1;
    defer(turn, shard, std::move(step));
    if (shard.linger_deadline <= turn.in.now) flush(turn, shard);
}

/// `step` follows when everything that was written before it is committed.
void GroupCoordinator::defer(Turn& turn, Shard& shard, Deferred step) {
    if (shard.gathered.empty()) {
        if (shard.applied >= shard.written) {
            const Error error = step.error;
            return release(turn, std::move(step), error);
        }
        step.needs = shard.written;
    }
    step.deadline = after(turn.in.now, config_.offsets_commit_timeout);
    write_deadline_ = std::min(write_deadline_, step.deadline);
    shard.waiting.push_back(std::move(step));
}

void GroupCoordinator::flush(Turn& turn, Shard& shard) {
    shard.linger_deadline = Time::never();
    if (shard.gathered.empty()) return;
    turn.out.because(shard.cause);
    Batch batch;
    batch.bytes = batch_overhead;
    for (const Content& content : shard.gathered) {
        batch.count += records_of(content);
        batch.bytes += bytes_of(content);
        const std::uint32_t number = turn.out.contents().add(content);
        if (batch.content == no_content) batch.content = number;
    }
    Offset base = -1;
    const Error error =
        turn.replicas.append_internal(turn.in, shard.tp, batch, base, turn.path, turn.out);
    if (error != Error::none) return fail_gathered(turn, shard, told_to_clients(error));
    shard.gathered.clear();
    shard.written = base + batch.count;
    for (std::size_t k = shard.waiting.size(); k-- > 0 && shard.waiting[k].needs < 0;) {
        shard.waiting[k].needs = shard.written;
    }
    turn.out.because(shard.cause);
    advance(turn, shard);
}

/// Nothing of the batch is in the log: commits are refused, everything else fails.
void GroupCoordinator::fail_gathered(Turn& turn, Shard& shard, Error error) {
    std::vector<Content> lost;
    lost.swap(shard.gathered);
    for (const Content& content : lost) {
        for (const CommittedOffset& o : content.offsets) {
            turn.out.note_aside(ConsCommit{content.group,
                                           content.generation,
                                           content.machine,
                                           o.tp,
                                           o.offset,
                                           false,
                                           error,
                                           {}});
        }
    }
    std::vector<Deferred> steps;
    while (!shard.waiting.empty() && shard.waiting.back().needs < 0) {
        steps.push_back(std::move(shard.waiting.back()));
        shard.waiting.pop_back();
    }
    for (std::size_t k = steps.size(); k-- > 0;) {
        turn.out.because(shard.cause);
        release(turn, std::move(steps[k]), error);
    }
}

/// Applies what has been committed since the last look, then releases what waited for it.
void GroupCoordinator::advance(Turn& turn, Shard& shard) {
    const Partition& partition = *turn.replicas.find(shard.tp);
    const Offset committed = partition.high_watermark();
    if (committed <= shard.applied) return;
    const PartitionLog& log = partition.log();
    const Cause cause = turn.out.cause();
    for (std::size_t k = log.find(shard.applied, shard.hint);
         k < log.batches().size() && log.batches()[k].end() <= committed; ++k) {
        shard.hint = k;
        apply(turn, log.batches()[k]);
    }
    shard.applied = committed;
    while (!shard.waiting.empty() && shard.waiting.front().needs >= 0 &&
           shard.waiting.front().needs <= committed) {
        turn.out.because(cause);
        Deferred step = shard.waiting.pop_front();
        const Error error = step.error;
        release(turn, std::move(step), error);
    }
    turn.out.because(cause);
}

void GroupCoordinator::apply(Turn& turn, const Batch& batch) {
    std::int32_t records = 0;
    for (std::uint32_t k = batch.content; records < batch.count; ++k) {
        const Content& content = turn.out.contents()[k];
        records += records_of(content);
        const bool tell = turn.out.contents().tell_once(k);
        for (const CommittedOffset& o : content.offsets) {
            group(content.group).commit(o);
            if (!tell) continue;
            const bool earlier = content.taken < turn.in.now;
            turn.out.note_aside(ConsCommit{content.group, content.generation, content.machine, o.tp,
                                           o.offset, true, std::nullopt,
                                           earlier ? Maybe<Time>(content.taken) : Maybe<Time>()});
        }
        if (content.metadata && !content.renamed && tell) note_generation(turn, content);
    }
}

void GroupCoordinator::note_generation(Turn& turn, const Content& content) const {
    // By machine; one that is still listed under an old member id appears once.
    std::vector<std::pair<MachineId, std::vector<PartitionId>>> owned;
    for (const GroupMetadata::Member& m : content.metadata->members) {
        auto at = std::lower_bound(owned.begin(), owned.end(), m.machine,
                                   [](const auto& o, MachineId id) { return o.first < id; });
        if (at == owned.end() || at->first != m.machine) at = owned.insert(at, {m.machine, {}});
        at->second.insert(at->second.end(), m.partitions.begin(), m.partitions.end());
    }
    std::vector<MemberAssignment> assign;
    assign.reserve(owned.size());
    for (const auto& [machine, partitions] : owned)
        assign.push_back({machine, partitions});
    turn.out.note_aside(ConsGen{content.group, content.metadata->generation, assign});
}

/// What waited is done: with `error`, or as it was meant.
void GroupCoordinator::release(Turn& turn, Deferred step, Error error) {
    step.error = error;
    switch (step.kind) {
    case Deferred::Kind::nothing: return;
    case Deferred::Kind::heartbeat:
    case Deferred::Kind::leave:
    case Deferred::Kind::commit: return refuse(turn, step.request, error);
    case Deferred::Kind::assignment: return assignment_stored(turn, step);
    case Deferred::Kind::rejoin: {
        ClassicGroup& g = group(step.group);
        const ClassicMember* m = g.find(step.member);
        if (error == Error::none && m != nullptr) return answer_join(turn, g, *m, step.request);
        return refuse(turn, step.request, error != Error::none ? error : Error::unknown_member_id);
    }
    case Deferred::Kind::offset_fetch: break;
    }
    if (error != Error::none) return refuse(turn, step.request, error);
    std::uint32_t packet = no_packet;
    auto& response = turn.path.respond<OffsetFetchResponse>(step.request, packet, turn.out);
    for (const PartitionId tp : step.partitions) {
        const CommittedOffset* known = group(step.group).committed(tp);
        response.offsets.push_back(known != nullptr ? *known : CommittedOffset{tp, -1, -1});
    }
    turn.path.deliver(turn.in, step.request, packet, turn.out);
}

/// What has waited for offsets.commit.timeout.ms is given up; the records may count all the same.
void GroupCoordinator::expire_writes(Turn& turn, Shard& shard) {
    while (!shard.waiting.empty() && shard.waiting.front().deadline <= turn.in.now) {
        release(turn, shard.waiting.pop_front(), told_to_clients(Error::request_timed_out));
    }
}

} // namespace brokersim
