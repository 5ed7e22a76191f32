// Windows in which a group waits for an answer to a fetch.
#include "observe/fetch_windows.hpp"

#include <algorithm>

namespace brokersim {

FetchWindows::FetchWindows(const Scenario& scenario, const RunInfo& info, Failovers& failovers)
    : info_(info), failovers_(failovers), stop_(info.groups.size(), Time::never()),
      started_(info.groups.size(), false), leads_(info.partitions.size()),
      stopped_(info.nodes.size()), of_group_(info.groups.size()) {
    for (std::size_t g = 0; g < info.groups.size(); ++g) {
        for (const ConsumerGroupSpec& spec : scenario.consumers) {
            if (spec.group == info.groups[g].name && spec.stop) { stop_[g] = *spec.stop; }
        }
    }
}

FactKinds FetchWindows::wants() {
    return {FactKind::cons_gen,     FactKind::node_down,   FactKind::node_paused,
            FactKind::node_resumed, FactKind::cons_start,  FactKind::cons_wait,
            FactKind::ctl_part,     FactKind::cons_served, FactKind::cons_read};
}

void FetchWindows::on(Time now, FactRef fact, Verdicts& verdicts) {
    switch (fact.kind) {
    case FactKind::cons_gen: on(now, *fact.as<ConsGen>(), verdicts); break;
    case FactKind::node_down: stops(now, fact.as<NodeDown>()->node, verdicts); break;
    case FactKind::node_paused: stops(now, fact.as<NodePaused>()->node, verdicts); break;
    case FactKind::node_resumed: thaws(now, fact.as<NodeResumed>()->node); break;
    case FactKind::cons_start: {
        const ConsStart& start = *fact.as<ConsStart>();
        Reading& at = reading(start.g, start.tp);
        if (at.owner == start.mem) { at.served = std::min(at.served, now); }
        break;
    }
    case FactKind::cons_wait: on(now, *fact.as<ConsWait>(), verdicts); break;
    case FactKind::ctl_part: on(now, *fact.as<CtlPart>()); break;
    case FactKind::cons_served: {
        const ConsServed& served = *fact.as<ConsServed>();
        Reading& at = reading(served.g, served.tp);
        if (at.owner == served.mem) { close(at, std::min(at.served, now), true, verdicts); }
        break;
    }
    case FactKind::cons_read: {
        const ConsRead& read = *fact.as<ConsRead>();
        const std::int32_t slot = reading_of_.find(read.g.value, read.tp);
        if (slot < 0) { break; }
        Reading& at = readings_[static_cast<std::size_t>(slot)];
        // Only a read after a new start proves anything: others may come from what was fetched
        // before.
        if (at.served != Time::never() && at.owner == read.mem) {
            close(at, at.served, true, verdicts);
        }
        break;
    }
    default: break;
    }
}

void FetchWindows::on(Time now, const CtlPart& fact) {
    Lead& lead = leads_[fact.tp.index()];
    const MachineId leader = fact.leader.value_or(MachineId());
    if (lead.now != leader) { lead = {leader, lead.now, now}; }
}

void FetchWindows::on(Time now, const ConsWait& fact, Verdicts& verdicts) {
    Reading& at = reading(fact.g, fact.tp);
    if (at.owner != fact.mem) { return; }
    Time since = fact.since.present ? fact.since.value : now;
    const Lead& lead = leads_[fact.tp.index()];
    const MachineId asked = since < lead.since ? lead.before : lead.now;
    if (asked.valid()) { since = std::max(since, stopped_[asked.index()]); }
    wait(at, since, verdicts);
}

void FetchWindows::on(Time now, const ConsGen& fact, Verdicts& verdicts) {
    const std::size_t g = fact.g.index();
    if (!started_[g]) {
        if (fact.assign.empty()) { return; }
        started_[g] = true;
        first_generation(now, fact.g, verdicts);
    }
    for (const MemberAssignment& member : fact.assign) {
        for (const PartitionId tp : member.partitions) {
            reading(fact.g, tp).next_owner = member.member;
        }
    }
    for (const std::int32_t slot : of_group_[g]) {
        Reading& at = readings_[static_cast<std::size_t>(slot)];
        const MachineId owner = at.next_owner;
        at.next_owner = {};
        if (at.owner == owner) { continue; }
        if (at.owner.valid() || !owner.valid()) { wait(at, now, verdicts); }
        at.owner = owner;
        at.owned_since = now;
    }
}

void FetchWindows::first_generation(Time now, GroupId g, Verdicts& verdicts) {
    for (const std::string& name : info_.groups[g.index()].topics) {
        for (const TopicInfo& topic : info_.topics) {
            if (topic.name != name) { continue; }
            for (std::int32_t k = 0; k < topic.partitions; ++k) {
                wait(reading(g, PartitionId(topic.first.value + k)), now, verdicts);
            }
        }
    }
}

void FetchWindows::stops(Time now, MachineId node, Verdicts& verdicts) {
    stopped_[node.index()] = now;
    for (Reading& at : readings_) {
        if (at.owner == node) { wait(at, now, verdicts); }
    }
}

void FetchWindows::thaws(Time now, MachineId node) {
    for (Reading& at : readings_) {
        if (at.owner == node) { at.served = std::min(at.served, now); }
    }
}

FetchWindows::Reading& FetchWindows::reading(GroupId g, PartitionId tp) {
    std::int32_t slot = reading_of_.find(g.value, tp);
    if (slot < 0) {
        slot = static_cast<std::int32_t>(readings_.size());
        reading_of_.set(g.value, tp, readings_.size());
        of_group_[g.index()].push_back(slot);
        Reading& made = readings_.emplace_back();
        made.g = g;
        made.tp = tp;
    }
    return readings_[static_cast<std::size_t>(slot)];
}

void FetchWindows::wait(Reading& at, Time since, Verdicts& verdicts) {
    if (!started_[at.g.index()]) { return; }
    if (at.since != Time::never()) {
        if (at.served == Time::never()) { return; }
        if (since <= at.served) { // the fetch of that start or thaw was not answered: it goes on
            at.served = Time::never();
            return;
        }
        close(at, at.served, true, verdicts);
    }
    at.since = std::max(since, at.last_end);
    at.owner_before = at.owner;
    at.served = Time::never();
}

void FetchWindows::close(Reading& at, Time until, bool served, Verdicts& verdicts) {
    at.served = Time::never();
    if (at.since == Time::never()) {
        at.last_end = std::max(at.last_end, until);
        return;
    }
    const Time from = at.since;
    const Time to = std::min(until, stop_[at.g.index()]);
    at.since = Time::never();
    at.last_end = std::max(at.last_end, until);
    if (from >= to || to - from < info_.outage_threshold) { return; }
    Outage outage{.tp = at.tp, .side = Side::consume, .from = from, .to = to};
    outage.served = served;
    outage.client = at.owner;
    outage.g = at.g;
    outage.owner_before = at.owner_before;
    outage.owned_since = at.owned_since;
    failovers_.ended(outage, verdicts);
}

void FetchWindows::at_end(Time end, Verdicts& verdicts) {
    for (Reading& at : readings_) {
        if (at.since == Time::never()) { continue; }
        close(at, std::min(at.served, end), at.served != Time::never(), verdicts);
    }
}

} // namespace brokersim
