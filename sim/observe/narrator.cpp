// A sentence for each fact.
#include "observe/narrator.hpp"

#include "observe/decimal.hpp"
#include "trace/utf8.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace brokersim {

namespace {

constexpr std::size_t time_width = 12; ///< up to 999 seconds; later lines stand to the right
constexpr std::size_t lane_width_max = 20;
constexpr std::size_t batches_max = 1000; ///< remembered for each partition

std::size_t columns(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    }));
}

/// `text` cut to `width` columns, its last one an ellipsis then.
std::string fitted(std::string text, std::size_t width) {
    if (columns(text) <= width) { return text; }
    std::size_t at = 0;
    for (std::size_t k = 0; k + 1 < width; ++k) {
        next_code_point(text, at);
    }
    text.resize(at);
    return text + "…";
}

std::string padded(std::string text, std::size_t width) {
    text.append(width - std::min(width, columns(text)), ' ');
    return text;
}

/// "4" or "4..9"; `end` is exclusive.
std::string range(std::int64_t from, std::int64_t end) {
    return end - from <= 1 ? std::to_string(from)
                           : std::to_string(from) + ".." + std::to_string(end - 1);
}

std::string records(std::int64_t i, std::int64_t count) {
    return "#" + range(i, i + count);
}

std::string offsets(Offset from, Offset end) {
    return (end - from <= 1 ? "offset " : "offsets ") + range(from, end);
}

} // namespace

/// Finds the words for one fact. An empty text: nothing to tell.
class Sentence {
public:
    Sentence(Narrator& narrator, const RunInfo& info) : narrator_(narrator), info_(info) {}

    std::string lane;
    std::string text;

    // ---- faults, machines ----
    void operator()(const FaultBegin& f) { fault(f, " begins: "); }
    void operator()(const FaultEnd& f) { fault(f, " ends: "); }
    void operator()(const NodeUp& f) {
        say(f.node, f.inc == 1 ? "starts" : "starts again (incarnation " + number(f.inc) + ")");
    }
    void operator()(const NodeDown& f) {
        static constexpr std::string_view words[] = {"has stopped in order", "is killed",
                                                     "loses power", "loses its disk"};
        say(f.node, std::string(words[static_cast<std::size_t>(f.how)]));
    }
    void operator()(const NodePaused& f) { say(f.node, "freezes"); }
    void operator()(const NodeResumed& f) { say(f.node, "goes on after its freeze"); }
    void operator()(const NetCut& f) { say(f.src, "no longer reaches " + name(f.dst)); }
    void operator()(const NetHeal& f) { say(f.src, "reaches " + name(f.dst) + " again"); }

    // ---- control plane ----
    void operator()(const CtlElected& f) {
        narrator_.controller_ = name(f.node);
        say(f.node, "is the active controller now (epoch " + number(f.epoch) + ")");
    }
    void operator()(const CtlResigned& f) {
        say(f.node, "is no longer the active controller" + reason(f.why));
    }
    void operator()(const CtlBroker& f) {
        say(f.node, "is " + std::string(word(f.state)) + " in the cluster" + reason(f.why));
    }
    void operator()(const ZkSession& f) {
        if (f.state == SessionState::connected) {
            say(f.node, "has a session with the ZooKeeper ensemble");
        } else {
            say(f.node, "has lost its session: the ZooKeeper ensemble has not heard of it");
        }
    }
    void operator()(const CtlPart& f) {
        Narrator::Partition& part = narrator_.partition(f.tp);
        const std::optional<MachineId> before = std::exchange(part.leader, f.leader);
        const bool first = !std::exchange(part.known, true);
        lane = narrator_.controller_;
        text = name(f.tp) + ": leader ";
        if (!first && before != f.leader) { text += leader(before) + " -> "; }
        text += leader(f.leader) + ", epoch " + number(f.epoch) + ", ISR " + names(f.isr);
        if (first) { text += ", replicas " + names(f.repl); }
        if (!f.elr.empty()) { text += ", ELR " + names(f.elr); }
        text += " (" + std::string(word(f.why)) + (f.clean ? ")" : ", UNCLEAN)");
    }
    void operator()(const MetaSeen& f) {
        if (f.leader == f.node) {
            say(f.node, "leads " + name(f.tp) + " now (epoch " + number(f.epoch) + ")");
        } else if (f.leader) {
            say(f.node, "learns that " + name(*f.leader) + " leads " + name(f.tp) + " (epoch " +
                            number(f.epoch) + ")");
        } else {
            say(f.node, "learns that " + name(f.tp) + " has no leader");
        }
    }

