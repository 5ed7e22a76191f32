// The leader of the quorum: the accumulator with its linger, the voters' progress, what is
// committed, and the fetches of voters and observers.
#include "controller/kraft/raft.hpp"

#include <algorithm>
#include <utility>

namespace brokersim {

namespace {

constexpr Duration long_poll = milliseconds(500); ///< fixed in Kafka: KafkaRaftClient

} // namespace

void Raft::append(In in, std::vector<MetadataRecord>& records, bool at_once, Effects& out) {
    if (records.empty()) return;
    for (MetadataRecord& record : records) {
        record.term = epoch_;
        lingering_.push_back(std::move(record));
    }
    records.clear();
    if (at_once) {
        write(in, out);
    } else if (write_at_ == Time::never()) {
        write_at_ = in.now + config_.controller_quorum_append_linger;
    }
}

/// The batch goes into the log: parked fetches get it at once, the commit comes when a majority
/// has fetched beyond it.
void Raft::write(In in, Effects& out) {
    write_at_ = Time::never();
    for (MetadataRecord& record : lingering_)
        log_.append(std::move(record));
    lingering_.clear();
    std::vector<Parked> parked;
    parked.swap(parked_);
    const Cause cause = out.cause();
    for (const Parked& p : parked) {
        out.because(p.cause);
        if (p.voter) heard(in, p.replica);
        answer_fetch(p.conn, p.offset, high_watermark_, out);
    }
    out.because(cause);
    advance(in, out);
}

void Raft::answer_fetch(ConnId conn, Offset from, Offset high_watermark, Effects& out) {
    if (!out.open(conn)) return;
    FetchMetadataResponse& response = out.send<FetchMetadataResponse>(conn);
    response.epoch = epoch_;
    response.leader = leader_;
    response.base = from;
    response.high_watermark = high_watermark;
    log_.read(from, response.records);
}

void Raft::refuse_fetch(ConnId conn, Error error, Effects& out) {
    if (!out.open(conn)) return;
    FetchMetadataResponse& response = out.send<FetchMetadataResponse>(conn);
    response.error = error;
    response.epoch = epoch_;
    response.leader = leader_;
}

void Raft::on_fetch(In in, const Incoming& incoming, Effects& out) {
    const FetchMetadataRequest fetch = out.body<FetchMetadataRequest>(incoming);
    if (fetch.epoch > epoch_ && fetch.voter) newer(in, fetch.epoch, {}, out);
    if (!leads()) {
        refuse_fetch(incoming.conn, Error::not_controller, out);
        return;
    }
    if (fetch.epoch != epoch_) {
        refuse_fetch(incoming.conn, Error::fenced_leader_epoch, out);
        return;
    }
    const FetchCheck check =
        check_fetch(log_.epochs(), log_.start(), log_.end(), fetch.offset, fetch.last_epoch);
    if (check.verdict == FetchCheck::Verdict::diverges) {
        FetchMetadataResponse& response = out.send<FetchMetadataResponse>(incoming.conn);
        response.epoch = epoch_;
        response.leader = leader_;
        response.high_watermark = high_watermark_;
        response.diverging_epoch = check.diverging.epoch;
        response.diverging_end = check.diverging.end;
        return;
    }
    if (fetch.voter) { // It has fsynced what it fetched before it asks for more.
        peer(fetch.replica).end = std::max(peer(fetch.replica).end, fetch.offset);
        heard(in, fetch.replica);
        advance(in, out);
    }
    const bool tells = layout_->rules.high_watermark_answers_fetches;
    if (fetch.offset < log_.end() || (tells && fetch.high_watermark < high_watermark_)) {
        answer_fetch(incoming.conn, fetch.offset, high_watermark_, out);
        return;
    }
    parked_.push_back({incoming.conn, fetch.replica, fetch.voter, fetch.offset,
                       tells ? fetch.high_watermark : high_watermark_, in.now + long_poll,
                       out.cause()});
}

/// A majority that has fetched lately, itself counted, lets it stay.
void Raft::heard(In in, MachineId voter) {
    Peer& p = peer(voter);
    p.next_begin = in.now + config_.controller_quorum_fetch_timeout / 2;
    p.heard_lately = true;
    const auto heard = static_cast<std::size_t>(
        std::count_if(peers_.begin(), peers_.end(), [](const Peer& q) { return q.heard_lately; }));
    if (heard + 1 < majority()) return;
    for (Peer& q : peers_)
        q.heard_lately = false;
    timer_ = in.now + config_.controller_quorum_fetch_timeout * 3 / 2;
}

/// The largest offset that a majority of the voters has, the leader counted - once it reaches into
/// the leader's own epoch: records of older ones are never committed by counting alone.
void Raft::advance(In in, Effects& out) {
    std::vector<Offset> ends;
    for (const Peer& p : peers_)
        ends.push_back(p.end);
    ends[layout_->voter_number(self_)] = log_.end();
    std::sort(ends.begin(), ends.end());
    const Offset committed = ends[(ends.size() - 1) / 2];
    if (committed <= epoch_start_ || committed <= high_watermark_) return;
    high_watermark_ = committed;
    if (layout_->rules.high_watermark_answers_fetches) tell_high_watermark(in, out);
}

/// KIP-1166: who knows an older one need not wait for the next append.
void Raft::tell_high_watermark(In in, Effects& out) {
    std::vector<Parked> parked;
    parked.swap(parked_);
    const Cause cause = out.cause();
    for (Parked& p : parked) {
        if (p.high_watermark >= high_watermark_) {
            parked_.push_back(p);
            continue;
        }
        out.because(p.cause);
        if (p.voter) heard(in, p.replica);
        answer_fetch(p.conn, p.offset, high_watermark_, out);
    }
    out.because(cause);
}

void Raft::drop_parked(Effects& out) {
    std::vector<Parked> parked;
    parked.swap(parked_);
    for (const Parked& p : parked) {
        out.because(p.cause);
        refuse_fetch(p.conn, Error::not_controller, out);
    }
}

void Raft::expire_parked(In in, Effects& out) {
    std::size_t kept = 0;
    const Cause cause = out.cause();
    for (Parked& p : parked_) {
        if (p.deadline <= in.now) {
            out.because(p.cause);
            answer_fetch(p.conn, p.offset, p.high_watermark, out);
        } else {
            std::swap(parked_[kept++], p);
        }
    }
    parked_.resize(kept);
    out.because(cause);
}

/// Makes itself known to the voters that do not fetch.
void Raft::announce(In in, Effects& out) {
    for (std::size_t k = 0; k < peers_.size(); ++k) {
        const MachineId voter = layout_->controller(k);
        Peer& p = peer(voter);
        if (voter == self_) continue;
        if (p.next_begin > in.now) {
            wake_ = std::min(wake_, p.next_begin);
            continue;
        }
        auto* request = this->request<BeginQuorumEpochRequest>(in, voter, out);
        if (request == nullptr) continue;
        p.next_begin = in.now + config_.controller_quorum_fetch_timeout / 2;
        request->leader = self_;
        request->epoch = epoch_;
    }
}

/// Resigned: tells every voter, until it has answered.
void Raft::tell_end(In in, Effects& out) {
    for (std::size_t k = 0; k < peers_.size(); ++k) {
        const MachineId voter = layout_->controller(k);
        if (peer(voter).answered) continue;
        auto* request = this->request<EndQuorumEpochRequest>(in, voter, out);
        if (request == nullptr) continue;
        request->leader = self_;
        request->epoch = epoch_;
        request->successors = successors_;
    }
}

} // namespace brokersim
