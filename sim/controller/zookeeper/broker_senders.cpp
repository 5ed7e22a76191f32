// The controller's way to every broker.
#include "controller/zookeeper/broker_senders.hpp"

#include <algorithm>
#include <utility>

namespace brokersim {

namespace {

constexpr Duration retry_pause = milliseconds(100);
constexpr Duration reconnect = milliseconds(50);

} // namespace

BrokerSenders::BrokerSenders(MachineId self, LayoutRef layout, const ServerConfig& config,
                             Stream stream)
    : self_(self), config_(config),
      client_(between_servers(config, reconnect, reconnect, 1), layout->brokers, stream),
      threads_(layout->brokers) {}

void BrokerSenders::stop(In in, Effects& out) {
    client_.disconnect_all(in, out);
    client_.failures.clear();
    for (Thread& thread : threads_)
        thread = Thread{};
}

void BrokerSenders::crash() {
    client_ = client_.fresh();
    for (Thread& thread : threads_)
        thread = Thread{};
    wake_ = Time::never();
}

void BrokerSenders::remove(In in, MachineId broker, Effects& out) {
    client_.disconnect(in, broker, out);
    take_failures(in);
    threads_[broker.index()] = Thread{};
}

void BrokerSenders::push(MachineId broker, BrokerOrder order) {
    threads_[broker.index()].queue.push_back(std::move(order));
}

void BrokerSenders::take_failures(In in) {
    for (const Failure& failure : client_.failures) {
        if (!failure.has_request) continue;
        Thread& thread = threads_[failure.node.index()];
        thread.in_flight = false;
        thread.retry_at = in.now + retry_pause;
    }
    client_.failures.clear();
}

void BrokerSenders::run(In in, Effects& out) {
    take_failures(in);
    wake_ = client_.next_deadline();
    for (std::size_t k = 0; k < threads_.size(); ++k) {
        Thread& thread = threads_[k];
        const MachineId broker(k);
        if (thread.queue.empty() || thread.in_flight) continue;
        if (thread.retry_at > in.now) {
            wake_ = std::min(wake_, thread.retry_at);
        } else if (broker == self_ || client_.may_send(broker)) {
            thread.in_flight = true;
            send(in, broker, thread.queue.front(), out);
        } else if (client_.connectable(broker, in.now)) {
            client_.connect(in, broker, out);
        } else {
            wake_ = std::min(wake_, client_.connectable_at(broker));
        }
    }
    wake_ = std::min(wake_, client_.next_deadline());
}

void BrokerSenders::send(In in, MachineId broker, const BrokerOrder& order, Effects& out) {
    const Cause cause = out.cause();
    out.because(order.cause);
    const auto begin = [&]<class M>() -> M& {
        M& request = broker == self_
                         ? out.send_to_self<M>()
                         : client_.send<M>(in, broker, out, config_.controller_socket_timeout);
        request.stamp = order.stamp;
        return request;
    };
    if (order.leader_and_isr) {
        begin.operator()<LeaderAndIsrRequest>().partitions = order.leader_and_isr;
    } else if (order.metadata) {
        begin.operator()<UpdateMetadataRequest>().update = order.metadata;
    } else {
        begin.operator()<StopReplicaRequest>().partitions = order.stop;
    }
    out.because(cause);
}

/// Whatever the answer says: the broker has had the request.
void BrokerSenders::on_response(In in, const Incoming& response, Effects& out) {
    InFlight request;
    if (response.from != self_ && !client_.on_response(in, response, out, request)) return;
    Thread& thread = threads_[response.from.index()];
    if (!thread.in_flight) return; // Of a queue that has been given up.
    thread.in_flight = false;
    thread.queue.pop_front();
}

} // namespace brokersim
