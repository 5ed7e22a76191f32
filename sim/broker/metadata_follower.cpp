// A broker as an observer of the metadata log.
#include "broker/metadata_follower.hpp"

#include "engine/assert.hpp"

#include <algorithm>

namespace brokersim {

namespace {

// How long a broker takes to apply a change, measured on a real cluster (docs/model.md): survivors
// 0…15 ms apart; a process in its first seconds 27…434 ms; one that becomes a leader for the first
// time since it started is later than the others, and the more so the younger it is.
struct ApplyTime {
    Duration least, most;
};
constexpr ApplyTime usual{{}, milliseconds(15)};
constexpr ApplyTime cold{milliseconds(27), milliseconds(434)};
constexpr ApplyTime first_lead_when_young{milliseconds(30), milliseconds(120)};
constexpr ApplyTime first_lead{milliseconds(15), milliseconds(45)};
constexpr Duration cold_for = seconds(3);
constexpr Duration young_for = seconds(10);

} // namespace

MetadataFollower::MetadataFollower(MachineId self, LayoutRef layout, const ServerConfig& config,
                                   std::uint64_t seed, const std::string& name)
    : self_(self), layout_(std::move(layout)), config_(config),
      client_(between_servers(config, config.controller_quorum_retry_backoff,
                              config.controller_quorum_retry_backoff, 1),
              layout_->addresses(), Stream(seed, {"metadata connections", name})),
      searches_(seed, {"quorum searches", name}), delays_(seed, {"metadata apply", name}) {}

void MetadataFollower::settle(Offset end) {
    end_ = high_watermark_ = applied_ = first_mark_ = end;
    epoch_ = 1;
    leader_ = target_ = layout_->controller(0);
    epochs_.assign(epoch_, 0);
}

void MetadataFollower::start(In in, Time begins) {
    client_ = client_.fresh();
    in_flight_ = false;
    high_watermark_ = applied_;
    first_mark_ = -1;
    retry_at_ = begins;
    started_ = in.now;
    has_led_ = false;
    apply_at_ = Time::never();
    leader_ = target_ = {};
}

/// Any voter, but not the one that has just been of no use.
MachineId MetadataFollower::other_voter() {
    const std::size_t voters = layout_->controllers;
    if (voters == 1) return layout_->controller(0);
    if (!target_.valid()) return layout_->controller(searches_.below(voters));
    const std::size_t last = layout_->voter_number(target_);
    return layout_->controller((last + 1 + searches_.below(voters - 1)) % voters);
}

/// The leader does not answer, or does not know: some other voter may know more.
void MetadataFollower::turn_elsewhere(In in) {
    retry_at_ = in.now + config_.controller_quorum_retry_backoff;
    target_ = other_voter();
}

void MetadataFollower::failed(In in) {
    bool lost = false;
    for (const Failure& failure : client_.failures)
        lost = lost || (failure.node == target_ && (failure.has_request || !in_flight_));
    client_.failures.clear();
    if (!lost) return;
    in_flight_ = false;
    turn_elsewhere(in);
}

void MetadataFollower::run(In in, Effects& out) {
    failed(in);
    wake_ = client_.next_deadline();
    if (in_flight_) return;
    if (!target_.valid()) target_ = other_voter();
    const Time dialled = client_.last_attempt(target_);
    const Time patience = dialled + config_.controller_quorum_request_timeout;
    if (client_.connecting(target_) && patience <= in.now) turn_elsewhere(in);
    if (retry_at_ > in.now) {
        wake_ = std::min(wake_, retry_at_);
    } else if (client_.may_send(target_)) {
        send(in, out);
    } else if (client_.connectable(target_, in.now)) {
        client_.connect(in, target_, out);
        wake_ = std::min(wake_, in.now + config_.controller_quorum_request_timeout);
    } else if (client_.connecting(target_)) {
        wake_ = std::min(wake_, patience);
    } else {
        wake_ = std::min(wake_, client_.connectable_at(target_));
    }
    wake_ = std::min(wake_, client_.next_deadline());
}

void MetadataFollower::send(In in, Effects& out) {
    FetchMetadataRequest& request = client_.send<FetchMetadataRequest>(
        in, target_, out, config_.controller_quorum_request_timeout);
    request.replica = self_;
    request.voter = false;
    request.epoch = epoch_;
    request.offset = end_;
    request.last_epoch = epochs_.latest();
    request.high_watermark = high_watermark_;
    in_flight_ = true;
}

void MetadataFollower::on_response(In in, const Incoming& response, Effects& out) {
    InFlight request;
    if (!client_.on_response(in, response, out, request)) return;
    if (response.from != target_) return; // It has turned elsewhere since.
    in_flight_ = false;
    const auto& fetched = out.body<FetchMetadataResponse>(response);
    if (fetched.epoch > epoch_ || (fetched.epoch == epoch_ && fetched.leader.valid())) {
        epoch_ = fetched.epoch;
        leader_ = fetched.leader;
    }
    if (fetched.error != Error::none) {
        const bool knows = fetched.epoch == epoch_ && leader_.valid() &&
                           (leader_ != target_ || fetched.error == Error::fenced_leader_epoch);
        if (knows) {
            target_ = leader_;
        } else {
            turn_elsewhere(in);
        }
        return;
    }
    const Offset before = end_;
    take_records(in, fetched);
    if (end_ != before) out.note_aside(MetaLog{self_, end_});
}

void MetadataFollower::take_records(In in, const FetchMetadataResponse& fetched) {
    if (fetched.diverging_epoch >= 0) {
        const Offset to =
            truncation_offset(epochs_, end_, {fetched.diverging_epoch, fetched.diverging_end});
        BS_ASSERT(to >= applied_); // What is committed is in every later leader's log.
        for (; end_ > to; --end_)
            pending_.pop_back();
        epochs_.truncate_from_end(to);
        return;
    }
    for (std::size_t k = 0; k < fetched.records.size(); ++k) {
        if (fetched.base + static_cast<Offset>(k) != end_) continue; // Known already.
        pending_.push_back(fetched.records[k]);
        epochs_.assign(fetched.records[k].term, end_);
        ++end_;
    }
    high_watermark_ = std::max(high_watermark_, fetched.high_watermark);
    if (first_mark_ < 0) first_mark_ = high_watermark_;
    if (applied_ >= std::min(high_watermark_, end_) || apply_at_ != Time::never()) return;
    const Duration age = in.now - started_;
    ApplyTime time = usual;
    if (age < cold_for) {
        time = cold;
    } else if (!has_led_ && comes_to_lead()) {
        has_led_ = true;
        time = age < young_for ? first_lead_when_young : first_lead;
    }
    apply_at_ = in.now + Duration{delays_.between(time.least.ns, time.most.ns)};
}

/// What is to be applied makes this broker the leader of something.
bool MetadataFollower::comes_to_lead() const {
    const auto committed = static_cast<std::size_t>(std::min(high_watermark_, end_) - applied_);
    for (std::size_t k = 0; k < committed; ++k) {
        const MetadataRecord& record = pending_[k];
        if (record.kind == MetadataRecord::Kind::partition_change && record.leader == self_)
            return true;
    }
    return false;
}

bool MetadataFollower::take(MetadataRecord& record) {
    if (applied_ >= std::min(high_watermark_, end_)) return false;
    record = pending_.pop_front();
    ++applied_;
    return true;
}

void MetadataFollower::on_connected(In in, ConnId conn, Effects& out) {
    client_.on_connected(in, conn, out);
}
void MetadataFollower::on_refused(In in, ConnId conn, Effects& out) {
    client_.on_refused(in, conn, out);
}
void MetadataFollower::on_lost(In in, ConnId conn, Effects& out) {
    client_.on_lost(in, conn, out);
}
void MetadataFollower::on_time(In in, Effects& out) {
    client_.on_time(in, out);
}

} // namespace brokersim
