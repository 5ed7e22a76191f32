// What can happen: the only list of events and their fields. The writer of traces, their reader,
// the fingerprints, the narrator and every checker work from these structs (docs/trace-format.md
// explains each event). Fields stand in the order of the trace.
//
// Field types and what a trace spells for them: ids - names; optional - the value or null; Maybe -
// the value, or the field is absent; enums of words.hpp - their words; spans - lists.
#pragma once

#include "brokersim/ids.hpp"
#include "brokersim/run_info.hpp"
#include "brokersim/time.hpp"
#include "brokersim/words.hpp"

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>

namespace brokersim {

/// A field that is left out of the line when it has nothing to tell.
template <class T>
struct Maybe {
    bool present = false;
    T value{};

    constexpr Maybe() = default;
    constexpr Maybe(T v) : present(true), value(v) {} // NOLINT: meant to convert
};

/// What one member owns in a generation: an entry of `cons.gen`'s `assign`.
struct MemberAssignment {
    MachineId member;
    std::span<const PartitionId> partitions;
};

/// How a window without service was spent; the first six add up to its length.
struct Phases {
    Duration undetected, detected, electing, propagating, clients_stale, recovering;
    Duration under_replicated, catching_up;
};

template <class F, class M>
struct Field {
    std::string_view name;
    M F::*member;
};
template <class F, class M>
constexpr Field<F, M> field(std::string_view name, M F::*member) {
    return {name, member};
}

/// Names and fields of the phases, in their order; the first six add up to the window.
inline constexpr std::size_t phase_count = 8;
inline constexpr Field<Phases, Duration> phase_fields[phase_count] = {
    {"undetected", &Phases::undetected},
    {"detected", &Phases::detected},
    {"electing", &Phases::electing},
    {"propagating", &Phases::propagating},
    {"clients_stale", &Phases::clients_stale},
    {"recovering", &Phases::recovering},
    {"under_replicated", &Phases::under_replicated},
    {"catching_up", &Phases::catching_up}};

enum class FactKind : std::uint8_t {
    fault_begin,
    fault_end,
    node_up,
    node_down,
    node_paused,
    node_resumed,
    net_cut,
    net_heal,
    ctl_elected,
    ctl_resigned,
    ctl_broker,
    ctl_part,
    meta_seen,
    log_append,
    log_trunc,
    log_head,
    log_flush,
    hw,
    prod_new,
    prod_blocked,
    prod_unblocked,
    prod_refused,
    prod_send,
    prod_retry,
    prod_ack,
    prod_fail,
    group_member,
    group_rebalance,
    cons_gen,
    cons_start,
    cons_read,
    cons_done,
    cons_commit,
    loss,
    dup,
    unavailable,
    violation,
    cons_wait,
    cons_served,
    net_send,
    net_recv,
    net_drop,
    req_queued,
    req_started,
    req_parked,
    req_done,
    timer_fire,
    zk_session,
    topic_changed,
    ctl_log,
    meta_log,
    count_
};

/// A set of kinds.
class FactKinds {
public:
    constexpr FactKinds() = default;
    constexpr FactKinds(std::initializer_list<FactKind> kinds) {
        for (const FactKind kind : kinds) {
            bits_ |= bit(kind);
        }
    }
    static constexpr FactKinds all() {
        FactKinds kinds;
        kinds.bits_ = (std::uint64_t{1} << static_cast<unsigned>(FactKind::count_)) - 1;
        return kinds;
    }
    constexpr bool has(FactKind kind) const { return (bits_ & bit(kind)) != 0; }
    constexpr void add(FactKind kind) { bits_ |= bit(kind); }
    friend constexpr FactKinds operator|(FactKinds a, FactKinds b) {
        a.bits_ |= b.bits_;
        return a;
    }

private:
    static constexpr std::uint64_t bit(FactKind kind) {
        return std::uint64_t{1} << static_cast<unsigned>(kind);
    }
    static_assert(static_cast<unsigned>(FactKind::count_) < 64);
    std::uint64_t bits_ = 0;
};

/// Names, level and fields of a fact; opens every struct below.
#define BS_FACT(type, kind_, name_, level_)                                                        \
    static constexpr FactKind kind = FactKind::kind_;                                              \
    static constexpr std::string_view name = name_;                                                \
    static constexpr Level level = Level::level_;                                                  \
    using Self = type

// ---- faults, machines ----
struct FaultBegin {
    BS_FACT(FaultBegin, fault_begin, "fault.begin", state);
    FaultId id;
    FaultAction action{};
    std::span<const MachineId> target;
    static constexpr auto fields() {
        return std::tuple(field("id", &Self::id), field("do", &Self::action),
                          field("target", &Self::target));
    }
};
struct FaultEnd {
    BS_FACT(FaultEnd, fault_end, "fault.end", state);
    FaultId id;
    FaultAction action{};
    std::span<const MachineId> target;
    static constexpr auto fields() {
        return std::tuple(field("id", &Self::id), field("do", &Self::action),
                          field("target", &Self::target));
    }
};
struct NodeUp {
    BS_FACT(NodeUp, node_up, "node.up", state);
    MachineId node;
    std::int32_t inc = 1;
    static constexpr auto fields() {
        return std::tuple(field("node", &Self::node), field("inc", &Self::inc));
    }
};
struct NodeDown {
    BS_FACT(NodeDown, node_down, "node.down", state);
    MachineId node;
    std::int32_t inc = 1;
    DownHow how{};
    static constexpr auto fields() {
        return std::tuple(field("node", &Self::node), field("inc", &Self::inc),
                          field("how", &Self::how));
    }
};
struct NodePaused {
    BS_FACT(NodePaused, node_paused, "node.paused", state);
    MachineId node;
    std::int32_t inc = 1;
    static constexpr auto fields() {
        return std::tuple(field("node", &Self::node), field("inc", &Self::inc));
    }
};
struct NodeResumed {
    BS_FACT(NodeResumed, node_resumed, "node.resumed", state);
    MachineId node;
    std::int32_t inc = 1;
    static constexpr auto fields() {
        return std::tuple(field("node", &Self::node), field("inc", &Self::inc));
    }
};
/// One direction of a link no longer carries anything.
struct NetCut {
    BS_FACT(NetCut, net_cut, "net.cut", state);
    MachineId src, dst;
    static constexpr auto fields() {
        return std::tuple(field("src", &Self::src), field("dst", &Self::dst));
    }
};
struct NetHeal {
    BS_FACT(NetHeal, net_heal, "net.heal", state);
    MachineId src, dst;
    static constexpr auto fields() {
        return std::tuple(field("src", &Self::src), field("dst", &Self::dst));
    }
};

// ---- control plane ----
struct CtlElected {
    BS_FACT(CtlElected, ctl_elected, "ctl.elected", state);
    MachineId node;
    std::int32_t epoch = 0;
    static constexpr auto fields() {
        return std::tuple(field("node", &Self::node), field("epoch", &Self::epoch));
    }
};
struct CtlResigned {
    BS_FACT(CtlResigned, ctl_resigned, "ctl.resigned", state);
    MachineId node;
    std::int32_t epoch = 0;
    std::string_view why;
    static constexpr auto fields() {
        return std::tuple(field("node", &Self::node), field("epoch", &Self::epoch),
                          field("why", &Self::why));
    }
};
struct CtlBroker {
    BS_FACT(CtlBroker, ctl_broker, "ctl.broker", state);
    MachineId node;
    BrokerState state{};
    BrokerEpoch bepoch = 0;
    std::string_view why;
    static constexpr auto fields() {
        return std::tuple(field("node", &Self::node), field("state", &Self::state),
                          field("bepoch", &Self::bepoch), field("why", &Self::why));
    }
};
/// A committed change of a partition's state; the first is its creation.
struct CtlPart {
    BS_FACT(CtlPart, ctl_part, "ctl.part", state);
    PartitionId tp;
    std::optional<MachineId> leader;
    LeaderEpoch epoch = 0;
    PartitionEpoch pepoch = 0;
    std::span<const MachineId> isr, elr, repl;
    bool clean = true;
    PartWhy why{};
    Maybe<std::span<const MachineId>> adding, removing; ///< while it is reassigned (KIP-455)
    static constexpr auto fields() {
        return std::tuple(
            field("tp", &Self::tp), field("leader", &Self::leader), field("epoch", &Self::epoch),
            field("pepoch", &Self::pepoch), field("isr", &Self::isr), field("elr", &Self::elr),
            field("repl", &Self::repl), field("clean", &Self::clean), field("why", &Self::why),
            field("adding", &Self::adding), field("removing", &Self::removing));
    }
};
/// Settings of a topic were changed while it runs; the fields are those of the header.
struct TopicChanged {
    BS_FACT(TopicChanged, topic_changed, "topic.changed", state);
    TopicId topic;
    std::int32_t partitions = 1;
    std::int32_t rf = 1;
    std::int32_t min_isr = 1;
    bool unclean = false;
    static constexpr auto fields() {
        return std::tuple(field("topic", &Self::topic), field("partitions", &Self::partitions),
                          field("rf", &Self::rf), field("min_isr", &Self::min_isr),
                          field("unclean", &Self::unclean));
    }
};
/// A voter's copy of the metadata log: where it ends, and up to where it knows it to be committed.
struct CtlLog {
    BS_FACT(CtlLog, ctl_log, "ctl.log", records);
    MachineId node;
    Offset end = 0;
    Offset hw = 0;
    static constexpr auto fields() {
        return std::tuple(field("node", &Self::node), field("end", &Self::end),
                          field("hw", &Self::hw));
    }
};
/// A broker's copy of the metadata log.
struct MetaLog {
    BS_FACT(MetaLog, meta_log, "meta.log", all);
    MachineId node;
    Offset end = 0;
    static constexpr auto fields() {
        return std::tuple(field("node", &Self::node), field("end", &Self::end));
    }
};
/// This machine now acts on that leader.
struct MetaSeen {
    BS_FACT(MetaSeen, meta_seen, "meta.seen", state);
    MachineId node;
    PartitionId tp;
    std::optional<MachineId> leader;
    LeaderEpoch epoch = 0;
    Maybe<PartitionEpoch> pepoch; ///< brokers
    static constexpr auto fields() {
        return std::tuple(field("node", &Self::node), field("tp", &Self::tp),
                          field("leader", &Self::leader), field("epoch", &Self::epoch),
                          field("pepoch", &Self::pepoch));
    }
};

// ---- logs ----
/// One batch, the same fields on leader and followers. `p` and `i` are null in internal topics;
/// `seq`, `pid`, `pepoch` without idempotence.
struct LogAppend {
    BS_FACT(LogAppend, log_append, "log.append", records);
    MachineId node;
    PartitionId tp;
    LeaderEpoch epoch = 0;
    Offset base = 0;
    std::optional<ProducerId> p;
    std::optional<std::int64_t> i;
    std::int32_t count = 0;
    std::optional<std::int32_t> seq;
    std::optional<std::int64_t> pid;
    std::optional<std::int32_t> pepoch;
    std::int64_t bytes = 0;
    static constexpr auto fields() {
        return std::tuple(field("node", &Self::node), field("tp", &Self::tp),
                          field("epoch", &Self::epoch), field("base", &Self::base),
                          field("p", &Self::p), field("i", &Self::i), field("count", &Self::count),
                          field("seq", &Self::seq), field("pid", &Self::pid),
                          field("pepoch", &Self::pepoch), field("bytes", &Self::bytes));
    }
};
struct LogTrunc {
    BS_FACT(LogTrunc, log_trunc, "log.trunc", records);
    MachineId node;
    PartitionId tp;
    Offset to = 0;
    TruncWhy why{};
    static constexpr auto fields() {
        return std::tuple(field("node", &Self::node), field("tp", &Self::tp),
                          field("to", &Self::to), field("why", &Self::why));
    }
};
struct LogHead {
    BS_FACT(LogHead, log_head, "log.head", records);
    MachineId node;
    PartitionId tp;
    Offset to = 0;
    HeadWhy why{};
    static constexpr auto fields() {
        return std::tuple(field("node", &Self::node), field("tp", &Self::tp),
                          field("to", &Self::to), field("why", &Self::why));
    }
};
struct LogFlush {
    BS_FACT(LogFlush, log_flush, "log.flush", records);
    MachineId node;
    PartitionId tp;
    Offset to = 0;
    static constexpr auto fields() {
        return std::tuple(field("node", &Self::node), field("tp", &Self::tp),
                          field("to", &Self::to));
    }
};
/// The high watermark of that replica moved, in the leader epoch it acts in.
struct Hw {
    BS_FACT(Hw, hw, "hw", records);
    MachineId node;
    PartitionId tp;
    LeaderEpoch epoch = 0;
    Offset hw = 0;
    static constexpr auto fields() {
        return std::tuple(field("node", &Self::node), field("tp", &Self::tp),
                          field("epoch", &Self::epoch), field("hw", &Self::hw));
    }
};

// ---- producers ----
/// `count` records accepted by send() at the same instant, with one key. `due`: when the
/// application wanted to send, if earlier. `bytes`: of one record's key and value.
struct ProdNew {
    BS_FACT(ProdNew, prod_new, "prod.new", records);
    ProducerId p;
    PartitionId tp;
    std::int64_t i = 0;
    std::int32_t count = 1;
    std::optional<std::string_view> key;
    Maybe<Time> due;
    Maybe<std::int64_t> bytes;
    static constexpr auto fields() {
        return std::tuple(field("p", &Self::p), field("tp", &Self::tp), field("i", &Self::i),
                          field("count", &Self::count), field("key", &Self::key),
                          field("due", &Self::due), field("bytes", &Self::bytes));
    }
};
struct ProdBlocked {
    BS_FACT(ProdBlocked, prod_blocked, "prod.blocked", records);
    ProducerId p;
    BlockedWhy why{};
    static constexpr auto fields() {
        return std::tuple(field("p", &Self::p), field("why", &Self::why));
    }
};
struct ProdUnblocked {
    BS_FACT(ProdUnblocked, prod_unblocked, "prod.unblocked", records);
    ProducerId p;
    BlockedWhy why{};
    static constexpr auto fields() {
        return std::tuple(field("p", &Self::p), field("why", &Self::why));
    }
};
struct ProdRefused {
    BS_FACT(ProdRefused, prod_refused, "prod.refused", records);
    ProducerId p;
    TopicId topic;
    std::int32_t count = 1;
    Error error{};
    static constexpr auto fields() {
        return std::tuple(field("p", &Self::p), field("topic", &Self::topic),
                          field("count", &Self::count), field("error", &Self::error));
    }
};
struct ProdSend {
    BS_FACT(ProdSend, prod_send, "prod.send", all);
    ProducerId p;
    MachineId node;
    PartitionId tp;
    std::int64_t i = 0;
    std::int32_t count = 1;
    std::int32_t attempt = 0; ///< 0 = the first
    static constexpr auto fields() {
        return std::tuple(field("p", &Self::p), field("node", &Self::node), field("tp", &Self::tp),
                          field("i", &Self::i), field("count", &Self::count),
                          field("attempt", &Self::attempt));
    }
};
struct ProdRetry {
    BS_FACT(ProdRetry, prod_retry, "prod.retry", records);
    ProducerId p;
    PartitionId tp;
    std::int64_t i = 0;
    std::int32_t count = 1;
    std::int32_t attempt = 1;
    Error error{};
    static constexpr auto fields() {
        return std::tuple(field("p", &Self::p), field("tp", &Self::tp), field("i", &Self::i),
                          field("count", &Self::count), field("attempt", &Self::attempt),
                          field("error", &Self::error));
    }
};
/// `off`: offset of the first record, null for acks=0.
struct ProdAck {
    BS_FACT(ProdAck, prod_ack, "prod.ack", records);
    ProducerId p;
    PartitionId tp;
    std::int64_t i = 0;
    std::int32_t count = 1;
    std::optional<Offset> off;
    static constexpr auto fields() {
        return std::tuple(field("p", &Self::p), field("tp", &Self::tp), field("i", &Self::i),
                          field("count", &Self::count), field("off", &Self::off));
    }
};
/// `definite`: certainly in no log.
struct ProdFail {
    BS_FACT(ProdFail, prod_fail, "prod.fail", records);
    ProducerId p;
    PartitionId tp;
    std::int64_t i = 0;
    std::int32_t count = 1;
    Error error{};
    bool definite = false;
    static constexpr auto fields() {
        return std::tuple(field("p", &Self::p), field("tp", &Self::tp), field("i", &Self::i),
                          field("count", &Self::count), field("error", &Self::error),
                          field("definite", &Self::definite));
    }
};

// ---- groups and consumers ----
struct GroupMember {
    BS_FACT(GroupMember, group_member, "group.member", state);
    GroupId g;
    MachineId mem;
    MemberState state{};
    std::string_view why;
    static constexpr auto fields() {
        return std::tuple(field("g", &Self::g), field("mem", &Self::mem),
                          field("state", &Self::state), field("why", &Self::why));
    }
};
struct GroupRebalance {
    BS_FACT(GroupRebalance, group_rebalance, "group.rebalance", state);
    GroupId g;
    RebalanceState state{};
    Generation gen = 0;
    static constexpr auto fields() {
        return std::tuple(field("g", &Self::g), field("state", &Self::state),
                          field("gen", &Self::gen));
    }
};
struct ConsGen {
    BS_FACT(ConsGen, cons_gen, "cons.gen", state);
    GroupId g;
    Generation gen = 0;
    std::span<const MemberAssignment> assign;
    static constexpr auto fields() {
        return std::tuple(field("g", &Self::g), field("gen", &Self::gen),
                          field("assign", &Self::assign));
    }
};
struct ConsStart {
    BS_FACT(ConsStart, cons_start, "cons.start", records);
    GroupId g;
    Generation gen = 0;
    MachineId mem;
    PartitionId tp;
    Offset pos = 0;
    StartWhy why{};
    static constexpr auto fields() {
        return std::tuple(field("g", &Self::g), field("gen", &Self::gen), field("mem", &Self::mem),
                          field("tp", &Self::tp), field("pos", &Self::pos),
                          field("why", &Self::why));
    }
};
/// Offsets [from, to) handed to the application: `count` records.
struct ConsRead {
    BS_FACT(ConsRead, cons_read, "cons.read", records);
    GroupId g;
    Generation gen = 0;
    MachineId mem;
    PartitionId tp;
    Offset from = 0, to = 0;
    std::int32_t count = 0;
    static constexpr auto fields() {
        return std::tuple(field("g", &Self::g), field("gen", &Self::gen), field("mem", &Self::mem),
                          field("tp", &Self::tp), field("from", &Self::from),
                          field("to", &Self::to), field("count", &Self::count));
    }
};
/// `to` (exclusive): a run of `ok` that ends at one instant.
struct ConsDone {
    BS_FACT(ConsDone, cons_done, "cons.done", records);
    GroupId g;
    MachineId mem;
    PartitionId tp;
    Offset off = 0;
    std::int32_t attempt = 1;
    Outcome outcome{};
    Maybe<Offset> to;
    static constexpr auto fields() {
        return std::tuple(field("g", &Self::g), field("mem", &Self::mem), field("tp", &Self::tp),
                          field("off", &Self::off), field("attempt", &Self::attempt),
                          field("outcome", &Self::outcome), field("to", &Self::to));
    }
};
struct ConsCommit {
    BS_FACT(ConsCommit, cons_commit, "cons.commit", records);
    GroupId g;
    Generation gen = 0;
    MachineId mem;
    PartitionId tp;
    Offset off = 0;
    bool ok = true;
    std::optional<Error> error;
    Maybe<Time> since; ///< when it was taken in, if earlier
    static constexpr auto fields() {
        return std::tuple(field("g", &Self::g), field("gen", &Self::gen), field("mem", &Self::mem),
                          field("tp", &Self::tp), field("off", &Self::off), field("ok", &Self::ok),
                          field("error", &Self::error), field("since", &Self::since));
    }
};

// ---- verdicts: derived by observers, never noted by the model ----
struct Loss {
    BS_FACT(Loss, loss, "loss", state);
    ProducerId p;
    PartitionId tp;
    std::int64_t i = 0;
    std::int64_t count = 0;
    LossWhy why{};
    static constexpr auto fields() {
        return std::tuple(field("p", &Self::p), field("tp", &Self::tp), field("i", &Self::i),
                          field("count", &Self::count), field("why", &Self::why));
    }
};
struct Dup {
    BS_FACT(Dup, dup, "dup", state);
    ProducerId p;
    PartitionId tp;
    std::int64_t i = 0;
    std::int64_t count = 0;
    DupWhy why{};
    std::optional<GroupId> g;
    static constexpr auto fields() {
        return std::tuple(field("p", &Self::p), field("tp", &Self::tp), field("i", &Self::i),
                          field("count", &Self::count), field("why", &Self::why),
                          field("g", &Self::g));
    }
};
struct Unavailable {
    BS_FACT(Unavailable, unavailable, "unavailable", state);
    PartitionId tp;
    Side side{};
    Time from, to;
    std::optional<Phases> phases;
    Maybe<GroupId> g; ///< side consume
    static constexpr auto fields() {
        return std::tuple(field("tp", &Self::tp), field("side", &Self::side),
                          field("from", &Self::from), field("to", &Self::to),
                          field("phases", &Self::phases), field("g", &Self::g));
    }
};
struct Violation {
    BS_FACT(Violation, violation, "violation", state);
    std::string_view invariant, text;
    static constexpr auto fields() {
        return std::tuple(field("invariant", &Self::invariant), field("text", &Self::text));
    }
};

// ---- fetches that wait ----
/// A fetch that was due could not be answered: an error, a lost connection, a time-out, no leader
/// known, or the partition given up so that its member can rejoin. Once until the next cons.served
/// or cons.start. `since`: when that fetch was due, if earlier.
struct ConsWait {
    BS_FACT(ConsWait, cons_wait, "cons.wait", all);
    GroupId g;
    MachineId mem;
    PartitionId tp;
    Maybe<Time> since;
    static constexpr auto fields() {
        return std::tuple(field("g", &Self::g), field("mem", &Self::mem), field("tp", &Self::tp),
                          field("since", &Self::since));
    }
};
/// The first good answer, an empty one too, after a cons.wait.
struct ConsServed {
    BS_FACT(ConsServed, cons_served, "cons.served", all);
    GroupId g;
    MachineId mem;
    PartitionId tp;
    static constexpr auto fields() {
        return std::tuple(field("g", &Self::g), field("mem", &Self::mem), field("tp", &Self::tp));
    }
};

// ---- packets, requests, timers ----
/// `conn`: the connection's number.
struct NetSend {
    BS_FACT(NetSend, net_send, "net.send", all);
    std::uint64_t id = 0;
    MachineId src, dst;
    std::uint32_t conn = 0;
    Api api{};
    std::int64_t bytes = 0;
    PacketWhat what{};
    static constexpr auto fields() {
        return std::tuple(field("id", &Self::id), field("src", &Self::src),
                          field("dst", &Self::dst), field("conn", &Self::conn),
                          field("api", &Self::api), field("bytes", &Self::bytes),
                          field("what", &Self::what));
    }
};
struct NetRecv {
    BS_FACT(NetRecv, net_recv, "net.recv", all);
    std::uint64_t id = 0;
    std::int32_t dinc = 0;
    static constexpr auto fields() {
        return std::tuple(field("id", &Self::id), field("dinc", &Self::dinc));
    }
};
struct NetDrop {
    BS_FACT(NetDrop, net_drop, "net.drop", all);
    std::uint64_t id = 0;
    std::string_view why;
    static constexpr auto fields() {
        return std::tuple(field("id", &Self::id), field("why", &Self::why));
    }
};
/// The four stations of a request on a broker. `id`: a number that stays with the request.
struct ReqQueued {
    BS_FACT(ReqQueued, req_queued, "req.queued", all);
    MachineId node;
    std::uint64_t id = 0;
    Api api{};
    static constexpr auto fields() {
        return std::tuple(field("node", &Self::node), field("id", &Self::id),
                          field("api", &Self::api));
    }
};
struct ReqStarted {
    BS_FACT(ReqStarted, req_started, "req.started", all);
    MachineId node;
    std::uint64_t id = 0;
    Api api{};
    static constexpr auto fields() {
        return std::tuple(field("node", &Self::node), field("id", &Self::id),
                          field("api", &Self::api));
    }
};
struct ReqParked {
    BS_FACT(ReqParked, req_parked, "req.parked", all);
    MachineId node;
    std::uint64_t id = 0;
    Api api{};
    static constexpr auto fields() {
        return std::tuple(field("node", &Self::node), field("id", &Self::id),
                          field("api", &Self::api));
    }
};
struct ReqDone {
    BS_FACT(ReqDone, req_done, "req.done", all);
    MachineId node;
    std::uint64_t id = 0;
    Api api{};
    static constexpr auto fields() {
        return std::tuple(field("node", &Self::node), field("id", &Self::id),
                          field("api", &Self::api));
    }
};
/// A timer that did something; `what` names it ("session", "linger", "shrink_check").
struct TimerFire {
    BS_FACT(TimerFire, timer_fire, "timer.fire", all);
    MachineId node;
    std::string_view what;
    static constexpr auto fields() {
        return std::tuple(field("node", &Self::node), field("kind", &Self::what));
    }
};
/// A session of this broker has been opened, or taken up again, or the ensemble has expired it.
struct ZkSession {
    BS_FACT(ZkSession, zk_session, "zk.session", state);
    MachineId node;
    SessionState state{};
    static constexpr auto fields() {
        return std::tuple(field("node", &Self::node), field("state", &Self::state));
    }
};
#undef BS_FACT

/// All facts, in the order of FactKind.
using AllFacts =
    std::tuple<FaultBegin, FaultEnd, NodeUp, NodeDown, NodePaused, NodeResumed, NetCut, NetHeal,
               CtlElected, CtlResigned, CtlBroker, CtlPart, MetaSeen, LogAppend, LogTrunc, LogHead,
               LogFlush, Hw, ProdNew, ProdBlocked, ProdUnblocked, ProdRefused, ProdSend, ProdRetry,
               ProdAck, ProdFail, GroupMember, GroupRebalance, ConsGen, ConsStart, ConsRead,
               ConsDone, ConsCommit, Loss, Dup, Unavailable, Violation, ConsWait, ConsServed,
               NetSend, NetRecv, NetDrop, ReqQueued, ReqStarted, ReqParked, ReqDone, TimerFire,
               ZkSession, TopicChanged, CtlLog, MetaLog>;
static_assert(std::tuple_size_v<AllFacts> == static_cast<std::size_t>(FactKind::count_));

/// A fact of any kind, for the time of a call.
struct FactRef {
    FactKind kind{};
    const void* fact = nullptr;

    template <class F>
    const F* as() const {
        return kind == F::kind ? static_cast<const F*>(fact) : nullptr;
    }
};

namespace detail {
template <std::size_t K, class V>
void visit_one(const void* fact, V& visitor) {
    using F = std::tuple_element_t<K, AllFacts>;
    static_assert(static_cast<std::size_t>(F::kind) == K, "AllFacts must follow FactKind");
    visitor(*static_cast<const F*>(fact));
}
template <class V, std::size_t... K>
void visit_fact(FactRef fact, V& visitor, std::index_sequence<K...>) {
    using Call = void (*)(const void*, V&);
    static constexpr Call calls[] = {&visit_one<K, V>...};
    calls[static_cast<std::size_t>(fact.kind)](fact.fact, visitor);
}
} // namespace detail

/// Calls `visitor` with the typed struct behind `fact`.
template <class V>
void visit(FactRef fact, V&& visitor) {
    detail::visit_fact(fact, visitor, std::make_index_sequence<std::tuple_size_v<AllFacts>>());
}

/// A place in the forest of causes: the number `n` of an event in this trace; 0 = the scenario.
/// The model carries it and never reads it.
struct Cause {
    std::uint64_t n = 0;
};

} // namespace brokersim
