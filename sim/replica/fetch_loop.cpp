// What a fetcher thread asks and what it does with the answer.
#include "engine/assert.hpp"
#include "replica/fetchers.hpp"

#include <algorithm>

namespace brokersim {

void Fetchers::send_fetch(In in, Thread& thread, ReplicaManager& replicas, Effects& out) {
    FetchRequest& request =
        clients_[thread.index].send<FetchRequest>(in, thread.leader, out, config_.request_timeout);
    request.replica = self_;
    request.replica_epoch = broker_epoch_;
    request.max_wait = config_.replica_fetch_wait_max;
    request.min_bytes = config_.replica_fetch_min_bytes;
    request.max_bytes = config_.replica_fetch_response_max_bytes;
    request.read_committed = false;
    request.session_id = thread.session_id;
    const auto name = [&](std::uint32_t at) {
        Item& item = thread.items[at];
        item.changed = false;
        if (!item.used || item.state != State::fetching) return;
        const Partition& partition = replicas.partitions()[item.number];
        item.sent_offset = partition.log().end();
        item.in_session = true;
        request.parts.push_back({item.tp, item.sent_offset, item.epoch,
                                 partition.log().epochs().latest(),
                                 config_.replica_fetch_max_bytes});
    };
    if (thread.session_id == 0) { // A full request names everything.
        thread.changed.clear();
        for (std::uint32_t at = 0; at < thread.items.size(); ++at)
            name(at);
        thread.forgotten.clear();
    } else {
        for (const std::uint32_t at : thread.changed)
            name(at);
        thread.changed.clear();
        // What came back under the same name in the meantime is named above: it stays.
        for (const PartitionId tp : thread.forgotten) {
            const Item* const again = item_of(thread, tp, replicas);
            if (again == nullptr || !again->in_session) request.forgotten.push_back(tp);
        }
        thread.forgotten.clear();
    }
    thread.in_flight = true;
}

void Fetchers::on_response(In in, const Incoming& response, ReplicaManager& replicas,
                           Effects& out) {
    for (std::uint32_t index = 0; index < clients_.size(); ++index) {
        NetworkClient& client = clients_[index];
        if (!client.owns(response.conn, out)) continue;
        InFlight request;
        const bool about_partitions = client.on_response(in, response, out, request);
        Thread* const thread = find_thread(response.from, index);
        if (thread == nullptr) return;
        set_due(*thread);
        if (!about_partitions) return; // The connection is ready.
        if (response.kind == kind_of<FetchResponse>) {
            on_fetch(in, *thread, out.body<FetchResponse>(response), replicas, out);
        } else {
            on_offsets(in, *thread, out.body<ListOffsetsResponse>(response), replicas, out);
        }
        return;
    }
}

void Fetchers::on_fetch(In in, Thread& thread, const FetchResponse& response,
                        ReplicaManager& replicas, Effects& out) {
    thread.in_flight = false;
    if (response.error != Error::none) { // The session is gone: a full request, without a pause.
        thread.session_id = 0;
        for (Item& item : thread.items)
            item.in_session = false;
        return;
    }
    thread.session_id = response.session_id;
    const Cause cause = out.cause();
    for (const FetchResponse::Part& part : response.parts) {
        Item* const item = item_of(thread, part.tp, replicas);
        if (item == nullptr) continue;
        Partition& partition = replicas.partitions()[item->number];
        if (item->state != State::fetching || item->epoch != partition.leader_epoch() ||
            item->sent_offset != partition.log().end()) {
            continue; // It has been turned, or cut, since the question was asked.
        }
        take_part(in, thread, *item, partition, response, part, replicas, out);
    }
    out.because(cause);
}

/// Inline: it has one caller.
inline void Fetchers::take_part(In in, Thread& thread, Item& item, Partition& partition,
                                const FetchResponse& response, const FetchResponse::Part& part,
                                ReplicaManager& replicas, Effects& out) {
    if (part.error != Error::none) {
        take_error(in, thread, item, part.error);
        return;
    }
    if (part.diverging_epoch >= 0) {
        const PartitionLog& log = partition.log();
        const Offset to =
            truncation_offset(log.epochs(), log.end(), {part.diverging_epoch, part.diverging_end});
        partition.truncate(in, to, TruncWhy::divergence, out);
        replicas.disk().truncate(item.number, partition.log().end());
        mark(thread, item);
        if (item.kept_delay > Duration{} && layout_->rules.pause_again_on_truncation) {
            // A past pause is counted afresh by the truncation (semantics §2.7).
            const Duration wait = item.kept_delay;
            pause(in, thread, item, wait);
            item.kept_delay = {};
        }
        return;
    }
    for (std::uint32_t k = part.batches_begin; k < part.batches_end; ++k) {
        const Time taken = replicas.append_replicated(in, item.number, response.batches[k], out);
        thread.append_until = std::max(thread.append_until, taken);
    }
    if (part.batches_end > part.batches_begin) {
        item.kept_delay = {};
        mark(thread, item);
    }
    partition.follow_high_watermark(in, part.high_watermark, out);
    partition.follow_start(in, part.log_start, part.start_why, out);
}

void Fetchers::take_error(In in, Thread& thread, Item& item, Error error) {
    switch (error) {
    case Error::offset_out_of_range: set_state(thread, item, State::repairing); return;
    case Error::fenced_leader_epoch:
        // The leader is ahead of what we know: nothing until the metadata says whom to follow.
        set_state(thread, item, State::failed);
        if (item.in_session) thread.forgotten.push_back(item.tp);
        item.in_session = false;
        return;
    default:
        pause(in, thread, item, config_.replica_fetch_backoff);
        mark(thread, item);
        return;
    }
}

/// Out of range: ask for the leader's end and start. Kafka asks one after the other; here in one
/// request, a round trip less.
bool Fetchers::send_repair(In in, Thread& thread, Effects& out) {
    ListOffsetsRequest* request = nullptr;
    for (const Item& item : thread.items) {
        if (!item.used || item.state != State::repairing) continue;
        if (request == nullptr) {
            request = &clients_[thread.index].send<ListOffsetsRequest>(in, thread.leader, out,
                                                                       config_.request_timeout);
        }
        request->parts.push_back({item.tp, true, item.epoch});
        request->parts.push_back({item.tp, false, item.epoch});
    }
    thread.in_flight = thread.repairing = request != nullptr;
    return request != nullptr;
}

void Fetchers::on_offsets(In in, Thread& thread, const ListOffsetsResponse& response,
                          ReplicaManager& replicas, Effects& out) {
    thread.in_flight = thread.repairing = false;
    for (std::size_t k = 0; k + 1 < response.parts.size(); k += 2) {
        Item* const found = item_of(thread, response.parts[k].tp, replicas);
        if (found == nullptr || found->state != State::repairing) continue;
        Item& item = *found;
        set_state(thread, item, State::fetching);
        mark(thread, item);
        if (response.parts[k].error != Error::none || response.parts[k + 1].error != Error::none) {
            pause(in, thread, item, config_.replica_fetch_backoff);
            continue;
        }
        Partition& partition = replicas.partitions()[item.number];
        const RangeRepair repair = repair_out_of_range(
            partition.log().end(), response.parts[k].offset, response.parts[k + 1].offset);
        switch (repair.action) {
        case RangeRepair::Action::truncate:
            partition.truncate(in, repair.offset, TruncWhy::divergence, out);
            replicas.disk().truncate(item.number, partition.log().end());
            break;
        case RangeRepair::Action::start_over:
            partition.restart_log_at(in, repair.offset, out);
            break;
        case RangeRepair::Action::resume: break;
        }
    }
}

} // namespace brokersim
