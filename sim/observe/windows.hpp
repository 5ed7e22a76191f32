// Times without service: partitions that cannot be written by their state, producers that wait for
// an acknowledgement, groups that wait for an answer to a fetch.
#pragma once

#include "brokersim/facts.hpp"
#include "brokersim/run_info.hpp"
#include "brokersim/scenario.hpp"
#include "observe/failovers.hpp"
#include "observe/fetch_windows.hpp"
#include "observe/pair_index.hpp"
#include "observe/ranges.hpp"
#include "trace/recorder.hpp"

#include <cstdint>
#include <vector>

namespace brokersim {

/// Finds windows as they close, and at the end what is still open; Failovers explains and tells
/// them.
///
/// metadata: no leader, or fewer in-sync replicas than min.insync.replicas asks for.
/// produce: from the later of the last acknowledgement of the partition and the instant at which
/// its oldest waiting record was ready to be sent, to the next acknowledgement. A record counts as
/// ready when its producer's linger is over: a batch that fills up earlier is ready earlier, which
/// no fact tells, so a window is at most linger too short and never too long. Records that fail
/// did wait, unless the answer was about them (too large).
class Windows final : public Observer {
public:
    /// `ledger` must see every fact before this does.
    Windows(const Scenario& scenario, const RunInfo& info, const Ledger& ledger);
    Windows(const Windows&) = delete;

    FactKinds wants() const override;
    void on(Time now, Cause cause, FactRef fact, Verdicts& verdicts) override;
    void at_end(Time end, Verdicts& verdicts) override;

    const std::vector<Failover>& told() const { return failovers_.told(); }

private:
    struct Partition {
        bool leader = false;
        std::size_t in_sync = 0, replicas = 0;
        Time down = Time::never();         ///< since when its state allows no writing
        Time last_success{-1};             ///< of a producer that waits for acknowledgements
        Time failed_ready = Time::never(); ///< of the oldest that failed since
        std::int64_t waiting = 0;
        std::vector<std::int32_t> queues; ///< of those who write to it
    };
    struct Queue {
        ProducerId p;
        Ranges<std::int64_t> ready; ///< waiting records and when they were ready
    };

    void on(Time now, const CtlPart& fact, Verdicts& verdicts);
    void on(Time now, const TopicChanged& fact, Verdicts& verdicts);
    void look_at_state(Time now, PartitionId tp, Verdicts& verdicts);
    void on(Time now, const ProdNew& fact);
    void on(Time now, const ProdAck& fact, Verdicts& verdicts);
    void on(const ProdFail& fact);

    Queue& queue(ProducerId p, PartitionId tp);
    Time waiting_since(const Partition& partition) const;
    ProducerId longest_waiting(const Partition& partition) const;
    void tell_produce(PartitionId tp, Time until, ProducerId by, bool served, Verdicts& verdicts);

    const RunInfo& info_;
    std::vector<Duration> linger_;      ///< by producer
    std::vector<bool> waits_;           ///< by producer: acks is not 0
    std::vector<std::int32_t> min_isr_; ///< by topic
    std::vector<Partition> partitions_;
    std::vector<Queue> queues_;
    PairIndex queue_of_;
    Failovers failovers_;
    FetchWindows fetches_;
};

} // namespace brokersim
