// What must hold for every packet of every run.
#pragma once

#include "observe/invariant_observer.hpp"

#include <cstdint>
#include <map>
#include <utility>

namespace brokersim {

/// N1 what arrives or is lost was sent, and is so once · N2 nothing arrives before it was sent · N3
/// nothing crosses a cut · N4 a connection keeps the order of its messages · N5 a request has one
/// answer at most · K6 nothing arrives at a process that is not there. Costs memory for every
/// packet under way.
class NetworkInvariants final : public InvariantObserver {
public:
    explicit NetworkInvariants(const RunInfo& info);

    FactKinds wants() const override;
    void on(Time now, Cause cause, FactRef fact, Verdicts& verdicts) override;

private:
    struct UnderWay {
        MachineId src, dst;
        std::uint32_t conn = 0;
        PacketWhat what{};
        bool pushed = false; ///< ZooKeeper also says what nobody has asked for
        Time sent;
        std::int64_t cut = -1; ///< number of the cut of its link in which it was sent; -1: none
    };
    using Link = std::pair<MachineId, MachineId>;

    void arrived(Time now, const NetRecv& fact);

    const RunInfo& info_;
    std::map<std::uint64_t, UnderWay> under_way_;
    std::map<Link, std::int64_t> cuts_; ///< active ones: a number of their own
    std::int64_t cuts_so_far_ = 0;
    /// By connection and sender: the newest packet that has arrived.
    std::map<std::pair<std::uint32_t, MachineId>, std::uint64_t> newest_;
    std::map<std::uint32_t, std::int64_t> unanswered_; ///< by connection
    std::map<MachineId, std::int32_t> incarnation_;    ///< of processes that are up
};

} // namespace brokersim