    // ---- logs ----
    void operator()(const LogAppend& f) {
        Narrator::Partition& part = narrator_.partition(f.tp);
        const bool leads = part.leader == f.node;
        std::string what = name(f.tp) + " " + offsets(f.base, f.base + f.count);
        if (f.p && f.i) {
            what += ": " + name(*f.p) + " " + records(*f.i, f.count);
            if (leads) { remember(part, f); }
        }
        if (leads) { what += " (" + number(f.bytes) + " bytes)"; }
        say(f.node, (leads ? "appends to its log: " : "copies from its leader: ") + what);
    }
    void operator()(const LogTrunc& f) {
        say(f.node, "cuts its log of " + name(f.tp) + " back to offset " + number(f.to) + " (" +
                        std::string(word(f.why)) + ")");
    }
    void operator()(const LogHead& f) {
        say(f.node, "begins its log of " + name(f.tp) + " at offset " + number(f.to) + " now (" +
                        std::string(word(f.why)) + ")");
    }
    void operator()(const LogFlush& f) {
        say(f.node, "has " + name(f.tp) + " on disk below offset " + number(f.to));
    }
    void operator()(const Hw& f) {
        const bool leads = narrator_.partition(f.tp).leader == f.node;
        say(f.node, (leads ? "commits " : "knows as committed: ") + name(f.tp) + " below offset " +
                        number(f.hw) + (leads ? " (high watermark)" : ""));
    }

    // ---- producers ----
    void operator()(const ProdNew& f) {
        std::string what = "send(): ";
        if (f.count > 1) { what += number(f.count) + " records, "; }
        what += f.key ? "key " + visible(*f.key, 40) : std::string("no key");
        say(f.p,
            what + "; the partitioner says " + name(f.tp) + ", record " + records(f.i, f.count));
    }
    void operator()(const ProdBlocked& f) {
        say(f.p, f.why == BlockedWhy::buffer ? "send() waits: the buffer is full"
                                             : "send() waits for metadata");
    }
    void operator()(const ProdUnblocked& f) {
        say(f.p, f.why == BlockedWhy::buffer ? "send() goes on: the buffer has room"
                                             : "send() goes on: the metadata are there");
    }
    void operator()(const ProdRefused& f) {
        say(f.p, "send() gives up on " + number(f.count) + " for " + visible(info_.name(f.topic)) +
                     ": " + std::string(word(f.error)));
    }
    void operator()(const ProdSend& f) {
        say(f.p, "sends " + batch(f) + " to " + name(f.node) +
                     (f.attempt > 0 ? " (retry " + number(f.attempt) + ")" : ""));
    }
    void operator()(const ProdRetry& f) {
        say(f.p, "will send " + batch(f) + " again: " + std::string(word(f.error)));
    }
    void operator()(const ProdAck& f) {
        say(f.p, f.off ? "has the acknowledgement of " + batch(f) + ": " +
                             offsets(*f.off, *f.off + f.count)
                       : "forgets " + batch(f) + ": acks=0 waits for nothing");
    }
    void operator()(const ProdFail& f) {
        say(f.p, "gives up " + batch(f) + ": " + std::string(word(f.error)) +
                     (f.definite ? " (in no log)" : " (may be in a log)"));
    }

    // ---- groups and consumers ----
    void operator()(const GroupMember& f) {
        static constexpr std::string_view words[] = {
            "joins group ", "leaves group ", "is evicted from group ", "is fenced from group "};
        say(f.mem,
            std::string(words[static_cast<std::size_t>(f.state)]) + name(f.g) + reason(f.why));
    }
    void operator()(const GroupRebalance& f) {
        lane = name(f.g);
        text = f.state == RebalanceState::begin
                   ? "a rebalance begins (generation " + number(f.gen) + " ends)"
                   : "the rebalance is over (generation " + number(f.gen) + ")";
    }
    void operator()(const ConsGen& f) {
        lane = name(f.g);
        text = "generation " + number(f.gen) + ":";
        std::string_view before = " ";
        for (const MemberAssignment& member : f.assign) {
            text += std::string(before) + name(member.member) + " gets ";
            before = "; ";
            if (member.partitions.empty()) { text += "nothing"; }
            for (std::size_t k = 0; k < member.partitions.size(); ++k) {
                text += (k > 0 ? ", " : "") + name(member.partitions[k]);
            }
        }
    }
    void operator()(const ConsStart& f) {
        say(f.mem, "starts " + name(f.tp) + " at offset " + number(f.pos) + " (" +
                       std::string(word(f.why)) + ")");
    }
    void operator()(const ConsRead& f) {
        say(f.mem,
            "poll() returns " + name(f.tp) + " " + offsets(f.from, f.to) + who(f.tp, f.from, f.to));
    }
    void operator()(const ConsDone& f) {
        const Offset end = f.to.present ? f.to.value : f.off + 1;
        say(f.mem, "processed " + name(f.tp) + " " + offsets(f.off, end) + ": " +
                       std::string(word(f.outcome)));
    }
    void operator()(const ConsCommit& f) {
        say(f.mem, f.ok ? "has committed: " + name(f.tp) + " goes on at offset " + number(f.off)
                        : "could not commit offset " + number(f.off) + " of " + name(f.tp) + ": " +
                              std::string(f.error ? word(*f.error) : "no answer"));
    }
    void operator()(const ConsWait& f) { say(f.mem, "gets no answer for " + name(f.tp)); }
    void operator()(const ConsServed& f) {
        say(f.mem, "gets answers for " + name(f.tp) + " again");
    }

