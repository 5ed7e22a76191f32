// A coordinator on a broker with real replicas and a real request path, and members of straw who
// join, sync and beat as consumers do.
#pragma once

#include "group/coordinator.hpp"
#include "support/actor_harness.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace brokersim::test {

inline constexpr PartitionId offsets_partition{3};
inline constexpr GroupId billing{0};

inline LayoutRef group_layout() {
    Layout layout;
    layout.machines = 8;
    layout.brokers = 2;
    layout.partitions = 4;
    Layout::Topic orders;
    orders.name = "orders";
    orders.first = PartitionId(0);
    orders.partitions = 3;
    Layout::Topic offsets;
    offsets.name = "__consumer_offsets";
    offsets.first = offsets_partition;
    offsets.internal = true;
    layout.topics = {orders, offsets};
    layout.topic_of = {0, 0, 0, 1};
    layout.groups = {{"billing", offsets_partition}};
    return std::make_shared<const Layout>(std::move(layout));
}

inline RunInfo group_info() {
    RunInfo info;
    info.nodes = {"b1", "b2", "m1", "m2", "m3", "m4", "m5", "m6"};
    TopicInfo orders;
    orders.name = "orders";
    orders.partitions = 3;
    orders.first = PartitionId(0);
    TopicInfo offsets;
    offsets.name = "__consumer_offsets";
    offsets.first = offsets_partition;
    offsets.internal = true;
    info.topics = {orders, offsets};
    info.partitions = {"orders/0", "orders/1", "orders/2", "__consumer_offsets/0"};
    GroupInfo group;
    group.name = "billing";
    group.topics = {"orders"};
    info.groups = {group};
    return info;
}

class GroupTable {
public:
    /// What a member knows and wants.
    struct Member {
        MemberId id = no_member;
        Generation generation = -1;
        bool beats = true;   ///< sends heartbeats every 3 s, joins when told to
        bool uses_id = true; ///< joins with the id that it was given
        InstanceNumber instance = no_instance;
        std::vector<PartitionId> owned;
        ConnId conn;
    };
    struct Answer {
        Time at;
        MachineId to;
        Api api{};
        Error error{};
    };

    GroupTable()
        : layout_(group_layout()), network_(NetworkSpec{}, group_info().nodes, 1),
          out_(messages_, network_, contents_), facts(group_info()) {
        reboot();
    }
    GroupTable(const GroupTable&) = delete;
    GroupTable& operator=(const GroupTable&) = delete;

    static MachineId machine(int m) { return MachineId(m + 1); } ///< m1 is machine 2

    /// The broker's process begins with empty hands; its log is the one of `log_of` or empty.
    void reboot(const PartitionLog* log_of = nullptr) {
        replicas = std::make_unique<ReplicaManager>(self, layout_, config, DiskSpec{});
        path = std::make_unique<RequestPath>(config, CpuSpec{Duration{}, 0});
        if (coordinator == nullptr) {
            coordinator = std::make_unique<GroupCoordinator>(self, layout_, config);
        } else {
            coordinator->restart();
        }
        copied_ = log_of;
    }
    /// It becomes the leader, with this ISR.
    void lead(std::vector<MachineId> isr, LeaderEpoch epoch = 0) {
        call([&](In in) {
            if (copied_ != nullptr) {
                apply(in, MachineId(1), isr, epoch - 1);
                const auto number =
                    static_cast<std::uint32_t>(replicas->number_of(offsets_partition));
                for (const Batch& batch : copied_->batches()) {
                    replicas->append_replicated(in, number, batch, out_);
                }
            }
            apply(in, self, isr, epoch);
            coordinator->on_leadership(in, offsets_partition, true, epoch, *replicas, *path, out_);
        });
    }
    void resign(LeaderEpoch epoch) {
        call([&](In in) {
            apply(in, MachineId(1), {MachineId(1)}, epoch);
            coordinator->on_leadership(in, offsets_partition, false, epoch, *replicas, *path, out_);
        });
    }
    const PartitionLog& log() { return replicas->find(offsets_partition)->log(); }

