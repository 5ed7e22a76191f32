// A consumer and two brokers of straw: logs that tests write to, a coordinator that takes whoever
// comes and gives the member all partitions. One way takes 1 ms.
#pragma once

#include "client/consumer.hpp"
#include "consumer_setup.hpp"
#include "support/actor_harness.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace brokersim::test {

inline std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) {
        text += line + "\n";
    }
    return text;
}

class ConsumerTable {
public:
    /// A partition as its leader has it.
    struct Log {
        MachineId leader{0};
        LeaderEpoch epoch = 0;
        Offset end = 0;
        Offset committed = -1; ///< by the group; -1: nothing
        LeaderEpoch committed_epoch = -1;
        std::vector<Batch> batches;
    };
    struct Fetched {
        Time at;
        MachineId from;
        FetchRequest request;
    };
    static constexpr Duration way = milliseconds(1);

    explicit ConsumerTable(const ConsumerGroupSpec& spec = billing_spec(),
                           std::int32_t partitions = 1, Release release = Release::v4_0)
        : logs(static_cast<std::size_t>(partitions) + 1),
          h(Consumer(MachineId(2), GroupId(0), 1, consumer_layout(partitions, release), spec, 1,
                     spec.dead_letter_topic ? ProducerId(1) : ProducerId()),
            MachineId(2), consumer_info(partitions)) {
        h.on_dial = [this](ConnId conn, MachineId to) {
            h.in(way * 2, [this, conn, to] {
                if (down == to) { return h.refused(conn); }
                open[conn.slot] = to;
                h.connected(conn);
            });
        };
        h.on_send = [this](const Sent& sent) { sent_to(sent); };
        h.on_close = [this](ConnId conn, MachineId) { open.erase(conn.slot); };
        h.start();
    }

    using Sent = ActorHarness<Consumer>::Sent;

    void run_ms(std::int64_t ms) { h.run_until(Time{} + milliseconds(ms)); }
    void at_ms(std::int64_t ms, std::function<void()> action) {
        h.at(Time{} + milliseconds(ms), std::move(action));
    }
    Log& log(std::size_t p) { return logs[p]; }
    /// One batch of `shop` at the end of a partition; whoever waits for it is answered. Its records
    /// have the numbers of their offsets.
    void append(std::size_t p, std::int32_t count) {
        Log& l = logs[p];
        Batch batch;
        batch.producer = ProducerId(0);
        batch.base = batch.first = l.end;
        batch.count = count;
        batch.bytes = 100 * count;
        batch.epoch = l.epoch;
        l.batches.push_back(batch);
        l.end += count;
        answer_parked();
    }
    /// The connections to a broker are reset.
    void kill(MachineId broker) {
        down = broker;
        std::vector<ConnId> lost;
        for (const auto& [slot, to] : open) {
            if (to == broker) { lost.push_back(conns[slot]); }
        }
        for (const ConnId conn : lost) {
            open.erase(conn.slot);
            h.lost(conn);
        }
    }
    /// `6 b1 orders/0@0,orders/1@5`: fetches since the last look, with the offsets they name.
    std::string fetches() {
        std::string text;
        for (const Fetched& f : fetched) {
            text += in_ms(f.at) + " b" + std::to_string(f.from.value + 1) + " ";
            for (const FetchRequest::Part& part : f.request.parts) {
                text += "orders/" + std::to_string(part.tp.value) + "@" +
                        std::to_string(part.offset) + " ";
            }
            for (const PartitionId tp : f.request.forgotten) {
                text += "-orders/" + std::to_string(tp.value) + " ";
            }
            text.back() = '\n';
        }
        fetched.clear();
        return text;
    }

