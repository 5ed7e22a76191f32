// Asking the controller for ISR changes.
#include "broker/isr_channel.hpp"

#include <algorithm>

namespace brokersim {

namespace {

constexpr Duration retry_pause = milliseconds(50); ///< after an error of the whole request

} // namespace

IsrChannel::IsrChannel(MachineId self, LayoutRef layout, const ServerConfig& config,
                       std::uint64_t seed, const std::string& name)
    : self_(self), config_(config),
      channel_(config, std::move(layout), Stream(seed, {"isr connections", name})) {}

void IsrChannel::start() {
    channel_.restart();
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
    if (channel_.take_failures() && in_flight_) put_back();
    for (const std::uint32_t number : replicas.isr_changes) {
        if (std::find(waiting_.begin(), waiting_.end(), number) == waiting_.end()) {
            waiting_.push_back(number);
        }
    }
    replicas.isr_changes.clear();
    wake_ = channel_.wake_at();
    if (in_flight_ || waiting_.empty() || broker_epoch < 0) return;
    if (retry_at_ > in.now) {
        wake_ = std::min(wake_, retry_at_);
        return;
    }
    if (channel_.ready(in, out)) send(in, replicas, broker_epoch, out);
    wake_ = std::min(wake_, channel_.wake_at());
}

void IsrChannel::send(In in, ReplicaManager& replicas, BrokerEpoch broker_epoch, Effects& out) {
    AlterPartitionRequest* request = nullptr;
    for (const std::uint32_t number : waiting_) {
        Partition& partition = replicas.partitions()[number];
        if (!partition.leads() || !partition.isr_change_pending()) continue; // Overtaken.
        if (request == nullptr) {
            request =
                &channel_.send<AlterPartitionRequest>(in, out, config_.controller_socket_timeout);
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
    if (!channel_.on_response(in, response, out)) return;
    const AlterPartitionResponse& answer = out.body<AlterPartitionResponse>(response);
    if (answer.error != Error::none) {
        put_back();
        if (answer.error == Error::not_controller) {
            channel_.not_controller(in, out);
        } else {
            retry_at_ = in.now + retry_pause;
        }
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
    channel_.on_connected(in, conn, out);
}
void IsrChannel::on_refused(In in, ConnId conn, Effects& out) {
    channel_.on_refused(in, conn, out);
}
void IsrChannel::on_lost(In in, ConnId conn, Effects& out) {
    channel_.on_lost(in, conn, out);
}
void IsrChannel::on_time(In in, Effects& out) {
    channel_.on_time(in, out);
}

} // namespace brokersim
