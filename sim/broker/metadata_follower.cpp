// A broker as an observer of the metadata log.
#include "broker/metadata_follower.hpp"

#include <algorithm>

namespace brokersim {

namespace {

// How long a broker takes to apply a change: measured on a real cluster, survivors 0…15 ms apart,
// a broker in its first seconds 27…434 ms (docs/model.md).
constexpr Duration warm_delay_max = milliseconds(15);
constexpr Duration cold_delay_min = milliseconds(27);
constexpr Duration cold_delay_max = milliseconds(434);
constexpr Duration cold_for = seconds(10);

} // namespace

MetadataFollower::MetadataFollower(MachineId self, LayoutRef layout, const ServerConfig& config,
                                   std::uint64_t seed, const std::string& name)
    : self_(self), layout_(std::move(layout)), config_(config),
      client_(NetworkClientSettings{config.controller_quorum_retry_backoff,
                                    config.controller_quorum_retry_backoff,
                                    config.socket_connection_setup_timeout,
                                    config.socket_connection_setup_timeout_max, true, 1},
              layout_->brokers + layout_->controllers,
              Stream(seed, {"metadata connections", name})),
      delays_(seed, {"metadata apply", name}) {}

void MetadataFollower::settle(Offset end) {
    end_ = high_watermark_ = applied_ = first_mark_ = end;
}

void MetadataFollower::start(In in) {
    client_ = client_.fresh();
    in_flight_ = false;
    high_watermark_ = applied_;
    first_mark_ = -1;
    retry_at_ = in.now;
    started_ = in.now;
    apply_at_ = Time::never();
}

void MetadataFollower::failed(In in) {
    bool lost = false;
    for (const Failure& failure : client_.failures)
        lost = lost || failure.has_request;
    client_.failures.clear();
    if (!in_flight_ || !lost) return;
    in_flight_ = false;
    retry_at_ = in.now + config_.controller_quorum_retry_backoff;
}

void MetadataFollower::run(In in, Effects& out) {
    failed(in);
    wake_ = client_.next_deadline();
    if (in_flight_) return;
    const MachineId controller = layout_->controller(0);
    if (retry_at_ > in.now) {
        wake_ = std::min(wake_, retry_at_);
    } else if (client_.may_send(controller)) {
        FetchMetadataRequest& request = client_.send<FetchMetadataRequest>(
            in, controller, out, config_.controller_quorum_request_timeout);
        request.replica = self_;
        request.voter = false;
        request.offset = end_;
        in_flight_ = true;
        wake_ = std::min(wake_, client_.next_deadline());
    } else if (client_.connectable(controller, in.now)) {
        client_.connect(in, controller, out);
        wake_ = std::min(wake_, client_.next_deadline());
    } else {
        wake_ = std::min(wake_, client_.connectable_at(controller));
    }
}

void MetadataFollower::on_response(In in, const Incoming& response, Effects& out) {
    InFlight request;
    if (!client_.on_response(in, response, out, request)) return;
    in_flight_ = false;
    const auto& fetched = out.body<FetchMetadataResponse>(response);
    if (fetched.error != Error::none) {
        retry_at_ = in.now + config_.controller_quorum_retry_backoff;
        return;
    }
    for (std::size_t k = 0; k < fetched.records.size(); ++k) {
        if (fetched.base + static_cast<Offset>(k) != end_) continue; // Known already.
        pending_.push_back(fetched.records[k]);
        ++end_;
    }
    high_watermark_ = std::max(high_watermark_, fetched.high_watermark);
    if (first_mark_ < 0) first_mark_ = high_watermark_;
    if (applied_ >= std::min(high_watermark_, end_) || apply_at_ != Time::never()) return;
    const bool cold = in.now - started_ < cold_for;
    const auto delay = cold ? delays_.between(cold_delay_min.ns, cold_delay_max.ns)
                            : delays_.between(0, warm_delay_max.ns);
    apply_at_ = in.now + Duration{delay};
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