    // ---- verdicts ----
    void operator()(const Loss& f) {
        say(f.p, "LOST although acknowledged: " + batch(f) + " (" + std::string(word(f.why)) + ")");
    }
    void operator()(const Dup& f) {
        say(f.p, "DUPLICATE: " + batch(f) + (f.g ? " in group " + name(*f.g) : " in the log") +
                     " (" + std::string(word(f.why)) + ")");
    }
    void operator()(const Unavailable& f) {
        lane = "verdict";
        text = name(f.tp) + " was UNAVAILABLE for " + duration_text(f.to - f.from) + " (" +
               std::string(word(f.side)) + (f.g.present ? " by " + name(f.g.value) : "") +
               "), from " + time_text(f.from, 6);
    }
    void operator()(const Violation& f) {
        lane = "verdict";
        text = "VIOLATION of " + visible(f.invariant) + ": " + visible(f.text);
    }

    // ---- packets, requests, timers ----
    void operator()(const ReqParked& f) {
        if (f.api == Api::produce) {
            say(f.node, "holds the answer until the ISR has the records");
        }
    }
    template <class F>
    void operator()(const F&) {} // too much for people

private:
    template <class Who>
    void say(Who who_says, std::string what) {
        lane = name(who_says);
        text = std::move(what);
    }
    template <class F>
    void fault(const F& f, std::string_view what) {
        lane = "fault";
        text = name(f.id) + std::string(what) + std::string(word(f.action)) + " " + names(f.target);
    }
    template <class I>
    std::string name(I id) const {
        return visible(info_.name(id), 60);
    }
    std::string names(std::span<const MachineId> machines) const {
        std::string all;
        for (const MachineId machine : machines) {
            all += (all.empty() ? "" : ",") + name(machine);
        }
        return all.empty() ? "nobody" : all;
    }
    std::string leader(std::optional<MachineId> machine) const {
        return machine ? name(*machine) : "none";
    }
    static std::string number(std::int64_t n) { return std::to_string(n); }
    static std::string reason(std::string_view why) {
        return why.empty() ? "" : ": " + visible(why, 60);
    }
    template <class F>
    std::string batch(const F& f) const {
        return name(f.tp) + " " + records(f.i, f.count);
    }
    void remember(Narrator::Partition& part, const LogAppend& f) {
        part.batches.erase(part.batches.lower_bound(f.base), part.batches.end());
        part.batches[f.base] = {f.base + f.count, name(*f.p), *f.i};
        if (part.batches.size() > batches_max) { part.batches.erase(part.batches.begin()); }
    }
    /// ": shop #4..9", if one batch holds all of these offsets.
    std::string who(PartitionId tp, Offset from, Offset end) {
        const auto& batches = narrator_.partition(tp).batches;
        auto found = batches.upper_bound(from);
        if (found == batches.begin()) { return ""; }
        --found;
        const Narrator::Batch& b = found->second;
        return end > b.end ? "" : ": " + b.p + " " + records(b.i + from - found->first, end - from);
    }

    Narrator& narrator_;
    const RunInfo& info_;
};

namespace {

/// The partition that a fact is about.
class Protagonist {
public:
    PartitionId tp;

    template <class F>
    void operator()(const F& fact) {
        if constexpr (requires { fact.tp; }) { tp = fact.tp; }
    }
};

} // namespace

Narrator::Narrator(const RunInfo& info, ByteSink& out)
    : info_(info), out_(out), partitions_(info.partitions.size()) {
    for (const std::string& node : info.nodes) {
        lane_width_ = std::max(lane_width_, columns(visible(node)));
    }
    lane_width_ = std::clamp<std::size_t>(lane_width_, 10, lane_width_max);
    for (const TopicInfo& topic : info.topics) {
        for (std::int32_t k = 0; topic.internal && k < topic.partitions; ++k) {
            partition(PartitionId(topic.first.value + k)).internal = true;
        }
    }
}

void Narrator::on(Time now, Cause, FactRef fact, Verdicts&) {
    if (failed_) { return; }
    Protagonist subject;
    visit(fact, subject);
    if (subject.tp.valid() && partition(subject.tp).internal) { return; }
    Sentence sentence(*this, info_);
    visit(fact, sentence);
    if (!sentence.text.empty()) { say(now, sentence.lane, std::move(sentence.text)); }
}

void Narrator::say(Time now, const std::string& lane, std::string text) {
    std::string line = decimal(now.ns / 1000, 1'000'000, 6) + " s";
    line.insert(0, time_width - std::min(time_width, line.size()), ' ');
    line += "  " + padded(fitted(lane, lane_width_), lane_width_) + "  " + text;
    failed_ = !out_.write(fitted(std::move(line), columns_max) + "\n");
}

} // namespace brokersim
