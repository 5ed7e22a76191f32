// Finds what a group is handed a second time, and why.
#pragma once

#include "brokersim/facts.hpp"
#include "brokersim/run_info.hpp"
#include "observe/lineage.hpp"
#include "observe/pair_index.hpp"
#include "observe/ranges.hpp"

#include <cstdint>
#include <map>
#include <vector>

namespace brokersim {

class Rereads {
public:
    /// A part of a read that the group has had before.
    struct Again {
        Offset from = 0, to = 0;
        DupWhy why{};
    };

    explicit Rereads(const RunInfo& info);

    void on(const NodeDown& fact);
    void on(const ConsStart& fact);
    void on(const ConsCommit& fact);
    /// What of this read is a repetition, given the committed history; valid until the next call.
    const std::vector<Again>& on(const ConsRead& fact, const Lineage& committed);
    /// The history `before` of the partition was replaced from `cut` on: offsets there name other
    /// records now.
    void forget(PartitionId tp, Offset cut, const Lineage& before);

private:
    struct Place {
        MachineId mem;
        DupWhy why{}; ///< of what it reads again from there
    };
    struct Shelf {
        Ranges<> read;                            ///< of the present history
        std::map<LeaderEpoch, Ranges<>> replaced; ///< read, then no part of the history any more
        std::vector<Place> places;
        MachineId reader;       ///< who read last
        std::int32_t falls = 0; ///< how often that machine had crashed by then
        bool refused = false;   ///< the last commit was refused
    };

    Shelf& shelf(GroupId g, PartitionId tp);
    DupWhy reason(const Shelf& shelf, StartWhy why) const;
    static void recall(Shelf& shelf, Offset from, Offset to, const Lineage& committed);

    std::vector<Shelf> shelves_;
    PairIndex shelf_of_;
    std::size_t groups_;
    std::vector<bool> shares_;        ///< groups where no line is needed
    std::vector<std::int32_t> falls_; ///< by machine
    std::vector<Again> again_;
};

} // namespace brokersim
