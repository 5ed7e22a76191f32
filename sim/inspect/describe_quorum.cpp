// The metadata quorum as kafka-metadata-quorum describes it.
#include "inspect/describe.hpp"
#include "inspect/text_table.hpp"
#include "trace/utf8.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

namespace brokersim {
namespace {

struct Replica {
    MachineId id;
    const TracedMachine* machine = nullptr; ///< null: the trace has not told of it yet
    std::string_view status;
    std::optional<Offset> lag;

    Offset end() const { return machine == nullptr ? -1 : machine->log_end; }
};

/// The quorum's leader, its other voters, then whoever follows the log besides.
struct Quorum {
    std::optional<MachineId> leader;
    std::vector<Replica> voters, observers;
};

const TracedMachine* machine_of(const ClusterView& view, MachineId id) {
    const auto at = view.machines().find(id);
    return at == view.machines().end() ? nullptr : &at->second;
}

Quorum quorum_of(const RunInfo& info, const ClusterView& view) {
    Quorum quorum;
    const auto controller = view.controller();
    const TracedMachine* leading = controller ? machine_of(view, *controller) : nullptr;
    if (leading != nullptr && leading->up) { quorum.leader = controller; }
    const Offset end = quorum.leader ? leading->log_end : -1;
    const auto replica = [&](MachineId id, std::string_view status) {
        Replica r{id, machine_of(view, id), status, std::nullopt};
        if (end >= 0 && r.end() >= 0) { r.lag = std::max<Offset>(end - r.end(), 0); }
        return r;
    };
    const auto votes = [&](MachineId id) {
        return std::find(info.voters.begin(), info.voters.end(), id) != info.voters.end();
    };
    for (const MachineId id : info.voters) {
        quorum.voters.push_back(replica(id, id == quorum.leader ? "Leader" : "Follower"));
    }
    for (const auto& [id, machine] : view.machines()) {
        if (machine.state && !votes(id)) { quorum.observers.push_back(replica(id, "Observer")); }
    }
    return quorum;
}

template <class N>
std::string known(const std::optional<N>& value) {
    return value ? std::to_string(*value) : "-";
}

std::string milliseconds_of(std::optional<Time> t) {
    return t && t->ns >= 0 ? std::to_string(t->ns / 1'000'000) : "-";
}

std::string names(const RunInfo& info, const std::vector<Replica>& replicas) {
    std::string text = "[";
    for (const Replica& replica : replicas) {
        if (text.size() > 1) { text += ','; }
        text += visible(info.name(replica.id));
    }
    return text + "]";
}

/// When it last had everything: as long as nothing is missing, that is now.
std::optional<Time> caught_up(const ClusterView& view, const Replica& replica, Time now) {
    return replica.lag == 0 ? std::optional(now) : view.caught_up(replica.id);
}

std::string status(const RunInfo& info, const ClusterView& view, const Quorum& quorum, Time now) {
    std::optional<Offset> committed, lag;
    std::optional<Time> oldest;
    bool complete = quorum.leader.has_value();
    for (const Replica& voter : quorum.voters) {
        if (voter.id == quorum.leader && voter.machine->log_committed >= 0) {
            committed = voter.machine->log_committed;
        }
        if (voter.lag) { lag = std::max(lag.value_or(0), *voter.lag); }
        const std::optional<Time> since = caught_up(view, voter, now);
        complete = complete && since;
        if (since) { oldest = std::min(oldest.value_or(*since), *since); }
    }
    std::string text;
    const auto line = [&](const std::string& title, const std::string& value) {
        text += padded(title + ":", 24) + value + "\n";
    };
    line("LeaderId", quorum.leader ? visible(info.name(*quorum.leader)) : "none");
    line("LeaderEpoch", std::to_string(view.controller_epoch()));
    line("HighWatermark", known(committed));
    line("MaxFollowerLag", known(lag));
    line("MaxFollowerLagTimeMs",
         complete && oldest ? std::to_string((now - *oldest).ns / 1'000'000) : "-");
    line("CurrentVoters", names(info, quorum.voters));
    line("CurrentObservers", names(info, quorum.observers));
    return text;
}

std::string replication(const RunInfo& info, const ClusterView& view, const Quorum& quorum,
                        Time now) {
    TextTable table({{"NodeId", 8},
                     {"LogEndOffset", 0},
                     {"Lag", 8},
                     {"LastFetchTimestamp", 0},
                     {"LastCaughtUpTimestamp", 0},
                     {"Status", 0}});
    std::vector<Replica> all = quorum.voters;
    std::stable_partition(all.begin(), all.end(),
                          [&](const Replica& r) { return r.id == quorum.leader; });
    all.insert(all.end(), quorum.observers.begin(), quorum.observers.end());
    for (const Replica& r : all) {
        const bool leads = r.id == quorum.leader;
        const std::optional<Time> fetched = leads                  ? now
                                            : r.machine == nullptr ? Time{-1}
                                                                   : r.machine->fetched;
        table.add({visible(info.name(r.id)), r.end() < 0 ? "-" : std::to_string(r.end()),
                   known(r.lag), milliseconds_of(fetched), milliseconds_of(caught_up(view, r, now)),
                   std::string(r.status)});
    }
    return table.text();
}

} // namespace

std::string describe_quorum(const RunInfo& info, const ClusterView& view, Time now,
                            QuorumTable what) {
    if (info.voters.empty()) { return "The trace names no voters of a metadata quorum.\n"; }
    const Quorum quorum = quorum_of(info, view);
    return what == QuorumTable::status ? status(info, view, quorum, now)
                                       : replication(info, view, quorum, now);
}

} // namespace brokersim
