// Fetch requests and the buffer of a consumer.
#include "client/consumer_fetcher.hpp"

#include "engine/assert.hpp"

#include <algorithm>

namespace brokersim {

template <class F>
void ConsumerFetcher::each_reader(MachineId id, ConsumerPositions& positions, F&& f) const {
    for (std::uint32_t k = 0; k < positions.size(); ++k) {
        if (positions[k].node == id) f(k);
    }
}

/// Brings the counts and lists of all brokers up to date with the positions that have changed.
void ConsumerFetcher::settle(ConsumerPositions& positions) {
    for (const std::uint32_t k : positions.changed) {
        positions[k].changed = false;
        move(k, positions);
    }
    positions.changed.clear();
}

void ConsumerFetcher::move(std::uint32_t k, ConsumerPositions& positions) {
    PartitionPosition& p = positions[k];
    const MachineId wanted = p.fetchable() ? p.leader : MachineId{};
    if (!p.fetchable() && p.chunk != PartitionPosition::no_chunk) drop_chunk(p.chunk, positions);
    if (!(p.node == wanted)) {
        if (p.node.valid()) {
            --node(p.node).readers;
            if (p.in_session) node(p.node).forgotten.push_back(p.tp);
            if (p.fresh) {
                auto& fresh = node(p.node).fresh;
                fresh.erase(std::find(fresh.begin(), fresh.end(), k));
            }
        }
        p.in_session = p.fresh = false;
        p.node = wanted;
        if (wanted.valid()) ++node(wanted).readers;
    }
    if (wanted.valid() && !p.fresh) {
        p.fresh = true;
        node(wanted).fresh.push_back(k);
    }
}

void ConsumerFetcher::collect(std::int64_t records, ConsumerPositions& positions,
                              std::vector<FetchedRange>& ranges,
                              std::vector<FetchedPiece>& pieces) {
    while (!order_.empty()) {
        const std::uint32_t slot = order_.front();
        Chunk& chunk = chunks_[slot];
        PartitionPosition& p = positions[chunk.position];
        if (!p.fetchable() || chunk.from != p.offset) {
            positions.touch(chunk.position); // The broker does not know that it was not taken.
            drop_chunk(slot, positions);
            continue;
        }
        const Offset to = std::min(chunk.runs.back().end, chunk.from + records);
        if (to > chunk.from) {
            const std::size_t first = chunk.run;
            while (chunk.runs[chunk.run].end < to)
                ++chunk.run;
            take_pieces(chunk, first, p.tp, to, pieces);
            p.epoch = chunk.runs[chunk.run].epoch;
            p.offset = to;
            positions.touch(chunk.position);
            ranges.push_back({p.tp, chunk.from, to, p.epoch});
            records -= to - chunk.from;
            chunk.from = to;
        }
        // A chunk that ends exactly on the limit is found to be empty by the next poll only
        // (Kafka: CompletedFetch.fetchRecords).
        if (records == 0) return;
        drop_chunk(slot, positions);
    }
}

/// What poll() returns of the runs from `first` to where the chunk stands now.
void ConsumerFetcher::take_pieces(const Chunk& chunk, std::size_t first, PartitionId tp, Offset to,
                                  std::vector<FetchedPiece>& pieces) {
    if (!chunk.runs[first].producer.valid()) {
        pieces.push_back({tp, chunk.from, to, {}, 0, 0});
        return;
    }
    for (std::size_t k = first; k <= chunk.run; ++k) {
        const Chunk::Run& run = chunk.runs[k];
        const Offset from = std::max(chunk.from, run.base);
        if (from >= std::min(to, run.end)) continue; // A run that ended where the last poll did.
        pieces.push_back({tp, from, std::min(to, run.end), run.producer,
                          run.first + (from - run.base), run.bytes});
    }
}

/// Whether a broker has partitions that it may be asked for: none while data of one of them is in
/// the buffer. In 3.9 the others are (Kafka: AbstractFetch.prepareFetchRequests).
bool ConsumerFetcher::asks(MachineId id, const ConsumerCore& core,
                           const ConsumerPositions& positions) const {
    const Node& s = node(id);
    if (s.readers == 0 || s.in_flight) return false;
    if (s.chunks == 0 || !core.layout->rules.fetches_beside_buffer) return s.chunks == 0;
    for (std::uint32_t k = 0; k < positions.size(); ++k) {
        const PartitionPosition& p = positions[k];
        if (p.node == id && p.chunk == PartitionPosition::no_chunk) return true;
    }
    return false;
}

Time ConsumerFetcher::send(In in, ConsumerCore& core, ConsumerPositions& positions, Effects& out) {
    settle(positions);
    Time wake = Time::never();
    for (std::size_t n = 0; n < nodes_.size(); ++n) {
        Node& s = nodes_[n];
        const MachineId id(n);
        if (!asks(id, core, positions)) continue;
        if (core.reach(in, id, out)) {
            send_to(in, id, core, positions, out);
        } else if (core.unreachable(id)) {
            wake = std::min(wake, core.brokers.connectable_at(id));
            each_reader(id, positions,
                        [&](std::uint32_t k) { positions.note_wait(in, k, in.now, core, out); });
        } else {
            s.made = true;
            each_reader(id, positions, [&](std::uint32_t k) { positions.set_due(k, in.now); });
        }
    }
    return wake;
}

void ConsumerFetcher::send_made(In in, MachineId id, ConsumerCore& core,
                                ConsumerPositions& positions, Effects& out) {
    Node& s = node(id);
    if (!s.made || s.in_flight) return;
    settle(positions);
    if (asks(id, core, positions) && core.brokers.may_send(id))
        send_to(in, id, core, positions, out);
}

void ConsumerFetcher::add_part(FetchRequest& request, PartitionPosition& p,
                               const ConsumerCore& core) const {
    request.parts.push_back(
        {p.tp, p.offset, p.leader_epoch, -1, core.config.max_partition_fetch_bytes});
    p.asked_offset = p.offset;
    p.in_session = true;
    p.fresh = false;
}

/// 3.9: partitions with data in the buffer leave the session, until they are asked for again.
void ConsumerFetcher::add_unbuffered(MachineId id, FetchRequest& request, const ConsumerCore& core,
                                     ConsumerPositions& positions) {
    each_reader(id, positions, [&](std::uint32_t k) {
        PartitionPosition& p = positions[k];
        if (p.chunk == PartitionPosition::no_chunk) {
            if (p.fresh || !p.in_session) add_part(request, p, core);
            return;
        }
        if (p.in_session) node(id).forgotten.push_back(p.tp);
        p.in_session = p.fresh = false;
    });
}

/// KIP-227: a session is told of changes only.
void ConsumerFetcher::send_to(In in, MachineId id, ConsumerCore& core, ConsumerPositions& positions,
                              Effects& out) {
    Node& s = node(id);
    FetchRequest& request =
        core.brokers.send<FetchRequest>(in, id, out, core.config.request_timeout);
    request.replica = {};
    request.replica_epoch = -1;
    request.max_wait = core.config.fetch_max_wait;
    request.min_bytes = core.config.fetch_min_bytes;
    request.max_bytes = core.config.fetch_max_bytes;
    request.read_committed = core.config.read_committed;
    request.session_id = s.session_id;
    request.session_epoch = s.session_id == 0 ? 0 : ++s.session_epoch;
    if (s.session_id == 0) s.session_epoch = 0;
    if (core.layout->rules.fetches_beside_buffer) {
        if (s.session_id == 0) {
            each_reader(id, positions, [&](std::uint32_t k) { positions[k].in_session = false; });
        }
        add_unbuffered(id, request, core, positions);
        if (s.session_id != 0) request.forgotten.assign(s.forgotten.begin(), s.forgotten.end());
    } else if (s.session_id == 0) {
        each_reader(id, positions, [&](std::uint32_t k) { add_part(request, positions[k], core); });
    } else {
        for (const std::uint32_t k : s.fresh)
            add_part(request, positions[k], core);
        request.forgotten.assign(s.forgotten.begin(), s.forgotten.end());
    }
    s.fresh.clear();
    s.forgotten.clear();
    s.in_flight = true;
    s.made = false;
    s.sent = in.now;
}

void ConsumerFetcher::on_response(In in, MachineId id, const FetchResponse& response,
                                  ConsumerCore& core, ConsumerPositions& positions, Effects& out) {
    Node& s = node(id);
    s.in_flight = false;
    if (response.error != Error::none) {
        // The session is lost: a full request comes next, at once.
        each_reader(id, positions, [&](std::uint32_t k) {
            if (positions[k].in_session) positions.note_wait(in, k, s.sent, core, out);
            positions[k].in_session = false;
        });
        s.session_id = 0;
        return;
    }
    s.session_id = response.session_id;
    const bool unserved = positions.any_unserved();
    for (const FetchResponse::Part& part : response.parts) {
        take_part(in, id, response, part, core, positions, out);
    }
    if (!unserved) return;
    each_reader(id, positions, [&](std::uint32_t k) {
        const PartitionPosition& p = positions[k];
        if (!p.in_session || p.due == Time::never()) return;
        const auto at = std::find_if(response.parts.begin(), response.parts.end(),
                                     [&](const FetchResponse::Part& part) {
                                         return part.tp == p.tp && part.error != Error::none;
                                     });
        if (at == response.parts.end()) positions.note_served(k, core, out);
    });
}

void ConsumerFetcher::take_part(In in, MachineId id, const FetchResponse& response,
                                const FetchResponse::Part& part, ConsumerCore& core,
                                ConsumerPositions& positions, Effects& out) {
    PartitionPosition* p = positions.find(part.tp);
    if (p == nullptr) return; // Given up meanwhile.
    const auto k = static_cast<std::uint32_t>(p - &positions[0]);
    const bool current =
        p->in_session && p->node == id && p->fetchable() && p->asked_offset == p->offset;
    if (part.error != Error::none) {
        if (current) take_error(in, id, part, k, core, positions, out);
    } else if (part.batches_end > part.batches_begin) {
        if (current && p->chunk == PartitionPosition::no_chunk) {
            buffer(id, response, part, k, out.contents().marks.kept(), positions);
        } else {
            positions.touch(k);
        }
    }
}

/// No error of a fetch costs a back-off: the next pass asks again, at the pace of the round trip.
void ConsumerFetcher::take_error(In in, MachineId id, const FetchResponse::Part& part,
                                 std::uint32_t k, ConsumerCore& core, ConsumerPositions& positions,
                                 Effects& out) {
    positions.note_wait(in, k, node(id).sent, core, out);
    switch (part.error) {
    case Error::offset_out_of_range: positions.reset(in, k, core); return;
    case Error::unknown_leader_epoch: return;
    case Error::not_leader_or_follower:
    case Error::fenced_leader_epoch:
    case Error::offset_not_available:
    case Error::unknown_topic_or_partition:
        core.metadata.request_update();
        // KIP-951: the answer may name the new leader.
        if (core.metadata.hint(part.tp, part.leader, part.leader_epoch, out)) {
            positions.take_leader(in, k, core);
        }
        return;
    default: return;
    }
}

void ConsumerFetcher::buffer(MachineId id, const FetchResponse& response,
                             const FetchResponse::Part& part, std::uint32_t k, bool told_apart,
                             ConsumerPositions& positions) {
    std::uint32_t slot = 0;
    if (free_.empty()) {
        slot = static_cast<std::uint32_t>(chunks_.size());
        chunks_.emplace_back();
    } else {
        slot = free_.back();
        free_.pop_back();
    }
    Chunk& chunk = chunks_[slot];
    chunk.position = k;
    chunk.node = id;
    chunk.from = positions[k].offset; // The first batch may begin before it.
    chunk.run = 0;
    chunk.runs.clear();
    for (std::uint32_t b = part.batches_begin; b < part.batches_end; ++b) {
        const Batch& batch = response.batches[b];
        if (told_apart) {
            chunk.runs.push_back({batch.base, batch.end(), batch.epoch, batch.producer, batch.first,
                                  (batch.bytes - batch_overhead) / batch.count});
        } else if (!chunk.runs.empty() && chunk.runs.back().epoch == batch.epoch) {
            chunk.runs.back().end = batch.end();
        } else {
            chunk.runs.push_back({batch.base, batch.end(), batch.epoch, {}, 0, 0});
        }
    }
    positions[k].chunk = slot;
    ++node(id).chunks;
    order_.push_back(slot);
}

/// The chunk leaves the buffer, read or not.
void ConsumerFetcher::drop_chunk(std::uint32_t slot, ConsumerPositions& positions) {
    positions[chunks_[slot].position].chunk = PartitionPosition::no_chunk;
    for (std::size_t at = 0; at < order_.size(); ++at) {
        if (order_[at] != slot) continue;
        if (at == 0) {
            order_.pop_front();
        } else {
            order_.erase(at);
        }
        break;
    }
    free_chunk(slot);
}

void ConsumerFetcher::free_chunk(std::uint32_t slot) {
    BS_ASSERT(node(chunks_[slot].node).chunks > 0);
    --node(chunks_[slot].node).chunks;
    free_.push_back(slot);
}

void ConsumerFetcher::on_lost(In in, MachineId id, const ConsumerCore& core,
                              ConsumerPositions& positions, Effects& out) {
    Node& s = node(id);
    const bool in_flight = s.in_flight || s.made;
    each_reader(id, positions, [&](std::uint32_t k) {
        PartitionPosition& p = positions[k];
        if (in_flight) positions.note_wait(in, k, s.in_flight ? s.sent : in.now, core, out);
        p.in_session = false;
    });
    s.session_id = 0;
    s.in_flight = s.made = false;
    s.forgotten.clear();
}

void ConsumerFetcher::forget_all(ConsumerPositions& positions) {
    while (!order_.empty())
        free_chunk(order_.pop_front());
    for (Node& s : nodes_) {
        s.readers = 0;
        s.fresh.clear();
    }
    for (std::uint32_t k = 0; k < positions.size(); ++k) {
        const PartitionPosition& p = positions[k];
        if (p.in_session) node(p.node).forgotten.push_back(p.tp);
    }
}

bool ConsumerFetcher::has_data() const {
    for (std::size_t at = 0; at < order_.size(); ++at) {
        const Chunk& chunk = chunks_[order_[at]];
        if (chunk.from < chunk.runs.back().end) return true;
    }
    return false;
}

} // namespace brokersim
