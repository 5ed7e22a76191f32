// The broker's own node, and who becomes the controller.
#include "controller/zookeeper/kafka_controller.hpp"

#include <utility>

namespace brokersim {

namespace {

using Op = ZkOperation::Kind;
using Path = ZnodePath::Kind;

} // namespace

/// KafkaZkClient.registerBroker: if the node of an earlier process is still there, this one fails.
void KafkaController::node_made(In in) {
    const ZookeeperClient::Reply& reply = replies_.front();
    const Znode& node = reply.nodes.front();
    if (reply.error == ZkError::none || node.owner == client_.session()) {
        broker_epoch_ = node.created;
        finish();
        return;
    }
    failed_ = closing_ = true;
    drop_tasks();
    client_.close(in);
}

/// KafkaController.elect: whoever makes the node is the controller, of an epoch of its own.
void KafkaController::election(In in, Effects& out) {
    const ZookeeperClient::Reply& reply = replies_.front();
    enum : std::int32_t { node_read, epoch_read, made, own_epoch_read };
    switch (stage_) {
    case node_read:
        if (reply.error == ZkError::none) {
            const bool own = reply.nodes.front().owner == client_.session();
            if (own && !active_) { // Made on a connection that was lost before the answer.
                stage_ = own_epoch_read;
                ask_one(Op::get, {Path::controller_epoch, 0}, false, out);
            } else if (!own && active_) {
                resign(in, "replaced", out);
            } else {
                finish();
            }
            return;
        }
        stage_ = epoch_read;
        ask_one(Op::get, {Path::controller_epoch, 0}, false, out);
        return;
    case epoch_read: {
        ZkOperation create;
        create.kind = Op::create;
        create.path = {Path::controller, 0};
        create.data.machine = self_;
        ZkOperation raise;
        raise.kind = Op::set;
        raise.path = {Path::controller_epoch, 0};
        raise.version = reply.nodes.front().version;
        raise.data.number = reply.nodes.front().data.number + 1;
        raise.data.machine = self_;
        stage_ = made;
        ask({std::move(create), std::move(raise)}, out);
        return;
    }
    case made:
        if (reply.error == ZkError::none) {
            won(reply.nodes.back(), out);
        } else {
            stage_ = node_read;
            ask_one(Op::get, {Path::controller, 0}, true, out);
        }
        return;
    default: won(reply.nodes.front(), out); return;
    }
}

/// KafkaController.onControllerFailover.
void KafkaController::won(const Znode& epoch, Effects& out) {
    active_ = true;
    epoch_ = epoch.data.number;
    tasks_.front().cause = out.note(CtlElected{self_, epoch_});
    epoch_version_ = epoch.version;
    image_ = ClusterImage(layout_);
    loaded_ = false;
    finish({{Task::Kind::read_brokers}, {Task::Kind::reload}, {Task::Kind::take_over}});
}

} // namespace brokersim
