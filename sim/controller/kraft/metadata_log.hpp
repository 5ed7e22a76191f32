// The metadata log on its leader: the accumulator with its linger, the voters' progress, what is
// committed, and the fetches of brokers and standby controllers. Kafka: BatchAccumulator,
// LeaderState, KafkaRaftClient (semantics §3.1, §3.2).
#pragma once

#include "brokersim/config.hpp"
#include "protocol/effects.hpp"
#include "protocol/layout.hpp"

#include <cstdint>
#include <deque>
#include <vector>

namespace brokersim {

/// Simplified: the leader is given; elections among controllers are not built yet.
///
/// The delay with which others learn of a commit comes out of three rules and is nowhere drawn: the
/// first record of a batch waits exactly `controller.quorum.append.linger.ms`; an append answers
/// parked fetches at once, with the high watermark of before; and a fetch without new records is
/// parked even if the high watermark has moved since the last answer.
class MetadataLog {
public:
    MetadataLog(MachineId self, LayoutRef layout, const ServerConfig& config);

    /// The settled cluster: everything up to `end` is committed and known to all.
    void settle(Offset end);
    /// The process comes up again: what was written stays, what lingered is gone.
    void restart();

    /// Where the next record will stand.
    Offset next_offset() const { return end_ + static_cast<Offset>(lingering_.size()); }
    Offset end() const { return end_; }
    Offset high_watermark() const { return high_watermark_; }
    Offset start() const { return start_; }
    const MetadataRecord& at(Offset offset) const {
        return records_[static_cast<std::size_t>(offset - start_)];
    }

    /// Puts records into the accumulator; `at_once`: control records do not wait.
    void append(In in, std::vector<MetadataRecord>& records, bool at_once, Effects& out);
    /// A fetch of a broker or a standby controller. Answered or parked.
    void on_fetch(In in, const Incoming& request, const FetchMetadataRequest& fetch, Effects& out);
    void on_lost(ConnId conn);
    /// The linger or a long poll is over.
    void on_time(In in, Effects& out);
    Time wake_at() const;

private:
    struct Parked {
        ConnId conn;
        Offset offset = 0;
        Offset high_watermark = 0; ///< when the fetch arrived: told if it ends empty
        Time deadline;
        Cause cause;
    };

    void write(In in, Effects& out);
    void answer(ConnId conn, Offset from, Offset high_watermark, Effects& out);
    void advance();

    MachineId self_;
    LayoutRef layout_;
    Duration linger_;
    Offset start_ = 0, end_ = 0, high_watermark_ = 0;
    std::deque<MetadataRecord> records_;
    std::vector<MetadataRecord> lingering_;
    Time write_at_ = Time::never();
    std::vector<Offset> voters_; ///< log ends of the other controllers, by their number
    std::vector<Parked> parked_;
};

} // namespace brokersim
