// The metadata log on its leader.
#include "controller/kraft/metadata_log.hpp"

#include <algorithm>
#include <utility>

namespace brokersim {

namespace {

constexpr Duration long_poll = milliseconds(500); ///< fixed in Kafka: KafkaRaftClient

} // namespace

MetadataLog::MetadataLog(MachineId self, LayoutRef layout, const ServerConfig& config)
    : self_(self), layout_(std::move(layout)), linger_(config.controller_quorum_append_linger),
      voters_(layout_->controllers, 0) {}

void MetadataLog::settle(Offset end) {
    start_ = end_ = high_watermark_ = end;
    voters_.assign(voters_.size(), end);
}

void MetadataLog::restart() {
    lingering_.clear();
    parked_.clear();
    write_at_ = Time::never();
    voters_.assign(voters_.size(), 0);
}

void MetadataLog::append(In in, std::vector<MetadataRecord>& records, bool at_once, Effects& out) {
    if (records.empty()) return;
    for (MetadataRecord& record : records)
        lingering_.push_back(std::move(record));
    records.clear();
    if (at_once) {
        write(in, out);
    } else if (write_at_ == Time::never()) {
        write_at_ = in.now + linger_;
    }
}

/// The batch goes into the log: parked fetches get it at once, the commit comes when a majority
/// has fetched beyond it.
void MetadataLog::write(In in, Effects& out) {
    write_at_ = Time::never();
    for (MetadataRecord& record : lingering_)
        records_.push_back(std::move(record));
    end_ += static_cast<Offset>(lingering_.size());
    lingering_.clear();
    static_cast<void>(in);
    std::vector<Parked> parked;
    parked.swap(parked_);
    for (const Parked& p : parked) {
        out.because(p.cause);
        answer(p.conn, p.offset, high_watermark_, out);
    }
    advance();
}

void MetadataLog::answer(ConnId conn, Offset from, Offset high_watermark, Effects& out) {
    if (!out.open(conn)) return;
    FetchMetadataResponse& response = out.send<FetchMetadataResponse>(conn);
    response.leader = self_;
    response.base = from;
    response.high_watermark = high_watermark;
    for (Offset offset = from; offset < end_; ++offset)
        response.records.push_back(at(offset));
}

void MetadataLog::on_fetch(In in, const Incoming& request, const FetchMetadataRequest& fetch,
                           Effects& out) {
    if (fetch.voter) {
        // A follower has fsynced what it fetched before it asks for more.
        const std::size_t number = fetch.replica.index() - layout_->brokers;
        voters_[number] = std::max(voters_[number], fetch.offset);
        advance();
    }
    if (fetch.offset < end_) {
        answer(request.conn, fetch.offset, high_watermark_, out);
        return;
    }
    parked_.push_back(
        {request.conn, fetch.offset, high_watermark_, in.now + long_poll, out.cause()});
}

/// The largest offset that a majority of the voters has, the leader counted.
void MetadataLog::advance() {
    std::vector<Offset> ends = voters_;
    ends[self_.index() - layout_->brokers] = end_;
    std::sort(ends.begin(), ends.end());
    high_watermark_ = std::max(high_watermark_, ends[(ends.size() - 1) / 2]);
}

void MetadataLog::on_lost(ConnId conn) {
    parked_.erase(std::remove_if(parked_.begin(), parked_.end(),
                                 [&](const Parked& p) { return p.conn == conn; }),
                  parked_.end());
}

void MetadataLog::on_time(In in, Effects& out) {
    if (write_at_ <= in.now) write(in, out);
    std::size_t kept = 0;
    for (Parked& p : parked_) {
        if (p.deadline <= in.now) {
            out.because(p.cause);
            answer(p.conn, p.offset, p.high_watermark, out);
        } else {
            std::swap(parked_[kept++], p);
        }
    }
    parked_.resize(kept);
}

Time MetadataLog::wake_at() const {
    Time wake = write_at_;
    for (const Parked& p : parked_)
        wake = std::min(wake, p.deadline);
    return wake;
}

} // namespace brokersim