    // ---- members ----
    Member& member(int m) { return members_[m]; }
    void join(int m) {
        members_.try_emplace(m);
        send<JoinGroupRequest>(m, [this, m](JoinGroupRequest& request) {
            request.group = billing;
            request.member = member(m).id;
            request.machine = machine(m);
            request.instance = member(m).instance;
            request.session_timeout = session_timeout;
            request.rebalance_timeout = rebalance_timeout;
            request.protocols = {AssignorId::range, AssignorId::cooperative_sticky};
            request.topics = {TopicId(0)};
        });
    }
    void heartbeat(int m) {
        send<HeartbeatRequest>(m, [this, m](HeartbeatRequest& request) {
            request.group = billing;
            request.member = member(m).id;
            request.instance = member(m).instance;
            request.generation = member(m).generation;
        });
    }
    void leave(int m) {
        member(m).beats = false;
        send<LeaveGroupRequest>(m, [this, m](LeaveGroupRequest& request) {
            request.group = billing;
            request.member = member(m).id;
        });
    }
    void commit(int m, PartitionId tp, Offset offset) {
        send<OffsetCommitRequest>(m, [&](OffsetCommitRequest& request) {
            request.group = billing;
            request.member = member(m).id;
            request.instance = member(m).instance;
            request.generation = member(m).generation;
            request.offsets = {{tp, offset, 0}};
        });
    }
    void fetch_offsets(int m, std::vector<PartitionId> partitions) {
        send<OffsetFetchRequest>(m, [&](OffsetFetchRequest& request) {
            request.group = billing;
            request.partitions = std::move(partitions);
        });
    }
    /// A process that has forgotten everything, on a new connection.
    void forget(int m) {
        const InstanceNumber instance = member(m).instance;
        members_[m] = Member{};
        members_[m].instance = instance;
    }
    /// b2 fetches: everything in the log is committed.
    void replicate() {
        const ConnId conn = network_.allocate(self, MachineId(1));
        const PartitionLog& l = log();
        send_on<FetchRequest>(conn, MachineId(1), [&](FetchRequest& request) {
            request.replica = MachineId(1);
            request.max_bytes = 1 << 20;
            request.max_wait = {};
            request.session_id = 0;
            request.parts = {{offsets_partition, l.end(), -1, l.batches().back().epoch, 1 << 20}};
        });
    }

    void at_ms(std::int64_t ms, std::function<void()> action) {
        events_.emplace(Time{} + milliseconds(ms), std::move(action));
    }
    void run_ms(std::int64_t ms) { run_until(Time{} + milliseconds(ms)); }
    Time now() const { return now_; }

    /// Answers to a member since the last look: `Heartbeat NONE`, with the time in front.
    std::string answers(int m) {
        std::string text;
        for (const Answer& a : answers_) {
            if (a.to != machine(m)) { continue; }
            text += in_ms(a.at) + " " + std::string(word(a.api)) + " " +
                    std::string(word(a.error)) + "\n";
        }
        std::erase_if(answers_, [&](const Answer& a) { return a.to == machine(m); });
        return text;
    }
    /// Facts whose names begin with `prefix`, with the time in front; forgets all.
    std::string take(std::string_view prefix) {
        std::string text;
        for (const FactLines::Line& line : facts.lines) {
            if (line.text.starts_with(prefix)) { text += in_ms(line.at) + " " + line.text + "\n"; }
        }
        facts.lines.clear();
        return text;
    }