    std::vector<Log> logs;
    std::map<std::uint32_t, MachineId> open; ///< by slot of the connection
    std::map<std::uint32_t, ConnId> conns;
    std::vector<Fetched> fetched;
    std::vector<OffsetCommitRequest> commits;
    std::vector<std::string> asked; ///< other requests: `5 JoinGroup`
    MachineId down;
    MachineId coordinator{0};
    Generation generation = 0;
    Error heartbeat = Error::none;     ///< answer to heartbeats
    Error commit = Error::none;        ///< answer to commits
    Error fetch_error = Error::none;   ///< of every partition
    Error produce_error = Error::none; ///< answer to Produce
    bool answers_produce = true;
    Offset answers_by_time = -1;   ///< answer to ListOffsets by time
    std::vector<Time> asked_since; ///< such requests
    bool answers_commits = true;
    bool answers_heartbeats = true;
    ActorHarness<Consumer> h;

private:
    /// A request, and its turn on its connection: answers come in that order.
    struct Asked : Sent {
        std::uint64_t turn = 0;
    };
    struct Line {
        std::uint64_t asked = 0, answered = 0;
        std::map<std::uint64_t, std::function<void()>> ready;
    };
    template <class M, class Fill>
    void reply(const Asked& sent, Fill fill) {
        h.in(way * 2, [this, sent, fill] {
            Line& line = lines_[sent.conn.slot];
            line.ready[sent.turn] = [this, sent, fill] {
                if (open.contains(sent.conn.slot)) { h.deliver<M>(sent.conn, sent.to, fill); }
            };
            while (line.ready.contains(line.answered)) {
                const auto answer = line.ready[line.answered];
                line.ready.erase(line.answered++);
                answer();
            }
        });
    }
    void sent_to(const Sent& from_actor) {
        Asked sent;
        static_cast<Sent&>(sent) = from_actor;
        sent.turn = lines_[sent.conn.slot].asked++;
        conns[sent.conn.slot] = sent.conn;
        if (sent.api != Api::fetch && sent.api != Api::api_versions) {
            asked.push_back(in_ms(h.now()) + " " + std::string(word(sent.api)));
        }
        switch (sent.api) {
        case Api::api_versions: return reply<ApiVersionsResponse>(sent, [](auto&) {});
        case Api::metadata: return reply<MetadataResponse>(sent, [this](auto& r) { fill(r); });
        case Api::find_coordinator:
            return reply<FindCoordinatorResponse>(sent,
                                                  [this](auto& r) { r.coordinator = coordinator; });
        case Api::join_group:
        case Api::sync_group:
        case Api::heartbeat:
        case Api::leave_group:
        case Api::offset_commit:
        case Api::offset_fetch: return sent_to_coordinator(sent);
        case Api::fetch: return take_fetch(sent);
        case Api::list_offsets: {
            const ListOffsetsRequest request = h.body<ListOffsetsRequest>(sent);
            for (const auto& part : request.parts) {
                if (part.since) { asked_since.push_back(*part.since); }
            }
            return reply<ListOffsetsResponse>(sent, [this, request](auto& r) {
                for (const auto& part : request.parts) {
                    const Log& l = logs[part.tp.index()];
                    const Offset end = part.since ? answers_by_time : l.end;
                    r.parts.push_back({part.tp, Error::none, part.earliest ? 0 : end});
                }
            });
        }
        case Api::offsets_for_leader_epoch: return epoch_end(sent);
        case Api::init_producer_id:
            return reply<InitProducerIdResponse>(sent, [](auto& r) { r.producer_id = 5; });
        case Api::produce: return take_letters(sent);
        default: return;
        }
    }
    void take_letters(const Asked& sent) {
        if (!answers_produce) { return; }
        const ProduceRequest request = h.body<ProduceRequest>(sent);
        reply<ProduceResponse>(sent, [this, request](auto& r) {
            for (const auto& part : request.parts) {
                auto& answer = r.parts.emplace_back();
                answer.tp = part.tp;
                answer.error = produce_error;
                if (produce_error != Error::none) { continue; }
                Log& l = logs[part.tp.index()];
                answer.base = l.end;
                l.end += part.batch.count;
            }
        });
    }
    void sent_to_coordinator(const Asked& sent) {
        switch (sent.api) {
        case Api::join_group: {
            const bool knows_itself = h.body<JoinGroupRequest>(sent).member != no_member;
            if (!knows_itself) {
                return reply<JoinGroupResponse>(sent, [](auto& r) {
                    r.error = Error::member_id_required;
                    r.member = 7;
                });
            }
            heartbeat = Error::none;
            ++generation;
            return reply<JoinGroupResponse>(sent, [this](auto& r) {
                r.member = r.leader = 7;
                r.generation = generation;
                r.topics = {TopicId(0)};
                r.members = {{7, no_instance, 0, 1}};
            });
        }
        case Api::sync_group: {
            const auto owned = h.body<SyncGroupRequest>(sent).assignment.entries.at(0).partitions;
            return reply<SyncGroupResponse>(sent, [owned](auto& r) { r.partitions = owned; });
        }
        case Api::heartbeat:
            if (!answers_heartbeats) { return; }
            return reply<HeartbeatResponse>(sent, [this](auto& r) { r.error = heartbeat; });
        case Api::leave_group: return reply<LeaveGroupResponse>(sent, [](auto&) {});
        case Api::offset_commit: {
            commits.push_back(h.body<OffsetCommitRequest>(sent));
            if (!answers_commits) { return; }
            if (commit == Error::none) {
                for (const CommittedOffset& o : commits.back().offsets) {
                    logs[o.tp.index()].committed = o.offset;
                    logs[o.tp.index()].committed_epoch = o.epoch;
                }
            }
            return reply<OffsetCommitResponse>(sent, [this](auto& r) { r.error = commit; });
        }
        default: {
            const OffsetFetchRequest request = h.body<OffsetFetchRequest>(sent);
            return reply<OffsetFetchResponse>(sent, [this, request](auto& r) {
                for (const PartitionId tp : request.partitions) {
                    const Log& l = logs[tp.index()];
                    r.offsets.push_back({tp, l.committed, l.committed_epoch});
                }
            });
        }
        }
    }
    void fill(MetadataResponse& r) {
        for (const MachineId broker : {MachineId(0), MachineId(1)}) {
            if (!(broker == down)) { r.brokers.push_back(broker); }
        }
        r.topics = {TopicId(0), TopicId(1)};
        for (std::size_t p = 0; p < logs.size(); ++p) {
            r.partitions.push_back({PartitionId(p), logs[p].leader, logs[p].epoch, Error::none});
        }
    }
    void epoch_end(const Asked& sent) {
        const auto request = h.body<OffsetsForLeaderEpochRequest>(sent);
        reply<OffsetsForLeaderEpochResponse>(sent, [this, request](auto& r) {
            for (const auto& part : request.parts) {
                const Log& l = logs[part.tp.index()];
                Offset end = 0;
                for (const Batch& batch : l.batches) {
                    if (batch.epoch <= part.epoch) { end = batch.end(); }
                }
                r.parts.push_back({part.tp, Error::none, part.epoch, end});
            }
        });
    }

