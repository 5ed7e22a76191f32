// Asking the controller for ISR changes.
#include "broker/isr_channel.hpp"

#include <algorithm>

namespace brokersim {

namespace {

constexpr Duration retry_pause = milliseconds(50);      ///< after an error of the whole request
constexpr Duration controller_look = milliseconds(100); ///< no active controller: look again

} // namespace

IsrChannel::IsrChannel(MachineId self, LayoutRef layout, const ServerConfig& config,
                       std::uint64_t seed, const std::string& name)
    : self_(self), layout_(std::move(layout)), config_(config),
      client_(NetworkClientSettings{config.reconnect_backoff, config.reconnect_backoff_max,
                                    config.socket_connection_setup_timeout,
                                    config.socket_connection_setup_timeout_max, true, 1},
              layout_->brokers + layout_->controllers, Stream(seed, {"isr connections", name})) {}

void IsrChannel::start() {
    client_ = client_.fresh();
    waiting_.clear();
    sent_.clear();
    in_flight_ = false;
    retry_at_ = {};
}

void IsrChannel::put_back() {
    in_flight_ = false;
    waiting_.insert(waiting_.begin(), sent_.begin(), sent_.end());
    sent_.clear();
}

void IsrChannel::run(In in, ReplicaManager& replicas, BrokerEpoch broker_epoch, Effects& out) {
    bool lost = false;
    for (const Failure& failure : client_.failures)
        lost = lost || failure.has_request;
    client_.failures.clear();
    if (in_flight_ && lost) {
        put_back();
        retry_at_ = in.now + controller_look;
    }
    for (const std::uint32_t number : replicas.isr_changes) {
        if (std::find(waiting_.begin(), waiting_.end(), number) == waiting_.end()) {
            waiting_.push_back(number);
        }
    }
    replicas.isr_changes.clear();
    wake_ = client_.next_deadline();
    if (in_flight_ || waiting_.empty() || broker_epoch < 0) return;
    const MachineId controller = layout_->controller(0);
    if (retry_at_ > in.now) {
        wake_ = std::min(wake_, retry_at_);
    } else if (client_.may_send(controller)) {
        send(in, replicas, broker_epoch, out);
        wake_ = std::min(wake_, client_.next_deadline());
    } else if (client_.connectable(controller, in.now)) {
        client_.connect(in, controller, out);
        wake_ = std::min(wake_, client_.next_deadline());
    } else {
        wake_ = std::min(wake_, client_.connectable_at(controller));
    }
}

void IsrChannel::send(In in, ReplicaManager& replicas, BrokerEpoch broker_epoch, Effects& out) {
    AlterPartitionRequest* request = nullptr;
    for (const std::uint32_t number : waiting_) {
        Partition& partition = replicas.partitions()[number];
        if (!partition.leads() || !partition.isr_change_pending()) continue; // Overtaken.
        if (request == nullptr) {
            request = &client_.send<AlterPartitionRequest>(in, layout_->controller(0), out,
                                                           config_.controller_socket_timeout);
            request->broker = self_;
            request->broker_epoch = broker_epoch;
        }
        AlterPartitionRequest::Part part;
        part.tp = partition.tp();
        part.leader_epoch = partition.leader_epoch();
        part.partition_epoch = partition.partition_epoch();
        part.isr_begin = static_cast<std::uint32_t>(request->isr.size());
        for (const MachineId member : partition.proposed_isr()) {
            const RemoteReplica* remote = partition.remote(member);
            request->isr.push_back({member, remote != nullptr ? remote->epoch : broker_epoch});
        }
        part.isr_end = static_cast<std::uint32_t>(request->isr.size());
        request->parts.push_back(part);
        sent_.push_back(number);
    }
    waiting_.clear();
    in_flight_ = request != nullptr;
}

void IsrChannel::on_response(In in, const Incoming& response, ReplicaManager& replicas,
                             RequestPath& path, Effects& out) {
    InFlight request;
    if (!client_.on_response(in, response, out, request)) return;
    const AlterPartitionResponse& answer = out.body<AlterPartitionResponse>(response);
    if (answer.error != Error::none) {
        put_back();
        retry_at_ =
            in.now + (answer.error == Error::not_controller ? controller_look : retry_pause);
        return;
    }
    in_flight_ = false;
    sent_.clear();
    const Cause cause = out.cause();
    for (const AlterPartitionResponse::Part& part : answer.parts) {
        const std::int32_t number = replicas.number_of(part.tp);
        if (number < 0) continue;
        PartitionRegistration state;
        if (part.error == Error::none) {
            state = replicas.partitions()[static_cast<std::size_t>(number)].state();
            state.leader = part.leader;
            state.leader_epoch = part.leader_epoch;
            state.partition_epoch = part.partition_epoch;
            state.recovering = false;
            state.isr.assign(answer.isr.begin() + part.isr_begin,
                             answer.isr.begin() + part.isr_end);
        }
        out.because(cause);
        replicas.isr_answer(in, static_cast<std::uint32_t>(number), part.error, state, path, out);
    }
    out.because(cause);
}

void IsrChannel::on_connected(In in, ConnId conn, Effects& out) {
    client_.on_connected(in, conn, out);
}
void IsrChannel::on_refused(In in, ConnId conn, Effects& out) {
    client_.on_refused(in, conn, out);
}
void IsrChannel::on_lost(In in, ConnId conn, Effects& out) {
    client_.on_lost(in, conn, out);
}
void IsrChannel::on_time(In in, Effects& out) {
    client_.on_time(in, out);
}

} // namespace brokersim