    static constexpr MachineId self{0};
    ServerConfig config;
    Duration session_timeout = seconds(45), rebalance_timeout = seconds(300);
    std::unique_ptr<ReplicaManager> replicas;
    std::unique_ptr<RequestPath> path;
    std::unique_ptr<GroupCoordinator> coordinator;
    OffsetFetchResponse offsets; ///< the last answer to OffsetFetch

private:
    void apply(In in, MachineId leader, std::vector<MachineId> isr, LeaderEpoch epoch) {
        PartitionRegistration state;
        state.leader = leader;
        state.leader_epoch = epoch;
        state.partition_epoch = epoch;
        state.replicas = {MachineId(0), MachineId(1)};
        state.isr = std::move(isr);
        replicas->apply(in, offsets_partition, state, out_);
        replicas->applied(in, *path, out_);
    }
    template <class Handler>
    void call(Handler handler) {
        const In in{now_, self};
        out_.begin(in, Cause{}, &facts);
        handler(in);
        while (!replicas->internal_moves.empty()) {
            std::vector<PartitionId> moves;
            moves.swap(replicas->internal_moves);
            for (const PartitionId tp : moves) {
                coordinator->on_high_watermark(in, tp, *replicas, *path, out_);
            }
        }
        const std::vector<Effect> effects = out_.list();
        for (const Effect& effect : effects) {
            if (effect.op == Effect::Op::defer) {
                const std::uint32_t packet = effect.subject;
                events_.emplace(Time{effect.time}, [this, packet] { handle(packet); });
            } else if (effect.op == Effect::Op::send) {
                answered(effect.subject);
            }
        }
    }
    template <class M, class Fill>
    void send(int m, Fill fill) {
        Member& who = members_[m];
        if (!who.conn.valid()) { who.conn = network_.allocate(self, machine(m)); }
        send_on<M>(who.conn, machine(m), fill);
    }
    template <class M, class Fill>
    void send_on(ConnId conn, MachineId from, Fill fill) {
        const std::uint32_t packet = messages_.packets.take();
        const std::uint32_t body = messages_.pool<M>().take();
        Packet& p = messages_.packets[packet];
        p.conn = conn;
        p.from = from;
        p.kind = kind_of<M>;
        p.api = static_cast<std::uint8_t>(M::api);
        p.body = body;
        p.bytes = 100;
        p.id = ++sent_;
        fill(messages_.pool<M>()[body]);
        call([&](In in) { path->on_request(in, incoming(packet), out_); });
    }
    Incoming incoming(std::uint32_t packet) {
        const Packet& p = messages_.packets[packet];
        return Incoming{packet,
                        p.conn,
                        p.from,
                        p.kind,
                        RequestPath::handled,
                        p.body,
                        p.bytes,
                        p.id,
                        static_cast<Api>(p.api)};
    }
    void handle(std::uint32_t packet) {
        call([&](In in) {
            const Incoming request = incoming(packet);
            if (request.api == Api::fetch) {
                replicas->fetch(in, request, *path, out_);
            } else {
                coordinator->on_request(in, request, *replicas, *path, out_);
            }
            path->handler_free(in, out_);
        });
        messages_.free(packet);
    }
    /// A response has left: the member of straw goes on.
    void answered(std::uint32_t packet) {
        const Packet p = messages_.packets[packet];
        const MachineId to = network_.peer(p.conn, self);
        const int m = to.value - 1;
        const Api api = static_cast<Api>(p.api);
        Error error = Error::none;
        if (api == Api::join_group) {
            const auto response = messages_.body<JoinGroupResponse>(p);
            error = response.error;
            events_.emplace(now_, [this, m, response] { joined(m, response); });
        } else if (api == Api::sync_group) {
            const auto response = messages_.body<SyncGroupResponse>(p);
            error = response.error;
            if (error == Error::none) { member(m).owned = response.partitions; }
            if (error == Error::rebalance_in_progress) {
                events_.emplace(now_, [this, m] { join(m); });
            }
        } else if (api == Api::heartbeat) {
            error = messages_.body<HeartbeatResponse>(p).error;
            if (error == Error::rebalance_in_progress && member(m).beats) {
                events_.emplace(now_, [this, m] { join(m); });
            }
        } else if (api == Api::leave_group) {
            error = messages_.body<LeaveGroupResponse>(p).error;
        } else if (api == Api::offset_commit) {
            error = messages_.body<OffsetCommitResponse>(p).error;
        } else if (api == Api::offset_fetch) {
            offsets = messages_.body<OffsetFetchResponse>(p);
            error = offsets.error;
        }
        answers_.push_back({now_, to, api, error});
        messages_.free(packet);
    }
    void joined(int m, const JoinGroupResponse& response) {
        Member& who = member(m);
        if (response.error == Error::member_id_required) {
            who.id = response.member;
            if (who.uses_id) { join(m); }
            return;
        }
        if (response.error != Error::none) { return; }
        who.id = response.member;
        who.generation = response.generation;
        send<SyncGroupRequest>(m, [&](SyncGroupRequest& request) {
            request.group = billing;
            request.member = who.id;
            request.generation = who.generation;
            request.from_leader = response.leader == who.id;
            for (std::size_t k = 0; k < response.members.size(); ++k) {
                auto& entry = request.assignment.entries.emplace_back();
                entry.member = response.members[k].member;
                for (std::size_t p = k; p < 3; p += response.members.size()) {
                    entry.partitions.emplace_back(p);
                }
            }
        });
    }
    void run_until(Time until) {
        for (;;) {
            const Time event_at = events_.empty() ? Time::never() : events_.begin()->first;
            const Time timer_at = coordinator->next_deadline();
            const Time next = std::min({event_at, timer_at, beat_at_});
            if (next > until) { break; }
            now_ = std::max(now_, next);
            if (event_at <= now_) {
                const auto action = std::move(events_.begin()->second);
                events_.erase(events_.begin());
                action();
            } else if (timer_at <= now_) {
                call([&](In in) { coordinator->on_timer(in, *replicas, *path, out_); });
            } else {
                beat_at_ += seconds(3);
                for (const auto& [m, who] : members_) {
                    if (who.beats && !who.owned.empty()) { heartbeat(m); }
                }
            }
        }
        now_ = until;
    }

    LayoutRef layout_;
    Messages messages_;
    Contents contents_;
    Network network_;
    Effects out_;
    const PartitionLog* copied_ = nullptr;
    std::map<int, Member> members_;
    std::vector<Answer> answers_;
    std::multimap<Time, std::function<void()>> events_;
    Time now_, beat_at_ = Time{} + seconds(3);
    std::uint64_t sent_ = 0;

public:
    FactLines facts;
};

} // namespace brokersim::test