    // ---- fetch sessions, as a broker has them ----
    struct Session {
        std::map<std::int32_t, Offset> wanted; ///< by partition
        bool parked = false;
        Asked request{};
        Time until;
    };
    void take_fetch(const Asked& sent) {
        const FetchRequest& request = h.body<FetchRequest>(sent);
        fetched.push_back({h.now(), sent.to, request});
        Session& session = sessions_[sent.conn.slot];
        if (request.session_id == 0) { session.wanted.clear(); }
        for (const PartitionId tp : request.forgotten) {
            session.wanted.erase(tp.value);
        }
        for (const auto& part : request.parts) {
            session.wanted[part.tp.value] = part.offset;
        }
        session.parked = true;
        session.request = sent;
        const Time until = h.now() + request.max_wait;
        session.until = until;
        const std::uint32_t slot = sent.conn.slot;
        h.at(until, [this, slot, until] {
            Session& s = sessions_[slot];
            if (s.parked && s.until == until) { answer(s); }
        });
        answer_parked();
    }
    bool has_news(const Session& session) const {
        if (fetch_error != Error::none) { return true; }
        return std::any_of(session.wanted.begin(), session.wanted.end(), [&](const auto& w) {
            const Log& l = logs[static_cast<std::size_t>(w.first)];
            return l.leader != session.request.to || l.end != w.second;
        });
    }
    void answer_parked() {
        for (auto& [slot, session] : sessions_) {
            if (session.parked && has_news(session)) { answer(session); }
        }
    }
    void answer(Session& session) {
        session.parked = false;
        FetchResponse response;
        response.session_id = 77;
        for (const auto& [p, offset] : session.wanted) {
            const Log& l = logs[static_cast<std::size_t>(p)];
            FetchResponse::Part part;
            part.tp = PartitionId(p);
            part.batches_begin = static_cast<std::uint32_t>(response.batches.size());
            part.error = fetch_error;
            if (l.leader != session.request.to) {
                part.error = Error::not_leader_or_follower;
                part.leader = l.leader;
                part.leader_epoch = l.epoch;
            } else if (offset > l.end) {
                part.error = Error::offset_out_of_range;
            }
            for (const Batch& batch : l.batches) {
                if (part.error == Error::none && batch.end() > offset) {
                    response.batches.push_back(batch);
                }
            }
            part.batches_end = static_cast<std::uint32_t>(response.batches.size());
            if (part.error != Error::none || part.batches_end > part.batches_begin) {
                response.parts.push_back(part);
            }
        }
        reply<FetchResponse>(session.request, [response](auto& r) { r = response; });
    }
    std::map<std::uint32_t, Session> sessions_; ///< by slot of the connection
    std::map<std::uint32_t, Line> lines_;       ///< by slot of the connection
};

} // namespace brokersim::test
