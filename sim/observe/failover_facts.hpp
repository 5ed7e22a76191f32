// What happened to machines and partitions, and when: the facts from which a time without service
// is explained.
#pragma once

#include "brokersim/facts.hpp"
#include "brokersim/run_info.hpp"
#include "observe/pair_index.hpp"

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

namespace brokersim {

/// Remembers every change of the control plane; facts of that kind are few beside records.
class FailoverFacts {
public:
    /// One committed state of a partition.
    struct State {
        Time since;
        MachineId leader; ///< not valid: none
        LeaderEpoch epoch = 0;
        PartitionEpoch pepoch = 0;
        PartWhy why{};
        Time seen = Time::never(); ///< when that leader had learnt of it
        std::uint32_t isr_begin = 0, isr_end = 0;
    };
    /// A fault that is, or was, at work on a machine; or a process that ended or froze by itself.
    /// It is over when the fault is lifted, or the process runs again.
    struct Trouble {
        FaultId fault; ///< not valid: by itself
        Time begin;
        Time end = Time::never();
        bool died = false;    ///< its process ended
        bool stopped = false; ///< it ended or froze
    };
    /// How it was decided that a machine does not count any more.
    enum class How : std::uint8_t { session, asked, registered, member_session, member_late };
    struct Decision {
        Time found; ///< by whoever decides
        Time at;    ///< committed
        How how{};
    };
    /// A time in which a process did not run.
    struct Out {
        Time begin;
        Time end = Time::never();
        bool silent = false; ///< nothing tells its peers: frozen, or the power is gone
    };

    explicit FailoverFacts(const RunInfo& info);

    static FactKinds wants();
    void on(Time now, FactRef fact);

    std::span<const State> states(PartitionId tp) const { return partitions_[tp.index()].states; }
    std::span<const MachineId> replicas(PartitionId tp) const {
        return partitions_[tp.index()].replicas;
    }
    std::span<const MachineId> isr(const State& state) const {
        return {isrs_.data() + state.isr_begin, state.isr_end - state.isr_begin};
    }
    bool full(PartitionId tp) const;
    /// min.insync.replicas of a topic, as last told.
    std::int32_t min_isr(TopicId topic) const { return min_isr_[topic.index()]; }

    std::span<const Trouble> troubles(MachineId node) const {
        return machines_[node.index()].troubles;
    }
    /// The first decision on a machine in [from, to], null if there is none.
    const Decision* decision(MachineId node, Time from, Time to) const;
    /// The last time in [from, to] at which it did not run, null if it always did.
    const Out* out(MachineId node, Time from, Time to) const;
    /// Was the way between two machines cut in either direction, at some time in [from, to]?
    bool apart(MachineId a, MachineId b, Time from, Time to) const;
    /// When a client learnt of that leader epoch, or of a newer one: never() if it did not.
    Time learnt(MachineId client, PartitionId tp, LeaderEpoch epoch) const;
    /// Had it known an older one before?
    bool knew_older(MachineId client, PartitionId tp, LeaderEpoch epoch) const;

private:
    struct Partition {
        std::vector<State> states;
        std::vector<MachineId> replicas;
    };
    struct Cut {
        MachineId other;
        Time begin;
        Time end = Time::never();
    };
    struct Machine {
        std::vector<Trouble> troubles;
        std::vector<Decision> decisions;
        std::vector<Out> outs;
        std::vector<Cut> cuts;        ///< of the way to others
        Time expired = Time::never(); ///< its ZooKeeper session; no controller has learnt it yet
    };
    struct Learnt {
        LeaderEpoch epoch = 0;
        Time at;
    };
    /// An expired session that a controller has found, and whose record is not committed yet.
    struct Found {
        Time at;
        bool of_former_controller = false;
    };

    void on_rare(Time now, FactRef fact);
    void on(Time now, const CtlPart& fact);
    void on(Time now, const CtlBroker& fact);
    void on(Time now, const MetaSeen& fact);
    void on(Time now, const TimerFire& fact);
    void stops(Time now, MachineId node, bool died, bool silent);
    void runs(Time now, MachineId node);
    bool cut(MachineId from, MachineId to, Time begin, Time end) const;

    std::vector<Partition> partitions_;
    std::vector<MachineId> isrs_;
    std::vector<std::int32_t> min_isr_; ///< by topic
    std::vector<Machine> machines_;
    std::vector<std::vector<Learnt>> learnt_;
    PairIndex learnt_of_; ///< by machine and partition
    std::deque<Found> found_;
};

} // namespace brokersim
