// What the controller of ZooKeeper mode orders a broker to do.
#include "broker/controller_orders.hpp"

#include <algorithm>
#include <utility>

namespace brokersim {

namespace {

// Measured on a real cluster, from the write to the application: 1 to 7 ms, and 31 to 81 ms on a
// broker that had been started two seconds before (docs/model.md).
constexpr Duration warm_min = milliseconds(1);
constexpr Duration warm_max = milliseconds(7);
constexpr Duration cold_min = milliseconds(30);
constexpr Duration cold_max = milliseconds(85);
constexpr Duration cold_for = seconds(10);

} // namespace

void ControllerOrders::start(Time now) {
    controller_ = {};
    controller_epoch_ = 0;
    started_ = last_due_ = now;
    waiting_.clear();
}

void ControllerOrders::on_request(In in, const Incoming& request, BrokerEpoch broker_epoch,
                                  RequestPath& path, Effects& out) {
    Order order;
    order.api = request.api;
    order.own = request.stage == own_stage;
    order.ref = path.ref(request, out);
    ControllerStamp stamp;
    switch (request.api) {
    case Api::leader_and_isr:
        stamp = out.body<LeaderAndIsrRequest>(request).stamp;
        order.leader_and_isr = out.body<LeaderAndIsrRequest>(request).partitions;
        break;
    case Api::update_metadata:
        stamp = out.body<UpdateMetadataRequest>(request).stamp;
        order.metadata = out.body<UpdateMetadataRequest>(request).update;
        break;
    default:
        stamp = out.body<StopReplicaRequest>(request).stamp;
        order.stop = out.body<StopReplicaRequest>(request).partitions;
        break;
    }
    if (stamp.controller_epoch < controller_epoch_) {
        answer(in, order, Error::stale_controller_epoch, path, out);
        return;
    }
    if (stamp.broker_epoch < broker_epoch) {
        answer(in, order, Error::stale_broker_epoch, path, out);
        return;
    }
    controller_ = stamp.controller;
    controller_epoch_ = stamp.controller_epoch;
    const bool cold = in.now - started_ < cold_for;
    const Duration delay{cold ? delays_.between(cold_min.ns, cold_max.ns)
                              : delays_.between(warm_min.ns, warm_max.ns)};
    last_due_ = order.due = std::max(last_due_, in.now + delay);
    waiting_.push_back(std::move(order));
}

bool ControllerOrders::take(Time now, Order& order) {
    if (waiting_.empty() || waiting_.front().due > now) return false;
    order = std::move(waiting_.front());
    waiting_.pop_front();
    return true;
}

void ControllerOrders::answer(In in, const Order& order, Error error, RequestPath& path,
                              Effects& out) const {
    const Cause cause = out.cause();
    const auto give = [&]<class M>() {
        if (order.own) {
            out.send_to_self<M>().error = error;
            return;
        }
        std::uint32_t packet = no_packet;
        path.respond<M>(order.ref, packet, out).error = error;
        path.deliver(in, order.ref, packet, out);
    };
    switch (order.api) {
    case Api::leader_and_isr: give.operator()<LeaderAndIsrResponse>(); break;
    case Api::update_metadata: give.operator()<UpdateMetadataResponse>(); break;
    default: give.operator()<StopReplicaResponse>(); break;
    }
    out.because(cause);
}

} // namespace brokersim
